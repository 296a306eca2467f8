/* SPDX-License-Identifier: MIT */
/* The file systems "proc" and "sysfs": what the lower floors count, in Linux's formats. */
#pragma once

/* Boot, after vfs_init(): make both mountable by mount(2). Never fails. */
void procfs_init(void);
