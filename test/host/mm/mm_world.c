/* SPDX-License-Identifier: MIT */
#include "mm_world.h"
#include "../boot.h"
#include "test.h"

#include "lib/err.h"
#include "lib/string.h"
#include "mm/audit.h"
#include "mm/filemap.h"
#include "mm/internal.h"
#include "mm/oom.h"
#include "abi/fcntl.h"
#include "abi/signal.h"

static struct task_struct tasks[NR_CPUS];
static struct world_signal pending[NR_CPUS];

/* ---- CPUs and signals ------------------------------------------------------------------------ */

static void force_signal(int sig, int code, unsigned long addr)
{
	pending[arch_cpu_id()] = (struct world_signal){sig, code, addr};
}

static int take_signal(void)
{
	return pending[arch_cpu_id()].sig;
}

struct world_signal world_take_signal(void)
{
	struct world_signal sig = pending[arch_cpu_id()];

	pending[arch_cpu_id()] = (struct world_signal){0};
	return sig;
}

static int tlb_audit(void)
{
	return host_tlb_audit();
}

static loff_t inode_size(struct inode *inode);
static void release_file(struct file *file);
static struct file *shmem_file(const char *name, loff_t size, unsigned long vm_flags);

void world_set_up(void)
{
	xarray_init();
	file_init();
	file_release_hook = release_file;
	mm_init();
	force_sig_fault_hook = force_signal;
	host_take_signal = take_signal;
	mm_audit_tlb_hook = tlb_audit;
	mm_audit_exact = true;
	inode_size_hook = inode_size;
	shmem_file_setup = shmem_file;
}

void world_start(u64 ram, unsigned int cpus)
{
	unsigned int cpu;

	host_boot(ram, cpus);
	world_set_up();
	for (cpu = 0; cpu < cpus; cpu++) {
		tasks[cpu] = init_task;
		tasks[cpu].flags = 0;
		tasks[cpu].cpu = cpu;
		tasks[cpu].thread = host_cpus[cpu].current_task->thread;
		host_cpus[cpu].current_task = &tasks[cpu];
	}
	nr_cpus = cpus;
}

struct mm_struct *world_mm(void)
{
	struct mm_struct *mm = mm_alloc();

	CHECK(mm);
	arch_pick_mmap_layout(mm, 8UL << 20, false);
	return mm;
}

void world_run(unsigned int cpu, struct mm_struct *mm)
{
	struct task_struct *task = &tasks[cpu];
	struct mm_struct *old = task->mm;

	host_set_cpu(cpu);
	task->mm = task->active_mm = mm;
	arch_irq_disable();
	arch_switch_mm(old, mm);
	arch_irq_enable();
}

void world_put(struct mm_struct *mm)
{
	unsigned int cpu, here = arch_cpu_id();

	for (cpu = 0; cpu < nr_cpus; cpu++)
		if (tasks[cpu].mm == mm)
			world_run(cpu, NULL);
	host_set_cpu(here);
	mmput(mm);
}

int world_peek(unsigned long addr, u8 *byte)
{
	int sig = host_read(addr, byte, 1);

	CHECK_EQ(sig, world_take_signal().sig);
	return sig;
}

int world_poke(unsigned long addr, u8 byte)
{
	int sig = host_write(addr, &byte, 1);

	CHECK_EQ(sig, world_take_signal().sig);
	return sig;
}

unsigned long world_mmap(struct file *file, unsigned long addr, unsigned long len,
			 unsigned long prot, unsigned long flags, unsigned long pgoff)
{
	return vm_mmap_pgoff(file, addr, len, prot, flags | (file ? 0 : MAP_ANONYMOUS), pgoff);
}

void world_audit(void)
{
	CHECK_EQ(mm_audit(), 0);
}

unsigned long world_free_pages(void)
{
	slab_drain();
	drain_page_lists();
	return nr_free_pages();
}

/* ---- Files ----------------------------------------------------------------------------------- */

struct inode {
	struct address_space mapping;
	loff_t size;
	bool tracks;
	unsigned int mkwrites;
	/* What was written back, by page; NULL: nothing, or zeros. */
	unsigned long nr_stored;
	u8 **stored;
};

/* ---- The disk of files that track */

static void store_page(struct inode *inode, unsigned long index, const void *data)
{
	if (index >= inode->nr_stored) {
		unsigned long nr = index + 64;
		u8 **stored = test_malloc(nr * sizeof(*stored));

		memset(stored, 0, nr * sizeof(*stored));
		if (inode->nr_stored)
			memcpy(stored, inode->stored, inode->nr_stored * sizeof(*stored));
		test_free(inode->stored);
		inode->stored = stored;
		inode->nr_stored = nr;
	}
	if (!inode->stored[index])
		inode->stored[index] = test_malloc(PAGE_SIZE);
	memcpy(inode->stored[index], data, PAGE_SIZE);
}

