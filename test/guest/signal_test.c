/* SPDX-License-Identifier: MIT */
/* Signals: masks, handlers, flags, pending and queued signals, who may send and who gets them. */
#include "guest.h"
#include <pthread.h>

static volatile int count, last_signo, last_code, last_value;
static volatile pid_t last_pid;
static volatile uid_t last_uid;

static void on_signal(int signo)
{
	count++;
	last_signo = signo;
}

static void on_info(int signo, siginfo_t *info, void *context)
{
	count++;
	last_signo = signo;
	last_code = info->si_code;
	last_pid = info->si_pid;
	last_uid = info->si_uid;
	last_value = info->si_value.sival_int;
	CHECK_EQ(info->si_signo, signo);
}

static void handle(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	CHECK_OK(sigaction(signo, &action, NULL));
}

static void block(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

TEST(every_signal_can_be_caught_but_two)
{
	for (int i = 1; i <= 64; i++) {
		if (i == SIGKILL || i == SIGSTOP) {
			struct sigaction action = { .sa_handler = on_signal };

			CHECK_ERRNO(sigaction(i, &action, NULL), EINVAL);
			continue;
		}
		if (i == 32 || i == 33)
			continue; /* the C library's own */
		signal(i, on_signal);
		last_signo = 0;
		CHECK_OK(kill(getpid(), i));
		CHECK_EQ(last_signo, i);
	}
	CHECK_ERRNO(kill(getpid(), 65), EINVAL);
	CHECK_ERRNO(kill(getpid(), -1), EINVAL);
	CHECK_ERRNO(kill(9999999, SIGTERM), ESRCH);
}

TEST(default_actions)
{
	static const int deadly[] = {
		SIGHUP,	   SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,	   SIGFPE,  SIGKILL,
		SIGUSR1,   SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ,
		SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS,  34,	50,	   64};
	static const int ignored[] = { SIGCHLD, SIGURG, SIGWINCH, SIGCONT };
	static const int stopping[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	struct rlimit none = { 0, 0 };
	int status;

	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		CHECK_DIES(deadly[i], kill(getpid(), deadly[i]));
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		CHECK_EXITED(IN_CHILD(kill(getpid(), ignored[i])), 0);
	for (size_t i = 0; i < ARRAY_SIZE(stopping); i++) {
		pid_t pid = IN_CHILD(kill(getpid(), stopping[i]));

		CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == stopping[i]);
		kill(pid, SIGCONT);
		CHECK_EXITED(pid, 0);
	}
}

TEST(handler_runs_with_signal_blocked_and_mask_added)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	sigset_t set;

	sigaddset(&action.sa_mask, SIGUSR2);
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	CHECK_OK(sigaction(SIGUSR1, NULL, &old));
	CHECK(old.sa_handler == on_signal);
	CHECK(sigismember(&old.sa_mask, SIGUSR2));
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(!sigismember(&set, SIGUSR2));
}

static void check_mask_inside(int signo)
{
	sigset_t set;

	count++;
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(sigismember(&set, SIGUSR1));
	CHECK(sigismember(&set, SIGUSR2));
	CHECK(!sigismember(&set, SIGTERM));
	raise(SIGUSR2);
	raise(SIGUSR1);
	CHECK_EQ(count, 1 + (signo == 0));
}

TEST(mask_inside_the_handler)
{
	struct sigaction action = { .sa_handler = check_mask_inside };
	sigset_t set;

	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGUSR2, on_signal);
	block(SIG_UNBLOCK, SIGUSR1);
	action.sa_flags = SA_RESETHAND;
	sigaction(SIGUSR1, &action, NULL);
	pid_t pid = IN_CHILD({ raise(SIGUSR1); _exit(1); });

	/* The second SIGUSR1 was pending and has the default action after SA_RESETHAND. */
	CHECK_KILLED(pid, SIGUSR1);
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(!sigismember(&set, SIGUSR1));
}

static void nodefer_handler(int signo)
{
	if (++count < 4)
		raise(signo);
}

TEST(nodefer_nests)
{
	struct sigaction action = { .sa_handler = nodefer_handler, .sa_flags = SA_NODEFER };

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	CHECK_EQ(count, 4);
}

