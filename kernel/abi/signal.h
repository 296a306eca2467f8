/* SPDX-License-Identifier: MIT */
/*
 * Signals: numbers, siginfo, sigaction and the frame a handler finds on its stack, as on x86-64.
 */
#pragma once

#include "abi/time.h"
#include "lib/types.h"

#define _NSIG	    64
#define _NSIG_WORDS 1

#define SIGHUP	  1
#define SIGINT	  2
#define SIGQUIT	  3
#define SIGILL	  4
#define SIGTRAP	  5
#define SIGABRT	  6
#define SIGIOT	  6
#define SIGBUS	  7
#define SIGFPE	  8
#define SIGKILL	  9
#define SIGUSR1	  10
#define SIGSEGV	  11
#define SIGUSR2	  12
#define SIGPIPE	  13
#define SIGALRM	  14
#define SIGTERM	  15
#define SIGSTKFLT 16
#define SIGCHLD	  17
#define SIGCONT	  18
#define SIGSTOP	  19
#define SIGTSTP	  20
#define SIGTTIN	  21
#define SIGTTOU	  22
#define SIGURG	  23
#define SIGXCPU	  24
#define SIGXFSZ	  25
#define SIGVTALRM 26
#define SIGPROF	  27
#define SIGWINCH  28
#define SIGIO	  29
#define SIGPWR	  30
#define SIGSYS	  31
#define SIGPOLL	  SIGIO
#define SIGRTMIN  32
#define SIGRTMAX  _NSIG

#define MINSIGSTKSZ 2048
#define SIGSTKSZ    8192

/* The set of blocked or pending signals; signal n is bit n - 1. Calls take its size, 8, as an
 * argument. */
typedef u64 sigset_t;

#define sigmask(sig) (1ull << ((sig) - 1))

typedef void __user (*__sighandler_t)(int);
typedef void __user (*__sigrestore_t)(void);

#define SIG_DFL ((__sighandler_t)0)
#define SIG_IGN ((__sighandler_t)1)
#define SIG_ERR ((__sighandler_t)-1)

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x1
#define SA_NOCLDWAIT 0x2
#define SA_SIGINFO   0x4
#define SA_ONSTACK   0x8000000
#define SA_RESTART   0x10000000
#define SA_NODEFER   0x40000000
#define SA_RESETHAND 0x80000000U
#define SA_RESTORER  0x04000000
/* Cleared by the kernel if asked for: how a program finds out which of the other bits are known. */
#define SA_UNSUPPORTED	  0x400
#define SA_EXPOSE_TAGBITS 0x800

/* As the calls see it: not the layout of libc's struct. */
struct sigaction {
	__sighandler_t sa_handler;
	unsigned long sa_flags;
	__sigrestore_t sa_restorer;
	sigset_t sa_mask;
};
static_assert(sizeof(struct sigaction) == 32, "ABI");

/* As the kernel keeps it. */
struct k_sigaction {
	struct sigaction sa;
};

