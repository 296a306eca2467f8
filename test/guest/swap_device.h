/* SPDX-License-Identifier: MIT */
/* Swap for one test: /dev/vda, if the machine has no other. */
#pragma once

#include "truth.h"
#include <sys/swap.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define DEVICE "/dev/vda"

static bool own_swap;

static void end_swap(void)
{
	if (own_swap)
		CHECK_OK(swapoff(DEVICE));
	own_swap = false;
}

/* What mkswap writes. */
static bool make_swap(void)
{
	static char header[PAGE];
	uint32_t *info = (uint32_t *)(header + 1024);
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);
	bool ok;

	memset(header, 0, sizeof(header));
	info[0] = 1;
	info[1] = size / PAGE - 1;
	memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
	ok = fd >= 0 && size > 0 && pwrite(fd, header, PAGE, 0) == PAGE && !fsync(fd);
	close(fd);
	return ok;
}

static void need_swap(void)
{
	if (!guest_is_quire())
		guest_skip("other programs run");
	if (meminfo("SwapTotal") > 0)
		return;
	if (getuid() || !make_swap() || swapon(DEVICE, 0))
		guest_skip("no swap, and no device for it");
	own_swap = true;
}
