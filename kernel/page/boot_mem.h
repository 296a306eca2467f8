/* SPDX-License-Identifier: MIT */
/*
 * What is known of physical memory: RAM ranges from the boot loader less what is reserved in them
 * (image, initrd, boot allocations). The buddy allocator opens RAM section by section and asks here
 * what of a section is free.
 */
#pragma once

#include "lib/types.h"

/* Build the lists from boot_info. Boot only. */
void boot_mem_init(void);
/* Mark [start, end), physical, page aligned, as reserved. Panics if the table is
 * full. Boot only. */
void boot_mem_reserve(u64 start, u64 end);
/* No longer reserved. The caller serialises (all zone locks). */
void boot_mem_unreserve(u64 start, u64 end);
/* Find and reserve the lowest free block of @size bytes aligned to @align (powers of two); 0 if
 * there is none. Boot only. */
u64 boot_mem_alloc(u64 size, u64 align);
/* First run of free RAM in [from, end): true and *start, *stop; false if there is none. */
bool boot_mem_next_free(u64 from, u64 end, u64 *start, u64 *stop);
/* Likewise for RAM, reserved or not. */
bool boot_mem_next_ram(u64 from, u64 end, u64 *start, u64 *stop);
/* Bytes of RAM, reserved or not; end of the highest. */
u64 boot_mem_total(void);
u64 boot_mem_end(void);
