/* SPDX-License-Identifier: MIT */
/*
 * Terminals. One struct tty_struct is one terminal line: a serial port, or the slave side of a
 * pseudo terminal.
 *
 *	driver input -> tty_receive -> n_tty.c: editing, echo, signals -> read buffer -> tty_read
 *	tty_write -> n_tty.c: output processing -> ops->write -> driver
 *
 *	tasklist_lock		session, pgrp, and every signal_struct's tty
 *	tty->lock (RANK_DEVICE)	the line: read buffer, column, flags. Interrupts off.
 *	tty->termios_mutex	who changes termios; readers take a copy under tty->lock
 *	tty->write_mutex	one writer at a time
 *
 * Signals are sent with no tty lock held: the line discipline notes them and the caller sends.
 */
#pragma once

#include "lib/refcount.h"
#include "lib/bitmap.h"
#include "fs/fs.h"
#include "sched/mutex.h"
#include "sched/wait.h"
#include "abi/termios.h"

#define TTY_BUF_SIZE 4096 /* power of two; the longest line is one byte less */

struct pid;
struct tty_struct;

struct tty_operations {
	/* Take up to @len processed bytes; returns how many (0: full, write_wait is woken when
	 * there is room). tty->lock held, interrupts off. */
	size_t (*write)(struct tty_struct *tty, const char *buf, size_t len);
	/* Free room in bytes. tty->lock held. */
	size_t (*write_room)(struct tty_struct *tty);
	/* Bytes written but not yet out. */
	size_t (*chars_in_buffer)(struct tty_struct *tty);
	/* The last file closed. May sleep. */
	void (*close)(struct tty_struct *tty);
};

struct tty_struct {
	refcount_t count;	/* files, and who looks at it; a pty's master has one */
	const struct tty_operations *ops;
	char name[16];
	dev_t dev;
	void *driver_data;
	void (*destroy)(struct tty_struct *tty); /* last reference gone: frees driver_data */

	/* tasklist_lock */
	struct pid *session, *pgrp; /* references */

	/* lock */
	spinlock_t lock;
	struct termios termios;
	struct winsize winsize;
	unsigned int open_count; /* slave files */
	bool hung_up;		 /* for good: the pty's master closed */
	bool stopped;		 /* ^S */
	bool exclusive;
	bool packet;		 /* TIOCPKT */
	u8 packet_status;
	bool lnext;		 /* next character is taken literally */
	unsigned int column, canon_column; /* of the cursor; where the current line began */
	char buf[TTY_BUF_SIZE];
	DECLARE_BITMAP(line_end, TTY_BUF_SIZE);
	size_t head, canon_head, tail; /* free-running: next in, end of complete lines, next out */
	unsigned int lines;	 /* complete lines in buf */

	struct mutex termios_mutex, write_mutex, read_mutex;
	struct wait_queue_head read_wait, write_wait;
};

/* What input asked for, to be done without locks. */
struct tty_signals {
	int sig[4];
	unsigned int n;
};

/* ---- tty_core.c ---- */
struct tty_struct *tty_alloc(const struct tty_operations *ops, const char *name, dev_t dev); /* count 1; NULL */
void tty_get(struct tty_struct *tty);
void tty_put(struct tty_struct *tty); /* may free; may sleep */
/* Hang up for good: readers see end of file, writers EIO, the session's leader SIGHUP (its end
 * tells the foreground
 * group). May sleep. */
void tty_hangup(struct tty_struct *tty);
/* current is in the background: reading (SIGTTIN) or changing/writing (SIGTTOU) stops it. 0, -EIO,
 * -ERESTARTSYS. */
int tty_check_change(struct tty_struct *tty, int sig);
/* current's controlling terminal with a reference, or NULL. */
struct tty_struct *get_current_tty(void);
/* Open @tty as @file: makes it current's controlling one if it may. 0 or errno. Takes a
 * reference. */
int tty_open_file(struct tty_struct *tty, struct file *file);
void tty_signal_pgrp(struct tty_struct *tty, int sig); /* foreground group */
int tty_set_controlling(struct tty_struct *tty, bool steal); /* TIOCSCTTY */
int tty_drop_controlling(void);				     /* TIOCNOTTY */
/* The session leader current ends. */
void tty_exit_session(void);
/* Upward edges, set at boot: kill_pid(), kill_pgrp() and is_orphaned_pgrp() of process/. */
extern int (*tty_kill_pid_hook)(struct pid *pid, int sig);
extern int (*tty_kill_pgrp_hook)(struct pid *pgrp, int sig);
extern bool (*tty_is_orphaned_pgrp_hook)(struct pid *pgrp);
extern const struct file_operations tty_fops;
struct tty_struct *file_tty(struct file *file);

/* ---- n_tty.c ---- */
void n_tty_init_termios(struct termios *t);
/* Input from the driver; returns bytes taken (fewer when the buffer is full in a mode that must not
 * lose). May sleep (signals). */
size_t tty_receive(struct tty_struct *tty, const char *buf, size_t len);
size_t n_tty_available(struct tty_struct *tty); /* bytes a read would get at once; lock held */
void n_tty_flush_input(struct tty_struct *tty); /* lock held */
/* Copy what a read may get to @to, at most @n; false if nothing is there. *done: the read ends here
 * (line complete). lock held. */
size_t n_tty_copy(struct tty_struct *tty, char *to, size_t n, bool *done);
/* Output processing: consumes up to @len bytes; returns bytes consumed. lock held. */
size_t n_tty_output(struct tty_struct *tty, const char *buf, size_t len);
/* termios changed from canonical to raw or back: what is buffered becomes readable accordingly.
 * lock held. */
void n_tty_mode_changed(struct tty_struct *tty, const struct termios *old);

/* ---- tty_ioctl.c ---- */
long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
/* Requests that the pty's master shares; -ENOIOCTLCMD: not one of them. */
long tty_common_ioctl(struct tty_struct *tty, struct file *file, unsigned int cmd, unsigned long arg);

/* ---- pty.c, serial.c, mem.c ---- */
void pty_init(void);
void serial_init(void);
void mem_devices_init(void);
void tty_init(void);
/* The terminal that is /dev/console. */
extern struct tty_struct *console_tty;
