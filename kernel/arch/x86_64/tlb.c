/* SPDX-License-Identifier: MIT */
/*
 * Which address space each CPU has loaded, and the flushing of translations.
 *
 * A CPU is in mm->cpu_mask from before it loads the mm's tables until after it loaded others, so
 * whoever changes an entry and then reads the mask finds every CPU that may have seen the old one.
 * A shoot-down fills this CPU's request, marks itself in each target's flush_senders, interrupts
 * the targets and waits, with interrupts on: targets may be waiting for this CPU likewise.
 */
#include "arch/x86_64/cpu.h"
#include "lib/atomic.h"
#include "lib/bitops.h"
#include "lib/bug.h"

/* Above this many pages one CR3 load is cheaper than single flushes. */
#define FLUSH_PAGES_MAX 64

static struct arch_mm *arch_mm(struct mm_struct *mm)
{
	return (struct arch_mm *)mm;
}

static void load_tables(const struct arch_mm *mm)
{
	write_cr3(arch_virt_to_phys(mm ? mm->pgd : init_pgd));
}

void arch_switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	struct x86_cpu *cpu = this_x86_cpu();
	struct arch_mm *old = cpu->loaded_mm, *new = arch_mm(next);

	if (old == new)
		return;
	if (new)
		set_bit(cpu->arch.id, &new->cpu_mask); /* a full barrier: before the first walk */
	cpu->loaded_mm = new;
	load_tables(new);
	if (old)
		clear_bit(cpu->arch.id, &old->cpu_mask);
}

/* ---- On one CPU ------------------------------------------------------------------------- */

static void flush_user_local(unsigned long start, unsigned long end)
{
	if (end - start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		write_cr3(read_cr3());
		return;
	}
	/* One INVLPG also empties the CPU's paging-structure caches. */
	for (start &= PAGE_MASK; start < end; start += PAGE_SIZE)
		invlpg(start);
}

static void flush_kernel_local(unsigned long start, unsigned long end)
{
	unsigned long cr4;

	if (end - start <= FLUSH_PAGES_MAX * PAGE_SIZE) {
		for (start &= PAGE_MASK; start < end; start += PAGE_SIZE)
			invlpg(start);
		return;
	}
	/* Global translations survive a CR3 load, but not this. */
	if (cpu_features.pge) {
		unsigned long flags = arch_irq_save();

		cr4 = read_cr4();
		write_cr4(cr4 & ~(unsigned long)CR4_PGE);
		write_cr4(cr4);
		arch_irq_restore(flags);
	} else {
		write_cr3(read_cr3());
	}
}

/* ---- Between CPUs ----------------------------------------------------------------------- */

static void answer(struct x86_cpu *cpu, struct x86_cpu *sender)
{
	struct arch_mm *mm = sender->flush_request.mm;

	if (!mm) {
		flush_kernel_local(sender->flush_request.start, sender->flush_request.end);
	} else if (cpu->loaded_mm == mm) {
		if (cpu->idle) {
			/* Lazy: leave the mm, so that this is the last interrupt for it. */
			cpu->loaded_mm = NULL;
			load_tables(NULL);
			clear_bit(cpu->arch.id, &mm->cpu_mask);
		} else {
			flush_user_local(sender->flush_request.start, sender->flush_request.end);
		}
	}
	__atomic_sub_fetch(&sender->flush_request.unanswered, 1, __ATOMIC_RELEASE);
}

void tlb_flush_interrupt(void)
{
	struct x86_cpu *cpu = this_x86_cpu();
	unsigned long senders = xchg(&cpu->flush_senders, 0);
	unsigned int id;

	for (id = 0; senders; id++, senders >>= 1) {
		if (senders & 1)
			answer(cpu, x86_cpus[id]);
	}
}

/* Ask the CPUs of @targets and wait until all have flushed. */
static void flush_others(struct arch_mm *mm, unsigned long start, unsigned long end,
			 unsigned long targets)
{
	struct x86_cpu *cpu = this_x86_cpu();
	unsigned int id;

	if (QUIRE_DEBUG)
		BUG_ON(arch_irqs_disabled());
	cpu->flush_request.mm = mm;
	cpu->flush_request.start = start;
	cpu->flush_request.end = end;
	__atomic_store_n(&cpu->flush_request.unanswered, hweight_long(targets), __ATOMIC_RELEASE);
	for (id = 0; id < NR_CPUS; id++) {
		if (!(targets & BIT(id)))
			continue;
		/* If somebody else's request waits there already, its interrupt serves both. */
		if (__atomic_fetch_or(&x86_cpus[id]->flush_senders, BIT(cpu->arch.id),
				      __ATOMIC_SEQ_CST) == 0)
			lapic_send_ipi(id, VECTOR_TLB_FLUSH);
	}
	while (__atomic_load_n(&cpu->flush_request.unanswered, __ATOMIC_ACQUIRE))
		arch_cpu_relax();
}

void arch_tlb_flush_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct x86_cpu *cpu = this_x86_cpu();
	struct arch_mm *arch = arch_mm(mm);
	unsigned long targets;

	smp_mb(); /* the caller's change of entries before the look at the mask */
	targets = READ_ONCE(arch->cpu_mask) & ~BIT(cpu->arch.id);
	if (cpu->loaded_mm == arch)
		flush_user_local(start, end);
	if (targets)
		flush_others(arch, start, end, targets);
}

void arch_tlb_flush_mm(struct mm_struct *mm)
{
	arch_tlb_flush_range(mm, 0, TASK_SIZE_MAX);
}

void arch_tlb_flush_local_page(struct mm_struct *mm, unsigned long addr)
{
	invlpg(addr);
}

void arch_tlb_flush_kernel(unsigned long start, unsigned long end)
{
	unsigned long targets = READ_ONCE(cpu_online_mask) & ~BIT(arch_cpu_id());

	flush_kernel_local(start, end);
	if (targets)
		flush_others(NULL, start, end, targets);
}
