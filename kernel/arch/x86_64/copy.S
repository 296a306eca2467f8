/* SPDX-License-Identifier: MIT */
/*
 * Copy loops of user memory and of whole pages. Two kinds of each: unrolled moves, which are
 * fastest under QEMU's TCG and for short copies, and REP string instructions, which are fastest
 * on real CPUs with ERMS. C code chooses (usercopy.c).
 *
 * User copies: size_t f(void *to, const void *from, size_t n) returns the number of bytes not
 * copied, all of them if the range is not the user's. Where the unrolled loop faults, the byte loop goes on from the start of the interrupted
 * block to find the first bad byte.
 */
#include "arch/x86_64/asm.h"

	.text

/* %rax = the end of user memory less n, n = %rdx; to bad unless \addr is not above that. */
.macro CHECK_RANGE addr, bad
	movabsq	$ASM_TASK_SIZE_MAX, %rax
	subq	%rdx, %rax
	jb	\bad
	cmpq	\addr, %rax
	jb	\bad
.endm

/* size_t arch_copy_to_user(void *to, const void *from, size_t n) */
ENTRY(arch_copy_to_user)
	CHECK_RANGE %rdi, copy_user_nothing
	cmpq	$REP_MIN, %rdx
	jb	copy_user_unrolled
	jmp	copy_user_long
END(arch_copy_to_user)

/* size_t arch_copy_from_user(void *to, const void *from, size_t n) */
ENTRY(arch_copy_from_user)
	CHECK_RANGE %rsi, copy_user_nothing
	cmpq	$REP_MIN, %rdx
	jb	copy_user_unrolled
copy_user_long:
	cmpb	$0, use_rep(%rip)
	jne	copy_user_rep
copy_user_unrolled:
	ASM_STAC
	cmpq	$64, %rdx
	jb	2f
	movq	%rdx, %rcx
	shrq	$8, %rcx
	jz	10f
	.balign 16
1:
n = 0
.rept 32
	movq	n(%rsi), %r8
	movq	%r8, n(%rdi)
n = n + 8
.endr
18:	EX_TABLE_RANGE(1b, 18b, 71f)
	addq	$256, %rsi
	addq	$256, %rdi
	decq	%rcx
	jnz	1b
	andl	$255, %edx
10:	movl	%edx, %ecx
	shrl	$6, %ecx
	jz	2f
11:
.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movq	8*\n(%rsi), %r8
	movq	%r8, 8*\n(%rdi)
.endr
19:	EX_TABLE_RANGE(11b, 19b, 72f)
	addq	$64, %rsi
	addq	$64, %rdi
	decl	%ecx
	jnz	11b
	andl	$63, %edx
	/* Less than 64 bytes: 32, 16, 8 and 4 by the bits of the length, then single ones. */
2:	testb	$0x38, %dl
	jz	5f
	testb	$32, %dl
	jz	3f
20:
.irp n, 0, 1, 2, 3
	movq	8*\n(%rsi), %r8
	movq	%r8, 8*\n(%rdi)
.endr
29:	EX_TABLE_RANGE(20b, 29b, 73f)
	addq	$32, %rsi
	addq	$32, %rdi
3:	testb	$16, %dl
	jz	4f
30:	movq	(%rsi), %r8
	movq	%r8, (%rdi)
	movq	8(%rsi), %r8
	movq	%r8, 8(%rdi)
39:	EX_TABLE_RANGE(30b, 39b, 74f)
	addq	$16, %rsi
	addq	$16, %rdi
4:	testb	$8, %dl
	jz	5f
40:	movq	(%rsi), %r8
	movq	%r8, (%rdi)
49:	EX_TABLE_RANGE(40b, 49b, 75f)
	addq	$8, %rsi
	addq	$8, %rdi
5:	andl	$7, %edx
	jz	9f
	cmpl	$4, %edx
	jb	copy_user_bytes
50:	movl	(%rsi), %r8d
	movl	%r8d, (%rdi)
59:	EX_TABLE_RANGE(50b, 59b, copy_user_bytes)
	addq	$4, %rsi
	addq	$4, %rdi
	subl	$4, %edx
	jnz	copy_user_bytes
9:	xorl	%eax, %eax
	ASM_CLAC
	ret
copy_user_bytes:
6:	movb	(%rsi), %al
60:	movb	%al, (%rdi)
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jnz	6b
7:	movq	%rdx, %rax
	ASM_CLAC
	ret
	EX_TABLE(6b, 7b)
	EX_TABLE(60b, 7b)
71:	shlq	$8, %rcx
	movzbl	%dl, %edx
	addq	%rcx, %rdx
	jmp	copy_user_bytes
72:	shll	$6, %ecx
	andl	$63, %edx
	addl	%ecx, %edx
	jmp	copy_user_bytes
73:	andl	$63, %edx
	jmp	copy_user_bytes
74:	andl	$31, %edx
	jmp	copy_user_bytes
75:	andl	$15, %edx
	jmp	copy_user_bytes
copy_user_nothing:
	movq	%rdx, %rax
	ret
END(arch_copy_from_user)

copy_user_rep:
	ASM_STAC
	movq	%rdx, %rcx
1:	rep movsb
2:	movq	%rcx, %rax
	ASM_CLAC
	ret
	EX_TABLE(1b, 2b)

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
