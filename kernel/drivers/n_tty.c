/* SPDX-License-Identifier: MIT */
/*
 * The terminal line discipline (termios(3)): from the characters that arrive to what read(2)
 * returns, with line
 * editing, echo and signal characters; and output processing.
 *
 *	tail          canon_head          head
 *	 | complete lines |  line being edited |
 *
 * In canonical mode only complete lines can be read; line_end marks their last bytes. An
 * end-of-file character is stored as a
 * marked NUL that is never handed out.
 */
#include "drivers/tty.h"
#include "task/task.h"
#include "lib/string.h"
#include "abi/signal.h"
#include "abi/poll.h"

#define MASK (TTY_BUF_SIZE - 1)
#define EOF_BYTE '\0'

#define I_FLAG(tty, f) ((tty)->termios.c_iflag & (f))
#define O_FLAG(tty, f) ((tty)->termios.c_oflag & (f))
#define L_FLAG(tty, f) ((tty)->termios.c_lflag & (f))

/* The character that plays role @v, 0 meaning none. */
static bool is_char(const struct tty_struct *tty, unsigned char c, int v)
{
	return c && tty->termios.c_cc[v] == c;
}

void n_tty_init_termios(struct termios *t)
{
	static const cc_t cc[NCCS] = {
		[VINTR] = 'C' - 64, [VQUIT] = '\\' - 64, [VERASE] = 127, [VKILL] = 'U' - 64,
		[VEOF] = 'D' - 64, [VMIN] = 1, [VSTART] = 'Q' - 64, [VSTOP] = 'S' - 64,
		[VSUSP] = 'Z' - 64, [VREPRINT] = 'R' - 64, [VDISCARD] = 'O' - 64,
		[VWERASE] = 'W' - 64, [VLNEXT] = 'V' - 64,
	};

	memset(t, 0, sizeof(*t));
	t->c_iflag = ICRNL | IXON;
	t->c_oflag = OPOST | ONLCR;
	t->c_cflag = B38400 | CS8 | CREAD | HUPCL;
	t->c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	memcpy(t->c_cc, cc, sizeof(cc));
}

/* ---- Output
 * ------------------------------------------------------------------------------------------- */

static bool is_continuation(const struct tty_struct *tty, unsigned char c)
{
	return I_FLAG(tty, IUTF8) && (c & 0xc0) == 0x80;
}

