/* SPDX-License-Identifier: MIT */
/* See channel.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "channel.h"
#include "report.h"

bool channel_has_room(const struct channel *channel, size_t length)
{
	return sizeof(channel->tx) - channel->tx_used >= sizeof(struct frame_header) + length;
}

void channel_send(struct channel *channel, enum frame_type type, enum stream stream,
		  const void *payload, size_t length)
{
	struct frame_header header = {.type = type, .stream = stream, .length = length};

	if (channel->closed)
		return;
	if (!channel_has_room(channel, length))
		fail("internal error: no room for a frame");
	memcpy(channel->tx + channel->tx_used, &header, sizeof(header));
	if (length)
		memcpy(channel->tx + channel->tx_used + sizeof(header), payload, length);
	channel->tx_used += sizeof(header) + length;
}

void channel_flush(struct channel *channel)
{
	while (channel->tx_start < channel->tx_used) {
		ssize_t n = send(channel->socket, channel->tx + channel->tx_start,
				 channel->tx_used - channel->tx_start, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			channel->closed = true;
			channel->tx_start = channel->tx_used;
			break;
		}
		if (n < 0)
			break;
		channel->tx_start += n;
	}
	channel->tx_used -= channel->tx_start;
	memmove(channel->tx, channel->tx + channel->tx_start, channel->tx_used);
	channel->tx_start = 0;
}

void channel_fill(struct channel *channel)
{
	ssize_t n;

	memmove(channel->rx, channel->rx + channel->rx_start, channel->rx_used - channel->rx_start);
	channel->rx_used -= channel->rx_start;
	channel->rx_start = 0;
	n = read(channel->socket, channel->rx + channel->rx_used,
		 sizeof(channel->rx) - channel->rx_used);
	if (n > 0)
		channel->rx_used += n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		channel->closed = true;
}

const struct frame_header *channel_next(struct channel *channel)
{
	const void *start = channel->rx + channel->rx_start;
	size_t have = channel->rx_used - channel->rx_start;
	static struct {
		struct frame_header header;
		uint8_t payload[FRAME_MAX_PAYLOAD];
	} frame;

	if (have < sizeof(frame.header))
		return NULL;
	memcpy(&frame.header, start, sizeof(frame.header));
	if (frame.header.length > FRAME_MAX_PAYLOAD)
		fail("the guest's init sent a malformed frame");
	if (have < sizeof(frame.header) + frame.header.length)
		return NULL;
	memcpy(&frame, start, sizeof(frame.header) + frame.header.length);
	channel->rx_start += sizeof(frame.header) + frame.header.length;
	return &frame.header;
}
