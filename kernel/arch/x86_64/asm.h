/* SPDX-License-Identifier: MIT */
/* Constants that assembly and C share. C files assert that the offsets are right (cpu.c). */
#pragma once

/* struct arch_cpu, at %gs:0. */
#define CPU_SELF      0
#define CPU_CURRENT   8
#define CPU_KERNEL_SP 16
#define CPU_USER_SP   24

/* struct pt_regs. */
#define REGS_BX	     40
#define REGS_R11     48
#define REGS_CX	     88
#define REGS_ORIG_AX 120
#define REGS_IP	     128
#define REGS_CS	     136
#define REGS_FLAGS   144
#define REGS_SP	     152
#define REGS_SS	     160
#define REGS_SIZE    168

#define ASM_FULL_REGS_BIT 31 /* of current->work */

#define ASM_TASK_SIZE_MAX 0x00007ffffffff000
#define REP_MIN 128 /* below this a REP instruction's start-up costs more than it saves */

#define ASM_USER_DS 0x2b
#define ASM_USER_CS 0x33

#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_CSTAR	   0xc0000083
#define MSR_SYSCALL_MASK   0xc0000084
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX	   0xc0000103
#define MSR_TSC		   0x10
#define MSR_APIC_BASE	   0x1b
#define MSR_MTRR_DEF_TYPE  0x2ff
#define MSR_PAT		   0x277
#define MSR_TSC_DEADLINE   0x6e0
#define MSR_X2APIC	   0x800
#define MSR_KVM_CLOCK	   0x4b564d01

#define EFER_SCE 0x001
#define EFER_LME 0x100
#define EFER_NXE 0x800

#define CR0_PE	 0x00000001
#define CR0_MP	 0x00000002
#define CR0_TS	 0x00000008
#define CR0_ET	 0x00000010
#define CR0_NE	 0x00000020
#define CR0_WP	 0x00010000
#define CR0_AM	 0x00040000
#define CR0_PG	 0x80000000
#define CR0_BOOT (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG)

#define CR4_DE	       0x00000008
#define CR4_PSE	       0x00000010
#define CR4_PAE	       0x00000020
#define CR4_MCE	       0x00000040
#define CR4_PGE	       0x00000080
#define CR4_OSFXSR     0x00000200
#define CR4_OSXMMEXCPT 0x00000400
#define CR4_FSGSBASE   0x00010000
#define CR4_OSXSAVE    0x00040000
#define CR4_SMEP       0x00100000
#define CR4_SMAP       0x00200000

/* Interrupt vectors. */
#define VECTOR_IRQ_BASE	  0x20 /* + GSI */
#define NR_IRQ_VECTORS	  48
#define VECTOR_TIMER	  0xf0
#define VECTOR_RESCHEDULE 0xf1
#define VECTOR_TLB_FLUSH  0xf2
#define VECTOR_SPURIOUS	  0xff

/* Page below 1 MiB where the other CPUs begin in real mode. */
#define TRAMPOLINE_PHYS 0x8000

/* clang-format off */
#ifdef __ASSEMBLY__

/* stac and clac: three-byte no-ops that boot patches where the CPU has SMAP. */
#define ASM_STAC                                                                                   \
	661: .byte 0x0f, 0x1f, 0x00;                                                               \
	.pushsection .smap_patch, "a";                                                             \
	.long 661b - ., 0xcb;                                                                      \
	.popsection
#define ASM_CLAC                                                                                   \
	662: .byte 0x0f, 0x1f, 0x00;                                                               \
	.pushsection .smap_patch, "a";                                                             \
	.long 662b - ., 0xca;                                                                      \
	.popsection

/* A fault of the kernel in [from, end) continues at @to. */
#define EX_TABLE_RANGE(from, end, to)                                                              \
	.pushsection .ex_table, "a";                                                               \
	.balign 4;                                                                                 \
	.long (from) - ., (end) - (from), (to) - .;                                                \
	.popsection
/* The instruction at @from. */
#define EX_TABLE(from, to) EX_TABLE_RANGE(from, (from) + 1, to)

#define ENTRY(name)                                                                                \
	.globl name;                                                                               \
	.type name, @function;                                                                     \
	.balign 16;                                                                                \
	name:
#define END(name) .size name, . - name

#else

#define ASM_STAC                                                                                   \
	"661: .byte 0x0f, 0x1f, 0x00\n"                                                            \
	".pushsection .smap_patch, \"a\"\n .long 661b - ., 0xcb\n .popsection\n"
#define ASM_CLAC                                                                                   \
	"662: .byte 0x0f, 0x1f, 0x00\n"                                                            \
	".pushsection .smap_patch, \"a\"\n .long 662b - ., 0xca\n .popsection\n"
#define ASM_EX_TABLE(from, to)                                                                     \
	".pushsection .ex_table, \"a\"\n .balign 4\n .long (" from ") - ., 1, (" to ") - .\n"      \
	".popsection\n"
#define ASM_EX_TABLE_RANGE(from, end, to)                                                          \
	".pushsection .ex_table, \"a\"\n .balign 4\n"                                              \
	".long (" from ") - ., (" end ") - (" from "), (" to ") - .\n .popsection\n"

#endif
/* clang-format on */
