/* SPDX-License-Identifier: MIT */
/* prctl(2): what a thread may set about itself. */
#include "sys/sys.h"
#include "task/task.h"
#include "sched/sched.h"
#include "mm/mm.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/prctl.h"

#define CAP_VALID(cap) ((cap) <= CAP_LAST_CAP)

static long prctl_set_name(const char __user *uname)
{
	char comm[TASK_COMM_LEN] = {};

	if (strncpy_from_user(comm, uname, TASK_COMM_LEN - 1) < 0)
		return -EFAULT;
	comm[TASK_COMM_LEN - 1] = '\0';
	set_task_comm(current, comm);
	return 0;
}

static long prctl_get_name(char __user *uname)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current);
	return copy_to_user(uname, comm, sizeof(comm)) ? -EFAULT : 0;
}

/* Change one field of current's credentials. */
static long change_cred(void (*fn)(struct cred *new, unsigned long arg), unsigned long arg)
{
	struct cred *new = prepare_creds();

	if (!new)
		return -ENOMEM;
	fn(new, arg);
	commit_creds(new);
	return 0;
}

static void drop_bset(struct cred *new, unsigned long cap)
{
	new->cap_bset &= ~(1ull << cap);
}

static void set_keepcaps(struct cred *new, unsigned long on)
{
	new->securebits = (new->securebits & ~SECBIT_KEEP_CAPS) | (on ? SECBIT_KEEP_CAPS : 0);
}

static void set_securebits(struct cred *new, unsigned long bits)
{
	new->securebits = bits;
}

static void raise_ambient(struct cred *new, unsigned long cap)
{
	new->cap_ambient |= 1ull << cap;
}

static void lower_ambient(struct cred *new, unsigned long cap)
{
	new->cap_ambient &= ~(1ull << cap);
}

static void clear_ambient(struct cred *new, unsigned long unused)
{
	new->cap_ambient = 0;
}

static long prctl_ambient(unsigned long what, unsigned long cap)
{
	const struct cred *c = current_cred();

	if (what == PR_CAP_AMBIENT_CLEAR_ALL)
		return cap ? -EINVAL : change_cred(clear_ambient, 0);
	if (!CAP_VALID(cap))
		return -EINVAL;
	switch (what) {
	case PR_CAP_AMBIENT_IS_SET:
		return c->cap_ambient >> cap & 1;
	case PR_CAP_AMBIENT_RAISE:
		if (!(c->cap_permitted & c->cap_inheritable & (1ull << cap)) ||
		    (c->securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		return change_cred(raise_ambient, cap);
	case PR_CAP_AMBIENT_LOWER:
		return change_cred(lower_ambient, cap);
	}
	return -EINVAL;
}

long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5)
{
	const struct cred *cred = current_cred();
	struct mm_struct *mm = current->mm;

	switch (option) {
	case PR_SET_PDEATHSIG:
		if (arg2 > _NSIG)
			return -EINVAL;
		current->pdeath_signal = arg2;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(current->pdeath_signal, (int __user *)arg2);
	case PR_GET_DUMPABLE:
		return mm->dumpable;
	case PR_SET_DUMPABLE:
		if (arg2 > 1)
			return -EINVAL;
		mm->dumpable = arg2;
		return 0;
	case PR_SET_NAME:
		return prctl_set_name((char __user *)arg2);
	case PR_GET_NAME:
		return prctl_get_name((char __user *)arg2);
	case PR_GET_KEEPCAPS:
		return !!(cred->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return arg2 > 1 ? -EINVAL : change_cred(set_keepcaps, arg2);
	case PR_CAPBSET_READ:
		return CAP_VALID(arg2) ? (long)(cred->cap_bset >> arg2 & 1) : -EINVAL;
	case PR_CAPBSET_DROP:
		if (!capable(CAP_SETPCAP))
			return -EPERM;
		return CAP_VALID(arg2) ? change_cred(drop_bset, arg2) : -EINVAL;
	case PR_GET_SECUREBITS:
		return cred->securebits;
	case PR_SET_SECUREBITS:
		if (!capable(CAP_SETPCAP) || (arg2 & ~0xfful))
			return -EPERM;
		return change_cred(set_securebits, arg2);
	case PR_CAP_AMBIENT:
		return arg4 || arg5 ? -EINVAL : prctl_ambient(arg2, arg3);
	case PR_SET_CHILD_SUBREAPER:
		current->signal->is_child_subreaper = !!arg2;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((int)current->signal->is_child_subreaper, (int __user *)arg2);
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		current->no_new_privs = 1;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : current->no_new_privs;
	case PR_SET_TIMERSLACK:
		current->timer_slack_ns = (long)arg2 > 0 ? arg2 : 50000;
		return 0;
	case PR_GET_TIMERSLACK:
		return current->timer_slack_ns;
	case PR_GET_TID_ADDRESS:
		return put_user(current->clear_child_tid, (int __user *__user *)arg2);
	case PR_GET_TSC:
		return put_user((int)PR_TSC_ENABLE, (int __user *)arg2);
	case PR_SET_TSC:
		return arg2 == PR_TSC_ENABLE ? 0 : -EINVAL;
	}
	return -EINVAL;
}
