/* SPDX-License-Identifier: MIT */
/* Futexes under load: requeues, timeouts, signals and deaths at the same time. */
#include "guest.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>

static int words[8];

static long futex(int *word, int op, int value, long timeout, int *word2, int value3)
{
	return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static void nothing(int sig)
{
}

static volatile int stop_now;
static int waiting, woken;

static void *waiter(void *arg)
{
	unsigned int i = (long)arg;

	while (!stop_now) {
		struct timespec ts = { 0, 100000 + i * 7919 % 400000 };

		futex(&words[i % 8], FUTEX_WAIT | (i & 1 ? FUTEX_PRIVATE_FLAG : 0), 0, i % 5 ? (long)&ts : 0, NULL, 0);
		i++;
	}
	return NULL;
}

TEST(requeues_timeouts_and_signals)
{
	uint64_t end = guest_now() + 3000000000ull;
	pthread_t t[8];
	unsigned int i;

	signal(SIGUSR1, nothing);
	for (i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, waiter, (void *)(long)i);
	for (i = 0; guest_now() < end; i++) {
		int private = i & 8 ? FUTEX_PRIVATE_FLAG : 0, zero = 0;

		futex(&words[i % 8], FUTEX_CMP_REQUEUE | private, i % 3, i % 7, &words[i * 5 % 8], zero);
		futex(&words[i % 8], FUTEX_REQUEUE | private, 0, INT_MAX, &words[i % 8], 0);
		futex(&words[i % 8], FUTEX_WAKE_OP | private, 1, 1, &words[(i + 1) % 8],
		      FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0));
		if (i % 4 == 0)
			pthread_kill(t[i / 4 % 8], SIGUSR1);
		if (i % 16 == 0)
			futex(&words[i / 16 % 8], FUTEX_WAKE | private, INT_MAX, 0, NULL, 0);
	}
	stop_now = 1;
	for (int j = 0; j < 8; j++)
		words[j] = 1;
	for (int j = 0; j < 16; j++)
		futex(&words[j % 8], FUTEX_WAKE | (j < 8 ? FUTEX_PRIVATE_FLAG : 0), INT_MAX, 0, NULL, 0);
	for (i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	CHECK(true);
}

static void *wait_once(void *arg)
{
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	if (!futex(arg, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0, NULL, 0))
		__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* "One woken and all the others moved" is asked for with the largest number there is. */
TEST(requeue_of_as_many_as_there_are)
{
	static int a, b;
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, wait_once, &a);
	REQUIRE(WAIT_UNTIL(__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) == 4));
	guest_sleep_ms(100);
	CHECK_EQ(futex(&a, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, INT_MAX, &b, 0), 4);
	CHECK(WAIT_UNTIL(woken == 1));
	/* Onto the word they wait for already: all counted, nothing moves, and it ends. */
	CHECK_EQ(futex(&b, FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG, 0, INT_MAX, &b, 0), 3);
	CHECK_EQ(futex(&b, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, 0, NULL, 0), 3);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(woken, 4);
}

TEST(wake_op_shifts_any_bit)
{
	static int a, b;

	CHECK_EQ(futex(&a, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, 1, &b,
		       FUTEX_OP((FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT), 31, FUTEX_OP_CMP_EQ, 0)), 0);
	CHECK_EQ(b, INT_MIN);
}

/* Owners of robust mutexes die in every way; the lock goes on. */
TEST(robust_mutex_of_the_dying)
{
	pthread_mutex_t *m = guest_shared(PAGE);
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(m, &attr);
	for (int round = 0; round < 60; round++) {
		pid_t pids[4];

		for (int i = 0; i < 4; i++)
			pids[i] = IN_CHILD(
				int ret = pthread_mutex_lock(m);
				if (ret == EOWNERDEAD)
					pthread_mutex_consistent(m);
				else if (ret)
					_exit(9);
				if (i == 0)
					kill(getpid(), SIGKILL);
				if (i == 1)
					guest_exec_self("robust_over_exec", NULL);
				if (i == 2)
					_exit(0);
				pthread_mutex_unlock(m));
		for (int i = 0; i < 4; i++) {
			int status = guest_wait(pids[i]);

			CHECK(i == 0 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0);
		}
	}
}

HELPER(robust_over_exec)
{
	return 0;
}

/* A list that goes round in a circle ends the exit all the same. */
TEST(robust_list_without_an_end)
{
	pid_t pid = IN_CHILD(
		static struct robust_list a; static struct robust_list b; static struct robust_list_head head;
		a.next = &b;
		b.next = &a;
		head.list.next = &a;
		head.futex_offset = 64;
		syscall(SYS_set_robust_list, &head, sizeof(head)));
	CHECK_EXITED(pid, 0);
}
