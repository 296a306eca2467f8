/* SPDX-License-Identifier: MIT */
/* /dev/kmsg. */
#pragma once

struct file_operations;

extern const struct file_operations kmsg_fops;
