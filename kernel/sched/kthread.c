/* SPDX-License-Identifier: MIT */
/* Kernel threads: tasks without an address space, files or signals, each a process of its own. */
#include "sched/rq.h"
#include "abi/errno.h"
#include "lib/err.h"
#include "lib/string.h"
#include "page/slab.h"
#include "task/pid.h"

struct kthread_start {
	int (*fn)(void *arg);
	void *arg;
};

static int kthread_entry(void *data)
{
	struct kthread_start start = *(struct kthread_start *)data;

	kfree(data);
	start.fn(start.arg);
	kthread_exit();
}

/* The structures a process has, as far as a kernel thread needs them. 0 or -ENOMEM;
 * put_task_struct() frees. */
static int kthread_process(struct task_struct *p)
{
	int sig;

	p->signal = alloc_signal();
	p->sighand = alloc_sighand();
	if (!p->signal || !p->sighand)
		return -ENOMEM;
	for (sig = 0; sig < _NSIG; sig++)
		p->sighand->action[sig].sa.sa_handler = SIG_IGN;
	p->signal->leader = p->group_leader = p;
	p->signal->nr_threads = 1;
	list_add_tail(&p->thread_group, &p->signal->thread_head);
	p->exit_signal = 0;
	return 0;
}

static void kthread_publish(struct task_struct *p, struct pid *pid)
{
	p->tgid = pid->nr;
	p->real_parent = p->parent = &init_task;
	spin_lock(&tasklist_lock);
	attach_pid(p, pid);
	list_add_tail(&p->sibling, &init_task.children);
	list_add_tail(&p->tasks, &init_task.tasks);
	spin_unlock(&tasklist_lock);
	/* As if it slept: wake_up_process() starts it. */
	p->state = TASK_UNINTERRUPTIBLE;
}

struct task_struct *kthread_create(int (*fn)(void *), void *arg, const char *name)
{
	struct kthread_start *start = kmalloc(sizeof(*start), GFP_KERNEL);
	struct arch_thread_args args = {.fn = kthread_entry, .fn_arg = start};
	struct task_struct *p;
	struct pid *pid;
	int err = -ENOMEM;

	if (!start)
		return ERR_PTR(-ENOMEM);
	*start = (struct kthread_start){fn, arg};
	p = dup_task_struct(&init_task);
	if (!p)
		goto free_start;
	p->flags |= PF_KTHREAD;
	strscpy(p->comm, name, TASK_COMM_LEN);
	sched_fork(p);
	if (kthread_process(p))
		goto free_task;
	pid = alloc_pid(0);
	if (IS_ERR(pid)) {
		err = PTR_ERR(pid);
		goto free_task;
	}
	err = arch_copy_thread(p, &args);
	if (err)
		goto free_pid;
	kthread_publish(p, pid);
	return p;

free_pid:
	free_pid(pid);
free_task:
	put_new_task(p);
free_start:
	kfree(start);
	return ERR_PTR(err);
}

struct task_struct *kthread_run(int (*fn)(void *), void *arg, const char *name)
{
	struct task_struct *p = kthread_create(fn, arg, name);

	if (!IS_ERR(p))
		wake_up_process(p);
	return p;
}

void kthread_exit(void)
{
	struct task_struct *p = current;

	p->flags |= PF_EXITING;
	spin_lock(&tasklist_lock);
	p->exit_state = EXIT_DEAD;
	list_del_init(&p->sibling);
	list_del_init(&p->tasks);
	list_del_init(&p->thread_group);
	detach_pid(p);
	spin_unlock(&tasklist_lock);
	put_task_struct(p); /* nobody reaps it; the scheduler still holds one */
	sched_exit_final();
}
