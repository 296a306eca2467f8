/* SPDX-License-Identifier: MIT */
/*
 * What the files of procfs/ share. An inode below /proc/PID and /proc/PID/task/TID has the struct
 * pid as its object; its arg tells them apart (enum task_view), but for the links in fd/ and the
 * files in fdinfo/, where it is the descriptor.
 *
 * Show functions print into kernel memory and may be called again with a larger buffer, so they may
 * hold locks while they print, but change nothing.
 */
#pragma once

#include "fs/pseudo.h"
#include "lib/err.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"
#include "mm/reclaim.h"
#include "page/slab.h"
#include "sched/sched.h"
#include "task/pid.h"
#include "task/task.h"
#include "abi/errno.h"

enum task_view {
	VIEW_PROCESS, /* /proc/PID: sums over all threads */
	VIEW_THREAD,  /* /proc/PID/task/TID */
};

/* Units of time in /proc, 1/100 s. */
#define USER_HZ 100
static inline u64 nsec_to_clock_t(u64 ns)
{
	return ns / (NSEC_PER_SEC / USER_HZ);
}

static inline unsigned long pages_to_kib(unsigned long pages)
{
	return pages << (PAGE_SHIFT - 10);
}

/* ---- proc_pid.c: directories of processes ---------------------------------------------------- */
extern const struct pseudo_object_ops proc_object_ops;
/* Dynamic part of /proc itself. */
struct inode *proc_pid_lookup(struct inode *dir, const char *name, size_t len);
int proc_pid_iterate(struct inode *dir, struct dir_context *ctx);
int proc_self_readlink(struct inode *inode, char *buf, size_t size);
int proc_thread_self_readlink(struct inode *inode, char *buf, size_t size);
/* A name that is one number without leading zeros: it, else -1. */
long proc_name_to_int(const char *name, size_t len);

/* ---- proc_access.c: whose secrets one may see ------------------------------------------------ */
/* Task of an inode below /proc/PID with a reference; NULL: it is gone. */
struct task_struct *get_proc_task(const struct inode *inode);
/* May a task with @cred look into @task's memory and descriptors (ptrace's rule)? current always
 * may look into its own process. */
bool proc_may_access(struct task_struct *task, const struct cred *cred);
/* Likewise for whoever opened the file that @m is the text of. */
bool proc_opener_may_access(struct task_struct *task, const struct seq_file *m);
/* Open hook of files that only those may read: 0, -EACCES, -ESRCH. */
int proc_open_private(struct inode *inode, struct file *file);
/* The address space of @inode's task for who may read it as a debugger, a reference; ERR_PTR(-ESRCH:
 * no task, or none of its own, -EACCES). */
struct mm_struct *proc_mm_access(struct inode *inode);
/* The same of files that tell about memory: -ESRCH, too, if @inode's task has none. */
int proc_open_private_mm(struct inode *inode, struct file *file);

/*
 * A text file about a task: .show = proc_show_task, .data = one of these functions, which is called
 * with a reference to the task held. It returns 0 or an error; a task that is gone gives -ESRCH.
 */
typedef int (*task_show_t)(struct seq_file *m, struct task_struct *task);
int proc_show_task(struct seq_file *m);
static inline bool whole_process(const struct seq_file *m)
{
	return pseudo_arg(m->inode) == VIEW_PROCESS;
}

