/* SPDX-License-Identifier: MIT */
/* See options.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disk.h"
#include "environment.h"
#include "options.h"

#define MIB	 (1024.0 * 1024.0)
#define MAX_CPUS 8

static const char help_text[] =
	"Usage: quire run [OPTIONS] [--] [PROGRAM [ARGUMENTS...]]\n"
	"       quire --help | --version\n"
	"\n"
	"Run a Linux program on Quire, a small kernel of its own in a virtual machine. Without "
	"PROGRAM: a shell.\n"
	"A PROGRAM that the root lacks is brought along from this machine, with the libraries it "
	"needs.\n"
	"\n"
	"  --root DIR          the program's file tree, copied into memory (default: a small one "
	"with busybox)\n"
	"  --cwd DIR           directory to start in (default: this one; it is created inside)\n"
	"  --env NAME=VALUE    set an environment variable; may be repeated\n"
	"  --mem SIZE          memory of the machine: MiB, or with a suffix K, M or G (default: "
	"256M or what\n"
	"                      the root needs)\n"
	"  --swap SIZE         room for pages that memory has none for, in an unnamed file of this "
	"machine;\n"
	"                      SIZE as for --mem\n"
	"  --disk FILE[,ro]    FILE, a raw image, is a disk of the machine: /dev/vda, the next "
	"/dev/vdb...;\n"
	"                      with ,ro it is only read; may be repeated\n"
	"  --cpus N            1 to 8 CPUs (default: 1)\n"
	"  --timeout TIME      end the program after TIME: seconds, or with a suffix s, m or h\n"
	"  --accel MODE        kvm: hardware; tcg: emulation; auto: kvm where it works, else tcg "
	"(default)\n"
	"  -q, --quiet         do not say that emulation is used\n"
	"  --dmesg             show the kernel's log on standard error\n"
	"  --debug-kernel      use the kernel beside quire that checks itself\n"
	"  --kernel FILE       use this kernel image (default: $QUIRE_KERNEL, or the one beside "
	"quire)\n"
	"  --append WORDS      add WORDS to the kernel's command line\n"
	"  --gdb               wait for gdb on TCP port 1234 before the first instruction\n"
	"  --qemu-arg ARG      give ARG to QEMU, after all others; may be repeated\n"
	"  --dry-run           print QEMU's command line and do not start it\n"
	"  --help, --version\n"
	"\n"
	"Exit status: the program's; 128+N if signal N ended it; 127 not found; 126 not "
	"executable;\n"
	"125 Quire itself failed; 124 timed out; 121 the kernel panicked; 120 the machine went off "
	"before the\n"
	"program had ended.\n"
	"\n"
	"Environment: QUIRE_KERNEL (kernel image), QUIRE_QEMU (QEMU to use instead of "
	"qemu-system-x86_64).\n";

void options_help(void)
{
	if (fputs(help_text, stdout) < 0 || fflush(stdout) < 0)
		fail("cannot write: %s", strerror(errno));
}

static uint64_t read_size(const char *option, const char *text)
{
	char *end;
	double size = strtod(text, &end);
	double unit = MIB;

	if (*end == 'K' || *end == 'k')
		unit = MIB / 1024;
	else if (*end == 'G' || *end == 'g')
		unit = MIB * 1024;
	if (*end && strchr("KkMmGg", *end))
		end++;
	if (end == text || *end || !(size * unit >= 1 && size * unit <= 1024 * 1024 * MIB))
		fail("%s %s: not a size; write for example 64M or 2G", option, text);
	return size * unit;
}

/* A header and some room, in whole pages. */
static uint64_t read_swap(const char *text)
{
	uint64_t size = read_size("--swap", text) / 4096 * 4096;

	if (size < 64 * 1024)
		fail("--swap %s: too small; the least is 64K", text);
	return size;
}

static void add_disk(struct options *options, const char *argument)
{
	struct disk disk = disk_check(argument);

	free(disk.path);
	strings_add(&options->disks, copy_string(argument));
}

static unsigned int read_cpus(const char *text)
{
	char *end;
	long cpus = strtol(text, &end, 10);

	if (end == text || *end || cpus < 1 || cpus > MAX_CPUS)
		fail("--cpus %s: a machine has 1 to %d CPUs", text, MAX_CPUS);
	return cpus;
}

