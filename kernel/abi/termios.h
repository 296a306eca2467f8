/* SPDX-License-Identifier: MIT */
/*
 * Terminals: structures, flags and ioctls.
 */
#pragma once

#include "abi/ioctl.h"
#include "lib/types.h"

typedef unsigned char cc_t;
typedef unsigned int speed_t;
typedef unsigned int tcflag_t;

#define NCCS 19

/* TCGETS; libc's struct is longer. */
struct termios {
	tcflag_t c_iflag;
	tcflag_t c_oflag;
	tcflag_t c_cflag;
	tcflag_t c_lflag;
	cc_t c_line;
	cc_t c_cc[NCCS];
};
static_assert(sizeof(struct termios) == 36, "ABI");

/* TCGETS2: with free speeds. */
struct termios2 {
	tcflag_t c_iflag;
	tcflag_t c_oflag;
	tcflag_t c_cflag;
	tcflag_t c_lflag;
	cc_t c_line;
	cc_t c_cc[NCCS];
	speed_t c_ispeed;
	speed_t c_ospeed;
};
static_assert(sizeof(struct termios2) == 44, "ABI");

/* TCGETA */
struct termio {
	unsigned short c_iflag;
	unsigned short c_oflag;
	unsigned short c_cflag;
	unsigned short c_lflag;
	unsigned char c_line;
	unsigned char c_cc[8];
};

struct winsize {
	unsigned short ws_row;
	unsigned short ws_col;
	unsigned short ws_xpixel;
	unsigned short ws_ypixel;
};

/* c_cc */

#define VINTR	 0
#define VQUIT	 1
#define VERASE	 2
#define VKILL	 3
#define VEOF	 4
#define VTIME	 5
#define VMIN	 6
#define VSWTC	 7
#define VSTART	 8
#define VSTOP	 9
#define VSUSP	 10
#define VEOL	 11
#define VREPRINT 12
#define VDISCARD 13
#define VWERASE	 14
#define VLNEXT	 15
#define VEOL2	 16

/* c_iflag */
#define IGNBRK	01
#define BRKINT	02
#define IGNPAR	04
#define PARMRK	010
#define INPCK	020
#define ISTRIP	040
#define INLCR	0100
#define IGNCR	0200
#define ICRNL	0400
#define IXANY	04000
#define IUCLC	01000
#define IXON	02000
#define IXOFF	010000
#define IMAXBEL 020000
#define IUTF8	040000

/* c_oflag */
#define OPOST  01
#define OCRNL  010
#define ONOCR  020
#define ONLRET 040
#define OFILL  0100
#define OFDEL  0200
#define OLCUC  02
#define ONLCR  04
#define NLDLY  0400
#define NL0    0
#define NL1    0400
#define CRDLY  03000
#define CR0    0
#define CR1    01000
#define CR2    02000
#define CR3    03000
#define TABDLY 014000
#define TAB0   0
#define TAB1   04000
#define TAB2   010000
#define TAB3   014000
#define XTABS  014000
#define BSDLY  020000
#define BS0    0
#define BS1    020000
#define VTDLY  040000
#define VT0    0
#define VT1    040000
#define FFDLY  0100000
#define FF0    0
#define FF1    0100000

/* c_cflag */
#define CBAUD	 010017
#define CSIZE	 060
#define CS5	 0
#define CS6	 020
#define CS7	 040
#define CS8	 060
#define CSTOPB	 0100
#define CREAD	 0200
#define PARENB	 0400
#define PARODD	 01000
#define HUPCL	 02000
#define CLOCAL	 04000
#define CBAUDEX	 010000
#define CMSPAR	 010000000000
#define CRTSCTS	 020000000000
#define B0	 0
#define B50	 01
#define B75	 02
#define B110	 03
#define B134	 04
#define B150	 05
#define B200	 06
#define B300	 07
#define B600	 010
#define B1200	 011
#define B1800	 012
#define B2400	 013
#define B4800	 014
#define B9600	 015
#define B19200	 016
#define B38400	 017
#define BOTHER	 010000
#define B57600	 010001
#define B115200	 010002
#define B230400	 010003
#define B460800	 010004
#define B500000	 010005
#define B576000	 010006
#define B921600	 010007
#define B1000000 010010
#define B1152000 010011
#define B1500000 010012
#define B2000000 010013
#define B2500000 010014
#define B3000000 010015
#define B3500000 010016
#define B4000000 010017

/* c_lflag */
#define ISIG	01
#define ICANON	02
#define XCASE	04
#define ECHO	010
#define ECHOE	020
#define ECHOK	040
#define ECHONL	0100
#define NOFLSH	0200
#define TOSTOP	0400
#define ECHOCTL 01000
#define ECHOPRT 02000
#define ECHOKE	04000
#define FLUSHO	010000
#define PENDIN	040000
#define IEXTEN	0100000
#define EXTPROC 0200000

