/* SPDX-License-Identifier: MIT */
/* A worker: threads that step through what can be done to memory until they are told to stop, and
 * then check everything once more. */
#include "pressure.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What the working set consists of, in hundredths; the rest is private memory. */
#define SHARED_SHARE 12
#define FILE_SHARE   12
#define LOCKED_PAGES 128 /* of each thread */

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	error("signal %d, code %d, at %p (pagemap %#llx)", signal, info->si_code, info->si_addr,
	      (unsigned long long)pagemap(info->si_addr));
	_exit(1);
}

static void step(struct arena *a)
{
	if (random_below(a, 100) < options.intensity) {
		unsigned int what = random_below(a, 20);

		if (what == 0)
			exec_step(a);
		else if (what < 4)
			child_step(a);
		else if (what < 6)
			locked_step(a);
		else if (what < 8)
			cool_step(a);
		else
			mapping_step(a);
	} else {
		unsigned int what = random_below(a, 10);

		if (what < 5)
			touch_step(a);
		else if (what < 6)
			hot_step(a);
		else if (what < 8)
			shared_step(a);
		else if (what < 9)
			file_step(a);
		else
			disk_step(a);
	}
}

static void *run_thread(void *argument)
{
	struct arena *a = argument;

	fill_arena(a);
	atomic_fetch_add(&control->ready, 1);
	while (!atomic_load(&control->stop))
		step(a);
	child_wait(a);
	if (atomic_load(&control->errors))
		return NULL;
	verify_arena(a, 0);
	verify_files(a);
	locked_step(a);
	hot_step(a);
	return NULL;
}

static void make(struct arena *a, unsigned int worker, unsigned int thread)
{
	unsigned int arenas = options.processes * options.threads;
	size_t pages = options.mib * (MIB / PAGE) / arenas;

	a->worker = worker;
	a->thread = thread;
	a->random =
		(options.seed + worker * 1000003 + thread * 7919 + 1) * 0x9e3779b97f4a7c15ULL | 1;
	a->fail_fd = options.fail ? open("/proc/quire/fail_nth", O_RDWR | O_CLOEXEC) : -1;
	if (options.fail && a->fail_fd < 0)
		error("/proc/quire/fail_nth: %s", strerror(errno));
	make_arena(a, pages * (100 - SHARED_SHARE - FILE_SHARE) / 100);
	make_locked(a, LOCKED_PAGES);
	make_hot(a);
	make_files(a, pages * FILE_SHARE / 100 + 1, worker * options.threads + thread, arenas);
}

void run_worker(unsigned int worker)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
	static struct arena arena[MAX_THREADS];
	pthread_t thread[MAX_THREADS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	for (unsigned int i = 0; i < options.threads; i++)
		make(&arena[i], worker, i);
	for (unsigned int i = 1; i < options.threads; i++)
		if (pthread_create(&thread[i], NULL, run_thread, &arena[i])) {
			error("pthread_create failed");
			_exit(1);
		}
	run_thread(&arena[0]);
	for (unsigned int i = 1; i < options.threads; i++)
		pthread_join(thread[i], NULL);
	_exit(atomic_load(&control->errors) != 0);
}
