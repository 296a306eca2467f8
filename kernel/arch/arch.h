/* SPDX-License-Identifier: MIT */
/*
 * The machine contract: all that the kernel asks of a machine. Two ports implement it: arch/x86_64
 * (the
 * real machine) and arch/host (a Linux process, with a software MMU that walks the same page
 * tables).
 *
 * The port adds, as inline functions and types in its "asm/port.h":
 *
 *	struct arch_thread	what a task keeps of its registers while it does not run
 *	struct pt_regs		user registers at entry (asm/ptrace.h; the same layout in both ports)
 *	struct arch_mm		what an mm_struct keeps for the port
 *	arch_cpu_id()		number of this CPU, 0..nr_cpus-1; stable until the task sleeps
 *	arch_current()		task that runs on this CPU
 *	arch_irq_save(), arch_irq_restore(flags), arch_irq_enable(), arch_irq_disable(), arch_irqs_disabled()
 *	arch_cpu_relax()	hint in a spin loop
 *	arch_phys_to_virt(pa), arch_virt_to_phys(va)	the direct map of all RAM
 *
 * and page tables are read and written only through the typed accessors of "arch/x86_64/pgtable.h",
 * which
 * both ports share.
 *
 * No function here sleeps or allocates unless its comment says so.
 */
#pragma once

#include "lib/types.h"
#include "abi/signal.h"

struct task_struct;
struct mm_struct;
struct pt_regs;

#define NR_CPUS 8

#include "asm/port.h"
#include "arch/x86_64/pgtable.h"

/* ---- Boot
 * ------------------------------------------------------------------------------------------ */

enum mem_type { MEM_RAM = 1, MEM_RESERVED = 2 };

struct mem_range {
	u64 start, end; /* bytes, physical, [start, end) */
	enum mem_type type;
};

#define BOOT_MAX_RANGES 32

/* What the boot loader told, copied into the kernel image before kernel_main runs. */
struct boot_info {
	struct mem_range ranges[BOOT_MAX_RANGES]; /* sorted, disjoint, page aligned inward for RAM */
	unsigned int nr_ranges;
	u64 kernel_start, kernel_end;	/* physical extent of the image, page aligned */
	u64 initrd_start, initrd_end;	/* physical, 0,0 if none */
	char cmdline[2048];		/* NUL-terminated */
};

extern struct boot_info boot_info;

/* Start every other CPU; each ends up in kernel_secondary_main(). Returns when all answered or
 * failed to. */
void arch_start_secondary_cpus(void);
extern unsigned int nr_possible_cpus; /* that the machine has, at most NR_CPUS; known from the start */
extern unsigned int nr_cpus;	 /* CPUs present; 1 until arch_start_secondary_cpus() */
extern unsigned long cpu_online_mask; /* bit n: CPU n runs */

/* Map all RAM of boot_info in the direct map. Called once, before the page allocator opens its
 * zones.
 * @alloc hands out zeroed pages for the tables. */
void arch_map_memory(u64 (*alloc)(void));

/* Map @size bytes of device registers at @phys uncached; returns the kernel address. Never
 * unmapped. */
void *arch_map_device(u64 phys, size_t size);

/* Map or unmap one kernel page (kernel stacks with guard pages). Unmapping flushes no TLB: see
 * arch_tlb_flush_kernel(). @alloc: page tables it needs (zeroed, physical; 0 when out of memory).
 * Returns 0 or -ENOMEM. */
int arch_map_kernel_page(unsigned long va, u64 phys, u64 (*alloc)(void));
void arch_unmap_kernel_page(unsigned long va);
/* Start of the 512 GiB window of kernel addresses for kernel stacks (page/kstack.c); 0 on a port
 * without
 * guard pages, whose stacks then come from the direct map. */
#define ARCH_KSTACK_WINDOW arch_kstack_window
extern const unsigned long arch_kstack_window;

/* ---- CPUs and time
 * --------------------------------------------------------------------------------- */

/* Wait for an interrupt. Called with interrupts off by the idle task; returns with them on. */
void arch_idle(void);
/* Make @cpu look at its need_resched flag soon (an interrupt with an empty handler). */
void arch_send_reschedule(unsigned int cpu);
/* Stop every other CPU for good (panic, power off). */
void arch_stop_other_cpus(void);

