/* SPDX-License-Identifier: MIT */
/* /proc/PID/status: the same for people. */
#include "procfs/internal.h"
#include "fs/fs.h"

/* @name with newlines and backslashes made visible. */
static void show_name(struct seq_file *m, const char *name)
{
	for (; *name; name++) {
		if (*name == '\n')
			seq_puts(m, "\\n");
		else if (*name == '\\')
			seq_puts(m, "\\\\");
		else
			seq_putc(m, *name);
	}
}

static const char *state_text(char letter)
{
	switch (letter) {
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	case 'T':
		return "T (stopped)";
	case 't':
		return "t (tracing stop)";
	case 'X':
		return "X (dead)";
	case 'Z':
		return "Z (zombie)";
	default:
		return "R (running)";
	}
}

/* umask, or -1; size of the descriptor table. */
static void read_shared(struct task_struct *task, int *umask, unsigned int *max_fds)
{
	*umask = -1;
	*max_fds = 0;
	task_lock(task);
	if (task->fs)
		*umask = task->fs->umask;
	if (task->files)
		*max_fds = READ_ONCE(task->files->fdt.max_fds);
	task_unlock(task);
}

struct ids {
	pid_t ppid, tracer, pgrp, session;
};

static void read_ids(struct task_struct *task, struct ids *ids)
{
	*ids = (struct ids){0};
	spin_lock(&tasklist_lock);
	ids->pgrp = task_pgrp_nr(task);
	ids->session = task_session_nr(task);
	if (task->thread_pid && task->real_parent) {
		ids->ppid = task->real_parent->tgid;
		if (task->parent != task->real_parent)
			ids->tracer = task->parent->pid;
	}
	spin_unlock(&tasklist_lock);
}

static void show_identity(struct seq_file *m, struct task_struct *task, const struct cred *cred)
{
	const struct group_info *groups = cred->group_info;
	unsigned int max_fds;
	struct ids ids;
	int umask;

	read_ids(task, &ids);
	read_shared(task, &umask, &max_fds);
	if (umask >= 0)
		seq_printf(m, "\nUmask:\t%04o", umask);
	seq_printf(m, "\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d",
		   state_text(proc_task_state(task)), task->tgid, task->pid, ids.ppid, ids.tracer);
	seq_printf(m, "\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u", cred->uid, cred->euid,
		   cred->suid, cred->fsuid, cred->gid, cred->egid, cred->sgid, cred->fsgid);
	seq_printf(m, "\nFDSize:\t%u\nGroups:\t", max_fds);
	for (int i = 0; groups && i < groups->ngroups; i++)
		seq_printf(m, i ? " %u" : "%u", groups->gid[i]);
	seq_printf(m, " \nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t%d\n",
		   task->tgid, task->pid, ids.pgrp, ids.session, !!(task->flags & PF_KTHREAD));
}

static void show_memory(struct seq_file *m, struct mm_struct *mm)
{
	struct mm_sizes s;
	unsigned long rss;

	proc_mm_sizes(mm, &s);
	rss = s.anon + s.file + s.shmem;
	seq_printf(m, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t%8lu kB\n",
		   pages_to_kib(s.peak), pages_to_kib(s.total), pages_to_kib(s.locked),
		   pages_to_kib(s.pinned));
	seq_printf(m,
		   "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\nRssAnon:\t%8lu kB\nRssFile:\t%8lu "
		   "kB\nRssShmem:\t%8lu kB\n",
		   pages_to_kib(max(s.hiwater_rss, rss)), pages_to_kib(rss), pages_to_kib(s.anon),
		   pages_to_kib(s.file), pages_to_kib(s.shmem));
	seq_printf(m, "VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\nVmLib:\t%8lu kB\n",
		   pages_to_kib(s.data), pages_to_kib(s.stack), pages_to_kib(s.text),
		   pages_to_kib(s.lib));
	/* No task dumps core, and there are no huge pages for anonymous memory. */
	seq_printf(m, "VmPTE:\t%8lu kB\nVmSwap:\t%8lu kB\nHugetlbPages:\t%8lu kB\n",
		   s.table_bytes >> 10, pages_to_kib(s.swap), 0ul);
	/* Every bit of an address counts: no tags are masked off. */
	seq_puts(m, "CoreDumping:\t0\nTHP_enabled:\t0\nuntag_mask:\t0xffffffffffffffff\n");
}

static void show_signals(struct seq_file *m, struct task_struct *task, const struct cred *cred)
{
	u64 pending = 0, shared = 0, blocked = 0, ignored = 0, caught = 0;
	unsigned long limit = 0;
	long queued = 0;
	int threads = 0;

	spin_lock(&tasklist_lock);
	if (task->sighand) {
		spin_lock_irq(&task->sighand->siglock);
		pending = task->pending.signal;
		shared = task->signal->shared_pending.signal;
		blocked = task->blocked;
		proc_signal_actions(task->sighand, &ignored, &caught);
		threads = task->signal->nr_threads;
		queued = READ_ONCE(cred->user->sigpending);
		limit = READ_ONCE(task->signal->rlim[RLIMIT_SIGPENDING].rlim_cur);
		spin_unlock_irq(&task->sighand->siglock);
	}
	spin_unlock(&tasklist_lock);
	seq_printf(m, "Threads:\t%d\nSigQ:\t%ld/%lu\nSigPnd:\t%016llx\nShdPnd:\t%016llx\n", threads,
		   queued, limit, pending, shared);
	seq_printf(m, "SigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n", blocked, ignored,
		   caught);
}

static void show_credentials(struct seq_file *m, const struct task_struct *task,
			     const struct cred *cred)
{
	seq_printf(m,
		   "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:"
		   "\t%016llx\n",
		   cred->cap_inheritable, cred->cap_permitted, cred->cap_effective, cred->cap_bset,
		   cred->cap_ambient);
	/* There are no system-call filters, and the port controls no speculation. */
	seq_printf(m,
		   "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\nSpeculation_Store_Bypass:"
		   "\tunknown\nSpeculationIndirectBranch:"
		   "\tunsupported\n",
		   task->no_new_privs);
}

static void show_placement(struct seq_file *m, const struct task_struct *task)
{
	unsigned long cpus = READ_ONCE(task->cpus_mask) & cpu_possible_mask();

	seq_puts(m, "Cpus_allowed:\t");
	seq_mask_hex(m, cpus, nr_possible_cpus);
	seq_puts(m, "\nCpus_allowed_list:\t");
	seq_mask_list(m, cpus);
	seq_puts(m, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n"); /* the only node */
	seq_printf(m, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		   READ_ONCE(task->nvcsw), READ_ONCE(task->nivcsw));
}

int proc_pid_status(struct seq_file *m, struct task_struct *task)
{
	const struct cred *cred = get_task_cred(task);
	struct mm_struct *mm = get_task_mm(task);
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, task);
	seq_puts(m, "Name:\t");
	show_name(m, comm);
	show_identity(m, task, cred);
	if (mm) {
		show_memory(m, mm);
		mmput(mm);
	}
	show_signals(m, task, cred);
	show_credentials(m, task, cred);
	show_placement(m, task);
	put_cred(cred);
	return 0;
}
