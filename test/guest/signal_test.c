/* SPDX-License-Identifier: MIT */
/* Signals: masks, handlers and their flags, pending and queued signals, waiting for them, restart
 * of slow calls. */
#include "guest.h"
#include <pthread.h>
#include <setjmp.h>
#include <ucontext.h>

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
	static const int deadly[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
				      SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ,
				      SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS, 34, 50, 64 };
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
	CHECK_OK(kill(getpid(), SIGUSR2 * 0 + SIGCHLD)); /* kill never fails for want of a queue entry */
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

TEST(sigsuspend_waits_with_another_mask)
{
	sigset_t mask, now;
	pid_t parent = getpid();

	handle(SIGUSR1, on_info, 0);
	block(SIG_BLOCK, SIGUSR1);
	pid_t pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR1); });

	sigemptyset(&mask);
	CHECK_ERRNO(sigsuspend(&mask), EINTR);
	CHECK_EQ(count, 1);
	sigprocmask(SIG_SETMASK, NULL, &now);
	CHECK(sigismember(&now, SIGUSR1));
	CHECK_EXITED(pid, 0);
	raise(SIGUSR1); /* pending already: sigsuspend returns at once */
	CHECK_ERRNO(sigsuspend(&mask), EINTR);
	CHECK_EQ(count, 2);
}

TEST(sigtimedwait_takes_a_signal)
{
	sigset_t set;
	siginfo_t info;
	struct timespec zero = { 0, 0 }, some = { 0, 30000000 }, bad = { 0, 1000000000 };
	pid_t parent = getpid();

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_ERRNO(sigtimedwait(&set, &info, &zero), EAGAIN);
	uint64_t start = guest_now();

	CHECK_ERRNO(sigtimedwait(&set, &info, &some), EAGAIN);
	CHECK(guest_now() - start >= 30000000);
	CHECK_ERRNO(sigtimedwait(&set, &info, &bad), EINVAL);
	sigqueue(getpid(), SIGRTMIN, (union sigval){ 99 });
	raise(SIGUSR1);
	CHECK_EQ(sigtimedwait(&set, &info, &zero), SIGUSR1); /* the lowest first */
	CHECK_EQ(sigtimedwait(&set, &info, &zero), SIGRTMIN);
	CHECK_EQ(info.si_value.sival_int, 99);
	CHECK_EQ(info.si_code, SI_QUEUE);
	pid_t pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR1); });

	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EXITED(pid, 0);
	/* Another signal interrupts it. */
	handle(SIGUSR2, on_info, SA_RESTART);
	pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR2); });
	CHECK_ERRNO(sigwaitinfo(&set, &info), EINTR);
	CHECK_EXITED(pid, 0);
	/* SIGCHLD may have been ignored by default, and sigwait still gets it when blocked. */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = IN_CHILD();
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_pid, pid);
	guest_wait(pid);
}

static pid_t interrupt_soon(int times)
{
	pid_t parent = getpid();

	return IN_CHILD({
		for (int i = 0; i < times; i++) {
			guest_sleep_ms(20);
			kill(parent, SIGUSR1);
		}
	});
}

TEST(slow_calls_are_interrupted_without_restart)
{
	int fds[2];
	char c;
	struct pollfd p;
	struct timespec t = { 5, 0 }, rest = { 0, 0 };

	CHECK_OK(pipe(fds));
	handle(SIGUSR1, on_info, 0);
	pid_t pid = interrupt_soon(1);

	CHECK_ERRNO(read(fds[0], &c, 1), EINTR);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	p = (struct pollfd){ fds[0], POLLIN, 0 };
	CHECK_ERRNO(poll(&p, 1, -1), EINTR);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	CHECK_ERRNO(nanosleep(&t, &rest), EINTR);
	CHECK(rest.tv_sec == 4 && rest.tv_nsec > 0);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	CHECK_ERRNO(pause(), EINTR);
	CHECK_EXITED(pid, 0);
}

