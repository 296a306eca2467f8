/* SPDX-License-Identifier: MIT */
/* What the floors above use of address spaces. */
#pragma once

#include "mm/mm_types.h"
#include "lib/err.h" /* IS_ERR_VALUE */
#include "mm/uaccess.h"

struct task_struct;

/* ---- Lifetime ---- */
/* An empty address space (kernel half of the tables filled), users 1, count 1. NULL: out of
 * memory. */
struct mm_struct *mm_alloc(void);
static inline void mmget(struct mm_struct *mm) { refcount_inc(&mm->mm_users); }
static inline void mmgrab(struct mm_struct *mm) { refcount_inc(&mm->mm_count); }
/* Drop a user; the last unmaps everything (may sleep; no locks). */
void mmput(struct mm_struct *mm);
/* Drop a reference to the struct; the last frees the top table and it. No CPU has it loaded any
 * more. Any task context. */
void mmdrop(struct mm_struct *mm);
/* @task's mm with a user reference, or NULL (kernel thread, exiting). */
struct mm_struct *get_task_mm(struct task_struct *task);
/* fork: a copy of @old for @child, COW; ERR_PTR(-ENOMEM, -EAGAIN). Takes old's mmap_lock. */
struct mm_struct *dup_mm(struct task_struct *child, struct mm_struct *old);
/* exec: current leaves its mm for @mm (takes the reference over) and drops the old one. */
void exec_mmap(struct mm_struct *mm);
void exit_mm(void); /* current gives its mm up */
extern struct mm_struct init_mm; /* kernel's tables: active_mm of kernel threads at boot */
void mm_init(void);

/* ---- Mappings. Return addresses or negative errno as unsigned long (IS_ERR_VALUE). ---- */

/* mmap(2)'s body: takes mmap_lock; @file NULL for anonymous; @pgoff in pages. Populates if
 * MAP_POPULATE/locked. */
unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
			    unsigned long flags, unsigned long pgoff);
/* The same in @mm, which is current's or one under construction that nobody else sees (exec);
 * mmap_lock held for writing by caller. */
unsigned long do_mmap(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff);
/* Anonymous memory at exactly [addr, addr+len) in an mm under construction (bss, heap). mmap_lock
 * held for writing. 0 or errno. */
int vm_brk_flags(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long vm_flags);
int do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len); /* mmap_lock held for writing */
int vm_munmap(unsigned long addr, unsigned long len);			    /* takes it */
int do_mprotect(unsigned long addr, unsigned long len, unsigned long prot);
unsigned long do_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags,
			unsigned long new_addr);
unsigned long do_brk(unsigned long brk);
int do_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice);
int do_msync(unsigned long addr, unsigned long len, int flags);
int do_mincore(unsigned long addr, unsigned long len, unsigned char __user *vec);
int do_mlock(unsigned long addr, unsigned long len, unsigned int flags);
int do_munlock(unsigned long addr, unsigned long len);
int do_mlockall(int flags);
int do_munlockall(void);

/* exec: the initial stack VMA ending at @top (page aligned) of an mm under construction; mmap_lock
 * not needed yet. 0 or errno. */
int setup_stack_vma(struct mm_struct *mm, unsigned long top, unsigned long vm_flags);
/* exec: a page of an mm under construction for writing by the kernel (arguments, bss tails): faults
 * it in; referenced. set_page_dirty() after the write. ERR_PTR(-ENOMEM), or (-EFAULT) where nothing
 * can be: beyond a file's end. */
struct page *mm_page_for_write(struct mm_struct *mm, unsigned long addr);
/* More flags for a VMA of an mm under construction (stack: VM_EXEC). mmap_lock held for writing. */
void vm_flags_set(struct vm_area_struct *vma, unsigned long vm_flags);
/* A VMA of kernel-owned pages (vDSO): @pages (nr, copied; @name is kept by reference) mapped
 * read-only or read-exec at @addr; name for maps. 0 or errno. mmap_lock held. */
