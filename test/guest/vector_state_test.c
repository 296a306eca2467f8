/* SPDX-License-Identifier: MIT */
/* Vector and x87 registers: kept apart between tasks, through switches, faults, forks and
 * signals. */
#include "guest.h"
#include <immintrin.h>
#include <pthread.h>

/* Fill all sixteen XMM registers, yield or be preempted, and look again. */
static int sse_survives(uint32_t seed, int rounds)
{
	uint32_t in[64], out[64];
	int bad = 0;

	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < 64; i++)
			in[i] = seed * 2654435761u + i * 40503u + round;
		__asm__ volatile("movdqu (%0), %%xmm0; movdqu 16(%0), %%xmm1; movdqu 32(%0), "
				 "%%xmm2; movdqu 48(%0), %%xmm3\n"
				 "movdqu 64(%0), %%xmm4; movdqu 80(%0), %%xmm5; movdqu 96(%0), "
				 "%%xmm6; movdqu 112(%0), %%xmm7\n"
				 "movdqu 128(%0), %%xmm8; movdqu 144(%0), %%xmm9; movdqu 160(%0), "
				 "%%xmm10; movdqu 176(%0), %%xmm11\n"
				 "movdqu 192(%0), %%xmm12; movdqu 208(%0), %%xmm13; movdqu "
				 "224(%0), %%xmm14; movdqu 240(%0), %%xmm15\n"
				 "mov $24, %%eax; syscall\n" /* sched_yield */
				 "mov $20000, %%ecx; 1: dec %%ecx; jnz 1b\n"
				 "movdqu %%xmm0, (%1); movdqu %%xmm1, 16(%1); movdqu %%xmm2, "
				 "32(%1); movdqu %%xmm3, 48(%1)\n"
				 "movdqu %%xmm4, 64(%1); movdqu %%xmm5, 80(%1); movdqu %%xmm6, "
				 "96(%1); movdqu %%xmm7, 112(%1)\n"
				 "movdqu %%xmm8, 128(%1); movdqu %%xmm9, 144(%1); movdqu %%xmm10, "
				 "160(%1); movdqu %%xmm11, 176(%1)\n"
				 "movdqu %%xmm12, 192(%1); movdqu %%xmm13, 208(%1); movdqu "
				 "%%xmm14, 224(%1); movdqu %%xmm15, 240(%1)\n"
				 :
				 : "r"(in), "r"(out)
				 : "rax", "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3",
				   "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
				   "xmm12", "xmm13", "xmm14", "xmm15");
		bad += memcmp(in, out, sizeof(in)) != 0;
	}
	return bad;
}

__attribute__((target("avx"))) static int avx_survives(uint32_t seed, int rounds)
{
	uint32_t in[8], out[8];
	int bad = 0;

	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < 8; i++)
			in[i] = seed * 77777777u + i * 99991u + round;
		__asm__ volatile("vmovdqu (%0), %%ymm7\n"
				 "mov $24, %%eax; syscall\n"
				 "mov $20000, %%ecx; 1: dec %%ecx; jnz 1b\n"
				 "vmovdqu %%ymm7, (%1)\n"
				 :
				 : "r"(in), "r"(out)
				 : "rax", "rcx", "r11", "memory", "xmm7");
		bad += memcmp(in, out, sizeof(in)) != 0;
	}
	return bad;
}

TEST(processes_do_not_mix_registers)
{
	pid_t pids[4];

	for (int i = 0; i < 4; i++)
		pids[i] = IN_CHILD(CHECK_EQ(sse_survives(i, 100), 0));
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(pids[i], 0);
}

TEST(avx_halves_are_kept)
{
	pid_t pids[4];

	if (!__builtin_cpu_supports("avx"))
		guest_skip("no AVX here");
	for (int i = 0; i < 4; i++)
		pids[i] = IN_CHILD(CHECK_EQ(avx_survives(i, 100), 0));
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(pids[i], 0);
}

static void *check_in_thread(void *seed)
{
	return (void *)(long)sse_survives((long)seed, 60);
}

TEST(threads_do_not_mix_registers)
{
	pthread_t threads[6];
	void *bad;

	for (long i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, check_in_thread, (void *)i);
	for (long i = 0; i < 6; i++) {
		pthread_join(threads[i], &bad);
		CHECK_EQ((long)bad, 0);
	}
}

/* fork gives the child what was in the registers. */
TEST(fork_copies_the_registers)
{
	uint64_t in[2] = { 0x0123456789abcdef, 0xfedcba9876543210 }, out[2];
	long pid;

	__asm__ volatile("movdqu (%[in]), %%xmm9; fninit; fldpi; mov $57, %%eax; syscall; movdqu "
			 "%%xmm9, (%[out])"
			 : "=&a"(pid)
			 : [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "xmm9", "memory");
	double pi;

	__asm__ volatile("fstpl %0" : "=m"(pi));
	CHECK_EQ(out[0], in[0]);
	CHECK_EQ(out[1], in[1]);
	CHECK(pi > 3.1415 && pi < 3.1416);
	if (pid == 0)
		_exit(0);
	CHECK_EXITED(pid, 0);
}

HELPER(vector_state_after_exec)
{
	uint16_t control;
	uint32_t mxcsr;

	__asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(control), "=m"(mxcsr));
	CHECK_EQ(control, 0x37f);
	CHECK_EQ(mxcsr & 0xffc0, 0x1f80);
	return guest_counts->failed;
}

TEST(exec_resets_the_state)
{
	CHECK_EXITED(IN_CHILD({
		uint16_t control = 0x77f;
		uint32_t mxcsr = 0x7f80;

		__asm__ volatile("fldcw %0; ldmxcsr %1" : : "m"(control), "m"(mxcsr));
		guest_exec_self("vector_state_after_exec", NULL);
	}), 0);
}

/* A page fault in the middle of vector code restores all of it. */
TEST(faults_keep_registers)
{
	char *p = guest_map(400 * PAGE);
	int bad = 0;

	for (int i = 0; i < 400; i++) {
		uint64_t in[2] = { i * 3ULL, ~(uint64_t)i }, out[2];

		__asm__ volatile("movdqu (%0), %%xmm3; movb $1, (%2); movdqu %%xmm3, (%1)"
				 : : "r"(in), "r"(out), "r"(p + i * PAGE) : "xmm3", "memory");
		bad += memcmp(in, out, 16) != 0;
	}
	CHECK_EQ(bad, 0);
}

TEST(segment_bases)
{
	unsigned long base = 0, cell = 0x1122334455667788, got;

	CHECK_OK(syscall(SYS_arch_prctl, 0x1004 /* ARCH_GET_GS */, &base));
	CHECK_OK(syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, &cell));
	sched_yield();
	guest_sleep_ms(2);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(got));
	CHECK_EQ(got, cell);
	CHECK_OK(syscall(SYS_arch_prctl, 0x1004, &base));
	CHECK_EQ(base, (unsigned long)&cell);
	CHECK_EXITED(IN_CHILD({
		__asm__ volatile("mov %%gs:0, %0" : "=r"(got));
		CHECK_EQ(got, cell);
	}), 0);
	CHECK_ERRNO(syscall(SYS_arch_prctl, 0x1001, 0xffff800000000000), EPERM);
	CHECK_ERRNO(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL);
	CHECK_OK(syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &base));
	__asm__ volatile("mov %%fs:0, %0" : "=r"(got));
	CHECK_EQ(got, base); /* the thread control block points at itself */
}
