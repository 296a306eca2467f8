/* SPDX-License-Identifier: MIT */
/* futex: wait, wake, bitsets, requeue, time limits, private and shared keys, robust lists. */
#include "guest.h"
#include <pthread.h>

enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAKE_OP = 5,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	PRIVATE = 128,
	CLOCK_REALTIME_FLAG = 256
};

static long futex(volatile int *address, int op, int value, const struct timespec *timeout,
		  volatile int *address2, int value3)
{
	return syscall(SYS_futex, address, op, value, timeout, address2, value3);
}

static long futex_count(volatile int *address, int op, int value, long count,
			volatile int *address2, int value3)
{
	return syscall(SYS_futex, address, op, value, count, address2, value3);
}

TEST(value_that_differs)
{
	int word = 1;

	CHECK_ERRNO(futex(&word, WAIT, 2, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO(futex(&word, WAIT | PRIVATE, 2, NULL, NULL, 0), EAGAIN);
	CHECK_EQ(futex(&word, WAKE, 1, NULL, NULL, 0), 0);
}

TEST(bad_arguments)
{
	int word = 1;
	struct timespec bad = { 0, 1000000000 };

	CHECK_ERRNO(futex((int *)((char *)&word + 1), WAIT, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex((int *)((char *)&word + 1), WAKE, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex((int *)8, WAIT, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex((int *)0xffffffff81000000, WAIT | PRIVATE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(&word, WAIT, 1, &bad, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, WAIT_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, 77, 1, NULL, NULL, 0), ENOSYS);
}

TEST(time_limits)
{
	int word = 1;
	struct timespec t = { 0, 30000000 }, end;
	uint64_t start = guest_now();

	CHECK_ERRNO(futex(&word, WAIT, 1, &t, NULL, 0), ETIMEDOUT);
	CHECK(guest_now() - start >= 30000000);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += 20000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	CHECK_ERRNO(futex(&word, WAIT_BITSET, 1, &end, NULL, -1), ETIMEDOUT); /* absolute */
	CHECK_ERRNO(futex(&word, WAIT_BITSET, 1, &end, NULL, -1), ETIMEDOUT); /* past already */
	clock_gettime(CLOCK_REALTIME, &end);
	CHECK_ERRNO(futex(&word, WAIT_BITSET | CLOCK_REALTIME_FLAG, 1, &end, NULL, -1), ETIMEDOUT);
}

struct waiter {
	volatile int *word;
	int op, bitset;
	volatile int woken, tid;
	long result;
	pthread_t thread;
};

static void *wait_thread(void *argument)
{
	struct waiter *w = argument;

	w->tid = syscall(SYS_gettid);
	w->result = futex(w->word, w->op, *w->word, NULL, NULL, w->bitset);
	w->woken = 1;
	return NULL;
}

static void start_waiters(struct waiter *w, int n, volatile int *word, int op)
{
	for (int i = 0; i < n; i++) {
		w[i] = (struct waiter){ .word = word, .op = op, .bitset = w[i].bitset };
		CHECK_EQ(pthread_create(&w[i].thread, NULL, wait_thread, &w[i]), 0);
		CHECK(WAIT_UNTIL(w[i].tid && guest_task_state(w[i].tid) == 'S'));
	}
}

static int count_woken(struct waiter *w, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += w[i].woken;
	return count;
}

static void join_waiters(struct waiter *w, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		CHECK_EQ(w[i].result, 0);
	}
}

TEST(wake_wakes_so_many)
{
	static volatile int word;
	struct waiter w[5] = { 0 };

	start_waiters(w, 5, &word, WAIT | PRIVATE);
	CHECK_EQ(futex(&word, WAKE | PRIVATE, 2, NULL, NULL, 0), 2);
	CHECK(WAIT_UNTIL(count_woken(w, 5) == 2));
	guest_sleep_ms(5);
	CHECK_EQ(count_woken(w, 5), 2);
	CHECK_EQ(w[0].woken + w[1].woken, 2); /* first come, first served */
	CHECK_EQ(futex(&word, WAKE | PRIVATE, INT32_MAX, NULL, NULL, 0), 3);
	join_waiters(w, 5);
}

TEST(bitsets_select)
{
	static volatile int word;
	struct waiter w[3] = { { .bitset = 1 }, { .bitset = 2 }, { .bitset = 4 } };

	start_waiters(w, 3, &word, WAIT_BITSET | PRIVATE);
	CHECK_EQ(futex(&word, WAKE_BITSET | PRIVATE, 10, NULL, NULL, 2), 1);
	CHECK(WAIT_UNTIL(w[1].woken));
	CHECK_EQ(count_woken(w, 3), 1);
	CHECK_EQ(futex(&word, WAKE_BITSET | PRIVATE, 10, NULL, NULL, 8), 0);
	CHECK_EQ(futex(&word, WAKE | PRIVATE, 10, NULL, NULL, 0), 2);
	join_waiters(w, 3);
}

TEST(requeue_moves_waiters)
{
	static volatile int word, other;
	struct waiter w[4] = { 0 };

	start_waiters(w, 4, &word, WAIT | PRIVATE);
	CHECK_ERRNO(futex_count(&word, CMP_REQUEUE | PRIVATE, 1, 10, &other, 99), EAGAIN);
	CHECK_EQ(futex_count(&word, CMP_REQUEUE | PRIVATE, 1, 2, &other, 0),
		 3); /* one woken, two moved */
	CHECK(WAIT_UNTIL(count_woken(w, 4) == 1));
	CHECK_EQ(futex(&word, WAKE | PRIVATE, 10, NULL, NULL, 0), 1);
	CHECK_EQ(futex(&other, WAKE | PRIVATE, 10, NULL, NULL, 0), 2);
	join_waiters(w, 4);
	CHECK_EQ(futex_count(&word, REQUEUE | PRIVATE, 1, 2, &other, 0), 0);
	CHECK_ERRNO(futex_count(&word, REQUEUE | PRIVATE, -1, 2, &other, 0), EINVAL);
}

TEST(wake_op_changes_and_wakes)
{
	static volatile int word, other = 5;
	struct waiter w[2] = { 0 }, v[2] = { 0 };

	start_waiters(w, 2, &word, WAIT | PRIVATE);
	start_waiters(v, 2, &other, WAIT | PRIVATE);
	/* other += 3; wake one of word; wake others if the old value was 5. */
	CHECK_EQ(futex_count(&word, WAKE_OP | PRIVATE, 1, 10, &other,
			     1 << 28 | 0 << 24 | 3 << 12 | 5),
		 3);
	CHECK_EQ(other, 8);
	CHECK_EQ(futex(&word, WAKE | PRIVATE, 10, NULL, NULL, 0), 1);
	join_waiters(w, 2);
	join_waiters(v, 2);
}

TEST(shared_between_processes_by_file_and_offset)
{
	volatile int *shared = guest_shared(PAGE);
	char name[] = "/tmp/futex.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	ftruncate(fd, PAGE);
	pid_t pid = IN_CHILD({
		volatile int *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		CHECK_EQ(futex(&p[5], WAIT, 0, NULL, NULL, 0), 0);
		CHECK_EQ(futex(&shared[7], WAIT, 0, NULL, NULL, 0), 0);
	});
	volatile int *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	unlink(name);
	CHECK(WAIT_UNTIL(futex(&p[5], WAKE, 1, NULL, NULL, 0) == 1));
	CHECK(WAIT_UNTIL(futex(&shared[7], WAKE, 1, NULL, NULL, 0) == 1));
	CHECK_EXITED(pid, 0);
}

TEST(private_keys_differ_between_processes)
{
	static volatile int word;
	pid_t pid = IN_CHILD({
		struct timespec t = { 0, 50000000 };

		CHECK_ERRNO(futex(&word, WAIT, 0, &t, NULL, 0), ETIMEDOUT);
	});

	for (int i = 0; i < 20; i++) {
		CHECK_EQ(futex(&word, WAKE, 1, NULL, NULL, 0), 0);
		guest_sleep_ms(2);
	}
	CHECK_EXITED(pid, 0);
}

static void on_signal(int signo)
{
}

TEST(signals_interrupt)
{
	static volatile int word;
	struct sigaction action = { .sa_handler = on_signal };
	pid_t parent = getpid();

	sigaction(SIGUSR1, &action, NULL);
	pid_t pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR1); });

	CHECK_ERRNO(futex(&word, WAIT, 0, NULL, NULL, 0), EINTR);
	CHECK_EXITED(pid, 0);
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	struct timespec t = { 5, 0 };

	/* With a relative time limit never restarted after a handler; without one, restarted. */
	pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR1); });
	CHECK_ERRNO(futex(&word, WAIT, 0, &t, NULL, 0), EINTR);
	CHECK_EXITED(pid, 0);
	volatile int *shared = guest_shared(PAGE);

	pid = IN_CHILD({
		guest_sleep_ms(20);
		kill(parent, SIGUSR1);
		guest_sleep_ms(20);
		CHECK_EQ(futex(shared, WAKE, 1, NULL, NULL, 0), 1);
	});
	CHECK_EQ(futex(shared, WAIT, 0, NULL, NULL, 0), 0);
	CHECK_EXITED(pid, 0);
}

