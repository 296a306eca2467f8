/* SPDX-License-Identifier: MIT */
/*
 * The serial line as a terminal: /dev/ttyS0, and /dev/console. Output goes through the machine's
 * polling console (QEMU's
 * serial line takes a byte at once); input arrives by interrupt into a small ring that a kernel
 * thread feeds to the line discipline.
 */
#include "drivers/tty.h"
#include "drivers/serial.h"
#include "sched/sched.h"
#include "base/cmdline.h"
#include "lib/string.h"
#include "abi/errno.h"

#define RING_SIZE 1024 /* power of two */

static struct {
	spinlock_t lock; /* irq */
	char data[RING_SIZE];
	unsigned int head, tail;
	struct work_struct work;
} ring;

static struct tty_struct *serial_tty;

static size_t serial_write(struct tty_struct *tty, const char *buf, size_t len)
{
	arch_console_write(buf, len);
	return len;
}

static size_t serial_write_room(struct tty_struct *tty)
{
	return 4096;
}

static const struct tty_operations serial_ops = {
	.write = serial_write,
	.write_room = serial_write_room,
};

static void serial_feed(struct work_struct *work)
{
	char chunk[64];
	unsigned long flags;
	size_t n;

	for (;;) {
		spin_lock_irqsave(&ring.lock, flags);
		for (n = 0; n < sizeof(chunk) && ring.tail != ring.head; n++)
			chunk[n] = ring.data[ring.tail++ % RING_SIZE];
		spin_unlock_irqrestore(&ring.lock, flags);
		if (!n)
			return;
		tty_receive(serial_tty, chunk, n); /* what finds no room is lost, as on a line without flow control */
	}
}

void serial_input(char c)
{
	unsigned long flags;

	spin_lock_irqsave(&ring.lock, flags);
	if (ring.head - ring.tail < RING_SIZE)
		ring.data[ring.head++ % RING_SIZE] = c;
	spin_unlock_irqrestore(&ring.lock, flags);
	schedule_work(&ring.work);
}

static int serial_open(struct inode *inode, struct file *file)
{
	return tty_open_file(serial_tty, file);
}

static const struct file_operations serial_fops = { .open = serial_open };

void serial_init(void)
{
	spin_lock_init(&ring.lock, "serial", RANK_DEVICE);
	init_work(&ring.work, serial_feed);
	serial_tty = tty_alloc(&serial_ops, "ttyS0", MKDEV(4, 64));
	BUG_ON(!serial_tty);
	serial_tty->termios.c_cflag = B115200 | CS8 | CREAD | HUPCL;
	console_tty = serial_tty;
	(void)register_chrdev(4, 64, 1, "ttyS0", 0620, &serial_fops, NULL);
	arch_console_input(serial_input);
}
