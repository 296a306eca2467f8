/* SPDX-License-Identifier: MIT */
/* See elf_file.h. Every offset read from the file is checked against its size before it is used. */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "elf_file.h"

struct image {
	const char *bytes;
	size_t size;
	bool is_64;
	uint64_t phoff;
	unsigned int phentsize, phnum;
};

static const void *at(const struct image *image, uint64_t offset, uint64_t size)
{
	if (offset > image->size || size > image->size - offset)
		return NULL;
	return image->bytes + offset;
}

static const char *string_at(const struct image *image, uint64_t offset)
{
	if (offset >= image->size || !memchr(image->bytes + offset, '\0', image->size - offset))
		return NULL;
	return image->bytes + offset;
}

/* Program header @i in the 64-bit form; false where the file ends before it. */
static bool program_header(const struct image *image, unsigned int i, Elf64_Phdr *header)
{
	uint64_t offset = image->phoff + (uint64_t)i * image->phentsize;
	const void *p;
	Elf32_Phdr small;

	if (image->is_64) {
		p = at(image, offset, sizeof(*header));
		if (p)
			memcpy(header, p, sizeof(*header));
		return p;
	}
	p = at(image, offset, sizeof(small));
	if (!p)
		return false;
	memcpy(&small, p, sizeof(small));
	*header = (Elf64_Phdr){.p_type = small.p_type,
			       .p_offset = small.p_offset,
			       .p_vaddr = small.p_vaddr,
			       .p_filesz = small.p_filesz};
	return true;
}

static bool dynamic_entry(const struct image *image, uint64_t offset, unsigned int i,
			  Elf64_Dyn *entry)
{
	const void *p;
	Elf32_Dyn small;

	if (image->is_64) {
		p = at(image, offset + i * sizeof(*entry), sizeof(*entry));
		if (p)
			memcpy(entry, p, sizeof(*entry));
		return p;
	}
	p = at(image, offset + i * sizeof(small), sizeof(small));
	if (!p)
		return false;
	memcpy(&small, p, sizeof(small));
	entry->d_tag = small.d_tag;
	entry->d_un.d_val = small.d_un.d_val;
	return true;
}

/* File offset of the address @va, or UINT64_MAX. */
static uint64_t offset_of(const struct image *image, uint64_t va)
{
	Elf64_Phdr header;

	for (unsigned int i = 0; i < image->phnum && program_header(image, i, &header); i++) {
		if (header.p_type == PT_LOAD && va >= header.p_vaddr &&
		    va - header.p_vaddr < header.p_filesz)
			return va - header.p_vaddr + header.p_offset;
	}
	return UINT64_MAX;
}

static char *dynamic_string(const struct image *image, uint64_t table, uint64_t index)
{
	const char *s = index < image->size ? string_at(image, table + index) : NULL;

	return s ? copy_string(s) : NULL;
}

static void read_dynamic(const struct image *image, const Elf64_Phdr *dynamic, struct elf_file *elf)
{
	uint64_t table = UINT64_MAX;
	Elf64_Dyn entry;

	for (unsigned int i = 0; dynamic_entry(image, dynamic->p_offset, i, &entry); i++) {
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_STRTAB)
			table = offset_of(image, entry.d_un.d_val);
	}
	if (table >= image->size)
		return;
	for (unsigned int i = 0; dynamic_entry(image, dynamic->p_offset, i, &entry); i++) {
		char *s;

		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH &&
		    entry.d_tag != DT_RUNPATH)
			continue;
		s = dynamic_string(image, table, entry.d_un.d_val);
		if (!s)
			continue;
		if (entry.d_tag == DT_NEEDED)
			strings_add(&elf->needed, s);
		else if (entry.d_tag == DT_RPATH)
			elf->rpath = s;
		else
			elf->runpath = s;
	}
}

static bool read_header(struct image *image, struct elf_file *elf)
{
	const unsigned char *ident = at(image, 0, EI_NIDENT);
	Elf64_Ehdr header;
	Elf32_Ehdr small;

	if (!ident || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return false;
	elf->class = ident[EI_CLASS];
	image->is_64 = elf->class == ELFCLASS64;
	if (image->is_64 && at(image, 0, sizeof(header))) {
		memcpy(&header, image->bytes, sizeof(header));
		elf->machine = header.e_machine;
		image->phoff = header.e_phoff;
		image->phnum = header.e_phnum;
		image->phentsize = header.e_phentsize;
	} else if (elf->class == ELFCLASS32 && at(image, 0, sizeof(small))) {
		memcpy(&small, image->bytes, sizeof(small));
		elf->machine = small.e_machine;
		image->phoff = small.e_phoff;
		image->phnum = small.e_phnum;
		image->phentsize = small.e_phentsize;
	}
	return true;
}

static bool read_image(struct image *image, struct elf_file *elf)
{
	Elf64_Phdr header;

	if (!read_header(image, elf))
		return false;
	for (unsigned int i = 0; i < image->phnum && program_header(image, i, &header); i++) {
		const char *s;

		if (header.p_type == PT_DYNAMIC)
			read_dynamic(image, &header, elf);
		if (header.p_type != PT_INTERP || elf->interpreter)
			continue;
		s = string_at(image, header.p_offset);
		if (s)
			elf->interpreter = copy_string(s);
	}
	return true;
}

bool elf_file_read(const char *path, struct elf_file *elf)
{
	struct image image = {0};
	struct stat st;
	void *bytes;
	bool is_elf;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*elf = (struct elf_file){0};
	if (fd < 0)
		return false;
	bytes = MAP_FAILED;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size)
		bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return false;
	image.bytes = bytes;
	image.size = st.st_size;
	is_elf = read_image(&image, elf);
	munmap(bytes, st.st_size);
	return is_elf;
}
