/* SPDX-License-Identifier: MIT */
/*
 * The relay: one loop that sleeps in ppoll and then moves what can be moved.
 *
 *	port --rx--> input ring --> program's input
 *	program's outputs --> tx --> port
 *
 * tx is filled only when it is empty, so frames never interleave and their order is the order of
 * events. The end of the program is also the end of all it left behind: those processes are killed,
 * which closes their ends of the outputs, so that "everything was read" is an end of file and not a
 * guess. Then EXIT is sent.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include "init.h"

#define CONTROL_D  4  /* VEOF, as every terminal has it at first */
#define TX_RESERVE 64 /* room in tx for the frames that end the conversation */

struct output {
	int fd; /* -1: ended */
	uint8_t stream;
	bool ready; /* the last poll said so, or it was never tried */
	uint32_t credit;
};

struct relay {
	int port;
	struct program *program;
	struct output outputs[3];
	bool ended; /* the program has, and status is valid */
	bool exit_sent;
	bool no_children;  /* nothing runs beside init */
	bool input_closed; /* the program reads no more; the host has yet to be told */
	uint32_t status;
	uint32_t credit_owed; /* bytes of input consumed and not yet granted again */

	uint32_t rx_used, tx_used, tx_done;
	uint32_t input_start, input_used;
	bool input_eof;
};

static uint8_t rx[2 * (FRAME_MAX_PAYLOAD + sizeof(struct frame_header))];
static uint8_t tx[2 * (FRAME_MAX_PAYLOAD + sizeof(struct frame_header))];
static uint8_t input[STREAM_WINDOW];

static volatile bool child_changed;

static void on_child(int signal)
{
	(void)signal;
	child_changed = true;
}

void return_from_signal(void);
__asm__("return_from_signal:\n"
	"	mov $15, %eax\n" /* rt_sigreturn */
	"	syscall\n");

static void catch_child_signals(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action = {on_child, SA_RESTORER, return_from_signal, 0};

	syscall4(__NR_rt_sigaction, SIGCHLD, &action, 0, 8);
}

static void put_frame(struct relay *r, enum frame_type type, enum stream stream,
		      const void *payload, uint32_t length)
{
	struct frame_header header = {.type = type, .stream = stream, .length = length};

	memcpy(tx + r->tx_used, &header, sizeof(header));
	memcpy(tx + r->tx_used + sizeof(header), payload, length);
	r->tx_used += sizeof(header) + length;
}

void relay_hello(int port)
{
	struct {
		struct frame_header header;
		uint32_t version;
	} hello = {{.type = FRAME_HELLO, .length = 4}, QUIRE_PROTOCOL_VERSION};

	/* The port is empty and takes a frame of this size at once. */
	if (sys_write(port, &hello, sizeof(hello)) != sizeof(hello))
		die("cannot write to the port");
}

/* Send what tx holds; stops when the port takes no more for now. */
static void flush_tx(struct relay *r)
{
	while (r->tx_done < r->tx_used) {
		long n = sys_write(r->port, tx + r->tx_done, r->tx_used - r->tx_done);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n <= 0)
			power_off();
		r->tx_done += n;
	}
	r->tx_used = r->tx_done = 0;
}

static void output_ended(struct relay *r, struct output *output)
{
	put_frame(r, FRAME_EOF, output->stream, NULL, 0);
	if (output->fd != r->program->input)
		sys_close(output->fd);
	output->fd = -1;
}

static void read_output(struct relay *r, struct output *output)
{
	const uint32_t header_size = sizeof(struct frame_header);

	while (output->fd >= 0 && output->credit && output->ready) {
		struct frame_header header = {.type = FRAME_DATA, .stream = output->stream};
		uint32_t room = sizeof(tx) - TX_RESERVE - r->tx_used;
		uint32_t most =
			output->credit < FRAME_MAX_PAYLOAD ? output->credit : FRAME_MAX_PAYLOAD;
		long n;

		if (room < 1024)
			return;
		if (most > room - header_size)
			most = room - header_size;
		n = sys_read(output->fd, tx + r->tx_used + header_size, most);
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN && !(r->ended && r->no_children)) {
			output->ready = false;
		} else if (n <= 0) {
			output_ended(r, output);
		} else {
			header.length = n;
			memcpy(tx + r->tx_used, &header, header_size);
			r->tx_used += header_size + n;
			output->credit -= n;
		}
	}
}