/* Nanoseconds since boot; the same on all CPUs, never goes back. Any context. */
u64 arch_clock_ns(void);
/* Seconds since 1970 at boot (from the RTC). */
u64 arch_wallclock_boot_sec(void);
/* Ask for one handle_tick() on this CPU at @deadline (ns, arch_clock_ns' scale); U64_MAX: none. */
void arch_timer_set(u64 deadline);
/* CPU clock in kHz, for /proc/cpuinfo. */
unsigned int arch_cpu_khz(void);
/* Fill @buf with up to @len bytes of hardware entropy (RDSEED/RDRAND); returns bytes written, maybe
 * 0. */
size_t arch_random(void *buf, size_t len);

/* Write to the machine's console (serial line), polling. Any context. */
void arch_console_write(const char *s, size_t len);
/* Call @input for each byte that arrives on it, interrupts off. Boot, once. */
void arch_console_input(void (*input)(char c));
/* End the VM. @status reaches the host through the debug-exit device where there is one
 * (0..127). */
__noreturn void arch_poweroff(int status);
__noreturn void arch_reboot(void);

/* Call @fn for each return address, innermost first, of @task (NULL: the caller) or of @regs if not
 * NULL;
 * stops when @fn returns false. Any context. */
void arch_stack_walk(struct task_struct *task, struct pt_regs *regs, bool (*fn)(void *arg, unsigned long pc),
		     void *arg);
/* Print registers with printk. */
void arch_show_regs(struct pt_regs *regs);
/* CPU features and model for /proc/cpuinfo of @cpu, in Linux's "key\t: value" lines; bytes
 * written. */
size_t arch_cpuinfo(unsigned int cpu, char *buf, size_t size);
/* AT_HWCAP, AT_HWCAP2 and AT_PLATFORM for the auxiliary vector. */
unsigned long arch_hwcap(void);
unsigned long arch_hwcap2(void);
const char *arch_platform(void);
unsigned long arch_minsigstksz(void);	/* AT_MINSIGSTKSZ, bytes */

/* Interrupt lines (GSI). Handlers run with interrupts off. -EBUSY when taken. */
int arch_request_irq(unsigned int gsi, void (*handler)(void *arg), void *arg);
/* Interrupts of line @gsi that @cpu has taken; -1: nothing handles that line. Any number may be
 * asked for. */
long arch_irq_count(unsigned int gsi, unsigned int cpu);

/* ---- Tasks
 * ----------------------------------------------------------------------------------------- */

/* Save @prev's kernel and FPU context, continue @next's; returns, in @next's context, the task that
 * ran
 * before on this CPU. Interrupts off, run queue lock held. Address spaces are switched by the
 * caller. */
struct task_struct *arch_switch_to(struct task_struct *prev, struct task_struct *next);

/*
 * Every task_struct begins with `unsigned long work; void *stack; struct arch_thread thread;`
 * (struct
 * arch_task): the ports reach these by a cast. A stack has THREAD_SIZE bytes (asm/port.h).
 */

/* How a new task starts. */
struct arch_thread_args {
	unsigned long sp;	/* user stack pointer; 0: the parent's */
	unsigned long tls;	/* user TLS base if set_tls (CLONE_SETTLS) */
	bool set_tls;
	int (*fn)(void *arg);	/* not NULL: a kernel thread that runs fn(fn_arg), see below */
	void *fn_arg;
};

/* Make @p (its stack allocated, task_struct copied from current) start in user mode as a copy of
 * current
 * whose system call returns 0; or, if args->fn, as a kernel thread that runs
 * args->fn(args->fn_arg). When fn
 * returns, the task goes to user mode with the registers arch_start_thread() set (exec in a kernel
 * thread),
 * so a thread that did not exec must exit itself.
 * A new task's first code is schedule_tail(prev) (sched/). -ENOMEM: nothing is left behind. May
 * sleep. */
int arch_copy_thread(struct task_struct *p, const struct arch_thread_args *args);
/* The boot CPU's first task becomes current, first thing in kernel_main; its stack is
 * arch_boot_stack. */
