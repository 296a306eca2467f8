/* SPDX-License-Identifier: MIT */
/*
 * Interrupt controllers: each CPU's local APIC (xAPIC registers in memory, or x2APIC registers as
 * MSRs) and the I/O APICs that device lines (GSIs) arrive at. All device interrupts go to CPU 0.
 */
#include "arch/x86_64/cpu.h"
#include "abi/errno.h"

#define LAPIC_PHYS 0xfee00000

/* Register offsets of xAPIC; x2APIC's MSR number is MSR_X2APIC + offset / 16. */
enum lapic_register {
	LAPIC_ID = 0x020,
	LAPIC_TPR = 0x080,
	LAPIC_EOI = 0x0b0,
	LAPIC_LDR = 0x0d0,
	LAPIC_DFR = 0x0e0,
	LAPIC_SPURIOUS = 0x0f0,
	LAPIC_ICR = 0x300,
	LAPIC_ICR_HIGH = 0x310,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360,
	LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_INITIAL = 0x380,
	LAPIC_TIMER_CURRENT = 0x390,
	LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define APIC_BASE_ENABLE  BIT(11)
#define APIC_BASE_X2APIC  BIT(10)
#define SPURIOUS_ENABLE	  0x100
#define LVT_MASKED	  0x10000
#define LVT_NMI		  0x400
#define LVT_TSC_DEADLINE  0x40000
#define ICR_NMI		  0x400
#define ICR_INIT	  0x500
#define ICR_STARTUP	  0x600
#define ICR_ASSERT	  0x4000
#define ICR_PENDING	  0x1000
#define ICR_ALL_BUT_SELF  0xc0000
#define TIMER_DIVIDE_BY_1 0xb

static volatile u32 *lapic_registers;
static bool x2apic;

static void lapic_write(enum lapic_register reg, u32 value)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + reg / 16, value);
	else
		lapic_registers[reg / 4] = value;
}

static u32 lapic_read(enum lapic_register reg)
{
	return x2apic ? rdmsr(MSR_X2APIC + reg / 16) : lapic_registers[reg / 4];
}

void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

