/* SPDX-License-Identifier: MIT */
/* /proc/cpuinfo, stat, uptime, loadavg, version, cmdline, devices, interrupts: the machine as a
 * whole. */
#include "procfs/internal.h"
#include "fs/blkdev.h"
#include "task/namespace.h"
#include "lib/sort.h"

#define MAX_IRQS 48 /* lines the machine may have; there is no need for more */

#define for_each_online_cpu(cpu)                                                                   \
	for ((cpu) = 0; (cpu) < NR_CPUS; (cpu)++)                                                  \
		if (READ_ONCE(cpu_online_mask) & BIT(cpu))

int cpuinfo_show(struct seq_file *m)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	unsigned int cpu;

	if (!buf)
		return -ENOMEM;
	for_each_online_cpu (cpu)
		seq_write(m, buf, arch_cpuinfo(cpu, buf, PAGE_SIZE));
	kfree(buf);
	return 0;
}

static void show_centiseconds(struct seq_file *m, u64 ns, char end)
{
	seq_printf(m, "%llu.%02llu%c", ns / NSEC_PER_SEC, nsec_to_clock_t(ns % NSEC_PER_SEC), end);
}

int uptime_show(struct seq_file *m)
{
	struct cpu_stat st;
	unsigned int cpu;
	u64 idle = 0;

	for_each_online_cpu (cpu) {
		cpu_stat_read(cpu, &st);
		idle += st.idle;
	}
	show_centiseconds(m, ktime_get(), ' ');
	show_centiseconds(m, idle, '\n');
	return 0;
}

int loadavg_show(struct seq_file *m)
{
	unsigned long loads[3];

	get_avenrun(loads);
	for (int i = 0; i < 3; i++) {
		unsigned long load =
			loads[i] + 2048 / 200; /* 11 bits of fraction, rounded to hundredths */

		seq_printf(m, "%lu.%02lu ", load >> 11, (load & 2047) * 100 >> 11);
	}
	seq_printf(m, "%u/%d %d\n", nr_running(), nr_threads_total(), last_pid());
	return 0;
}

int version_show(struct seq_file *m)
{
#ifdef __clang__
	static const char compiler[] = __VERSION__;
#else
	static const char compiler[] = "gcc " __VERSION__;
#endif
	struct new_utsname name;

	utsname_read(&name);
	seq_printf(m, "%s version %s (quire@quire) (%s) %s\n", name.sysname, name.release, compiler,
		   name.version);
	return 0;
}

int cmdline_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", boot_info.cmdline);
	return 0;
}

/* ---- stat ------------------------------------------------------------------------------------ */

static void show_cpu_times(struct seq_file *m, const struct cpu_stat *st)
{
	/* Waiting for a disk, soft interrupts, time stolen by the host and guests are not told
	 * apart: they are in the others. */
	seq_printf(m, " %llu %llu %llu %llu 0 %llu 0 0 0 0\n", nsec_to_clock_t(st->user),
		   nsec_to_clock_t(st->nice), nsec_to_clock_t(st->system),
		   nsec_to_clock_t(st->idle), nsec_to_clock_t(st->irq));
}

static u64 irq_total(unsigned int irq)
{
	unsigned int cpu;
	u64 total = 0;

	for_each_online_cpu (cpu) {
		long n = arch_irq_count(irq, cpu);

		total += n > 0 ? n : 0;
	}
	return total;
}

