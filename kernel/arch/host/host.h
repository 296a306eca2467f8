/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine, for tests. One host thread plays all CPUs. Code runs "on" CPU n while
 * host_cpu_number is n: with host_set_cpu() a test simply claims to be elsewhere; with
 * arch_start_secondary_cpus() and host_yield_cpu() each CPU is an execution of its own, which the
 * others let run when they idle, spin, or yield.
 *
 * Time stands still unless a test (host_advance) or idleness moves it.
 */
#pragma once

#include "arch/arch.h"

#define HOST_DEFAULT_RAM (64UL << 20)

/* Power on: an arena with @ram bytes of RAM (at least 2 MiB; it has holes) and @cpus CPUs.
 * Interrupts are on, a stand-in for the boot task is current on every CPU. Once in a process; tests
 * call host_boot() of test/host/boot.h, which starts the kernel too. */
void host_power_on(u64 ram, unsigned int cpus);

/* The bytes of @s arrive on the console. */
void host_type(const char *s);
/* Called first when the kernel powers off (a panic's status: 0x3d), if set. */
extern void (*host_poweroff)(int status);

/* Claim to be @cpu, which has not been started. */
void host_set_cpu(unsigned int cpu);
/* Let another started CPU run until it yields back: the next one in turn. False if
 * there is none. */
bool host_yield_cpu(void);
/* From now on yield at random (one time in @every; 0: never) wherever interrupts are enabled, and
 * at the steps of the kernel's walks of page tables. */
void host_interleave(unsigned int every, u64 seed);

/* Move the clock by @ns, with handle_tick() on each CPU whose timer ends on the way. */
void host_advance(u64 ns);

/* ---- Memory as programs see it (softmmu.c) ------------------------------------------------- */

enum host_access { HOST_READ, HOST_WRITE, HOST_EXEC };

/* Read or write user memory of the mm loaded on this CPU as a user program would. 0, or the signal
 * that a fault raised. */
int host_read(unsigned long addr, void *buf, size_t n);
int host_write(unsigned long addr, const void *buf, size_t n);
/* Fetch an instruction byte. */
int host_exec(unsigned long addr);

/* Look @addr up ahead of any use, as hardware may at any time: the caches learn what there is, and
 * nothing faults. */
void host_speculate(unsigned long addr);
/* From now on CPUs do so by themselves, in the middle of whatever the kernel does: one time in
 * @every (0: never) before and after each flush, at the steps of walks of page tables and wherever
 * interrupts are enabled. Which CPU, and which address (used lately, flushed lately, or near to
 * that) depends on @seed alone. Now and then a CPU forgets all it knows. */
void host_speculate_at_random(unsigned int every, u64 seed);

/* What faults call; handle_page_fault() unless a test says otherwise. */
extern bool (*host_page_fault)(struct pt_regs *regs, unsigned long addr, unsigned int error_code);
/* Take the signal that a fault queued for current (its number, or 0 for none); set by tests that
 * have signals. Without it any pending work bit 0 counts as SIGSEGV. */
extern int (*host_take_signal)(void);

/* Compare all CPUs' translation caches with the tables: number of entries that allow more than the
 * tables do, or lead elsewhere; each is printed. */
unsigned int host_tlb_audit(void);
/* Tell what this CPU's TLB holds for @addr: true if there is an entry that allows @access. For
 * tests of the MMU. */
bool host_tlb_has(unsigned long addr, enum host_access access);

/* ---- Tasks --------------------------------------------------------------------------------- */

/* What a task does in user mode; it ends by exiting. Called on the task's stack with its user
 * registers. */
extern void (*host_user_mode)(struct pt_regs *regs);
