/* SPDX-License-Identifier: MIT */
/*
 * User memory from kernel code. Every instruction here that touches it stands between stac and clac
 * and has an entry in the exception table; the page-fault handler does the rest. Boot option
 * quire.copy=unrolled|rep forces one kind of copy loop (copy.S).
 */
#include "arch/x86_64/cpu.h"
#include "abi/errno.h"

size_t clear_user_unrolled(void *to, size_t n);
void clear_page_unrolled(void *page);
void clear_page_rep(void *page);
void copy_page_unrolled(void *to, const void *from);
void copy_page_rep(void *to, const void *from);

extern bool use_rep; /* read by copy.S */
bool use_rep;

void copy_select(void)
{
	use_rep = cpu_features.erms && cpu_features.hypervisor != HV_TCG;
	if (early_option_is("quire.copy", "unrolled"))
		use_rep = false;
	else if (early_option_is("quire.copy", "rep"))
		use_rep = true;
}

void arch_clear_page(void *page)
{
	if (use_rep)
		clear_page_rep(page);
	else
		clear_page_unrolled(page);
}

void arch_copy_page(void *to, const void *from)
{
	if (use_rep)
		copy_page_rep(to, from);
	else
		copy_page_unrolled(to, from);
}

size_t arch_clear_user(void __user *to, size_t n)
{
	if (unlikely(!user_range_ok(to, n)))
		return n;
	return clear_user_unrolled(to, n);
}

/* ---- Strings ---------------------------------------------------------------------------- */

static inline int read_user_u64(u64 *value, const void __user *from)
{
	int err = 0;

	__asm__ __volatile__(ASM_STAC "1: movq (%2), %1\n"
				      "2: " ASM_CLAC "\n"
				      ".pushsection .text.fixup, \"ax\"\n"
				      "3: movl %3, %0\n jmp 2b\n"
				      ".popsection\n" ASM_EX_TABLE("1b", "3b")
			     : "+r"(err), "=&r"(*value)
			     : "r"(from), "i"(-EFAULT)
			     : "memory");
	return err;
}

static inline int read_user_u8(u8 *value, const void __user *from)
{
	u32 byte = 0;
	int err = 0;

	__asm__ __volatile__(ASM_STAC "1: movzbl (%2), %1\n"
				      "2: " ASM_CLAC "\n"
				      ".pushsection .text.fixup, \"ax\"\n"
				      "3: movl %3, %0\n jmp 2b\n"
				      ".popsection\n" ASM_EX_TABLE("1b", "3b")
			     : "+r"(err), "+r"(byte)
			     : "r"(from), "i"(-EFAULT)
			     : "memory");
	*value = byte;
	return err;
}

/* Bit 7 set in the lowest zero byte of @word, and in no byte below it; 0 if there is none. */
static inline u64 zero_bytes(u64 word)
{
	return (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
}

/* Eight bytes at a time where @to has room and the user address is aligned, so that no read reaches
 * into a page that the string does not. */
ssize_t arch_strncpy_from_user(char *to, const char __user *from, size_t n)
{
	size_t done = 0, limit = n;
	u64 word, zero;
	u8 byte;

	if (unlikely((unsigned long)from >= TASK_SIZE_MAX))
		return -EFAULT;
	if (limit > TASK_SIZE_MAX - (unsigned long)from)
		limit = TASK_SIZE_MAX - (unsigned long)from;
	while (done < limit) {
		if (IS_ALIGNED((unsigned long)from + done, 8) && limit - done >= 8) {
			if (read_user_u64(&word, from + done))
				return -EFAULT;
			__builtin_memcpy(to + done, &word, 8);
			zero = zero_bytes(word);
			if (zero)
				return done + (__builtin_ctzll(zero) >> 3);
			done += 8;
			continue;
		}
		if (read_user_u8(&byte, from + done))
			return -EFAULT;
		to[done] = byte;
		if (!byte)
			return done;
		done++;
	}
	return done == n ? (ssize_t)n : -EFAULT;
}

/* ---- Atomic ----------------------------------------------------------------------------- */

int arch_user_cmpxchg_u32(u32 __user *uaddr, u32 old, u32 new, u32 *seen)
{
	int err = 0;

	if (unlikely(!user_range_ok(uaddr, sizeof(*uaddr))))
		return -EFAULT;
	__asm__ __volatile__(ASM_STAC "1: lock cmpxchgl %4, %2\n"
				      "2: " ASM_CLAC "\n"
				      ".pushsection .text.fixup, \"ax\"\n"
				      "3: movl %3, %0\n jmp 2b\n"
				      ".popsection\n" ASM_EX_TABLE("1b", "3b")
			     : "+r"(err), "+a"(old), "+m"(*uaddr)
			     : "i"(-EFAULT), "r"(new)
			     : "memory");
	*seen = old;
	return err;
}
