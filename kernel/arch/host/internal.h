/* SPDX-License-Identifier: MIT */
/* Inside the host port. The libc_* functions are host_libc.c's, the only file of the port that sees
 * libc. */
#pragma once

#include "arch/host/host.h"
#include "lib/bug.h"

/* The status with which panic() powers off. */
#define HOST_PANIC_STATUS 0x3d

/* The test, or the kernel, asked for what this machine does not do. */
#define host_panic(...)                                                                            \
	do {                                                                                       \
		printk(__VA_ARGS__);                                                               \
		BUG();                                                                             \
	} while (0)

/* Map @size bytes of zeroed memory at @base; aborts on failure. */
void libc_map_arena(unsigned long base, unsigned long size);
void libc_write_stderr(const char *s, unsigned long len);
__noreturn void libc_exit(int status);
__noreturn void libc_abort(void);
void libc_main_stack(void **bottom, unsigned long *size);

static inline struct host_cpu *this_host_cpu(void)
{
	return &host_cpus[host_cpu_number];
}

static inline struct arch_task *arch_task(struct task_struct *task)
{
	return (struct arch_task *)task;
}

/* Leave the execution that runs, to be found again in @from, and continue @to. */
void host_switch_context(struct host_context *from, struct host_context *to);
/* Make @context start with fn() on the stack; fn never returns. */
void host_make_context(struct host_context *context, void *stack, size_t size, void (*fn)(void));
/* The execution that has just been continued is @self. */
void host_context_arrived(struct host_context *self);

/* Every CPU's current is a stand-in for init_task, until arch_set_boot_task(). */
void host_init_tasks(void);

/* First thing a new task runs (sched/): finishes the switch from @prev. */
void schedule_tail(struct task_struct *prev);

/* softmmu.c: is host_speculate_at_random() on? Then now may be the moment for some CPU. */
bool host_speculating(void);
/* As host_point(), where a CPU is likely to wait for others: much happens meanwhile. */
void host_slow_point(void);
/* Is there anything that host_point() would do? To be called when that changes. */
void host_update_busy(void);
void host_maybe_speculate(void);
