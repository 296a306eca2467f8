/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader: what it accepts can be mapped. Input: a file.
 */
#include "fuzz.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "parse/elf.h"

static void check_info(const struct elf_info *info, u64 task_size)
{
	bool phdr_found = info->phdr_vaddr == 0;
	unsigned int i;

	FUZZ_CHECK(info->nr_load <= ELF_MAX_SEGMENTS && info->nr_load <= info->header.phnum);
	FUZZ_CHECK(info->interp_size == 0 || (info->interp_size >= 2 && info->interp_size <= 4096));
	FUZZ_CHECK(info->align >= PAGE_SIZE && (info->align & (info->align - 1)) == 0);
	FUZZ_CHECK(info->max_vaddr <= task_size && info->min_vaddr <= info->max_vaddr);
	FUZZ_CHECK(IS_ALIGNED(info->min_vaddr, PAGE_SIZE));
	FUZZ_CHECK(info->header.entry < task_size);
	for (i = 0; i < info->nr_load; i++) {
		const struct elf_segment *seg = &info->load[i];

		FUZZ_CHECK(seg->filesz <= seg->memsz);
		FUZZ_CHECK(seg->vaddr >= info->min_vaddr);
		FUZZ_CHECK(seg->vaddr + seg->memsz <= info->max_vaddr);
		FUZZ_CHECK(seg->vaddr + seg->memsz >= seg->vaddr);
		FUZZ_CHECK(!seg->filesz || (s64)(seg->offset + seg->filesz + PAGE_SIZE) > 0);
		FUZZ_CHECK(!seg->filesz ||
			   offset_in_page(seg->vaddr) == offset_in_page(seg->offset));
		if (info->phdr_vaddr >= seg->vaddr && info->phdr_vaddr < seg->vaddr + seg->filesz)
			phdr_found = true;
	}
	FUZZ_CHECK(phdr_found);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct elf_info info;
	struct elf_header header;
	u64 task_size;
	size_t left;
	int err;

	err = elf_parse_header(data, min(size, (size_t)256), &header);
	FUZZ_CHECK(err == 0 || err == -ENOEXEC);
	if (err)
		return 0;
	FUZZ_CHECK(header.phdrs_size > 0 && header.phdrs_size <= ELF_MAX_PHDRS_SIZE);
	if (header.phoff > size)
		return 0;
	task_size = header.is_32bit ? 0xffffe000 : 0x7ffffffff000;
	left = min(size - header.phoff, header.phdrs_size);
	err = elf_parse_segments(&header, data + header.phoff, left, task_size, &info);
	FUZZ_CHECK(err == 0 || err == -ENOEXEC || err == -EINVAL);
	if (!err)
		check_info(&info, task_size);
	return 0;
}

static size_t seed_64(u8 *buf)
{
	struct {
		Elf64_Ehdr ehdr;
		Elf64_Phdr phdr[5];
	} p = {
		.ehdr =
			{
				.e_ident = "\177ELF\2\1\1",
				.e_type = ET_DYN,
				.e_machine = EM_X86_64,
				.e_entry = 0x1040,
				.e_phoff = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 5,
			},
		.phdr =
			{
				{PT_INTERP, PF_R, 0x200, 0x200, 0, 28, 28, 1},
				{PT_LOAD, PF_R, 0, 0, 0, 0x600, 0x600, 0x1000},
				{PT_LOAD, PF_R | PF_X, 0x1000, 0x1000, 0, 0x2345, 0x2345, 0x1000},
				{PT_LOAD, PF_R | PF_W, 0x3e10, 0x4e10, 0, 0x200, 0x5000, 0x200000},
				{PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
			},
	};

	memcpy(buf, &p, sizeof(p));
	return sizeof(p);
}

static size_t seed_32(u8 *buf)
{
	struct {
		Elf32_Ehdr ehdr;
		Elf32_Phdr phdr[3];
	} p = {
		.ehdr =
			{
				.e_ident = "\177ELF\1\1\1",
				.e_type = ET_EXEC,
				.e_machine = EM_386,
				.e_entry = 0x8049000,
				.e_phoff = sizeof(Elf32_Ehdr),
				.e_phentsize = sizeof(Elf32_Phdr),
				.e_phnum = 3,
			},
		.phdr =
			{
				{PT_LOAD, 0, 0x8048000, 0, 0x1500, 0x1500, PF_R | PF_X, 0x1000},
				{PT_LOAD, 0x1500, 0x804a500, 0, 0x100, 0x900, PF_R | PF_W, 0x1000},
				{PT_GNU_STACK, 0, 0, 0, 0, 0, PF_R | PF_W | PF_X, 0},
			},
	};

	memcpy(buf, &p, sizeof(p));
	return sizeof(p);
}

size_t fuzz_seed(unsigned int n, u8 *buf, size_t size)
{
	return n == 0 ? seed_64(buf) : n == 1 ? seed_32(buf) : 0;
}
