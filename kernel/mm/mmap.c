/* SPDX-License-Identifier: MIT */
/*
 * mmap and munmap. Each is decided first (arguments, limits, memory that will be needed), then
 * committed.
 *
 *	vm_mmap_pgoff	mmap_lock, do_mmap, populate
 *	do_mmap		arguments and permissions -> vm_flags
 *	mmap_region	limits, commit charge, what lay there before goes, merge or a new VMA
 *	do_munmap	split at the ends, take out of the tree, unmap_region, free
 *
 * Errors come in Linux's order: the first check that fails tells.
 */
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/pgwalk.h"
#include "file/file.h"
#include "lib/err.h"
#include "sched/sched.h"
#include "task/task.h"
#include "abi/personality.h"

int sysctl_max_map_count = 65530;
struct file *(*shmem_file_setup)(const char *name, loff_t size, unsigned long vm_flags);
bool (*path_noexec_hook)(const struct path *path);

/* What mmap accepted before MAP_SHARED_VALIDATE; that one refuses everything else. */
#define LEGACY_MAP_MASK                                                                            \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE |   \
	 MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |           \
	 MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_HUGE_2MB | MAP_HUGE_1GB)

/* ---- Limits
 * ---------------------------------------------------------------------------------------- */

unsigned long rlimit(unsigned int limit)
{
	return READ_ONCE(current->signal->rlim[limit].rlim_cur);
}

static inline bool is_data_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_STACK)) == VM_WRITE;
}

bool may_expand_vm(struct mm_struct *mm, unsigned long vm_flags, unsigned long pages)
{
	if (mm->total_vm + pages > rlimit(RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	if (!is_data_mapping(vm_flags) || mm->data_vm + pages <= rlimit(RLIMIT_DATA) >> PAGE_SHIFT)
		return true;
	/* As Linux: a soft limit of 0 asks for the hard one (a debugger does so to keep brk away).
	 */
	return rlimit(RLIMIT_DATA) == 0 &&
	       mm->data_vm + pages <= READ_ONCE(current->signal->rlim[RLIMIT_DATA].rlim_max) >>
		       PAGE_SHIFT;
}

int mlock_future_check(struct mm_struct *mm, unsigned long vm_flags, unsigned long len)
{
	if (!(vm_flags & VM_LOCKED))
		return 0;
	if (mm->locked_vm + (len >> PAGE_SHIFT) > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT &&
	    !capable(CAP_IPC_LOCK))
		return -EAGAIN;
	return 0;
}

unsigned long vm_data_default_flags(void)
{
	unsigned long vm_flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

	return current->personality & READ_IMPLIES_EXEC ? vm_flags | VM_EXEC : vm_flags;
}

/* Private memory that may be written: it may come to need a page each. */
static inline bool is_accountable(unsigned long vm_flags)
{
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* Pages of [start, end) that VMAs cover now; *accounted: how many of them are charged. */
static unsigned long pages_in_range(struct mm_struct *mm, unsigned long start, unsigned long end,
				    unsigned long *accounted)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
	unsigned long pages = 0;

	*accounted = 0;
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		unsigned long n = (min(vma->vm_end, end) - max(vma->vm_start, start)) >> PAGE_SHIFT;

		pages += n;
		if (vma->vm_flags & VM_ACCOUNT)
			*accounted += n;
	}
	return pages;
}

/* ---- munmap
 * ---------------------------------------------------------------------------------------- */

/* No VMA outside of [start, end) is in [r->floor, r->ceiling). */
static void find_extent(struct mm_struct *mm, struct unmap_range *r)
{
	struct vm_area_struct *vma = find_vma(mm, r->start), *prev;

	prev = vma ? vma->vm_prev : vma_last(mm);
	r->floor = prev ? prev->vm_end : 0;
	if (vma && vma->vm_start < r->start)
		r->floor = r->start;
	vma = find_vma(mm, r->end);
	r->ceiling = !vma ? ~0ul : max(vma->vm_start, r->end);
}

/* All of unmapping [r->start, r->end) that may fail: VMAs end there (*first: the first between),
 * and so do shared tables. 0 or -ENOMEM. */
static int prepare_unmap(struct mm_struct *mm, struct unmap_range *r, struct vm_area_struct **first)
{
	if (mm->shares_tables &&
	    (pgwalk_shared_at(mm, r->start) || pgwalk_shared_at(mm, r->end - 1))) {
		find_extent(mm, r);
		if (pgwalk_own_ends(mm, r->start, r->end, r->floor, r->ceiling))
			return -ENOMEM;
	}
	return vma_isolate(mm, r->start, r->end, first);
}

/* Unmap the VMAs from @first, after prepare_unmap(). Cannot fail. */
static void unmap_vmas_in(struct mm_struct *mm, struct vm_area_struct *first, struct unmap_range *r)
{
	struct vm_area_struct *vma;
	long accounted = 0;

	first = vma_detach_range(first, r->end);
	for (vma = first; vma; vma = vma->vm_next) {
		if (vma->vm_flags & VM_ACCOUNT)
			accounted += vma_pages(vma);
	}
	unmap_region(mm, first, r);
	remove_vma_list(first);
	if (accounted)
		vm_unacct_memory(accounted);
}

int do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct unmap_range r = {.start = addr, .floor = addr};
	struct vm_area_struct *first;
	int error;

	if (offset_in_page(addr) || addr > mm->task_size || len > mm->task_size - addr)
		return -EINVAL;
	r.end = r.ceiling = addr + PAGE_ALIGN(len);
	if (r.end == addr)
		return -EINVAL;
	error = prepare_unmap(mm, &r, &first);
	if (error || !first)
		return error;
	unmap_vmas_in(mm, first, &r);
	return 0;
}

