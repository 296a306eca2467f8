/* SPDX-License-Identifier: MIT */
/*
 * Telling AddressSanitizer which memory of the kernel's own allocators may be touched. Nothing in
 * builds without it. Any context; addresses of the direct map.
 */
#pragma once

#include "lib/types.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QUIRE_KASAN 1
#endif
#endif
#ifndef QUIRE_KASAN
#define QUIRE_KASAN 0
#endif

/* The allocator itself may look at memory it has given up. */
#if QUIRE_KASAN
#define __no_kasan __attribute__((no_sanitize("address"))) noinline
#else
#define __no_kasan
#endif

void __asan_poison_memory_region(const volatile void *addr, size_t size);
void __asan_unpoison_memory_region(const volatile void *addr, size_t size);

/* From now on each access to [addr, addr + size) is an error; @addr 8-aligned. */
static inline void kasan_poison(const void *addr, size_t size)
{
	if (QUIRE_KASAN)
		__asan_poison_memory_region(addr, size);
}

static inline void kasan_unpoison(const void *addr, size_t size)
{
	if (QUIRE_KASAN)
		__asan_unpoison_memory_region(addr, size);
}
