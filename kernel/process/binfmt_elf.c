/* SPDX-License-Identifier: MIT */
/*
 * load_elf_binary: an ELF program into a fresh address space.
 *
 *	0x400000 ...		ET_EXEC where it says; a position-independent one with an interpreter at 2/3 of the
 *				address space, an interpreter (or static PIE) in the mmap area
 *	text | data | bss	PT_LOAD segments, mapped in place from the page cache; bss anonymous
 *	heap			from the end of bss (plus a random gap), grows up by brk(2)
 *	mmap area		grows down from below the stack
 *	stack			strings, auxiliary vector, envp, argv, argc at its top
 *
 * The order in which things are checked is Linux's: what it finds after it has thrown the old
 * program away ends
 * in SIGSEGV instead of an error (bprm->beyond_return).
 */
#include "process/binfmt.h"
#include "parse/elf.h"
#include "base/random.h"
#include "sched/sched.h"
#include "file/file.h"
#include "fs/fs.h"
#include "page/slab.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/personality.h"

#define ELF_ET_DYN_BASE ALIGN_DOWN(TASK_SIZE_MAX / 3 * 2, PAGE_SIZE)
#define AUXV_MAX	28

/* One ELF file on its way into memory. */
struct elf_image {
	struct file *file;
	struct elf_info *info;
	unsigned long bias; /* added to every address of the file */
};

/* Exactly @len bytes at @pos. 0, -EIO if the file is shorter, or an error. */
static int read_exact(struct file *file, void *buf, size_t len, loff_t pos)
{
	ssize_t n = kernel_read(file, buf, len, &pos);

	if (n < 0)
		return n;
	return n == len ? 0 : -EIO;
}

/* Read and decode the headers of image->file, whose first bytes are @buf. 0, -ENOEXEC, -EINVAL,
 * -EIO, -ENOMEM. */
static int read_headers(struct elf_image *image, const void *buf, size_t len)
{
	struct elf_header header;
	void *phdrs;
	int ret;

	ret = elf_parse_header(buf, len, &header);
	if (ret)
		return ret;
	if (header.is_32bit)
		return -ENOEXEC; /* as Linux without IA32 emulation */
	phdrs = kmalloc(header.phdrs_size, GFP_KERNEL);
	image->info = kmalloc(sizeof(*image->info), GFP_KERNEL);
	if (!phdrs || !image->info) {
		kfree(phdrs);
		return -ENOMEM;
	}
	ret = read_exact(image->file, phdrs, header.phdrs_size, header.phoff);
	if (ret == -EIO)
		ret = -ENOEXEC;
	if (!ret)
		ret = elf_parse_segments(&header, phdrs, header.phdrs_size, TASK_SIZE_MAX, image->info);
	kfree(phdrs);
	return ret;
}

static unsigned long segment_prot(const struct elf_segment *s)
{
	return ((s->flags & PF_R) ? PROT_READ : 0) | ((s->flags & PF_W) ? PROT_WRITE : 0) |
	       ((s->flags & PF_X) ? PROT_EXEC : 0);
}

/* The file part ends inside a page: what follows it there is bss and must be zero. */
static int clear_segment_tail(struct mm_struct *mm, unsigned long end)
{
	size_t offset = end & (PAGE_SIZE - 1);
	struct page *page;

	if (!offset)
		return 0;
	page = mm_page_for_write(mm, end & PAGE_MASK);
	if (IS_ERR(page)) /* -EFAULT: the file ends before its segment does */
		return PTR_ERR(page);
	memset((char *)page_address(page) + offset, 0, PAGE_SIZE - offset);
	set_page_dirty(page);
	put_page(page);
	return 0;
}

/* mmap_lock held for writing. */
static int map_segment(struct mm_struct *mm, struct elf_image *image, const struct elf_segment *s)
{
	unsigned long start = image->bias + s->vaddr, page = start & PAGE_MASK, addr;
	unsigned long file_end = start + s->filesz, mem_end = start + s->memsz;
	unsigned long bss = ALIGN(file_end, PAGE_SIZE);

	if (s->filesz) {
		addr = do_mmap(mm, image->file, page, file_end - page, segment_prot(s), MAP_PRIVATE | MAP_FIXED,
			       (s->offset - (start - page)) >> PAGE_SHIFT);
		if (IS_ERR_VALUE(addr))
			return (int)addr;
	} else {
		bss = page;
	}
	if (mem_end > bss)
		return vm_brk_flags(mm, bss, ALIGN(mem_end, PAGE_SIZE) - bss,
				    (s->flags & PF_X) ? VM_EXEC : 0);
	return 0;
}

