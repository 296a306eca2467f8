/* SPDX-License-Identifier: MIT */
/* The inside of a pipe: a ring of page pieces. */
#pragma once

#include "fs/internal.h"

#define PIPE_DEF_BUFFERS 16

struct pipe_buffer {
	struct page *page; /* this buffer's alone */
	unsigned int offset, len;
	bool packet; /* O_DIRECT: read as a unit */
};

struct pipe_inode_info {
	struct mutex mutex;
	/* mutex */
	/* ever growing: next to fill, next to read; head - tail buffers are in use */
	unsigned int head, tail;
	unsigned int ring_size; /* a power of two */
	struct pipe_buffer *bufs;
	struct page *spare[2]; /* empty pages kept for the next write */
	unsigned int nr_spare;
	unsigned int readers, writers;	   /* open files */
	unsigned int r_counter, w_counter; /* opens ever: FIFOs wait for the other side by them */
	/* somebody polls: tell of every write, not only the first into an empty pipe */
	bool poll_usage;

	unsigned int files; /* inode->i_lock: open files, and opens in progress */
	struct wait_queue_head rd_wait, wr_wait;
};

static inline bool pipe_empty(const struct pipe_inode_info *pipe)
{
	return READ_ONCE(pipe->head) == READ_ONCE(pipe->tail);
}

static inline bool pipe_full(const struct pipe_inode_info *pipe)
{
	return READ_ONCE(pipe->head) - READ_ONCE(pipe->tail) >= READ_ONCE(pipe->ring_size);
}

static inline struct pipe_buffer *pipe_buf(const struct pipe_inode_info *pipe, unsigned int slot)
{
	return &pipe->bufs[slot & (pipe->ring_size - 1)];
}

struct pipe_inode_info *alloc_pipe_info(void);
void free_pipe_info(struct pipe_inode_info *pipe);
/* Free the page of the oldest buffer and step over it. mutex held. */
void pipe_consume(struct pipe_inode_info *pipe);
/* An empty page for a buffer (NULL: no memory); give one back. mutex held. */
struct page *new_pipe_page(struct pipe_inode_info *pipe);
void free_pipe_page(struct pipe_inode_info *pipe, struct page *page);
/* write(2)'s body. No lock held. */
ssize_t pipe_write_from(struct pipe_inode_info *pipe, struct iov_iter *from, bool nonblock,
			bool packet);
ssize_t pipe_no_readers(void); /* SIGPIPE; -EPIPE */
/* Announce data to readers, room to writers. No lock held. */
void pipe_wake_readers(struct pipe_inode_info *pipe),
	pipe_wake_writers(struct pipe_inode_info *pipe);
/* Wait (mutex held; dropped meanwhile) until there is data / room, the other side is gone or a
 * signal comes: 0 or -ERESTARTSYS. With @nonblock: -EAGAIN instead of waiting. */
int pipe_wait_readable(struct pipe_inode_info *pipe, bool nonblock);
int pipe_wait_writable(struct pipe_inode_info *pipe, bool nonblock);
