/* SPDX-License-Identifier: MIT */
/* Signals that the processor causes: number, code and address. */
#include "guest.h"
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf jump;
static volatile int signo_seen, code_seen, trapno_seen;
static volatile unsigned long error_seen, cr2_seen;
static void *volatile address_seen;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	signo_seen = signo;
	code_seen = info->si_code;
	address_seen = info->si_addr;
	trapno_seen = uc->uc_mcontext.gregs[REG_TRAPNO];
	error_seen = uc->uc_mcontext.gregs[REG_ERR];
	cr2_seen = uc->uc_mcontext.gregs[REG_CR2];
	siglongjmp(jump, 1);
}

static void catch_all(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	for (int i = 0; i < 6; i++)
		sigaction((int[]){SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS}[i], &action,
			  NULL);
}

#define EXPECT_FAULT(signo, code, address, statement)                                              \
	do {                                                                                       \
		signo_seen = code_seen = 0;                                                        \
		address_seen = (void *)-1;                                                         \
		if (!sigsetjmp(jump, 1)) {                                                         \
			statement;                                                                 \
			CHECK(!"no fault");                                                        \
		}                                                                                  \
		CHECK_EQ(signo_seen, signo);                                                       \
		CHECK_EQ(code_seen, code);                                                         \
		CHECK_EQ(address_seen, address);                                                   \
	} while (0)

TEST(unmapped_address)
{
	catch_all();
	EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, (void *)0x10, *(volatile int *)0x10 = 1);
	CHECK_EQ(trapno_seen, 14);
	CHECK_EQ(error_seen, 6);
	CHECK_EQ(cr2_seen, 0x10);
	EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, (void *)0x10, (void)*(volatile int *)0x10);
	CHECK_EQ(error_seen, 4);
	char *p = guest_map(PAGE);

	munmap(p, PAGE);
	EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, p + 77, p[77] = 1);
}

TEST(forbidden_access)
{
	char *p = guest_map(3 * PAGE);

	catch_all();
	mprotect(p, PAGE, PROT_READ);
	EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, p + 5, p[5] = 1);
	(void)*(volatile char *)p;
	EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, p + 5, p[5] = 1);
	CHECK_EQ(error_seen, 7);
	mprotect(p, PAGE, PROT_NONE);
	EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, p + 9, (void)*(volatile char *)(p + 9));
	/* Jumping into data. */
	p[PAGE] = (char)0xc3;
	EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, p + PAGE, ((void (*)(void))(p + PAGE))());
	CHECK(error_seen & 16);
	EXPECT_FAULT(SIGSEGV, SEGV_ACCERR, (void *)forbidden_access,
		     *(volatile char *)forbidden_access = 1);
}

TEST(kernel_and_noncanonical_addresses)
{
	catch_all();
	EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, (void *)0xffffffff81000000,
		     (void)*(volatile char *)0xffffffff81000000);
	EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, (void *)0xffff888000000000,
		     *(volatile char *)0xffff888000000000 = 1);
	EXPECT_FAULT(SIGSEGV, SEGV_MAPERR, (void *)0x7ffffffff000,
		     (void)*(volatile char *)0x7ffffffff000);
	/* A general-protection fault carries no address. */
	EXPECT_FAULT(SIGSEGV, SI_KERNEL, NULL, (void)*(volatile char *)0x8000000000000000);
	CHECK_EQ(trapno_seen, 13);
	EXPECT_FAULT(SIGSEGV, SI_KERNEL, NULL, __asm__ volatile("hlt"));
	EXPECT_FAULT(SIGSEGV, SI_KERNEL, NULL, __asm__ volatile("cli"));
	EXPECT_FAULT(SIGSEGV, SI_KERNEL, NULL, __asm__ volatile("mov %%cr3, %%rax" : : : "rax"));
	EXPECT_FAULT(SIGSEGV, SI_KERNEL, NULL, __asm__ volatile("in $0x60, %%al" : : : "rax"));
	EXPECT_FAULT(SIGSEGV, SI_KERNEL, NULL, __asm__ volatile("int $0x40"));
}

static int divide(int a, int b)
{
	__asm__ volatile("cltd; idivl %1" : "+a"(a) : "r"(b) : "rdx", "cc");
	return a;
}

