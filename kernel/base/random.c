/* SPDX-License-Identifier: MIT */
/*
 * One key. A block of key stream made with it gives the next key and 32 bytes of output, so that
 * what was given out cannot be computed from the state later. Small requests are served from what
 * is left of the last block.
 */
#include "arch/arch.h"
#include "base/random.h"
#include "base/spinlock.h"
#include "lib/chacha.h"
#include "lib/string.h"

#define KEY_WORDS    8
#define OUTPUT_BYTES (CHACHA_BLOCK_SIZE - CHACHA_KEY_SIZE)
#define RESEED_AFTER 4096 /* blocks */

static DEFINE_SPINLOCK(random_lock, RANK_RANDOM); /* covers all below */
static u32 key[KEY_WORDS];
static u8 output[OUTPUT_BYTES];
static unsigned int output_left; /* unused bytes at the end of output */
static unsigned int blocks;	 /* made since seeding; 0: not seeded */

/* Replace the key by a block under it, the second half of which is the output. */
static void make_block(void)
{
	static const u32 nonce[3];
	u32 state[CHACHA_STATE_WORDS];
	u8 block[CHACHA_BLOCK_SIZE];

	chacha_init(state, key, 0, nonce);
	chacha20_block(state, block);
	memcpy(key, block, sizeof(key));
	memcpy(output, block + sizeof(key), sizeof(output));
	output_left = sizeof(output);
	blocks++;
	memzero_explicit(block, sizeof(block));
	memzero_explicit(state, sizeof(state));
}

static void stir(const void *buf, size_t len)
{
	const u8 *bytes = buf;
	size_t i, part;

	for (; len > 0; len -= part, bytes += part) {
		part = min(len, sizeof(key));
		for (i = 0; i < part; i++)
			((u8 *)key)[i] ^= bytes[i];
		make_block();
	}
	output_left = 0;
}

static void seed(void)
{
	struct {
		u8 hardware[CHACHA_KEY_SIZE];
		u64 clock, wall;
	} entropy = {.clock = arch_clock_ns(), .wall = arch_wallclock_boot_sec()};

	arch_random(entropy.hardware, sizeof(entropy.hardware));
	stir(&entropy, sizeof(entropy));
	blocks = 1;
	memzero_explicit(&entropy, sizeof(entropy));
}

void random_init(void)
{
	unsigned long flags;

	spin_lock_irqsave(&random_lock, flags);
	seed();
	spin_unlock_irqrestore(&random_lock, flags);
}

void get_random_bytes(void *buf, size_t len)
{
	unsigned long flags;
	u8 *to = buf;
	size_t part;

	spin_lock_irqsave(&random_lock, flags);
	if (!blocks || blocks > RESEED_AFTER)
		seed();
	for (; len > 0; len -= part, to += part) {
		u8 *from;

		if (!output_left)
			make_block();
		part = min_t(size_t, len, output_left);
		from = output + sizeof(output) - output_left;
		memcpy(to, from, part);
		memset(from, 0, part);
		output_left -= part;
	}
	spin_unlock_irqrestore(&random_lock, flags);
}

u64 get_random_u64(void)
{
	u64 value;

	get_random_bytes(&value, sizeof(value));
	return value;
}

void add_device_randomness(const void *buf, size_t len)
{
	unsigned long flags;

	spin_lock_irqsave(&random_lock, flags);
	if (!blocks)
		seed();
	stir(buf, len);
	spin_unlock_irqrestore(&random_lock, flags);
}
