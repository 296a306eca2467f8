/* SPDX-License-Identifier: MIT */
/*
 * ELF files as far as a kernel reads them, core-dump notes, and the auxiliary vector.
 */
#pragma once

#include "lib/types.h"

typedef struct elf32_hdr {
	unsigned char e_ident[16];
	u16 e_type;
	u16 e_machine;
	u32 e_version;
	u32 e_entry;
	u32 e_phoff;
	u32 e_shoff;
	u32 e_flags;
	u16 e_ehsize;
	u16 e_phentsize;
	u16 e_phnum;
	u16 e_shentsize;
	u16 e_shnum;
	u16 e_shstrndx;
} Elf32_Ehdr;
static_assert(sizeof(Elf32_Ehdr) == 52, "ELF");

typedef struct elf64_hdr {
	unsigned char e_ident[16];
	u16 e_type;
	u16 e_machine;
	u32 e_version;
	u64 e_entry;
	u64 e_phoff;
	u64 e_shoff;
	u32 e_flags;
	u16 e_ehsize;
	u16 e_phentsize;
	u16 e_phnum;
	u16 e_shentsize;
	u16 e_shnum;
	u16 e_shstrndx;
} Elf64_Ehdr;
static_assert(sizeof(Elf64_Ehdr) == 64, "ELF");

typedef struct elf32_phdr {
	u32 p_type;
	u32 p_offset;
	u32 p_vaddr;
	u32 p_paddr;
	u32 p_filesz;
	u32 p_memsz;
	u32 p_flags;
	u32 p_align;
} Elf32_Phdr;
static_assert(sizeof(Elf32_Phdr) == 32, "ELF");

typedef struct elf64_phdr {
	u32 p_type;
	u32 p_flags;
	u64 p_offset;
	u64 p_vaddr;
	u64 p_paddr;
	u64 p_filesz;
	u64 p_memsz;
	u64 p_align;
} Elf64_Phdr;
static_assert(sizeof(Elf64_Phdr) == 56, "ELF");

typedef struct elf64_shdr {
	u32 sh_name;
	u32 sh_type;
	u64 sh_flags;
	u64 sh_addr;
	u64 sh_offset;
	u64 sh_size;
	u32 sh_link;
	u32 sh_info;
	u64 sh_addralign;
	u64 sh_entsize;
} Elf64_Shdr;
static_assert(sizeof(Elf64_Shdr) == 64, "ELF");

typedef struct elf64_sym {
	u32 st_name;
	unsigned char st_info;
	unsigned char st_other;
	u16 st_shndx;
	u64 st_value;
	u64 st_size;
} Elf64_Sym;
static_assert(sizeof(Elf64_Sym) == 24, "ELF");

typedef struct elf64_note {
	u32 n_namesz;
	u32 n_descsz;
	u32 n_type;
} Elf64_Nhdr;

#define EI_NIDENT    16
#define EI_MAG0	     0
#define EI_MAG1	     1
#define EI_MAG2	     2
#define EI_MAG3	     3
#define EI_CLASS     4
#define EI_DATA	     5
#define EI_VERSION   6
#define ELFMAG	     "\177ELF"
#define SELFMAG	     4
#define ELFCLASSNONE 0
#define ELFCLASS32   1
#define ELFCLASS64   2
#define ELFCLASSNUM  3
#define ELFDATANONE  0
#define ELFDATA2LSB  1
#define ELFDATA2MSB  2
#define EV_CURRENT   1
#define ET_NONE	     0
#define ET_REL	     1
#define ET_EXEC	     2
#define ET_DYN	     3
#define ET_CORE	     4
#define EM_386	     3
#define EM_X86_64    62

#define PT_NULL		0x0
#define PT_LOAD		0x1
#define PT_DYNAMIC	0x2
#define PT_INTERP	0x3
#define PT_NOTE		0x4
#define PT_SHLIB	0x5
#define PT_PHDR		0x6
#define PT_TLS		0x7
#define PT_GNU_EH_FRAME 0x6474e550
#define PT_GNU_STACK	0x6474e551
#define PT_GNU_RELRO	0x6474e552
#define PT_GNU_PROPERTY 0x6474e553
#define PF_X		1
#define PF_W		2
#define PF_R		4
#define PN_XNUM		0xffff

/* Notes of a core dump, with the name "CORE" or "LINUX". */
#define NT_PRSTATUS   1
#define NT_PRFPREG    2
#define NT_PRPSINFO   3
#define NT_AUXV	      6
#define NT_SIGINFO    0x53494749
#define NT_FILE	      0x46494c45
#define NT_X86_XSTATE 0x202

/* ---- The auxiliary vector: pairs of unsigned long, AT_NULL ends it -------------------------- */

#define AT_NULL		 0
#define AT_IGNORE	 1
#define AT_EXECFD	 2
#define AT_PHDR		 3
#define AT_PHENT	 4
#define AT_PHNUM	 5
#define AT_PAGESZ	 6
#define AT_BASE		 7
#define AT_FLAGS	 8
#define AT_ENTRY	 9
#define AT_NOTELF	 10
#define AT_UID		 11
#define AT_EUID		 12
#define AT_GID		 13
#define AT_EGID		 14
#define AT_PLATFORM	 15
#define AT_HWCAP	 16
#define AT_CLKTCK	 17
#define AT_SECURE	 23
#define AT_BASE_PLATFORM 24
#define AT_RANDOM	 25
#define AT_HWCAP2	 26
#define AT_EXECFN	 31
#define AT_MINSIGSTKSZ	 51
#define AT_SYSINFO_EHDR	 33