void arch_set_boot_task(struct task_struct *task);
extern char arch_boot_stack[];
/* Free what arch_copy_thread allocated (FPU area). Task no longer runs. */
void arch_release_thread(struct task_struct *p);
/* Registers of @task at its entry from user mode. */
struct pt_regs *arch_task_regs(struct task_struct *task);

/* exec's commit: current's user registers for a fresh program at @ip with stack @sp; FPU, TLS and
 * debug state reset. */
void arch_start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp);
/* arch_prctl(2): ARCH_SET_FS and friends; 0 or -EINVAL/-EPERM/-EFAULT. */
long arch_prctl(struct task_struct *task, int code, unsigned long addr);

/* current's TLS base in user mode. */
unsigned long arch_user_tls(void);

/* System-call registers. */
static inline long arch_syscall_nr(const struct pt_regs *regs);
static inline unsigned long arch_syscall_arg(const struct pt_regs *regs, unsigned int n);
static inline void arch_syscall_set_return(struct pt_regs *regs, long value);
static inline long arch_syscall_return(const struct pt_regs *regs);
/* The call is to be made again with the same arguments when the task returns to user mode. */
static inline void arch_syscall_restart(struct pt_regs *regs);
/* Likewise, but as restart_syscall(2). */
static inline void arch_syscall_restart_block(struct pt_regs *regs);
/* True if @regs came from a system call (orig_ax >= 0) rather than a fault or interrupt. */
static inline bool arch_in_syscall(const struct pt_regs *regs);
/* Regs no longer stand for a system call (nothing to restart). */
static inline void arch_syscall_forget(struct pt_regs *regs);
static inline bool arch_user_mode(const struct pt_regs *regs);
static inline unsigned long arch_user_sp(const struct pt_regs *regs);
static inline unsigned long arch_user_ip(const struct pt_regs *regs);

/* One signal to deliver to a handler. */
struct arch_signal {
	int sig;
	const struct k_sigaction *ka;
	const siginfo_t *info;
	stack_t altstack; /* current's sigaltstack(2) setting, flags as the program gave them */
};

/* Push a signal frame (rt_sigframe with FPU state, as Linux lays it out) for @signal on the user
 * stack (or
 * the alternate one, if SA_ONSTACK and there is one not in use) saving @mask, and point regs at the
 * handler.
 * 0 or -EFAULT. May fault user memory in. */
int arch_setup_signal_frame(const struct arch_signal *signal, const u64 *mask, struct pt_regs *regs);
/* rt_sigreturn(2): restore everything from the frame at the user stack pointer; *mask receives the
 * signal
 * mask and *altstack the alternate stack to set (as sigaltstack(2), errors ignored). 0 (regs hold
 * the restored
 * state; the system call's return value is regs->ax) or -EFAULT (caller sends SIGSEGV). */
int arch_sigreturn(struct pt_regs *regs, u64 *mask, stack_t *altstack);

/* ---- Address spaces
 * -------------------------------------------------------------------------------- */

/* Fill the kernel half of a fresh top-level table (one zeroed page). */
void arch_pgd_init(pgd_t *pgd);
/* Undo that: what is left of @pgd is its user half. */
void arch_pgd_exit(pgd_t *pgd);
/*
 * An mm_struct begins with `struct arch_mm arch;` (asm/port.h): the top-level table and the set of
 * CPUs that
 * may hold translations. The ports reach it by a cast.
 */

/* Load @next's tables on this CPU and keep the CPU sets of both mms right. Interrupts off. NULL
 * next: the
 * kernel's own tables. Lazy TLB: a switch to a kernel thread or idle need not call it, the CPU then
 * stays in the
 * set of the mm it has loaded; but a shoot-down may make such a CPU leave that mm, so every switch
 * to a task
 * that has an mm calls it, also if that mm was the last one here: loading the mm that is loaded is
 * cheap. */
void arch_switch_mm(struct mm_struct *prev, struct mm_struct *next);

/* Flush translations of @mm on every CPU in mm->cpu_mask, this one included; on return no CPU uses
 * an old
 * translation of the range, nor an upper-level entry cached for it. Interrupts must be on (unless
 * only this CPU has run @mm). */
