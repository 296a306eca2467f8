/* SPDX-License-Identifier: MIT */
/*
 * Where things lie in an address space: the layout of a new program, its random bits, and free
 * addresses for mmap.
 *
 *	0         mmap_min_addr                                     mmap_base       task_size
 *	| nothing | program, heap ->  (legacy: mmap area ->)  <- mmap area | gap <- stack |
 *
 * The gap holds the stack's limit (128 MiB at least, 5/6 of all at most) and what its top may be
 * moved by.
 *
 * Random bits are fresh for each exec on hardware. Under an emulator that translates code by
 * address, each new address costs a translation of every block: there they are made from a secret
 * drawn at boot and the thing that is placed, so that the same program lies at the same (still
 * unpredictable) place until the next boot. Boot option vm.layout=exec or vm.layout=boot chooses;
 * norandmaps: no randomness at all.
 */
#include "mm/internal.h"
#include "base/cmdline.h"
#include "base/random.h"
#include "file/file.h"
#include "lib/chacha.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "task/task.h"
#include "abi/personality.h"

int randomize_va_space = 2;
int sysctl_legacy_va_layout;
unsigned long mmap_min_addr = 65536;

#define STACK_RANDOM_BITS 22
#define MIN_STACK_GAP	  (128UL << 20)
/* MAP_32BIT's window. */
#define MAP_32BIT_START 0x40000000UL
#define MAP_32BIT_END	0x80000000UL

void layout_init(void)
{
	if (boot_option("norandmaps", NULL, 0))
		randomize_va_space = 0;
}

/* ---- Random bits
 * ----------------------------------------------------------------------------------- */

static DEFINE_SPINLOCK(secret_lock, RANK_SPIN_LEAF);
static u32 boot_secret[CHACHA_KEY_SIZE / sizeof(u32)];
static enum {
	UNDECIDED,
	PER_EXEC,
	PER_BOOT
} random_mode; /* secret_lock; boot_secret is set with it */

static int decide_mode(void)
{
	char option[8];
	u32 secret[ARRAY_SIZE(boot_secret)];

	get_random_bytes(secret, sizeof(secret));
	spin_lock(&secret_lock);
	if (random_mode == UNDECIDED) {
		memcpy(boot_secret, secret, sizeof(secret));
		if (boot_option("vm.layout", option, sizeof(option)))
			random_mode = !strcmp(option, "boot") ? PER_BOOT : PER_EXEC;
		else
			random_mode = arch_emulated() ? PER_BOOT : PER_EXEC;
	}
	spin_unlock(&secret_lock);
	return random_mode;
}

u64 layout_random(const char *what, u64 key, unsigned int bits)
{
	u64 value;

	if ((READ_ONCE(random_mode) ?: decide_mode()) == PER_EXEC) {
		get_random_bytes(&value, sizeof(value));
	} else {
		const u32 nonce[3] = {lower_32_bits(key), upper_32_bits(key),
				      full_name_hash(NULL, what, strlen(what))};
		u8 block[CHACHA_BLOCK_SIZE];
		u32 state[CHACHA_STATE_WORDS];

		chacha_init(state, boot_secret, 0, nonce);
		chacha20_block(state, block);
		memcpy(&value, block, sizeof(value));
	}
	return value & (BIT_ULL(bits) - 1);
}

/* ---- A new program's layout
 * ------------------------------------------------------------------------ */

unsigned long layout_stack_top(void)
{
	return TASK_SIZE_MAX - (layout_random("stack", 0, STACK_RANDOM_BITS) << PAGE_SHIFT);
}

void arch_pick_mmap_layout(struct mm_struct *mm, unsigned long stack_rlimit, bool randomize)
{
	unsigned long random = 0, gap = stack_rlimit, pad = stack_guard_gap;

	if (!mm->task_size)
		mm->task_size = TASK_SIZE_MAX;
	if (randomize) {
		random = layout_random("mmap", 0, LAYOUT_MMAP_BITS) << PAGE_SHIFT;
		pad += ((1UL << STACK_RANDOM_BITS) - 1) << PAGE_SHIFT;
	}
	if (gap + pad > gap) /* RLIM_INFINITY stays what it is */
		gap += pad;
	gap = clamp(gap, MIN_STACK_GAP, mm->task_size / 6 * 5);
	mm->mmap_legacy_base = PAGE_ALIGN(mm->task_size / 3) + random;
	mm->mmap_base = PAGE_ALIGN(mm->task_size - gap - random);
	mm->mmap_legacy = sysctl_legacy_va_layout || (mm->personality_flags & ADDR_COMPAT_LAYOUT);
	if (mm->mmap_legacy)
		mm->mmap_base = mm->mmap_legacy_base;
}

