/* SPDX-License-Identifier: MIT */
/* Idle tasks, one for each CPU: they run when nothing else can, and halt the CPU. */
#include "sched/rq.h"
#include "abi/errno.h"
#include "lib/vsprintf.h"

/* Before it halts, a CPU looks for work this often (some ten microseconds): a wake-up then costs no
 * interrupt. Not with one CPU, where only an interrupt can bring work. */
#define IDLE_POLLS 200

int sched_init_cpu(unsigned int cpu)
{
	struct task_struct *idle = dup_task_struct(&init_task);
	struct rq *rq = cpu_rq(cpu);

	if (!idle)
		return -ENOMEM;
	snprintf(idle->comm, TASK_COMM_LEN, "swapper/%u", cpu);
	idle->flags |= PF_KTHREAD | PF_IDLE;
	idle->state = TASK_RUNNING;
	idle->signal = &init_signals;
	idle->sighand = &init_sighand;
	idle->group_leader = idle;
	idle->real_parent = idle->parent = &init_task;
	idle->cpu = cpu;
	idle->cpus_mask = BIT(cpu);
	idle->on_cpu = 1;
	rq->clock = arch_clock_ns();
	rq->curr = rq->idle = idle;
	return 0;
}

struct task_struct *idle_task(unsigned int cpu)
{
	return cpu_rq(cpu)->idle;
}

static void idle_poll(struct rq *rq)
{
	unsigned int polls;

	if (!READ_ONCE(sched_smp))
		return;
	WRITE_ONCE(rq->polling, 1);
	smp_mb(); /* who finds it set leaves the flag to be found: see resched_curr() */
	for (polls = IDLE_POLLS; polls && !need_resched(); polls--)
		arch_cpu_relax();
	WRITE_ONCE(rq->polling, 0);
	smp_mb(); /* from here on an interrupt comes; what was flagged before is seen by the check
		     below */
}

void cpu_idle_loop(void)
{
	struct rq *rq = this_rq();

	BUG_ON(current != rq->idle);
	set_bit(rq->cpu, &idle_cpus);
	set_bit(rq->cpu, &sched_cpus);
	if (rq->cpu)
		WRITE_ONCE(sched_smp, true);
	arch_irq_enable();
	for (;;) {
		idle_poll(rq);
		/* With interrupts off, one that sets the flag after this check ends the halt at
		 * once. */
		arch_irq_disable();
		if (!need_resched()) {
			timer_tick_stop();
			arch_idle();
		} else {
			arch_irq_enable();
		}
		if (need_resched())
			schedule();
	}
}
