/* SPDX-License-Identifier: MIT */
/* The QEMU process: its command line, its start, its end. */
#pragma once

#include <sys/types.h>
#include "options.h"
#include "world.h"

/* QEMU's exit status when the guest's kernel panicked: it writes QEMU_PANIC_VALUE to the debug-exit
 * port, and QEMU ends with (value << 1) | 1. A kernel that switches the machine off writes 0. */
#define QEMU_EXIT_PORT	  "0xf4"
#define QEMU_PANIC_VALUE  0x3d
#define QEMU_PANIC_STATUS ((QEMU_PANIC_VALUE << 1) | 1)

struct qemu {
	pid_t pid;
	int control;  /* stream socket: the guest's port */
	int log;      /* stream socket: the guest's serial port, that is the kernel's log */
	int messages; /* pipe: what QEMU itself prints */
};

/* Path of the QEMU to use; ends the command with a message that says what to install if there is
 * none. */
char *qemu_find(void);

/* Path of the kernel image that @options ask for; ends the command if it cannot be read. */
char *qemu_kernel(const struct options *options);

/* Start QEMU with @world. The process is killed when quire ends, however that happens. The
 * descriptors in @qemu are close-on-exec and non-blocking; @accel is ACCEL_KVM or ACCEL_TCG. */
void qemu_start(struct qemu *qemu, const struct options *options, const struct world *world,
		enum accel accel);

/* Wait up to @patience_ms for QEMU to end by itself, then kill it. Returns its wait(2) status. */
int qemu_end(struct qemu *qemu, int patience_ms);

/* Do these messages of QEMU mean that KVM gave the machine up? QEMU then keeps it, stopped, for
 * ever. */
bool qemu_kvm_gave_up(const char *bytes, size_t size);

/* Print the command line that qemu_start() would use, quoted for a shell. */
void qemu_print(const struct options *options, const struct world *world, enum accel accel);
