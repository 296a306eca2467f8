/* SPDX-License-Identifier: MIT */
/* See session.h. One loop that sleeps in poll. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "kernel_log.h"
#include "qemu.h"
#include "session.h"
#include "streams.h"
#include "terminal.h"

#define TIMEOUT_GRACE 1.0 /* seconds from SIGTERM to the end of the machine */
#define SHUTDOWN_GRACE                                                                             \
	5.0 /* seconds for the kernel to switch the machine off, where that is awaited */
#define DISK_GRACE 60.0 /* the same where disks are to be written first */
#define REGISTER_DUMP_TIME 0.1 /* seconds for QEMU to print all it has to say about KVM */
#define END_PATIENCE_MS	   2000
#define BACKGROUND_CHECK   0.5 /* seconds between looks whether quire came to the foreground */

enum {
	POLL_SIGNALS,
	POLL_CONTROL,
	POLL_LOG,
	POLL_MESSAGES,
	POLL_STREAMS,
	NR_POLL = POLL_STREAMS + 1 + NR_SINKS
};

struct session {
	const struct options *options;
	struct qemu qemu;
	struct channel channel;
	struct streams streams;
	struct kernel_log log;
	int signals;
	bool started; /* HELLO came */
	bool exited;  /* EXIT came: status is the program's */
	bool timed_out;
	bool kvm_gave_up; /* the machine stands still */
	bool ended;	  /* nothing more to wait for; result is set */
	int status, result;
	struct frame_failed failed;
	double deadline; /* 0: none */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void end(struct session *s, int result)
{
	s->ended = true;
	s->result = result;
}

/* From here on signals are read from a descriptor. Those that were ignored stay so. */
static int open_signals(void)
{
	static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,	 SIGQUIT, SIGUSR1,
				      SIGUSR2, SIGALRM, SIGTSTP, SIGCONT, SIGWINCH};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction action;

		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			continue;
		sigaddset(&set, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		fail("cannot read signals: %s", strerror(errno));
	return fd;
}

static void send_signal(struct session *s, int number, bool to_group)
{
	struct frame_signal signal = {.number = number, .to_group = to_group};

	if (channel_has_room(&s->channel, sizeof(signal)))
		channel_send(&s->channel, FRAME_SIGNAL, 0, &signal, sizeof(signal));
}

static void send_size(struct session *s)
{
	struct job_winsize size = terminal_size();

	if (terminal_output() >= 0 && channel_has_room(&s->channel, sizeof(size)))
		channel_send(&s->channel, FRAME_WINSIZE, 0, &size, sizeof(size));
}

/* The machine stops as a whole, so the program inside loses no time that it could notice by being
 * scheduled. */
static void stop(struct session *s)
{
	terminal_restore();
	kill(s->qemu.pid, SIGSTOP);
	kill(getpid(), SIGSTOP);
	kill(s->qemu.pid, SIGCONT);
}

static void take_signal(struct session *s, const struct signalfd_siginfo *info)
{
	int number = info->ssi_signo;

	switch (number) {
	case SIGTSTP:
		stop(s);
		break;
	case SIGCONT:
		if (s->started)
			terminal_raw();
		send_size(s);
		break;
	case SIGWINCH:
		send_size(s);
		break;
	default:
		/* Nobody is there yet to decide what the signal does, or nobody any more. */
		if (!s->started || s->exited)
			end(s, EXIT_SIGNALLED + number);
		else
			send_signal(s, number, info->ssi_code == SI_KERNEL);
	}
}

static void read_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (!s->ended && read(s->signals, &info, sizeof(info)) == sizeof(info))
		take_signal(s, &info);
}

static void take_frame(struct session *s, const struct frame_header *frame)
{
	const void *payload = frame + 1;
	uint32_t number = 0;

	if (streams_take(&s->streams, frame))
		return;
	if (frame->length >= sizeof(number))
		memcpy(&number, payload, sizeof(number));
	switch (frame->type) {
	case FRAME_HELLO:
		if (number != QUIRE_PROTOCOL_VERSION)
			fail("quire and its init are of different versions");
		s->started = true;
		terminal_raw();
		send_size(s);
		break;
	case FRAME_FAILED:
		if (frame->length == sizeof(s->failed))
			memcpy(&s->failed, payload, sizeof(s->failed));
		break;
	case FRAME_EXIT:
		s->exited = true;
		s->status = number;
		/* What is left to do depends on the reader of the output, not on the program. */
		if (!s->timed_out)
			s->deadline = 0;
		channel_send(&s->channel, FRAME_BYE, 0, NULL, 0);
		break;
	default:
		fail("the guest's init sent an unknown frame");
	}
}

