/* SPDX-License-Identifier: MIT */
/*
 * The ChaCha20 block function (RFC 8439), the heart of the kernel's random number generator.
 */
#pragma once

#include "lib/types.h"

#define CHACHA_BLOCK_SIZE  64
#define CHACHA_KEY_SIZE	   32
#define CHACHA_STATE_WORDS 16

/* @state: constants, key, counter at word 12, nonce. */
void chacha_init(u32 state[CHACHA_STATE_WORDS], const u32 key[8], u32 counter, const u32 nonce[3]);
/* Write one block of key stream (little endian) and count word 12 up, carrying into word 13. */
void chacha20_block(u32 state[CHACHA_STATE_WORDS], u8 out[CHACHA_BLOCK_SIZE]);