TEST(resethand_restores_default)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	CHECK_EQ(count, 1);
	sigaction(SIGUSR1, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL);
}

TEST(pending_standard_signals_merge_and_are_delivered_once)
{
	sigset_t pending;

	signal(SIGUSR1, on_signal);
	block(SIG_BLOCK, SIGUSR1);
	for (int i = 0; i < 5; i++)
		raise(SIGUSR1);
	CHECK_EQ(count, 0);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR1));
	CHECK(!sigismember(&pending, SIGUSR2));
	block(SIG_UNBLOCK, SIGUSR1);
	CHECK_EQ(count, 1);
	CHECK_OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
}

static int order[64], order_count;

static void on_ordered(int signo, siginfo_t *info, void *context)
{
	order[order_count++] = signo * 1000 + info->si_value.sival_int;
}

TEST(realtime_signals_queue_in_order)
{
	int n = 0;
	sigset_t all;

	handle(SIGRTMIN + 1, on_ordered, 0);
	handle(SIGRTMIN + 2, on_ordered, 0);
	struct sigaction action = { .sa_sigaction = on_ordered, .sa_flags = SA_SIGINFO };

	sigfillset(&action.sa_mask); /* delivered one after the other, not nested */
	sigaction(SIGRTMIN + 1, &action, NULL);
	sigaction(SIGRTMIN + 2, &action, NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < 10; i++) {
		CHECK_OK(sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ i }));
		CHECK_OK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ i }));
	}
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	CHECK_EQ(order_count, 20);
	for (int signo = SIGRTMIN + 1; signo <= SIGRTMIN + 2; signo++)
		for (int i = 0; i < 10; i++)
			CHECK_EQ(order[n++], signo * 1000 + i);
}

TEST(siginfo_of_kill_tgkill_and_sigqueue)
{
	handle(SIGUSR1, on_info, 0);
	kill(getpid(), SIGUSR1);
	CHECK_EQ(last_code, SI_USER);
	CHECK_EQ(last_pid, getpid());
	CHECK_EQ(last_uid, getuid());
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
	CHECK_EQ(last_code, SI_TKILL);
	CHECK_EQ(last_pid, getpid());
	sigqueue(getpid(), SIGUSR1, (union sigval){ 4711 });
	CHECK_EQ(last_code, SI_QUEUE);
	CHECK_EQ(last_value, 4711);
	CHECK_EQ(last_pid, getpid());
	CHECK_ERRNO(syscall(SYS_tgkill, 1, syscall(SYS_gettid), SIGUSR1), ESRCH);
	CHECK_ERRNO(syscall(SYS_tgkill, 0, 0, SIGUSR1), EINVAL);
	CHECK_OK(syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1));
	CHECK_EQ(last_code, SI_TKILL);
	/* One may lie about the code to oneself only. */
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_USER };

	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info), EPERM);
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
	CHECK_EQ(last_code, SI_USER);
	info.si_code = SI_MESGQ;
	CHECK_OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGUSR1, &info));
	CHECK_EQ(last_code, SI_MESGQ);
}

TEST(sigqueue_limit)
{
	struct rlimit limit = { 5, 5 };
	int i;

	block(SIG_BLOCK, SIGRTMIN);
	CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &limit));
	for (i = 0; i < 100; i++)
		if (sigqueue(getpid(), SIGRTMIN, (union sigval){ i }))
			break;
	CHECK_EQ(errno, EAGAIN);
	CHECK(i <= 5);
	CHECK_OK(kill(getpid(),
		      SIGUSR2 * 0 + SIGCHLD)); /* kill never fails for want of a queue entry */
}

TEST(ignored_signals_are_dropped)
{
	sigset_t pending;

	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	signal(SIGUSR1, on_signal);
	CHECK_EQ(count, 0);
	block(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN); /* also drops what is pending */
	sigpending(&pending);
	CHECK(!sigismember(&pending, SIGUSR1));
	signal(SIGUSR1, on_signal);
	block(SIG_UNBLOCK, SIGUSR1);
	CHECK_EQ(count, 0);
}

