/* SPDX-License-Identifier: MIT */
/*
 * mremap: a mapping becomes shorter, longer, or moves with its pages.
 *
 *	shrink	AAAAAAA	     ->  AAAA		munmap of the tail
 *	grow	AAAA....     ->  AAAAAAAA	where the addresses behind it are free
 *	move	AAAA ......  ->  .... AAAAAA	a second VMA, entries moved, the first unmapped
 *
 *	duplicate (old_len 0)	a second view of shared memory, nothing moves
 *	DONTUNMAP		a move after which the first stays, empty
 */
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "file/file.h"
#include "lib/err.h"
#include "sched/sched.h"
#include "task/task.h"

struct remap {
	struct mm_struct *mm;
	unsigned long addr, old_len, new_len, flags, new_addr;
	unsigned long populate_from, populate_len; /* result: what to fault in (locked memory) */
};

/* May [addr, addr + old_len) become new_len long? The VMA, or ERR_PTR. */
static struct vm_area_struct *vma_to_resize(const struct remap *r)
{
	struct mm_struct *mm = r->mm;
	struct vm_area_struct *vma = vma_lookup(mm, r->addr);
	unsigned long grow = r->new_len - r->old_len, pgoff;

	if (!vma)
		return ERR_PTR(-EFAULT);
	if (!r->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return ERR_PTR(-EINVAL);
	if ((r->flags & MREMAP_DONTUNMAP) && (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return ERR_PTR(-EINVAL);
	if (r->old_len > vma->vm_end - r->addr)
		return ERR_PTR(-EFAULT);
	if (r->new_len == r->old_len)
		return vma;
	pgoff = linear_page_index(vma, r->addr);
	if (pgoff + (r->new_len >> PAGE_SHIFT) < pgoff)
		return ERR_PTR(-EINVAL);
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return ERR_PTR(-EFAULT);
	if (mlock_future_check(mm, vma->vm_flags, grow))
		return ERR_PTR(-EAGAIN);
	if (!may_expand_vm(mm, vma->vm_flags, grow >> PAGE_SHIFT))
		return ERR_PTR(-ENOMEM);
	return vma;
}

/*
 * A VMA at the new place with the attributes of @vma. It merges with its neighbours only once its
 * entries are there: until then it can be taken back without memory. NULL: out of memory.
 */
static struct vm_area_struct *copy_vma(struct vm_area_struct *vma, const struct remap *r)
{
	struct vm_area_struct *new = vm_area_dup(vma, vma->vm_mm);

	if (!new)
		return NULL;
	new->vm_start = r->new_addr;
	new->vm_end = r->new_addr + r->new_len;
	new->vm_pgoff = linear_page_index(vma, r->addr);
	/* Never touched: free to take the offsets of its new place, so that it can merge there. */
	if (vma_is_anonymous(vma) && !vma->vm_file && !vma->anon_vma)
		new->vm_pgoff = r->new_addr >> PAGE_SHIFT;
	anon_vma_clone(new, vma);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	vma_link(new);
	return new;
}

/* Join a VMA with neighbours it now fits. */
static void merge_with_neighbours(struct vm_area_struct *vma, unsigned long vm_flags)
{
	/* All of it changes, to the same flags perhaps: nothing to split, so no failure. */
	struct vm_area_struct *kept = vma_modify_flags(vma, vma->vm_start, vma->vm_end, vm_flags);

	BUG_ON(IS_ERR(kept));
}

/* The kernel's own note of where the vDSO lies follows it. */
static void vdso_moved(const struct remap *r)
{
	if (r->mm->vdso >= r->addr && r->mm->vdso < r->addr + r->old_len)
		r->mm->vdso += r->new_addr - r->addr;
}

static unsigned long move_vma(struct vm_area_struct *vma, struct remap *r)
{
	struct mm_struct *mm = r->mm;
	unsigned long vm_flags = vma->vm_flags, hiwater = mm->hiwater_vm, charged = 0;
	struct vm_area_struct *new;
	int error = -ENOMEM;

	/* Room for the splits and the new one. */
	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (vm_flags & VM_ACCOUNT) {
		charged = r->new_len >> PAGE_SHIFT;
		if (vm_enough_memory(mm, charged))
			return -ENOMEM;
	}
	/* The old range becomes a VMA of its own now, while it may fail: to go, or to stay empty
	 * and unlocked. */
	if (r->old_len && vma_isolate(mm, r->addr, r->addr + r->old_len, &vma))
		goto uncharge;
	new = copy_vma(vma, r);
	if (!new)
		goto rejoin;
	if (r->old_len) {
		error = move_page_tables(vma, r->addr, new, r->new_addr, r->old_len);
		if (error) {
			munmap_empty(mm, new); /* gives its charge back */
			merge_with_neighbours(vma, vm_flags);
			return error;
		}
		vdso_moved(r);
		if (r->flags & MREMAP_DONTUNMAP)
			merge_with_neighbours(vma, vm_flags & ~VM_LOCKED_MASK);
		else
			munmap_empty(mm, vma);
	}
	/* With DONTUNMAP the old VMA may have been the new one's neighbour, and have joined it
	 * already. */
	merge_with_neighbours(vma_lookup(mm, r->new_addr), vm_flags);
	/* Both lay there only for a moment. */
	mm->hiwater_vm = max(hiwater, mm->total_vm);
	if (vm_flags & VM_LOCKED) {
		r->populate_from = r->new_addr + r->old_len;
		r->populate_len = r->new_len - r->old_len;
	}
	return r->new_addr;
rejoin:
	if (r->old_len)
		merge_with_neighbours(vma, vm_flags);
uncharge:
	if (charged)
		vm_unacct_memory(charged);
	return error;
}

static unsigned long area_flags(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : 0;
}

/* MREMAP_FIXED or MREMAP_DONTUNMAP: to a place the caller names, or any other. */
static unsigned long mremap_to(struct remap *r)
{
	struct mm_struct *mm = r->mm;
	struct vm_area_struct *vma;
	unsigned long addr, map_flags;
	int error;

	if (offset_in_page(r->new_addr))
		return -EINVAL;
	if (r->new_len > mm->task_size || r->new_addr > mm->task_size - r->new_len)
		return -EINVAL;
	if (r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
		return -EINVAL;
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (r->flags & MREMAP_FIXED) {
		error = do_munmap(mm, r->new_addr, r->new_len);
		if (error)
			return error;
	}
	if (r->old_len > r->new_len) {
		error = do_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len);
		if (error)
			return error;
		r->old_len = r->new_len;
	}
	vma = vma_to_resize(r);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	if ((r->flags & MREMAP_DONTUNMAP) &&
	    !may_expand_vm(mm, vma->vm_flags, r->old_len >> PAGE_SHIFT))
		return -ENOMEM;
	map_flags = area_flags(vma) | (r->flags & MREMAP_FIXED ? MAP_FIXED : 0);
	addr = get_unmapped_area(mm, vma->vm_file, r->new_addr, r->new_len,
				 linear_page_index(vma, r->addr), map_flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	r->new_addr = addr;
	return move_vma(vma, r);
}

/* The range ends its VMA and the addresses behind are free: make it longer where it is. */
static bool can_grow_in_place(const struct vm_area_struct *vma, const struct remap *r)
{
	unsigned long end = r->addr + r->new_len;

	if (r->addr + r->old_len != vma->vm_end || end < vma->vm_end || end > r->mm->task_size)
		return false;
	return !vma->vm_next || vma->vm_next->vm_start >= end;
}

static unsigned long grow_in_place(struct vm_area_struct *vma, struct remap *r)
{
	unsigned long grow = r->new_len - r->old_len, old_end = vma->vm_end,
		      vm_flags = vma->vm_flags;
	struct vma_desc desc = {
		.start = old_end,
		.end = old_end + grow,
		.pgoff = linear_page_index(vma, old_end),
		.vm_flags = vm_flags,
		.anon_vma = vma->anon_vma,
		.file = vma->vm_file,
		.private_data = vma->vm_private_data,
	};

	if ((vm_flags & VM_ACCOUNT) && vm_enough_memory(r->mm, grow >> PAGE_SHIFT))
		return -ENOMEM;
	/* It may close a gap to a VMA that it then merges with. */
	if (!vma_merge(r->mm, vma, &desc))
		vma_resize(vma, vma->vm_start, desc.end, vma->vm_pgoff);
	if (vm_flags & VM_LOCKED) {
		r->populate_from = old_end;
		r->populate_len = grow;
	}
	return r->addr;
}

static unsigned long mremap_locked(struct remap *r)
{
	struct mm_struct *mm = r->mm;
	struct vm_area_struct *vma = vma_lookup(mm, r->addr);
	unsigned long addr;
	int error;

	if (!vma)
		return -EFAULT;
	if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(r);
	if (r->old_len >= r->new_len) {
		if (r->old_len > r->new_len) {
			error = do_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len);
			if (error)
				return error;
		}
		return r->addr;
	}
	vma = vma_to_resize(r);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	if (can_grow_in_place(vma, r))
		return grow_in_place(vma, r);
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	addr = get_unmapped_area_like(mm, vma->vm_file, r->addr, r->new_len,
				      linear_page_index(vma, r->addr), area_flags(vma));
	if (IS_ERR_VALUE(addr))
		return addr;
	r->new_addr = addr;
	return move_vma(vma, r);
}

unsigned long do_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
			unsigned long flags, unsigned long new_addr)
{
	struct remap r = {
		.mm = current->mm,
		.addr = addr,
		.old_len = PAGE_ALIGN(old_len),
		.new_len = PAGE_ALIGN(new_len),
		.flags = flags,
		.new_addr = new_addr,
	};
	unsigned long result;

	if (flags & ~(unsigned long)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	/* Moved without unmapping: the length cannot change at the same time. */
	if ((flags & MREMAP_DONTUNMAP) && (!(flags & MREMAP_MAYMOVE) || old_len != new_len))
		return -EINVAL;
	if (offset_in_page(addr))
		return -EINVAL;
	if (!r.new_len || r.new_len > r.mm->task_size)
		return -EINVAL;
	if (down_write_killable(&r.mm->mmap_lock))
		return -EINTR;
	result = mremap_locked(&r);
	mmap_write_unlock(r.mm);
	if (!IS_ERR_VALUE(result) && r.populate_len)
		mm_populate(r.populate_from, r.populate_len, true);
	return result;
}