TEST(arithmetic)
{
	volatile int zero = 0;
	uint16_t control = 0x0340;
	uint32_t mxcsr = 0x1d80, mxcsr_default = 0x1f80;

	catch_all();
	EXPECT_FAULT(SIGFPE, FPE_INTDIV, address_seen, divide(1, zero));
	CHECK_EQ(trapno_seen, 0);
	signo_seen = 0;
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	if (!sigsetjmp(jump, 1)) {
		volatile double d = 0, e = 1;

		e = e / d;
	}
	if (signo_seen) { /* QEMU's emulator never raises this exception */
		CHECK_EQ(signo_seen, SIGFPE);
		CHECK_EQ(code_seen, FPE_FLTDIV);
	}
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr_default));
	if (!sigsetjmp(jump, 1)) {
		__asm__ volatile("fninit; fldcw %0; fldz; fld1; fdivp; fwait" : : "m"(control));
		CHECK(!"no fault");
	}
	CHECK_EQ(signo_seen, SIGFPE);
}

TEST(illegal_instruction)
{
	catch_all();
	EXPECT_FAULT(SIGILL, ILL_ILLOPN, address_seen, __asm__ volatile("ud2"));
	CHECK_EQ(trapno_seen, 6);
	CHECK(address_seen > (void *)0x1000);
}

TEST(breakpoint_and_single_step)
{
	catch_all();
	EXPECT_FAULT(SIGTRAP, SI_KERNEL, NULL, __asm__ volatile("int3"));
	CHECK_EQ(trapno_seen, 3);
	if (!sigsetjmp(jump, 1)) {
		__asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop" : : : "cc", "memory");
		CHECK(!"no trap");
	}
	CHECK_EQ(signo_seen, SIGTRAP);
	CHECK_EQ(code_seen, TRAP_TRACE);
	CHECK_EQ(trapno_seen, 1);
	/* Stepping over a system call must not confuse the kernel. */
	if (!sigsetjmp(jump, 1)) {
		__asm__ volatile("pushf; orl $0x100, (%%rsp); mov $39, %%eax; popf; syscall; nop"
				 : : : "rax", "rcx", "r11", "cc", "memory");
	}
	CHECK_EQ(signo_seen, SIGTRAP);
}

TEST(beyond_the_end_of_a_file)
{
	char name[] = "/tmp/fault.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	catch_all();
	unlink(name);
	CHECK_EQ(write(fd, "abc", 3), 3);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	REQUIRE(p != MAP_FAILED);
	CHECK_EQ(p[2], 'c');
	CHECK_EQ(p[3], 0);
	p[PAGE - 1] = 1;
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, p + PAGE + 8, (void)*(volatile char *)(p + PAGE + 8));
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, p + PAGE, p[PAGE] = 1);
	/* Cut off what is mapped and present. */
	ftruncate(fd, 2 * PAGE);
	p[PAGE] = 5;
	ftruncate(fd, 10);
	EXPECT_FAULT(SIGBUS, BUS_ADRERR, p + PAGE, (void)*(volatile char *)(p + PAGE));
}

TEST(blocked_or_ignored_fault_signal_still_kills)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_DIES(SIGSEGV, {
		sigset_t set;

		sigfillset(&set);
		sigprocmask(SIG_SETMASK, &set, NULL);
		*(volatile int *)0 = 1;
	});
	CHECK_DIES(SIGSEGV, {
		signal(SIGSEGV, SIG_IGN);
		*(volatile int *)0 = 1;
	});
	CHECK_DIES(SIGFPE, {
		volatile int zero = 0;

		signal(SIGFPE, SIG_IGN);
		divide(1, zero);
	});
}

static volatile int depth;

static void fault_again(int signo)
{
	depth++;
	*(volatile int *)8 = 1;
}

TEST(fault_inside_its_own_handler_kills)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_DIES(SIGSEGV, {
		signal(SIGSEGV, fault_again);
		*(volatile int *)0 = 1;
	});
}

static char *repair_page;

static void repair(int signo, siginfo_t *info, void *context)
{
	depth++;
	mprotect(repair_page, PAGE, PROT_READ | PROT_WRITE);
}

TEST(handler_may_repair_and_return)
{
	struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };

	repair_page = guest_map(PAGE);
	mprotect(repair_page, PAGE, PROT_NONE);
	sigaction(SIGSEGV, &action, NULL);
	repair_page[10] = 'r';
	CHECK_EQ(repair_page[10], 'r');
	CHECK_EQ(depth, 1);
}

TEST(alignment_check_flag)
{
	uint64_t words[2] = { 0 };

	catch_all();
	if (!sigsetjmp(jump, 1)) {
		__asm__ volatile("pushf; orl $0x40000, (%%rsp); popf; mov 1(%0), %%rax; pushf; "
				 "andl $~0x40000, (%%rsp); popf"
				 :
				 : "r"(words)
				 : "rax", "cc", "memory");
		guest_skip("this processor does not check alignment");
	}
	__asm__ volatile("pushf; andl $~0x40000, (%%rsp); popf" : : : "cc", "memory");
	CHECK_EQ(signo_seen, SIGBUS);
	CHECK_EQ(code_seen, BUS_ADRALN);
}
