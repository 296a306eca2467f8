/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2): requests, options, events and what they transfer. (struct pt_regs, the kernel's own
 * frame, is in asm/ptrace.h and has the same layout.)
 */
#pragma once

#include "lib/types.h"

#define PTRACE_TRACEME		      0x0
#define PTRACE_PEEKTEXT		      0x1
#define PTRACE_PEEKDATA		      0x2
#define PTRACE_PEEKUSR		      0x3
#define PTRACE_POKETEXT		      0x4
#define PTRACE_POKEDATA		      0x5
#define PTRACE_POKEUSR		      0x6
#define PTRACE_CONT		      0x7
#define PTRACE_KILL		      0x8
#define PTRACE_SINGLESTEP	      0x9
#define PTRACE_ATTACH		      0x10
#define PTRACE_DETACH		      0x11
#define PTRACE_SYSCALL		      0x18
#define PTRACE_SETOPTIONS	      0x4200
#define PTRACE_GETEVENTMSG	      0x4201
#define PTRACE_GETSIGINFO	      0x4202
#define PTRACE_SETSIGINFO	      0x4203
#define PTRACE_GETREGSET	      0x4204
#define PTRACE_SETREGSET	      0x4205
#define PTRACE_SEIZE		      0x4206
#define PTRACE_INTERRUPT	      0x4207
#define PTRACE_LISTEN		      0x4208
#define PTRACE_PEEKSIGINFO	      0x4209
#define PTRACE_GETSIGMASK	      0x420a
#define PTRACE_SETSIGMASK	      0x420b
#define PTRACE_SECCOMP_GET_FILTER     0x420c
#define PTRACE_SECCOMP_GET_METADATA   0x420d
#define PTRACE_GET_SYSCALL_INFO	      0x420e
#define PTRACE_SYSCALL_INFO_NONE      0x0
#define PTRACE_SYSCALL_INFO_ENTRY     0x1
#define PTRACE_SYSCALL_INFO_EXIT      0x2
#define PTRACE_SYSCALL_INFO_SECCOMP   0x3
#define PTRACE_GET_RSEQ_CONFIGURATION 0x420f
#define PTRACE_PEEKSIGINFO_SHARED     0x1
#define PTRACE_GETREGS		      12
#define PTRACE_SETREGS		      13
#define PTRACE_GETFPREGS	      14
#define PTRACE_SETFPREGS	      15
#define PTRACE_OLDSETOPTIONS	      21
#define PTRACE_GET_THREAD_AREA	      25
#define PTRACE_SET_THREAD_AREA	      26
#define PTRACE_ARCH_PRCTL	      30
#define PTRACE_SYSEMU		      31
#define PTRACE_SYSEMU_SINGLESTEP      32
#define PTRACE_SINGLEBLOCK	      33
#define PTRACE_EVENTMSG_SYSCALL_ENTRY 1
#define PTRACE_EVENTMSG_SYSCALL_EXIT  2
#define PTRACE_EVENT_FORK	      1
#define PTRACE_EVENT_VFORK	      2
#define PTRACE_EVENT_CLONE	      3
#define PTRACE_EVENT_EXEC	      4
#define PTRACE_EVENT_VFORK_DONE	      5
#define PTRACE_EVENT_EXIT	      6
#define PTRACE_EVENT_SECCOMP	      7
#define PTRACE_EVENT_STOP	      128
#define PTRACE_O_TRACESYSGOOD	      0x1
#define PTRACE_O_TRACEFORK	      0x2
#define PTRACE_O_TRACEVFORK	      0x4
#define PTRACE_O_TRACECLONE	      0x8
#define PTRACE_O_TRACEEXEC	      0x10
#define PTRACE_O_TRACEVFORKDONE	      0x20
#define PTRACE_O_TRACEEXIT	      0x40
#define PTRACE_O_TRACESECCOMP	      0x80
#define PTRACE_O_EXITKILL	      0x100000
#define PTRACE_O_SUSPEND_SECCOMP      0x200000
#define PTRACE_O_MASK		      0x3000ff

struct user_regs_struct {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
	unsigned long fs_base, gs_base, ds, es, fs, gs;
};
static_assert(sizeof(struct user_regs_struct) == 216, "ABI");

struct ptrace_peeksiginfo_args {
	u64 off;
	u32 flags;
	s32 nr;
};

struct ptrace_syscall_info {
	u8 op;
	u8 pad[3];
	u32 arch;
	u64 instruction_pointer;
	u64 stack_pointer;
	union {
		struct {
			u64 nr;
			u64 args[6];
		} entry;
		struct {
			s64 rval;
			u8 is_error;
		} exit;
		struct {
			u64 nr;
			u64 args[6];
			u32 ret_data;
		} seccomp;
	};
};

#define AUDIT_ARCH_X86_64 0xc000003eU
#define AUDIT_ARCH_I386	  0x40000003U
