/* SPDX-License-Identifier: MIT */
/*
 * From the port's first C code to the first user program: the only file that knows every floor.
 *
 *	kernel_main: memory, tasks, files, devices, in the order of the floors; then pid 1, a kernel thread that
 *	starts the other CPUs, unpacks the initramfs and becomes /init by exec.
 */
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/printk.h"
#include "base/random.h"
#include "base/selftest.h"
#include "page/gfp.h"
#include "page/slab.h"
#include "page/xarray.h"
#include "task/pid.h"
#include "task/task.h"
#include "sched/sched.h"
#include "file/file.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/reclaim.h"
#include "fs/fs.h"
#include "drivers/tty.h"
#include "drivers/virtio.h"
#include "process/futex.h"
#include "process/process.h"
#include "process/signal.h"
#include "procfs/procfs.h"
#include "parse/cmdline.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/stat.h"

#define MAX_INIT_ARGS 32

static const char *argv_init[MAX_INIT_ARGS + 2];
static const char *envp_init[MAX_INIT_ARGS + 3] = { "HOME=/", "TERM=linux" };
static char init_cmdline[sizeof(boot_info.cmdline)];

/* Options of the kernel's own: they are not passed to init. */
static bool kernel_option(const char *key)
{
	static const char *const own[] = { "console", "init", "rdinit", "quiet", "debug", "loglevel", "panic", "ro", "rw",
					   "norandmaps", "nokaslr", "mitigations", "root", "reboot", "earlyprintk", "selftest" };

	if (strchr(key, '.'))
		return true; /* module.option, as virtio_mmio.device */
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (cmdline_key_eq(key, own[i]))
			return true;
	return false;
}

static void add_word(const char **list, const char *word)
{
	int n = 0;

	while (list[n])
		n++;
	if (n < MAX_INIT_ARGS)
		list[n] = word;
}

/* Words the kernel does not know go to init: "key=value" as environment, others (and all behind
 * "--") as arguments. */
static void collect_init_args(void)
{
	struct cmdline c;
	char *key, *value, *rest;

	strscpy(init_cmdline, boot_info.cmdline, sizeof(init_cmdline));
	cmdline_init(&c, init_cmdline);
	while (cmdline_next(&c, &key, &value)) {
		if (kernel_option(key))
			continue;
		if (value)
			value[-1] = '='; /* put the word together again */
		add_word(value ? envp_init : argv_init + 1, key);
	}
	rest = c.next;
	cmdline_init(&c, rest);
	while (cmdline_next(&c, &key, &value)) {
		if (value)
			value[-1] = '=';
		add_word(argv_init + 1, key);
	}
}

static int try_init(const char *path)
{
	argv_init[0] = path;
	return kernel_execve(path, argv_init, envp_init);
}

/* Become the first user program; returns 0 on the way to user mode. */
static int run_init(void)
{
	static const char *const usual[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
	char path[256];
	int ret;

	collect_init_args();
	if (!boot_option("rdinit", path, sizeof(path)))
		strscpy(path, "/init", sizeof(path));
	ret = try_init(path);
	if (!ret)
		return 0;
	if (ret != -ENOENT)
		printk("Failed to execute %s (error %d)\n", path, ret);
	if (boot_option("init", path, sizeof(path))) {
		ret = try_init(path);
		if (!ret)
			return 0;
		panic("Requested init %s failed (error %d).", path, ret);
	}
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (!try_init(usual[i]))
			return 0;
	panic("No working init found. Pass init= option to the kernel, or an initramfs with /init.");
}

/* Standard input, output and error of pid 1: the console, as far as there is one. */
static void open_console(void)
{
	struct file *file = filp_open("/dev/console", O_RDWR, 0);

	if (IS_ERR(file)) {
		printk("Warning: unable to open an initial console.\n");
		return;
	}
	for (int fd = 0; fd < 3; fd++) {
		int got = get_unused_fd_flags(0);

		if (got >= 0)
			fd_install(got, get_file(file));
	}
	fput(file);
}

static int kernel_init(void *unused)
{
	int ret;

	arch_start_secondary_cpus();
	if (boot_option("selftest", NULL, 0))
		arch_poweroff(selftest_run_all() ? 1 : 0);
	ret = initramfs_load();
	if (ret == -ENOMEM)
		panic("Not enough memory to unpack the initramfs: the machine has %lu kB",
		      totalram_pages() << (PAGE_SHIFT - 10));
	if (ret)
		printk("Initramfs unpacking failed: error %d\n", ret);
	(void)vfs_mkdir_path("/dev", 0755);
	(void)vfs_mknod_path("/dev/console", S_IFCHR | 0600, MKDEV(5, 1));
	open_console();
	return run_init();
}

/* Does the log go to the serial line? Not with "quiet", a low loglevel=, or a console= that is
 * another device. */
static void choose_console(void)
{
	unsigned long long level;
	char name[32];

	if (boot_option("quiet", NULL, 0) || (boot_option_number("loglevel", &level) && level < 7))
		console_enabled = false;
	if (boot_option("console", name, sizeof(name)) && strncmp(name, "ttyS0", 5))
		console_enabled = false;
}

static void set_hooks(void)
{
	force_sig_fault_hook = force_sig_fault;
	oom_slab_reclaimable_hook = dcache_reclaimable_pages;
	tick_hook = check_cpu_limits;
	disassociate_ctty_hook = tty_exit_session;
	tty_kill_pid_hook = kill_pid;
	tty_kill_pgrp_hook = kill_pgrp;
	tty_is_orphaned_pgrp_hook = is_orphaned_pgrp;
}

void kernel_main(void)
{
	init_task.stack = arch_boot_stack;
	arch_set_boot_task(&init_task);
	sched_init();
	choose_console();
	printk("Quire 6.1.0-quire\n");
	page_init();
	xarray_init();
	task_init();
	clock_init();
	file_init();
	fdtable_init();
	mm_init();
	vfs_init();
	process_init();
	set_hooks();
	tty_init();
	mem_devices_init();
	serial_init();
	pty_init();
	procfs_init();
	for (unsigned int cpu = 1; cpu < nr_possible_cpus; cpu++)
		if (sched_init_cpu(cpu))
			panic("no memory for the idle task of CPU %u", cpu);
	if (start_init(kernel_init) != 1)
		panic("pid 1 could not be made");
	workqueue_init();
	kswapd_run();
	oom_init();
	virtio_init();
	cpu_idle_loop();
}

void kernel_secondary_main(unsigned int cpu)
{
	cpu_idle_loop();
}