void munmap_empty(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct unmap_range r = {
		.start = vma->vm_start,
		.end = vma->vm_end,
		.floor = zap_floor(vma, vma->vm_start),
		.ceiling = zap_ceiling(vma, vma->vm_end),
		.empty = true,
	};

	unmap_vmas_in(mm, vma, &r);
}

int vm_munmap(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	int error;

	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	error = do_munmap(mm, addr, len);
	mmap_write_unlock(mm);
	return error;
}

/* ---- mmap: the region
 * ------------------------------------------------------------------------------ */

struct region {
	struct file *file;
	unsigned long start, end, pgoff, vm_flags;
};

/* Let f_op->mmap (or shmem, for shared anonymous memory) make @vma what it is. 0 or errno; on error
 * @vma is as before. */
static int set_up_backing(struct vm_area_struct *vma, struct file *file)
{
	struct file *shmem = NULL;
	int error;

	if (!file && !(vma->vm_flags & VM_SHARED))
		return 0; /* anonymous: vm_ops stays NULL */
	if (!file) {
		if (!shmem_file_setup)
			return -ENODEV;
		shmem = shmem_file_setup("dev/zero", vma->vm_end - vma->vm_start, vma->vm_flags);
		if (IS_ERR(shmem))
			return PTR_ERR(shmem);
		vma->vm_file = file = shmem;
	} else {
		vma->vm_file = get_file(file);
	}
	error = file->f_op->mmap(file, vma);
	if (error) {
		/* remove_vma() keeps the file for mmap_write_unlock(): it must not end under
		 * mmap_lock. */
		vma->vm_ops = NULL;
		return error;
	}
	return 0;
}

/* F_SEAL_WRITE and the like: a file that denies writers takes no more shared writable mappings. */
static int map_writable(struct address_space *mapping)
{
	int seen = atomic_read(&mapping->i_mmap_writable);

	do {
		if (seen < 0)
			return -EPERM;
	} while (!atomic_try_cmpxchg(&mapping->i_mmap_writable, &seen, seen + 1));
	return 0;
}

/* A VMA for @r, with its backing, in no list yet. ERR_PTR. */
static struct vm_area_struct *make_vma(struct mm_struct *mm, const struct region *r)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	int error;

	if (!vma)
		return ERR_PTR(-ENOMEM);
	vma->vm_start = r->start;
	vma->vm_end = r->end;
	vma->vm_flags = r->vm_flags;
	vma->vm_pgoff = r->pgoff;
	error = set_up_backing(vma, r->file);
	if (error) {
		remove_vma(vma);
		return ERR_PTR(error);
	}
	vma_set_page_prot(vma);
	return vma;
}

static struct vm_area_struct *merge_region(struct mm_struct *mm, const struct region *r,
					   unsigned long vm_flags, void *private_data)
{
	struct vm_area_struct *prev;
	struct vma_desc desc = {
		.start = r->start,
		.end = r->end,
		.pgoff = r->pgoff,
		.vm_flags = vm_flags,
		.file = r->file,
		.private_data = private_data,
	};

	if (!r->file && (vm_flags & VM_SHARED))
		return NULL; /* each shared anonymous mapping is a file of its own */
	find_vma_prev(mm, r->start, &prev);
	return vma_merge(mm, prev, &desc);
}

/*
 * Put the region in place of whatever lies there. All that can fail comes before the old mappings
 * go. The commit charge of what is replaced is reused: only the difference must be had.
 */
