/* SPDX-License-Identifier: MIT */
/*
 * Waiting for children: options and the coding of the status word.
 */
#pragma once

#define WNOHANG	    0x1
#define WUNTRACED   0x2
#define WSTOPPED    0x2
#define WEXITED	    0x4
#define WCONTINUED  0x8
#define WNOWAIT	    0x1000000
#define __WNOTHREAD 0x20000000
#define __WALL	    0x40000000
#define __WCLONE    0x80000000U

#define P_ALL	0
#define P_PID	1
#define P_PGID	2
#define P_PIDFD 3

#define WCOREFLAG 0x80
/* Status words: exited with @code; killed by @sig; stopped by @sig; continued. */
#define W_EXITCODE(code, sig) (((code) << 8) | (sig))
#define W_STOPCODE(sig)	      (((sig) << 8) | 0x7f)
#define W_CONTINUED	      0xffff