void arch_tlb_flush_range(struct mm_struct *mm, unsigned long start, unsigned long end);
void arch_tlb_flush_mm(struct mm_struct *mm);
/* Only this CPU: used after a spurious fault or a permission that was widened. */
void arch_tlb_flush_local_page(struct mm_struct *mm, unsigned long addr);
/* Kernel translations on all CPUs. Interrupts on. */
void arch_tlb_flush_kernel(unsigned long start, unsigned long end);

/* True under an emulator that translates code by its virtual address (QEMU TCG): the same code at
 * the same address is cheap,
 * elsewhere dear. */
bool arch_emulated(void);

/* Whole pages, by direct-map address; page aligned. */
void arch_clear_page(void *page);
void arch_copy_page(void *to, const void *from);

/* User memory of current. Return the number of bytes NOT copied. Check the user range themselves.
 * They fault pages in (may sleep)
 * unless pagefault_disable() is in force (current->pagefault_disabled > 0), when a missing page
 * ends the copy. */
size_t arch_copy_from_user(void *to, const void __user *from, size_t n);
size_t arch_copy_to_user(void __user *to, const void *from, size_t n);
size_t arch_clear_user(void __user *to, size_t n);
/* Length copied without the NUL, @n if no NUL was found in @n bytes, or -EFAULT. */
ssize_t arch_strncpy_from_user(char *to, const char __user *from, size_t n);
/* If *uaddr == old, set it to new; *seen receives the value found. 0 or -EFAULT. uaddr is
 * 4-aligned. */
int arch_user_cmpxchg_u32(u32 __user *uaddr, u32 old, u32 new, u32 *seen);

/* The vDSO image (page aligned, whole pages): the mm maps its pages, and one data page below it. */
const void *arch_vdso_image(size_t *size);
/* Offset of sigreturn trampoline/AT_SYSINFO_EHDR entry is the image itself; the data page is one
 * page the
 * port keeps current. Returns its direct-map or kernel-image address (page aligned). */
void *arch_vdso_data(void);
/* Wall clock changed: CLOCK_REALTIME = monotonic + @offset_ns. Also seqlock-published to the
 * vDSO. */
void arch_vdso_set_wall(s64 offset_ns);

/* ---- Up: what the ports call (the only trap entries)
 * ------------------------------------------------ */

/* After early set-up, on the boot CPU, interrupts off, on the boot task's stack. */
__noreturn void kernel_main(void);
/* On each other CPU, interrupts off, on its idle task's stack (idle tasks made by sched/, see
 * idle_task()). */
__noreturn void kernel_secondary_main(unsigned int cpu);
/* The idle task of @cpu, made before arch_start_secondary_cpus() by the scheduler. */
struct task_struct *idle_task(unsigned int cpu);

/* Timer of this CPU; interrupts off. */
void handle_tick(struct pt_regs *regs);
/* A page fault; hardware error code bits as in SDM vol. 3 §4.7 (P, W, U, RSVD, I, PK). Interrupts
 * on for
 * faults from user mode or from user copies. For kernel-mode faults returns false if the caller
 * must try its exception table (user
 * copy) and, failing that, panic. For user-mode faults always true (a signal was queued if bad). */
bool handle_page_fault(struct pt_regs *regs, unsigned long addr, unsigned int error_code);
/* One system call; interrupts on. Sets the return value in regs. */
void handle_syscall(struct pt_regs *regs);
/* An exception of user mode (#DE, #UD, #GP...): signal number, si_code and address are decided by
 * the port. */
void handle_user_trap(struct pt_regs *regs, int sig, int code, unsigned long addr, int trapnr);
/* A new task's first C code (sched/): finish the switch from @prev. Interrupts off; may turn them
 * on. */
void schedule_tail(struct task_struct *prev);
/* An exception of kernel mode that nothing handles: @what names it, @addr is CR2 for page faults.
 * Panics. */
__noreturn void handle_kernel_trap(struct pt_regs *regs, const char *what, unsigned long addr);
/* The kernel log (base/printk.h). */
void printk(const char *fmt, ...) __printf(1, 2);
/* Work before returning to user mode (signals, rescheduling), called with interrupts off when
 * task_work_pending(current); returns with interrupts off and nothing pending. */
void handle_exit_to_user(struct pt_regs *regs);