TEST(slow_calls_are_restarted)
{
	int fds[2];
	char c = 0;
	pid_t parent = getpid();

	CHECK_OK(pipe(fds));
	handle(SIGUSR1, on_info, SA_RESTART);
	pid_t pid = IN_CHILD({
		for (int i = 0; i < 3; i++) {
			guest_sleep_ms(10);
			kill(parent, SIGUSR1);
		}
		guest_sleep_ms(10);
		write(fds[1], "z", 1);
	});

	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(c, 'z');
	CHECK_EQ(count, 3);
	CHECK_EXITED(pid, 0);
	/* poll, nanosleep and sigsuspend are never restarted. */
	struct pollfd p = { fds[0], POLLIN, 0 };
	struct timespec t = { 5, 0 }, rest;

	pid = interrupt_soon(1);
	CHECK_ERRNO(poll(&p, 1, -1), EINTR);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	CHECK_ERRNO(nanosleep(&t, &rest), EINTR);
	CHECK_EXITED(pid, 0);
}

/* A signal without a handler does not end a sleep: stop and continue resume it where it was. */
TEST(stop_and_continue_resume_a_sleep)
{
	int status;
	pid_t pid = IN_CHILD({
		struct timespec t = { 0, 150000000 };
		uint64_t start = guest_now();

		CHECK_OK(nanosleep(&t, NULL));
		CHECK(guest_now() - start >= 150000000);
		struct pollfd p;

		CHECK_EQ(poll(&p, 0, 100), 0);
	});

	for (int i = 0; i < 3; i++) {
		guest_sleep_ms(15);
		kill(pid, SIGSTOP);
		CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
		kill(pid, SIGCONT);
	}
	CHECK_EXITED(pid, 0);
}

static char alternate[65536];
static void *seen_stack;

static void on_alternate(int signo, siginfo_t *info, void *context)
{
	char local;
	stack_t now;

	count++;
	seen_stack = &local;
	sigaltstack(NULL, &now);
	CHECK_EQ(now.ss_flags & SS_ONSTACK, SS_ONSTACK);
	CHECK_ERRNO(sigaltstack(&now, NULL), EPERM);
	CHECK(((ucontext_t *)context)->uc_stack.ss_sp == alternate);
}

TEST(alternate_stack)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) }, old;

	CHECK_OK(sigaltstack(NULL, &old));
	CHECK_EQ(old.ss_flags, SS_DISABLE);
	CHECK_OK(sigaltstack(&stack, NULL));
	handle(SIGUSR1, on_alternate, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(seen_stack >= (void *)alternate && seen_stack < (void *)(alternate + sizeof(alternate)));
	CHECK_OK(sigaltstack(NULL, &old));
	CHECK(old.ss_sp == alternate);
	CHECK_EQ(old.ss_flags, 0);
	stack.ss_size = 100;
	CHECK_ERRNO(sigaltstack(&stack, NULL), ENOMEM);
	stack.ss_flags = 0x40;
	CHECK_ERRNO(sigaltstack(&stack, NULL), EINVAL);
	stack = (stack_t){ .ss_flags = SS_DISABLE };
	CHECK_OK(sigaltstack(&stack, NULL));
	handle(SIGUSR2, on_info, SA_ONSTACK); /* without a stack: the normal one */
	raise(SIGUSR2);
	CHECK_EQ(last_signo, SIGUSR2);
}

static void on_overflow(int signo, siginfo_t *info, void *context)
{
	CHECK_EQ(signo, SIGSEGV);
	fflush(stdout);
	_exit(42);
}

static int recurse(volatile int n)
{
	volatile char frame[4096];

	frame[0] = n;
	return n == 0 ? 0 : recurse(n - 1) + frame[0];
}

TEST(stack_overflow_is_caught_on_the_alternate_stack)
{
	struct rlimit limit = { 256 << 10, 256 << 10 };

	CHECK_EXITED(IN_CHILD({
		stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

		setrlimit(RLIMIT_STACK, &limit);
		sigaltstack(&stack, NULL);
		handle(SIGSEGV, on_overflow, SA_ONSTACK);
		recurse(1000000);
	}), 42);
	/* Without one, the kernel cannot build a frame: the default action. */
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_DIES(SIGSEGV, {
		setrlimit(RLIMIT_STACK, &limit);
		handle(SIGSEGV, on_overflow, 0);
		recurse(1000000);
	});
}

TEST(autodisarm)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate), .ss_flags = 1U << 31 }, now;

	CHECK_OK(sigaltstack(&stack, NULL));
	CHECK_OK(sigaltstack(NULL, &now));
	CHECK_EQ((unsigned int)now.ss_flags, 1U << 31);
}

static sigjmp_buf jump;

static void jump_out(int signo)
{
	siglongjmp(jump, signo);
}

