/* SPDX-License-Identifier: MIT */
/* /proc/PID/maps, smaps, smaps_rollup and numa_maps: the address space, mapping by mapping. */
#include "procfs/internal.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "mm/vma.h"

/* What one text needs while it is made. */
struct maps_text {
	struct seq_file *m;
	struct mm_struct *mm;
	char *path_buf; /* PATH_MAX */
};

/* ---- The line of a mapping ------------------------------------------------------------------- */

#define NAME_COLUMN 73

static const char *vma_name(const struct maps_text *t, struct vm_area_struct *vma)
{
	const struct mm_struct *mm = t->mm;
	const char *name;

	if (vma->vm_file) {
		name = d_path(&vma->vm_file->f_path, t->path_buf, PATH_MAX);
		return IS_ERR(name) ? "?" : name;
	}
	if (vma->vm_ops && vma->vm_ops->name) {
		name = vma->vm_ops->name(vma);
		if (name)
			return name;
	}
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

static void show_header(struct seq_file *m, const struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags;
	const struct inode *inode = vma->vm_file ? vma->vm_file->f_inode : NULL;
	dev_t dev = inode ? inode->i_sb->s_dev : 0;

	seq_printf(m, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %llu ", vma->vm_start, vma->vm_end,
		   flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		   flags & VM_EXEC ? 'x' : '-', flags & VM_MAYSHARE ? 's' : 'p',
		   inode ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0, MAJOR(dev), MINOR(dev),
		   inode ? inode->i_ino : 0);
}

/* @name without its newlines, which would look like another line. */
static void show_name(struct seq_file *m, const char *name)
{
	for (; *name; name++) {
		if (*name == '\n')
			seq_puts(m, "\\012");
		else
			seq_putc(m, *name);
	}
}

static void show_vma(const struct maps_text *t, struct vm_area_struct *vma)
{
	size_t start = t->m->count;
	const char *name = vma_name(t, vma);

	show_header(t->m, vma);
	if (name) {
		seq_pad_to(t->m, start, NAME_COLUMN - 1);
		seq_putc(t->m, ' ');
		show_name(t->m, name);
	}
	seq_putc(t->m, '\n');
}

/*
 * Call @show for each VMA, mmap_lock held for reading, and @end (may be NULL) after the last. An mm
 * that is gone, or was none, has an empty text.
 */
static int show_each_vma(struct seq_file *m, struct task_struct *task,
			 void (*show)(const struct maps_text *, struct vm_area_struct *),
			 void (*end)(const struct maps_text *))
{
	struct maps_text t = {.m = m};
	struct vm_area_struct *vma;

	if (!proc_opener_may_access(task, m))
		return -EACCES;
	t.mm = get_task_mm(task);
	if (!t.mm)
		return 0;
	t.path_buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!t.path_buf) {
		mmput(t.mm);
		return -ENOMEM;
	}
	down_read(&t.mm->mmap_lock);
	for_each_vma (t.mm, vma) {
		if (seq_has_overflowed(m))
			break;
		if (show)
			show(&t, vma);
	}
	if (end)
		end(&t);
	up_read(&t.mm->mmap_lock);
	kfree(t.path_buf);
	mmput(t.mm);
	return 0;
}

int proc_pid_maps(struct seq_file *m, struct task_struct *task)
{
	return show_each_vma(m, task, show_vma, NULL);
}

/* ---- smaps ----------------------------------------------------------------------------------- */

static void show_kib(struct seq_file *m, const char *label, u64 bytes)
{
	seq_printf(m, "%-16s%8llu kB\n", label, bytes >> 10);
}

static void show_sizes(struct seq_file *m, const struct mem_size_stats *mss, bool rollup)
{
	show_kib(m, "Rss:", mss->resident);
	show_kib(m, "Pss:", mss->pss);
	show_kib(m, "Pss_Dirty:", mss->pss_dirty);
	if (rollup) {
		show_kib(m, "Pss_Anon:", mss->pss_anon);
		show_kib(m, "Pss_File:", mss->pss_file);
		show_kib(m, "Pss_Shmem:", mss->pss_shmem);
	}
	show_kib(m, "Shared_Clean:", mss->shared_clean);
	show_kib(m, "Shared_Dirty:", mss->shared_dirty);
	show_kib(m, "Private_Clean:", mss->private_clean);
	show_kib(m, "Private_Dirty:", mss->private_dirty);
	show_kib(m, "Referenced:", mss->referenced);
	show_kib(m, "Anonymous:", mss->anonymous);
	/* Kinds of pages that do not exist here. */
	show_kib(m, "KSM:", 0);
	show_kib(m, "LazyFree:", 0);
	show_kib(m, "AnonHugePages:", 0);
	show_kib(m, "ShmemPmdMapped:", 0);
	show_kib(m, "FilePmdMapped:", 0);
	show_kib(m, "Shared_Hugetlb:", 0);
	seq_puts(m, "Private_Hugetlb:       0 kB\n");
	show_kib(m, "Swap:", mss->swap);
	show_kib(m, "SwapPss:", mss->swap_pss);
	show_kib(m, "Locked:", mss->locked);
}

