/* SPDX-License-Identifier: MIT */
/* Birth and end of task_structs. What a task shares with others is the business of process/fork.c
 * and exit.c. */
#include "task/task.h"
#include "task/pid.h"
#include "lib/string.h"
#include "page/slab.h"

DEFINE_SPINLOCK(tasklist_lock, RANK_TASKLIST);

int max_threads;
static struct kmem_cache *task_cache;

void task_init(void)
{
	unsigned long limit;

	task_cache = kmem_cache_create("task_struct", sizeof(struct task_struct), 64, NULL);
	BUG_ON(!task_cache);
	cred_init();
	signal_struct_init();
	pid_init();

	/* Stacks of all threads together take an eighth of the memory at most. */
	max_threads = clamp(totalram_pages() * PAGE_SIZE / (8 * THREAD_SIZE), 20ul,
			    (unsigned long)PID_MAX_LIMIT);
	limit = max_threads / 2;
	init_signals.rlim[RLIMIT_NPROC] = (struct rlimit){limit, limit};
	init_signals.rlim[RLIMIT_SIGPENDING] = (struct rlimit){limit, limit};
}

/* What belongs to the original alone, or to the stage of copy_process that sets it. */
static void forget_shares(struct task_struct *p)
{
	p->mm = p->active_mm = NULL;
	p->fs = NULL;
	p->files = NULL;
	p->nsproxy = NULL;
	p->io_context = NULL;
	p->sysvsem = NULL;
	p->signal = NULL;
	p->sighand = NULL;
	p->thread_pid = NULL;
	p->set_child_tid = p->clear_child_tid = NULL;
	p->robust_list = NULL;
	p->vfork_done = NULL;
	p->vfork_waiting = false;
	p->rseq = NULL;
	p->rseq_len = p->rseq_sig = 0;
	p->journal_info = NULL;
}

static void reset_counts(struct task_struct *p)
{
	p->nvcsw = p->nivcsw = 0;
	p->min_flt = p->maj_flt = 0;
	p->utime = p->stime = 0;
	p->inblock = p->oublock = 0;
	p->io_rchar = p->io_wchar = p->io_syscr = p->io_syscw = 0;
	p->start_time = arch_clock_ns();
}

struct task_struct *dup_task_struct(struct task_struct *orig)
{
	struct task_struct *p = kmem_cache_alloc(task_cache, GFP_KERNEL);
	void *stack;

	if (!p)
		return NULL;
	stack = alloc_kernel_stack();
	if (!stack) {
		kmem_cache_free(task_cache, p);
		return NULL;
	}
	*p = *orig;
	p->work = 0;
	p->stack = stack;
	p->state = TASK_NEW;
	p->flags &= ~(PF_SUPERPRIV | PF_IDLE | PF_EXITING | PF_SIGNALED | PF_MEMALLOC);
	refcount_set(&p->usage, 2);
	p->pagefault_disabled = 0;
	p->on_cpu = 0;
	spin_lock_init(&p->pi_lock, "pi_lock", RANK_TASK_PI);
	spin_lock_init(&p->alloc_lock, "alloc_lock", RANK_TASK);
	INIT_LIST_HEAD(&p->children);
	INIT_LIST_HEAD(&p->sibling);
	INIT_LIST_HEAD(&p->thread_group);
	INIT_LIST_HEAD(&p->tasks);
	sigpending_init(&p->pending);
	p->spare_sigqueue = NULL;
	p->restore_sigmask = false;
	p->restart_block.fn = NULL;
	p->jobctl = 0;
	p->exit_state = p->exit_code = p->pdeath_signal = 0;
	forget_shares(p);
	reset_counts(p);
	get_cred(p->cred);
	return p;
}

static void free_stack(struct task_struct *p)
{
	if (p->stack)
		free_kernel_stack(p->stack);
	p->stack = NULL;
}

void put_task_struct(struct task_struct *task)
{
	if (!refcount_dec_and_test(&task->usage))
		return;
	BUG_ON(task->on_cpu || task->thread_pid);
	free_stack(task);
	flush_sigqueue(&task->pending);
	sigqueue_free_spare(task);
	if (task->sighand)
		put_sighand(task->sighand);
	if (task->signal)
		put_signal(task->signal);
	put_cred(task->cred);
	kmem_cache_free(task_cache, task);
}

void put_new_task(struct task_struct *task)
{
	BUG_ON(task->state != TASK_NEW);
	refcount_dec(&task->usage);
	put_task_struct(task);
}

void release_dead_task(struct task_struct *task)
{
	/* A zombie may wait long for its parent: its stack need not. */
	arch_release_thread(task);
	free_stack(task);
	put_task_struct(task);
}

void set_task_comm(struct task_struct *task, const char *comm)
{
	task_lock(task);
	strscpy(task->comm, comm, TASK_COMM_LEN);
	task_unlock(task);
}

void get_task_comm(char buf[TASK_COMM_LEN], struct task_struct *task)
{
	task_lock(task);
	memcpy(buf, task->comm, TASK_COMM_LEN);
	task_unlock(task);
}
