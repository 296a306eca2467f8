/* SPDX-License-Identifier: MIT */
/*
 * ELF headers. The machine field alone decides between the two classes, as on Linux: EI_CLASS,
 * EI_DATA and the versions are not looked at.
 */
#include "parse/elf.h"
#include "abi/errno.h"
#include "lib/bitops.h"
#include "lib/string.h"

#define EM_486 6

static int header_common(struct elf_header *header, size_t phdr_size)
{
	if (header->type != ET_EXEC && header->type != ET_DYN)
		return -ENOEXEC;
	if (header->phentsize != phdr_size)
		return -ENOEXEC;
	header->phdrs_size = phdr_size * header->phnum;
	if (header->phdrs_size == 0 || header->phdrs_size > ELF_MAX_PHDRS_SIZE)
		return -ENOEXEC;
	return 0;
}

#define FILL_HEADER(header, ehdr, bits32)                                                          \
	do {                                                                                       \
		(header)->is_32bit = (bits32);                                                     \
		(header)->type = (ehdr).e_type;                                                    \
		(header)->machine = (ehdr).e_machine;                                              \
		(header)->phnum = (ehdr).e_phnum;                                                  \
		(header)->phentsize = (ehdr).e_phentsize;                                          \
		(header)->entry = (ehdr).e_entry;                                                  \
		(header)->phoff = (ehdr).e_phoff;                                                  \
	} while (0)

int elf_parse_header(const void *buf, size_t len, struct elf_header *header)
{
	Elf64_Ehdr ehdr64 = {};
	Elf32_Ehdr ehdr32;

	memcpy(&ehdr64, buf, min(len, sizeof(ehdr64)));
	if (memcmp(ehdr64.e_ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	/* e_machine lies at the same place in both. */
	switch (ehdr64.e_machine) {
	case EM_X86_64:
		FILL_HEADER(header, ehdr64, false);
		return header_common(header, sizeof(Elf64_Phdr));
	case EM_386:
	case EM_486:
		memcpy(&ehdr32, &ehdr64, sizeof(ehdr32));
		FILL_HEADER(header, ehdr32, true);
		return header_common(header, sizeof(Elf32_Phdr));
	default:
		return -ENOEXEC;
	}
}

static void read_phdr(const struct elf_header *header, const void *phdrs, unsigned int i,
		      Elf64_Phdr *phdr)
{
	const u8 *at = (const u8 *)phdrs + (size_t)i * header->phentsize;
	Elf32_Phdr narrow;

	if (!header->is_32bit) {
		memcpy(phdr, at, sizeof(*phdr));
		return;
	}
	memcpy(&narrow, at, sizeof(narrow));
	*phdr = (Elf64_Phdr){
		.p_type = narrow.p_type,
		.p_flags = narrow.p_flags,
		.p_offset = narrow.p_offset,
		.p_vaddr = narrow.p_vaddr,
		.p_paddr = narrow.p_paddr,
		.p_filesz = narrow.p_filesz,
		.p_memsz = narrow.p_memsz,
		.p_align = narrow.p_align,
	};
}

/* Widen the extents in @info by the segment just added. */
static void account_segment(struct elf_info *info, const struct elf_segment *seg)
{
	u64 file_end = seg->vaddr + seg->filesz, mem_end = seg->vaddr + seg->memsz;
	u64 phoff = info->header.phoff;

	if (info->nr_load == 1) {
		info->min_vaddr = ALIGN_DOWN(seg->vaddr, PAGE_SIZE);
		info->start_code = seg->vaddr;
		info->start_data = seg->vaddr;
	}
	info->min_vaddr = min(info->min_vaddr, ALIGN_DOWN(seg->vaddr, PAGE_SIZE));
	info->max_vaddr = max(info->max_vaddr, mem_end);
	if (seg->flags & PF_X) {
		info->start_code = min(info->start_code, seg->vaddr);
		info->end_code = max(info->end_code, file_end);
	}
	info->start_data = max(info->start_data, seg->vaddr);
	info->end_data = max(info->end_data, file_end);
	if (phoff >= seg->offset && phoff - seg->offset < seg->filesz)
		info->phdr_vaddr = phoff - seg->offset + seg->vaddr;
}

static int add_segment(struct elf_info *info, const Elf64_Phdr *phdr, u64 task_size)
{
	struct elf_segment *seg;

	if (phdr->p_vaddr >= task_size || phdr->p_filesz > phdr->p_memsz ||
	    phdr->p_memsz > task_size || task_size - phdr->p_memsz < phdr->p_vaddr)
		return -EINVAL;
	if (phdr->p_filesz) {
		/* mmap takes whole pages of the file, and signed offsets. */
		if (offset_in_page(phdr->p_offset) != offset_in_page(phdr->p_vaddr))
			return -EINVAL;
		if (phdr->p_offset > (u64)S64_MAX ||
		    phdr->p_filesz > (u64)S64_MAX - PAGE_SIZE - phdr->p_offset)
			return -EINVAL;
	}
	seg = &info->load[info->nr_load++];
	seg->vaddr = phdr->p_vaddr;
	seg->offset = phdr->p_offset;
	seg->filesz = phdr->p_filesz;
	seg->memsz = phdr->p_memsz;
	seg->flags = phdr->p_flags & (PF_R | PF_W | PF_X);
	if (is_power_of_2(phdr->p_align))
		info->align = max(info->align, (u64)phdr->p_align);
	account_segment(info, seg);
	return 0;
}

/* What Linux looks at before it gives the old program up. */
static int parse_notes(struct elf_info *info, const void *phdrs)
{
	Elf64_Phdr phdr;
	unsigned int i;

	for (i = 0; i < info->header.phnum; i++) {
		read_phdr(&info->header, phdrs, i, &phdr);
		if (phdr.p_type == PT_INTERP && !info->interp_size) {
			if (phdr.p_filesz > 4096 || phdr.p_filesz < 2)
				return -ENOEXEC;
			info->interp_offset = phdr.p_offset;
			info->interp_size = phdr.p_filesz;
		} else if (phdr.p_type == PT_GNU_STACK) {
			info->stack = phdr.p_flags & PF_X ? ELF_STACK_EXEC : ELF_STACK_NOEXEC;
		}
	}
	return 0;
}

int elf_parse_segments(const struct elf_header *header, const void *phdrs, size_t len,
		       u64 task_size, struct elf_info *info)
{
	Elf64_Phdr phdr;
	unsigned int i;
	int err;

	memset(info, 0, sizeof(*info));
	info->header = *header;
	info->align = PAGE_SIZE;
	if (len < header->phdrs_size)
		return -ENOEXEC;
	err = parse_notes(info, phdrs);
	if (err)
		return err;
	for (i = 0; i < header->phnum; i++) {
		read_phdr(header, phdrs, i, &phdr);
		if (phdr.p_type != PT_LOAD)
			continue;
		err = add_segment(info, &phdr, task_size);
		if (err)
			return err;
	}
	/* Without its interpreter's help it starts here. */
	if (header->entry >= task_size)
		return -EINVAL;
	return 0;
}

int elf_check_interp(const char *path, size_t size)
{
	return size >= 2 && path[size - 1] == '\0' ? 0 : -ENOEXEC;
}
