/* SPDX-License-Identifier: MIT */
/* What the CPUs can do, and the set-up of one of them: GDT, TSS, system-call registers, control
 * bits. */
#include "arch/x86_64/cpu.h"
#include "lib/string.h"

struct cpu_features cpu_features;
u64 pgtable_nx;

static struct x86_cpu boot_cpu;
struct x86_cpu *x86_cpus[NR_CPUS] = {&boot_cpu};

static_assert(offsetof(struct arch_cpu, self) == CPU_SELF, "asm.h");
static_assert(offsetof(struct arch_cpu, current_task) == CPU_CURRENT, "asm.h");
static_assert(offsetof(struct arch_cpu, kernel_sp) == CPU_KERNEL_SP, "asm.h");
static_assert(offsetof(struct arch_cpu, user_sp) == CPU_USER_SP, "asm.h");
static_assert(offsetof(struct pt_regs, bx) == REGS_BX, "asm.h");
static_assert(offsetof(struct pt_regs, r11) == REGS_R11, "asm.h");
static_assert(offsetof(struct pt_regs, cx) == REGS_CX, "asm.h");
static_assert(offsetof(struct pt_regs, orig_ax) == REGS_ORIG_AX, "asm.h");
static_assert(offsetof(struct pt_regs, ip) == REGS_IP, "asm.h");
static_assert(offsetof(struct pt_regs, cs) == REGS_CS, "asm.h");
static_assert(offsetof(struct pt_regs, flags) == REGS_FLAGS, "asm.h");
static_assert(offsetof(struct pt_regs, sp) == REGS_SP, "asm.h");
static_assert(sizeof(struct pt_regs) == REGS_SIZE, "asm.h");
static_assert(TASK_SIZE_MAX == ASM_TASK_SIZE_MAX, "asm.h");
static_assert(USER_CS == ASM_USER_CS && USER_DS == ASM_USER_DS, "asm.h");
static_assert(ARCH_WORK_FULL_REGS_BIT == ASM_FULL_REGS_BIT, "asm.h");
static_assert(offsetof(struct arch_task, work) == 0, "entry.S reads it through current");
static_assert(sizeof(struct tss) == 104, "hardware layout");

static enum hypervisor detect_hypervisor(void)
{
	struct cpuid_regs r;

	if (!(cpuid(1, 0).ecx & BIT(31)))
		return HV_NONE;
	r = cpuid(0x40000000, 0);
	if (r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447)
		return HV_TCG; /* "TCGTCGTCGTCG" */
	if (r.ebx == 0x4b4d564b && r.ecx == 0x564b4d56 && r.edx == 0x4d)
		return HV_KVM; /* "KVMKVMKVM\0\0\0" */
	return HV_UNKNOWN;
}

bool arch_emulated(void)
{
	return cpu_features.hypervisor == HV_TCG;
}

void cpu_detect(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid_regs r = cpuid(0, 0);

	f->max_leaf = r.eax;
	memcpy(f->vendor, &r.ebx, 4);
	memcpy(f->vendor + 4, &r.edx, 4);
	memcpy(f->vendor + 8, &r.ecx, 4);
	f->hypervisor = detect_hypervisor();

	r = cpuid(1, 0);
	f->pge = r.edx & BIT(13);
	f->mce = r.edx & BIT(7);
	f->x2apic = r.ecx & BIT(21);
	f->tsc_deadline = r.ecx & BIT(24);
	f->xsave = r.ecx & BIT(26);
	f->avx = r.ecx & BIT(28);
	f->rdrand = r.ecx & BIT(30);
	if (f->max_leaf >= 7) {
		r = cpuid(7, 0);
		f->fsgsbase = r.ebx & BIT(0);
		f->smep = r.ebx & BIT(7);
		f->erms = r.ebx & BIT(9);
		f->rdseed = r.ebx & BIT(18);
		f->smap = r.ebx & BIT(20);
		f->rdpid = r.ecx & BIT(22);
	}
	f->max_ext_leaf = cpuid(0x80000000, 0).eax;
	r = cpuid(0x80000001, 0);
	f->nx = r.edx & BIT(20);
	f->pdpe1gb = r.edx & BIT(26);
	f->rdtscp = r.edx & BIT(27);
	pgtable_nx = f->nx ? _PAGE_NX : 0;
}

/* ---- Descriptors ------------------------------------------------------------------------ */

/* A flat segment: type and DPL in the access byte, L or D/B in the flags nibble. */
static u64 flat_segment(u8 access, u8 flags)
{
	return 0x000f00000000ffffULL | ((u64)access << 40) | ((u64)flags << 52);
}

