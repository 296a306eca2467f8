/* SPDX-License-Identifier: MIT */
/* Entry of Quire's init: prepares the world of the program and switches the machine off at the end.
 */
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/errno.h>
#include <linux/mount.h>
#include <linux/reboot.h>
#include <linux/time_types.h>
#include "init.h"

_Noreturn void init_main(void);

/* The stack is 16-byte aligned at entry; the call pushes a return address as the ABI wants it. */
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	call init_main\n");

typedef uint64_t __attribute__((aligned(1), may_alias)) unaligned_u64;

/* gcc emits calls to these two. */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	/* String instructions would be slower: an emulator runs them a byte at a time. */
	for (; size >= 8; size -= 8, d += 8, s += 8)
		*(unaligned_u64 *)d = *(const unaligned_u64 *)s;
	while (size--)
		*d++ = *s++;
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	uint8_t *d = to;

	while (size--)
		*d++ = byte;
	return to;
}

size_t string_length(const char *s)
{
	size_t length = 0;

	while (s[length])
		length++;
	return length;
}

_Noreturn void power_off(void)
{
	syscall0(__NR_sync);
	syscall4(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF,
		 0);
	/* A machine without a power switch: QEMU is told to end on a reset as well. */
	syscall4(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART,
		 0);
	for (;;)
		syscall0(__NR_pause);
}

_Noreturn void die(const char *message)
{
	int console = sys_open("/dev/console", O_WRONLY);

	if (console >= 0) {
		sys_write(console, "quire-init: ", 12);
		sys_write(console, message, string_length(message));
		sys_write(console, "\n", 1);
	}
	power_off();
}

static void sleep_ms(long ms)
{
	struct __kernel_timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	syscall2(__NR_nanosleep, &time, 0);
}

/*
 * The first port of the first virtio-serial device is the one that quire adds; a device that was
 * added by
 * --qemu-arg comes later. The kernel may still be finding the device, or the host's end may not be
 * announced yet, when init starts: both take milliseconds, five seconds mean that there is none.
 */
int port_open(void)
{
	for (int tries = 0; tries < 5000; tries++) {
		int fd = sys_open("/dev/vport0p1", O_RDWR | O_NONBLOCK | O_CLOEXEC);

		for (; fd >= 0 && tries < 5000; tries++) {
			struct pollfd poll = {.fd = fd, .events = POLLOUT};

			if (syscall3(__NR_poll, &poll, 1, 0) > 0 &&
			    !(poll.revents & (POLLHUP | POLLERR)))
				return fd;
			sleep_ms(1);
		}
		if (fd != -ENOENT && fd != -ENXIO && fd != -ENODEV)
			break;
		sleep_ms(1);
	}
	die("no port to the host (/dev/vport0p1)");
}

/* Where the kernel lacks one of these, what needs it fails by itself and says so: nothing here is
 * fatal. */
static void mount_all(void)
{
	sys_mount("devtmpfs", "/dev", 0, NULL);
	sys_mount("proc", "/proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	sys_mount("sysfs", "/sys", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	syscall2(__NR_mkdir, "/dev/pts", 0755);
	sys_mount("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666,gid=5");
	syscall2(__NR_mkdir, "/dev/shm", 01777);
	sys_mount("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, NULL);
	/* Quire's devtmpfs has these names already. */
	if (syscall2(__NR_symlink, "/proc/self/fd", "/dev/fd") != -EEXIST) {
		syscall2(__NR_symlink, "fd/0", "/dev/stdin");
		syscall2(__NR_symlink, "fd/1", "/dev/stdout");
		syscall2(__NR_symlink, "fd/2", "/dev/stderr");
	}
}

_Noreturn void init_main(void)
{
	struct job job;
	struct program program;
	int port;

	mount_all();
	syscall2(__NR_sethostname, "quire", 5);
	job_read(&job);
	/* The program finds the root as the user gave it. */
	syscall1(__NR_unlink, QUIRE_JOB_PATH);
	syscall1(__NR_unlink, QUIRE_INIT_PATH);
	syscall1(__NR_rmdir, "/" QUIRE_DIR);
	port = port_open();
	relay_hello(port);
	program_start(&job, &program);
	relay_run(port, &program);
	power_off();
}