/* Functions of the page cache, of swap and of block devices that wait for a device. */
static bool waits_for_device(const char *name)
{
	static const char *const names[] = {
		"lock_page_slow",    "wait_on_page_writeback", "submit_io_wait", "swap_read",
		"swap_read_wait",    "swap_wait_written",      "swap_write",
	};

	for (size_t i = 0; name && i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

#define MAX_BLOCKED 64 /* sleepers looked at */

/* Tasks that wait for a device, each found by the function it sleeps in. */
static unsigned int nr_blocked(void)
{
	struct task_struct *p, *t, *sleepers[MAX_BLOCKED];
	unsigned int n = 0, blocked = 0;

	spin_lock(&tasklist_lock);
	for_each_process (p) {
		for_each_thread (p, t) {
			if ((READ_ONCE(t->state) & TASK_UNINTERRUPTIBLE) && n < MAX_BLOCKED) {
				get_task_struct(t);
				sleepers[n++] = t;
			}
		}
	}
	spin_unlock(&tasklist_lock);
	while (n) {
		t = sleepers[--n];
		blocked += waits_for_device(proc_wchan_of(t));
		put_task_struct(t);
	}
	return blocked;
}

int stat_show(struct seq_file *m)
{
	struct cpu_stat sum = {0}, st[NR_CPUS];
	unsigned int cpu, irq;
	u64 interrupts;

	for_each_online_cpu (cpu) {
		cpu_stat_read(cpu, &st[cpu]);
		sum.user += st[cpu].user;
		sum.nice += st[cpu].nice;
		sum.system += st[cpu].system;
		sum.idle += st[cpu].idle;
		sum.irq += st[cpu].irq;
		sum.nr_switches += st[cpu].nr_switches;
		sum.nr_irqs += st[cpu].nr_irqs;
	}
	seq_puts(m, "cpu ");
	show_cpu_times(m, &sum);
	for_each_online_cpu (cpu) {
		seq_printf(m, "cpu%u", cpu);
		show_cpu_times(m, &st[cpu]);
	}
	interrupts = sum.nr_irqs;
	for (irq = 0; irq < MAX_IRQS; irq++)
		interrupts += irq_total(irq);
	seq_printf(m, "intr %llu", interrupts);
	for (irq = 0; irq < MAX_IRQS; irq++)
		seq_printf(m, " %llu", irq_total(irq));
	seq_printf(
		m, "\nctxt %llu\nbtime %lld\nprocesses %llu\nprocs_running %u\nprocs_blocked %u\n",
		sum.nr_switches, ktime_wall_offset() / (s64)NSEC_PER_SEC, nr_forks(), nr_running(),
		nr_blocked());
	seq_puts(m, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
	return 0;
}

/* ---- interrupts, devices --------------------------------------------------------------------- */

int interrupts_show(struct seq_file *m)
{
	struct cpu_stat st;
	unsigned int cpu, irq;

	seq_puts(m, "    ");
	for_each_online_cpu (cpu)
		seq_printf(m, "       CPU%-8u", cpu);
	seq_putc(m, '\n');
	for (irq = 0; irq < MAX_IRQS; irq++) {
		if (arch_irq_count(irq, 0) < 0)
			continue;
		seq_printf(m, "%3u: ", irq);
		for_each_online_cpu (cpu)
			seq_printf(m, "%10ld ", arch_irq_count(irq, cpu));
		seq_printf(m, " IO-APIC  %2u-%s\n", irq, irq < 16 ? "edge" : "fasteoi");
	}
	seq_puts(m, "LOC: ");
	for_each_online_cpu (cpu) {
		cpu_stat_read(cpu, &st);
		seq_printf(m, "%10llu ", st.nr_irqs);
	}
	seq_puts(m, "  Local timer interrupts\n");
	return 0;
}

struct device_line {
	unsigned int major;
	char name[28];
};

struct device_lines {
	struct device_line line[32];
	unsigned int n;
};

/* Drivers register each device under its own name; here stands what Linux calls the driver. */
static void driver_name(char *buf, size_t size, unsigned int major, const char *device)
{
	const char *digits = device;

	if (major == 1) {
		strscpy(buf, "mem", size);
	} else if (major == 5) {
		scnprintf(buf, size, "/dev/%s", device);
	} else {
		strscpy(buf, device, size);
		digits = buf + strlen(buf);
		while (digits > buf && digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		buf[digits - buf] = 0;
	}
}

static void add_device_line(void *arg, unsigned int major, const char *name)
{
	struct device_lines *lines = arg;
	struct device_line line = {.major = major};

	if (!name || lines->n == ARRAY_SIZE(lines->line))
		return;
	driver_name(line.name, sizeof(line.name), major, name);
	for (unsigned int i = 0; i < lines->n; i++) {
		if (lines->line[i].major == major && !strcmp(lines->line[i].name, line.name))
			return;
	}
	lines->line[lines->n++] = line;
}

static int compare_device_lines(const void *a, const void *b)
{
	return ((const struct device_line *)a)->major - ((const struct device_line *)b)->major;
}

int devices_show(struct seq_file *m)
{
	struct device_lines *lines = kzalloc(sizeof(*lines), GFP_KERNEL);

	if (!lines)
		return -ENOMEM;
	chrdev_for_each(add_device_line, lines);
	sort(lines->line, lines->n, sizeof(lines->line[0]), compare_device_lines);
	seq_puts(m, "Character devices:\n");
	for (unsigned int i = 0; i < lines->n; i++)
		seq_printf(m, "%3u %s\n", lines->line[i].major, lines->line[i].name);
	show_block_devices(m);
	kfree(lines);
	return 0;
}
