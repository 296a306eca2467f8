/* SPDX-License-Identifier: MIT */
/*
 * Formatted printing. Output goes through emit(), which counts every character and stores those
 * that fit.
 */
#include "lib/vsprintf.h"
#include "lib/ctype.h"
#include "lib/string.h"

struct output {
	char *buf;
	size_t size;
	size_t len; /* of the whole text so far */
};

struct spec {
	bool left, plus, space, alternate, zero, upper;
	int width;     /* -1: none */
	int precision; /* -1: none */
	int length;    /* bytes of an integer argument */
	unsigned int base;
	bool is_signed;
};

static inline void emit(struct output *out, char c)
{
	if (out->len < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void emit_repeat(struct output *out, char c, int n)
{
	for (; n > 0; n--)
		emit(out, c);
}

static void emit_string(struct output *out, const char *s, const struct spec *spec)
{
	size_t len, i;
	int pad;

	if (!s)
		s = "(null)";
	len = spec->precision >= 0 ? strnlen(s, spec->precision) : strlen(s);
	pad = spec->width - (int)len;
	if (!spec->left)
		emit_repeat(out, ' ', pad);
	for (i = 0; i < len; i++)
		emit(out, s[i]);
	if (spec->left)
		emit_repeat(out, ' ', pad);
}

/* Digits of @n, last first; how many (0 for n == 0). */
static int to_digits(char *digits, u64 n, unsigned int base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int count = 0;

	if (base == 10) {
		while (n > U32_MAX) {
			digits[count++] = '0' + n % 10;
			n /= 10;
		}
		for (u32 small = n; small; small /= 10)
			digits[count++] = '0' + small % 10;
	} else {
		unsigned int shift = base == 16 ? 4 : 3;

		for (; n; n >>= shift)
			digits[count++] = set[n & (base - 1)];
	}
	return count;
}

/* [spaces] [sign or 0x] [zeros] digits [spaces] */
static void emit_number(struct output *out, u64 n, const struct spec *spec)
{
	char digits[24], sign = 0;
	const char *prefix = "";
	int count, zeros, pad;

	if (spec->is_signed) {
		if ((s64)n < 0) {
			sign = '-';
			n = -n;
		} else if (spec->plus) {
			sign = '+';
		} else if (spec->space) {
			sign = ' ';
		}
	}
	if (spec->alternate && spec->base == 16 && n)
		prefix = spec->upper ? "0X" : "0x";
	count = to_digits(digits, n, spec->base, spec->upper);
	zeros = (spec->precision < 0 ? 1 : spec->precision) - count;
	if (zeros < 0)
		zeros = 0;
	if (spec->alternate && spec->base == 8 && zeros == 0)
		zeros = 1;
	pad = spec->width - count - zeros - (sign ? 1 : 0) - (int)strlen(prefix);
	if (pad > 0 && spec->zero && !spec->left && spec->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	if (!spec->left)
		emit_repeat(out, ' ', pad);
	if (sign)
		emit(out, sign);
	for (; *prefix; prefix++)
		emit(out, *prefix);
	emit_repeat(out, '0', zeros);
	while (count > 0)
		emit(out, digits[--count]);
	if (spec->left)
		emit_repeat(out, ' ', pad);
}

static u64 narrow(u64 n, const struct spec *spec)
{
	switch (spec->length) {
	case 1:
		return spec->is_signed ? (u64)(s8)n : (u8)n;
	case 2:
		return spec->is_signed ? (u64)(s16)n : (u16)n;
	case 4:
		return spec->is_signed ? (u64)(s32)n : (u32)n;
	default:
		return n;
	}
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			spec->left = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '#':
			spec->alternate = true;
			break;
		case '0':
			spec->zero = true;
			break;
		default:
			return fmt;
		}
	}
}

static const char *parse_count(const char *fmt, int *count)
{
	int n = 0;

	while (isdigit(*fmt)) {
		n = n * 10 + (*fmt++ - '0');
		/* No text this long fits anywhere, and the arithmetic must not overflow. */
		n = min(n, 1 << 20);
	}
	*count = n;
	return fmt;
}

static const char *parse_length(const char *fmt, struct spec *spec)
{
	spec->length = 4;
	switch (*fmt) {
	case 'h':
		spec->length = fmt[1] == 'h' ? 1 : 2;
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	case 'l':
		spec->length = 8;
		return fmt + (fmt[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
	case 'j':
		spec->length = 8;
		return fmt + 1;
	default:
		return fmt;
	}
}

/* Conversion letter of an integer: true, base and signedness set. */
static bool integer_conversion(char c, struct spec *spec)
{
	spec->base = 10;
	switch (c) {
	case 'd':
	case 'i':
		spec->is_signed = true;
		return true;
	case 'u':
		return true;
	case 'X':
		spec->upper = true;
		spec->base = 16;
		return true;
	case 'x':
		spec->base = 16;
		return true;
	case 'o':
		spec->base = 8;
		return true;
	default:
		return false;
	}
}

static void emit_pointer(struct output *out, const void *p, struct spec *spec)
{
	spec->precision = -1;
	if (!p) {
		emit_string(out, "(nil)", spec);
		return;
	}
	spec->alternate = true;
	spec->base = 16;
	emit_number(out, (unsigned long)p, spec);
}

static void emit_char(struct output *out, char c, const struct spec *spec)
{
	if (!spec->left)
		emit_repeat(out, ' ', spec->width - 1);
	emit(out, c);
	if (spec->left)
		emit_repeat(out, ' ', spec->width - 1);
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct output out = {buf, size, 0};
	const char *start;
	va_list ap;

	va_copy(ap, args);
	while (*fmt) {
		struct spec spec = {.width = -1, .precision = -1};

		if (*fmt != '%') {
			emit(&out, *fmt++);
			continue;
		}
		start = fmt;
		fmt = parse_flags(fmt + 1, &spec);
		if (*fmt == '*') {
			spec.width = clamp(va_arg(ap, int), -(1 << 20), 1 << 20);
			if (spec.width < 0) {
				spec.left = true;
				spec.width = -spec.width;
			}
			fmt++;
		} else {
			fmt = parse_count(fmt, &spec.width);
		}
		if (*fmt == '.') {
			if (fmt[1] == '*') {
				spec.precision = min(va_arg(ap, int), 1 << 20);
				fmt += 2;
			} else {
				fmt = parse_count(fmt + 1, &spec.precision);
			}
		}
		fmt = parse_length(fmt, &spec);
		if (integer_conversion(*fmt, &spec)) {
			u64 n = spec.length == 8 ? va_arg(ap, u64) : va_arg(ap, unsigned int);

			emit_number(&out, narrow(n, &spec), &spec);
		} else if (*fmt == 's') {
			emit_string(&out, va_arg(ap, const char *), &spec);
		} else if (*fmt == 'c') {
			emit_char(&out, (char)va_arg(ap, int), &spec);
		} else if (*fmt == 'p') {
			emit_pointer(&out, va_arg(ap, const void *), &spec);
		} else if (*fmt == '%') {
			emit(&out, '%');
		} else {
			/* Not ours: show it as it is, and do not guess at arguments any further. */
			while (*start)
				emit(&out, *start++);
			break;
		}
		fmt++;
	}
	va_end(ap);
	if (size)
		buf[min(out.len, size - 1)] = '\0';
	return (int)out.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int len;

	if (!size)
		return 0;
	len = vsnprintf(buf, size, fmt, args);
	return min_t(size_t, len, size - 1);
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