u32 lapic_id(void)
{
	return x2apic ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

/* ---- Timer ------------------------------------------------------------------------------ */

u32 lapic_timer_count(void)
{
	return lapic_read(LAPIC_TIMER_CURRENT);
}

/* One shot after @count ticks of the undivided APIC clock; 0 stops it. */
void lapic_timer_start(u32 count)
{
	lapic_write(LAPIC_TIMER_INITIAL, count);
}

/* ---- Interrupts between CPUs ------------------------------------------------------------ */

/* The command register is two writes in xAPIC mode, so interrupts are off between them. */
static void send_command(u32 apic_id, u32 command)
{
	unsigned long flags;

	if (x2apic) {
		/* x2APIC writes are not ordered after stores. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		wrmsr(MSR_X2APIC + LAPIC_ICR / 16, ((u64)apic_id << 32) | command);
		return;
	}
	flags = arch_irq_save();
	while (lapic_read(LAPIC_ICR) & ICR_PENDING)
		arch_cpu_relax();
	lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
	lapic_write(LAPIC_ICR, command);
	arch_irq_restore(flags);
}

void lapic_send_ipi(unsigned int cpu, u8 vector)
{
	send_command(x86_cpus[cpu]->arch.apic_id, ICR_ASSERT | vector);
}

void lapic_send_nmi_others(void)
{
	send_command(0, ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_NMI);
}

void lapic_send_init(u32 apic_id)
{
	send_command(apic_id, ICR_ASSERT | ICR_INIT);
}

void lapic_send_startup(u32 apic_id, u8 page)
{
	send_command(apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

void arch_send_reschedule(unsigned int cpu)
{
	lapic_send_ipi(cpu, VECTOR_RESCHEDULE);
}

void x86_reschedule_interrupt(struct pt_regs *regs);
void x86_reschedule_interrupt(struct pt_regs *regs)
{
	/* The way out, or the idle loop, looks at the flag its sender set. */
	lapic_eoi();
}

void x86_tlb_flush_interrupt(struct pt_regs *regs);
void x86_tlb_flush_interrupt(struct pt_regs *regs)
{
	tlb_flush_interrupt();
	lapic_eoi();
}

void x86_spurious_interrupt(struct pt_regs *regs);
void x86_spurious_interrupt(struct pt_regs *regs)
{
	/* Not in service: no end-of-interrupt. */
}

/* ---- Set-up ----------------------------------------------------------------------------- */

void lapic_init_cpu(void)
{
	u64 base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, x2apic ? base | APIC_BASE_X2APIC : base);
	lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER,
		    VECTOR_TIMER | (cpu_features.tsc_deadline ? LVT_TSC_DEADLINE : 0));
	/* Deadline writes must not pass the write of the mode above (SDM vol. 3 10.5.4.1). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The 8259 pair may be there: mask all its lines, and leave its vectors where nothing else is. */
static void mask_pic(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void lapic_init_boot(void)
{
	x2apic = cpu_features.x2apic;
	if (!x2apic)
		lapic_registers = arch_map_device(LAPIC_PHYS, PAGE_SIZE);
	mask_pic();
	lapic_init_cpu();
	x86_cpus[0]->arch.apic_id = lapic_id();
}

/* ---- I/O APICs -------------------------------------------------------------------------- */

#define IOAPIC_VERSION	0x01
#define IOAPIC_REDIRECT 0x10
#define REDIRECT_MASKED BIT(16)
#define REDIRECT_LEVEL	BIT(15)

static struct {
	volatile u32 *registers; /* index at 0, data at 0x10 */
	u32 gsi_base, nr_lines;
} ioapics[ARRAY_SIZE(madt.ioapics)];

/* Handlers by GSI: written once before the line is unmasked. */
static struct {
	void (*handler)(void *arg);
	void *arg;
	unsigned long taken[NR_CPUS]; /* each CPU counts its own, interrupts off */
} irqs[NR_IRQ_VECTORS];

static u32 ioapic_read(unsigned int n, u32 index)
{
	ioapics[n].registers[0] = index;
	return ioapics[n].registers[4];
}

static void ioapic_write(unsigned int n, u32 index, u32 value)
{
	ioapics[n].registers[0] = index;
	ioapics[n].registers[4] = value;
}

void ioapic_init(void)
{
	unsigned int n;

	for (n = 0; n < madt.nr_ioapics; n++) {
		ioapics[n].registers = arch_map_device(madt.ioapics[n].phys, 32);
		ioapics[n].gsi_base = madt.ioapics[n].gsi_base;
		ioapics[n].nr_lines = ((ioapic_read(n, IOAPIC_VERSION) >> 16) & 0xff) + 1;
	}
}

int arch_request_irq(unsigned int gsi, void (*handler)(void *arg), void *arg)
{
	unsigned int n, line;
	unsigned long flags;
	void (*none)(void *) = NULL;
	u32 mode;

	if (gsi >= NR_IRQ_VECTORS)
		return -EINVAL;
	for (n = 0; n < madt.nr_ioapics; n++) {
		if (gsi - ioapics[n].gsi_base < ioapics[n].nr_lines)
			break;
	}
	if (n == madt.nr_ioapics)
		return -ENODEV;

	flags = arch_irq_save();
	if (!__atomic_compare_exchange_n(&irqs[gsi].handler, &none, handler, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		arch_irq_restore(flags);
		return -EBUSY;
	}
	irqs[gsi].arg = arg;
	line = gsi - ioapics[n].gsi_base;
	/* ISA lines are edge-triggered, the others level-triggered, all active high. */
	mode = (VECTOR_IRQ_BASE + gsi) | (gsi < 16 ? 0 : REDIRECT_LEVEL);
	ioapic_write(n, IOAPIC_REDIRECT + 2 * line + 1, x86_cpus[0]->arch.apic_id << 24);
	ioapic_write(n, IOAPIC_REDIRECT + 2 * line, mode);
	arch_irq_restore(flags);
	return 0;
}

void x86_device_interrupt(struct pt_regs *regs);
void x86_device_interrupt(struct pt_regs *regs)
{
	unsigned int gsi = ~regs->orig_ax - VECTOR_IRQ_BASE;

	irqs[gsi].taken[arch_cpu_id()]++;
	if (irqs[gsi].handler)
		irqs[gsi].handler(irqs[gsi].arg);
	lapic_eoi();
}

long arch_irq_count(unsigned int gsi, unsigned int cpu)
{
	if (gsi >= NR_IRQ_VECTORS || !irqs[gsi].handler)
		return -1;
	return READ_ONCE(irqs[gsi].taken[cpu]);
}
