/* SPDX-License-Identifier: MIT */
/*
 * struct pt_regs: the registers a program (or interrupted kernel code) had when it entered the
 * kernel, as the entry code pushes them. The order is Linux's, of which ptrace's user_regs_struct
 * begins with a copy. Both ports use this file.
 */
#pragma once

#include "lib/types.h"

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	long orig_ax; /* system-call number; negative if it was not a system call */
	unsigned long ip, cs, flags, sp, ss;
};

static_assert(sizeof(struct pt_regs) == 21 * 8, "the entry code pushes 21 words");

/* Segment selectors, numbered as Linux numbers them: programs and debuggers see them. */
#define KERNEL32_CS 0x08
#define KERNEL_CS   0x10
#define KERNEL_DS   0x18
#define USER32_CS   0x23
#define USER_DS	    0x2b
#define USER_CS	    0x33
#define TSS_SEL	    0x40
#define LDT_SEL	    0x50
#define CPUNODE_SEL 0x7b

/* Bits of the flags register. */
#define X86_FLAGS_CF   BIT(0)
#define X86_FLAGS_ONE  BIT(1)
#define X86_FLAGS_PF   BIT(2)
#define X86_FLAGS_AF   BIT(4)
#define X86_FLAGS_ZF   BIT(6)
#define X86_FLAGS_SF   BIT(7)
#define X86_FLAGS_TF   BIT(8)
#define X86_FLAGS_IF   BIT(9)
#define X86_FLAGS_DF   BIT(10)
#define X86_FLAGS_OF   BIT(11)
#define X86_FLAGS_IOPL (3UL << 12)
#define X86_FLAGS_NT   BIT(14)
#define X86_FLAGS_RF   BIT(16)
#define X86_FLAGS_VM   BIT(17)
#define X86_FLAGS_AC   BIT(18)
#define X86_FLAGS_ID   BIT(21)
/* Those a program may choose (sigreturn, ptrace). */
#define X86_FLAGS_USER                                                                             \
	(X86_FLAGS_CF | X86_FLAGS_PF | X86_FLAGS_AF | X86_FLAGS_ZF | X86_FLAGS_SF | X86_FLAGS_TF | \
	 X86_FLAGS_DF | X86_FLAGS_OF | X86_FLAGS_RF | X86_FLAGS_AC)

static inline bool arch_user_mode(const struct pt_regs *regs)
{
	return (regs->cs & 3) != 0;
}

static inline unsigned long arch_user_sp(const struct pt_regs *regs)
{
	return regs->sp;
}

static inline unsigned long arch_user_ip(const struct pt_regs *regs)
{
	return regs->ip;
}

static inline bool arch_in_syscall(const struct pt_regs *regs)
{
	return regs->orig_ax >= 0;
}

static inline void arch_syscall_forget(struct pt_regs *regs)
{
	regs->orig_ax = -1;
}

static inline long arch_syscall_nr(const struct pt_regs *regs)
{
	return regs->orig_ax;
}

static inline unsigned long arch_syscall_arg(const struct pt_regs *regs, unsigned int n)
{
	switch (n) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->r10;
	case 4:
		return regs->r8;
	default:
		return regs->r9;
	}
}

static inline void arch_syscall_set_return(struct pt_regs *regs, long value)
{
	regs->ax = value;
}

static inline long arch_syscall_return(const struct pt_regs *regs)
{
	return regs->ax;
}

/* SYSCALL and INT 0x80 are both two bytes long. */
static inline void arch_syscall_restart(struct pt_regs *regs)
{
	regs->ax = regs->orig_ax;
	regs->ip -= 2;
}

static inline void arch_syscall_restart_block(struct pt_regs *regs)
{
	regs->ax = 219; /* __NR_restart_syscall */
	regs->ip -= 2;
}
