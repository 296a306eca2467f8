/* SPDX-License-Identifier: MIT */
/* See qemu.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "disk.h"
#include "protocol.h"
#include "qemu.h"

#define MIB		((uint64_t)1 << 20)
#define DEFAULT_MEMORY	(256 * MIB)
#define LARGE_INITRAMFS (64 * MIB)
#define QEMU_NAME	"qemu-system-x86_64"
#define QEMU_PACKAGE	"qemu-system-x86"

/* The ends of the channels that QEMU inherits. */
struct guest_ends {
	int control, log;
};

char *qemu_find(void)
{
	const char *path = getenv("QUIRE_QEMU");

	if (path) {
		if (access(path, X_OK))
			fail("cannot run %s (from QUIRE_QEMU): %s", path, strerror(errno));
		return copy_string(path);
	}
	path = getenv("PATH");
	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t length = strcspn(path, ":");
		char *candidate = format_string("%.*s/" QEMU_NAME, (int)length, path);

		if (access(candidate, X_OK) == 0)
			return candidate;
		free(candidate);
		path += length;
		if (!*path++)
			break;
	}
	fail(QEMU_NAME " not found: install the package " QEMU_PACKAGE
		       " (apt-get install " QEMU_PACKAGE ")");
}

char *qemu_kernel(const struct options *options)
{
	const char *given = options->kernel;
	char *path;
	struct stat st;

	if (!given && !options->debug_kernel)
		given = getenv("QUIRE_KERNEL");
	if (given)
		path = copy_string(given);
	else
		path = beside_command(options->debug_kernel ? "quire-kernel-debug"
							    : "quire-kernel");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		fail("the kernel %s is no file", path);
	if (access(path, R_OK))
		fail("cannot read the kernel %s: %s", path, strerror(errno));
	return path;
}

/* Without --mem: room for the archive, the files unpacked from it, and the program. */
static uint64_t memory_size(const struct options *options, const struct world *world)
{
	if (options->memory)
		return options->memory;
	if (world->size <= LARGE_INITRAMFS)
		return DEFAULT_MEMORY;
	return (DEFAULT_MEMORY + 2 * world->size) / MIB * MIB;
}

static void add(struct strings *arguments, const char *argument)
{
	strings_add(arguments, copy_string(argument));
}

static void add_all(struct strings *arguments, const char *const list[])
{
	for (; *list; list++)
		add(arguments, *list);
}

static void add_machine(struct strings *arguments, enum accel accel)
{
	static const char *const machine[] = {
		"-machine", "microvm,rtc=on,isa-serial=on,acpi=off,usb=off,pcie=off,graphics=off",
		NULL};
	/* "rep movsb" is fast on hardware only, so under emulation it is not advertised: C
	 * libraries would use it. Hardware whose arch-capabilities cannot be read through a nested
	 * hypervisor would stop QEMU. */
	static const char *const tcg[] = {"-accel", "tcg", "-cpu", "max,-erms", NULL};
	static const char *const kvm[] = {"-accel", "kvm", "-cpu", "host,-arch-capabilities", NULL};
	static const char *const bare[] = {"-nodefaults",
					   "-no-user-config",
					   "-no-reboot",
					   "-display",
					   "none",
					   "-monitor",
					   "none",
					   "-parallel",
					   "none",
					   "-device",
					   "isa-debug-exit,iobase=" QEMU_EXIT_PORT ",iosize=1",
					   NULL};

	add_all(arguments, machine);
	add_all(arguments, accel == ACCEL_KVM ? kvm : tcg);
	add_all(arguments, bare);
}

/* The console's port takes the first of the two; so the control port is /dev/vport0p1. */
static void add_channels(struct strings *arguments, struct guest_ends ends)
{
	add(arguments, "-chardev");
	strings_add(arguments, format_string("file,id=log,append=on,path=/dev/fd/%d", ends.log));
	add(arguments, "-serial");
	add(arguments, "chardev:log");
	add(arguments, "-chardev");
	strings_add(arguments, format_string("socket,id=control,fd=%d", ends.control));
	add(arguments, "-global");
	add(arguments, "virtio-mmio.force-legacy=false");
	add(arguments, "-device");
	add(arguments, "virtio-serial-device,max_ports=2");
	add(arguments, "-device");
	add(arguments, "virtserialport,chardev=control,name=" QUIRE_PORT_NAME);
}

static struct strings command_line(const struct options *options, const struct world *world,
				   enum accel accel, struct guest_ends ends)
{
	struct strings arguments = {0};
	uint64_t memory = memory_size(options, world);

