/* SPDX-License-Identifier: MIT */
/*
 * Copy loops of user memory and of whole pages. Two kinds of each: unrolled moves, which are
 * fastest under QEMU's TCG and for short copies, and REP string instructions, which are fastest
 * on real CPUs with ERMS. C code chooses (usercopy.c).
 *
 * User copies: size_t f(void *to, const void *from, size_t n) returns the number of bytes not
 * copied. Where the unrolled loop faults, the byte loop goes on from the start of the interrupted
 * block to find the first bad byte.
 */
#include "arch/x86_64/asm.h"

	.text

ENTRY(copy_user_unrolled)
	ASM_STAC
	movq	%rdx, %rcx
	shrq	$6, %rcx
	jz	2f
	.balign 16
1:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movq	8*\n(%rsi), %r8
	movq	%r8, 8*\n(%rdi)
.endr
9:	EX_TABLE_RANGE(1b, 9b, 71f)
	addq	$64, %rsi
	addq	$64, %rdi
	decq	%rcx
	jnz	1b
	andl	$63, %edx
2:	movl	%edx, %ecx
	shrl	$3, %ecx
	jz	4f
3:	movq	(%rsi), %r8
30:	movq	%r8, (%rdi)
	addq	$8, %rsi
	addq	$8, %rdi
	decl	%ecx
	jnz	3b
	andl	$7, %edx
4:	testl	%edx, %edx
	jnz	copy_user_bytes
	xorl	%eax, %eax
	ASM_CLAC
	ret
	EX_TABLE(3b, 73f)
	EX_TABLE(30b, 73f)
copy_user_bytes:
5:	movb	(%rsi), %al
50:	movb	%al, (%rdi)
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jnz	5b
6:	movq	%rdx, %rax
	ASM_CLAC
	ret
	EX_TABLE(5b, 6b)
	EX_TABLE(50b, 6b)
71:	shlq	$6, %rcx
	andl	$63, %edx
	addq	%rcx, %rdx
	jmp	copy_user_bytes
73:	andl	$7, %edx
	leaq	(%rdx, %rcx, 8), %rdx
	jmp	copy_user_bytes
END(copy_user_unrolled)

ENTRY(copy_user_rep)
	ASM_STAC
	movq	%rdx, %rcx
1:	rep movsb
2:	movq	%rcx, %rax
	ASM_CLAC
	ret
	EX_TABLE(1b, 2b)
END(copy_user_rep)

/* size_t clear_user_unrolled(void *to, size_t n) */
ENTRY(clear_user_unrolled)
	ASM_STAC
	xorl	%eax, %eax
	movq	%rsi, %rcx
	shrq	$6, %rcx
	jz	2f
	.balign 16
1:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movq	%rax, 8*\n(%rdi)
.endr
9:	EX_TABLE_RANGE(1b, 9b, 71f)
	addq	$64, %rdi
	decq	%rcx
	jnz	1b
	andl	$63, %esi
2:	testq	%rsi, %rsi
	jz	6f
5:	movb	%al, (%rdi)
	incq	%rdi
	decq	%rsi
	jnz	5b
6:	movq	%rsi, %rax
	ASM_CLAC
	ret
	EX_TABLE(5b, 6b)
71:	shlq	$6, %rcx
	andl	$63, %esi
	addq	%rcx, %rsi
	jmp	5b
END(clear_user_unrolled)

/* ---- Whole pages ------------------------------------------------------------------------ */

ENTRY(clear_page_unrolled)
	xorl	%eax, %eax
	movl	$(4096 / 256), %ecx
	.balign 16
1:
n = 0
.rept 32
	movq	%rax, n(%rdi)
n = n + 8
.endr
	addq	$256, %rdi
	decl	%ecx
	jnz	1b
	ret
END(clear_page_unrolled)

ENTRY(clear_page_rep)
	xorl	%eax, %eax
	movl	$(4096 / 8), %ecx
	rep stosq
	ret
END(clear_page_rep)

ENTRY(copy_page_unrolled)
	movl	$(4096 / 128), %ecx
	.balign 16
1:
n = 0
.rept 8
	movq	n(%rsi), %rax
	movq	n+8(%rsi), %rdx
	movq	%rax, n(%rdi)
	movq	%rdx, n+8(%rdi)
n = n + 16
.endr
	addq	$128, %rsi
	addq	$128, %rdi
	decl	%ecx
	jnz	1b
	ret
END(copy_page_unrolled)

ENTRY(copy_page_rep)
	movl	$(4096 / 8), %ecx
	rep movsq
	ret
END(copy_page_rep)

	.section .note.GNU-stack, "", @progbits
