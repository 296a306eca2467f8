/* SPDX-License-Identifier: MIT */
/*
 * What of a task is in the CPU: its stack, segment bases and FPU state. A kernel stack is
 *
 *	stack + THREAD_SIZE  ->	end
 *				FPU state (fpu_size bytes)
 *	kernel_sp, TSS.RSP0  ->	struct pt_regs of the entry from user mode
 *				frames of C functions
 *	stack		     ->	lowest byte; below it a guard page
 */
#include "arch/x86_64/cpu.h"
#include "abi/errno.h"
#include "abi/prctl.h"
#include "lib/bug.h"
#include "lib/string.h"

#define XSAVE_HEADER_OFFSET 512
#define XSAVE_HEADER_SIZE   64

struct task_struct *switch_stack(struct task_struct *prev, unsigned long *save_sp,
				 unsigned long next_sp);
void ret_from_fork(void);

static unsigned long entry_sp(const struct arch_task *task)
{
	return (unsigned long)fpu_area(task);
}

struct pt_regs *arch_task_regs(struct task_struct *task)
{
	return (struct pt_regs *)entry_sp(arch_task(task)) - 1;
}

/* ---- Segments --------------------------------------------------------------------------- */

static inline u64 read_fsbase(void)
{
	u64 base;

	__asm__ __volatile__("rdfsbase %0" : "=r"(base));
	return base;
}

/* The user's GS base waits in an MSR while the kernel runs; swapping is faster than RDMSR. */
static inline u64 read_user_gsbase(void)
{
	u64 base;

	__asm__ __volatile__("swapgs; rdgsbase %0; swapgs" : "=r"(base));
	return base;
}

static void write_fsbase(u64 base)
{
	if (cpu_features.fsgsbase)
		__asm__ __volatile__("wrfsbase %0" : : "r"(base));
	else
		wrmsr(MSR_FS_BASE, base);
}

static void write_user_gsbase(u64 base)
{
	if (cpu_features.fsgsbase)
		__asm__ __volatile__("swapgs; wrgsbase %0; swapgs" : : "r"(base));
	else
		wrmsr(MSR_KERNEL_GS_BASE, base);
}

#define DEFINE_SEGMENT(seg)                                                                        \
	static inline u16 read_##seg(void)                                                         \
	{                                                                                          \
		u32 selector;                                                                      \
                                                                                                   \
		__asm__ __volatile__("movl %%" #seg ", %0" : "=r"(selector));                      \
		return selector;                                                                   \
	}
DEFINE_SEGMENT(ds)
DEFINE_SEGMENT(es)
DEFINE_SEGMENT(fs)
DEFINE_SEGMENT(gs)

/* Interrupts off. */
static void load_user_gs(u16 selector)
{
	__asm__ __volatile__("swapgs; movl %0, %%gs; swapgs" : : "r"((u32)selector));
}

/* Interrupts off. A program without FSGSBASE changes a base by arch_prctl() only, which keeps the
 * copy here true. */
static void save_segments(struct arch_thread *thread)
{
	thread->ds = read_ds();
	thread->es = read_es();
	thread->fs = read_fs();
	thread->gs = read_gs();
	if (cpu_features.fsgsbase) {
		thread->fsbase = read_fsbase();
		thread->gsbase = read_user_gsbase();
	}
}

/* Interrupts off. Selectors are null in nearly every program; loading one overwrites the base. */
static void load_segments(const struct arch_thread *next)
{
	if (unlikely(next->ds | read_ds()))
		__asm__ __volatile__("movl %0, %%ds" : : "r"((u32)next->ds));
	if (unlikely(next->es | read_es()))
		__asm__ __volatile__("movl %0, %%es" : : "r"((u32)next->es));
	if (unlikely(next->fs | read_fs()))
		__asm__ __volatile__("movl %0, %%fs" : : "r"((u32)next->fs));
	if (unlikely(next->gs | read_gs()))
		load_user_gs(next->gs);
	if (cpu_features.fsgsbase || !next->fs)
		write_fsbase(next->fsbase);
	if (cpu_features.fsgsbase || !next->gs)
		write_user_gsbase(next->gsbase);
}

/* ---- Switch ----------------------------------------------------------------------------- */

struct task_struct *arch_switch_to(struct task_struct *prev, struct task_struct *next)
{
	struct arch_task *p = arch_task(prev), *n = arch_task(next);
	struct x86_cpu *cpu = this_x86_cpu();
	void *fpu = fpu_area(n);

	if (!p->thread.kernel) {
		save_segments(&p->thread);
		fpu_save((void *)cpu->arch.kernel_sp); /* fpu_area(p) */
		p->thread.fpu_cpu = cpu->arch.id;
		cpu->fpu_owner = prev;
	}
	cpu->arch.current_task = next;
	cpu->arch.kernel_sp = (unsigned long)fpu; /* entry_sp(n) */
	cpu->tss.rsp[0] = cpu->arch.kernel_sp;
	if (!n->thread.kernel) {
		load_segments(&n->thread);
		if (cpu->fpu_owner != next || n->thread.fpu_cpu != (int)cpu->arch.id)
			fpu_load(fpu);
	}
	return switch_stack(prev, &p->thread.sp, n->thread.sp);
}

/* ---- New tasks -------------------------------------------------------------------------- */

/* What switch_stack pops for a task that has not run yet. */
struct first_frame {
	unsigned long r15, r14, r13, r12, bx, bp, ip;
};

int arch_copy_thread(struct task_struct *p, const struct arch_thread_args *args)
{
	struct arch_task *child = arch_task(p), *parent = arch_task(arch_current());
	struct pt_regs *regs = arch_task_regs(p);
	struct first_frame *frame = (struct first_frame *)regs - 1;
	u8 *fpu = fpu_area(child);
	unsigned long flags;

	memset(fpu + XSAVE_HEADER_OFFSET, 0,
	       cpu_features.xsave ? XSAVE_HEADER_SIZE : 0); /* XSAVE leaves parts of it alone */
	*frame = (struct first_frame){.ip = (unsigned long)ret_from_fork};
	child->thread = (struct arch_thread){.sp = (unsigned long)frame, .fpu_cpu = -1};
	if (args->fn) {
		memset(regs, 0, sizeof(*regs));
		child->thread.kernel = true;
		frame->bx = (unsigned long)args->fn;
		frame->r12 = (unsigned long)args->fn_arg;
		return 0;
	}

	flags = arch_irq_save();
	save_segments(&parent->thread);
	fpu_save(fpu);
	arch_irq_restore(flags);
	child->thread.fsbase = args->set_tls ? args->tls : parent->thread.fsbase;
	child->thread.gsbase = parent->thread.gsbase;
	child->thread.ds = parent->thread.ds;
	child->thread.es = parent->thread.es;
	child->thread.fs = args->set_tls ? 0 : parent->thread.fs;
	child->thread.gs = parent->thread.gs;
	*regs = *arch_task_regs(arch_current());
	regs->ax = 0;
	if (args->sp)
		regs->sp = args->sp;
	return 0;
}

void arch_release_thread(struct task_struct *p)
{
	/* All of it is in the task_struct and on the stack. */
}

void arch_start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	struct arch_task *task = arch_task(arch_current());
	unsigned long flags = arch_irq_save();

	task->thread = (struct arch_thread){.sp = task->thread.sp, .fpu_cpu = -1};
	load_segments(&task->thread);
	fpu_reset();
	arch_irq_restore(flags);
	*regs = (struct pt_regs){
		.ip = ip,
		.cs = USER_CS,
		.sp = sp,
		.ss = USER_DS,
		.flags = X86_FLAGS_IF | X86_FLAGS_ONE,
		.orig_ax = -1,
	};
	__atomic_fetch_or(&task->work, BIT(ARCH_WORK_FULL_REGS_BIT), __ATOMIC_RELAXED);
}