/* One character with its expansion; false: no room for it now. */
static bool output_char(struct tty_struct *tty, unsigned char c)
{
	char out[8];
	size_t n = 0;

	switch (c) {
	case '\n':
		if (O_FLAG(tty, ONLRET))
			tty->column = 0;
		if (O_FLAG(tty, ONLCR)) {
			out[n++] = '\r';
			tty->column = 0;
		}
		out[n++] = '\n';
		tty->canon_column = tty->column;
		break;
	case '\r':
		if (O_FLAG(tty, ONOCR) && !tty->column)
			return true;
		if (O_FLAG(tty, OCRNL)) {
			out[n++] = '\n';
			break;
		}
		out[n++] = '\r';
		tty->column = tty->canon_column = 0;
		break;
	case '\t': {
		unsigned int spaces = 8 - (tty->column & 7);

		if (O_FLAG(tty, TABDLY) == TAB3)
			while (n < spaces)
				out[n++] = ' ';
		else
			out[n++] = '\t';
		tty->column += spaces;
		break;
	}
	case '\b':
		out[n++] = '\b';
		if (tty->column)
			tty->column--;
		break;
	default:
		if (O_FLAG(tty, OLCUC) && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		out[n++] = c;
		if (c >= ' ' && c != 127 && !is_continuation(tty, c))
			tty->column++;
	}
	if (tty->ops->write_room(tty) < n)
		return false;
	tty->ops->write(tty, out, n);
	return true;
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c != 127;
}

size_t n_tty_output(struct tty_struct *tty, const char *buf, size_t len)
{
	size_t done = 0, n, took;
	unsigned int column;

	if (!O_FLAG(tty, OPOST))
		return tty->ops->write(tty, buf, len);
	while (done < len) {
		/* Runs of plain characters go in one piece. */
		for (n = 0; done + n < len && is_plain(buf[done + n]) && !O_FLAG(tty, OLCUC); n++)
			;
		if (n) {
			took = tty->ops->write(tty, buf + done, n);
			for (column = 0; column < took; column++)
				tty->column += !is_continuation(tty, buf[done + column]);
			done += took;
			if (took < n)
				break;
			continue;
		}
		column = tty->column;
		if (!output_char(tty, buf[done])) {
			tty->column = column;
			break;
		}
		done++;
	}
	return done;
}

/* ---- Echo
 * --------------------------------------------------------------------------------------------- */

static void put_raw(struct tty_struct *tty, char c)
{
	tty->ops->write(tty, &c, 1);
}

/* Echo has no patience: what finds no room is lost, as on a line. */
static void echo_char(struct tty_struct *tty, unsigned char c)
{
	if (L_FLAG(tty, ECHOCTL) && (c < ' ' || c == 127) && c != '\n' && c != '\t') {
		put_raw(tty, '^');
		put_raw(tty, c ^ 64);
		tty->column += 2;
	} else if (O_FLAG(tty, OPOST)) {
		output_char(tty, c);
	} else {
		put_raw(tty, c);
	}
}

static unsigned int echo_width(struct tty_struct *tty, unsigned char c)
{
	if (c < ' ' || c == 127)
		return L_FLAG(tty, ECHOCTL) ? 2 : 0;
	return is_continuation(tty, c) ? 0 : 1;
}

/* Column of the cursor after the line being edited, its last character left out already. */
static unsigned int line_column(struct tty_struct *tty)
{
	unsigned int column = tty->canon_column;

	for (size_t i = tty->canon_head; i != tty->head; i++) {
		unsigned char c = tty->buf[i & MASK];

		if (c == '\t')
			column = (column | 7) + 1;
		else
			column += echo_width(tty, c);
	}
	return column;
}

static void rub_out_to(struct tty_struct *tty, unsigned int column)
{
	while (tty->column > column) {
		put_raw(tty, '\b');
		put_raw(tty, ' ');
		put_raw(tty, '\b');
		tty->column--;
	}
}

/* Remove the last character of the line being edited (with IUTF8 all its bytes). */
static void erase_one(struct tty_struct *tty)
{
	unsigned char c;

	if (tty->head == tty->canon_head)
		return;
	do {
		tty->head--;
		c = tty->buf[tty->head & MASK];
	} while (tty->head != tty->canon_head && is_continuation(tty, c));
	if (!L_FLAG(tty, ECHO))
		return;
	if (!L_FLAG(tty, ECHOE)) {
		echo_char(tty, tty->termios.c_cc[VERASE]);
		return;
	}
	if (c == '\t') {
		unsigned int column = line_column(tty);

		while (tty->column > column) {
			put_raw(tty, '\b');
			tty->column--;
		}
		return;
	}
	rub_out_to(tty, tty->column - min(tty->column, echo_width(tty, c)));
}

static void erase_word(struct tty_struct *tty)
{
	bool seen = false;

	while (tty->head != tty->canon_head) {
		unsigned char c = tty->buf[(tty->head - 1) & MASK];
		bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
			    c >= 128;

		if (!word && seen)
			break;
		seen |= word;
		erase_one(tty);
	}
}

static void erase_line(struct tty_struct *tty)
{
	if (!L_FLAG(tty, ECHO) || (L_FLAG(tty, ECHOK | ECHOKE | ECHOE) == (ECHOK | ECHOKE | ECHOE))) {
		while (tty->head != tty->canon_head)
			erase_one(tty);
		return;
	}
	tty->head = tty->canon_head;
	echo_char(tty, tty->termios.c_cc[VKILL]);
	if (L_FLAG(tty, ECHOK))
		echo_char(tty, '\n');
}

static void reprint_line(struct tty_struct *tty)
{
	echo_char(tty, tty->termios.c_cc[VREPRINT]);
	echo_char(tty, '\n');
	for (size_t i = tty->canon_head; i != tty->head; i++)
		echo_char(tty, tty->buf[i & MASK]);
}

/* ---- Input
 * -------------------------------------------------------------------------------------------- */

static bool buffer_full(const struct tty_struct *tty)
{
	return tty->head - tty->tail >= TTY_BUF_SIZE - 1;
}

static void put_char(struct tty_struct *tty, unsigned char c)
{
	clear_bit(tty->head & MASK, tty->line_end);
	tty->buf[tty->head++ & MASK] = c;
}

static void end_line(struct tty_struct *tty, unsigned char c)
{
	tty->buf[tty->head & MASK] = c;
	set_bit(tty->head & MASK, tty->line_end);
	tty->head++;
	tty->canon_head = tty->head;
	tty->lines++;
	wake_up_poll(&tty->read_wait, POLLIN | POLLRDNORM);
}

void n_tty_flush_input(struct tty_struct *tty)
{
	tty->tail = tty->canon_head = tty->head = 0;
	tty->lines = 0;
	bitmap_zero(tty->line_end, TTY_BUF_SIZE);
	tty->lnext = false;
	wake_up_poll(&tty->write_wait, POLLOUT | POLLWRNORM);
}

static void note_signal(struct tty_struct *tty, struct tty_signals *signals, int sig, unsigned char c)
{
	if (!L_FLAG(tty, NOFLSH))
		n_tty_flush_input(tty);
	if (L_FLAG(tty, ECHO))
		echo_char(tty, c);
	if (signals->n < ARRAY_SIZE(signals->sig))
		signals->sig[signals->n++] = sig;
}

/* Flow control and signal characters: true if @c was one. */
static bool special_char(struct tty_struct *tty, unsigned char c, struct tty_signals *signals)
{
	if (I_FLAG(tty, IXON)) {
		if (is_char(tty, c, VSTART)) {
			tty->stopped = false;
			wake_up_poll(&tty->write_wait, POLLOUT | POLLWRNORM);
			return true;
		}
		if (is_char(tty, c, VSTOP)) {
			tty->stopped = true;
			return true;
		}
	}
	if (L_FLAG(tty, ISIG)) {
		int sig = is_char(tty, c, VINTR) ? SIGINT : is_char(tty, c, VQUIT) ? SIGQUIT
			  : is_char(tty, c, VSUSP)					   ? SIGTSTP
											   : 0;

		if (sig) {
			tty->stopped = false;
			note_signal(tty, signals, sig, c);
			return true;
		}
	}
	return false;
}

/* Line editing: true if @c was an editing or line-ending character. */
static bool edit_char(struct tty_struct *tty, unsigned char c)
{
	if (is_char(tty, c, VERASE)) {
		erase_one(tty);
	} else if (is_char(tty, c, VKILL)) {
		erase_line(tty);
	} else if (L_FLAG(tty, IEXTEN) && is_char(tty, c, VWERASE)) {
		erase_word(tty);
	} else if (L_FLAG(tty, IEXTEN) && is_char(tty, c, VREPRINT) && L_FLAG(tty, ECHO)) {
		reprint_line(tty);
	} else if (L_FLAG(tty, IEXTEN) && is_char(tty, c, VLNEXT)) {
		tty->lnext = true;
		if (L_FLAG(tty, ECHO) && L_FLAG(tty, ECHOCTL)) {
			put_raw(tty, '^');
			put_raw(tty, '\b');
		}
	} else if (c == '\n') {
		if (L_FLAG(tty, ECHO | ECHONL))
			echo_char(tty, '\n');
		end_line(tty, '\n');
	} else if (is_char(tty, c, VEOF)) {
		end_line(tty, EOF_BYTE);
	} else if (is_char(tty, c, VEOL) || (L_FLAG(tty, IEXTEN) && is_char(tty, c, VEOL2))) {
		if (L_FLAG(tty, ECHO))
			echo_char(tty, c);
		end_line(tty, c);
	} else {
		return false;
	}
	return true;
}

static void store_char(struct tty_struct *tty, unsigned char c)
{
	bool doubled = I_FLAG(tty, PARMRK) && c == 0xff;

	if (buffer_full(tty) || (doubled && tty->head - tty->tail >= TTY_BUF_SIZE - 2)) {
		if (I_FLAG(tty, IMAXBEL))
			put_raw(tty, '\a');
		return;
	}
	if (L_FLAG(tty, ECHO)) {
		if (tty->head == tty->canon_head)
			tty->canon_column = tty->column;
		echo_char(tty, c);
	}
	if (doubled)
		put_char(tty, 0xff);
	put_char(tty, c);
	if (!L_FLAG(tty, ICANON))
		wake_up_poll(&tty->read_wait, POLLIN | POLLRDNORM);
}

static void receive_char(struct tty_struct *tty, unsigned char c, struct tty_signals *signals)
{
	if (I_FLAG(tty, ISTRIP))
		c &= 0x7f;
	if (I_FLAG(tty, IUCLC) && L_FLAG(tty, IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (tty->lnext) {
		tty->lnext = false;
		store_char(tty, c);
		return;
	}
	if (tty->stopped && I_FLAG(tty, IXON) && I_FLAG(tty, IXANY)) {
		tty->stopped = false;
		wake_up_poll(&tty->write_wait, POLLOUT | POLLWRNORM);
	}
	if (special_char(tty, c, signals))
		return;
	if (c == '\r') {
		if (I_FLAG(tty, IGNCR))
			return;
		if (I_FLAG(tty, ICRNL))
			c = '\n';
	} else if (c == '\n' && I_FLAG(tty, INLCR)) {
		c = '\r';
	}
	if (L_FLAG(tty, ICANON) && edit_char(tty, c))
		return;
	store_char(tty, c);
}

size_t tty_receive(struct tty_struct *tty, const char *buf, size_t len)
{
	struct tty_signals signals = {};
	size_t done = 0;
	unsigned long flags;

	while (done < len) {
		spin_lock_irqsave(&tty->lock, flags);
		/* A raw reader must lose nothing: the sender waits. A line that is too long just
		 * loses its end. */
		while (done < len && !signals.n) {
			if (buffer_full(tty) && (!L_FLAG(tty, ICANON) || tty->lines))
				break;
			receive_char(tty, buf[done++], &signals);
		}
		spin_unlock_irqrestore(&tty->lock, flags);
		if (!signals.n)
			break;
		for (unsigned int i = 0; i < signals.n; i++)
			tty_signal_pgrp(tty, signals.sig[i]);
		signals.n = 0;
	}
	return done;
}

/* ---- Reading
 * ------------------------------------------------------------------------------------------ */

size_t n_tty_available(struct tty_struct *tty)
{
	return (L_FLAG(tty, ICANON) ? tty->canon_head : tty->head) - tty->tail;
}

size_t n_tty_copy(struct tty_struct *tty, char *to, size_t n, bool *done)
{
	bool canon = L_FLAG(tty, ICANON);
	size_t end = canon ? tty->canon_head : tty->head, copied = 0;

	*done = false;
	while (copied < n && tty->tail != end) {
		size_t i = tty->tail++ & MASK;
		bool last = test_bit(i, tty->line_end);

		if (last) {
			clear_bit(i, tty->line_end);
			if (tty->lines)
				tty->lines--;
		}
		if (!(last && tty->buf[i] == EOF_BYTE)) /* the end-of-file mark itself is nothing to read */
			to[copied++] = tty->buf[i];
		if (last && canon) {
			*done = true;
			break;
		}
	}
	/* Just before an end-of-file mark with a full user buffer: the mark belongs to this read,
	 * or the next would see an end too many. */
	if (canon && !*done && copied && copied == n && tty->tail != end && test_bit(tty->tail & MASK, tty->line_end) &&
	    tty->buf[tty->tail & MASK] == EOF_BYTE) {
		clear_bit(tty->tail++ & MASK, tty->line_end);
		tty->lines--;
		*done = true;
	}
	return copied;
}

void n_tty_mode_changed(struct tty_struct *tty, const struct termios *old)
{
	bool was = old->c_lflag & ICANON, is = L_FLAG(tty, ICANON);

	if (was == is)
		return;
	/* To canonical: what is there counts as a line. To raw: what is being edited can be
	 * read. */
	tty->canon_head = tty->head;
	if (is && tty->head != tty->tail) {
		set_bit((tty->head - 1) & MASK, tty->line_end);
		tty->lines = 1;
	} else if (!is) {
		tty->lines = 0;
		bitmap_zero(tty->line_end, TTY_BUF_SIZE);
		if (tty->head != tty->tail)
			wake_up_poll(&tty->read_wait, POLLIN | POLLRDNORM);
	}
	tty->lnext = false;
}
