/* SPDX-License-Identifier: MIT */
/*
 * Parsing numbers (declared in lib/vsprintf.h).
 */
#include "lib/vsprintf.h"
#include "lib/ctype.h"
#include "lib/string.h"
#include "abi/errno.h"

static int digit_value(char c)
{
	if (isdigit((u8)c))
		return c - '0';
	if (isalpha((u8)c))
		return tolower((u8)c) - 'a' + 10;
	return 255;
}

/* Resolve base 0 and skip a prefix that belongs to the base. */
static const char *skip_prefix(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? s + 2 : s;
}

static int parse_unsigned(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long n = 0;
	const char *start;

	s = skip_prefix(s, &base);
	start = s;
	for (; digit_value(*s) < (int)base; s++) {
		if (check_mul_overflow(n, (unsigned long long)base, &n) ||
		    check_add_overflow(n, (unsigned long long)digit_value(*s), &n))
			return -ERANGE;
	}
	if (s == start)
		return -EINVAL;
	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
	*res = n;
	return 0;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	return parse_unsigned(*s == '+' ? s + 1 : s, base, res);
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	unsigned long long n;
	int err;

	if (*s != '-') {
		err = kstrtoull(s, base, &n);
		if (err)
			return err;
		if (n > (unsigned long long)LLONG_MAX)
			return -ERANGE;
		*res = n;
		return 0;
	}
	err = parse_unsigned(s + 1, base, &n);
	if (err)
		return err;
	if (n > (unsigned long long)LLONG_MAX + 1)
		return -ERANGE;
	*res = -n;
	return 0;
}

int kstrtoul(const char *s, unsigned int base, unsigned long *res)
{
	unsigned long long n;
	int err = kstrtoull(s, base, &n);

	if (!err)
		*res = n;
	return err;
}

int kstrtol(const char *s, unsigned int base, long *res)
{
	long long n;
	int err = kstrtoll(s, base, &n);

	if (!err)
		*res = n;
	return err;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	unsigned long long n;
	int err = kstrtoull(s, base, &n);

	if (err)
		return err;
	if (n > UINT_MAX)
		return -ERANGE;
	*res = n;
	return 0;
}

int kstrtoint(const char *s, unsigned int base, int *res)
{
	long long n;
	int err = kstrtoll(s, base, &n);

	if (err)
		return err;
	if (n < INT_MIN || n > INT_MAX)
		return -ERANGE;
	*res = n;
	return 0;
}

int kstrtobool(const char *s, bool *res)
{
	switch (tolower((u8)s[0])) {
	case 'y':
	case 't':
	case '1':
		*res = true;
		return 0;
	case 'n':
	case 'f':
	case '0':
		*res = false;
		return 0;
	case 'o':
		switch (tolower((u8)s[1])) {
		case 'n':
			*res = true;
			return 0;
		case 'f':
			*res = false;
			return 0;
		}
		fallthrough;
	default:
		return -EINVAL;
	}
}

unsigned long long simple_strtoull(const char *s, char **endp, unsigned int base)
{
	unsigned long long n = 0;

	s = skip_prefix(s, &base);
	for (; digit_value(*s) < (int)base; s++)
		n = n * base + digit_value(*s);
	if (endp)
		*endp = (char *)s;
	return n;
}

unsigned long simple_strtoul(const char *s, char **endp, unsigned int base)
{
	return simple_strtoull(s, endp, base);
}

long simple_strtol(const char *s, char **endp, unsigned int base)
{
	if (*s == '-')
		return -(long)simple_strtoull(s + 1, endp, base);
	return (long)simple_strtoull(s, endp, base);
}

unsigned long long memparse(const char *s, char **endp)
{
	static const char units[] = "KMGTPE";
	char *end;
	unsigned long long n = simple_strtoull(s, &end, 0);
	const char *unit = *end ? strchr(units, toupper((u8)*end)) : NULL;

	if (unit && end != s) {
		n <<= 10 * (unit - units + 1);
		end++;
	}
	if (endp)
		*endp = end;
	return n;
}