/* ---- pid_stat.c, pid_status.c, pid_memory.c, pid_maps.c, pid_info.c -------------------------- */
int proc_pid_stat(struct seq_file *m, struct task_struct *task);
int proc_pid_statm(struct seq_file *m, struct task_struct *task);
int proc_pid_status(struct seq_file *m, struct task_struct *task);
int proc_pid_cmdline(struct seq_file *m, struct task_struct *task);
int proc_pid_environ(struct seq_file *m, struct task_struct *task);
int proc_pid_auxv(struct seq_file *m, struct task_struct *task);
int proc_pid_maps(struct seq_file *m, struct task_struct *task);
int proc_pid_smaps(struct seq_file *m, struct task_struct *task);
int proc_pid_smaps_rollup(struct seq_file *m, struct task_struct *task);
int proc_pid_numa_maps(struct seq_file *m, struct task_struct *task);
int proc_pid_comm(struct seq_file *m, struct task_struct *task);
ssize_t proc_pid_comm_write(struct file *file, char *buf, size_t len, loff_t *pos);
int proc_pid_comm_permission(struct inode *inode, int mask);
int proc_pid_limits(struct seq_file *m, struct task_struct *task);
int proc_pid_cgroup(struct seq_file *m, struct task_struct *task);
int proc_pid_mounts(struct seq_file *m, struct task_struct *task);
int proc_pid_mountinfo(struct seq_file *m, struct task_struct *task);
int proc_pid_personality(struct seq_file *m, struct task_struct *task);
int proc_pid_io(struct seq_file *m, struct task_struct *task);
int proc_pid_wchan(struct seq_file *m, struct task_struct *task);
int proc_pid_children(struct seq_file *m, struct task_struct *task);
int proc_pid_oom_score(struct seq_file *m, struct task_struct *task);
int proc_pid_oom_score_adj(struct seq_file *m, struct task_struct *task);
ssize_t proc_pid_oom_score_adj_write(struct file *file, char *buf, size_t len, loff_t *pos);
int proc_pid_oom_adj(struct seq_file *m, struct task_struct *task);
ssize_t proc_pid_oom_adj_write(struct file *file, char *buf, size_t len, loff_t *pos);
int proc_uts_ns_readlink(struct inode *inode, char *buf, size_t size);
extern const struct file_operations proc_mem_operations, proc_pagemap_operations;
extern const struct file_operations proc_kpagecount_operations, proc_kpageflags_operations;
/* R, S, D, T, t, Z or X. */
char proc_task_state(const struct task_struct *task);
/* Add the signals that are ignored, and that have handlers. siglock held. */
void proc_signal_actions(const struct sighand_struct *sighand, u64 *ignored, u64 *caught);
/* Does @task sleep, and if so in which function? NULL: it runs. */
const char *proc_wchan_of(struct task_struct *task);

/* Files on an mm (private_data), for those who may access it: open, release, llseek to any address;
 * the mm with a user reference, or NULL if there is none any more. */
int proc_mm_open(struct inode *inode, struct file *file);
void proc_mm_release(struct inode *inode, struct file *file);
loff_t proc_mem_lseek(struct file *file, loff_t offset, int whence);
struct mm_struct *proc_mm_get(struct file *file);

/* Figures of an mm, consistent enough for text: pages. */
struct mm_sizes {
	unsigned long total, peak, locked, pinned, data, stack, text, lib;
	unsigned long anon, file, shmem, swap, hiwater_rss;
	unsigned long table_bytes;
};
void proc_mm_sizes(struct mm_struct *mm, struct mm_sizes *s);

/* ---- pid_fd.c -------------------------------------------------------------------------------- */
extern const struct pseudo_entry proc_fd_entries[4]; /* links in fd/ by access mode */
struct inode *proc_fd_lookup(struct inode *dir, const char *name, size_t len);
int proc_fd_iterate(struct inode *dir, struct dir_context *ctx);
int proc_fd_permission(struct inode *inode, int mask);
struct inode *proc_fdinfo_lookup(struct inode *dir, const char *name, size_t len);
int proc_fdinfo_iterate(struct inode *dir, struct dir_context *ctx);
/* Is @inode one of fd/ or fdinfo/ whose descriptor is not what it was? */
bool proc_fd_stale(struct inode *inode);
int proc_exe_path(struct inode *inode, struct path *path);
int proc_cwd_path(struct inode *inode, struct path *path);
int proc_root_path(struct inode *inode, struct path *path);

/* ---- The machine: meminfo.c, vmstat.c, zones.c, slabinfo.c, swaps.c, system.c, kmsg.c, sysctl.c,
 *      audit.c, memory.c, trace_file.c --------------------------------------------------------- */
