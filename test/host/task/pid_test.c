/* SPDX-License-Identifier: MIT */
/* Pids against sets in plain arrays. */
#include "../boot.h"
#include "test.h"

#include "abi/errno.h"
#include "lib/err.h"
#include "lib/string.h"
#include "task/pid.h"

#define MAX_PID	  600
#define MAX_TASKS 300

/* A process: its structures are real, it never runs. */
static struct process {
	bool alive;
	struct task_struct task;
	struct signal_struct signal;
	struct pid *pid;
	int pgrp, session; /* the model: numbers */
} processes[MAX_TASKS];

static void start(void)
{
	host_boot(HOST_DEFAULT_RAM, 1);
	arch_set_boot_task(&init_task);
	task_init();
}

static bool in_use(int nr)
{
	int i;

	for (i = 0; i < MAX_TASKS; i++) {
		struct process *p = &processes[i];

		if (p->alive && (p->task.pid == nr || p->pgrp == nr || p->session == nr))
			return true;
	}
	return false;
}

static void birth(struct process *p, struct pid *pid)
{
	memset(p, 0, sizeof(*p));
	p->task.signal = &p->signal;
	INIT_LIST_HEAD(&p->signal.pgrp_link);
	INIT_LIST_HEAD(&p->signal.session_link);
	p->signal.leader = &p->task;
	p->alive = true;
	p->pid = get_pid(pid);
	spin_lock(&tasklist_lock);
	attach_pid(&p->task, pid);
	spin_unlock(&tasklist_lock);
	CHECK_EQ(p->task.pid, pid->nr);
}

static void end(struct process *p)
{
	spin_lock(&tasklist_lock);
	clear_task_pgrp_session(&p->task);
	detach_pid(&p->task);
	spin_unlock(&tasklist_lock);
	p->alive = false;
	p->pgrp = p->session = 0;
	CHECK(p->pid->task == NULL);
	put_pid(p->pid); /* as a pidfd that outlives the task */
}

static void join(struct process *p, struct process *leader, bool session)
{
	spin_lock(&tasklist_lock);
	if (session) {
		set_task_session(&p->task, leader->task.thread_pid);
		p->session = leader->task.pid;
	} else {
		set_task_pgrp(&p->task, leader->task.thread_pid);
		p->pgrp = leader->task.pid;
	}
	spin_unlock(&tasklist_lock);
}

static void check(void)
{
	struct signal_struct *sig;
	int nr, i, members, tasks = 0;

	spin_lock(&tasklist_lock);
	for (i = 0; i < MAX_TASKS; i++)
		tasks += processes[i].alive;
	CHECK_EQ(nr_threads_total(), tasks);
	for (nr = 1; nr < MAX_PID; nr++) {
		struct pid *pid = find_pid(nr);
		int pgrp_members = 0, session_members = 0;
		struct task_struct *task = NULL;

		CHECK_EQ(pid != NULL, in_use(nr));
		for (i = 0; i < MAX_TASKS; i++) {
			struct process *p = &processes[i];

			if (!p->alive)
				continue;
			if (p->task.pid == nr)
				task = &p->task;
			pgrp_members += p->pgrp == nr;
			session_members += p->session == nr;
		}
		CHECK(find_task_by_pid(nr) == task);
		if (!pid)
			continue;
		members = 0;
		for_each_pgrp_member(sig, pid)
		{
			CHECK_EQ(pid_nr(sig->pids_pgrp), nr);
			members++;
		}
		CHECK_EQ(members, pgrp_members);
		members = 0;
		for_each_session_member(sig, pid) members++;
		CHECK_EQ(members, session_members);
	}
	/* A walk over all tasks in the order of their numbers, as readdir of /proc does. */
	for (nr = 0, i = 0; find_ge_task(nr); i++)
		nr = find_ge_task(nr)->pid + 1;
	CHECK_EQ(i, tasks);
	spin_unlock(&tasklist_lock);
}

