/* SPDX-License-Identifier: MIT */
/* What the host port needs of libc. This file sees none of the kernel's headers. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void libc_map_arena(unsigned long base, unsigned long size);
void libc_write_stderr(const char *s, unsigned long len);
_Noreturn void libc_exit(int status);
_Noreturn void libc_abort(void);
void libc_main_stack(void **bottom, unsigned long *size);

void libc_map_arena(unsigned long base, unsigned long size)
{
	void *p = mmap((void *)base, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)base) {
		perror("mapping the arena of physical memory");
		abort();
	}
}

void libc_write_stderr(const char *s, unsigned long len)
{
	fflush(stdout);
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, s, len);

		if (n <= 0)
			return;
		s += n;
		len -= n;
	}
}

void libc_exit(int status)
{
	fflush(stdout);
	_exit(status);
}

void libc_abort(void)
{
	fflush(stdout);
	abort();
}

void libc_main_stack(void **bottom, unsigned long *size)
{
	pthread_attr_t attr;

	if (pthread_getattr_np(pthread_self(), &attr) || pthread_attr_getstack(&attr, bottom, size))
		abort();
	pthread_attr_destroy(&attr);
}