TEST(longjmp_out_of_a_handler_restores_the_mask)
{
	sigset_t set;

	signal(SIGUSR1, jump_out);
	for (volatile int i = 0; i < 3; i++)
		if (!sigsetjmp(jump, 1)) {
			raise(SIGUSR1);
			CHECK(false);
		}
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(!sigismember(&set, SIGUSR1));
}

static void change_context(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_RAX] = 0x1234567890LL;
	sigaddset(&uc->uc_sigmask, SIGUSR2);
}

TEST(handler_may_change_the_context)
{
	sigset_t set;
	long rax;

	handle(SIGUSR1, change_context, 0);
	__asm__ volatile("syscall" : "=a"(rax) : "a"(SYS_tkill), "D"(syscall(SYS_gettid)), "S"(SIGUSR1) : "rcx", "r11", "memory");
	CHECK_EQ(rax, 0x1234567890LL);
	sigprocmask(SIG_SETMASK, NULL, &set);
	CHECK(sigismember(&set, SIGUSR2));
}

static void bad_context(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_RIP] = 0x8000000000000000LL; /* not canonical */
}

static void bad_flags(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x20000; /* IOPL and VM must not come through */
	uc->uc_mcontext.gregs[REG_CSGSFS] = 0;
}

TEST(evil_contexts_hurt_only_the_program)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_DIES(SIGSEGV, {
		handle(SIGUSR1, bad_context, 0);
		raise(SIGUSR1);
	});
	pid_t pid = IN_CHILD({
		handle(SIGUSR1, bad_flags, 0);
		raise(SIGUSR1);
	});
	int status = guest_wait(pid);

	CHECK(WIFEXITED(status) || WIFSIGNALED(status));
	/* sigreturn without a frame. */
	pid = IN_CHILD(syscall(SYS_rt_sigreturn));
	status = guest_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void use_vectors(int signo)
{
	double zeros[8] = { 0 };

	/* Overwrite what the interrupted code has in its registers. */
	__asm__ volatile("movupd (%0), %%xmm0; movupd (%0), %%xmm5; movupd (%0), %%xmm15; fninit; fldz; fldz"
			 : : "r"(zeros) : "xmm0", "xmm5", "xmm15", "memory");
	count++;
}

TEST(vector_and_fpu_state_survive_a_handler)
{
	uint64_t a[2] = { 0x1111111111111111, 0x2222222222222222 }, out[6];
	uint16_t control = 0x0c7f, control_out;
	uint32_t mxcsr = 0x7f80, mxcsr_out;
	long tid = syscall(SYS_gettid), ret;
	double pi;

	signal(SIGUSR1, use_vectors);
	__asm__ volatile("movdqu (%[a]), %%xmm0; movdqu (%[a]), %%xmm5; movdqu (%[a]), %%xmm15\n"
			 "fldcw %[control]; ldmxcsr %[mxcsr]; fldpi\n"
			 "syscall\n"
			 "movdqu %%xmm0, (%[out]); movdqu %%xmm5, 16(%[out]); movdqu %%xmm15, 32(%[out])\n"
			 "fstpl %[pi]; fnstcw %[control_out]; stmxcsr %[mxcsr_out]\n"
			 : "=a"(ret), [pi] "=m"(pi), [control_out] "=m"(control_out), [mxcsr_out] "=m"(mxcsr_out)
			 : "a"(SYS_tgkill), "D"(getpid()), "S"(tid), "d"(SIGUSR1), [a] "r"(a), [out] "r"(out),
			   [control] "m"(control), [mxcsr] "m"(mxcsr)
			 : "rcx", "r11", "xmm0", "xmm5", "xmm15", "memory");
	control = 0x37f;
	mxcsr = 0x1f80;
	__asm__ volatile("fldcw %0; ldmxcsr %1" : : "m"(control), "m"(mxcsr));
	CHECK_EQ(count, 1);
	for (int i = 0; i < 6; i++)
		CHECK_EQ(out[i], a[i % 2]);
	CHECK(pi > 3.14159 && pi < 3.1416);
	CHECK_EQ(control_out, 0x0c7f);
	CHECK_EQ(mxcsr_out, 0x7f80);
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

TEST(handler_address_that_is_no_code)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_DIES(SIGSEGV, {
		signal(SIGUSR1, (void (*)(int))0x1000);
		raise(SIGUSR1);
	});
}
