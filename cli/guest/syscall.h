/* SPDX-License-Identifier: MIT */
/*
 * The system calls that init uses, without a C library. Each returns what the kernel returns: a
 * negative errno on failure. May be called from anywhere in init; nothing here keeps state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <asm/unistd.h>

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define syscall5(nr, a, b, c, d, e)                                                                \
	syscall6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define syscall4(nr, a, b, c, d) syscall5(nr, a, b, c, d, 0)
#define syscall3(nr, a, b, c)	 syscall4(nr, a, b, c, 0)
#define syscall2(nr, a, b)	 syscall3(nr, a, b, 0)
#define syscall1(nr, a)		 syscall2(nr, a, 0)
#define syscall0(nr)		 syscall1(nr, 0)

static inline long sys_open(const char *path, int flags)
{
	return syscall3(__NR_open, path, flags, 0);
}

static inline long sys_close(int fd)
{
	return syscall1(__NR_close, fd);
}

static inline long sys_read(int fd, void *buffer, size_t size)
{
	return syscall3(__NR_read, fd, buffer, size);
}

static inline long sys_write(int fd, const void *buffer, size_t size)
{
	return syscall3(__NR_write, fd, buffer, size);
}

static inline long sys_ioctl(int fd, unsigned long request, void *argument)
{
	return syscall3(__NR_ioctl, fd, request, argument);
}

static inline long sys_mount(const char *type, const char *target, unsigned long flags,
			     const char *data)
{
	return syscall5(__NR_mount, type, target, type, flags, data);
}