static void fill_tx(struct relay *r)
{
	bool all_ended = true;

	if (r->tx_used || r->exit_sent)
		return;
	if (r->input_closed) {
		put_frame(r, FRAME_CLOSE, STREAM_STDIN, NULL, 0);
		r->input_closed = false;
	}
	if (r->credit_owed >= STREAM_WINDOW / 4) {
		put_frame(r, FRAME_CREDIT, STREAM_STDIN, &r->credit_owed, 4);
		r->credit_owed = 0;
	}
	for (int i = 0; i < 3; i++) {
		read_output(r, &r->outputs[i]);
		if (r->outputs[i].fd >= 0)
			all_ended = false;
	}
	if (!r->ended || !all_ended)
		return;
	if (r->program->failed.error)
		put_frame(r, FRAME_FAILED, 0, &r->program->failed, sizeof(r->program->failed));
	put_frame(r, FRAME_EXIT, 0, &r->status, 4);
	r->exit_sent = true;
}

static void reap(struct relay *r)
{
	child_changed = false;
	for (;;) {
		int status;
		long pid = syscall4(__NR_wait4, -1, &status, 1 /* WNOHANG */, 0);

		if (pid == -EINTR)
			continue;
		r->no_children = pid == -ECHILD;
		if (pid <= 0)
			break;
		if (pid == r->program->pid) {
			if (r->program->slave >= 0)
				sys_close(r->program->slave);
			r->ended = true;
			r->status = status;
			syscall2(__NR_kill, -1, SIGKILL);
		}
	}
	if (r->ended) {
		for (int i = 0; i < 3; i++)
			r->outputs[i].ready = true;
	}
}

/* The program's input is gone: what is still there for it and what still comes is dropped. */
static void close_input(struct relay *r)
{
	if (r->program->input != r->program->terminal)
		sys_close(r->program->input);
	r->program->input = -1;
	r->input_used = 0;
}

static void write_input(struct relay *r)
{
	if (r->program->input < 0)
		return;
	while (r->input_used) {
		uint32_t length = sizeof(input) - r->input_start;
		long n;

		if (length > r->input_used)
			length = r->input_used;
		n = sys_write(r->program->input, input + r->input_start, length);
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			close_input(r);
			r->input_closed = true;
			return;
		}
		r->input_start = (r->input_start + n) % sizeof(input);
		r->input_used -= n;
		r->credit_owed += n;
	}
	if (!r->input_eof)
		return;
	r->input_eof = false;
	if (r->program->input == r->program->terminal) {
		uint8_t eof = CONTROL_D;

		sys_write(r->program->input, &eof, 1);
	} else {
		close_input(r);
	}
}

static void take_input(struct relay *r, const uint8_t *data, uint32_t length)
{
	if (r->program->input < 0)
		return;
	if (length > sizeof(input) - r->input_used)
		die("the host sent more than it was granted");
	while (length) {
		uint32_t at = (r->input_start + r->input_used) % sizeof(input);
		uint32_t part = sizeof(input) - at;

		if (part > length)
			part = length;
		memcpy(input + at, data, part);
		r->input_used += part;
		data += part;
		length -= part;
	}
}

static void take_signal(struct relay *r, const struct frame_signal *signal)
{
	int pid = r->program->pid, group = 0;

	if (!pid || r->ended)
		return;
	if (signal->to_group) {
		if (r->program->terminal < 0 ||
		    sys_ioctl(r->program->terminal, TIOCGPGRP, &group) || group <= 0)
			group = pid;
		pid = -group;
	}
	syscall2(__NR_kill, pid, signal->number);
}

