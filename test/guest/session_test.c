/* SPDX-License-Identifier: MIT */
/* Sessions, process groups, and orphaned process groups. */
#include "guest.h"

TEST(setsid_makes_a_leader)
{
	CHECK_EXITED(IN_CHILD({
		CHECK_EQ(setsid(), getpid());
		CHECK_EQ(getsid(0), getpid());
		CHECK_EQ(getpgrp(), getpid());
		CHECK_ERRNO(setsid(), EPERM);
		CHECK_ERRNO(setpgid(0, 0), EPERM); /* a session leader keeps its group */
		CHECK_EQ(open("/dev/tty", O_RDWR), -1);
		CHECK_EQ(errno, ENXIO);
	}), 0);
}

TEST(group_leader_cannot_setsid)
{
	CHECK_EXITED(IN_CHILD({
		CHECK_OK(setpgid(0, 0));
		CHECK_EQ(getpgrp(), getpid());
		CHECK_ERRNO(setsid(), EPERM);
	}), 0);
}

TEST(setpgid_rules)
{
	int fds[2];
	char c;

	CHECK_OK(pipe(fds));
	pid_t a = IN_CHILD({ close(fds[1]); read(fds[0], &c, 1); });
	pid_t b = IN_CHILD({ close(fds[1]); read(fds[0], &c, 1); });

	CHECK_OK(setpgid(a, 0));
	CHECK_EQ(getpgid(a), a);
	CHECK_OK(setpgid(b, a));
	CHECK_EQ(getpgid(b), a);
	CHECK_OK(setpgid(b, b));
	CHECK_EQ(getpgid(b), b);
	CHECK_OK(setpgid(b, getpgrp()));
	CHECK_ERRNO(setpgid(b, 999999), EPERM); /* no such group */
	CHECK_ERRNO(setpgid(999999, 0), ESRCH);
	CHECK_ERRNO(setpgid(1, 0), ESRCH); /* not a child */
	CHECK_ERRNO(setpgid(0, -5), EINVAL);
	CHECK_ERRNO(getpgid(999999), ESRCH);
	CHECK_ERRNO(getsid(999999), ESRCH);
	close(fds[1]);
	guest_wait(a);
	guest_wait(b);
}

HELPER(session_wait_for_input)
{
	char c;

	write(1, "r", 1);
	return read(0, &c, 1) == 0 ? 0 : 1;
}

TEST(setpgid_after_exec_is_refused)
{
	int in[2], out[2];
	char c;

	pipe(in);
	pipe(out);
	pid_t pid = IN_CHILD({
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		guest_exec_self("session_wait_for_input", NULL);
	});
	CHECK_EQ(read(out[0], &c, 1), 1);
	CHECK_ERRNO(setpgid(pid, pid), EACCES);
	close(in[1]);
	CHECK_EXITED(pid, 0);
}

TEST(setpgid_of_a_child_in_another_session)
{
	int fds[2];
	char c;

	pipe(fds);
	pid_t pid = IN_CHILD({ setsid(); write(fds[1], "x", 1); for (;;) pause(); });

	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_ERRNO(setpgid(pid, pid), EPERM);
	CHECK_ERRNO(setpgid(pid, getpgrp()), EPERM);
	CHECK_EQ(getsid(pid), pid);
	kill(pid, SIGKILL);
	guest_wait(pid);
}

TEST(kill_a_group)
{
	pid_t pids[3], group = 0;

	for (int i = 0; i < 3; i++) {
		pids[i] = IN_CHILD(for (;;) pause());
		CHECK_OK(setpgid(pids[i], group));
		group = group ? group : pids[0];
	}
	CHECK_OK(kill(-group, 0));
	CHECK_OK(kill(-group, SIGTERM));
	for (int i = 0; i < 3; i++)
		CHECK_KILLED(pids[i], SIGTERM);
	CHECK_ERRNO(kill(-group, 0), ESRCH);
	CHECK_ERRNO(kill(-group, SIGTERM), ESRCH);
}

TEST(kill_zero_reaches_own_group)
{
	CHECK_KILLED(IN_CHILD({
		setpgid(0, 0);
		pid_t child = IN_CHILD(for (;;) pause());

		signal(SIGHUP, SIG_IGN);
		CHECK_OK(kill(0, SIGHUP));
		CHECK_KILLED(child, SIGHUP);
		kill(0, SIGINT);
	}), SIGINT);
}

static volatile int hup, cont;

static void on_hup(int signo)
{
	if (signo == SIGHUP)
		hup++;
	else
		cont++;
}

/* A stopped member of a group that becomes orphaned is sent SIGHUP and SIGCONT. */
TEST(orphaned_group_with_stopped_member_gets_hup_and_cont)
{
	volatile int *seen = guest_shared(PAGE);
	volatile pid_t *member = (void *)(seen + 2);

	CHECK_EXITED(IN_CHILD({
		setsid();
		/* The middle process is the group's tie to the session. */
		CHECK_EXITED(IN_CHILD({
			int status;

			*member = IN_CHILD({
				setpgid(0, 0);
				signal(SIGHUP, on_hup);
				signal(SIGCONT, on_hup);
				while (!hup || !cont) {
					raise(SIGSTOP);
					guest_sleep_ms(1);
				}
				seen[0] = hup;
				seen[1] = cont;
			});
			CHECK_EQ(waitpid(*member, &status, WUNTRACED), *member);
			CHECK(WIFSTOPPED(status));
		}), 0);
	}), 0);
	CHECK(WAIT_UNTIL(seen[0] && seen[1]));
}

TEST(orphaned_group_without_stopped_member_is_left_alone)
{
	volatile int *done = guest_shared(PAGE);

	CHECK_EXITED(IN_CHILD({
		setsid();
		CHECK_EXITED(IN_CHILD({
			pid_t middle = getpid();

			IN_CHILD({
				setpgid(0, 0);
				WAIT_UNTIL(getppid() != middle);
				guest_sleep_ms(20);
				*done = 1;
			});
			guest_sleep_ms(10);
		}), 0);
	}), 0);
	CHECK(WAIT_UNTIL(*done));
}

/* The default action of the job-control stop signals does nothing in an orphaned group; SIGSTOP
 * still stops. */
TEST(tty_stops_are_dropped_in_an_orphaned_group)
{
	pid_t pid = IN_CHILD({
		setsid(); /* its parent is in another session: the group is orphaned */
		raise(SIGTSTP);
		raise(SIGTTIN);
		raise(SIGTTOU);
		_exit(17);
	});
	int status;

	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 17);
	pid = IN_CHILD({ setsid(); raise(SIGSTOP); _exit(18); });
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	kill(pid, SIGCONT);
	CHECK_EXITED(pid, 18);
}
