/* SPDX-License-Identifier: MIT */
/* The system calls whose bodies are here: arguments as the user gave them, a result or a negative
 * errno. Each is what its manual page
 * in section 2 says; syscalls.tbl tells where one is not whole. */
#pragma once

#include "lib/types.h"
#include "arch/arch.h"

struct rlimit;
struct iovec;
struct rusage;
struct siginfo;
struct clone_args;
struct timespec;
struct timeval;
struct timezone;
struct timex;
struct tms;
struct sched_param;
struct sched_attr;
struct new_utsname;
struct sysinfo;
struct __user_cap_header_struct;
struct __user_cap_data_struct;

/* ---- sys_mm.c ---- */
long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, int fd, unsigned long offset);
long sys_munmap(unsigned long addr, unsigned long len);
long sys_mprotect(unsigned long addr, unsigned long len, unsigned long prot);
long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags, unsigned long new_addr);
long sys_brk(unsigned long brk);
long sys_madvise(unsigned long addr, unsigned long len, int advice);
long sys_msync(unsigned long addr, unsigned long len, int flags);
long sys_mincore(unsigned long addr, unsigned long len, unsigned char __user *vec);
long sys_mlock(unsigned long addr, unsigned long len);
long sys_mlock2(unsigned long addr, unsigned long len, int flags);
long sys_munlock(unsigned long addr, unsigned long len);
long sys_mlockall(int flags);
long sys_munlockall(void);

/* ---- sys_swap.c ---- */
long sys_swapon(const char __user *name, int flags);
long sys_swapoff(const char __user *name);

/* ---- sys_process_vm.c ---- */
long sys_process_vm_readv(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt, const struct iovec __user *rvec, unsigned long riovcnt, unsigned long flags);
long sys_process_vm_writev(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt, const struct iovec __user *rvec, unsigned long riovcnt, unsigned long flags);

/* ---- sys_process.c ---- */
long sys_fork(void);
long sys_vfork(void);
long sys_clone(unsigned long flags, unsigned long stack, int __user *parent_tid, int __user *child_tid, unsigned long tls);
long sys_clone3(const struct clone_args __user *uargs, size_t size);
long sys_execve(const char __user *filename, const char __user *const __user *argv, const char __user *const __user *envp);
long sys_execveat(int dfd, const char __user *filename, const char __user *const __user *argv, const char __user *const __user *envp, int flags);
long sys_exit(int code);
long sys_exit_group(int code);
long sys_wait4(pid_t pid, int __user *status, int options, struct rusage __user *uru);
long sys_waitid(int which, pid_t pid, struct siginfo __user *uinfo, int options, struct rusage __user *uru);
long sys_set_tid_address(int __user *tid);
long sys_getpid(void);
long sys_gettid(void);
long sys_getppid(void);
long sys_tkill(pid_t pid, int sig);
long sys_rt_sigreturn(void);
long sys_pause(void);
long sys_alarm(unsigned int seconds);
long sys_restart_syscall(void);
long sys_setpgid(pid_t pid, pid_t pgid);
long sys_getpgid(pid_t pid);
long sys_getpgrp(void);
long sys_getsid(pid_t pid);
long sys_setsid(void);

/* ---- sys_time.c ---- */
long sys_clock_gettime(int clock, struct timespec __user *uts);
long sys_clock_getres(int clock, struct timespec __user *uts);
long sys_clock_settime(int clock, const struct timespec __user *uts);
long sys_gettimeofday(struct timeval __user *utv, struct timezone __user *utz);
long sys_settimeofday(const struct timeval __user *utv, const struct timezone __user *utz);
long sys_time(long __user *ut);
long sys_times(struct tms __user *utms);
long sys_adjtimex(struct timex __user *utx);
long sys_clock_adjtime(int clock, struct timex __user *utx);
long sys_nanosleep(const struct timespec __user *uts, struct timespec __user *urem);
long sys_clock_nanosleep(int clock, int flags, const struct timespec __user *uts, struct timespec __user *urem);
long sys_getrusage(int who, struct rusage __user *uru);
long sys_getrlimit(unsigned int resource, struct rlimit __user *urlim);
long sys_setrlimit(unsigned int resource, const struct rlimit __user *urlim);
long sys_prlimit64(pid_t pid, unsigned int resource, const struct rlimit __user *unew, struct rlimit __user *uold);

/* ---- sys_cred.c ---- */
long sys_getuid(void);
long sys_geteuid(void);
long sys_getgid(void);
long sys_getegid(void);
long sys_setuid(uid_t uid);
long sys_setreuid(uid_t ruid, uid_t euid);
long sys_setresuid(uid_t ruid, uid_t euid, uid_t suid);
long sys_getresuid(uid_t __user *ruid, uid_t __user *euid, uid_t __user *suid);
long sys_setgid(gid_t gid);
long sys_setregid(gid_t rgid, gid_t egid);
long sys_setresgid(gid_t rgid, gid_t egid, gid_t sgid);
long sys_getresgid(gid_t __user *rgid, gid_t __user *egid, gid_t __user *sgid);
long sys_setfsuid(uid_t uid);
long sys_setfsgid(gid_t gid);
long sys_getgroups(int size, gid_t __user *list);
long sys_setgroups(int size, const gid_t __user *list);
long sys_capget(struct __user_cap_header_struct __user *uheader, struct __user_cap_data_struct __user *udata);
long sys_capset(struct __user_cap_header_struct __user *uheader, const struct __user_cap_data_struct __user *udata);

/* ---- sys_sched.c ---- */
long sys_sched_yield(void);
long sys_sched_setscheduler(pid_t pid, int policy, const struct sched_param __user *param);
long sys_sched_setparam(pid_t pid, const struct sched_param __user *param);
long sys_sched_getscheduler(pid_t pid);
long sys_sched_getparam(pid_t pid, struct sched_param __user *uparam);
long sys_sched_setattr(pid_t pid, struct sched_attr __user *uattr, unsigned int flags);
long sys_sched_getattr(pid_t pid, struct sched_attr __user *uattr, unsigned int size, unsigned int flags);
long sys_sched_get_priority_max(int policy);
long sys_sched_get_priority_min(int policy);
long sys_sched_rr_get_interval(pid_t pid, struct timespec __user *uts);
long sys_sched_setaffinity(pid_t pid, unsigned int len, const unsigned long __user *umask);
long sys_sched_getaffinity(pid_t pid, unsigned int len, unsigned long __user *umask);
long sys_setpriority(int which, int who, int nice);
long sys_getpriority(int which, int who);
long sys_ioprio_set(int which, int who, int ioprio);
long sys_ioprio_get(int which, int who);
long sys_getcpu(unsigned int __user *cpu, unsigned int __user *node);

/* ---- sys_info.c ---- */
long sys_uname(struct new_utsname __user *uname);
long sys_sethostname(const char __user *name, int len);
long sys_setdomainname(const char __user *name, int len);
long sys_sysinfo(struct sysinfo __user *uinfo);
long sys_getrandom(char __user *buf, size_t len, unsigned int flags);
long sys_syslog(int type, char __user *ubuf, int len);
long sys_reboot(int magic1, int magic2, unsigned int cmd, void __user *arg);
long sys_personality(unsigned int personality);
long sys_arch_prctl(int code, unsigned long addr);

/* ---- sys_prctl.c ---- */
long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5);