/* Map every segment at image->bias. May sleep. */
static int map_image(struct mm_struct *mm, struct elf_image *image)
{
	const struct elf_info *info = image->info;
	int ret = 0;

	down_write(&mm->mmap_lock);
	for (unsigned int i = 0; i < info->nr_load && !ret; i++)
		ret = map_segment(mm, image, &info->load[i]);
	up_write(&mm->mmap_lock);
	for (unsigned int i = 0; i < info->nr_load && !ret; i++) {
		const struct elf_segment *s = &info->load[i];

		/* A segment that may not be written keeps the file's bytes there, as on Linux. */
		if (s->filesz && s->memsz > s->filesz && (s->flags & PF_W))
			ret = clear_segment_tail(mm, image->bias + s->vaddr + s->filesz);
	}
	return ret;
}

/* A free range for the whole image in the mmap area, as bias. */
static int place_in_mmap_area(struct mm_struct *mm, struct elf_image *image)
{
	const struct elf_info *info = image->info;
	unsigned long span = ALIGN(info->max_vaddr, PAGE_SIZE) - info->min_vaddr, addr;
	unsigned long align = max((unsigned long)info->align, PAGE_SIZE);

	if (!span)
		return -EINVAL;
	down_write(&mm->mmap_lock);
	addr = get_unmapped_area(mm, image->file, 0, span + align - PAGE_SIZE, 0, MAP_PRIVATE);
	up_write(&mm->mmap_lock);
	if (IS_ERR_VALUE(addr))
		return (int)addr;
	image->bias = ALIGN(addr, align) - info->min_vaddr;
	return 0;
}

static int place_program(struct linux_binprm *bprm, struct elf_image *image, bool has_interp, bool randomize)
{
	unsigned long align = max((unsigned long)image->info->align, PAGE_SIZE), base;

	if (image->info->header.type == ET_EXEC) {
		image->bias = 0;
		return 0;
	}
	if (!has_interp)
		return place_in_mmap_area(bprm->mm, image);
	base = ELF_ET_DYN_BASE;
	if (randomize)
		base += layout_random("program", image->file->f_inode->i_ino, LAYOUT_MMAP_BITS) << PAGE_SHIFT;
	image->bias = ALIGN_DOWN(base, align) - image->info->min_vaddr;
	return 0;
}