static void read_control(struct session *s)
{
	const struct frame_header *frame;

	channel_fill(&s->channel);
	while ((frame = channel_next(&s->channel)))
		take_frame(s, frame);
}

static bool read_log(struct session *s)
{
	char bytes[4096];
	ssize_t n = read(s->qemu.log, bytes, sizeof(bytes));

	if (n > 0)
		kernel_log_take(&s->log, bytes, n);
	return n > 0;
}

static bool read_messages(struct session *s)
{
	char bytes[4096];
	ssize_t n = read(s->qemu.messages, bytes, sizeof(bytes));

	if (n <= 0)
		return false;
	write_messages(bytes, n);
	if (qemu_kvm_gave_up(bytes, n) && !s->kvm_gave_up) {
		s->kvm_gave_up = true;
		s->deadline = now() + REGISTER_DUMP_TIME;
	}
	return true;
}

/* --timeout: the program may clean up at SIGTERM, then the machine ends. */
static void check_deadline(struct session *s)
{
	if (!s->deadline || now() < s->deadline)
		return;
	if (s->kvm_gave_up) {
		report("KVM stopped the machine; --accel tcg emulates it");
		end(s, EXIT_QUIRE);
		return;
	}
	if (!s->timed_out && s->started && !s->exited) {
		s->timed_out = true;
		s->deadline = now() + TIMEOUT_GRACE;
		send_signal(s, SIGTERM, false);
		return;
	}
	s->timed_out = true;
	end(s, EXIT_TIMEOUT);
}

static int poll_time(const struct session *s)
{
	double left = -1;

	if (s->deadline) {
		left = s->deadline - now();
		if (left < 0)
			left = 0;
	}
	if (!terminal_foreground() && (left < 0 || left > BACKGROUND_CHECK))
		left = BACKGROUND_CHECK;
	return left < 0 ? -1 : (int)(left * 1000) + 1;
}

static void wait_for_events(struct session *s)
{
	bool foreground = terminal_foreground();
	bool want_input = s->started && !s->exited && (foreground || !s->streams.input_is_terminal);
	struct pollfd poll_fds[NR_POLL] = {
		[POLL_SIGNALS] = {.fd = s->signals, .events = POLLIN},
		[POLL_CONTROL] = {.fd = s->channel.closed ? -1 : s->qemu.control, .events = POLLIN},
		[POLL_LOG] = {.fd = s->qemu.log, .events = POLLIN},
		[POLL_MESSAGES] = {.fd = s->qemu.messages, .events = POLLIN},
	};

	if (s->started && foreground && !s->exited)
		terminal_raw();
	if (s->channel.tx_used)
		poll_fds[POLL_CONTROL].events |= POLLOUT;
	streams_poll(&s->streams, &poll_fds[POLL_STREAMS], want_input);
	if (poll(poll_fds, NR_POLL, poll_time(s)) < 0)
		return;
	if (poll_fds[POLL_SIGNALS].revents)
		read_signals(s);
	streams_move(&s->streams, &poll_fds[POLL_STREAMS]);
	if (poll_fds[POLL_LOG].revents)
		read_log(s);
	if (poll_fds[POLL_MESSAGES].revents)
		read_messages(s);
	if (poll_fds[POLL_CONTROL].revents & (POLLIN | POLLHUP | POLLERR))
		read_control(s);
}

/* The program did not start: say why. */
static int failed_result(const struct session *s)
{
	const char *name = s->options->program.list[0], *why = strerror(s->failed.error);

	switch (s->failed.stage) {
	case FAILED_EXEC:
		report("%s: %s", name, why);
		return s->failed.error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	case FAILED_CWD:
		report("cannot start in the directory asked for: %s", why);
		return EXIT_QUIRE;
	case FAILED_TERMINAL:
		report("cannot open a terminal in the guest: %s", why);
		return EXIT_QUIRE;
	case FAILED_CREDENTIALS:
		report("cannot become the calling user in the guest: %s", why);
		return EXIT_QUIRE;
	case FAILED_SWAP:
		report("cannot swap in the guest: %s", why);
		return EXIT_QUIRE;
	default:
		report("cannot start a process in the guest: %s", why);
		return EXIT_QUIRE;
	}
}

