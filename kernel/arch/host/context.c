/* SPDX-License-Identifier: MIT */
/*
 * Executions on stacks of their own: tasks, and started CPUs. Interrupts of simulated CPUs, and
 * time.
 */
#include "arch/host/internal.h"
#include "lib/kasan.h"
#include "lib/bug.h"
#include "lib/string.h"

void host_switch_stack(void **save_sp, void *next_sp);
void host_first_run(void);

void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom_old, size_t *size_old);

struct host_cpu host_cpus[NR_CPUS];
unsigned int host_cpu_number;
unsigned int nr_cpus = 1;
unsigned int nr_possible_cpus = 1;
unsigned long cpu_online_mask = 1;

static u64 clock_now;
bool host_busy;
static unsigned int interleave_every;
static u64 interleave_state;
static unsigned long spins; /* arch_cpu_relax() calls since another execution ran */

/* ---- Contexts ------------------------------------------------------------------------------ */

void host_switch_context(struct host_context *from, struct host_context *to)
{
	spins = 0;
	if (QUIRE_KASAN)
		__sanitizer_start_switch_fiber(&from->fake_stack, to->stack_bottom, to->stack_size);
	host_switch_stack(&from->sp, to->sp);
}

void host_context_arrived(struct host_context *self)
{
	if (QUIRE_KASAN)
		__sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
	self->fake_stack = NULL;
}

void host_make_context(struct host_context *context, void *stack, size_t size, void (*fn)(void))
{
	/* r15 r14 r13 r12 rbx rbp, return address; then the stack is aligned as at a call. */
	void **sp = (void **)((char *)stack + size) - 9;

	memset(sp, 0, 9 * sizeof(*sp));
	sp[4] = fn;
	sp[6] = host_first_run;
	*context = (struct host_context){.sp = sp, .stack_bottom = stack, .stack_size = size};
}

/* ---- CPUs ---------------------------------------------------------------------------------- */

void host_set_cpu(unsigned int cpu)
{
	BUG_ON(cpu >= nr_cpus || host_cpus[cpu].started);
	host_cpu_number = cpu;
}

/* Leave this CPU's execution and continue that of @cpu; returns when somebody does the
 * same to us. */
static void run_cpu(unsigned int cpu)
{
	unsigned int self = host_cpu_number;
	struct host_context *context = &host_cpus[self].context;
	struct host_context *stack = &arch_task(host_cpus[self].current_task)->thread.context;

	context->stack_bottom = stack->stack_bottom;
	context->stack_size = stack->stack_size;
	host_cpu_number = cpu;
	host_switch_context(context, &host_cpus[cpu].context);
	host_context_arrived(context);
}

static bool has_work(const struct host_cpu *cpu)
{
	return cpu->kicked || arch_task(cpu->current_task)->work || cpu->timer <= clock_now;
}

/* Started CPUs that would do something if they ran. */
static bool runnable(const struct host_cpu *cpu)
{
	return cpu->started && (!cpu->idle || has_work(cpu));
}

static bool yield_from(unsigned int first)
{
	unsigned int i, cpu;

	for (i = 0; i < nr_cpus; i++) {
		cpu = (first + i) % nr_cpus;
		if (cpu != host_cpu_number && runnable(&host_cpus[cpu])) {
			run_cpu(cpu);
			return true;
		}
	}
	return false;
}

bool host_yield_cpu(void)
{
	return this_host_cpu()->started && yield_from(host_cpu_number + 1);
}

void host_interleave(unsigned int every, u64 seed)
{
	interleave_every = every;
	interleave_state = seed;
	host_update_busy();
}

void host_update_busy(void)
{
	host_busy = interleave_every || host_speculating();
}

/* Yield one time in @every. */
static void maybe_interleave(unsigned int every)
{
	if (!interleave_every || !this_host_cpu()->started)
		return;
	interleave_state = interleave_state * 6364136223846793005ULL + 1442695040888963407ULL;
	if ((interleave_state >> 33) % every == 0)
		yield_from((interleave_state >> 24) % nr_cpus);
}

