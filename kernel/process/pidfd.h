/* SPDX-License-Identifier: MIT */
/* pidfds: descriptors that stand for a process. */
#pragma once

#include "task/pid.h"

struct file;

/* Reserve a descriptor and make its file for @pid (takes a reference); the caller installs or
 * undoes. Descriptor or errno. */
int pidfd_prepare(struct pid *pid, struct file **file);
long ksys_pidfd_open(pid_t pid, unsigned int flags);
long ksys_pidfd_getfd(int pidfd, int fd, unsigned int flags);