static int program_result(const struct session *s)
{
	if (s->timed_out)
		return EXIT_TIMEOUT;
	if (s->failed.error)
		return failed_result(s);
	if (s->streams.write_failed)
		return EXIT_QUIRE;
	if (WIFSIGNALED(s->status))
		return EXIT_SIGNALLED + WTERMSIG(s->status);
	return WEXITSTATUS(s->status);
}

/* QEMU ended and the program had not: say what that means. */
static int machine_result(struct session *s, int status)
{
	bool panic = WIFEXITED(status) && WEXITSTATUS(status) == QEMU_PANIC_STATUS;
	bool spoke = s->log.used || s->log.live;

	kernel_log_show(&s->log);
	if (panic) {
		report("the guest's kernel panicked");
		return EXIT_PANIC;
	}
	if (WIFSIGNALED(status)) {
		report("QEMU was ended by signal %d (%s)", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
		return EXIT_QUIRE;
	}
	if (s->started) {
		report("the machine went off before the program had ended");
		return EXIT_OFF;
	}
	if (WEXITSTATUS(status) == 1 && !spoke)
		report("QEMU could not start the machine");
	else if (!spoke && s->options->memory)
		report("the machine went off before its kernel said a word: use a larger --mem");
	else
		report("the machine went off before the program could start");
	return EXIT_QUIRE;
}

/* Is it worth waiting for the kernel to switch itself off? Only where something may be learnt from
 * it, or is still to be written to a disk. */
static bool awaits_shutdown(const struct session *s)
{
	return s->options->debug_kernel || s->options->dmesg || s->options->disks.count;
}

static double shutdown_grace(const struct session *s)
{
	return s->options->disks.count ? DISK_GRACE : SHUTDOWN_GRACE;
}

static void run(struct session *s)
{
	bool waiting = false;

	while (!s->ended && !s->channel.closed) {
		if (s->exited && streams_drained(&s->streams)) {
			if (!awaits_shutdown(s))
				break;
			if (!waiting)
				s->deadline = now() + shutdown_grace(s);
			else if (now() >= s->deadline)
				break;
			waiting = true;
		} else {
			check_deadline(s);
		}
		channel_flush(&s->channel);
		wait_for_events(s);
	}
	/* What came with EXIT still belongs to the program, even if QEMU has ended since. */
	while (!s->ended && !streams_drained(&s->streams)) {
		check_deadline(s);
		wait_for_events(s);
	}
}

int session_run(const struct options *options, const struct world *world,
		const struct job_header *job, enum accel accel)
{
	struct session *s = new_zeroed(sizeof(*s));
	int status;

	s->options = options;
	s->log.live = options->dmesg;
	if (options->timeout)
		s->deadline = now() + options->timeout;
	s->signals = open_signals();
	qemu_start(&s->qemu, options, world, accel);
	s->channel.socket = s->qemu.control;
	if (options->gdb && !options->quiet)
		report("waiting for gdb; in it: target remote 127.0.0.1:1234");
	streams_init(&s->streams, &s->channel, job);
	run(s);
	while (read_log(s) || read_messages(s))
		;
	terminal_restore();
	status = qemu_end(&s->qemu, s->channel.closed ? END_PATIENCE_MS : 0);
	if (s->timed_out && !options->quiet)
		report("timed out after %g s", options->timeout);
	if (s->ended)
		return s->result;
	if (s->exited && !(WIFEXITED(status) && WEXITSTATUS(status) == QEMU_PANIC_STATUS)) {
		status = program_result(s);
		/* Killed: by the guest's kernel, for want of memory? The whole report is --dmesg's. */
		if (status == EXIT_SIGNALLED + SIGKILL && !options->quiet)
			kernel_log_show_lines(&s->log, "] Out of memory: ");
		return status;
	}
	return machine_result(s, status);
}
