/* SPDX-License-Identifier: MIT */
/*
 * The host port's inline half of the machine contract (arch/arch.h). Physical memory is an arena at
 * a fixed address of the process; CPUs are simulated on one thread (arch/host/host.h), so that
 * "this CPU" is a variable.
 */
#pragma once

#include "lib/types.h"
#include "arch/x86_64/include/asm/ptrace.h"
#include "arch/x86_64/pgtable.h"

struct task_struct;

#define HOST_ARENA_BASE 0x200000000000UL

/* Roomier than a real kernel's: sanitizers make frames large. */
#define THREAD_SIZE 65536UL

/* Other CPUs may do something here, if a test has asked for it: set by host_interleave() and
 * host_speculate_at_random(). */
extern bool host_busy;
void host_point(void);

/* Walks of page tables pass here at every step: as good a point as any for the other CPUs. */
static inline void *arch_phys_to_virt(u64 phys)
{
	if (__builtin_expect(host_busy, 0))
		host_point();
	return (void *)(HOST_ARENA_BASE + phys);
}

static inline u64 arch_virt_to_phys(const void *va)
{
	return (unsigned long)va - HOST_ARENA_BASE;
}

/* A point of execution that can be left and come back to. */
struct host_context {
	void *sp;	    /* saved stack pointer */
	void *stack_bottom; /* for the sanitizer */
	size_t stack_size;
	void *fake_stack;
};

struct arch_thread {
	struct host_context context; /* while the task does not run */
	int (*fn)(void *);	     /* new kernel thread */
	void *fn_arg;
	bool kernel;
	unsigned long fsbase, gsbase;
	unsigned long trapnr, error_code, cr2; /* the last exception of user mode */
};

/* What every task_struct begins with. */
struct arch_task {
	unsigned long work;
	void *stack;
	struct arch_thread thread;
};

/* First member of mm_struct, named arch. */
struct arch_mm {
	pgd_t *pgd;
	unsigned long cpu_mask;
};

struct host_cpu {
	struct task_struct *current_task;
	bool irqs_off;
	u64 timer;    /* deadline, ns; U64_MAX: none */
	bool kicked;  /* asked to look at need_resched */
	bool idle;    /* in arch_idle() */
	bool started; /* has an execution of its own, in context unless it is the running one */
	struct task_struct *switched_from;
	struct host_context context;
};

extern struct host_cpu host_cpus[NR_CPUS];
extern unsigned int host_cpu_number; /* which CPU we are */

static inline unsigned int arch_cpu_id(void)
{
	return host_cpu_number;
}

static inline struct task_struct *arch_current(void)
{
	return host_cpus[host_cpu_number].current_task;
}

static inline void arch_irq_disable(void)
{
	host_cpus[host_cpu_number].irqs_off = true;
}

/* Delivers what came while they were off; other simulated CPUs may run meanwhile. */
void arch_irq_enable(void);

static inline bool arch_irqs_disabled(void)
{
	return host_cpus[host_cpu_number].irqs_off;
}

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags = arch_irqs_disabled();

	arch_irq_disable();
	return flags;
}

static inline void arch_irq_restore(unsigned long flags)
{
	if (!flags)
		arch_irq_enable();
}

/* Lets other simulated CPUs run; panics if that does not help in the long run. */
void arch_cpu_relax(void);
