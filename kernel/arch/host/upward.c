/* SPDX-License-Identifier: MIT */
/* The trap entries of higher floors, for test programs into which those floors are not linked. */
#include "arch/host/internal.h"
#include "lib/bug.h"

#define ABSENT(name) host_panic("%s: the floor that has it is not linked", name)

__weak void kernel_secondary_main(unsigned int cpu)
{
	ABSENT("kernel_secondary_main");
}

__weak struct task_struct *idle_task(unsigned int cpu)
{
	ABSENT("idle_task");
}

__weak void handle_tick(struct pt_regs *regs)
{
	ABSENT("handle_tick");
}

__weak bool handle_page_fault(struct pt_regs *regs, unsigned long addr, unsigned int error_code)
{
	ABSENT("handle_page_fault");
}

__weak void handle_exit_to_user(struct pt_regs *regs)
{
	ABSENT("handle_exit_to_user");
}

__weak void schedule_tail(struct task_struct *prev)
{
	ABSENT("schedule_tail");
}
