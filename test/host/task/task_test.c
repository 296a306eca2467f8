/* SPDX-License-Identifier: MIT */
/* task_structs, credentials, users, queued signals: counts that come back to where they were. */
#include "../boot.h"
#include "test.h"

#include "abi/errno.h"
#include "base/fault_inject.h"
#include "lib/err.h"
#include "page/slab.h"
#include "page/zone.h"
#include "sched/sched.h"
#include "task/namespace.h"
#include "task/pid.h"
#include "lib/string.h"

static unsigned long free_after_drain(void)
{
	kernel_stack_drain();
	slab_drain();
	drain_page_lists();
	return nr_free_pages();
}

static void dup_and_put(void)
{
	unsigned int usage = refcount_read((refcount_t *)&current->cred->usage);
	struct task_struct *p;

	p = dup_task_struct(current);
	CHECK(p && p->stack && p->stack != current->stack);
	CHECK_EQ(p->state, (unsigned int)TASK_NEW);
	CHECK(!p->mm && !p->files && !p->signal && !p->sighand && !p->thread_pid);
	CHECK(list_empty(&p->children) && list_empty(&p->tasks));
	CHECK(p->cred == current->cred);
	CHECK_EQ(refcount_read((refcount_t *)&current->cred->usage), usage + 1);
	p->signal = alloc_signal();
	p->sighand = alloc_sighand();
	put_new_task(p);
	CHECK_EQ(refcount_read((refcount_t *)&current->cred->usage), usage);
}

static void dup_tests(void)
{
	unsigned long before;
	int i;

	dup_and_put();
	before = free_after_drain();
	for (i = 0; i < 30; i++)
		dup_and_put();
	CHECK_EQ(free_after_drain(), before);
}

TEST(dup_task_struct_and_put_are_even)
{
	host_run_kernel(1, dup_tests);
}

static void nap(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(1000);
}

static int nothing(void *unused)
{
	return 0;
}

static void failing(void)
{
	unsigned long before, nth;
	struct task_struct *p;
	int threads = nr_threads_total();
	pid_t last;

	kthread_run(nothing, NULL, "first");
	nap();
	last = last_pid();
	before = free_after_drain();
	for (nth = 1;; nth++) {
		fault_inject_nth(nth);
		p = kthread_create(nothing, NULL, "x");
		fault_inject_nth(0);
		if (!IS_ERR(p))
			break;
		CHECK_EQ(PTR_ERR(p), -ENOMEM);
		CHECK_EQ(nr_threads_total(), threads);
		CHECK_EQ(free_after_drain(), before);
	}
	CHECK_GT(nth, 4ul);
	test_printf("%lu allocations failed in turn\n", nth - 1);
	CHECK_GE(p->pid, last + 1);
	wake_up_process(p);
	nap();
	CHECK_EQ(free_after_drain(), before);
}

TEST(kthread_create_survives_every_failing_allocation)
{
	host_run_kernel(1, failing);
}

/* ---- Credentials ---- */

static void creds(void)
{
	struct cred *new;
	const struct cred *old;
	struct user_struct *user, *root = current->cred->user;
	long processes = root->processes;

	CHECK(capable(CAP_SYS_ADMIN));
	CHECK(current->flags & PF_SUPERPRIV);
	CHECK(!cred_capable(current->cred, 63));
	user = find_user(1000);
	CHECK_EQ(user->uid, 1000u);
	CHECK(find_user(1000) == user);
	free_uid(user);
	CHECK_EQ(refcount_read(&user->usage), 1u);

	new = prepare_creds();
	new->uid = new->euid = new->fsuid = 1000;
	new->cap_effective = 0;
	CHECK_EQ(set_cred_user(new), 0);
	CHECK(new->user == user);
	CHECK(current_uid() == 0); /* until the commit */
	current->pdeath_signal = 9;
	commit_creds(new);
	CHECK_EQ(current_uid(), 1000u);
	CHECK(!capable(CAP_KILL));
	CHECK_EQ(current->pdeath_signal, 0);
	CHECK_EQ(user->processes, 1);
	CHECK_EQ(root->processes, processes - 1);
	free_uid(user);

	old = get_task_cred(current);
	CHECK(old == current->cred);
	new = prepare_creds();
	new->uid = 0;
	CHECK_EQ(set_cred_user(new), 0);
	commit_creds(new);
	CHECK_EQ(old->uid, 1000u); /* who holds it still sees what was */
	put_cred(old);
	user = find_user(1000);
	CHECK_EQ(user->processes, 0); /* a new one: the old was freed with the last cred */
	free_uid(user);
}

