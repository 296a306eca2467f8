/* SPDX-License-Identifier: MIT */
/*
 * Overcommit: how much private writable memory may be promised (Linux's vm.overcommit_memory).
 *
 *	0	refuse only what could never be had: more than all memory and swap at once
 *	1	never refuse
 *	2	the sum of promises stays below CommitLimit, less a reserve for root and callers
 *
 * Every VM_ACCOUNT mapping is charged with its whole size; the one who makes or removes it charges
 * and gives back.
 */
#include "mm/mm.h"
#include "mm/swap.h"
#include "page/gfp.h"
#include "task/cred.h"
#include "task/task.h"

int sysctl_overcommit_memory = OVERCOMMIT_GUESS;
int sysctl_overcommit_ratio = 50;
unsigned long sysctl_overcommit_kbytes;
unsigned long sysctl_admin_reserve_kbytes, sysctl_user_reserve_kbytes;

static atomic64_t committed; /* pages */

#define KIB_TO_PAGES(kib) ((kib) >> (PAGE_SHIFT - 10))

/* Reserves are so much of the memory there is at the start, but no more than that. */
#define RESERVE_FRACTION  32
#define ADMIN_RESERVE_KIB (8ul << 10)
#define USER_RESERVE_KIB  (128ul << 10)

void overcommit_init(void)
{
	unsigned long share = (nr_free_pages() << (PAGE_SHIFT - 10)) / RESERVE_FRACTION;

	sysctl_admin_reserve_kbytes = min(share, ADMIN_RESERVE_KIB);
	sysctl_user_reserve_kbytes = min(share, USER_RESERVE_KIB);
}

void vm_acct_memory(long pages)
{
	atomic64_add(pages, &committed);
}

void vm_unacct_memory(long pages)
{
	atomic64_sub(pages, &committed);
}

unsigned long vm_committed(void)
{
	s64 pages = atomic64_read(&committed);

	return pages > 0 ? pages : 0;
}

unsigned long vm_commit_limit(void)
{
	unsigned long kbytes = READ_ONCE(sysctl_overcommit_kbytes);
	unsigned long memory = kbytes ? KIB_TO_PAGES(kbytes)
				      : totalram_pages() * READ_ONCE(sysctl_overcommit_ratio) / 100;

	return memory + total_swap_pages;
}

/* Mode 2: is what has been promised, this charge included, within the limit for @mm? */
static bool below_commit_limit(struct mm_struct *mm)
{
	long allowed = vm_commit_limit();

	if (!capable(CAP_SYS_ADMIN))
		allowed -= KIB_TO_PAGES(sysctl_admin_reserve_kbytes);
	/* Keep a little back from the largest process, so that a user can still start something to
	 * end it. */
	if (mm)
		allowed -= min(mm->total_vm / 32, KIB_TO_PAGES(sysctl_user_reserve_kbytes));
	return (long)vm_committed() < allowed;
}

int vm_enough_memory(struct mm_struct *mm, long pages)
{
	bool ok;

	vm_acct_memory(pages);
	switch (sysctl_overcommit_memory) {
	case OVERCOMMIT_ALWAYS:
		return 0;
	case OVERCOMMIT_GUESS:
		ok = pages <= (long)(totalram_pages() + total_swap_pages);
		break;
	default:
		ok = below_commit_limit(mm);
	}
	if (ok)
		return 0;
	vm_unacct_memory(pages);
	return -ENOMEM;
}