/* The interpreter that PT_INTERP of @program names, with its headers decoded. May sleep. */
static int open_interpreter(struct elf_image *program, struct elf_image *interp)
{
	size_t size = program->info->interp_size;
	char *path, *buf = NULL;
	loff_t pos = 0;
	ssize_t n;
	int ret;

	path = kmalloc(size, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	ret = read_exact(program->file, path, size, program->info->interp_offset);
	if (ret)
		goto out;
	ret = elf_check_interp(path, size);
	if (ret)
		goto out;
	interp->file = open_exec(AT_FDCWD, path, 0);
	if (IS_ERR(interp->file)) {
		ret = PTR_ERR(interp->file);
		interp->file = NULL;
		goto out;
	}
	ret = -ENOMEM;
	buf = kzalloc(BINPRM_BUF_SIZE, GFP_KERNEL);
	if (!buf)
		goto out;
	n = kernel_read(interp->file, buf, BINPRM_BUF_SIZE, &pos);
	ret = n < 0 ? n : n < sizeof(Elf64_Ehdr) ? -EIO : read_headers(interp, buf, n);
	if (ret == -ENOEXEC || ret == -EINVAL)
		ret = -ELIBBAD;
out:
	kfree(path);
	kfree(buf);
	return ret;
}

/* The vDSO and its data page, above the stack if addresses are random, in the mmap area
 * otherwise. */
static int map_vdso(struct linux_binprm *bprm, unsigned long stack_top, bool randomize)
{
	size_t size;
	const char *image = arch_vdso_image(&size);
	unsigned int nr = size >> PAGE_SHIFT, i;
	struct mm_struct *mm = bprm->mm;
	struct page *pages[8], *data = virt_to_page(arch_vdso_data());
	unsigned long addr;
	int ret;

	BUG_ON(nr > ARRAY_SIZE(pages));
	for (i = 0; i < nr; i++)
		pages[i] = virt_to_page(image + i * PAGE_SIZE);
	down_write(&mm->mmap_lock);
	addr = stack_top + (layout_random("vdso", 0, 8) << PAGE_SHIFT);
	if (!randomize || addr + (nr + 1) * PAGE_SIZE > TASK_SIZE_MAX)
		addr = get_unmapped_area(mm, NULL, 0, (nr + 1) * PAGE_SIZE, 0, 0);
	ret = IS_ERR_VALUE(addr) ? (int)addr
				 : install_special_mapping(mm, addr, 1, &data, VM_READ | VM_MAYREAD, "[vvar]");
	if (!ret)
		ret = install_special_mapping(mm, addr + PAGE_SIZE, nr, pages,
					      VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC, "[vdso]");
	up_write(&mm->mmap_lock);
	if (!ret)
		mm->vdso = addr + PAGE_SIZE;
	return ret;
}

/* Values of the auxiliary vector into mm->saved_auxv; returns the number of words. */
static int build_auxv(struct linux_binprm *bprm, const struct elf_image *program, unsigned long interp_base,
		      unsigned long at_random, unsigned long at_platform)
{
	const struct elf_info *info = program->info;
	const struct cred *cred = bprm->cred;
	unsigned long *auxv = bprm->mm->saved_auxv;
	int n = 0;

#define AUX(id, value)                                                                             \
	do {                                                                                       \
		auxv[n++] = (id);                                                                  \
		auxv[n++] = (unsigned long)(value);                                                \
	} while (0)
	AUX(AT_SYSINFO_EHDR, bprm->mm->vdso);
	AUX(AT_MINSIGSTKSZ, arch_minsigstksz());
	AUX(AT_HWCAP, arch_hwcap());
	AUX(AT_PAGESZ, PAGE_SIZE);
	AUX(AT_CLKTCK, 100);
	AUX(AT_PHDR, info->phdr_vaddr ? info->phdr_vaddr + program->bias : 0);
	AUX(AT_PHENT, info->header.phentsize);
	AUX(AT_PHNUM, info->header.phnum);
	AUX(AT_BASE, interp_base);
	AUX(AT_FLAGS, 0);
	AUX(AT_ENTRY, info->header.entry + program->bias);
	AUX(AT_UID, cred->uid);
	AUX(AT_EUID, cred->euid);
	AUX(AT_GID, cred->gid);
	AUX(AT_EGID, cred->egid);
	AUX(AT_SECURE, bprm->secureexec);
	AUX(AT_RANDOM, at_random);
	AUX(AT_HWCAP2, arch_hwcap2());
	AUX(AT_EXECFN, bprm->exec);
	if (at_platform)
		AUX(AT_PLATFORM, at_platform);
	AUX(AT_NULL, 0);
#undef AUX
	BUG_ON(n > 2 * AUXV_MAX);
	return n;
}

/* Addresses of the @n strings that start at @p, into @vec and a NULL after them; returns the
 * address behind the last. */
static int string_addresses(struct linux_binprm *bprm, unsigned long *p, unsigned long *vec, int n)
{
	unsigned long addr = *p;

	for (int i = 0; i < n; i++) {
		size_t len = 0;

		vec[i] = addr;
		for (;;) { /* the NUL, page by page */
			struct page *page = mm_page_for_write(bprm->mm, addr & PAGE_MASK);
			size_t offset = addr & (PAGE_SIZE - 1);

			if (IS_ERR(page))
				return PTR_ERR(page);
			len = strnlen((char *)page_address(page) + offset, PAGE_SIZE - offset);
			put_page(page);
			addr += len;
			if (len < PAGE_SIZE - offset)
				break;
		}
		addr++;
	}
	vec[n] = 0;
	*p = addr;
	return 0;
}

/* argc, argv, envp and the auxiliary vector below the strings; sets bprm->sp (x86-64 psABI 3.4.1:
 * 16-aligned). */
static int write_stack(struct linux_binprm *bprm, const struct elf_image *program, unsigned long interp_base,
		       bool randomize)
{
	unsigned long p = bprm->p, strings = bprm->p, *vec, sp, at_platform, at_random;
	const char *platform = arch_platform();
	int nauxv, nwords, ret;
	u8 random[16];

	p &= ~15ul;
	if (randomize)
		p -= layout_random("sp", 0, 9) << 4;
	p -= strlen(platform) + 1;
	at_platform = p;
	ret = bprm_write(bprm, p, platform, strlen(platform) + 1);
	if (ret)
		return ret;
	p -= sizeof(random);
	at_random = p;
	get_random_bytes(random, sizeof(random));
	ret = bprm_write(bprm, p, random, sizeof(random));
	if (ret)
		return ret;

	nauxv = build_auxv(bprm, program, interp_base, at_random, at_platform);
	nwords = 1 + bprm->argc + 1 + bprm->envc + 1 + nauxv;
	vec = kmalloc_array(nwords, sizeof(*vec), GFP_KERNEL);
	if (!vec)
		return -ENOMEM;
	vec[0] = bprm->argc;
	ret = string_addresses(bprm, &strings, vec + 1, bprm->argc);
	if (!ret)
		ret = string_addresses(bprm, &strings, vec + 1 + bprm->argc + 1, bprm->envc);
	memcpy(vec + nwords - nauxv, bprm->mm->saved_auxv, nauxv * sizeof(*vec));
	sp = (p - nwords * sizeof(*vec)) & ~15ul;
	if (!ret)
		ret = bprm_write(bprm, sp, vec, nwords * sizeof(*vec));
	kfree(vec);
	bprm->sp = sp;
	bprm->mm->start_stack = sp;
	return ret;
}

static void set_layout(struct mm_struct *mm, const struct elf_image *program, bool randomize, bool has_interp)
{
	const struct elf_info *info = program->info;
	unsigned long brk = ALIGN(info->max_vaddr + program->bias, PAGE_SIZE);

	mm->start_code = info->start_code + program->bias;
	mm->end_code = info->end_code + program->bias;
	mm->start_data = info->start_data + program->bias;
	mm->end_data = info->end_data + program->bias;
	if (randomize && randomize_va_space > 1) {
		/* A static PIE lies in the mmap area: its heap must not grow into the mappings
		 * there. */
		if (info->header.type == ET_DYN && !has_interp)
			brk = ELF_ET_DYN_BASE;
		brk += layout_random("brk", program->file->f_inode->i_ino, 13) << PAGE_SHIFT;
	}
	mm->start_brk = mm->brk = brk;
}

/* PT_GNU_STACK decides whether the stack may be executed; without one READ_IMPLIES_EXEC does (never
 * for 64-bit programs that have none: not executable). */
static int set_stack_flags(struct linux_binprm *bprm, const struct elf_info *info)
{
	struct vm_area_struct *vma;

	if (info->stack != ELF_STACK_EXEC)
		return 0;
	down_write(&bprm->mm->mmap_lock);
	vma = find_vma(bprm->mm, bprm->p);
	vm_flags_set(vma, VM_EXEC);
	up_write(&bprm->mm->mmap_lock);
	return 0;
}

static int load_images(struct linux_binprm *bprm, struct elf_image *program, struct elf_image *interp)
{
	bool randomize = randomize_va_space && !(bprm->personality & ADDR_NO_RANDOMIZE);
	unsigned long stack_top = find_vma(bprm->mm, bprm->p)->vm_end;
	int ret;

	ret = set_stack_flags(bprm, program->info);
	if (!ret)
		ret = place_program(bprm, program, interp->file, randomize);
	if (!ret)
		ret = map_image(bprm->mm, program);
	if (ret)
		return ret;
	set_layout(bprm->mm, program, randomize, interp->file);
	bprm->entry = program->info->header.entry + program->bias;
	if (interp->file) {
		if (interp->info->header.type == ET_DYN)
			ret = place_in_mmap_area(bprm->mm, interp);
		if (!ret)
			ret = map_image(bprm->mm, interp);
		if (ret)
			return ret;
		bprm->entry = interp->info->header.entry + interp->bias;
	}
	ret = map_vdso(bprm, stack_top, randomize);
	if (ret)
		return ret;
	return write_stack(bprm, program, interp->file ? interp->bias + interp->info->min_vaddr : 0, randomize);
}

int load_elf_binary(struct linux_binprm *bprm)
{
	struct elf_image program = { .file = bprm->file }, interp = {};
	int ret;

	ret = read_headers(&program, bprm->buf, bprm->buf_len);
	if (ret && ret != -EINVAL)
		goto out;
	/* A segment that cannot be mapped is found by Linux only after the interpreter was
	 * opened. */
	if (ret == -EINVAL) {
		bprm->beyond_return = true;
		goto out;
	}
	if (program.info->interp_size) {
		ret = open_interpreter(&program, &interp);
		if (ret)
			goto out;
	}
	ret = load_images(bprm, &program, &interp);
	if (ret && ret != -ENOMEM)
		bprm->beyond_return = true;
out:
	kfree(program.info);
	kfree(interp.info);
	if (interp.file)
		fput(interp.file);
	return ret;
}