static int place_region(struct mm_struct *mm, struct region *r, bool occupied,
			unsigned long old_accounted)
{
	unsigned long pages = (r->end - r->start) >> PAGE_SHIFT, charge = 0, given_back;
	struct unmap_range old = {r->start, r->end, r->start, r->end, false};
	struct vm_area_struct *vma, *first = NULL;
	int error;

	if (is_accountable(r->vm_flags)) {
		r->vm_flags |= VM_ACCOUNT;
		charge = pages > old_accounted ? pages - old_accounted : 0;
		if (charge && vm_enough_memory(mm, charge))
			return -ENOMEM;
	}
	/* A file first says what its flags become: seals may take VM_MAYWRITE, or refuse. */
	if (!occupied && !r->file && merge_region(mm, r, r->vm_flags, NULL))
		return 0;

	vma = make_vma(mm, r);
	if (IS_ERR(vma)) {
		error = PTR_ERR(vma);
		goto uncharge;
	}
	if (occupied) {
		error = prepare_unmap(mm, &old, &first);
		if (error)
			goto free;
		unmap_vmas_in(mm, first, &old);
		/* It gave back its whole charge, part of which is this region's now. */
		given_back = r->vm_flags & VM_ACCOUNT ? pages - charge : 0;
		if (given_back)
			vm_acct_memory(given_back);
		if (merge_region(mm, r, vma->vm_flags, vma->vm_private_data)) {
			remove_vma(vma);
			return 0;
		}
	} else if ((r->file || vma->vm_flags != r->vm_flags) &&
		   merge_region(mm, r, vma->vm_flags, vma->vm_private_data)) {
		remove_vma(vma); /* f_op->mmap changed the flags: now they are a neighbour's */
		return 0;
	}
	vma_link(vma);
	return 0;
free:
	remove_vma(vma);
uncharge:
	if (charge)
		vm_unacct_memory(charge);
	return error;
}

static int mmap_region(struct mm_struct *mm, struct region *r)
{
	unsigned long pages = (r->end - r->start) >> PAGE_SHIFT, old_pages = 0, old_accounted = 0;
	struct address_space *mapping =
		r->file && (r->vm_flags & VM_SHARED) ? r->file->f_mapping : NULL;
	int error;

	if (find_vma_intersection(mm, r->start, r->end))
		old_pages = pages_in_range(mm, r->start, r->end, &old_accounted);
	if (!may_expand_vm(mm, r->vm_flags, pages) &&
	    !may_expand_vm(mm, r->vm_flags, pages - old_pages))
		return -ENOMEM;
	if (mapping) { /* held until the VMA counts itself */
		error = map_writable(mapping);
		if (error)
			return error;
	}
	error = place_region(mm, r, old_pages != 0, old_accounted);
	if (mapping)
		atomic_dec(&mapping->i_mmap_writable);
	return error;
}

/* ---- mmap: arguments
 * ------------------------------------------------------------------------------- */

/* PROT_ bits are VM_ bits. */
static inline unsigned long calc_vm_flags(unsigned long prot, unsigned long flags)
{
	unsigned long vm_flags = prot & (PROT_READ | PROT_WRITE | PROT_EXEC);

	if (flags & MAP_GROWSDOWN)
		vm_flags |= VM_GROWSDOWN;
	if (flags & MAP_LOCKED)
		vm_flags |= VM_LOCKED;
	return vm_flags;
}

/* May pages [pgoff, pgoff + len) of @file be mapped at all? Their byte offsets must fit a loff_t.
 */
static bool file_mmap_ok(unsigned long pgoff, unsigned long len)
{
	const unsigned long max = S64_MAX;

	return len <= max && pgoff <= (max - len) >> PAGE_SHIFT;
}

static inline bool is_noexec(const struct file *file)
{
	return path_noexec_hook && file->f_path.mnt && path_noexec_hook(&file->f_path);
}

/* The rules of mapping a file: FMODE_, MAP_TYPE, noexec mounts. Adjusts *vm_flags. */
static int check_file(struct file *file, unsigned long prot, unsigned long flags, struct region *r)
{
	bool may_write = file->f_mode & FMODE_WRITE;

	if (!file_mmap_ok(r->pgoff, r->end - r->start))
		return -EOVERFLOW;
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & ~LEGACY_MAP_MASK & ~MAP_SHARED_VALIDATE)
			return -EOPNOTSUPP;
		fallthrough;
	case MAP_SHARED:
		if ((prot & PROT_WRITE) && !may_write)
			return -EACCES;
		r->vm_flags |= VM_SHARED | VM_MAYSHARE;
		if (!may_write)
			r->vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
		fallthrough;
	case MAP_PRIVATE:
		if (!(file->f_mode & FMODE_READ))
			return -EACCES;
		if (is_noexec(file)) {
			if (r->vm_flags & VM_EXEC)
				return -EPERM;
			r->vm_flags &= ~VM_MAYEXEC;
		}
		if (!file->f_op || !file->f_op->mmap)
			return -ENODEV;
		if (r->vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		return 0;
	default:
		return -EINVAL;
	}
}

