/* SPDX-License-Identifier: MIT */
/* System-call dispatch. The table is generated from syscalls.tbl. */
#include "sys/sys.h"
#include "fs/syscalls.h"
#include "process/itimer.h"
#include "process/futex.h"
#include "process/pidfd.h"
#include "process/process.h"
#include "process/signal.h"
#include "abi/errno.h"

typedef long (*syscall_fn)(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long, unsigned long);

#define NR_SYSCALLS 512

#define REFUSED(nr, name, error)                                                                   \
	static long refuse_##name(void)                                                            \
	{                                                                                          \
		return -(error);                                                                   \
	}
#define SYSCALL(nr, name, handler)
#include "syscall_table.h"
#undef SYSCALL
#undef REFUSED

/* Handlers take fewer or narrower arguments: by the psABI's register assignment they may be called
 * with all six. */
#define SYSCALL(nr, name, handler) [nr] = (syscall_fn)(void *)(handler),
#define REFUSED(nr, name, error)   [nr] = (syscall_fn)(void *)refuse_##name,
static const syscall_fn syscall_table[NR_SYSCALLS] = {
#include "syscall_table.h"
};

void handle_syscall(struct pt_regs *regs)
{
	unsigned long nr = arch_syscall_nr(regs);
	syscall_fn fn;

	if (unlikely(nr >= NR_SYSCALLS || !(fn = syscall_table[nr]))) {
		arch_syscall_set_return(regs, -ENOSYS);
		return;
	}
	arch_syscall_set_return(regs, fn(arch_syscall_arg(regs, 0), arch_syscall_arg(regs, 1),
					 arch_syscall_arg(regs, 2), arch_syscall_arg(regs, 3),
					 arch_syscall_arg(regs, 4), arch_syscall_arg(regs, 5)));
}