struct robust_list {
	struct robust_list *next;
};

struct robust_head {
	struct robust_list list;
	long offset;
	struct robust_list *pending;
};

struct robust_lock {
	struct robust_list list;
	volatile int word;
};

TEST(robust_list_marks_owner_died)
{
	struct robust_lock *lock = guest_shared(PAGE);
	struct robust_head *head;
	size_t size;

	CHECK_OK(syscall(SYS_get_robust_list, 0, &head, &size));
	CHECK_EQ(size, sizeof(*head));
	pid_t pid = IN_CHILD({
		static struct robust_head mine;

		mine.list.next = &lock[0].list;
		lock[0].list.next = &lock[1].list;
		lock[1].list.next = &mine.list;
		mine.offset = offsetof(struct robust_lock, word);
		mine.pending = &lock[2].list;
		lock[0].word = syscall(SYS_gettid);
		lock[1].word = 12345;
		lock[2].word = syscall(SYS_gettid) | 0x80000000;
		lock[3].word = syscall(SYS_gettid);
		CHECK_OK(syscall(SYS_set_robust_list, &mine, sizeof(mine)));
	});
	CHECK_EXITED(pid, 0);
	CHECK_EQ((unsigned int)lock[0].word, 0x40000000); /* FUTEX_OWNER_DIED */
	CHECK_EQ(lock[1].word, 12345);
	CHECK_EQ((unsigned int)lock[2].word, 0xc0000000);
	CHECK(lock[3].word == pid);
	CHECK_ERRNO(syscall(SYS_set_robust_list, head, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_get_robust_list, 999999, &head, &size), ESRCH);
}