int install_special_mapping(struct mm_struct *mm, unsigned long addr, unsigned int nr, struct page **pages,
			    unsigned long vm_flags, const char *name);
/* mmap_base, task_size from the personality, stack rlimit and random bits. */
void arch_pick_mmap_layout(struct mm_struct *mm, unsigned long stack_rlimit, bool randomize);
/*
 * @bits random bits for placing @what ("mmap", "program"...; @key: which one, say the file's inode
 * number): fresh at each call,
 * or the same until the next boot (see layout.c). The caller honours randomize_va_space and
 * ADDR_NO_RANDOMIZE. Any task context.
 */
u64 layout_random(const char *what, u64 key, unsigned int bits);
#define LAYOUT_MMAP_BITS 28 /* pages */
/* End of the stack of a program with random addresses, page aligned. */
unsigned long layout_stack_top(void);
/* Free range for a mapping in @mm; mmap_lock held. -ENOMEM. */
unsigned long get_unmapped_area(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
				unsigned long pgoff, unsigned long flags);

/* ---- Look-up; mmap_lock held (read) ---- */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr); /* first with vm_end > addr */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}
/* The address space after @mm (NULL: the first) that is still in use, with a user reference; that
 * to @mm is dropped. NULL at the end. May sleep. */
struct mm_struct *next_user_mm(struct mm_struct *mm);

#define for_each_vma(mm, vma) for ((vma) = (mm)->mmap; (vma); (vma) = (vma)->vm_next)

/* ---- Faults ---- */
/* Hooks of process/: a fault signal for current that cannot be blocked (SIGSEGV, SIGBUS with a
 * si_code and si_addr; SIGKILL when
 * memory ran out); and SIGKILL for every process that uses @mm. */
extern void (*force_sig_fault_hook)(int sig, int code, unsigned long addr);
extern void (*oom_kill_hook)(struct mm_struct *mm);
/* Resolve one fault; mmap_lock held for reading, VMA checked by the caller; VM_FAULT_ codes. On
 * VM_FAULT_RETRY mmap_lock was dropped. */
int handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags);
/* Present pages of another (or own) mm: copy @len bytes at @addr to or from @buf; returns bytes
 * copied. Takes mmap_lock. May sleep.
 * For /proc/PID/{cmdline,environ,mem} and process_vm_*. @write breaks COW. */
size_t access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write);
/* The same with a debugger's rights (ptrace, /proc/PID/mem): reads what may become readable, writes
 * to private copies of what may
 * become writable. */
size_t access_remote_vm_force(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write);
/* Fault in [addr, addr+len) of current; 0, -EFAULT, -ENOMEM... */
int populate_range(struct mm_struct *mm, unsigned long addr, unsigned long len, bool write);
/* User page behind @addr, referenced (and writable if @write): as long as the reference is held,
 * others who share the page write to copies. mmap_lock not held. 1 or -EFAULT. */
int get_user_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **page);

/* What a futex key of shared memory is made of: the mapping (NULL: private memory) and the page
 * offset in it. No reference: a key that
 * outlives its file can only match too much, which is a spurious wake-up. Takes mmap_lock. 0 or
 * -EFAULT (nothing mapped). */
int futex_shared_key(unsigned long addr, struct address_space **mapping, unsigned long *index);

/* ---- Accounting and overcommit ---- */
static inline unsigned long get_mm_counter(struct mm_struct *mm, enum mm_counter c)
{
	long n = atomic64_read(&mm->rss[c]);

	return n > 0 ? n : 0;
}
static inline unsigned long get_mm_rss(struct mm_struct *mm)
{
	return get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_ANONPAGES) + get_mm_counter(mm, MM_SHMEMPAGES);
}
/* Charge @pages of commit; 0 or -ENOMEM by overcommit_memory's rule. */
int vm_enough_memory(struct mm_struct *mm, long pages);
void vm_unacct_memory(long pages);
void vm_acct_memory(long pages); /* charge without asking */
extern int sysctl_overcommit_memory, sysctl_overcommit_ratio, sysctl_max_map_count, randomize_va_space;
/* OVERCOMMIT_NEVER's finer settings: a limit in KiB instead of the ratio if not 0, and what stays
 * for root and for others. */
