/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader on programs made up here, good and bad.
 */
#include "test.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "parse/elf.h"

#define TASK_SIZE 0x7ffffffff000ULL

struct program {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[8];
};

/*
 *	    offset   vaddr      file     memory
 *	R   0        0x400000   0x600    0x600	   (holds the program headers)
 *	RX  0x1000   0x401000   0x2345   0x2345
 *	RW  0x3e10   0x404e10   0x200    0x5000    (bss)
 */
static struct program good_program(void)
{
	struct program p = {
		.ehdr =
			{
				.e_ident = "\177ELF\2\1\1",
				.e_type = ET_EXEC,
				.e_machine = EM_X86_64,
				.e_entry = 0x401040,
				.e_phoff = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 5,
			},
		.phdr =
			{
				{PT_INTERP, PF_R, 0x200, 0x400200, 0, 28, 28, 1},
				{PT_LOAD, PF_R, 0, 0x400000, 0, 0x600, 0x600, 0x1000},
				{PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0, 0x2345, 0x2345, 0x1000},
				{PT_LOAD, PF_R | PF_W, 0x3e10, 0x404e10, 0, 0x200, 0x5000,
				 0x200000},
				{PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
			},
	};
	return p;
}

static struct elf_info info;

static int parse(const struct program *p)
{
	struct elf_header header;
	int err = elf_parse_header(p, 256, &header);

	return err ? err
		   : elf_parse_segments(&header, p->phdr, header.phdrs_size, TASK_SIZE, &info);
}

TEST(elf_good_program_is_understood)
{
	struct program p = good_program();

	CHECK_EQ(parse(&p), 0);
	CHECK(!info.header.is_32bit);
	CHECK_EQ(info.header.type, ET_EXEC);
	CHECK_EQ(info.header.entry, 0x401040ULL);
	CHECK_EQ(info.header.phnum, 5);
	CHECK_EQ(info.nr_load, 3u);
	CHECK_EQ(info.load[1].vaddr, 0x401000ULL);
	CHECK_EQ(info.load[1].flags, (u32)(PF_R | PF_X));
	CHECK_EQ(info.load[2].filesz, 0x200ULL);
	CHECK_EQ(info.load[2].memsz, 0x5000ULL);
	CHECK_EQ(info.min_vaddr, 0x400000ULL);
	CHECK_EQ(info.max_vaddr, 0x409e10ULL);
	CHECK_EQ(info.align, 0x200000ULL);
	CHECK_EQ(info.interp_offset, 0x200ULL);
	CHECK_EQ(info.interp_size, 28u);
	CHECK_EQ(info.stack, ELF_STACK_NOEXEC);
	CHECK_EQ(info.phdr_vaddr, 0x400040ULL);
	CHECK_EQ(info.start_code, 0x400000ULL);
	CHECK_EQ(info.end_code, 0x403345ULL);
	CHECK_EQ(info.start_data, 0x404e10ULL);
	CHECK_EQ(info.end_data, 0x405010ULL);
}

TEST(elf_header_is_judged_as_on_linux)
{
	struct elf_header header;
	struct program p = good_program();

	CHECK_EQ(elf_parse_header(&p, 63, &header), 0); /* only e_shstrndx is missing */
	CHECK_EQ(elf_parse_header(&p, 56, &header), -ENOEXEC);
	CHECK_EQ(elf_parse_header(&p, 3, &header), -ENOEXEC);
	CHECK_EQ(elf_parse_header(&p, 0, &header), -ENOEXEC);
	p.ehdr.e_ident[1] = 'e';
	CHECK_EQ(parse(&p), -ENOEXEC);
	p = good_program();
	p.ehdr.e_ident[EI_CLASS] = ELFCLASS32; /* nobody looks */
	CHECK_EQ(parse(&p), 0);
	p.ehdr.e_type = ET_REL;
	CHECK_EQ(parse(&p), -ENOEXEC);
	p = good_program();
	p.ehdr.e_type = ET_CORE;
	CHECK_EQ(parse(&p), -ENOEXEC);
	p = good_program();
	p.ehdr.e_machine = 183; /* AArch64 */
	CHECK_EQ(parse(&p), -ENOEXEC);
	p = good_program();
	p.ehdr.e_phentsize = 32;
	CHECK_EQ(parse(&p), -ENOEXEC);
	p = good_program();
	p.ehdr.e_phnum = 0;
	CHECK_EQ(parse(&p), -ENOEXEC);
	p.ehdr.e_phnum = 74; /* 73 fill a page */
	CHECK_EQ(parse(&p), -ENOEXEC);
	p.ehdr.e_phnum = 73;
	CHECK_EQ(elf_parse_header(&p, 64, &header), 0);
	CHECK_EQ(header.phdrs_size, 73 * sizeof(Elf64_Phdr));
	CHECK_EQ(elf_parse_segments(&header, p.phdr, header.phdrs_size - 1, TASK_SIZE, &info),
		 -ENOEXEC);
}

TEST(elf_interpreter_is_judged_as_on_linux)
{
	struct program p = good_program();

	p.phdr[0].p_filesz = 1;
	CHECK_EQ(parse(&p), -ENOEXEC);
	p.phdr[0].p_filesz = 4097;
	CHECK_EQ(parse(&p), -ENOEXEC);
	p.phdr[0].p_filesz = 4096;
	CHECK_EQ(parse(&p), 0);
	p.phdr[4] = p.phdr[0]; /* only the first one counts */
	p.phdr[4].p_filesz = 0;
	CHECK_EQ(parse(&p), 0);
	CHECK_EQ(info.interp_size, 4096u);
	CHECK_EQ(info.stack, ELF_STACK_DEFAULT);
	CHECK_EQ(elf_check_interp("/lib/ld.so", 11), 0);
	CHECK_EQ(elf_check_interp("/lib/ld.so", 10), -ENOEXEC);
	CHECK_EQ(elf_check_interp("", 1), -ENOEXEC);
}

TEST(elf_impossible_segments_are_refused)
{
	struct program p = good_program();

	p.phdr[3].p_filesz = p.phdr[3].p_memsz + 1;
	CHECK_EQ(parse(&p), -EINVAL);
	p = good_program();
	p.phdr[3].p_vaddr = TASK_SIZE;
	CHECK_EQ(parse(&p), -EINVAL);
	p.phdr[3].p_vaddr = ~0ULL;
	CHECK_EQ(parse(&p), -EINVAL);
	p.phdr[3].p_vaddr = TASK_SIZE - 0x5000 + 0xe10;
	CHECK_EQ(parse(&p), -EINVAL);
	p.phdr[3].p_vaddr = TASK_SIZE - 0x6000 + 0xe10;
	CHECK_EQ(parse(&p), 0);
	p.phdr[3].p_memsz = TASK_SIZE + 1;
	CHECK_EQ(parse(&p), -EINVAL);
	p = good_program();
	p.phdr[3].p_offset += 1; /* no longer congruent to vaddr */
	CHECK_EQ(parse(&p), -EINVAL);
	p.phdr[3].p_filesz = 0; /* nothing comes from the file */
	CHECK_EQ(parse(&p), 0);
	p = good_program();
	p.phdr[3].p_offset = 0xfffffffffffff000ULL | 0xe10;
	CHECK_EQ(parse(&p), -EINVAL);
	p = good_program();
	p.ehdr.e_entry = TASK_SIZE;
	CHECK_EQ(parse(&p), -EINVAL);
}

TEST(elf_overlapping_and_unsorted_segments_are_allowed)
{
	struct program p = good_program();

	swap(p.phdr[1], p.phdr[3]);
	CHECK_EQ(parse(&p), 0);
	CHECK_EQ(info.min_vaddr, 0x400000ULL);
	CHECK_EQ(info.max_vaddr, 0x409e10ULL);
	CHECK_EQ(info.phdr_vaddr, 0x400040ULL);
	p.phdr[2].p_vaddr = 0x400000;
	CHECK_EQ(parse(&p), 0);
	CHECK_EQ(info.nr_load, 3u);
}

TEST(elf_without_load_segments_has_no_extent)
{
	struct program p = good_program();

	p.phdr[1].p_type = p.phdr[2].p_type = p.phdr[3].p_type = PT_NOTE;
	CHECK_EQ(parse(&p), 0);
	CHECK_EQ(info.nr_load, 0u);
	CHECK_EQ(info.min_vaddr, 0ULL);
	CHECK_EQ(info.max_vaddr, 0ULL);
	CHECK_EQ(info.phdr_vaddr, 0ULL);
}

TEST(elf_32bit_program_is_understood)
{
	struct {
		Elf32_Ehdr ehdr;
		Elf32_Phdr phdr[2];
	} p = {
		.ehdr =
			{
				.e_ident = "\177ELF\1\1\1",
				.e_type = ET_DYN,
				.e_machine = EM_386,
				.e_entry = 0x1000,
				.e_phoff = sizeof(Elf32_Ehdr),
				.e_phentsize = sizeof(Elf32_Phdr),
				.e_phnum = 2,
			},
		.phdr =
			{
				{PT_LOAD, 0, 0, 0, 0x2000, 0x3000, PF_R | PF_X, 0x1000},
				{PT_GNU_STACK, 0, 0, 0, 0, 0, PF_R | PF_W | PF_X, 0},
			},
	};
	struct elf_header header;

	CHECK_EQ(elf_parse_header(&p, sizeof(p), &header), 0);
	CHECK(header.is_32bit);
	CHECK_EQ(header.phdrs_size, sizeof(p.phdr));
	CHECK_EQ(elf_parse_segments(&header, p.phdr, sizeof(p.phdr), 0xffffe000, &info), 0);
	CHECK_EQ(info.load[0].memsz, 0x3000ULL);
	CHECK_EQ(info.stack, ELF_STACK_EXEC);
	CHECK_EQ(info.phdr_vaddr, (u64)sizeof(Elf32_Ehdr));
	p.phdr[0].p_vaddr = 0xffffe000;
	CHECK_EQ(elf_parse_segments(&header, p.phdr, sizeof(p.phdr), 0xffffe000, &info), -EINVAL);
}
