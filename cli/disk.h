/* SPDX-License-Identifier: MIT */
/* The guest's disks: files of the host that --disk names, and one without a name for --swap. */
#pragma once

#include "options.h"

/* Disks appear in the guest as /dev/vda and so on, first those of --disk in their order, then the
 * swap. */
#define MAX_DISKS 7 /* QEMU's microvm has eight virtio devices; one carries the streams */

/* A --disk argument, FILE or FILE,ro. */
struct disk {
	char *path;
	bool read_only, is_device;
};

/* What @argument names; ends the command with a message if the guest could not use it. */
struct disk disk_check(const char *argument);

/* Add to QEMU's @arguments, whose first is QEMU's path, what makes the disks of @options. Creates
 * the file for swap: QEMU inherits its descriptor, and with the last descriptor it is gone. */
void disk_add_all(struct strings *arguments, const struct options *options);

/* Which of the guest's disks, counted from 1, is swap; 0: none. */
unsigned int disk_of_swap(const struct options *options);