/* ---- arch_prctl ------------------------------------------------------------------------- */

unsigned long arch_user_tls(void)
{
	/* Programs may change it by themselves if they have the instruction. */
	return cpu_features.fsgsbase ? read_fsbase() : arch_task(arch_current())->thread.fsbase;
}

static void set_fsbase(struct arch_task *task, unsigned long base)
{
	unsigned long flags = arch_irq_save();

	task->thread.fs = 0;
	task->thread.fsbase = base;
	if (task == arch_task(arch_current())) {
		__asm__ __volatile__("movl %0, %%fs" : : "r"(0));
		write_fsbase(base);
	}
	arch_irq_restore(flags);
}

static void set_gsbase(struct arch_task *task, unsigned long base)
{
	unsigned long flags = arch_irq_save();

	task->thread.gs = 0;
	task->thread.gsbase = base;
	if (task == arch_task(arch_current())) {
		load_user_gs(0);
		write_user_gsbase(base);
	}
	arch_irq_restore(flags);
}

static int put_user_u64(unsigned long addr, u64 value)
{
	return arch_copy_to_user((void __user *)addr, &value, sizeof(value)) ? -EFAULT : 0;
}

long arch_prctl(struct task_struct *p, int code, unsigned long addr)
{
	struct arch_task *task = arch_task(p);
	unsigned long flags;

	if (p == arch_current()) {
		flags = arch_irq_save();
		save_segments(&task->thread);
		arch_irq_restore(flags);
	}
	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= TASK_SIZE_MAX)
			return -EPERM;
		if (code == ARCH_SET_FS)
			set_fsbase(task, addr);
		else
			set_gsbase(task, addr);
		return 0;
	case ARCH_GET_FS:
		return put_user_u64(addr, task->thread.fsbase);
	case ARCH_GET_GS:
		return put_user_u64(addr, task->thread.gsbase);
	case ARCH_GET_CPUID:
		return 1; /* the CPUID instruction is never made to fault */
	case ARCH_SET_CPUID:
		return -ENODEV;
	case ARCH_GET_XCOMP_SUPP:
	case ARCH_GET_XCOMP_PERM:
		return put_user_u64(addr, cpu_features.xcr0);
	case ARCH_REQ_XCOMP_PERM:
		if (addr >= 64)
			return -EINVAL;
		return cpu_features.xcr0 & BIT_ULL(addr) ? 0 : -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}
