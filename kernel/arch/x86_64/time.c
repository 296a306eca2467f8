/* SPDX-License-Identifier: MIT */
/*
 * The clock and each CPU's timer.
 *
 * The clock is the TSC, scaled; its parameters are the vDSO's data page, so kernel and programs
 * read the same clock. The TSC's frequency comes from CPUID, the hypervisor's CPUID leaf or KVM's
 * clock. Where none tells (QEMU's TCG, unknown machines) it is measured, first over a tenth of a
 * millisecond against the local APIC's timer, whose frequency TCG fixes at 1 GHz (or against the
 * PIT), and then refined against the PIT over 1 ms, 10 ms, ... without waiting: each refinement
 * happens at the first timer event after that time, and bends the clock without a step.
 *
 * The timer is the local APIC's: one shot, by TSC deadline where the CPU has it.
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/vdso/vdso_data.h"
#include "lib/bug.h"
#include "lib/string.h"

#define LAPIC_HYPERVISOR_HZ 1000000000ULL /* QEMU's and KVM's local APIC counts nanoseconds */
#define MEASURE_NS	    100000
#define REFINE_FIRST_NS	    (1 * NSEC_PER_MSEC)
#define REFINE_LAST_NS	    (100ULL * NSEC_PER_SEC)
#define TIMER_MIN_NS	    100

static union {
	struct vdso_data data;
	u8 page[PAGE_SIZE];
} vdso_page __aligned(4096) __section(".data.page_aligned") = {
	.data.mult = 1ULL << 32,
};

static u64 lapic_per_ns; /* local APIC timer ticks per ns, 32.32 */
static u64 tsc_per_ns;	 /* 32.32 */
static u32 clock_lock;	 /* writers of vdso_page.data; taken with interrupts off */

void *arch_vdso_data(void)
{
	return &vdso_page;
}

/* ---- The clock -------------------------------------------------------------------------- */

u64 arch_clock_ns(void)
{
	s64 offset;

	return vdso_read_clock(&vdso_page.data, &offset);
}