TEST(credentials_change_by_commit_only)
{
	host_run_kernel(1, creds);
}

static void groups(void)
{
	struct group_info *gi = groups_alloc(100);
	struct cred *new = prepare_creds();
	gid_t gid;
	int i;

	for (i = 0; i < 100; i++)
		gi->gid[i] = (i * 37 % 100) * 10;
	groups_sort(gi);
	put_group_info(new->group_info);
	new->group_info = gi;
	new->fsgid = 5;
	new->egid = 7;
	commit_creds(new);
	for (gid = 0; gid < 1100; gid++) {
		bool listed = gid % 10 == 0 && gid < 1000;

		CHECK_EQ(groups_search(current->cred->group_info, gid), listed);
		CHECK_EQ(in_group_p(gid), listed || gid == 5);
		CHECK_EQ(in_egroup_p(gid), listed || gid == 7);
	}
}

TEST(group_membership_is_found)
{
	host_run_kernel(1, groups);
}

/* ---- Queued signals ---- */

static void sigqueues(void)
{
	struct user_struct *user = current->cred->user;
	struct sigpending pending;
	struct sigqueue *q, *extra;
	int i;

	sigpending_init(&pending);
	current->signal->rlim[RLIMIT_SIGPENDING].rlim_cur = 10;
	for (i = 0; i < 10; i++) {
		q = sigqueue_alloc(current, false);
		CHECK(q != NULL);
		list_add_tail(&q->list, &pending.list);
	}
	CHECK_EQ(user->sigpending, 10);
	CHECK(sigqueue_alloc(current, false) == NULL);
	CHECK_EQ(user->sigpending, 10);
	extra = sigqueue_alloc(current, true);
	CHECK(extra != NULL);
	CHECK_EQ(user->sigpending, 11);
	extra->preallocated = true;
	sigqueue_free(extra); /* a timer's: stays */
	CHECK_EQ(user->sigpending, 11);
	extra->preallocated = false;
	sigqueue_free(extra);
	flush_sigqueue(&pending);
	CHECK_EQ(user->sigpending, 0);
	CHECK(list_empty(&pending.list));
}

TEST(queued_signals_are_charged_to_the_user)
{
	host_run_kernel(1, sigqueues);
}

/* ---- Namespaces ---- */

static void namespaces(void)
{
	struct uts_namespace *uts = copy_uts_ns(&init_uts_ns);
	struct new_utsname name;
	struct nsproxy *ns;

	strscpy(uts->name.nodename, "elsewhere", sizeof(uts->name.nodename));
	utsname_read(&name);
	CHECK_STREQ(name.sysname, "Linux");
	CHECK_STREQ(name.nodename, "quire");
	CHECK_STREQ(name.machine, "x86_64");
	ns = alloc_nsproxy(uts, NULL);
	get_nsproxy(ns);
	current->nsproxy = ns;
	utsname_read(&name);
	CHECK_STREQ(name.nodename, "elsewhere");
	CHECK_STREQ(name.release, "6.1.0-quire");
	current->nsproxy = NULL;
	put_nsproxy(ns);
	CHECK_EQ(refcount_read(&uts->count), 1u);
	put_nsproxy(ns);
}

TEST(uts_names_belong_to_the_namespace)
{
	host_run_kernel(1, namespaces);
}
