/* SPDX-License-Identifier: MIT */
/* See streams.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "report.h"
#include "streams.h"
#include "terminal.h"

/* POLLOUT promises room for this much in a pipe, so that a blocking write of it does not block. */
#define CHUNK 4096

void streams_init(struct streams *streams, struct channel *channel, const struct job_header *job)
{
	*streams = (struct streams){.channel = channel, .input_credit = STREAM_WINDOW};
	for (int i = 0; i < NR_SINKS; i++) {
		streams->sinks[i].stream = STREAM_STDOUT + i;
		streams->sinks[i].fd = -1;
	}
	if (job->fd[1] == JOB_FD_PIPE)
		streams->sinks[0].fd = STDOUT_FILENO;
	if (job->fd[2] == JOB_FD_PIPE)
		streams->sinks[1].fd = STDERR_FILENO;
	streams->sinks[2].fd = terminal_output();
	streams->input_is_terminal = job->fd[0] == JOB_FD_TERMINAL;
	streams->input_open = job->fd[0] != JOB_FD_CLOSED;
}

void streams_poll(const struct streams *streams, struct pollfd *poll, bool want_input)
{
	bool read_input = want_input && streams->input_open && streams->input_credit &&
			  streams->channel->tx_used == 0;

	poll[0] = (struct pollfd){.fd = read_input ? STDIN_FILENO : -1, .events = POLLIN};
	for (int i = 0; i < NR_SINKS; i++) {
		const struct sink *sink = &streams->sinks[i];

		/* Without POLLOUT, errors are still reported: so it is seen at once that a reader
		 * went away. */
		poll[1 + i] = (struct pollfd){.fd = sink->fd, .events = sink->used ? POLLOUT : 0};
		if (sink->gone || (sink->eof && !sink->used))
			poll[1 + i].fd = -1;
	}
}

/* Let go of a standard descriptor, so that whoever is at its other end notices. */
static void let_go(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

static void sink_lost(struct streams *streams, struct sink *sink)
{
	sink->gone = true;
	sink->used = 0;
	if (channel_has_room(streams->channel, 0))
		channel_send(streams->channel, FRAME_CLOSE, sink->stream, NULL, 0);
	if (sink->fd == STDOUT_FILENO)
		let_go(sink->fd);
}

/* Everything of this stream was written and no more comes. The program has closed it, so quire does
 * as well; but not standard error, where quire may have to say something. */
static void sink_ended(struct sink *sink)
{
	if (sink->stream == STREAM_STDOUT && !sink->gone)
		let_go(sink->fd);
}

static void grant(struct streams *streams, struct sink *sink, uint32_t bytes)
{
	sink->ungranted += bytes;
	if (sink->eof || sink->ungranted < STREAM_WINDOW / 4 ||
	    !channel_has_room(streams->channel, 4))
		return;
	channel_send(streams->channel, FRAME_CREDIT, sink->stream, &sink->ungranted, 4);
	sink->ungranted = 0;
}

static void write_sink(struct streams *streams, struct sink *sink, const struct pollfd *poll)
{
	size_t length = sizeof(sink->buffer) - sink->start;
	ssize_t n;

	if (poll->fd < 0 || !poll->revents)
		return;
	if (!(poll->revents & POLLOUT)) {
		sink_lost(streams, sink);
		return;
	}
	if (length > sink->used)
		length = sink->used;
	if (length > CHUNK)
		length = CHUNK;
	n = write(sink->fd, sink->buffer + sink->start, length);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		if (errno != EPIPE && sink->stream != STREAM_TERMINAL) {
			streams->write_failed = true;
			report("cannot write standard %s: %s",
			       sink->stream == STREAM_STDOUT ? "output" : "error", strerror(errno));
		}
		sink_lost(streams, sink);
		return;
	}
	sink->start = (sink->start + n) % sizeof(sink->buffer);
	sink->used -= n;
	if (!sink->used)
		sink->start = 0;
	if (!sink->used && sink->eof)
		sink_ended(sink);
	grant(streams, sink, n);
}

static void read_input(struct streams *streams)
{
	char bytes[FRAME_MAX_PAYLOAD];
	size_t most = sizeof(bytes) < streams->input_credit ? sizeof(bytes) : streams->input_credit;
	ssize_t n = read(STDIN_FILENO, bytes, most);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		channel_send(streams->channel, FRAME_DATA, STREAM_STDIN, bytes, n);
		streams->input_credit -= n;
		return;
	}
	channel_send(streams->channel, FRAME_EOF, STREAM_STDIN, NULL, 0);
	/* A terminal can be read again after its end of file, until it hangs up. */
	if (n < 0 || !streams->input_is_terminal)
		streams->input_open = false;
}

void streams_move(struct streams *streams, const struct pollfd *poll)
{
	if (poll[0].fd >= 0 && poll[0].revents) {
		if (streams->input_is_terminal && poll[0].revents & (POLLHUP | POLLERR))
			streams->input_open = false;
		else
			read_input(streams);
	}
	for (int i = 0; i < NR_SINKS; i++)
		write_sink(streams, &streams->sinks[i], &poll[1 + i]);
}

static void take_data(struct sink *sink, const uint8_t *data, size_t length)
{
	if (sink->gone || sink->fd < 0)
		return;
	if (length > sizeof(sink->buffer) - sink->used)
		fail("the guest's init sent more than it was granted");
	while (length) {
		size_t at = (sink->start + sink->used) % sizeof(sink->buffer);
		size_t part = sizeof(sink->buffer) - at;

		if (part > length)
			part = length;
		memcpy(sink->buffer + at, data, part);
		sink->used += part;
		data += part;
		length -= part;
	}
}

bool streams_take(struct streams *streams, const struct frame_header *frame)
{
	const uint8_t *payload = (const uint8_t *)(frame + 1);
	struct sink *sink = NULL;

	if (frame->stream >= STREAM_STDOUT && frame->stream <= STREAM_TERMINAL)
		sink = &streams->sinks[frame->stream - STREAM_STDOUT];
	if (frame->type == FRAME_DATA && sink) {
		take_data(sink, payload, frame->length);
	} else if (frame->type == FRAME_EOF && sink) {
		sink->eof = true;
		if (!sink->used)
			sink_ended(sink);
	} else if (frame->type == FRAME_CREDIT && frame->stream == STREAM_STDIN &&
		   frame->length == 4) {
		uint32_t credit;

		memcpy(&credit, payload, sizeof(credit));
		streams->input_credit += credit;
	} else if (frame->type == FRAME_CLOSE && frame->stream == STREAM_STDIN) {
		streams->input_open = false;
		let_go(STDIN_FILENO);
	} else {
		return false;
	}
	return true;
}

bool streams_drained(const struct streams *streams)
{
	for (int i = 0; i < NR_SINKS; i++) {
		if (streams->sinks[i].used)
			return false;
	}
	return true;
}