/* ioctls */
#define TCGETS		0x5401
#define TCSETS		0x5402
#define TCSETSW		0x5403
#define TCSETSF		0x5404
#define TCGETA		0x5405
#define TCSETA		0x5406
#define TCSETAW		0x5407
#define TCSETAF		0x5408
#define TCSBRK		0x5409
#define TCXONC		0x540a
#define TCFLSH		0x540b
#define TIOCEXCL	0x540c
#define TIOCNXCL	0x540d
#define TIOCSCTTY	0x540e
#define TIOCGPGRP	0x540f
#define TIOCSPGRP	0x5410
#define TIOCOUTQ	0x5411
#define TIOCSTI		0x5412
#define TIOCGWINSZ	0x5413
#define TIOCSWINSZ	0x5414
#define TIOCMGET	0x5415
#define TIOCMBIS	0x5416
#define TIOCMBIC	0x5417
#define TIOCMSET	0x5418
#define TIOCGSOFTCAR	0x5419
#define TIOCSSOFTCAR	0x541a
#define TIOCINQ		0x541b
#define TIOCLINUX	0x541c
#define TIOCCONS	0x541d
#define TIOCGSERIAL	0x541e
#define TIOCSSERIAL	0x541f
#define TIOCPKT		0x5420
#define TIOCNOTTY	0x5422
#define TIOCSETD	0x5423
#define TIOCGETD	0x5424
#define TCSBRKP		0x5425
#define TIOCSBRK	0x5427
#define TIOCCBRK	0x5428
#define TIOCGSID	0x5429
#define TCGETS2		0x802c542aU
#define TCSETS2		0x402c542b
#define TCSETSW2	0x402c542c
#define TCSETSF2	0x402c542d
#define TIOCGRS485	0x542e
#define TIOCSRS485	0x542f
#define TIOCGPTN	0x80045430U
#define TIOCSPTLCK	0x40045431
#define TIOCGDEV	0x80045432U
#define TCGETX		0x5432
#define TCSETX		0x5433
#define TCSETXF		0x5434
#define TCSETXW		0x5435
#define TIOCSIG		0x40045436
#define TIOCVHANGUP	0x5437
#define TIOCGPKT	0x80045438U
#define TIOCGPTLCK	0x80045439U
#define TIOCGEXCL	0x80045440U
#define TIOCGPTPEER	0x5441
#define TIOCSERCONFIG	0x5453
#define TIOCSERGWILD	0x5454
#define TIOCSERSWILD	0x5455
#define TIOCGLCKTRMIOS	0x5456
#define TIOCSLCKTRMIOS	0x5457
#define TIOCSERGSTRUCT	0x5458
#define TIOCSERGETLSR	0x5459
#define TIOCSERGETMULTI 0x545a
#define TIOCSERSETMULTI 0x545b
#define TIOCMIWAIT	0x545c
#define TIOCGICOUNT	0x545d

/* TCXONC, TCFLSH, TCSETS */
#define TCOOFF	  0
#define TCOON	  1
#define TCIOFF	  2
#define TCION	  3
#define TCIFLUSH  0
#define TCOFLUSH  1
#define TCIOFLUSH 2
#define TCSANOW	  0
#define TCSADRAIN 1
#define TCSAFLUSH 2

#define TIOCPKT_DATA	   0x0
#define TIOCPKT_FLUSHREAD  0x1
#define TIOCPKT_FLUSHWRITE 0x2
#define TIOCPKT_STOP	   0x4
#define TIOCPKT_START	   0x8
#define TIOCPKT_NOSTOP	   0x10
#define TIOCPKT_DOSTOP	   0x20
#define TIOCPKT_IOCTL	   0x40

/* TIOCMGET */
#define TIOCM_LE   0x1
#define TIOCM_DTR  0x2
#define TIOCM_RTS  0x4
#define TIOCM_ST   0x8
#define TIOCM_SR   0x10
#define TIOCM_CTS  0x20
#define TIOCM_CAR  0x40
#define TIOCM_RNG  0x80
#define TIOCM_DSR  0x100
#define TIOCM_CD   0x40
#define TIOCM_RI   0x80
#define TIOCM_OUT1 0x2000
#define TIOCM_OUT2 0x4000
#define TIOCM_LOOP 0x8000

#define N_TTY 0

/* The control characters of a fresh terminal: ^C ^\ DEL ^U ^D, ... VSUSP ^Z, VREPRINT ^R, VDISCARD
 * ^O, VWERASE ^W, VLNEXT ^V; VMIN 1. */
#define INIT_C_CC                                                                                  \
	{                                                                                          \
		[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1,   \
		[VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18, [VDISCARD] = 15,       \
		[VWERASE] = 23, [VLNEXT] = 22,                                                     \
	}