TEST(pids_follow_the_model)
{
	unsigned int round;

	start();
	pid_max = MAX_PID;
	for (round = 0; round < test_rounds(4000); round++) {
		struct process *p = &processes[test_random_below(MAX_TASKS)];
		struct process *q = &processes[test_random_below(MAX_TASKS)];
		pid_t want = test_random_below(4) ? 0 : 1 + test_random_below(MAX_PID + 5);
		struct pid *pid;

		if (!p->alive) {
			bool taken = want && want < MAX_PID && in_use(want);

			pid = alloc_pid(want);
			if (want >= MAX_PID) {
				CHECK_EQ(PTR_ERR(pid), -EINVAL);
			} else if (taken) {
				CHECK_EQ(PTR_ERR(pid), -EEXIST);
			} else {
				CHECK(!IS_ERR(pid));
				CHECK(!want || pid->nr == want);
				CHECK(!in_use(pid->nr));
				if (test_random_below(8))
					birth(p, pid);
				else
					free_pid(pid);
			}
		} else if (test_random_below(3) == 0) {
			end(p);
		} else if (q->alive) {
			join(p, q, test_random_below(2));
		}
		if (round % 16 == 0)
			check();
	}
	check();
}

TEST(pids_run_out_with_eagain_and_come_back)
{
	static struct pid *pids[MAX_PID];
	int n = 0, i;
	struct pid *pid;

	start();
	pid_max = MAX_PID;
	while (!IS_ERR(pid = alloc_pid(0)))
		pids[n++] = pid;
	CHECK_EQ(PTR_ERR(pid), -EAGAIN);
	CHECK_EQ(n, MAX_PID - 1);
	for (i = 0; i < n; i++)
		CHECK_EQ(pids[i]->nr, i + 1);
	free_pid(pids[449]);
	free_pid(pids[399]);
	CHECK_EQ(alloc_pid(0)->nr, 400); /* the small ones below 300 stay free on later rounds */
	CHECK_EQ(alloc_pid(0)->nr, 450);
	free_pid(pids[5]);
	CHECK_EQ(PTR_ERR(alloc_pid(0)), -EAGAIN);
	CHECK_EQ(alloc_pid(6)->nr, 6);
}

TEST(pids_are_given_in_turn_also_across_bitmap_pages)
{
	struct pid *pid;
	int i;

	start();
	pid_max = PID_MAX_LIMIT;
	pid = alloc_pid(32767);
	CHECK_EQ(pid->nr, 32767);
	for (i = 1; i <= 32766; i++)
		free_pid(alloc_pid(0));
	CHECK_EQ(last_pid(), 32766);
	for (i = 32768; i < 32800; i++) {
		pid = alloc_pid(0);
		CHECK_EQ(pid->nr, i);
	}
	pid = alloc_pid(PID_MAX_LIMIT - 1);
	CHECK_EQ(pid->nr, PID_MAX_LIMIT - 1);
	birth(&processes[0], pid);
	birth(&processes[1], alloc_pid(65536));
	spin_lock(&tasklist_lock);
	CHECK_EQ(find_ge_task(1)->pid, 65536);
	CHECK_EQ(find_ge_task(65537)->pid, PID_MAX_LIMIT - 1);
	CHECK(find_ge_task(PID_MAX_LIMIT) == NULL);
	spin_unlock(&tasklist_lock);
}

TEST(exchange_pids_swaps_the_numbers)
{
	struct process *leader = &processes[0], *thread = &processes[1];
	pid_t a, b;

	start();
	birth(leader, alloc_pid(0));
	birth(thread, alloc_pid(0));
	a = leader->task.pid;
	b = thread->task.pid;
	spin_lock(&tasklist_lock);
	exchange_pids(&thread->task, &leader->task);
	CHECK_EQ(thread->task.pid, a);
	CHECK_EQ(leader->task.pid, b);
	CHECK(find_task_by_pid(a) == &thread->task);
	CHECK(find_task_by_pid(b) == &leader->task);
	spin_unlock(&tasklist_lock);
}
