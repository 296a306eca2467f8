/* SPDX-License-Identifier: MIT */
/*
 * Mappings of pages the kernel owns: the vDSO and its data page. Their frames are mapped without
 * being counted, one by one as they are touched.
 */
#include "mm/internal.h"
#include "base/spinlock.h"
#include "lib/string.h"

#define MAX_SPECIAL	  4
#define MAX_SPECIAL_PAGES 8

struct special_mapping {
	struct page *pages[MAX_SPECIAL_PAGES];
	unsigned int nr;
	const char *name; /* NULL: free */
};

/* What was ever installed: a handful of fixed sets of pages. vm_private_data points here, so that
 * fork needs no count. */
static struct special_mapping special[MAX_SPECIAL];
static DEFINE_SPINLOCK(special_lock, RANK_SPIN_LEAF); /* special[], filled from the front */

static struct special_mapping *find_special(struct page **pages, unsigned int nr, const char *name)
{
	struct special_mapping *sm, *found = NULL;
	size_t bytes = nr * sizeof(*pages);

	if (nr > MAX_SPECIAL_PAGES)
		return NULL;
	spin_lock(&special_lock);
	for (sm = special; sm < special + MAX_SPECIAL && !found; sm++) {
		if (!sm->name) {
			memcpy(sm->pages, pages, bytes);
			sm->nr = nr;
			sm->name = name;
		}
		if (sm->nr == nr && !strcmp(sm->name, name) && !memcmp(sm->pages, pages, bytes))
			found = sm;
	}
	spin_unlock(&special_lock);
	return found;
}

static int special_fault(struct vm_fault *vmf)
{
	struct special_mapping *sm = vmf->vma->vm_private_data;
	int error;

	if (vmf->pgoff >= sm->nr)
		return VM_FAULT_SIGBUS;
	error = vm_insert_special(vmf->vma, vmf->address, sm->pages[vmf->pgoff]);
	return error == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_NOPAGE;
}

static const char *special_name(struct vm_area_struct *vma)
{
	const struct special_mapping *sm = vma->vm_private_data;

	return sm->name;
}

static const struct vm_operations_struct special_vm_ops = {
	.fault = special_fault,
	.name = special_name,
};

int install_special_mapping(struct mm_struct *mm, unsigned long addr, unsigned int nr,
			    struct page **pages, unsigned long vm_flags, const char *name)
{
	unsigned long len = (unsigned long)nr << PAGE_SHIFT;
	struct special_mapping *sm = find_special(pages, nr, name);
	struct vm_area_struct *vma;

	if (!sm)
		return -ENOMEM;
	if (find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;
	vma = vm_area_alloc(mm);
	if (!vma)
		return -ENOMEM;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags | VM_DONTEXPAND | VM_DONTDUMP | (mm->def_flags & ~VM_LOCKED_MASK);
	vma->vm_ops = &special_vm_ops;
	vma->vm_private_data = sm;
	vma_set_page_prot(vma);
	vma_link(vma);
	return 0;
}