int meminfo_show(struct seq_file *m);
/* Lines of node 0's meminfo in /sys. */
int node_meminfo_show(struct seq_file *m);
int vmstat_show(struct seq_file *m), node_vmstat_show(struct seq_file *m);
int buddyinfo_show(struct seq_file *m);
int zoneinfo_show(struct seq_file *m);
int slabinfo_show(struct seq_file *m);
int swaps_show(struct seq_file *m);
int cpuinfo_show(struct seq_file *m);
int uptime_show(struct seq_file *m);
int loadavg_show(struct seq_file *m);
int stat_show(struct seq_file *m);
int version_show(struct seq_file *m);
int cmdline_show(struct seq_file *m);
int devices_show(struct seq_file *m);
int interrupts_show(struct seq_file *m);
int audit_show(struct seq_file *m), memory_show(struct seq_file *m), locks_show(struct seq_file *m);
ssize_t locks_write(struct file *file, char *buf, size_t len, loff_t *pos);
int fail_nth_show(struct seq_file *m);
ssize_t fail_nth_write(struct file *file, char *buf, size_t len, loff_t *pos);
extern const struct file_operations kmsg_operations, trace_operations;
extern const struct pseudo_entry sysctl_table[];
int sysctl_permission(struct inode *inode, int mask); /* of everything in /proc/sys */

/* Pages by what they are to user space, counted frame by frame. */
struct page_census {
	unsigned long mapped_file, writeback, mlocked;
	unsigned long unmapped_anon; /* private pages: in the swap cache only, or just going */
	unsigned long isolated_anon, isolated_file; /* reclaim is at work on them */
};
void take_page_census(struct page_census *census);
unsigned long owned_pages(enum page_owner owner);

/* Memory as meminfo and vmstat tell it, in pages. May sleep. */
struct memory_counts {
	struct page_census census;
	unsigned long total, free;
	unsigned long anon;	 /* mapped private pages */
	unsigned long cached;	 /* of files and of memory files, */
	unsigned long shmem;	 /* of these, of memory files; */
	unsigned long buffers;	 /* and not: of block devices */
	unsigned long swapcache; /* mapped or not */
	unsigned long dirty, slab, slab_reclaimable;
	unsigned long lru[NR_LRU_LISTS];
};
void count_memory(struct memory_counts *c);

/* What vmstat and zoneinfo tell of the node: @stats has room for NR_NODE_PAGE_STATS; number. */
#define NR_NODE_PAGE_STATS 24
struct page_stat {
	const char *name;
	unsigned long value;
};
unsigned int node_page_stats(const struct memory_counts *c, struct page_stat *stats);

/* ---- proc.c ---------------------------------------------------------------------------------- */
/* write_iter of files of /proc with operations of their own that cannot be written: -EIO. */
ssize_t proc_write_refused(struct file *file, struct iov_iter *from, loff_t *pos);
/* Mount a file system of which there is only one: *shared keeps it for ever. ERR_PTR(-EINVAL:
 * options; -ENOMEM). */
struct super_block *proc_shared_mount(const struct file_system_type *type, u32 magic,
				      const struct pseudo_entry *root,
				      const struct pseudo_object_ops *ops, const char *data,
				      struct super_block **shared);

/* ---- sysfs.c --------------------------------------------------------------------------------- */
void sysfs_init(void);

/* ---- cpumask.c ------------------------------------------------------------------------------- */
/* Bits of the CPUs this machine can have. */
unsigned long cpu_possible_mask(void);
/* "0-1,3" / "b": a mask of CPUs (or other small numbers below @bits) as a list / in hexadecimal, as
 * wide as @bits asks for. */
void seq_mask_list(struct seq_file *m, unsigned long mask);
void seq_mask_hex(struct seq_file *m, unsigned long mask, unsigned int bits);

/* ---- Block devices in sysfs: sysfs_block.c --------------------------------------------------- */
struct block_listing;
/* Directories with a name for each device; the listing, their entry's data, says which and for
 * what. */
struct inode *sysfs_block_lookup(struct inode *dir, const char *name, size_t len);
int sysfs_block_iterate(struct inode *dir, struct dir_context *ctx);
extern const struct block_listing sysfs_block_listing; /* of /sys/block */
/* /sys/class, /sys/dev, /sys/devices/virtual. */
extern const struct pseudo_entry sysfs_class_table[], sysfs_dev_table[], sysfs_virtual_table[];
