/* SPDX-License-Identifier: MIT */
/* Input of the serial console by interrupt. */
#include "arch/x86_64/cpu.h"

#define COM1		 0x3f8
#define COM1_GSI	 4
#define UART_IER	 (COM1 + 1)
#define UART_IER_RX	 0x01
#define UART_MCR	 (COM1 + 4)
#define UART_MCR_OUT2	 0x0b /* DTR, RTS, and OUT2, which lets the interrupt out of the chip */
#define UART_LSR	 (COM1 + 5)
#define UART_LSR_READY	 0x01
#define UART_LSR_ABSENT	 0xff

static void console_interrupt(void *arg)
{
	void (*input)(char) = (void (*)(char))arg;

	while (inb(UART_LSR) & UART_LSR_READY)
		input(inb(COM1));
}

void arch_console_input(void (*input)(char c))
{
	if (inb(UART_LSR) == UART_LSR_ABSENT || arch_request_irq(COM1_GSI, console_interrupt, (void *)input))
		return;
	outb(UART_MCR, UART_MCR_OUT2);
	outb(UART_IER, UART_IER_RX);
}
