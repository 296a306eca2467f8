/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target on its seeds and on mutations of them, deterministically.
 *
 *	NAME [-n ROUNDS] [-s SEED]	run
 *	NAME -w DIRECTORY		write the seeds as files, for libFuzzer's corpus
 *	NAME FILE...			run on the contents of files
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size);

enum { MAX_SIZE = 16384, MAX_SEEDS = 64 };

static struct {
	uint8_t *data;
	size_t size;
} seeds[MAX_SEEDS];
static unsigned int nr_seeds;
static uint64_t random_state = 1;

static uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t below(size_t n)
{
	return n ? next_random() % n : 0;
}

/* On a copy of exactly that size, so that the sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t mutate(uint8_t *buf, size_t size)
{
	static const uint8_t special[] = {0, 1, 0x7f, 0x80, 0xff, '0', 'F', ' ', '"', '\n', '='};
	size_t at = below(size), len = 1 + below(size < 64 ? size : 64), to;

	switch (below(8)) {
	case 0: /* flip a bit */
		if (size)
			buf[at] ^= 1 << below(8);
		return size;
	case 1:
		if (size)
			buf[at] = special[below(sizeof(special))];
		return size;
	case 2:
		if (size)
			buf[at] = next_random();
		return size;
	case 3: /* cut off */
		return below(4) ? size : at;
	case 4: /* remove some */
		if (len > size - at)
			len = size - at;
		memmove(buf + at, buf + at + len, size - at - len);
		return size - len;
	case 5: /* double some */
		if (len > size - at)
			len = size - at;
		if (size + len > MAX_SIZE)
			return size;
		memmove(buf + at + len, buf + at, size - at);
		return size + len;
	case 6: /* copy some elsewhere */
		to = below(size);
		if (len > size - at)
			len = size - at;
		if (len > size - to)
			len = size - to;
		memmove(buf + to, buf + at, len);
		return size;
	default: /* a small or huge little-endian number */
		for (to = 0; to < 4 && at + to < size; to++)
			buf[at + to] = next_random() & (below(2) ? 0x0f : 0xff);
		return size;
	}
}

static void run_mutations(unsigned long rounds)
{
	static uint8_t buf[MAX_SIZE];
	unsigned long round;

	for (round = 0; round < rounds; round++) {
		unsigned int n = below(nr_seeds), i;
		size_t size = seeds[n].size;

		memcpy(buf, seeds[n].data, size);
		for (i = 1 + below(6); i; i--)
			size = mutate(buf, size);
		run(buf, size);
	}
}

static void load_seeds(void)
{
	static uint8_t buf[MAX_SIZE];
	size_t size;

	while (nr_seeds < MAX_SEEDS && (size = fuzz_seed(nr_seeds, buf, sizeof(buf))) != 0) {
		seeds[nr_seeds].data = malloc(size);
		memcpy(seeds[nr_seeds].data, buf, size);
		seeds[nr_seeds++].size = size;
	}
}

static void write_seeds(const char *directory)
{
	unsigned int i;

	for (i = 0; i < nr_seeds; i++) {
		char path[4096];
		FILE *file;

		snprintf(path, sizeof(path), "%s/seed-%u", directory, i);
		file = fopen(path, "wb");
		if (!file || fwrite(seeds[i].data, 1, seeds[i].size, file) != seeds[i].size ||
		    fclose(file)) {
			perror(path);
			exit(EXIT_FAILURE);
		}
	}
}

static void run_file(const char *path)
{
	static uint8_t buf[1 << 20];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	run(buf, fread(buf, 1, sizeof(buf), file));
	fclose(file);
}

int main(int argc, char **argv)
{
	unsigned long rounds = 20000;
	unsigned int i;
	int opt;

	load_seeds();
	while ((opt = getopt(argc, argv, "n:s:w:")) != -1) {
		switch (opt) {
		case 'n':
			rounds = strtoul(optarg, NULL, 0);
			break;
		case 's':
			random_state = strtoull(optarg, NULL, 0);
			break;
		case 'w':
			write_seeds(optarg);
			return 0;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		for (; optind < argc; optind++)
			run_file(argv[optind]);
		return 0;
	}
	run(NULL, 0);
	for (i = 0; i < nr_seeds; i++)
		run(seeds[i].data, seeds[i].size);
	run_mutations(rounds);
	printf("%s: %u seeds, %lu mutations\n", argv[0], nr_seeds, rounds);
	return 0;
}