TEST(kill_and_stop_cannot_be_blocked)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(!sigismember(&set, SIGKILL));
	CHECK(!sigismember(&set, SIGSTOP));
	CHECK(sigismember(&set, SIGTERM));
	CHECK_DIES(SIGKILL, kill(getpid(), SIGKILL));
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 77, &set, NULL, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4), EINVAL);
}

TEST(cont_clears_stops_and_stop_clears_cont)
{
	int status;
	pid_t pid = IN_CHILD({
		sigset_t pending;

		block(SIG_BLOCK, SIGTSTP);
		raise(SIGTSTP);
		sigpending(&pending);
		CHECK(sigismember(&pending, SIGTSTP));
		raise(SIGCONT);
		sigpending(&pending);
		CHECK(!sigismember(&pending, SIGTSTP));
		block(SIG_BLOCK, SIGCONT);
		signal(SIGCONT, on_signal);
		raise(SIGCONT);
		sigpending(&pending);
		CHECK(sigismember(&pending, SIGCONT));
		block(SIG_BLOCK, SIGTSTP);
		raise(SIGTSTP);
		sigpending(&pending);
		CHECK(!sigismember(&pending, SIGCONT));
	});
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFEXITED(status));
}

static void *spin_until_signalled(void *stop)
{
	while (!*(volatile int *)stop)
		;
	return NULL;
}

TEST(a_spinning_process_is_killed)
{
	int stop = 0;
	pid_t pid = IN_CHILD(spin_until_signalled(&stop));

	guest_sleep_ms(10);
	kill(pid, SIGTERM);
	CHECK_KILLED(pid, SIGTERM);
}

TEST(signal_to_one_thread_and_to_the_group)
{
	pthread_t thread;
	int stop = 0;
	sigset_t set;

	signal(SIGUSR1, on_signal);
	CHECK_EQ(pthread_create(&thread, NULL, spin_until_signalled, &stop), 0);
	block(SIG_BLOCK, SIGUSR1);
	kill(getpid(), SIGUSR1); /* the other thread takes it */
	CHECK(WAIT_UNTIL(count == 1));
	raise(SIGUSR1); /* for this thread: stays pending */
	sigpending(&set);
	CHECK(sigismember(&set, SIGUSR1));
	CHECK_EQ(count, 1);
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	CHECK(WAIT_UNTIL(count == 2));
	stop = 1;
	pthread_join(thread, NULL);
}

TEST(stop_and_kill_concern_all_threads)
{
	volatile unsigned long *ticks = guest_shared(PAGE);
	int status;
	pid_t pid = IN_CHILD({
		pthread_t thread;
		int stop = 0;

		pthread_create(&thread, NULL, spin_until_signalled, &stop);
		for (;;)
			++*ticks;
	});

	CHECK(WAIT_UNTIL(*ticks > 1000));
	kill(pid, SIGSTOP);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	unsigned long before = *ticks;

	guest_sleep_ms(20);
	CHECK_EQ(*ticks, before);
	kill(pid, SIGCONT);
	CHECK(WAIT_UNTIL(*ticks > before));
	kill(pid, SIGINT);
	CHECK_KILLED(pid, SIGINT);
}

TEST(sigpipe_and_epipe)
{
	int fds[2];

	pipe(fds);
	close(fds[0]);
	CHECK_DIES(SIGPIPE, write(fds[1], "x", 1));
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
}

TEST(signal_permissions)
{
	if (getuid())
		guest_skip("needs root");
	pid_t other = IN_CHILD({ setuid(1001); for (;;) pause(); });

	CHECK(WAIT_UNTIL(guest_task_state(other) == 'S'));
	guest_sleep_ms(20);
	CHECK_EXITED(IN_CHILD({
		setuid(1002);
		CHECK_ERRNO(kill(other, SIGTERM), EPERM);
		CHECK_ERRNO(kill(other, 0), EPERM);
		CHECK_ERRNO(kill(1, 0), EPERM);
		CHECK_OK(kill(-1, 0)); /* no error, though nobody may be signalled */
	}), 0);
	CHECK_EXITED(IN_CHILD({ setuid(1001); CHECK_OK(kill(other, SIGTERM)); }), 0);
	CHECK_KILLED(other, SIGTERM);
}
