/* SPDX-License-Identifier: MIT */
/* The VMAs recounted: what list, tree, gaps and accounts say must agree. */
#include "mm/mm.h"
#include "mm/vma.h"

static inline struct vm_area_struct *vma_of(struct rb_node *node)
{
	return rb_entry(node, struct vm_area_struct, vm_rb);
}

struct tree_check {
	struct vm_area_struct *expect; /* next one in list order */
	int problems;
	void (*report)(const char *fmt, ...);
};

/* Black height of the subtree, its nodes checked against the list. */
static int check_subtree(struct tree_check *check, struct rb_node *node, struct rb_node *parent)
{
	struct vm_area_struct *vma;
	unsigned long gap;
	int left, right;

	if (!node)
		return 1;
	vma = vma_of(node);
	left = check_subtree(check, node->rb_left, node);
	if (check->expect != vma) {
		check->problems++;
		check->report("vma audit: %lx out of order in the tree\n", vma->vm_start);
	}
	check->expect = vma->vm_next;
	right = check_subtree(check, node->rb_right, node);
	gap = vma_compute_gap(vma);
	if (node->rb_left)
		gap = max(gap, vma_of(node->rb_left)->rb_subtree_gap);
	if (node->rb_right)
		gap = max(gap, vma_of(node->rb_right)->rb_subtree_gap);
	if (gap != vma->rb_subtree_gap) {
		check->problems++;
		check->report("vma audit: %lx has subtree gap %lx, counted %lx\n", vma->vm_start,
			      vma->rb_subtree_gap, gap);
	}
	if (rb_parent(node) != parent || left != right ||
	    (rb_is_red(node) && parent && rb_is_red(parent))) {
		check->problems++;
		check->report("vma audit: %lx breaks the red-black rules\n", vma->vm_start);
	}
	return left + rb_is_black(node);
}

int vma_audit(struct mm_struct *mm, void (*report)(const char *fmt, ...))
{
	struct tree_check check = {.expect = mm->mmap, .report = report};
	struct vm_area_struct *vma, *prev = NULL;
	struct mm_struct count = {.map_count = 0};

	for_each_vma (mm, vma) {
		if (vma->vm_prev != prev || (prev && prev->vm_end > vma->vm_start) ||
		    vma->vm_start >= vma->vm_end || offset_in_page(vma->vm_start | vma->vm_end) ||
		    vma->vm_end > TASK_SIZE_MAX || vma->vm_mm != mm) {
			check.problems++;
			report("vma audit: list wrong at %lx-%lx\n", vma->vm_start, vma->vm_end);
		}
		count.map_count++;
		vm_stat_account(&count, vma->vm_flags, vma_pages(vma));
		prev = vma;
	}
	check_subtree(&check, mm->mm_rb.rb_node, NULL);
	if (check.expect) {
		check.problems++;
		report("vma audit: %lx is in the list only\n", check.expect->vm_start);
	}
	if (count.map_count != mm->map_count || count.total_vm != mm->total_vm ||
	    count.locked_vm != mm->locked_vm || count.data_vm != mm->data_vm ||
	    count.exec_vm != mm->exec_vm || count.stack_vm != mm->stack_vm) {
		check.problems++;
		report("vma audit: counts %d vm %lu locked %lu data %lu exec %lu stack %lu; "
		       "counted %d %lu %lu %lu %lu %lu\n",
		       mm->map_count, mm->total_vm, mm->locked_vm, mm->data_vm, mm->exec_vm,
		       mm->stack_vm, count.map_count, count.total_vm, count.locked_vm,
		       count.data_vm, count.exec_vm, count.stack_vm);
	}
	return check.problems;
}
