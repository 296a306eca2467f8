/* SPDX-License-Identifier: MIT */
/*
 * The VMAs of an address space: list, tree and accounts. Nothing else touches the tree, so that
 * another structure could take its place in this file.
 *
 *	mm->mmap	AA ---gap--- BBBB CC -gap- DDD		sorted by address, doubly linked
 *	mm->mm_rb	the same VMAs by address; each node keeps in rb_subtree_gap the largest gap
 *			before any VMA of its subtree, so that a search for free addresses
 *			leaves out whole subtrees: O(log n)
 *
 * The gap before a VMA ends at vm_start_gap(): below a stack a guard gap stays free.
 *
 * mm->vma_cache is the VMA found last: set by readers of mmap_lock, cleared before a VMA leaves the
 * tree, so it never points at a dead one.
 */
#include "mm/internal.h"
#include "mm/vma.h"
#include "mm/mm.h"
#include "file/file.h"
#include "lib/string.h"
#include "page/slab.h"

static struct kmem_cache *vm_area_cache;
unsigned long stack_guard_gap = 256UL << PAGE_SHIFT;

void vma_init(void)
{
	vm_area_cache = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 0, NULL);
	BUG_ON(!vm_area_cache);
}

/* ---- One VMA
 * --------------------------------------------------------------------------------------- */

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(vm_area_cache, GFP_KERNEL);

	if (vma) {
		vma->vm_mm = mm;
		vma->oom_reaped = mm->oom_reaped;
	}
	return vma;
}

struct vm_area_struct *vm_area_dup(struct vm_area_struct *vma, struct mm_struct *mm)
{
	struct vm_area_struct *new = kmem_cache_alloc(vm_area_cache, GFP_KERNEL);

	if (!new)
		return NULL;
	*new = *vma;
	new->vm_mm = mm;
	new->vm_next = new->vm_prev = NULL;
	new->in_i_mmap = new->in_anon_vma = false;
	new->anon_vma = NULL;
	refcount_set(&new->own_anon_vma.refcount, 0);
	if (new->vm_file)
		get_file(new->vm_file);
	return new;
}

void vm_area_free(struct vm_area_struct *vma)
{
	if (refcount_read(&vma->own_anon_vma.refcount))
		anon_vma_leave_home(vma);
	else
		__vm_area_free(vma);
}

void __vm_area_free(struct vm_area_struct *vma)
{
	kmem_cache_free(vm_area_cache, vma);
}

void remove_vma(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	BUG_ON(vma->in_i_mmap || vma->in_anon_vma);
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (!vma->vm_file) {
		vm_area_free(vma);
		return;
	}
	vma->vm_next = mm->dead_vmas;
	mm->dead_vmas = vma;
}

void remove_vma_list(struct vm_area_struct *vma)
{
	while (vma) {
		struct vm_area_struct *next = vma->vm_next;

		remove_vma(vma);
		vma = next;
	}
}

void vma_free_dead(struct vm_area_struct *dead)
{
	while (dead) {
		struct vm_area_struct *next = dead->vm_next;

		fput(dead->vm_file);
		vm_area_free(dead);
		dead = next;
	}
}

void mmap_write_unlock(struct mm_struct *mm)
{
	struct vm_area_struct *dead = mm->dead_vmas;

	mm->dead_vmas = NULL;
	up_write(&mm->mmap_lock);
	if (unlikely(dead))
		vma_free_dead(dead);
}

pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	const unsigned long shared_write = VM_WRITE | VM_SHARED;

	/* As for hardware, W implies R, also where W itself waits for the first write. */
	return pgprot_user(vm_flags & (VM_READ | VM_WRITE),
			   (vm_flags & shared_write) == shared_write, vm_flags & VM_EXEC);
}

void vma_set_page_prot(struct vm_area_struct *vma)
{
	unsigned long vm_flags = vma->vm_flags;

	if (vma->vm_ops && vma->vm_ops->page_mkwrite)
		vm_flags &= ~VM_SHARED;
	vma->vm_page_prot = vm_get_page_prot(vm_flags);
}

/* ---- Accounts
 * -------------------------------------------------------------------------------------- */

