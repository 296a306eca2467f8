/* SPDX-License-Identifier: MIT */
#include "mm_calls.h"

struct mm_struct *mm;
struct signal_struct test_signal;
static struct cred nobody;

void setup(void)
{
	unsigned int i;

	world_start(HOST_DEFAULT_RAM, 1);
	for (i = 0; i < RLIM_NLIMITS; i++)
		test_signal.rlim[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	current->signal = &test_signal;
	nobody = *current->cred;
	nobody.cap_effective = 0;
	mm = world_mm();
	world_run(0, mm);
}

void drop_capabilities(void)
{
	current->cred = &nobody;
}

void teardown(void)
{
	world_audit();
	world_put(mm);
	CHECK_EQ(vm_committed(), 0ul);
}

unsigned long map(unsigned long addr, unsigned long pages, unsigned long prot, unsigned long flags)
{
	return vm_mmap_pgoff(NULL, addr, pages * P, prot, flags, 0);
}

unsigned long area(unsigned long pages)
{
	unsigned long addr = map(0, pages, RW, ANON);

	CHECK(!IS_ERR_VALUE(addr));
	return addr;
}

const char *layout(unsigned long start)
{
	static char text[512];
	struct vm_area_struct *vma;
	unsigned long at = start;
	int len = 0;

	text[0] = 0;
	for (vma = find_vma(mm, start); vma && len < 400; vma = vma->vm_next) {
		if (vma->vm_start > at)
			len += test_snprintf(text + len, sizeof(text) - len, " hole:%lu",
					     (vma->vm_start - at) / P);
		len += test_snprintf(text + len, sizeof(text) - len, " %c%c%c%c:%lu",
				     vma->vm_flags & VM_READ ? 'r' : '-',
				     vma->vm_flags & VM_WRITE ? 'w' : '-',
				     vma->vm_flags & VM_EXEC ? 'x' : '-',
				     vma->vm_flags & VM_MAYSHARE ? 's' : 'p', vma_pages(vma));
		at = vma->vm_end;
	}
	return text[0] ? text + 1 : text;
}