static int check_anonymous(unsigned long flags, struct region *r)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		if (r->vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		r->pgoff = 0;
		r->vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE:
		r->pgoff = r->start >> PAGE_SHIFT;
		return 0;
	default:
		return -EINVAL;
	}
}

unsigned long do_mmap(struct mm_struct *mm, struct file *file, unsigned long addr,
		      unsigned long len, unsigned long prot, unsigned long flags,
		      unsigned long pgoff)
{
	struct region r = {.file = file, .pgoff = pgoff};
	int error;

	if (!len)
		return -EINVAL;
	if ((prot & PROT_READ) && (current->personality & READ_IMPLIES_EXEC) &&
	    !(file && is_noexec(file)))
		prot |= PROT_EXEC;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	if (!(flags & MAP_FIXED)) {
		addr &= PAGE_MASK;
		if (addr && addr < mmap_min_addr)
			addr = PAGE_ALIGN(mmap_min_addr);
	}
	len = PAGE_ALIGN(len);
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	addr = get_unmapped_area(mm, file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;
	r.start = addr;
	r.end = addr + len;
	r.vm_flags =
		calc_vm_flags(prot, flags) | mm->def_flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if ((flags & MAP_LOCKED) && !rlimit(RLIMIT_MEMLOCK) && !capable(CAP_IPC_LOCK))
		return -EPERM;
	error = mlock_future_check(mm, r.vm_flags, len);
	if (error)
		return error;
	error = file ? check_file(file, prot, flags, &r) : check_anonymous(flags, &r);
	if (error)
		return error;
	if ((flags & MAP_NORESERVE) && sysctl_overcommit_memory != OVERCOMMIT_NEVER)
		r.vm_flags |= VM_NORESERVE;
	error = mmap_region(mm, &r);
	return error ? error : addr;
}

unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flags, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	bool populate;

	/* No huge pages of a pool here: as a Linux without hugetlbfs. */
	if (flags & MAP_HUGETLB)
		return -EINVAL;
	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	addr = do_mmap(mm, file, addr, len, prot, flags, pgoff);
	populate = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE ||
		   (flags & MAP_LOCKED) || (mm->def_flags & VM_LOCKED);
	mmap_write_unlock(mm);
	if (!IS_ERR_VALUE(addr) && populate)
		mm_populate(addr, len, true);
	return addr;
}

/* ---- Regions of a program's start
 * ------------------------------------------------------------------ */

int vm_brk_flags(struct mm_struct *mm, unsigned long addr, unsigned long len,
		 unsigned long vm_flags)
{
	struct region r = {
		.start = addr,
		.end = addr + PAGE_ALIGN(len),
		.pgoff = addr >> PAGE_SHIFT,
		.vm_flags = vm_data_default_flags() | mm->def_flags | vm_flags,
	};
	int error;

	if (r.end < addr)
		return -ENOMEM;
	if (r.end == addr)
		return 0;
	addr = get_unmapped_area(mm, NULL, addr, r.end - r.start, 0, MAP_FIXED);
	if (IS_ERR_VALUE(addr))
		return addr;
	error = mlock_future_check(mm, r.vm_flags, r.end - r.start);
	if (error)
		return error;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	return mmap_region(mm, &r);
}

/* Linux gives a new program's stack this much at once; also what it shows as [stack] in maps. */
#define STACK_AT_START (33 * PAGE_SIZE)

int setup_stack_vma(struct mm_struct *mm, unsigned long top, unsigned long vm_flags)
{
	unsigned long size = clamp(rlimit(RLIMIT_STACK) & PAGE_MASK, PAGE_SIZE, STACK_AT_START);
	struct vm_area_struct *vma;

	vm_flags |= VM_STACK | VM_ACCOUNT | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | mm->def_flags;
	if (!may_expand_vm(mm, vm_flags, size >> PAGE_SHIFT) ||
	    vm_enough_memory(mm, size >> PAGE_SHIFT))
		return -ENOMEM;
	vma = vm_area_alloc(mm);
	if (!vma) {
		vm_unacct_memory(size >> PAGE_SHIFT);
		return -ENOMEM;
	}
	vma->vm_start = top - size;
	vma->vm_end = top;
	vma->vm_flags = vm_flags;
	vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma_set_page_prot(vma);
	vma_link(vma);
	mm->start_stack = top;
	return 0;
}