/* The host reads this output no more: the program's next write raises SIGPIPE. */
static void close_output(struct relay *r, unsigned int stream)
{
	for (int i = 0; i < 3; i++) {
		struct output *output = &r->outputs[i];

		if (output->stream == stream && output->fd >= 0 &&
		    output->fd != r->program->terminal) {
			sys_close(output->fd);
			output->fd = -1;
		}
	}
}

static void take_frame(struct relay *r, const struct frame_header *header, const uint8_t *payload)
{
	uint32_t credit;

	switch (header->type) {
	case FRAME_DATA:
		take_input(r, payload, header->length);
		break;
	case FRAME_EOF:
		r->input_eof = true;
		break;
	case FRAME_CREDIT:
		memcpy(&credit, payload, sizeof(credit));
		for (int i = 0; i < 3; i++) {
			if (r->outputs[i].stream == header->stream)
				r->outputs[i].credit += credit;
		}
		break;
	case FRAME_CLOSE:
		close_output(r, header->stream);
		break;
	case FRAME_SIGNAL:
		take_signal(r, (const struct frame_signal *)payload);
		break;
	case FRAME_WINSIZE:
		if (r->program->terminal >= 0)
			sys_ioctl(r->program->terminal, TIOCSWINSZ, (void *)payload);
		break;
	case FRAME_BYE:
		power_off();
	default:
		die("the host sent an unknown frame");
	}
}

static void read_port(struct relay *r)
{
	uint32_t at = 0;
	long n = sys_read(r->port, rx + r->rx_used, sizeof(rx) - r->rx_used);

	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0)
		power_off();
	r->rx_used += n;
	for (;;) {
		struct frame_header header;

		if (r->rx_used - at < sizeof(header))
			break;
		memcpy(&header, rx + at, sizeof(header));
		if (header.length > FRAME_MAX_PAYLOAD)
			die("the host sent an overlong frame");
		if (r->rx_used - at < sizeof(header) + header.length)
			break;
		take_frame(r, &header, rx + at + sizeof(header));
		at += sizeof(header) + header.length;
	}
	/* Downwards, and byte by byte, so that overlapping is no concern. */
	for (uint32_t i = at; at && i < r->rx_used; i++)
		rx[i - at] = rx[i];
	r->rx_used -= at;
}

static void wait_for_events(struct relay *r)
{
	struct pollfd poll[5];
	uint64_t mask = 1ul << (SIGPIPE - 1);
	long n;

	poll[0] = (struct pollfd){.fd = r->port, .events = POLLIN | (r->tx_used ? POLLOUT : 0)};
	poll[1] = (struct pollfd){.fd = r->input_used ? r->program->input : -1, .events = POLLOUT};
	for (int i = 0; i < 3; i++) {
		struct output *output = &r->outputs[i];
		bool want = output->credit && !r->tx_used;

		poll[2 + i] = (struct pollfd){.fd = want ? output->fd : -1, .events = POLLIN};
	}
	n = syscall5(__NR_ppoll, poll, 5, 0, &mask, 8);
	if (n <= 0)
		return;
	for (int i = 0; i < 3; i++)
		r->outputs[i].ready = r->outputs[i].ready || poll[2 + i].revents;
	if (poll[0].revents & (POLLIN | POLLHUP | POLLERR))
		read_port(r);
}

void relay_run(int port, struct program *program)
{
	struct relay r = {
		.port = port,
		.program = program,
		.outputs = {{program->output, STREAM_STDOUT, true, STREAM_WINDOW},
			    {program->error, STREAM_STDERR, true, STREAM_WINDOW},
			    {program->terminal, STREAM_TERMINAL, true, STREAM_WINDOW}},
		.ended = program->pid == 0,
	};

	catch_child_signals();
	child_changed = true;
	for (;;) {
		if (child_changed)
			reap(&r);
		write_input(&r);
		fill_tx(&r);
		flush_tx(&r);
		wait_for_events(&r);
	}
}
