/* SPDX-License-Identifier: MIT */
/*
 * The end of the kernel. The first CPU that panics reports; a panic inside that report ends the VM
 * at once, and others wait to be stopped.
 */
#include "base/panic.h"
#include "base/ksyms.h"
#include "base/spinlock.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

bool panic_in_progress;
void (*panic_show_task)(void);

static u32 panic_cpu; /* CPU number + 1 of the one that reports; atomic */

static bool print_frame(void *arg, unsigned long pc)
{
	unsigned int *left = arg;
	char sym[KSYM_NAME_MAX];

	ksym_format(sym, sizeof(sym), pc);
	printk("  [<%016lx>] %s", pc, sym);
	return --*left > 0;
}

static void print_backtrace(struct pt_regs *regs)
{
	unsigned int left = 32;

	printk("Call trace:");
	arch_stack_walk(NULL, regs, print_frame, &left);
}

void dump_stack(void)
{
	print_backtrace(NULL);
}

static void write_raw(const char *s)
{
	arch_console_write(s, strlen(s));
}

/* A panic while reporting the first: say as much as can be said without calling anything. */
static __noreturn void panic_again(const char *fmt)
{
	write_raw("\npanic while reporting a panic: ");
	write_raw(fmt);
	write_raw("\n");
	arch_poweroff(PANIC_EXIT_STATUS);
}

/* Returns on the CPU that is to report; the others stay here. */
static void panic_claim(const char *fmt)
{
	u32 self = arch_cpu_id() + 1;
	u32 winner = cmpxchg(&panic_cpu, 0, self);

	if (!winner) {
		panic_in_progress = true;
		return;
	}
	if (winner == self)
		panic_again(fmt);
	for (;;)
		arch_cpu_relax();
}

static __noreturn void panic_report(struct pt_regs *regs, const char *fmt, va_list args)
{
	char message[256];

	arch_irq_disable();
	panic_claim(fmt);
	arch_stop_other_cpus();
	vscnprintf(message, sizeof(message), fmt, args);
	printk("Kernel panic: %s", message);
	printk("CPU: %u", arch_cpu_id());
	if (panic_show_task)
		panic_show_task();
	if (regs)
		arch_show_regs(regs);
	print_backtrace(regs);
	locks_show_held();
	printk("---[ end Kernel panic: %s ]---", message);
	arch_poweroff(PANIC_EXIT_STATUS);
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	panic_report(NULL, fmt, args);
}

void panic_regs(struct pt_regs *regs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	panic_report(regs, fmt, args);
}

void bug_at(const char *file, int line, const char *expr)
{
	panic("BUG at %s:%d: %s", file, line, expr);
}

void warn_at(const char *file, int line, const char *expr)
{
	printk("WARNING at %s:%d: %s (CPU %u)", file, line, expr, arch_cpu_id());
	dump_stack();
}

void handle_kernel_trap(struct pt_regs *regs, const char *what, unsigned long addr)
{
	panic_regs(regs, "%s in the kernel, address %lx", what, addr);
}
