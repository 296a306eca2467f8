/* SPDX-License-Identifier: MIT */
/* What the PVH loader passes (struct hvm_start_info of Xen's public interface), copied to
 * boot_info. */
#include "arch/x86_64/cpu.h"
#include "lib/string.h"

struct hvm_start_info {
	u32 magic, version, flags, nr_modules;
	u64 modlist, cmdline, rsdp, memmap; /* physical */
	u32 memmap_entries, reserved;
};

struct hvm_module {
	u64 phys, size, cmdline, reserved;
};

struct hvm_memmap_entry {
	u64 addr, size;
	u32 type, reserved; /* E820's types: 1 RAM */
};

#define HVM_MAGIC	    0x336ec578
#define LOW_MEMORY_RESERVED 0x10000 /* real-mode vectors, firmware data, the trampoline */

struct boot_info boot_info;

extern char _text[], _end[];

/* Insert in order of addresses. */
static void add_range(u64 start, u64 end, enum mem_type type)
{
	unsigned int i = boot_info.nr_ranges;

	if (type == MEM_RAM) {
		start = PAGE_ALIGN(max_t(u64, start, LOW_MEMORY_RESERVED));
		end = min_t(u64, end & PAGE_MASK, PGDIR_SIZE);
	}
	if (start >= end || i == BOOT_MAX_RANGES)
		return;
	for (; i > 0 && boot_info.ranges[i - 1].start > start; i--)
		boot_info.ranges[i] = boot_info.ranges[i - 1];
	boot_info.ranges[i] = (struct mem_range){start, end, type};
	boot_info.nr_ranges++;
}

/* Firmware maps may overlap: the reserved range wins, and RAM is cut. */
static void cut_overlaps(void)
{
	struct mem_range *r = boot_info.ranges;
	unsigned int i;

	for (i = 0; i + 1 < boot_info.nr_ranges; i++) {
		if (r[i].end <= r[i + 1].start)
			continue;
		if (r[i].type == MEM_RAM)
			r[i].end = PAGE_MASK & r[i + 1].start;
		else
			r[i + 1].start = min(PAGE_ALIGN(r[i].end), r[i + 1].end);
	}
}

static void copy_cmdline(u64 phys)
{
	if (phys)
		strscpy(boot_info.cmdline, early_map(phys), sizeof(boot_info.cmdline));
}

u64 boot_info_init(u64 start_info)
{
	const struct hvm_start_info *info = early_map(start_info);
	const struct hvm_memmap_entry *entry;
	const struct hvm_module *module;
	u32 i;

	boot_info.kernel_start = arch_virt_to_phys(_text);
	boot_info.kernel_end = arch_virt_to_phys(_end);
	if (!info || info->magic != HVM_MAGIC || info->version < 1) {
		static const char message[] =
			"quire: not started by a PVH loader with a memory map\n";

		arch_console_write(message, sizeof(message) - 1);
		arch_poweroff(0x3d);
	}
	entry = early_map(info->memmap);
	for (i = 0; i < info->memmap_entries; i++)
		add_range(entry[i].addr, entry[i].addr + entry[i].size,
			  entry[i].type == 1 ? MEM_RAM : MEM_RESERVED);
	cut_overlaps();
	copy_cmdline(info->cmdline);
	if (info->nr_modules > 0) {
		module = early_map(info->modlist);
		boot_info.initrd_start = module->phys;
		boot_info.initrd_end = module->phys + module->size;
	}
	return info->rsdp;
}

const char *early_option(const char *name)
{
	size_t len = strlen(name);
	const char *word = boot_info.cmdline;

	while (*word) {
		if (strncmp(word, name, len) == 0 && word[len] == '=')
			return word + len + 1;
		while (*word && *word != ' ')
			word++;
		while (*word == ' ')
			word++;
	}
	return NULL;
}

bool early_option_is(const char *name, const char *value)
{
	const char *found = early_option(name);
	size_t len = strlen(value);

	return found && strncmp(found, value, len) == 0 &&
	       (found[len] == ' ' || found[len] == '\0');
}
