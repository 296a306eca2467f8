/* SPDX-License-Identifier: MIT */
/*
 * The symbol table's reader. The generated table replaces the empty one of ksyms_empty.S: functions
 * by rising address, as offsets from ksyms_base; one address past the last marks the end of the
 * text.
 */
#include "base/ksyms.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

extern const u32 ksyms_count;
extern const unsigned long ksyms_base;
extern const u32 ksyms_addrs[]; /* ksyms_count + 1 */
extern const u32
	ksyms_names[]; /* where in ksyms_text the name of each NAME_STRIDE-th function is */
extern const char ksyms_text[]; /* names, NUL-terminated */

#define NAME_STRIDE 16 /* as in tools/mksyms.awk */

static const char *name_of(u32 n)
{
	const char *name = ksyms_text + ksyms_names[n / NAME_STRIDE];

	for (n %= NAME_STRIDE; n > 0; n--)
		name += strlen(name) + 1;
	return name;
}

const char *ksym_lookup(unsigned long addr, unsigned long *offset, unsigned long *size)
{
	u32 low = 0, high = ksyms_count, mid;

	if (!high || addr < ksyms_base + ksyms_addrs[0] || addr >= ksyms_base + ksyms_addrs[high])
		return NULL;
	addr -= ksyms_base;
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (ksyms_addrs[mid] <= addr)
			low = mid;
		else
			high = mid;
	}
	*offset = addr - ksyms_addrs[low];
	*size = ksyms_addrs[low + 1] - ksyms_addrs[low];
	return name_of(low);
}

void ksym_format(char *buf, size_t size, unsigned long addr)
{
	unsigned long offset, length;
	const char *name = ksym_lookup(addr, &offset, &length);

	if (name)
		scnprintf(buf, size, "%s+0x%lx/0x%lx", name, offset, length);
	else
		scnprintf(buf, size, "0x%lx", addr);
}
