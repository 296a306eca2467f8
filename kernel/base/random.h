/* SPDX-License-Identifier: MIT */
/* Random numbers: a ChaCha20 generator, seeded from the CPU's instructions and
 * clocks. Any context. */
#pragma once

#include "lib/types.h"

/* Seed it now; else the first request does. */
void random_init(void);
/* Fill @buf with @len bytes that nobody can predict (as far as the machine has
 * entropy to offer). */
void get_random_bytes(void *buf, size_t len);
u64 get_random_u64(void);
/* Stir @len bytes (a seed from user space, a device's) into the state; no harm if they are known to
 * others. */
void add_device_randomness(const void *buf, size_t len);