extern unsigned long sysctl_overcommit_kbytes, sysctl_admin_reserve_kbytes, sysctl_user_reserve_kbytes;
unsigned long vm_committed(void), vm_commit_limit(void); /* pages */
void overcommit_init(void); /* boot: the reserves, by the memory there is */

/* Event counters for /proc/vmstat, per CPU (vmstat.c). */
enum vm_event {
	PGFAULT,    /* faults resolved, of either kind */
	PGMAJFAULT, /* of these: waited for a file */
	COW_COPY,   /* write faults that copied a page (or replaced the page of zeros) */
	COW_REUSE,  /* write faults that found the page no longer shared */
	TABLE_SHARE, /* page tables that a fork let parent and child share */
	TABLE_COPY,  /* shared page tables copied, for one that changes an entry */
	PGPGIN, PGPGOUT, /* pages read from and written to block devices */
	PSWPIN, PSWPOUT, /* pages read from and written to swap */
	SWAP_RA, SWAP_RA_HIT, /* pages of swap read ahead; of these, used before they went */
	PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSCAN_ANON, PGSCAN_FILE, /* looked at by reclaim */
	PGSTEAL_KSWAPD, PGSTEAL_DIRECT, PGSTEAL_ANON, PGSTEAL_FILE, /* freed by it */
	PGREFILL, /* active pages looked at */
	PGACTIVATE, PGDEACTIVATE,
	PGROTATED, /* written, and so at the end of the inactive list */
	KSWAPD_LOW_WMARK_HIT, /* kswapd woke since memory was below the low watermark */
	PAGEOUTRUN, /* rounds of kswapd */
	ALLOCSTALL, /* allocations that had to reclaim themselves */
	SLABS_SCANNED, /* objects shrinkers looked at */
	DROP_PAGECACHE, DROP_SLAB, /* writes to drop_caches */
	OOM_KILL,
	UNEVICTABLE_PGS_CULLED, UNEVICTABLE_PGS_RESCUED,
	WORKINGSET_REFAULT_ANON, WORKINGSET_REFAULT_FILE, /* came back after reclaim took it */
	WORKINGSET_ACTIVATE_ANON, WORKINGSET_ACTIVATE_FILE, /* so soon that it became active */
	WORKINGSET_RESTORE_ANON, WORKINGSET_RESTORE_FILE, /* that had been active before */
	NR_VM_EVENTS
};
extern struct vm_event_counts {
	unsigned long n[64]; /* NR_VM_EVENTS; a CPU's place is found by a shift */
} __cacheline_aligned vm_event_counts[NR_CPUS];
/* Task context. */
static inline void count_vm_event(enum vm_event e)
{
	vm_event_counts[arch_cpu_id()].n[e]++;
}
static inline void count_vm_events(enum vm_event e, unsigned long n)
{
	vm_event_counts[arch_cpu_id()].n[e] += n;
}
unsigned long vm_event_count(enum vm_event e);

/* ---- Audit ---- */
/* Recount the world (audit.h says what); prints each problem; returns their number. Other tasks
 * that run meanwhile may cause false alarms. One at a time; no locks held; may sleep. */
int mm_audit(void);

/* Add /proc/PID/smaps' figures of one VMA to *mss (which the caller clears first); mmap_lock held.
 * Bytes. pss: each page's size divided by the number of its mappings, counting each address space;
 * pss_*: the part of it that is dirty, anonymous... swap: entries, and pages of a mapped memory file;
 * swap_pss: of the entries, divided alike. */
struct mem_size_stats {
	u64 resident, shared_clean, shared_dirty, private_clean, private_dirty, referenced, anonymous, swap, pss, locked;
	u64 pss_dirty, pss_anon, pss_file, pss_shmem, swap_pss;
};
void smap_gather(struct vm_area_struct *vma, struct mem_size_stats *mss);