	strings_add(&arguments, qemu_find());
	add_machine(&arguments, accel);
	add(&arguments, "-m");
	strings_add(&arguments, format_string("size=%lluk", (unsigned long long)(memory >> 10)));
	add(&arguments, "-smp");
	strings_add(&arguments, format_string("%u", options->cpus));
	add_channels(&arguments, ends);
	disk_add_all(&arguments, options);
	add(&arguments, "-kernel");
	strings_add(&arguments, qemu_kernel(options));
	add(&arguments, "-initrd");
	strings_add(&arguments, format_string("/dev/fd/%d", world->initramfs));
	add(&arguments, "-append");
	strings_add(&arguments,
		    format_string("console=ttyS0 rdinit=" QUIRE_INIT_PATH "%s%s%s",
				  options->dmesg ? "" : " quiet", options->append ? " " : "",
				  options->append ? options->append : ""));
	if (options->gdb) {
		add(&arguments, "-gdb");
		add(&arguments, "tcp:127.0.0.1:1234");
		add(&arguments, "-S");
	}
	for (size_t i = 0; i < options->qemu_arguments.count; i++)
		add(&arguments, options->qemu_arguments.list[i]);
	return arguments;
}

static void socket_pair(int *mine, int *theirs)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		fail("cannot create a socket: %s", strerror(errno));
	*mine = fd[0];
	*theirs = fd[1];
	fcntl(*mine, F_SETFL, O_NONBLOCK);
}

/* The log comes byte by byte. A socket has room for some hundred of such, after which bytes are
 * lost while this process does not get to run; a pipe has room for 64 KiB. */
static void log_pipe(int *mine, int *theirs)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC))
		fail("cannot create a pipe: %s", strerror(errno));
	*mine = fd[0];
	*theirs = fd[1];
	fcntl(*mine, F_SETFL, O_NONBLOCK);
}

static void keep_over_exec(int fd)
{
	fcntl(fd, F_SETFD, 0);
}

/* In the child. A process group of its own keeps QEMU away from the signals that the terminal
 * sends. */
static _Noreturn void become_qemu(const struct strings *arguments, struct guest_ends ends,
				  int messages, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* quire may have been killed before the request took effect. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(EXIT_QUIRE);
	setpgid(0, 0);
	for (int number = 1; number <= 64; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	keep_over_exec(ends.control);
	keep_over_exec(ends.log);
	dup2(null, STDIN_FILENO);
	dup2(messages, STDOUT_FILENO);
	dup2(messages, STDERR_FILENO);
	execv(arguments->list[0], arguments->list);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", arguments->list[0], strerror(errno));
	_exit(EXIT_QUIRE);
}

void qemu_start(struct qemu *qemu, const struct options *options, const struct world *world,
		enum accel accel)
{
	struct strings arguments;
	struct guest_ends ends;
	int messages[2];
	pid_t parent = getpid();

	socket_pair(&qemu->control, &ends.control);
	log_pipe(&qemu->log, &ends.log);
	if (pipe2(messages, O_CLOEXEC))
		fail("cannot create a pipe: %s", strerror(errno));
	qemu->messages = messages[0];
	fcntl(qemu->messages, F_SETFL, O_NONBLOCK);
	arguments = command_line(options, world, accel, ends);
	qemu->pid = fork();
	if (qemu->pid < 0)
		fail("cannot start a process: %s", strerror(errno));
	if (qemu->pid == 0)
		become_qemu(&arguments, ends, messages[1], parent);
	close(ends.control);
	close(ends.log);
	close(messages[1]);
}

int qemu_end(struct qemu *qemu, int patience_ms)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int status = 0;
	pid_t ended = 0;

	while (patience_ms-- > 0 && (ended = waitpid(qemu->pid, &status, WNOHANG)) == 0)
		nanosleep(&pause, NULL);
	if (ended != qemu->pid) {
		kill(qemu->pid, SIGKILL);
		while (waitpid(qemu->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(qemu->control);
	close(qemu->log);
	close(qemu->messages);
	return status;
}

static void print_quoted(const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%";

	if (*s && s[strspn(s, plain)] == '\0') {
		fputs(s, stdout);
		return;
	}
	putchar('\'');
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*s);
	}
	putchar('\'');
}

void qemu_print(const struct options *options, const struct world *world, enum accel accel)
{
	int mine;
	struct guest_ends ends;
	struct strings arguments;

	socket_pair(&mine, &ends.control);
	log_pipe(&mine, &ends.log);
	arguments = command_line(options, world, accel, ends);
	for (size_t i = 0; i < arguments.count; i++) {
		if (i)
			putchar(' ');
		print_quoted(arguments.list[i]);
	}
	putchar('\n');
	if (fflush(stdout))
		fail("cannot write: %s", strerror(errno));
}

bool qemu_kvm_gave_up(const char *bytes, size_t size)
{
	static const char *const signs[] = {"KVM internal error", "KVM: entry failed",
					    "kvm run failed"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (memmem(bytes, size, signs[i], strlen(signs[i])))
			return true;
	}
	return false;
}
