/* SPDX-License-Identifier: MIT */
/* Orphans: who becomes the parent, subreapers, the parent-death signal. */
#include "guest.h"
#include <pthread.h>
#include <sys/prctl.h>

TEST(orphan_goes_to_init)
{
	volatile pid_t *ppid = guest_shared(PAGE);

	CHECK_EXITED(IN_CHILD({
		pid_t middle = getpid();

		IN_CHILD({
			WAIT_UNTIL(getppid() != middle);
			ppid[0] = getppid();
		});
	}), 0);
	CHECK(WAIT_UNTIL(ppid[0]));
	CHECK_EQ(ppid[0], 1);
}

TEST(subreaper_takes_orphans)
{
	volatile pid_t *grandchild = guest_shared(PAGE);
	int on = 0;

	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &on));
	CHECK_EQ(on, 1);
	pid_t me = getpid();
	pid_t child = IN_CHILD({
		CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &on));
		CHECK_EQ(on, 0); /* not inherited */
		pid_t middle = getpid();

		*grandchild = IN_CHILD({
			WAIT_UNTIL(getppid() != middle);
			CHECK_EQ(getppid(), me);
			_exit(5);
		});
	});
	CHECK_EXITED(child, 0);
	CHECK_EXITED(*grandchild, 5);
	CHECK_ERRNO(wait(NULL), ECHILD);
}

TEST(zombie_orphan_is_handed_over_too)
{
	volatile pid_t *grandchild = guest_shared(PAGE);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t child = IN_CHILD({
		*grandchild = IN_CHILD(_exit(8));
		WAIT_UNTIL(guest_task_state(*grandchild) == 'Z');
	});
	CHECK_EXITED(child, 0);
	CHECK_EXITED(*grandchild, 8);
}

TEST(nearest_subreaper_counts)
{
	volatile pid_t *who = guest_shared(PAGE);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t near = IN_CHILD({
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		pid_t me = getpid();

		CHECK_EXITED(IN_CHILD({
			pid_t middle = getpid();

			IN_CHILD({ WAIT_UNTIL(getppid() != middle); *who = getppid(); });
		}), 0);
		CHECK(wait(NULL) > 0);
		CHECK_EQ(*who, me);
	});
	CHECK_EXITED(near, 0);
}

static void *end_later(void *unused)
{
	guest_sleep_ms(30);
	syscall(SYS_exit_group, 0);
	return NULL;
}

/* A thread that exits hands its children to a living thread of its group, not to init. */
static void *fork_and_exit(void *pid)
{
	pid_t child = fork();

	if (child == 0) {
		guest_sleep_ms(20);
		_exit(14);
	}
	*(pid_t *)pid = child;
	return NULL;
}

TEST(children_of_a_dead_thread_stay_with_the_group)
{
	pthread_t thread;
	pid_t pid = 0, me = getpid();

	CHECK_EQ(pthread_create(&thread, NULL, fork_and_exit, &pid), 0);
	pthread_join(thread, NULL);
	CHECK(pid > 0);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	CHECK_EQ(guest_field(path, "PPid"), me);
	CHECK_EXITED(pid, 14);
}

TEST(leader_may_exit_before_its_threads)
{
	pid_t pid = IN_CHILD({
		pthread_t thread;

		pthread_create(&thread, NULL, end_later, NULL);
		syscall(SYS_exit, 55); /* the leader only: its status does not count */
	});
	CHECK(WAIT_UNTIL(guest_task_state(pid) == 'Z'));
	CHECK_EQ(waitpid(pid, NULL, WNOHANG),
		 0); /* a zombie leader of a living group is not reaped */
	CHECK_EXITED(pid, 0);
}

TEST(pdeathsig)
{
	volatile int *signo = guest_shared(PAGE);

	pid_t child = IN_CHILD({
		int ready[2];
		char c;

		pipe(ready);
		IN_CHILD({
			sigset_t set;
			siginfo_t info;
			int value = -1;

			sigemptyset(&set);
			sigaddset(&set, SIGUSR2);
			sigprocmask(SIG_BLOCK, &set, NULL);
			CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR2));
			CHECK_OK(prctl(PR_GET_PDEATHSIG, &value));
			CHECK_EQ(value, SIGUSR2);
			write(ready[1], "x", 1);
			*signo = sigwaitinfo(&set, &info);
		});
		CHECK_EQ(read(ready[0], &c, 1), 1);
	});
	CHECK_EXITED(child, 0);
	CHECK(WAIT_UNTIL(*signo));
	CHECK_EQ(*signo, SIGUSR2);
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
}

TEST(a_long_chain_of_orphans)
{
	volatile int *count = guest_shared(PAGE);

	for (int i = 0; i < 20; i++)
		CHECK_EXITED(IN_CHILD(IN_CHILD({
				     guest_sleep_ms(5);
				     __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
			     })),
			     0);
	CHECK(WAIT_UNTIL(*count == 20));
}