void host_point(void)
{
	host_maybe_speculate();
	maybe_interleave(interleave_every);
}

void host_slow_point(void)
{
	host_maybe_speculate();
	maybe_interleave(4);
}

static void secondary_start(void)
{
	host_context_arrived(&this_host_cpu()->context);
	kernel_secondary_main(host_cpu_number);
}

void arch_start_secondary_cpus(void)
{
	unsigned int cpu;

	host_cpus[0].started = nr_cpus > 1;
	for (cpu = 1; cpu < nr_cpus; cpu++) {
		struct task_struct *idle = idle_task(cpu);
		struct arch_task *task = arch_task(idle);

		host_cpus[cpu].current_task = idle;
		host_cpus[cpu].irqs_off = true;
		host_cpus[cpu].started = true;
		host_make_context(&host_cpus[cpu].context, task->stack, THREAD_SIZE,
				  secondary_start);
		task->thread.context = host_cpus[cpu].context;
		run_cpu(cpu); /* it comes back when it idles */
	}
}

void arch_cpu_relax(void)
{
	if (!host_yield_cpu() && ++spins > 50000000)
		host_panic("CPU %u spins for ever", host_cpu_number);
}

void arch_send_reschedule(unsigned int cpu)
{
	host_cpus[cpu].kicked = true;
}

void arch_stop_other_cpus(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		host_cpus[cpu].started = false;
}

/* ---- Interrupts and time ------------------------------------------------------------------- */

u64 arch_clock_ns(void)
{
	return clock_now;
}

void arch_timer_set(u64 deadline)
{
	this_host_cpu()->timer = deadline;
}

/* handle_tick() on @cpu, as if it were interrupted where it stands. */
static void tick(struct host_cpu *cpu)
{
	struct pt_regs regs = {
		.cs = KERNEL_CS, .orig_ax = -1, .flags = X86_FLAGS_IF | X86_FLAGS_ONE};
	unsigned int self = host_cpu_number;
	bool irqs_off = cpu->irqs_off;

	host_cpu_number = cpu - host_cpus;
	cpu->irqs_off = true;
	cpu->timer = U64_MAX;
	handle_tick(&regs);
	cpu->irqs_off = irqs_off;
	host_cpu_number = self;
}

void arch_irq_enable(void)
{
	struct host_cpu *cpu = this_host_cpu();

	cpu->irqs_off = false;
	while (cpu->timer <= clock_now)
		tick(cpu);
	if (host_busy)
		host_point();
}

/* The CPU whose timer ends first, by @limit at the latest; NULL if there is none. */
static struct host_cpu *next_timer(u64 limit)
{
	struct host_cpu *cpu, *first = NULL;

	for (cpu = host_cpus; cpu < host_cpus + nr_cpus; cpu++)
		if (!cpu->irqs_off && cpu->timer <= limit && (!first || cpu->timer < first->timer))
			first = cpu;
	return first;
}

void host_advance(u64 ns)
{
	u64 end = clock_now + ns;
	struct host_cpu *cpu;

	while ((cpu = next_timer(end))) {
		clock_now = max(clock_now, cpu->timer);
		tick(cpu);
	}
	clock_now = end;
}

/* Nobody can run: to the next timer of an idle or merely claimed CPU. */
static void skip_time(void)
{
	struct host_cpu *cpu, *first = NULL;

	for (cpu = host_cpus; cpu < host_cpus + nr_cpus; cpu++)
		if (cpu->timer != U64_MAX && (!first || cpu->timer < first->timer))
			first = cpu;
	if (!first)
		host_panic("all CPUs idle, and no timer is set");
	clock_now = max(clock_now, first->timer);
	if (!first->started && first != this_host_cpu())
		tick(first);
}

void arch_idle(void)
{
	struct host_cpu *cpu = this_host_cpu();

	BUG_ON(!cpu->irqs_off);
	cpu->idle = true;
	while (!has_work(cpu))
		if (!host_yield_cpu())
			skip_time();
	cpu->idle = false;
	cpu->kicked = false;
	arch_irq_enable();
}