TEST(robust_list_that_is_broken_hurts_nobody)
{
	for (int i = 0; i < 3; i++)
		CHECK_EXITED(IN_CHILD({
			static struct robust_head mine;

			mine.list.next = i == 0	  ? (void *)1
					 : i == 1 ? (void *)0xffffffff80000000
						  : &mine.list;
			mine.pending = (void *)(i == 2 ? 8UL : 0UL);
			if (i == 2) {
				static struct robust_list loop;

				loop.next = &loop;
				mine.list.next = &loop;
			}
			syscall(SYS_set_robust_list, &mine, sizeof(mine));
		}), 0);
}

TEST(robust_mutex_of_the_c_library)
{
	pthread_mutex_t *mutex = guest_shared(PAGE);
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	CHECK_EQ(pthread_mutex_init(mutex, &attr), 0);
	pid_t pid = IN_CHILD({ pthread_mutex_lock(mutex); raise(SIGKILL); });

	CHECK_KILLED(pid, SIGKILL);
	CHECK_EQ(pthread_mutex_lock(mutex), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(mutex), 0);
	CHECK_EQ(pthread_mutex_lock(mutex), 0);
	/* A waiter is woken by its owner's death. */
	pthread_mutex_unlock(mutex);
	pid = IN_CHILD({ pthread_mutex_lock(mutex); guest_sleep_ms(30); });
	guest_sleep_ms(10);
	CHECK_EQ(pthread_mutex_lock(mutex), EOWNERDEAD);
	guest_wait(pid);
}

TEST(set_tid_address_is_cleared_at_exit)
{
	volatile int *shared = guest_shared(PAGE);

	*shared = 99;
	/* The store happens only if memory is shared with another task: here it is not, so the word
	 * stays. */
	pid_t pid = IN_CHILD(CHECK_EQ(syscall(SYS_set_tid_address, shared), getpid()));

	CHECK_EXITED(pid, 0);
	CHECK_EQ(*shared, 99);
}
