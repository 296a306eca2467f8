/* SPDX-License-Identifier: MIT */
/*
 * The program's standard streams on the host's side: what comes from the guest is buffered and
 * written where the program's output belongs; what quire reads is sent to the guest. Never more
 * than the peer's window is under way, so one stream that is not read does not hold up another.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include "channel.h"

#define NR_SINKS 3

/* Where one output stream of the guest goes. */
struct sink {
	enum stream stream;
	int fd;	   /* -1: this stream does not exist */
	bool eof;  /* no more will come */
	bool gone; /* the reader went away, or writing failed: what comes is dropped */
	uint32_t ungranted;
	size_t start, used;
	uint8_t buffer[STREAM_WINDOW];
};

struct streams {
	struct channel *channel;
	struct sink sinks[NR_SINKS];
	bool input_is_terminal;
	bool input_open; /* standard input is still to be read */
	uint32_t input_credit;
	bool write_failed; /* output was lost for another reason than that its reader went away */
};

/* Set @streams up for the descriptors that @job describes. */
void streams_init(struct streams *streams, struct channel *channel, const struct job_header *job);

/* Fill in what to poll for: @poll has room for 1 + NR_SINKS. With @want_input, standard input too.
 */
void streams_poll(const struct streams *streams, struct pollfd *poll, bool want_input);

/* Do what @poll says can be done. */
void streams_move(struct streams *streams, const struct pollfd *poll);

/* Handle a frame that concerns a stream; false if it does not. */
bool streams_take(struct streams *streams, const struct frame_header *frame);

/* Has everything that came been written (or given up)? */
bool streams_drained(const struct streams *streams);
