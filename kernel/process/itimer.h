/* SPDX-License-Identifier: MIT */
/* Interval and POSIX timers: the system calls. */
#pragma once

#include "lib/types.h"
#include "abi/time.h"
#include "abi/signal.h"

long ksys_setitimer(int which, const struct itimerval __user *value, struct itimerval __user *old);
long ksys_getitimer(int which, struct itimerval __user *value);
unsigned int ksys_alarm(unsigned int seconds);
long ksys_timer_create(int clock, const struct sigevent __user *event, int __user *id);
long ksys_timer_settime(int id, int flags, const struct itimerspec __user *value, struct itimerspec __user *old);
long ksys_timer_gettime(int id, struct itimerspec __user *value);
long ksys_timer_getoverrun(int id);
long ksys_timer_delete(int id);
