/* SPDX-License-Identifier: MIT */
/*
 * x86-64's inline half of the machine contract (arch/arch.h): what a CPU, a task and an address
 * space keep for the port, and the operations that are one or two instructions.
 */
#pragma once

#include "lib/types.h"
#include "asm/ptrace.h"
#include "arch/x86_64/pgtable.h"

struct task_struct;

/* ---- Kernel addresses ------------------------------------------------------------------- */

#define DIRECT_MAP_BASE	   0xffff888000000000UL /* all of physical memory, up to 64 TiB */
#define KSTACK_WINDOW_BASE 0xffffc90000000000UL /* 512 GiB of kernel stacks with guard pages */
#define DEVICE_WINDOW_BASE 0xffffca0000000000UL /* 512 GiB of device registers */
#define KERNEL_IMAGE_BASE  0xffffffff80000000UL /* physical 0 as the image sees it */

/* Kernel stack of a task, bytes. Its top holds the FPU state, below it the user registers. */
#define THREAD_SIZE 16384UL

static inline void *arch_phys_to_virt(u64 phys)
{
	return (void *)(phys + DIRECT_MAP_BASE);
}

/* @va: an address of the direct map or of the kernel image. */
static inline u64 arch_virt_to_phys(const void *va)
{
	unsigned long addr = (unsigned long)va;

	return addr >= KERNEL_IMAGE_BASE ? addr - KERNEL_IMAGE_BASE : addr - DIRECT_MAP_BASE;
}

/* ---- What a task, an address space and a CPU keep --------------------------------------- */

struct arch_thread {
	unsigned long sp;	      /* kernel stack pointer while it does not run */
	unsigned long fsbase, gsbase; /* user's; may be stale in the CPU's owner while it runs */
	u16 fs, gs, ds, es;	      /* selectors, saved while it does not run */
	bool kernel;		      /* a kernel thread: no user registers, no FPU state */
	int fpu_cpu;		      /* CPU whose registers hold its FPU state unchanged, or -1 */
	/* The last exception of user mode, for signal frames. */
	unsigned long trapnr, error_code, cr2;
};

/* What every task_struct begins with; entry code and switch know no more of it. */
struct arch_task {
	unsigned long work; /* bits that make the way out call handle_exit_to_user() */
	void *stack;	    /* lowest address of the kernel stack */
	struct arch_thread thread;
};

/* Bit of ->work that belongs to the port: the way out must restore every register, since somebody
 * changed more than the return value. Set and cleared by the port only; others' tests of "work
 * pending" never see it in handle_exit_to_user(). */
#define ARCH_WORK_FULL_REGS_BIT 31

/* First member of mm_struct, named arch. */
struct arch_mm {
	pgd_t *pgd;		/* top-level table, direct-map address; constant */
	unsigned long cpu_mask; /* CPUs that may hold translations of it; atomic bit operations */
};

/* Per-CPU block, at %gs:0 in the kernel. The first fields' offsets are known to the entry code. */
struct arch_cpu {
	struct arch_cpu *self;
	struct task_struct *current_task;
	unsigned long kernel_sp; /* where the running task's entry frames begin */
	unsigned long user_sp;	 /* scratch of the system-call entry */
	unsigned int id;	 /* 0..nr_cpus-1 */
	unsigned int apic_id;
} __cacheline_aligned;

static inline unsigned int arch_cpu_id(void)
{
	unsigned int id;

	__asm__ __volatile__("movl %%gs:%c1, %0" : "=r"(id) : "i"(offsetof(struct arch_cpu, id)));
	return id;
}

/* Not volatile: a task is current for as long as its own code runs, on whichever CPU. */
static inline struct task_struct *arch_current(void)
{
	struct task_struct *task;

	__asm__("movq %%gs:%c1, %0" : "=r"(task) : "i"(offsetof(struct arch_cpu, current_task)));
	return task;
}

/* ---- Interrupts ------------------------------------------------------------------------- */

static inline unsigned long arch_irq_flags(void)
{
	unsigned long flags;

	__asm__ __volatile__("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline void arch_irq_disable(void)
{
	__asm__ __volatile__("cli" : : : "memory");
}

static inline void arch_irq_enable(void)
{
	__asm__ __volatile__("sti" : : : "memory");
}

static inline bool arch_irqs_disabled(void)
{
	return !(arch_irq_flags() & X86_FLAGS_IF);
}

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags = arch_irq_flags();

	arch_irq_disable();
	return flags;
}

static inline void arch_irq_restore(unsigned long flags)
{
	if (flags & X86_FLAGS_IF)
		arch_irq_enable();
}

/* PAUSE, which boot turns into a no-op on QEMU's TCG with a thread for each CPU: there it takes a
 * global lock that the CPU waited for may need. */
static inline void arch_cpu_relax(void)
{
	__asm__ __volatile__("661: pause\n\t"
			     ".pushsection .pause_patch, \"a\"\n\t"
			     ".long 661b - .\n\t"
			     ".popsection"
			     :
			     :
			     : "memory");
}
