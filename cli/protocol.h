/* SPDX-License-Identifier: MIT */
/*
 * What the quire command (host) and Quire's init (guest) say to each other.
 *
 * Before the start, the host puts a job file into the initramfs (QUIRE_JOB_PATH): a struct
 * job_header, then job_header.nr_groups u32 group ids, then NUL-terminated strings in this order:
 * the path of the program, the working directory, argc arguments, envc environment strings. argc ==
 * 0 is the empty job: init says HELLO and EXIT 0 at once.
 *
 * While the guest runs, both sides exchange frames over one virtio-serial port named
 * QUIRE_PORT_NAME. A frame is a struct frame_header followed by its payload; all numbers are
 * little-endian. The first frame of the guest is HELLO. Data flows in streams, each in one
 * direction:
 *
 *	STREAM_STDIN	host to guest: the program's input (a pipe, or the terminal)
 *	STREAM_STDOUT	guest to host: the program's standard output, if that is no terminal
 *	STREAM_STDERR	guest to host: the program's standard error, if that is no terminal
 *	STREAM_TERMINAL	guest to host: what the guest's terminal shows
 *
 * The sender of a stream may have sent at most STREAM_WINDOW bytes more than the receiver has
 * granted by CREDIT, so the receiver can always take a frame and no stream ever blocks another.
 * EXIT is the last frame of the guest and is sent after every output stream has ended and all of it
 * was sent. The host answers BYE, and the guest switches the machine off. A port that hangs up
 * means that the other side is gone.
 */
#pragma once

#include <stdint.h>

#define QUIRE_PORT_NAME "org.quire.control"
#define QUIRE_DIR	".quire" /* below the root */
#define QUIRE_INIT_PATH "/" QUIRE_DIR "/init"
#define QUIRE_JOB_PATH	"/" QUIRE_DIR "/job"

#define QUIRE_PROTOCOL_VERSION 1

enum frame_type {
	FRAME_HELLO = 1, /* guest: u32 QUIRE_PROTOCOL_VERSION; the program is about to start */
	FRAME_DATA,	 /* sender of a stream: bytes */
	FRAME_EOF,	 /* sender of a stream: no more bytes will come; no payload */
	FRAME_CREDIT,  /* receiver of a stream: u32 number of bytes that may be sent in addition */
	FRAME_CLOSE,   /* receiver of a stream: nobody reads it any more; no payload */
	FRAME_SIGNAL,  /* host: struct frame_signal */
	FRAME_WINSIZE, /* host: struct job_winsize */
	FRAME_FAILED,  /* guest: struct frame_failed; the program did not start; EXIT follows */
	FRAME_EXIT,    /* guest: u32 status as wait(2) gives it */
	FRAME_BYE,     /* host: everything has arrived, switch off; no payload */
};

enum stream {
	STREAM_STDIN,
	STREAM_STDOUT,
	STREAM_STDERR,
	STREAM_TERMINAL,
	NR_STREAMS,
};

#define STREAM_WINDOW	  65536
#define FRAME_MAX_PAYLOAD 16384

struct frame_header {
	uint8_t type;	 /* enum frame_type */
	uint8_t stream;	 /* enum stream, for DATA, EOF, CREDIT and CLOSE; else 0 */
	uint16_t length; /* bytes of payload that follow, at most FRAME_MAX_PAYLOAD */
};

struct frame_signal {
	uint8_t number;
	uint8_t to_group; /* 1: as typed on the terminal, to the foreground group; 0: to the program
			     only */
};

/* What init was doing when it could not start the program. */
enum failed_stage {
	FAILED_EXEC,
	FAILED_CWD,
	FAILED_TERMINAL,
	FAILED_CREDENTIALS,
	FAILED_PROCESS,
	FAILED_SWAP,
};

struct frame_failed {
	uint32_t stage; /* enum failed_stage */
	uint32_t error; /* errno, positive */
};

/* The kernel's struct winsize and struct termios, which libc's headers do not offer unchanged. */
struct job_winsize {
	uint16_t rows, columns, x_pixels, y_pixels;
};

struct job_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[19];
};

/* What one of the program's descriptors 0, 1, 2 is. */
enum job_fd {
	JOB_FD_PIPE,
	JOB_FD_TERMINAL,
	JOB_FD_CLOSED,
	JOB_FD_AS_OUTPUT, /* standard error only: the same pipe as standard output, so that their
			     order is kept */
};

#define JOB_MAGIC 0x4a525551u /* "QURJ" */

struct job_header {
	uint32_t magic;	    /* JOB_MAGIC */
	uint32_t size;	    /* bytes of the whole job file */
	uint32_t fd[3];	    /* enum job_fd */
	uint32_t file_mask; /* umask */
	uint64_t ignored;   /* bit n-1: signal n is ignored when the program starts */
	uint32_t uid, gid, nr_groups;
	uint32_t argc, envc;
	struct job_winsize winsize; /* of the terminal, if any fd is one; else 0 */
	struct job_termios termios; /* likewise */
	uint32_t swap_disk; /* which of the disks init swaps to: 1 is /dev/vda; 0: none */
};

_Static_assert(sizeof(struct frame_header) == 4, "frame header layout");
_Static_assert(sizeof(struct job_termios) == 36, "the kernel's struct termios");
_Static_assert(sizeof(struct job_header) == 104, "job header layout");