static void forget_stored(struct inode *inode, loff_t from, loff_t to)
{
	unsigned long i;

	for (i = from >> PAGE_SHIFT; i < inode->nr_stored && (loff_t)(i << PAGE_SHIFT) < to; i++) {
		loff_t at = i << PAGE_SHIFT;

		if (!inode->stored[i])
			continue;
		if (at >= from && at + (loff_t)PAGE_SIZE <= to) {
			test_free(inode->stored[i]);
			inode->stored[i] = NULL;
		} else {
			u64 first = max(at, from) - at,
			    end = min(at + (loff_t)PAGE_SIZE, to) - at;

			memset(inode->stored[i] + first, 0, end - first);
		}
	}
}

static loff_t inode_size(struct inode *inode)
{
	return inode->size;
}

static int read_page(struct file *file, struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct inode *inode = mapping->host;

	if (page->index < inode->nr_stored && inode->stored[page->index])
		memcpy(page_address(page), inode->stored[page->index], PAGE_SIZE);
	else
		arch_clear_page(page_address(page));
	set_bit(PG_uptodate, &page->flags);
	return 0;
}

static int write_page(struct page *page)
{
	struct address_space *mapping = page->mapping;

	store_page(mapping->host, page->index, page_address(page));
	unlock_page(page);
	return 0;
}

static const struct address_space_operations memory_aops = {.read_folio = read_page};
static const struct address_space_operations tracking_aops = {.read_folio = read_page,
							      .writepage = write_page};

static int count_mkwrite(struct vm_fault *vmf)
{
	CHECK(page_flag(vmf->page, PG_locked));
	vmf->vma->vm_file->f_inode->mkwrites++;
	return 0;
}

static struct vm_operations_struct tracking_vm_ops;

static int file_mmap(struct file *file, struct vm_area_struct *vma)
{
	tracking_vm_ops = generic_file_vm_ops;
	tracking_vm_ops.page_mkwrite = count_mkwrite;
	vma->vm_ops = file->f_inode->tracks ? &tracking_vm_ops : &shmem_vm_ops;
	return 0;
}

static void release_file(struct file *file)
{
	struct inode *inode = file->f_inode;

	truncate_inode_pages_range(&inode->mapping, 0, -1);
	address_space_destroy(&inode->mapping);
	forget_stored(inode, 0, S64_MAX);
	test_free(inode->stored);
	kfree(inode);
}

/* Punches holes; nothing else is asked for. */
static long file_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	CHECK_EQ(mode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	world_punch_hole(file, offset, offset + len);
	return 0;
}

static const struct file_operations file_ops = {.mmap = file_mmap, .fallocate = file_fallocate};

static struct file *make_file(loff_t size, bool tracks)
{
	struct inode *inode = kzalloc(sizeof(*inode), GFP_KERNEL);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	file = alloc_empty_file(O_RDWR, &init_cred);
	if (IS_ERR(file)) {
		kfree(inode);
		return file;
	}
	address_space_init(&inode->mapping, inode, tracks ? &tracking_aops : &memory_aops);
	inode->mapping.kind = tracks ? MAPPING_FILE : MAPPING_SHMEM;
	inode->size = size;
	inode->tracks = tracks;
	file->f_op = &file_ops;
	file->f_inode = inode;
	file->f_mapping = &inode->mapping;
	return file;
}

static struct file *shmem_file(const char *name, loff_t size, unsigned long vm_flags)
{
	return make_file(size, false);
}

struct file *world_file(loff_t size, bool tracks)
{
	struct file *file = make_file(size, tracks);

	CHECK(!IS_ERR(file));
	return file;
}

void world_truncate(struct file *file, loff_t size)
{
	struct inode *inode = file->f_inode;
	loff_t old = inode->size;

	inode->size = size;
	if (size >= old)
		return;
	truncate_inode_pages_range(&inode->mapping, size, -1);
	forget_stored(inode, size, S64_MAX);
}

void world_punch_hole(struct file *file, loff_t from, loff_t to)
{
	truncate_inode_pages_range(file->f_mapping, from, to);
	forget_stored(file->f_inode, from, to);
}

static u8 *file_byte(struct file *file, unsigned long offset, struct page **page)
{
	bool major;

	*page = read_cache_page(file->f_mapping, file, offset >> PAGE_SHIFT, &major);
	CHECK(!IS_ERR(*page));
	return (u8 *)page_address(*page) + offset_in_page(offset);
}

u8 world_file_peek(struct file *file, unsigned long offset)
{
	struct page *page;
	u8 byte = *file_byte(file, offset, &page);

	put_page(page);
	return byte;
}

void world_file_poke(struct file *file, unsigned long offset, u8 byte)
{
	struct page *page;
	u8 *p = file_byte(file, offset, &page);

	lock_page(page);
	*p = byte;
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
}

unsigned int world_file_mkwrites(struct file *file)
{
	return file->f_inode->mkwrites;
}

/* A victim of memory shortage: current, which has nothing else to wait for. */
void world_kill_victim(struct mm_struct *victim)
{
	current->pending.signal |= 1UL << (SIGKILL - 1);
	set_task_work(current, TIF_SIGPENDING);
	force_sig_fault_hook(SIGKILL, 0, 0);
	oom_exit_end(victim);
	victim->oom_victim = false;
}

void world_revive(void)
{
	current->pending.signal = 0;
	clear_task_work(current, TIF_SIGPENDING);
}
