/* SPDX-License-Identifier: MIT */
/* Talking between processes and threads. */
#define _GNU_SOURCE
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t pipe_ping_pong(int n)
{
	int to[2], from[2], status;
	uint64_t t;
	char c = 'x';

	CHECK(!pipe(to) && !pipe(from));
	if (!fork()) {
		for (int i = 0; i < n; i++)
			if (read(to[0], &c, 1) != 1 || write(from[1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	t = start();
	for (int i = 0; i < n; i++)
		CHECK(write(to[1], &c, 1) == 1 && read(from[0], &c, 1) == 1);
	t = stop(t);
	CHECK(wait(&status) > 0 && status == 0);
	close(to[0]), close(to[1]), close(from[0]), close(from[1]);
	return t;
}

/* A token runs @n times around a ring of @procs processes. */
static uint64_t ring(int n, int procs)
{
	int pipes[64][2], status;
	uint64_t t;
	char c = 'x';

	for (int i = 0; i < procs; i++)
		CHECK(!pipe(pipes[i]));
	for (int p = 1; p < procs; p++) {
		if (fork())
			continue;
		for (int i = 0; i < n; i++)
			if (read(pipes[p - 1][0], &c, 1) != 1 || write(pipes[p][1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	t = start();
	for (int i = 0; i < n; i++)
		CHECK(write(pipes[0][1], &c, 1) == 1 && read(pipes[procs - 1][0], &c, 1) == 1);
	t = stop(t);
	for (int p = 1; p < procs; p++)
		CHECK(wait(&status) > 0 && status == 0);
	for (int i = 0; i < procs; i++)
		close(pipes[i][0]), close(pipes[i][1]);
	return t / procs;
}

static uint64_t ctx_2(int n) { return ring(n, 2); }
static uint64_t ctx_16(int n) { return ring(n, 16); }
static uint64_t ctx_64(int n) { return ring(n, 64); }

/* @n MiB through a pipe. */
static uint64_t pipe_bandwidth(int n)
{
	static char buf[65536];
	int fds[2], status;
	size_t got = 0;
	ssize_t r;
	uint64_t t;

	CHECK(!pipe(fds));
	if (!fork()) {
		close(fds[0]);
		for (size_t i = 0; i < n * MIB; i += sizeof(buf))
			if (write(fds[1], buf, sizeof(buf)) != sizeof(buf))
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	t = start();
	while ((r = read(fds[0], buf, sizeof(buf))) > 0)
		got += r;
	t = stop(t);
	CHECK(got == n * MIB && wait(&status) > 0 && status == 0);
	close(fds[0]);
	return t;
}

const struct metric ipc_metrics[] = {
	{ "pipe_ping_pong", 500, pipe_ping_pong, "a byte there and back between two processes" },
	{ "ctx_2", 500, ctx_2, "context switch with its pipe, 2 processes in a ring" },
	{ "ctx_16", 100, ctx_16, "the same, 16 processes" },
	{ "ctx_64", 30, ctx_64, "the same, 64 processes" },
	{ "pipe_1m", 32, pipe_bandwidth, "1 MiB through a pipe" },
	{ }
};