static unsigned long clock_write_begin(void)
{
	unsigned long flags = arch_irq_save();

	while (__atomic_exchange_n(&clock_lock, 1, __ATOMIC_ACQUIRE))
		arch_cpu_relax();
	__atomic_store_n(&vdso_page.data.seq, vdso_page.data.seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return flags;
}

static void clock_write_end(unsigned long flags)
{
	__atomic_store_n(&vdso_page.data.seq, vdso_page.data.seq + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&clock_lock, 0, __ATOMIC_RELEASE);
	arch_irq_restore(flags);
}

void arch_vdso_set_wall(s64 offset_ns)
{
	unsigned long flags = clock_write_begin();

	WRITE_ONCE(vdso_page.data.wall_offset, offset_ns);
	clock_write_end(flags);
}

/* Go on from the present reading with @mult ns per tick (32.32). */
static void clock_set_mult(u64 mult)
{
	struct vdso_data *d = &vdso_page.data;
	unsigned long flags = clock_write_begin();
	u64 tsc = rdtsc();

	d->base_ns += (unsigned __int128)(tsc - d->base_tsc) * d->mult >> 32;
	d->base_tsc = tsc;
	d->mult = mult;
	tsc_per_ns = U64_MAX / mult + 1; /* 2^64 / mult, rounded up */
	clock_write_end(flags);
}

/* mult for @ticks of the TSC in @ns; no 128-bit division is needed for up to 2^32 ns. */
static u64 mult_of(u64 ticks, u64 ns)
{
	while (ns >= 1ULL << 32) {
		ns >>= 1;
		ticks >>= 1;
	}
	return (ns << 32) / ticks;
}

unsigned int arch_cpu_khz(void)
{
	return (1000000ULL << 32) / vdso_page.data.mult;
}

/* ---- Known frequencies ------------------------------------------------------------------ */

/* TSC frequency in Hz as CPUID tells, or 0. */
static u64 tsc_hz_from_cpuid(void)
{
	struct cpuid_regs r;

	if (cpu_features.hypervisor > HV_NONE && cpuid(0x40000000, 0).eax >= 0x40000010) {
		r = cpuid(0x40000010, 0);
		if (r.eax)
			return r.eax * 1000ULL;
	}
	if (cpu_features.max_leaf >= 0x15) {
		r = cpuid(0x15, 0);
		if (r.eax && r.ebx && r.ecx)
			return (u64)r.ecx * r.ebx / r.eax;
		if (r.eax && r.ebx && cpu_features.max_leaf >= 0x16) {
			r = cpuid(0x16, 0);
			if (r.eax)
				return r.eax * 1000000ULL;
		}
	}
	return 0;
}

struct kvm_clock {
	u32 version, pad;
	u64 tsc, ns;
	u32 mul;
	s8 shift;
	u8 flags, pad2[2];
};

/* mult as KVM's clock page gives it, or 0. */
static u64 mult_from_kvm(void)
{
	static struct kvm_clock clock __aligned(64);
	u64 mult;

	if (cpu_features.hypervisor != HV_KVM || !(cpuid(0x40000001, 0).eax & BIT(3)))
		return 0;
	wrmsr(MSR_KVM_CLOCK, arch_virt_to_phys(&clock) | 1);
	mult = READ_ONCE(clock.mul);
	mult = clock.shift < 0 ? mult >> -clock.shift : mult << clock.shift;
	wrmsr(MSR_KVM_CLOCK, 0);
	return mult;
}

/* ---- The PIT, as a clock ---------------------------------------------------------------- */

#define PIT_HZ	     1193182ULL
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61
#define PIT_ALL_NS   54925000 /* until its 16 bits wrap */

/* Channel 2 counts down from 65536 over and over; it raises no interrupt. */
static void pit_start(void)
{
	outb(PIT_GATE, (inb(PIT_GATE) & ~0x02) | 0x01);
	outb(PIT_COMMAND, 0xb4); /* channel 2, low then high byte, mode 2 */
	outb(PIT_CHANNEL2, 0);
	outb(PIT_CHANNEL2, 0);
}

static u16 pit_read(void)
{
	u16 low;

	outb(PIT_COMMAND, 0x80); /* latch channel 2 */
	low = inb(PIT_CHANNEL2);
	return low | (u16)inb(PIT_CHANNEL2) << 8;
}

/* One moment on the TSC and on another counter: the closest of a few tries. */
struct moment {
	u64 tsc;
	u32 count;
};

static struct moment take_moment(u32 (*read)(void))
{
	struct moment best = {0};
	u64 before, after, closest = U64_MAX;
	unsigned int i;
	u32 count;

	for (i = 0; i < 3; i++) {
		before = rdtsc();
		count = read();
		after = rdtsc();
		if (after - before >= closest)
			continue;
		closest = after - before;
		best = (struct moment){before + closest / 2, count};
	}
	return best;
}

/* ---- Measured frequencies --------------------------------------------------------------- */

static struct {
	bool active;
	struct moment start; /* on the PIT */
	u64 start_ns;	     /* clock at that moment */
	u64 next_ns;	     /* time since start of the next refinement */
	u64 at_ns;	     /* clock when it is due; U64_MAX: never */
} refine = {.at_ns = U64_MAX};

static u32 pit_read_count(void)
{
	return pit_read();
}

/* The first estimate is good enough to count the PIT's wraps, each later one the better for its
 * length. */
static void clock_refine(void)
{
	struct moment now = take_moment(pit_read_count);
	u64 ticks = now.tsc - refine.start.tsc;
	u64 guess_ns = (unsigned __int128)ticks * vdso_page.data.mult >> 32;
	u64 guess = guess_ns * PIT_HZ / NSEC_PER_SEC;
	u64 counted = guess + (s16)(u16)(refine.start.count - now.count - (u16)guess);

	refine.next_ns *= 10;
	refine.at_ns = refine.next_ns > REFINE_LAST_NS ? U64_MAX : refine.start_ns + refine.next_ns;
	clock_set_mult(mult_of(ticks, counted * NSEC_PER_SEC / PIT_HZ));
}

static void refine_start(void)
{
	u16 first;

	pit_start();
	first = pit_read();
	if (first == 0xffff && pit_read() == 0xffff)
		return; /* there is none: the estimate stays */
	refine.start = take_moment(pit_read_count);
	refine.start_ns = arch_clock_ns();
	refine.next_ns = REFINE_FIRST_NS;
	refine.at_ns = refine.start_ns + refine.next_ns;
}

/* Under -icount the TSC counts nanoseconds of virtual time, as TCG's APIC timer always does: equal
 * steps. */
static bool steps_equal(u64 ticks, u64 ns)
{
	u64 difference = ticks > ns ? ticks - ns : ns - ticks;

	return difference * 16 < ns;
}

static void measure_with_lapic(void)
{
	struct moment start, now;
	u64 ns;

	lapic_timer_start(U32_MAX);
	start = take_moment(lapic_timer_count);
	do {
		now = take_moment(lapic_timer_count);
		ns = start.count - now.count;
		if (ns > 500 && steps_equal(now.tsc - start.tsc, ns)) {
			cpu_features.counts_instructions = true;
			clock_set_mult(1ULL << 32);
			lapic_timer_start(0);
			return;
		}
	} while (ns < MEASURE_NS);
	lapic_timer_start(0);
	clock_set_mult(mult_of(now.tsc - start.tsc, ns));
	refine_start();
}

/* No hint at all: five milliseconds of the PIT for the TSC and the local APIC's timer. */
static void measure_with_pit(void)
{
	u64 tsc, ticks, ns;
	u32 lapic, pit_ticks, tries = 0;
	u16 start;

	pit_start();
	lapic_timer_start(U32_MAX);
	start = pit_read();
	tsc = rdtsc();
	lapic = lapic_timer_count();
	do {
		pit_ticks = (u16)(start - pit_read());
	} while (pit_ticks < PIT_HZ / 200 && ++tries < 1000000);
	ticks = rdtsc() - tsc;
	lapic -= lapic_timer_count();
	lapic_timer_start(0);
	ns = pit_ticks * NSEC_PER_SEC / PIT_HZ;
	if (tries == 1000000 || !ticks || !lapic) {
		printk("clock: no timer to measure the TSC with; assuming 1 GHz\n");
		return;
	}
	clock_set_mult(mult_of(ticks, ns));
	lapic_per_ns = ((u64)lapic << 32) / ns;
	refine_start();
}

void time_init(void)
{
	struct vdso_data *d = &vdso_page.data;
	bool hypervisor = cpu_features.hypervisor != HV_NONE;
	u64 mult = 0, hz = tsc_hz_from_cpuid();

	d->base_tsc = rdtsc();
	tsc_per_ns = 1ULL << 32;
	lapic_per_ns = hypervisor ? (LAPIC_HYPERVISOR_HZ << 32) / NSEC_PER_SEC : 0;
	if (hz)
		mult = mult_of(hz, NSEC_PER_SEC);
	else
		mult = mult_from_kvm();
	if (mult)
		clock_set_mult(mult);
	if (mult && (hypervisor || cpu_features.tsc_deadline))
		return;
	if (cpu_features.hypervisor == HV_TCG)
		measure_with_lapic();
	else
		measure_with_pit();
}

void time_init_cpu(void)
{
	/* The TSCs of all CPUs run together: those of virtual machines do, and real ones have for
	 * long. */
}

/* ---- Timer ------------------------------------------------------------------------------ */

static void program_timer(u64 deadline)
{
	u64 now = arch_clock_ns();
	u64 delta = deadline > now + TIMER_MIN_NS ? deadline - now : TIMER_MIN_NS;
	u64 ticks;

	if (cpu_features.tsc_deadline) {
		/* A far deadline may not overflow: once a day is often enough. */
		delta = min_t(u64, delta, 86400ULL * NSEC_PER_SEC);
		ticks = (unsigned __int128)delta * tsc_per_ns >> 32;
		wrmsr(MSR_TSC_DEADLINE, rdtsc() + ticks);
		return;
	}
	ticks = (unsigned __int128)delta * lapic_per_ns >> 32;
	lapic_timer_start(clamp_t(u64, ticks, 1, U32_MAX));
}

void arch_timer_set(u64 deadline)
{
	unsigned long flags = arch_irq_save();
	struct x86_cpu *cpu = this_x86_cpu();

	if (cpu->timer_deadline != deadline) {
		cpu->timer_deadline = deadline;
		if (deadline != U64_MAX)
			program_timer(deadline);
		else if (cpu_features.tsc_deadline)
			wrmsr(MSR_TSC_DEADLINE, 0);
		else
			lapic_timer_start(0);
	}
	arch_irq_restore(flags);
}

void timer_interrupt(struct pt_regs *regs)
{
	struct x86_cpu *cpu = this_x86_cpu();
	u64 now;

	lapic_eoi();
	if (cpu->timer_deadline == U64_MAX)
		return; /* cancelled while it was on its way */
	now = arch_clock_ns();
	if (unlikely(now >= refine.at_ns) && cpu->arch.id == 0)
		clock_refine();
	/* The counter may have been too short for the deadline, or a little ahead of the clock. */
	if (now < cpu->timer_deadline) {
		program_timer(cpu->timer_deadline);
		return;
	}
	cpu->timer_deadline = U64_MAX;
	handle_tick(regs);
}

/* ---- Wall clock ------------------------------------------------------------------------- */

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

static u8 rtc_read(u8 reg)
{
	outb(RTC_INDEX, reg);
	return inb(RTC_DATA);
}

/* Days from 1970-01-01 to a day of the Gregorian calendar; years begin in March, so that leap days
 * end them. */
static s64 days_from_civil(int year, unsigned int month, unsigned int day)
{
	unsigned int shifted = (month + 9) % 12; /* March: 0 */
	s64 y = year - (month <= 2);
	s64 day_of_year = (153 * shifted + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

struct rtc_time {
	u8 second, minute, hour, day, month, year, century, status;
};

static struct rtc_time rtc_read_all(void)
{
	return (struct rtc_time){
		.second = rtc_read(0),
		.minute = rtc_read(2),
		.hour = rtc_read(4),
		.day = rtc_read(7),
		.month = rtc_read(8),
		.year = rtc_read(9),
		.century = rtc_read(0x32),
		.status = rtc_read(11),
	};
}

static u8 from_bcd(u8 value, u8 status)
{
	return status & 0x04 ? value : (value >> 4) * 10 + (value & 0xf);
}

u64 arch_wallclock_boot_sec(void)
{
	struct rtc_time t, again = rtc_read_all();
	unsigned int tries = 0, hour;
	s64 seconds;
	int year;

	do { /* an update may come in the middle */
		t = again;
		again = rtc_read_all();
	} while (memcmp(&t, &again, sizeof(t)) && ++tries < 10);
	if (t.month == 0xff)
		return 0; /* no such device */
	hour = from_bcd(t.hour & 0x7f, t.status);
	if (!(t.status & 0x02) && hour == 12)
		hour = 0;
	if (!(t.status & 0x02) && (t.hour & 0x80))
		hour += 12;
	year = from_bcd(t.century, t.status) * 100 + from_bcd(t.year, t.status);
	if (year < 1970 || year > 2261)
		year = 2000 + from_bcd(t.year, t.status);
	seconds = days_from_civil(year, from_bcd(t.month, t.status), from_bcd(t.day, t.status)) *
		  86400;
	seconds += hour * 3600 + from_bcd(t.minute, t.status) * 60 + from_bcd(t.second, t.status);
	return seconds - arch_clock_ns() / NSEC_PER_SEC;
}
