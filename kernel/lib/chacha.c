/* SPDX-License-Identifier: MIT */
/*
 * The ChaCha20 block function (RFC 8439, section 2.3).
 */
#include "lib/chacha.h"
#include "lib/bitops.h"

static __always_inline void quarter_round(u32 *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rol32(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rol32(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rol32(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rol32(x[b] ^ x[c], 7);
}

void chacha_init(u32 state[CHACHA_STATE_WORDS], const u32 key[8], u32 counter, const u32 nonce[3])
{
	static const u32 constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	int i;

	for (i = 0; i < 4; i++)
		state[i] = constants[i];
	for (i = 0; i < 8; i++)
		state[4 + i] = key[i];
	state[12] = counter;
	for (i = 0; i < 3; i++)
		state[13 + i] = nonce[i];
}

void chacha20_block(u32 state[CHACHA_STATE_WORDS], u8 out[CHACHA_BLOCK_SIZE])
{
	u32 x[CHACHA_STATE_WORDS];
	int i;

	for (i = 0; i < CHACHA_STATE_WORDS; i++)
		x[i] = state[i];
	for (i = 0; i < 10; i++) {
		quarter_round(x, 0, 4, 8, 12);
		quarter_round(x, 1, 5, 9, 13);
		quarter_round(x, 2, 6, 10, 14);
		quarter_round(x, 3, 7, 11, 15);
		quarter_round(x, 0, 5, 10, 15);
		quarter_round(x, 1, 6, 11, 12);
		quarter_round(x, 2, 7, 8, 13);
		quarter_round(x, 3, 4, 9, 14);
	}
	for (i = 0; i < CHACHA_STATE_WORDS; i++)
		put_unaligned_le32(x[i] + state[i], out + 4 * i);
	if (++state[12] == 0)
		state[13]++;
}
