/* SPDX-License-Identifier: MIT */
/*
 * Sorting and searching against libc; the known answer of ChaCha20; hashes.
 */
#include "test.h"

#include "lib/chacha.h"
#include "lib/hash.h"
#include "lib/sort.h"
#include "lib/string.h"

struct record {
	u32 key;
	char rest[9];
};

static int compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

TEST(sort_equals_libc)
{
	static struct record ours[200], libc[200];
	unsigned int round, rounds = test_rounds(300), i, n;

	for (round = 0; round < rounds; round++) {
		n = test_random_below(ARRAY_SIZE(ours));
		for (i = 0; i < n; i++) {
			struct record r = {.key = test_random_below(n) * 2};

			memset(r.rest, r.key, sizeof(r.rest));
			ours[i] = libc[i] = r;
		}
		sort(ours, n, sizeof(ours[0]), compare);
		test_qsort(libc, n, sizeof(libc[0]), compare);
		CHECK_EQ(memcmp(ours, libc, n * sizeof(ours[0])), 0);
		for (i = 0; i < n; i++) {
			struct record absent = {.key = ours[i].key + 1};
			struct record *found = bsearch(&ours[i], ours, n, sizeof(ours[0]), compare);

			CHECK(found && found->key == ours[i].key);
			CHECK(!bsearch(&absent, ours, n, sizeof(ours[0]), compare));
		}
	}
}

/* RFC 8439, section 2.3.2. */
TEST(chacha20_block_has_the_known_answer)
{
	static const u8 expected[CHACHA_BLOCK_SIZE] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
		0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
		0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
		0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
		0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	u32 state[CHACHA_STATE_WORDS], key[8], nonce[3] = {0x09000000, 0x4a000000, 0};
	u8 out[CHACHA_BLOCK_SIZE], bytes[CHACHA_KEY_SIZE];
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	memcpy(key, bytes, sizeof(key));
	chacha_init(state, key, 1, nonce);
	chacha20_block(state, out);
	CHECK_EQ(memcmp(out, expected, sizeof(out)), 0);
	CHECK_EQ(state[12], 2u);
	state[12] = U32_MAX;
	chacha20_block(state, out);
	CHECK_EQ(state[12], 0u);
	CHECK_EQ(state[13], nonce[0] + 1);
}

TEST(hashes_spread_neighbours)
{
	unsigned int used[256] = {}, i, most = 0;
	char name[16];

	for (i = 0; i < 4096; i++) {
		unsigned int at;

		test_snprintf(name, sizeof(name), "file%u", i);
		at = full_name_hash(NULL, name, strlen(name)) % 256;
		most = max(most, ++used[at]);
	}
	/* 16 is the mean. */
	CHECK_LT(most, 40u);
	memset(used, 0, sizeof(used));
	most = 0;
	for (i = 0; i < 4096; i++) {
		unsigned int at = hash_long(0xffff888000000000UL + i * 64UL, 8);

		CHECK_LT(at, 256u);
		most = max(most, ++used[at]);
	}
	CHECK_LT(most, 40u);
}
