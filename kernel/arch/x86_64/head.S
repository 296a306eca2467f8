/* SPDX-License-Identifier: MIT */
/*
 * The first instructions. The boot CPU arrives at startup_32 by the PVH boot protocol: 32-bit
 * protected mode, flat segments, paging off, %ebx = physical address of struct hvm_start_info,
 * .bss zeroed by the loader. Another CPU arrives in real mode at the trampoline page
 * (trampoline_start below is copied there).
 *
 * Both load boot_pgd, which maps the first 16 MiB of memory at 0 and at KERNEL_IMAGE_BASE, enter
 * 64-bit mode and continue at the image's address. x86_start() then builds the real tables.
 */
#include "arch/x86_64/asm.h"

#define PHYS(symbol) ((symbol) - 0xffffffff80000000)
#define PAGE_RW	     0x3
#define PAGE_LARGE   0x83
#define SEG_CODE32   0x08
#define SEG_CODE64   0x10
#define SEG_DATA     0x18

/* The note by which a PVH loader finds the entry point. */
	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, 18			/* name size, value size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad PHYS(startup_32)

	.section .text.head, "ax", @progbits
	.code32
ENTRY(startup_32)
	cld
	cli
	movl	%ebx, %esi

	movl	$(PHYS(boot_pud) + PAGE_RW), PHYS(boot_pgd)
	movl	$(PHYS(boot_pud) + PAGE_RW), PHYS(boot_pgd) + 511 * 8
	movl	$(PHYS(boot_pmd) + PAGE_RW), PHYS(boot_pud)
	movl	$(PHYS(boot_pmd) + PAGE_RW), PHYS(boot_pud) + 510 * 8
	movl	$PAGE_LARGE, %eax
	movl	$PHYS(boot_pmd), %edi
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	cmpl	$(PHYS(boot_pmd) + 8 * 8), %edi
	jne	1b

	movl	$PHYS(start_64), %ebp
	jmp	enter_long_mode
END(startup_32)

/* %ebp: physical address of the 64-bit code to continue at. Keeps %esi. */
enter_long_mode:
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_pgd), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	$CR0_BOOT, %eax
	movl	%eax, %cr0
	lgdt	PHYS(boot_gdt_ptr)
	ljmp	$SEG_CODE64, $PHYS(enter_64)

	.code64
enter_64:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%ebp, %eax
	addq	$0xffffffff80000000, %rax
	jmp	*%rax

start_64:
	movq	$(arch_boot_stack + 16384), %rsp
	lgdt	boot_gdt_ptr64
	xorl	%ebp, %ebp
	movl	%esi, %edi
	call	x86_start
	ud2

/* Another CPU: adopt the boot CPU's control registers, then its idle task's stack. */
secondary_64:
	movq	secondary_cr4, %rax
	movq	%rax, %cr4
	movl	$MSR_EFER, %ecx
	movl	secondary_efer, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$PHYS(init_pgd), %eax
	movq	%rax, %cr3
	lgdt	boot_gdt_ptr64
	movq	secondary_stack, %rsp
	movq	secondary_cpu, %rdi
	xorl	%ebp, %ebp
	call	x86_start_secondary
	ud2

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff	/* 32-bit code */
	.quad 0x00af9b000000ffff	/* 64-bit code */
	.quad 0x00cf93000000ffff	/* data */
boot_gdt_end:
boot_gdt_ptr:
	.word boot_gdt_end - boot_gdt - 1
	.long PHYS(boot_gdt)
boot_gdt_ptr64:
	.word boot_gdt_end - boot_gdt - 1
	.quad boot_gdt

	.code32
secondary_32:
	movl	$SEG_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %ss
	movl	$PHYS(secondary_64), %ebp
	jmp	enter_long_mode

/* Copied to TRAMPOLINE_PHYS; a start-up IPI begins here with %cs:%ip = (TRAMPOLINE_PHYS >> 4):0. */
	.section .rodata.trampoline, "a", @progbits
	.globl trampoline_start, trampoline_end
	.code16
trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	trampoline_gdt_ptr - trampoline_start
	movl	$(CR0_PE | CR0_ET), %eax
	movl	%eax, %cr0
	ljmpl	$SEG_CODE32, $PHYS(secondary_32)
	.balign 4
trampoline_gdt_ptr:
	.word boot_gdt_end - boot_gdt - 1
	.long PHYS(boot_gdt)
trampoline_end:
	.code64

	.section .bss.page_aligned, "aw", @nobits
	.balign 4096
	.globl boot_pgd
boot_pgd: .skip 4096
boot_pud: .skip 4096
boot_pmd: .skip 4096
	.globl arch_boot_stack, arch_boot_stack_guard
arch_boot_stack_guard: .skip 4096	/* unmapped by boot */
arch_boot_stack: .skip 16384

	.section .note.GNU-stack, "", @progbits