static void build_gdt(struct x86_cpu *cpu, unsigned int id)
{
	u64 tss = (u64)&cpu->tss;
	u64 *gdt = cpu->gdt;

	gdt[KERNEL32_CS / 8] = flat_segment(0x9b, 0xc);
	gdt[KERNEL_CS / 8] = flat_segment(0x9b, 0xa);
	gdt[KERNEL_DS / 8] = flat_segment(0x93, 0xc);
	gdt[USER32_CS / 8] = flat_segment(0xfb, 0xc);
	gdt[USER_DS / 8] = flat_segment(0xf3, 0xc);
	gdt[USER_CS / 8] = flat_segment(0xfb, 0xa);
	gdt[TSS_SEL / 8] = (sizeof(struct tss) - 1) | ((tss & 0xffffff) << 16) | (0x89ULL << 40) |
			   (((tss >> 24) & 0xff) << 56);
	gdt[TSS_SEL / 8 + 1] = tss >> 32;
	/* Its limit tells programs their CPU (the vDSO's getcpu). */
	gdt[CPUNODE_SEL / 8] = id | (0xf5ULL << 40) | (0x4ULL << 52);
}

static void build_tss(struct x86_cpu *cpu)
{
	unsigned int i;

	for (i = 0; i < NR_IST; i++) {
		u64 *top = (u64 *)(cpu->ist_stack[i] + IST_STACK_SIZE - 16);

		*top = (u64)cpu;
		cpu->tss.ist[i] = (u64)top;
	}
	cpu->tss.iomap_base = sizeof(struct tss);
}

static void load_descriptors(struct x86_cpu *cpu)
{
	struct {
		u16 limit;
		u64 base;
	} __packed gdt_ptr = {sizeof(cpu->gdt) - 1, (u64)cpu->gdt};

	__asm__ __volatile__("lgdt %0\n\t"
			     "pushq %1\n\t"
			     "leaq 1f(%%rip), %%rax\n\t"
			     "pushq %%rax\n\t"
			     "lretq\n"
			     "1:\n\t"
			     "movl %2, %%ss\n\t"
			     "ltr %w3\n\t"
			     :
			     : "m"(gdt_ptr), "i"(KERNEL_CS), "r"(KERNEL_DS), "r"(TSS_SEL)
			     : "rax", "memory");
}

/* ---- Registers -------------------------------------------------------------------------- */

void syscall_entry(void);
void syscall32_entry(void);

static void init_syscall(struct x86_cpu *cpu, unsigned int id)
{
	/* SYSRET's selectors are counted from the 32-bit user code segment. */
	wrmsr(MSR_STAR, ((u64)USER32_CS << 48) | ((u64)KERNEL_CS << 32));
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	wrmsr(MSR_CSTAR, (u64)syscall32_entry);
	wrmsr(MSR_SYSCALL_MASK, X86_FLAGS_IF | X86_FLAGS_DF | X86_FLAGS_TF | X86_FLAGS_AC |
					X86_FLAGS_NT | X86_FLAGS_IOPL | X86_FLAGS_RF |
					X86_FLAGS_CF | X86_FLAGS_PF | X86_FLAGS_AF | X86_FLAGS_ZF |
					X86_FLAGS_SF | X86_FLAGS_OF);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	if (cpu_features.rdtscp || cpu_features.rdpid)
		wrmsr(MSR_TSC_AUX, id);
}

static unsigned long control_bits(void)
{
	const struct cpu_features *f = &cpu_features;
	unsigned long cr4 = CR4_PAE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (f->mce)
		cr4 |= CR4_MCE;
	if (f->pge)
		cr4 |= CR4_PGE;
	if (f->fsgsbase)
		cr4 |= CR4_FSGSBASE;
	if (f->xsave)
		cr4 |= CR4_OSXSAVE;
	if (f->smep)
		cr4 |= CR4_SMEP;
	if (f->smap)
		cr4 |= CR4_SMAP;
	return cr4;
}

void cpu_init(struct x86_cpu *cpu, unsigned int id)
{
	cpu->arch.self = &cpu->arch;
	cpu->arch.id = id;
	cpu->timer_deadline = U64_MAX;
	wrmsr(MSR_GS_BASE, (u64)cpu);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	build_gdt(cpu, id);
	build_tss(cpu);
	load_descriptors(cpu);
	idt_load();
	write_cr4(control_bits());
	init_syscall(cpu, id);
	fpu_init_cpu();
}

void arch_set_boot_task(struct task_struct *task)
{
	struct x86_cpu *cpu = this_x86_cpu();

	cpu->arch.current_task = task;
	arch_task(task)->thread.kernel = true;
	arch_task(task)->thread.fpu_cpu = -1;
}
