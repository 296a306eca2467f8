/* SPDX-License-Identifier: MIT */
/* The rest of the machine: serial console, the ways to end, idling, and the random number
 * instruction. */
#include "arch/x86_64/cpu.h"
#include "lib/string.h"

/* ---- Console ---------------------------------------------------------------------------- */

#define COM1		0x3f8
#define UART_LSR	(COM1 + 5)
#define UART_LSR_THRE	0x20
#define UART_SPIN_LIMIT 100000

void arch_console_write(const char *s, size_t len)
{
	unsigned int spins;

	for (; len > 0; s++, len--) {
		/* No port there reads as all ones, which counts as ready. */
		for (spins = 0; !(inb(UART_LSR) & UART_LSR_THRE) && spins < UART_SPIN_LIMIT;
		     spins++)
			arch_cpu_relax();
		outb(COM1, *s);
	}
}

/* ---- The end ---------------------------------------------------------------------------- */

#define DEBUG_EXIT_PORT	     0xf4
#define KEYBOARD_COMMAND     0x64
#define KEYBOARD_PULSE_RESET 0xfe

static void halt_others(void)
{
	arch_irq_disable();
	if (nr_cpus > 1)
		arch_stop_other_cpus();
}

/* Without interrupt descriptors any exception ends in a triple fault, which resets the machine. */
static void triple_fault(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed none = {0, 0};

	__asm__ __volatile__("lidt %0; ud2" : : "m"(none));
}

__noreturn void arch_reboot(void)
{
	halt_others();
	outb(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
	triple_fault();
	for (;;)
		__asm__ __volatile__("cli; hlt");
}

__noreturn void arch_poweroff(int status)
{
	halt_others();
	/* QEMU's isa-debug-exit device, if it is there, ends QEMU with status 2 * @status + 1. */
	outb(DEBUG_EXIT_PORT, status);
	arch_reboot();
}

/* ---- Idle ------------------------------------------------------------------------------- */

void arch_idle(void)
{
	struct x86_cpu *cpu = this_x86_cpu();

	cpu->idle = true;
	/* STI takes effect after the next instruction: nothing comes between it and HLT. */
	__asm__ __volatile__("sti; hlt" : : : "memory");
	WRITE_ONCE(cpu->idle, false);
}

/* ---- Entropy ---------------------------------------------------------------------------- */

static bool hardware_random(u64 *value)
{
	unsigned int tries;
	bool ok = false;

	for (tries = 0; tries < 10 && !ok; tries++) {
		if (cpu_features.rdseed)
			__asm__ __volatile__("rdseed %0; setc %1"
					     : "=r"(*value), "=qm"(ok)
					     :
					     : "cc");
		if (!ok && cpu_features.rdrand)
			__asm__ __volatile__("rdrand %0; setc %1"
					     : "=r"(*value), "=qm"(ok)
					     :
					     : "cc");
	}
	return ok;
}

size_t arch_random(void *buf, size_t len)
{
	size_t done = 0, part;
	u64 value;

	while (done < len && hardware_random(&value)) {
		part = min_t(size_t, sizeof(value), len - done);
		memcpy((u8 *)buf + done, &value, part);
		done += part;
	}
	return done;
}
