/* SPDX-License-Identifier: MIT */
/*
 * What the kernel puts on the stack for a handler and takes back: alternate stacks, contexts,
 * vector state.
 */
#include "guest.h"
#include <setjmp.h>
#include <ucontext.h>

static volatile int count, last_signo;

static void on_info(int signo, siginfo_t *info, void *context)
{
	count++;
	last_signo = signo;
}

static void handle(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	CHECK_OK(sigaction(signo, &action, NULL));
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
	CHECK(seen_stack >= (void *)alternate &&
	      seen_stack < (void *)(alternate + sizeof(alternate)));
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
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate), .ss_flags = 1U << 31},
		now;

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
	__asm__ volatile("syscall"
			 : "=a"(rax)
			 : "a"(SYS_tkill), "D"(syscall(SYS_gettid)), "S"(SIGUSR1)
			 : "rcx", "r11", "memory");
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
	__asm__ volatile(
		"movupd (%0), %%xmm0; movupd (%0), %%xmm5; movupd (%0), %%xmm15; fninit; fldz; fldz"
		:
		: "r"(zeros)
		: "xmm0", "xmm5", "xmm15", "memory");
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
	__asm__ volatile(
		"movdqu (%[a]), %%xmm0; movdqu (%[a]), %%xmm5; movdqu (%[a]), %%xmm15\n"
		"fldcw %[control]; ldmxcsr %[mxcsr]; fldpi\n"
		"syscall\n"
		"movdqu %%xmm0, (%[out]); movdqu %%xmm5, 16(%[out]); movdqu %%xmm15, 32(%[out])\n"
		"fstpl %[pi]; fnstcw %[control_out]; stmxcsr %[mxcsr_out]\n"
		: "=a"(ret), [pi] "=m"(pi), [control_out] "=m"(control_out),
		  [mxcsr_out] "=m"(mxcsr_out)
		: "a"(SYS_tgkill), "D"(getpid()), "S"(tid), "d"(SIGUSR1), [a] "r"(a),
		  [out] "r"(out), [control] "m"(control), [mxcsr] "m"(mxcsr)
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

TEST(handler_address_that_is_no_code)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_DIES(SIGSEGV, {
		signal(SIGUSR1, (void (*)(int))0x1000);
		raise(SIGUSR1);
	});
}

static int evil_kind;

/* The saved vector state with bits the processor refuses, or marks that lie about what it holds. */
static void bad_vector_state(int signo, siginfo_t *info, void *context)
{
	char *state = (void *)((ucontext_t *)context)->uc_mcontext.fpregs;
	uint64_t *header = (void *)(state + 512);
	uint32_t *marks =
		(void *)(state + 464); /* magic1, extended size, features (8 bytes), size */

	switch (evil_kind) {
	case 0:
		*(uint32_t *)(state + 24) = 0xffffffff; /* MXCSR */
		break;
	case 1:
		header[0] = -1ULL; /* components that do not exist */
		break;
	case 2:
		header[1] = -1ULL; /* the compacted form */
		break;
	case 3:
		marks[4] = 1 << 30;
		break;
	case 4:
		marks[2] = marks[3] = -1U;
		break;
	case 5:
		((ucontext_t *)context)->uc_mcontext.fpregs = (void *)(state + 1); /* misaligned */
		break;
	case 6:
		((ucontext_t *)context)->uc_mcontext.fpregs = (void *)0xffffffff80000000;
		break;
	}
}

TEST(evil_vector_state_hurts_only_the_program)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	for (evil_kind = 0; evil_kind < 7; evil_kind++) {
		int status = guest_wait(IN_CHILD({
			handle(SIGUSR1, bad_vector_state, 0);
			raise(SIGUSR1);
		}));

		CHECK(WIFEXITED(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
	}
	CHECK_EXITED(IN_CHILD(_exit(4)), 4);
}