static void show_vm_flags(struct seq_file *m, unsigned long flags)
{
	static const struct {
		unsigned long flag;
		char name[3];
	} names[] = {
		{VM_READ, "rd"},       {VM_WRITE, "wr"},       {VM_EXEC, "ex"},
		{VM_SHARED, "sh"},     {VM_MAYREAD, "mr"},     {VM_MAYWRITE, "mw"},
		{VM_MAYEXEC, "me"},    {VM_MAYSHARE, "ms"},    {VM_GROWSDOWN, "gd"},
		{VM_PFNMAP, "pf"},     {VM_LOCKED, "lo"},      {VM_IO, "io"},
		{VM_SEQ_READ, "sr"},   {VM_RAND_READ, "rr"},   {VM_DONTCOPY, "dc"},
		{VM_DONTEXPAND, "de"}, {VM_LOCKONFAULT, "lf"}, {VM_ACCOUNT, "ac"},
		{VM_NORESERVE, "nr"},  {VM_WIPEONFORK, "wf"},  {VM_DONTDUMP, "dd"},
	};

	seq_puts(m, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & names[i].flag)
			seq_printf(m, "%s ", names[i].name);
	}
	seq_putc(m, '\n');
}

static void show_smap(const struct maps_text *t, struct vm_area_struct *vma)
{
	struct mem_size_stats mss = {0};

	show_vma(t, vma);
	smap_gather(vma, &mss);
	show_kib(t->m, "Size:", vma->vm_end - vma->vm_start);
	show_kib(t->m, "KernelPageSize:", PAGE_SIZE);
	show_kib(t->m, "MMUPageSize:", PAGE_SIZE);
	show_sizes(t->m, &mss, false);
	seq_printf(t->m, "THPeligible:    %8u\n", 0);
	show_vm_flags(t->m, vma->vm_flags);
}

int proc_pid_smaps(struct seq_file *m, struct task_struct *task)
{
	return show_each_vma(m, task, show_smap, NULL);
}

static void show_rollup(const struct maps_text *t)
{
	struct vm_area_struct *vma, *last = NULL;
	struct mem_size_stats mss = {0};
	size_t start = t->m->count;

	for_each_vma (t->mm, vma) {
		smap_gather(vma, &mss);
		last = vma;
	}
	seq_printf(t->m, "%08lx-%08lx ---p 00000000 00:00 0 ",
		   t->mm->mmap ? t->mm->mmap->vm_start : 0, last ? last->vm_end : 0);
	seq_pad_to(t->m, start, NAME_COLUMN - 1);
	seq_puts(t->m, " [rollup]\n");
	show_sizes(t->m, &mss, true);
}

int proc_pid_smaps_rollup(struct seq_file *m, struct task_struct *task)
{
	size_t before = m->count;
	int err = show_each_vma(m, task, NULL, show_rollup);

	/* Linux has nothing to say of a task without an address space. */
	return !err && m->count == before && !seq_has_overflowed(m) ? -ESRCH : err;
}

/* ---- numa_maps ------------------------------------------------------------------------------- */

struct numa_pages {
	unsigned long pages, anon, dirty, writeback, active, swapcache;
	unsigned int mapcount_max;
};

static void gather_numa(struct vm_area_struct *vma, struct numa_pages *n)
{
	unsigned long addr = vma->vm_start, next;
	struct pgpath path;
	pte_t *pte;

	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, addr, next, vma->vm_end, pte, path) {
		unsigned int sharers = 0;

		for (; addr < next; addr += PAGE_SIZE, pte++) {
			pte_t entry = pte_get(pte);
			struct page *page = pte_present(entry) ? pte_page_counted(entry) : NULL;

			if (!page)
				continue;
			n->pages++;
			n->anon += page_flag(page, PG_anon);
			n->dirty += pte_dirty(entry) || page_flag(page, PG_dirty);
			n->writeback += page_flag(page, PG_writeback);
			n->active += page_flag(page, PG_active) ||
				     page_flag(page, PG_unevictable);
			n->swapcache += page_flag(page, PG_anon) && page_flag(page, PG_swapcache);
			n->mapcount_max = max(n->mapcount_max, page_mms_by(page, &path, &sharers));
		}
	}
	up_read(&rmap_lock);
}

static void show_numa_vma(const struct maps_text *t, struct vm_area_struct *vma)
{
	struct numa_pages n = {0};
	struct seq_file *m = t->m;
	const char *name;

	/* There is one node, and no policy but the default one. */
	seq_printf(m, "%08lx default", vma->vm_start);
	name = vma_name(t, vma);
	if (vma->vm_file) {
		seq_puts(m, " file=");
		seq_escape(m, name, "\n\t= ");
	} else if (name && !strcmp(name, "[heap]")) {
		seq_puts(m, " heap");
	} else if (name && !strcmp(name, "[stack]")) {
		seq_puts(m, " stack");
	}
	gather_numa(vma, &n);
	if (n.pages) {
		if (n.anon)
			seq_printf(m, " anon=%lu", n.anon);
		if (n.dirty)
			seq_printf(m, " dirty=%lu", n.dirty);
		if (n.pages != n.anon && n.pages != n.dirty)
			seq_printf(m, " mapped=%lu", n.pages);
		if (n.mapcount_max > 1)
			seq_printf(m, " mapmax=%u", n.mapcount_max);
		if (n.swapcache)
			seq_printf(m, " swapcache=%lu", n.swapcache);
		if (n.active < n.pages)
			seq_printf(m, " active=%lu", n.active);
		if (n.writeback)
			seq_printf(m, " writeback=%lu", n.writeback);
		seq_printf(m, " N0=%lu kernelpagesize_kB=%lu", n.pages, PAGE_SIZE >> 10);
	}
	seq_putc(m, '\n');
}

int proc_pid_numa_maps(struct seq_file *m, struct task_struct *task)
{
	return show_each_vma(m, task, show_numa_vma, NULL);
}
