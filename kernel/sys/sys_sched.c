/* SPDX-License-Identifier: MIT */
/* Scheduling policies, priorities and affinity. */
#include "sys/sys.h"
#include "task/pid.h"
#include "task/namespace.h"
#include "sched/sched.h"
#include "mm/uaccess.h"
#include "page/slab.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/resource.h"
#include "abi/sched.h"

/* @pid's task with a reference (0: current), or NULL. */
static struct task_struct *get_target(pid_t pid)
{
	return pid ? find_get_task(pid) : get_task_struct(current);
}

/* current may change @p's scheduling: same user, or privileged. */
static bool may_change(struct task_struct *p)
{
	uid_t euid = current_euid();
	bool same;

	task_lock(p); /* its credentials */
	same = euid == p->cred->euid || euid == p->cred->uid;
	task_unlock(p);
	return same || capable(CAP_SYS_NICE);
}

/* Nice value with setpriority(2)'s permission check: 0, -EPERM, -EACCES. */
static int set_nice_checked(struct task_struct *p, int nice)
{
	unsigned long limit = p->signal->rlim[RLIMIT_NICE].rlim_cur;

	if (!may_change(p))
		return -EPERM;
	if (nice < PRIO_TO_NICE(p->static_prio) && 20 - nice > (long)limit && !capable(CAP_SYS_NICE))
		return -EACCES;
	set_user_nice(p, nice);
	return 0;
}

long sys_sched_yield(void)
{
	sched_yield_current();
	return 0;
}

static long set_policy(pid_t pid, int policy, const struct sched_param __user *uparam)
{
	struct sched_param param;
	struct task_struct *p;
	bool reset = false;
	int ret;

	if (!uparam || pid < 0)
		return -EINVAL;
	if (copy_from_user(&param, uparam, sizeof(param)))
		return -EFAULT;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	if (policy == -1) {
		policy = p->policy;
		reset = p->sched_reset_on_fork;
	} else if (policy & SCHED_RESET_ON_FORK) {
		reset = true;
		policy &= ~SCHED_RESET_ON_FORK;
	}
	ret = sched_setscheduler(p, policy, param.sched_priority, reset, true);
	put_task_struct(p);
	return ret;
}

long sys_sched_setscheduler(pid_t pid, int policy, const struct sched_param __user *param)
{
	return policy < 0 ? -EINVAL : set_policy(pid, policy, param);
}

long sys_sched_setparam(pid_t pid, const struct sched_param __user *param)
{
	return set_policy(pid, -1, param);
}

