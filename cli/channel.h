/* SPDX-License-Identifier: MIT */
/* The host's side of the framed connection to the guest (protocol.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "protocol.h"

#define CHANNEL_BUFFER (2 * (FRAME_MAX_PAYLOAD + sizeof(struct frame_header)))

/* Starts zeroed but for the socket, which is non-blocking. */
struct channel {
	int socket;
	size_t rx_start, rx_used;
	size_t tx_start, tx_used;
	bool closed; /* the guest's side is gone; frames sent are dropped */
	uint8_t rx[CHANNEL_BUFFER], tx[CHANNEL_BUFFER];
};

/* Is there room to send a frame with @length bytes of payload? */
bool channel_has_room(const struct channel *channel, size_t length);

/* Queue a frame. There must be room for it. */
void channel_send(struct channel *channel, enum frame_type type, enum stream stream,
		  const void *payload, size_t length);

/* Write what is queued, as far as the socket takes it. */
void channel_flush(struct channel *channel);

/* Read what has come. */
void channel_fill(struct channel *channel);

/* The next whole frame that has come, or NULL. Its payload follows it; both are valid until the
 * next call of a function here. fail()s on a frame that is overlong. */
const struct frame_header *channel_next(struct channel *channel);