typedef struct sigaltstack {
	void __user *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;
static_assert(sizeof(stack_t) == 24, "ABI");

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM 0x80000000U
#define SS_FLAG_BITS  SS_AUTODISARM

/* ---- siginfo -------------------------------------------------------------------------------- */

typedef union sigval {
	int sival_int;
	void __user *sival_ptr;
} sigval_t;

#define SI_MAX_SIZE 128

typedef struct siginfo {
	int si_signo;
	int si_errno;
	int si_code;
	union {
		int _pad[28];
		struct { /* kill() */
			pid_t _pid;
			uid_t _uid;
		} _kill;
		struct { /* POSIX timers */
			int _tid;
			int _overrun;
			sigval_t _sigval;
			int _sys_private; /* not for the user */
		} _timer;
		struct { /* sigqueue() */
			pid_t _pid;
			uid_t _uid;
			sigval_t _sigval;
		} _rt;
		struct { /* SIGCHLD */
			pid_t _pid;
			uid_t _uid;
			int _status;
			long _utime; /* clock ticks */
			long _stime;
		} _sigchld;
		struct { /* SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP */
			void __user *_addr;
			union {
				int _trapno;
				short _addr_lsb; /* BUS_MCEERR_* */
				struct {
					char _dummy_bnd[8];
					void __user *_lower;
					void __user *_upper;
				} _addr_bnd; /* SEGV_BNDERR */
				struct {
					char _dummy_pkey[8];
					u32 _pkey;
				} _addr_pkey; /* SEGV_PKUERR */
			};
		} _sigfault;
		struct { /* SIGPOLL */
			long _band;
			int _fd;
		} _sigpoll;
		struct { /* SIGSYS */
			void __user *_call_addr;
			int _syscall;
			unsigned int _arch;
		} _sigsys;
	} _sifields;
} siginfo_t;
static_assert(sizeof(siginfo_t) == SI_MAX_SIZE, "ABI");
static_assert(offsetof(siginfo_t, _sifields) == 16, "ABI");

#define si_pid	       _sifields._kill._pid
#define si_uid	       _sifields._kill._uid
#define si_tid	       _sifields._timer._tid
#define si_overrun     _sifields._timer._overrun
#define si_sys_private _sifields._timer._sys_private
#define si_status      _sifields._sigchld._status
#define si_utime       _sifields._sigchld._utime
#define si_stime       _sifields._sigchld._stime
#define si_value       _sifields._rt._sigval
#define si_int	       _sifields._rt._sigval.sival_int
#define si_ptr	       _sifields._rt._sigval.sival_ptr
#define si_addr	       _sifields._sigfault._addr
#define si_trapno      _sifields._sigfault._trapno
#define si_addr_lsb    _sifields._sigfault._addr_lsb
#define si_lower       _sifields._sigfault._addr_bnd._lower
#define si_upper       _sifields._sigfault._addr_bnd._upper
#define si_pkey	       _sifields._sigfault._addr_pkey._pkey
#define si_band	       _sifields._sigpoll._band
#define si_fd	       _sifields._sigpoll._fd
#define si_call_addr   _sifields._sigsys._call_addr
#define si_syscall     _sifields._sigsys._syscall
#define si_arch	       _sifields._sigsys._arch

/* si_code: what the user sent is <= 0. */
#define SI_USER	    0
#define SI_QUEUE    (-1)
#define SI_TIMER    (-2)
#define SI_MESGQ    (-3)
#define SI_ASYNCIO  (-4)
#define SI_SIGIO    (-5)
#define SI_TKILL    (-6)
#define SI_DETHREAD (-7)
#define SI_ASYNCNL  (-60)
#define SI_KERNEL   0x80

#define ILL_ILLOPC	     1
#define ILL_ILLOPN	     2
#define ILL_ILLADR	     3
#define ILL_ILLTRP	     4
#define ILL_PRVOPC	     5
#define ILL_PRVREG	     6
#define ILL_COPROC	     7
#define ILL_BADSTK	     8
#define ILL_BADIADDR	     9
#define FPE_INTDIV	     1
#define FPE_INTOVF	     2
#define FPE_FLTDIV	     3
#define FPE_FLTOVF	     4
#define FPE_FLTUND	     5
#define FPE_FLTRES	     6
#define FPE_FLTINV	     7
#define FPE_FLTSUB	     8
#define FPE_FLTUNK	     14
#define FPE_CONDTRAP	     15
#define SEGV_MAPERR	     1
#define SEGV_ACCERR	     2
#define SEGV_BNDERR	     3
#define SEGV_PKUERR	     4
#define SEGV_ACCADI	     5
#define SEGV_ADIDERR	     6
#define SEGV_ADIPERR	     7
#define SEGV_MTEAERR	     8
#define SEGV_MTESERR	     9
#define BUS_ADRALN	     1
#define BUS_ADRERR	     2
#define BUS_OBJERR	     3
#define BUS_MCEERR_AR	     4
#define BUS_MCEERR_AO	     5
#define TRAP_BRKPT	     1
#define TRAP_TRACE	     2
#define TRAP_BRANCH	     3
#define TRAP_HWBKPT	     4
#define TRAP_UNK	     5
#define TRAP_PERF	     6
#define TRAP_PERF_FLAG_ASYNC 1
#define CLD_EXITED	     1
#define CLD_KILLED	     2
#define CLD_DUMPED	     3
#define CLD_TRAPPED	     4
#define CLD_STOPPED	     5
#define CLD_CONTINUED	     6
#define POLL_IN		     1
#define POLL_OUT	     2
#define POLL_MSG	     3
#define POLL_ERR	     4
#define POLL_PRI	     5
#define POLL_HUP	     6
#define SYS_SECCOMP	     1
#define SYS_USER_DISPATCH    2

struct sigevent {
	sigval_t sigev_value;
	int sigev_signo;
	int sigev_notify;
	union {
		int _pad[12];
		int _tid; /* SIGEV_THREAD_ID */
	} _sigev_un;
};
static_assert(sizeof(struct sigevent) == 64, "ABI");

#define sigev_notify_thread_id _sigev_un._tid
#define SIGEV_SIGNAL	       0
#define SIGEV_NONE	       1
#define SIGEV_THREAD	       2
#define SIGEV_THREAD_ID	       4

/* ---- The frame of a handler ----------------------------------------------------------------- */

/* In the last 48 bytes of the FXSAVE image: says that a whole XSAVE image is there. */
struct _fpx_sw_bytes {
	u32 magic1;	   /* FP_XSTATE_MAGIC1 */
	u32 extended_size; /* of everything, the closing FP_XSTATE_MAGIC2 included */
	u64 xfeatures;
	u32 xstate_size; /* of the XSAVE image */
	u32 padding[7];
};
static_assert(sizeof(struct _fpx_sw_bytes) == 48, "ABI");

#define FP_XSTATE_MAGIC1      0x46505853
#define FP_XSTATE_MAGIC2      0x46505845
#define FP_XSTATE_MAGIC2_SIZE 4U

struct _fpstate {
	u16 cwd;
	u16 swd;
	u16 twd;
	u16 fop;
	u64 rip;
	u64 rdp;
	u32 mxcsr;
	u32 mxcsr_mask;
	u32 st_space[32];  /* 8 x87 registers of 16 bytes */
	u32 xmm_space[64]; /* 16 XMM registers of 16 bytes */
	u32 reserved2[12];
	struct _fpx_sw_bytes sw_reserved;
};
static_assert(sizeof(struct _fpstate) == 512, "FXSAVE");

struct sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 di, si, bp, bx, dx, ax, cx, sp;
	u64 ip;
	u64 flags;
	u16 cs, gs, fs, ss;
	u64 err;
	u64 trapno;
	u64 oldmask;
	u64 cr2;
	struct _fpstate __user *fpstate; /* 64-byte aligned; NULL: none */
	u64 reserved1[8];
};
static_assert(sizeof(struct sigcontext) == 256, "ABI");

#define UC_FP_XSTATE	     0x1
#define UC_SIGCONTEXT_SS     0x2
#define UC_STRICT_RESTORE_SS 0x4

struct ucontext {
	unsigned long uc_flags;
	struct ucontext __user *uc_link;
	stack_t uc_stack;
	struct sigcontext uc_mcontext;
	sigset_t uc_sigmask;
};
static_assert(sizeof(struct ucontext) == 304, "ABI");

/* At the handler's first instruction the stack pointer is here: 16-byte aligned minus 8. */
struct rt_sigframe {
	void __user *pretcode; /* sa_restorer */
	struct ucontext uc;
	siginfo_t info;
	/* The FPU state lies above. */
};
static_assert(sizeof(struct rt_sigframe) == 440, "ABI");
