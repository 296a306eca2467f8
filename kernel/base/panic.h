/* SPDX-License-Identifier: MIT */
/* The end of the kernel, told loudly. BUG_ON and friends are in lib/bug.h; these
 * are behind them. */
#pragma once

#include "lib/bug.h"
#include "base/printk.h"

struct pt_regs;

/* Print the message, registers, symbolised backtrace, held locks and current task on the console;
 * stop the other CPUs; end the VM with the panic status. Any context. */
__noreturn void panic(const char *fmt, ...) __printf(1, 2);
/* Likewise, with the registers of a trap. */
__noreturn void panic_regs(struct pt_regs *regs, const char *fmt, ...) __printf(2, 3);
/* Print the current backtrace with printk. */
void dump_stack(void);
/* Set by the first panic, before it prints. */
extern bool panic_in_progress;
/* The VM's exit status after a panic, as arch_poweroff() takes it. */
#define PANIC_EXIT_STATUS 0x3d
/* A hook that prints the current task and what it holds; set by sched/ (upward edge). */
extern void (*panic_show_task)(void);
