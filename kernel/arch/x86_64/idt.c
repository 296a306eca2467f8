/* SPDX-License-Identifier: MIT */
/* The interrupt descriptor table: which entry (entry.S) each vector goes to. One for all CPUs. */
#include "arch/x86_64/cpu.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
} __packed;

#define GATE_INTERRUPT 0x8e
#define GATE_USER      0xee /* an INT instruction of user mode may use it */

static struct gate idt[256] __aligned(16);

void exc_divide(void);
void exc_debug(void);
void exc_nmi(void);
void exc_breakpoint(void);
void exc_overflow(void);
void exc_bounds(void);
void exc_invalid_opcode(void);
void exc_no_device(void);
void exc_double_fault(void);
void exc_invalid_tss(void);
void exc_no_segment(void);
void exc_stack_segment(void);
void exc_general_protection(void);
void exc_page_fault(void);
void exc_fpu(void);
void exc_alignment(void);
void exc_machine_check(void);
void exc_simd(void);
void exc_unknown(void);
void irq_timer(void);
void irq_reschedule(void);
void irq_tlb_flush(void);
void irq_spurious(void);
extern const char irq_stubs[];

static void set_gate(unsigned int vector, const void *entry, u8 type, u8 ist)
{
	u64 offset = (u64)entry;

	idt[vector] = (struct gate){
		.offset_low = offset,
		.offset_middle = offset >> 16,
		.offset_high = offset >> 32,
		.selector = KERNEL_CS,
		.ist = ist,
		.type = type,
	};
}

void idt_build(void)
{
	static const struct {
		u8 vector, type, ist;
		void (*entry)(void);
	} gates[] = {
		{0, GATE_INTERRUPT, 0, exc_divide},
		{1, GATE_INTERRUPT, IST_DEBUG, exc_debug},
		{2, GATE_INTERRUPT, IST_NMI, exc_nmi},
		{3, GATE_USER, 0, exc_breakpoint},
		{4, GATE_USER, 0, exc_overflow},
		{5, GATE_INTERRUPT, 0, exc_bounds},
		{6, GATE_INTERRUPT, 0, exc_invalid_opcode},
		{7, GATE_INTERRUPT, 0, exc_no_device},
		{8, GATE_INTERRUPT, IST_FATAL, exc_double_fault},
		{10, GATE_INTERRUPT, 0, exc_invalid_tss},
		{11, GATE_INTERRUPT, 0, exc_no_segment},
		{12, GATE_INTERRUPT, 0, exc_stack_segment},
		{13, GATE_INTERRUPT, 0, exc_general_protection},
		{14, GATE_INTERRUPT, 0, exc_page_fault},
		{16, GATE_INTERRUPT, 0, exc_fpu},
		{17, GATE_INTERRUPT, 0, exc_alignment},
		{18, GATE_INTERRUPT, IST_FATAL, exc_machine_check},
		{19, GATE_INTERRUPT, 0, exc_simd},
		{VECTOR_TIMER, GATE_INTERRUPT, 0, irq_timer},
		{VECTOR_RESCHEDULE, GATE_INTERRUPT, 0, irq_reschedule},
		{VECTOR_TLB_FLUSH, GATE_INTERRUPT, 0, irq_tlb_flush},
		{VECTOR_SPURIOUS, GATE_INTERRUPT, 0, irq_spurious},
	};
	unsigned int i;

	/* A vector without a gate raises #GP: what INT n of user mode gets on Linux too. */
	for (i = 0; i < ARRAY_SIZE(gates); i++)
		set_gate(gates[i].vector, gates[i].entry, gates[i].type, gates[i].ist);
	for (i = 0; i < NR_IRQ_VECTORS; i++)
		set_gate(VECTOR_IRQ_BASE + i, irq_stubs + 16 * i, GATE_INTERRUPT, 0);
	set_gate(9, exc_unknown, GATE_INTERRUPT, 0);
	set_gate(15, exc_unknown, GATE_INTERRUPT, 0);
}

void idt_load(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed ptr = {sizeof(idt) - 1, (u64)idt};

	__asm__ __volatile__("lidt %0" : : "m"(ptr));
}
