/* SPDX-License-Identifier: MIT */
/*
 * Included before every kernel file of the host port: kernel functions whose names libc also has,
 * and which mean something else or must not replace libc's own, get another name in the object
 * files. memcpy and friends stay libc's. tools/check-libc-names finds what is missing here.
 */
#pragma once

#define arch_prctl	   quire_arch_prctl
#define bsearch		   quire_bsearch
#define close_range	   quire_close_range
#define sched_setaffinity  quire_sched_setaffinity
#define sched_setscheduler quire_sched_setscheduler
#define snprintf	   quire_snprintf
#define vsnprintf	   quire_vsnprintf