static double read_time(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*end == 's')
		end++;
	else if (*end == 'm')
		seconds *= 60, end++;
	else if (*end == 'h')
		seconds *= 3600, end++;
	if (end == text || *end || !(seconds > 0 && seconds < 1e9))
		fail("--timeout %s: not a time; write for example 10, 0.5 or 2m", text);
	return seconds;
}

static enum accel read_accel(const char *text)
{
	if (strcmp(text, "auto") == 0)
		return ACCEL_AUTO;
	if (strcmp(text, "kvm") == 0)
		return ACCEL_KVM;
	if (strcmp(text, "tcg") == 0)
		return ACCEL_TCG;
	fail("--accel %s: choose auto, kvm or tcg", text);
}

static bool read_flag(struct options *options, const char *name)
{
	if (strcmp(name, "-q") == 0 || strcmp(name, "--quiet") == 0)
		options->quiet = true;
	else if (strcmp(name, "--dmesg") == 0)
		options->dmesg = true;
	else if (strcmp(name, "--debug-kernel") == 0)
		options->debug_kernel = true;
	else if (strcmp(name, "--gdb") == 0)
		options->gdb = true;
	else if (strcmp(name, "--dry-run") == 0)
		options->dry_run = true;
	else
		return false;
	return true;
}

static const char *const with_value[] = {
	"--root",    "--cwd",	"--env",    "--mem",	"--swap",     "--disk", "--cpus",
	"--timeout", "--accel", "--kernel", "--append", "--qemu-arg", NULL};

static void read_value(struct options *options, const char *name, char *value)
{
	if (strcmp(name, "--root") == 0)
		options->root = value;
	else if (strcmp(name, "--cwd") == 0)
		options->cwd = value;
	else if (strcmp(name, "--mem") == 0)
		options->memory = read_size(name, value);
	else if (strcmp(name, "--swap") == 0)
		options->swap = read_swap(value);
	else if (strcmp(name, "--disk") == 0)
		add_disk(options, value);
	else if (strcmp(name, "--cpus") == 0)
		options->cpus = read_cpus(value);
	else if (strcmp(name, "--timeout") == 0)
		options->timeout = read_time(value);
	else if (strcmp(name, "--accel") == 0)
		options->accel = read_accel(value);
	else if (strcmp(name, "--kernel") == 0)
		options->kernel = value;
	else if (strcmp(name, "--append") == 0)
		options->append = value;
	else if (strcmp(name, "--qemu-arg") == 0)
		strings_add(&options->qemu_arguments, copy_string(value));
	else if (*value == '=' || !strchr(value, '='))
		fail("--env %s: write NAME=VALUE", value);
	else
		environment_set(&options->environment, value);
}

/* Read the option @argument; its value is in it after "=", or in @next. Returns how many arguments
 * it took. */
static int read_option(struct options *options, char *argument, char *next)
{
	size_t length = strcspn(argument, "=");

	if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
		options_help();
		exit(0);
	}
	if (read_flag(options, argument))
		return 1;
	for (size_t i = 0; with_value[i]; i++) {
		if (strlen(with_value[i]) != length ||
		    strncmp(with_value[i], argument, length) != 0)
			continue;
		if (argument[length] == '=') {
			read_value(options, with_value[i], argument + length + 1);
			return 1;
		}
		if (!next)
			fail("%s needs a value; see quire --help", argument);
		read_value(options, with_value[i], next);
		return 2;
	}
	fail("unknown option %s; see quire --help", argument);
}

void options_read(struct options *options, int argc, char **argv)
{
	int i = 0;

	*options = (struct options){.cpus = 1};
	for (char **variable = environ; *variable; variable++)
		strings_add(&options->environment, copy_string(*variable));
	while (i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0)
		i += read_option(options, argv[i], argv[i + 1]);
	if (options->disks.count + (options->swap != 0) > MAX_DISKS)
		fail("the machine has room for %d disks, that of --swap included", MAX_DISKS);
	if (options->kernel && options->debug_kernel)
		fail("--kernel and --debug-kernel exclude each other");
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	for (; i < argc; i++)
		strings_add(&options->program, copy_string(argv[i]));
	if (!options->program.count)
		strings_add(&options->program, copy_string("sh"));
}