void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, long pages)
{
	mm->total_vm += pages;
	if (mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += pages;
	if (vm_flags & VM_STACK)
		mm->stack_vm += pages;
	else if ((vm_flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		mm->exec_vm += pages;
	else if ((vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		mm->data_vm += pages;
}

/* ---- The tree
 * -------------------------------------------------------------------------------------- */

RB_DECLARE_CALLBACKS_MAX(static, vma_gap_callbacks, struct vm_area_struct, vm_rb, unsigned long,
			 rb_subtree_gap, vma_compute_gap);

static inline struct vm_area_struct *vma_of(struct rb_node *node)
{
	return rb_entry(node, struct vm_area_struct, vm_rb);
}

static inline void vma_gap_update(struct vm_area_struct *vma)
{
	vma_gap_callbacks_propagate(&vma->vm_rb, NULL);
}

static inline void vma_tree_changed(struct mm_struct *mm)
{
	WRITE_ONCE(mm->mmap_seq, mm->mmap_seq + 1);
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = READ_ONCE(mm->vma_cache), *found = NULL;
	struct rb_node *node;

	if (likely(vma) && vma->vm_start <= addr && addr < vma->vm_end)
		return vma;
	node = mm->mm_rb.rb_node;
	while (node) {
		vma = vma_of(node);
		if (addr < vma->vm_end) {
			found = vma;
			if (addr >= vma->vm_start)
				break;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	if (found && found->vm_start <= addr)
		WRITE_ONCE(mm->vma_cache, found);
	return found;
}

struct vm_area_struct *vma_last(struct mm_struct *mm)
{
	struct rb_node *last = rb_last(&mm->mm_rb);

	return last ? vma_of(last) : NULL;
}

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **prev)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	*prev = vma ? vma->vm_prev : vma_last(mm);
	return vma;
}

struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start,
					     unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

static void list_insert(struct mm_struct *mm, struct vm_area_struct *vma,
			struct vm_area_struct *prev)
{
	vma->vm_prev = prev;
	if (prev) {
		vma->vm_next = prev->vm_next;
		prev->vm_next = vma;
	} else {
		vma->vm_next = mm->mmap;
		mm->mmap = vma;
	}
	if (vma->vm_next)
		vma->vm_next->vm_prev = vma;
}

void vma_insert(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct rb_node **link = &mm->mm_rb.rb_node, *parent = NULL;
	struct vm_area_struct *prev = NULL;

	while (*link) {
		struct vm_area_struct *here = vma_of(*link);

		parent = *link;
		if (vma->vm_end <= here->vm_start) {
			link = &parent->rb_left;
		} else {
			BUG_ON(vma->vm_start < here->vm_end);
			prev = here;
			link = &parent->rb_right;
		}
	}
	list_insert(mm, vma, prev);
	if (vma->vm_next)
		vma_gap_update(vma->vm_next);
	rb_link_node(&vma->vm_rb, parent, link);
	vma->rb_subtree_gap = 0;
	vma_gap_update(vma);
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
	mm->map_count++;
	vm_stat_account(mm, vma->vm_flags, vma_pages(vma));
	vma_tree_changed(mm);
}

void vma_cut(struct vm_area_struct *vma, struct vm_area_struct *new, unsigned long addr,
	     bool keep_low)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long high_pgoff = linear_page_index(vma, addr);
	struct rb_node *parent = &vma->vm_rb, **link;

	new->vm_start = keep_low ? addr : vma->vm_start;
	new->vm_end = keep_low ? vma->vm_end : addr;
	new->vm_pgoff = keep_low ? high_pgoff : vma->vm_pgoff;
	/* Its place in the tree is next to @vma: the first free link to the right (left) of it. */
	if (keep_low) {
		vma->vm_end = addr;
		list_insert(mm, new, vma);
		link = &parent->rb_right;
		while (*link) {
			parent = *link;
			link = &parent->rb_left;
		}
	} else {
		vma->vm_start = addr;
		vma->vm_pgoff = high_pgoff;
		list_insert(mm, new, vma->vm_prev);
		link = &parent->rb_left;
		while (*link) {
			parent = *link;
			link = &parent->rb_right;
		}
	}
	rb_link_node(&new->vm_rb, parent, link);
	new->rb_subtree_gap = 0;
	if (!keep_low)
		vma_gap_update(new); /* the gap before @vma is before @new now, which is below it in
					the tree */
	rb_insert_augmented(&new->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
	mm->map_count++;
	vma_tree_changed(mm);
}

static void list_remove(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (vma->vm_prev)
		vma->vm_prev->vm_next = vma->vm_next;
	else
		mm->mmap = vma->vm_next;
	if (vma->vm_next)
		vma->vm_next->vm_prev = vma->vm_prev;
	mm->map_count--;
}

void vma_join(const struct vma_join *j)
{
	struct vm_area_struct *keep = j->keep, *curr = j->curr, *gone = j->gone;
	struct mm_struct *mm = keep->vm_mm;
	long taken = 0, pages = ((j->end - j->start) >> PAGE_SHIFT) - vma_pages(keep);

	if (curr) {
		taken = vma_pages(curr);
		if (!j->curr_goes)
			taken -= (j->curr_end - j->curr_start) >> PAGE_SHIFT;
	}
	if (gone)
		pages -= vma_pages(gone);
	if (taken)
		vm_stat_account(mm, curr->vm_flags, -taken);
	vm_stat_account(mm, keep->vm_flags, pages);

	if (curr && !j->curr_goes) {
		curr->vm_pgoff = linear_page_index(curr, j->curr_start);
		curr->vm_start = j->curr_start;
		curr->vm_end = j->curr_end;
	}
	keep->vm_start = j->start;
	keep->vm_end = j->end;
	keep->vm_pgoff = j->pgoff;
	if (curr && j->curr_goes)
		list_remove(mm, curr);
	if (gone)
		list_remove(mm, gone);
	/* Gaps are made right while all nodes are in the tree: erasing computes from what it finds.
	 */
	vma_gap_update(keep);
	if (keep->vm_next)
		vma_gap_update(keep->vm_next);
	if (curr && j->curr_goes)
		rb_erase_augmented(&curr->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
	if (gone)
		rb_erase_augmented(&gone->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
	mm->vma_cache = keep;
	vma_tree_changed(mm);
}

void vma_append(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	/* Until vma_build_tree() the cache holds the last one appended. */
	struct vm_area_struct *last = mm->vma_cache;

	BUG_ON(last && last->vm_end > vma->vm_start);
	list_insert(mm, vma, last);
	mm->vma_cache = vma;
	mm->map_count++;
	vm_stat_account(mm, vma->vm_flags, vma_pages(vma));
}

/* The next @n VMAs of the list at *@next as a balanced tree; those at depth @red are red. */
static struct rb_node *build_subtree(struct vm_area_struct **next, unsigned long n, int depth,
				     int red)
{
	struct rb_node *left, *right;
	struct vm_area_struct *vma;

	if (!n)
		return NULL;
	left = build_subtree(next, n / 2, depth + 1, red);
	vma = *next;
	*next = vma->vm_next;
	right = build_subtree(next, n - n / 2 - 1, depth + 1, red);

	vma->vm_rb.rb_left = left;
	vma->vm_rb.rb_right = right;
	vma->vm_rb.__rb_parent_color = depth == red ? RB_RED : RB_BLACK;
	vma->rb_subtree_gap = 0;
	if (left)
		left->__rb_parent_color |= (unsigned long)&vma->vm_rb;
	if (right)
		right->__rb_parent_color |= (unsigned long)&vma->vm_rb;
	vma_gap_callbacks_compute_max(vma, false);
	return &vma->vm_rb;
}

void vma_build_tree(struct mm_struct *mm)
{
	struct vm_area_struct *next = mm->mmap;
	unsigned long n = mm->map_count;
	int red = 0;

	/* Halving leaves all levels full but the last: that one is red, or all black if it is full
	 * too. */
	while (n >> red)
		red++;
	if (!(n & (n + 1)))
		red = -1;
	else
		red--;
	mm->mm_rb.rb_node = build_subtree(&next, n, 0, red);
	BUG_ON(next);
	mm->vma_cache = NULL;
	vma_tree_changed(mm);
}

struct vm_area_struct *vma_detach_range(struct vm_area_struct *first, unsigned long end)
{
	struct mm_struct *mm = first->vm_mm;
	struct vm_area_struct *prev = first->vm_prev, *vma = first, *last = NULL;

	while (vma && vma->vm_start < end) {
		rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_callbacks);
		mm->map_count--;
		vm_stat_account(mm, vma->vm_flags, -(long)vma_pages(vma));
		last = vma;
		vma = vma->vm_next;
	}
	BUG_ON(!last);
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (vma) {
		vma->vm_prev = prev;
		vma_gap_update(vma);
	}
	last->vm_next = NULL;
	mm->vma_cache = NULL;
	vma_tree_changed(mm);
	return first;
}

struct vm_area_struct *vma_detach_all(struct mm_struct *mm)
{
	struct vm_area_struct *first = mm->mmap, *vma;

	for_each_vma (mm, vma)
		vm_stat_account(mm, vma->vm_flags, -(long)vma_pages(vma));
	mm->mmap = NULL;
	mm->mm_rb = RB_ROOT;
	mm->vma_cache = NULL;
	mm->map_count = 0;
	vma_tree_changed(mm);
	return first;
}

void vma_set_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		   unsigned long pgoff)
{
	struct mm_struct *mm = vma->vm_mm;
	long grown = (long)((end - start) - (vma->vm_end - vma->vm_start)) >> PAGE_SHIFT;
	bool start_moves = start != vma->vm_start, end_moves = end != vma->vm_end;

	BUG_ON(start >= end);
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
	if (start_moves)
		vma_gap_update(vma);
	if (end_moves && vma->vm_next)
		vma_gap_update(vma->vm_next);
	if (grown)
		vm_stat_account(mm, vma->vm_flags, grown);
	vma_tree_changed(mm);
}

void vma_set_flags(struct vm_area_struct *vma, unsigned long vm_flags)
{
	unsigned long old = vma->vm_flags;

	vm_stat_account(vma->vm_mm, old, -(long)vma_pages(vma));
	vma->vm_flags = vm_flags;
	vm_stat_account(vma->vm_mm, vm_flags, vma_pages(vma));
	if ((old ^ vm_flags) & VM_GROWSDOWN)
		vma_gap_update(vma);
	vma_set_page_prot(vma);
	vma_tree_changed(vma->vm_mm);
}

void vm_flags_set(struct vm_area_struct *vma, unsigned long vm_flags)
{
	vma_set_flags(vma, vma->vm_flags | vm_flags);
	change_protection(vma, vma->vm_start, vma->vm_end); /* the arguments' pages are there already */
}

/* ---- Free addresses
 * -------------------------------------------------------------------------------- */

/* Does the gap before @vma hold @need bytes within [low, high)? */
static inline bool gap_holds(const struct vm_area_struct *vma, unsigned long need,
			     unsigned long low, unsigned long high)
{
	unsigned long start = max(vma->vm_prev ? vma->vm_prev->vm_end : 0, low);

	return start + need <= min(vm_start_gap(vma), high);
}

/*
 * The lowest VMA below @node whose gap holds @need bytes within [low, high). Subtrees whose largest
 * gap is too small, or that lie outside, are left out: what remains is one path down. Recursion is
 * as deep as the tree: 32 at most.
 */
static struct vm_area_struct *first_gap(struct rb_node *node, unsigned long need, unsigned long low,
					unsigned long high)
{
	while (node && vma_of(node)->rb_subtree_gap >= need) {
		struct vm_area_struct *vma = vma_of(node), *found;

		if (vma->vm_start >= low + need) {
			found = first_gap(node->rb_left, need, low, high);
			if (found)
				return found;
		}
		if (gap_holds(vma, need, low, high))
			return vma;
		if (vma->vm_end + need > high)
			return NULL;
		node = node->rb_right;
	}
	return NULL;
}

/* Likewise the highest. */
static struct vm_area_struct *last_gap(struct rb_node *node, unsigned long need, unsigned long low,
				       unsigned long high)
{
	while (node && vma_of(node)->rb_subtree_gap >= need) {
		struct vm_area_struct *vma = vma_of(node), *found;

		if (vma->vm_end + need <= high) {
			found = last_gap(node->rb_right, need, low, high);
			if (found)
				return found;
		}
		if (gap_holds(vma, need, low, high))
			return vma;
		if (vma->vm_start < low + need)
			return NULL;
		node = node->rb_left;
	}
	return NULL;
}

unsigned long vm_unmapped_area(struct mm_struct *mm, const struct vm_unmapped_area_info *info)
{
	unsigned long need = info->length + info->align_mask, low = info->low_limit,
		      high = info->high_limit;
	unsigned long start, end, addr;
	struct vm_area_struct *vma, *last;

	if (need < info->length || high < need || low > high - need)
		return -ENOMEM;
	last = vma_last(mm);
	start = last ? max(last->vm_end, low) : low; /* the open end above every VMA */
	if (info->topdown) {
		if (start > high || high - start < need) {
			vma = last_gap(mm->mm_rb.rb_node, need, low, high);
			if (!vma)
				return -ENOMEM;
			start = max(vma->vm_prev ? vma->vm_prev->vm_end : 0, low);
			end = min(vm_start_gap(vma), high);
		} else {
			end = high;
		}
		addr = end - info->length;
		return addr - ((addr - info->align_offset) & info->align_mask);
	}
	vma = first_gap(mm->mm_rb.rb_node, need, low, high);
	if (vma)
		start = max(vma->vm_prev ? vma->vm_prev->vm_end : 0, low);
	else if (start > high || high - start < need)
		return -ENOMEM;
	return start + ((info->align_offset - start) & info->align_mask);
}