/* ---- Free addresses
 * -------------------------------------------------------------------------------- */

/* The caller's hint, if that range is free; else 0. */
static unsigned long try_hint(struct mm_struct *mm, unsigned long addr, unsigned long len,
			      unsigned long end)
{
	struct vm_area_struct *vma;

	if (!addr || end < len || addr > end - len)
		return 0;
	vma = find_vma(mm, addr);
	return !vma || addr + len <= vm_start_gap(vma) ? addr : 0;
}

static unsigned long area_bottomup(struct mm_struct *mm, unsigned long addr, unsigned long len,
				   unsigned long flags)
{
	struct vm_unmapped_area_info info = {
		.length = len,
		.low_limit = mm->mmap_legacy_base,
		.high_limit = mm->task_size,
	};

	if (flags & MAP_32BIT) {
		info.low_limit = MAP_32BIT_START;
		info.high_limit = MAP_32BIT_END;
	}
	if (len > info.high_limit)
		return -ENOMEM;
	addr = try_hint(mm, PAGE_ALIGN(addr), len, info.high_limit);
	return addr ? addr : vm_unmapped_area(mm, &info);
}

/* From this size on a mapping is one whose page tables fork had better share as a whole. */
#define LARGE_MAPPING (32UL << 20)

static unsigned long area_topdown(struct mm_struct *mm, unsigned long addr, unsigned long len,
				  unsigned long flags)
{
	struct vm_unmapped_area_info info = {
		.length = len,
		.low_limit = max(PAGE_SIZE, mmap_min_addr),
		.high_limit = mm->mmap_base,
		.topdown = true,
	};
	unsigned long found;

	if (flags & MAP_32BIT)
		return area_bottomup(mm, addr, len, flags);
	found = try_hint(mm, addr & PAGE_MASK, len, mm->task_size);
	if (found)
		return found;
	/* A mapping of whole page tables gets tables to itself: they move and are shared as they
	 * are. A large one also keeps out of the GiB of stack and libraries, in which fork looks at
	 * each table. */
	if (len >= LARGE_MAPPING || !(len & (PMD_SIZE - 1))) {
		if (!(len & (PMD_SIZE - 1)))
			info.align_mask = PMD_SIZE - 1;
		if (len >= LARGE_MAPPING && info.high_limit > 2 * PUD_SIZE)
			info.high_limit &= PUD_MASK;
		found = vm_unmapped_area(mm, &info);
		if (!IS_ERR_VALUE(found))
			return found;
		info.high_limit = mm->mmap_base;
		info.align_mask = 0;
	}
	found = vm_unmapped_area(mm, &info);
	/* A very large mapping may fit only above mmap_base, where the stack leaves room. */
	return IS_ERR_VALUE(found) ? area_bottomup(mm, 0, len, flags) : found;
}

unsigned long get_unmapped_area_like(struct mm_struct *mm, struct file *file, unsigned long like,
				     unsigned long len, unsigned long pgoff, unsigned long flags)
{
	struct vm_unmapped_area_info info = {
		.length = len,
		.low_limit = max(PAGE_SIZE, mmap_min_addr),
		.high_limit = mm->mmap_base,
		.align_mask = PMD_SIZE - 1,
		.align_offset = like,
		.topdown = true,
	};
	unsigned long found;

	if (len >= PMD_SIZE && !mm->mmap_legacy &&
	    !(file && file->f_op && file->f_op->get_unmapped_area)) {
		found = vm_unmapped_area(mm, &info);
		if (!IS_ERR_VALUE(found))
			return found;
	}
	return get_unmapped_area(mm, file, 0, len, pgoff, flags);
}

unsigned long get_unmapped_area(struct mm_struct *mm, struct file *file, unsigned long addr,
				unsigned long len, unsigned long pgoff, unsigned long flags)
{
	if (len > mm->task_size)
		return -ENOMEM;
	if (file && file->f_op && file->f_op->get_unmapped_area)
		addr = file->f_op->get_unmapped_area(file, addr, len, pgoff, flags);
	else if (flags & MAP_FIXED)
		; /* where the caller says, whatever lies there */
	else if (mm->mmap_legacy)
		addr = area_bottomup(mm, addr, len, flags);
	else
		addr = area_topdown(mm, addr, len, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if (addr > mm->task_size - len)
		return -ENOMEM;
	if (offset_in_page(addr))
		return -EINVAL;
	if (addr < mmap_min_addr && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	return addr;
}