long sys_sched_getscheduler(pid_t pid)
{
	struct task_struct *p;
	long ret;

	if (pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	ret = p->policy | (p->sched_reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	put_task_struct(p);
	return ret;
}

long sys_sched_getparam(pid_t pid, struct sched_param __user *uparam)
{
	struct sched_param param;
	struct task_struct *p;

	if (!uparam || pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	param.sched_priority = p->rt_priority;
	put_task_struct(p);
	return copy_to_user(uparam, &param, sizeof(param)) ? -EFAULT : 0;
}

long sys_sched_setattr(pid_t pid, struct sched_attr __user *uattr, unsigned int flags)
{
	struct sched_attr attr = {};
	struct task_struct *p;
	u32 size;
	int ret;

	if (!uattr || pid < 0 || flags)
		return -EINVAL;
	if (get_user(size, &uattr->size))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return -E2BIG;
	if (copy_from_user(&attr, uattr, min((size_t)size, sizeof(attr))))
		return -EFAULT;
	if (attr.sched_policy == SCHED_DEADLINE || (attr.sched_flags & ~(u64)SCHED_FLAG_RESET_ON_FORK))
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	ret = sched_setscheduler(p, attr.sched_policy, attr.sched_priority,
				 attr.sched_flags & SCHED_FLAG_RESET_ON_FORK, true);
	if (!ret && (attr.sched_policy == SCHED_NORMAL || attr.sched_policy == SCHED_BATCH))
		ret = set_nice_checked(p, clamp(attr.sched_nice, MIN_NICE, MAX_NICE));
	put_task_struct(p);
	return ret;
}

long sys_sched_getattr(pid_t pid, struct sched_attr __user *uattr, unsigned int size, unsigned int flags)
{
	struct sched_attr attr = {};
	struct task_struct *p;

	if (!uattr || pid < 0 || size > PAGE_SIZE || size < SCHED_ATTR_SIZE_VER0 || flags)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	attr.size = min((size_t)size, sizeof(attr));
	attr.sched_policy = p->policy;
	attr.sched_flags = p->sched_reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	attr.sched_nice = PRIO_TO_NICE(p->static_prio);
	attr.sched_priority = p->rt_priority;
	put_task_struct(p);
	return copy_to_user(uattr, &attr, attr.size) ? -EFAULT : 0;
}

long sys_sched_get_priority_max(int policy)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return MAX_RT_PRIO - 1;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
	case SCHED_DEADLINE:
		return 0;
	}
	return -EINVAL;
}

long sys_sched_get_priority_min(int policy)
{
	return sys_sched_get_priority_max(policy) > 0 ? 1 : sys_sched_get_priority_max(policy);
}

long sys_sched_rr_get_interval(pid_t pid, struct timespec __user *uts)
{
	struct task_struct *p;
	struct timespec ts;
	u64 ns;

	if (pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	ns = sched_rr_interval(p);
	put_task_struct(p);
	ts.tv_sec = ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	return copy_to_user(uts, &ts, sizeof(ts)) ? -EFAULT : 0;
}

long sys_sched_setaffinity(pid_t pid, unsigned int len, const unsigned long __user *umask)
{
	struct task_struct *p;
	unsigned long mask = 0;
	int ret;

	if (copy_from_user(&mask, umask, min((size_t)len, sizeof(mask))))
		return -EFAULT;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	ret = may_change(p) ? sched_setaffinity(p, mask) : -EPERM;
	put_task_struct(p);
	return ret;
}

long sys_sched_getaffinity(pid_t pid, unsigned int len, unsigned long __user *umask)
{
	struct task_struct *p;
	unsigned long mask;

	if (len * 8 < NR_CPUS || (len & (sizeof(long) - 1)))
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	mask = p->cpus_mask & cpu_online_mask;
	put_task_struct(p);
	return copy_to_user(umask, &mask, sizeof(mask)) ? -EFAULT : sizeof(mask);
}

/* ---- Nice values and I/O priorities, of a process, a group or a user
 * ------------------------------------ */

/* Call @fn for every task that (which, who) names, until it returns something below 0... the last
 * result is kept by @fn. tasklist_lock held. */
static int for_each_target(int which, int who, void (*fn)(struct task_struct *t, void *arg), void *arg)
{
	struct task_struct *p, *t;
	struct signal_struct *s;
	struct pid *pgrp;
	int found = 0;
	uid_t uid;

	switch (which) {
	case PRIO_PROCESS:
		t = who ? find_task_by_pid(who) : current;
		if (t) {
			fn(t, arg);
			found++;
		}
		break;
	case PRIO_PGRP:
		pgrp = who ? find_pid(who) : task_pgrp(current);
		if (!pgrp)
			break;
		for_each_pgrp_member(s, pgrp) {
			for_each_thread(s->leader, t)
				fn(t, arg);
			found++;
		}
		break;
	case PRIO_USER:
		for_each_process(p) {
			task_lock(p);
			uid = p->cred->uid;
			task_unlock(p);
			if (uid != (who ? (uid_t)who : current_uid()))
				continue;
			for_each_thread(p, t)
				fn(t, arg);
			found++;
		}
		break;
	}
	return found;
}

struct priority_call {
	int nice;
	long ret;
};

static void set_one_priority(struct task_struct *t, void *arg)
{
	struct priority_call *call = arg;
	long ret = set_nice_checked(t, call->nice);

	if (call->ret == -ESRCH || ret)
		call->ret = ret;
}

long sys_setpriority(int which, int who, int nice)
{
	struct priority_call call = { .nice = clamp(nice, MIN_NICE, MAX_NICE), .ret = -ESRCH };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	spin_lock(&tasklist_lock);
	for_each_target(which, who, set_one_priority, &call);
	spin_unlock(&tasklist_lock);
	return call.ret;
}

static void get_one_priority(struct task_struct *t, void *arg)
{
	struct priority_call *call = arg;

	call->ret = max(call->ret, 20l - PRIO_TO_NICE(t->static_prio));
}

long sys_getpriority(int which, int who)
{
	struct priority_call call = { .ret = -ESRCH };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	spin_lock(&tasklist_lock);
	for_each_target(which, who, get_one_priority, &call);
	spin_unlock(&tasklist_lock);
	return call.ret;
}

struct ioprio_call {
	unsigned short ioprio;
	long ret;
};

static bool ioprio_valid(int ioprio)
{
	int class = ioprio >> IOPRIO_CLASS_SHIFT, level = ioprio & ((1 << IOPRIO_CLASS_SHIFT) - 1);

	switch (class) {
	case IOPRIO_CLASS_NONE:
		return level == 0;
	case IOPRIO_CLASS_RT:
	case IOPRIO_CLASS_BE:
		return level < IOPRIO_NR_LEVELS;
	case IOPRIO_CLASS_IDLE:
		return true;
	}
	return false;
}

static int set_ioprio(struct task_struct *t, int ioprio)
{
	int ret = 0;

	task_lock(t);
	if (t->flags & PF_EXITING)
		; /* nobody would free a new one */
	else if (t->io_context)
		t->io_context->ioprio = ioprio;
	else if (!(t->io_context = alloc_io_context(ioprio, GFP_ATOMIC)))
		ret = -ENOMEM;
	task_unlock(t);
	return ret;
}

static void set_one_ioprio(struct task_struct *t, void *arg)
{
	struct ioprio_call *call = arg;
	long ret = may_change(t) ? set_ioprio(t, call->ioprio) : -EPERM;

	if (call->ret == -ESRCH || ret)
		call->ret = ret;
}

long sys_ioprio_set(int which, int who, int ioprio)
{
	struct ioprio_call call = { .ioprio = ioprio, .ret = -ESRCH };

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER || !ioprio_valid(ioprio))
		return -EINVAL;
	if (ioprio >> IOPRIO_CLASS_SHIFT == IOPRIO_CLASS_RT && !capable(CAP_SYS_ADMIN) && !capable(CAP_SYS_NICE))
		return -EPERM;
	spin_lock(&tasklist_lock);
	for_each_target(which - IOPRIO_WHO_PROCESS, who, set_one_ioprio, &call); /* the same three kinds */
	spin_unlock(&tasklist_lock);
	return call.ret;
}

static void get_one_ioprio(struct task_struct *t, void *arg)
{
	struct ioprio_call *call = arg;
	int ioprio;

	task_lock(t);
	ioprio = t->io_context ? t->io_context->ioprio : 0;
	task_unlock(t);
	/* The most urgent of them: class none counts as best effort 4 only if all are so. */
	if (call->ret < 0 || (ioprio && (!call->ret || ioprio < call->ret)))
		call->ret = ioprio;
}

long sys_ioprio_get(int which, int who)
{
	struct ioprio_call call = { .ret = -ESRCH };

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	spin_lock(&tasklist_lock);
	for_each_target(which - IOPRIO_WHO_PROCESS, who, get_one_ioprio, &call);
	spin_unlock(&tasklist_lock);
	return call.ret;
}

long sys_getcpu(unsigned int __user *cpu, unsigned int __user *node)
{
	unsigned int id = arch_cpu_id(), zero = 0;

	if ((cpu && put_user(id, cpu)) || (node && put_user(zero, node)))
		return -EFAULT;
	return 0;
}
