/* SPDX-License-Identifier: MIT */
/* The other CPUs: one after the other is sent through the trampoline to its idle task's stack. */
#include "arch/x86_64/cpu.h"
#include "lib/atomic.h"
#include "lib/string.h"

unsigned int nr_possible_cpus = 1;
unsigned int nr_cpus = 1;
unsigned long cpu_online_mask = 1;

extern const char trampoline_start[], trampoline_end[];

/* What the CPU that starts takes over (head.S); written by the boot CPU before it sends the
 * start-up. */
unsigned long secondary_cr4, secondary_stack;
u32 secondary_efer;
struct x86_cpu *secondary_cpu;

#define ANSWER_TIMEOUT (200 * NSEC_PER_MSEC)

__noreturn void x86_start_secondary(struct x86_cpu *cpu);

/* On the CPU's idle stack, on init_pgd, interrupts off. */
__noreturn void x86_start_secondary(struct x86_cpu *cpu)
{
	unsigned int id = cpu->arch.id;

	cpu_init(cpu, id);
	lapic_init_cpu();
	time_init_cpu();
	set_bit(id, &cpu_online_mask);
	smp_store_release(&cpu->started, true);
	kernel_secondary_main(id);
}

static bool wait_for_start(struct x86_cpu *cpu, u64 timeout)
{
	u64 end = arch_clock_ns() + timeout;

	while (!smp_load_acquire(&cpu->started)) {
		if (arch_clock_ns() > end)
			return false;
		arch_cpu_relax();
	}
	return true;
}

static bool start_cpu(unsigned int id)
{
	struct x86_cpu *cpu = x86_cpus[id];
	struct arch_task *idle = arch_task(idle_task(id));

	cpu->arch.id = id;
	cpu->arch.apic_id = madt.apic_ids[id];
	cpu->arch.current_task = (struct task_struct *)idle;
	idle->thread.kernel = true;
	idle->thread.fpu_cpu = -1;
	secondary_cpu = cpu;
	secondary_stack = (unsigned long)idle->stack + THREAD_SIZE;
	mb();
	lapic_send_init(cpu->arch.apic_id);
	lapic_send_startup(cpu->arch.apic_id, TRAMPOLINE_PHYS >> PAGE_SHIFT);
	/* Some machines lose the first one. */
	if (wait_for_start(cpu, ANSWER_TIMEOUT / 10))
		return true;
	lapic_send_startup(cpu->arch.apic_id, TRAMPOLINE_PHYS >> PAGE_SHIFT);
	return wait_for_start(cpu, ANSWER_TIMEOUT);
}

/* A CPU that does not answer ends the list, so that numbers stay dense. */
void arch_start_secondary_cpus(void)
{
	unsigned int id;

	memcpy(arch_phys_to_virt(TRAMPOLINE_PHYS), trampoline_start,
	       trampoline_end - trampoline_start);
	secondary_cr4 = read_cr4() & ~(unsigned long)CR4_OSXSAVE;
	secondary_efer = rdmsr(MSR_EFER) & (EFER_NXE | EFER_LME | EFER_SCE);
	for (id = 1; id < NR_CPUS && x86_cpus[id]; id++) {
		if (!start_cpu(id)) {
			printk("CPU %u does not start\n", id);
			break;
		}
		nr_cpus = id + 1;
	}
	memory_forget_boot_tables();
}
