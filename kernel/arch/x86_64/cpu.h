/* SPDX-License-Identifier: MIT */
/* One CPU: its instructions, what it can do, and what the port keeps for it. */
#pragma once

#include "arch/arch.h"
#include "arch/x86_64/asm.h"

/* ---- Instructions ----------------------------------------------------------------------- */

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	__asm__ __volatile__("cpuid"
			     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			     : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ __volatile__("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return ((u64)hi << 32) | lo;
}

static inline void wrmsr(u32 msr, u64 value)
{
	__asm__ __volatile__("wrmsr"
			     :
			     : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
			     : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ __volatile__("rdtsc" : "=a"(lo), "=d"(hi));
	return ((u64)hi << 32) | lo;
}

static inline void outb(u16 port, u8 value)
{
	__asm__ __volatile__("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	__asm__ __volatile__("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

#define DEFINE_CONTROL_REGISTER(reg)                                                               \
	static inline unsigned long read_##reg(void)                                               \
	{                                                                                          \
		unsigned long value;                                                               \
                                                                                                   \
		__asm__ __volatile__("movq %%" #reg ", %0" : "=r"(value) : : "memory");            \
		return value;                                                                      \
	}                                                                                          \
	static inline void write_##reg(unsigned long value)                                        \
	{                                                                                          \
		__asm__ __volatile__("movq %0, %%" #reg : : "r"(value) : "memory");                \
	}
DEFINE_CONTROL_REGISTER(cr0)
DEFINE_CONTROL_REGISTER(cr2)
DEFINE_CONTROL_REGISTER(cr3)
DEFINE_CONTROL_REGISTER(cr4)
DEFINE_CONTROL_REGISTER(dr6)
DEFINE_CONTROL_REGISTER(dr7)
#undef DEFINE_CONTROL_REGISTER

static inline void invlpg(unsigned long addr)
{
	__asm__ __volatile__("invlpg (%0)" : : "r"(addr) : "memory");
}

/* ---- What the CPUs can do --------------------------------------------------------------- */

enum hypervisor { HV_NONE, HV_UNKNOWN, HV_TCG, HV_KVM };

/* Found on the boot CPU; constant afterwards. */
struct cpu_features {
	enum hypervisor hypervisor;
	u32 max_leaf, max_ext_leaf;
	char vendor[13];
	bool nx, pdpe1gb, pge, smep, smap, fsgsbase, rdtscp, rdpid, erms;
	bool xsave, xsaveopt, avx;
	bool counts_instructions; /* TCG with -icount: one thread runs all CPUs in turn */
	bool x2apic, tsc_deadline, rdrand, rdseed, mce;
	u64 xcr0;	       /* XSAVE components in use; x87 and SSE without XSAVE */
	unsigned int fpu_state_size; /* bytes of the FPU state, exact */
	unsigned int fpu_size; /* the same, a multiple of 64: in a task's stack */
};

extern struct cpu_features cpu_features;

/* ---- What the port keeps for a CPU ------------------------------------------------------ */

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7]; /* ist[n - 1] is the descriptor's IST n */
	u64 reserved2;
	u16 reserved3, iomap_base;
} __packed;

/* Stacks an exception switches to whatever the kernel stack's state; 0 would be none. */
enum ist {
	IST_NMI = 1,
	IST_DEBUG,
	IST_FATAL, /* double fault, machine check */
	NR_IST = IST_FATAL
};

/* Size of each. Its top 16 bytes hold the address of the CPU's struct arch_cpu, which the entry
 * code loads into GS, since GS may hold anything when such an exception comes. */
#define IST_STACK_SIZE 4096

#define GDT_ENTRIES 16

struct x86_cpu {
	struct arch_cpu arch; /* first: %gs:0 */
	struct tss tss __aligned(8);
	u64 gdt[GDT_ENTRIES];

	/* The CPU itself, interrupts off. */
	struct arch_mm *loaded_mm;     /* whose tables CR3 holds; NULL: init_pgd */
	bool idle;		       /* in arch_idle(): needs no user translation */
	struct task_struct *fpu_owner; /* last user task whose FPU state was loaded here */
	u64 timer_deadline;	       /* ns; U64_MAX: none */

	/* TLB shoot-down: this CPU's request; the CPUs whose requests wait here (atomic bits). */
	struct {
		struct arch_mm *mm; /* NULL: kernel addresses */
		unsigned long start, end;
		unsigned int unanswered; /* atomic */
	} flush_request;
	unsigned long flush_senders __cacheline_aligned;

	bool started; /* left the trampoline */
	u8 ist_stack[NR_IST][IST_STACK_SIZE] __aligned(4096);
};

/* CPU n's block. [0] is in the image; boot reserves the others behind the image. */
extern struct x86_cpu *x86_cpus[NR_CPUS];

static inline struct x86_cpu *this_x86_cpu(void)
{
	struct x86_cpu *cpu;

	__asm__ __volatile__("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* ---- The port's parts, in the order boot calls them ------------------------------------- */

/* cpu.c: fill cpu_features from CPUID. */
void cpu_detect(void);
/* Point GS at @cpu, load its GDT, TSS, IDT and system-call registers, enable features. */
void cpu_init(struct x86_cpu *cpu, unsigned int id);
/* idt.c: build the interrupt descriptor table (once). */
void idt_build(void);
void idt_load(void);

/* memory.c: build the final tables and load them. */
void memory_init(void);
/* The address of physical memory below 4 GiB in the direct map, which is extended if need be. Boot
 * only. */
void *early_map(u64 phys);
extern pgd_t init_pgd[PTRS_PER_TABLE];
/* The boot tables' low half is of no more use once all CPUs run. */
void memory_forget_boot_tables(void);

/* boot_info.c: copy what the PVH loader passed to boot_info; returns the RSDP's physical address or
 * 0. */
u64 boot_info_init(u64 start_info);
/* The value of the word "@name=..." of the kernel command line up to a space, or NULL. */
const char *early_option(const char *name);
/* True if the command line has "@name=@value". */
bool early_option_is(const char *name, const char *value);

/* acpi.c: CPUs and interrupt controllers. */
struct madt_info {
	unsigned int nr_cpus;
	u32 apic_ids[NR_CPUS]; /* [0]: the boot CPU */
	unsigned int nr_ioapics;
	struct {
		u64 phys;
		u32 gsi_base;
	} ioapics[4];
};
extern struct madt_info madt;
/* @rsdp: physical, 0 if unknown. Without tables: one IOAPIC, CPUs by fw_cfg or "quire.cpus=". */
void acpi_init(u64 rsdp);

/* apic.c */
void lapic_init_boot(void);
void lapic_init_cpu(void);
u32 lapic_id(void);
void lapic_eoi(void);
void lapic_send_ipi(unsigned int cpu, u8 vector);
void lapic_send_nmi_others(void);
void lapic_send_init(u32 apic_id);
void lapic_send_startup(u32 apic_id, u8 page);
u32 lapic_timer_count(void);
void lapic_timer_start(u32 count);
void ioapic_init(void);

/* time.c */
void time_init(void);
void time_init_cpu(void);
void timer_interrupt(struct pt_regs *regs);

/* fpu.c */
void fpu_detect(void);
void fpu_init_cpu(void);
/* FPU state of @task at the top of its stack. */
static inline void *fpu_area(const struct arch_task *task)
{
	return (u8 *)task->stack + THREAD_SIZE - cpu_features.fpu_size;
}
void fpu_save(void *area);
void fpu_load(const void *area);
/* Current's registers to the state a program starts with. */
void fpu_reset(void);
/* current's state to the user memory at @to (fpu_size bytes, 64-aligned) with Linux's frame marks;
 * 0 or -EFAULT. */
int fpu_save_to_user(void __user *to);
/* The reverse; @from NULL: the initial state. Foreign memory is checked. 0 or -EFAULT. */
int fpu_load_from_user(const void __user *from);
/* Bytes a signal frame needs for it: the second mark stands behind the state, which is
 * 64-aligned. */
static inline size_t fpu_frame_size(void)
{
	return cpu_features.fpu_state_size + (cpu_features.xsave ? sizeof(u32) : 0);
}

/* tlb.c */
void tlb_flush_interrupt(void);

/* usercopy.c, page_copy.c: choose the copy loops for this CPU. */
void copy_select(void);

/* trap.c: the fixup address of a kernel instruction that may fault, or 0. */
unsigned long search_extable(unsigned long ip);

/* True for user-mode addresses [addr, addr + n). */
static inline bool user_range_ok(const void *addr, size_t n)
{
	return n <= TASK_SIZE_MAX && (unsigned long)addr <= TASK_SIZE_MAX - n;
}

static inline struct arch_task *arch_task(const struct task_struct *task)
{
	return (struct arch_task *)task;
}

static inline struct arch_thread *current_thread(void)
{
	return &arch_task(arch_current())->thread;
}
