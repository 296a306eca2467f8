/* SPDX-License-Identifier: MIT */
/* Programs that are no good: truncated, overlapping, huge, misaligned, without interpreter, full of
 * rubbish. */
#include "guest.h"
#include <elf.h>

#define PROGRAM "/tmp/elf_bad"

static unsigned char image[64 * 1024];
static size_t image_size;

/* The smallest good program: one segment with code that exits with 42. */
static Elf64_Ehdr *make_good(void)
{
	static const unsigned char code[] = { 0xb8, 60, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05 };
	Elf64_Ehdr *e = (void *)image;
	Elf64_Phdr *p = (void *)(image + sizeof(*e));

	memset(image, 0, sizeof(image));
	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
	e->e_ident[EI_VERSION] = EV_CURRENT;
	e->e_type = ET_EXEC;
	e->e_machine = EM_X86_64;
	e->e_version = EV_CURRENT;
	e->e_phoff = sizeof(*e);
	e->e_ehsize = sizeof(*e);
	e->e_phentsize = sizeof(*p);
	e->e_phnum = 1;
	e->e_entry = 0x400000 + 0x200;
	p->p_type = PT_LOAD;
	p->p_flags = PF_R | PF_X;
	p->p_vaddr = p->p_paddr = 0x400000;
	p->p_filesz = p->p_memsz = 0x1000;
	p->p_align = 0x1000;
	memcpy(image + 0x200, code, sizeof(code));
	image_size = 0x1000;
	return e;
}

static Elf64_Phdr *segment(int n)
{
	return (Elf64_Phdr *)(image + sizeof(Elf64_Ehdr)) + n;
}

static void write_image(void)
{
	int fd = CHECK_OK(open(PROGRAM, O_WRONLY | O_CREAT | O_TRUNC, 0755));

	CHECK_EQ(write(fd, image, image_size), image_size);
	fchmod(fd, 0755);
	close(fd);
}

/* Run it: 1000 + errno if exec failed, else the exit status, or 2000 + signal. */
static int outcome(void)
{
	volatile int *error = guest_shared(PAGE);
	struct rlimit none = { 0, 0 };

	write_image();
	setrlimit(RLIMIT_CORE, &none);
	pid_t pid = IN_CHILD({
		char *args[] = { PROGRAM, NULL };

		execv(PROGRAM, args);
		*error = errno;
	});
	int status = guest_wait(pid);

	if (*error)
		return 1000 + *error;
	return WIFSIGNALED(status) ? 2000 + WTERMSIG(status) : WEXITSTATUS(status);
}

#define FAILS_WITH(error) CHECK_EQ(outcome(), 1000 + (error))

TEST(the_good_one_runs)
{
	make_good();
	CHECK_EQ(outcome(), 42);
}

TEST(headers_that_are_not_ours)
{
	make_good()->e_ident[EI_CLASS] = ELFCLASS32;
	int result = outcome();

	CHECK(result == 1000 + ENOEXEC || result == 42); /* Linux does not look at the class byte */
	make_good()->e_machine = EM_AARCH64;
	FAILS_WITH(ENOEXEC);
	make_good()->e_type = ET_REL;
	FAILS_WITH(ENOEXEC);
	make_good()->e_type = ET_CORE;
	FAILS_WITH(ENOEXEC);
	make_good()->e_phentsize = 55;
	FAILS_WITH(ENOEXEC);
	make_good()->e_phnum = 0;
	FAILS_WITH(ENOEXEC);
	make_good()->e_phnum = 60000;
	FAILS_WITH(ENOEXEC);
	make_good()->e_phoff = 0x7fffffffffffffff;
	FAILS_WITH(ENOEXEC);
	make_good()->e_phoff = 0x100000;
	FAILS_WITH(ENOEXEC);
	make_good()->e_ident[0] = 'X';
	FAILS_WITH(ENOEXEC);
}

TEST(truncated_at_every_length)
{
	for (size_t size = 0; size < 140; size += size < 70 ? 1 : 7) {
		make_good();
		image_size = size;
		int result = outcome();

		guest_check(result >= 1000 || size >= 120, __FILE__, __LINE__, "size %zu: %d", size,
			    result);
	}
	make_good();
	image_size = 0x180; /* the headers are whole, the code is missing: zeros are executed */
	int result = outcome();

	CHECK(result >= 2000 || result == 1000 + EIO || result == 1000 + ENOEXEC);
}

TEST(file_ends_before_its_data_segment)
{
	make_good();
	segment(0)->p_flags |= PF_W;
	segment(0)->p_filesz = 0x3180;
	segment(0)->p_memsz = 0x3280; /* the bss begins in a page that the file does not have */
	CHECK_EQ(outcome(), 2000 + SIGSEGV);
}

TEST(segments_out_of_range)
{
	make_good();
	segment(0)->p_vaddr = 0x800000000000;
	int result = outcome();

	CHECK(result > 1000);
	make_good();
	segment(0)->p_vaddr = 0xffffffff80000000;
	CHECK(outcome() > 1000);
	make_good();
	segment(0)->p_memsz = 0x7fffffffffff;
	CHECK(outcome() > 1000);
	make_good();
	segment(0)->p_memsz = -1UL;
	CHECK(outcome() > 1000);
	make_good();
	segment(0)->p_filesz = 0x2000; /* more in the file than in memory */
	segment(0)->p_memsz = 0x1000;
	CHECK(outcome() > 1000);
	make_good();
	segment(0)->p_offset = 0x7ffffffffffff000;
	CHECK(outcome() > 1000);
	make_good();
	segment(0)->p_vaddr = 0; /* below the lowest address */
	CHECK(outcome() > 1000 || getuid() == 0);
}

TEST(misaligned_segment)
{
	make_good();
	segment(0)->p_vaddr += 0x123; /* not congruent with its file offset */
	CHECK(outcome() > 1000);
	make_good();
	segment(0)->p_align = 3;
	int result = outcome();

	CHECK(result == 42 || result > 1000); /* Linux ignores it */
}

TEST(overlapping_segments)
{
	Elf64_Ehdr *e = make_good();

	e->e_phnum = 3;
	*segment(1) = *segment(0);
	segment(1)->p_flags = PF_R | PF_W;
	*segment(2) = *segment(0);
	segment(2)->p_vaddr = 0x400000;
	segment(2)->p_flags = PF_R | PF_X;
	int result = outcome();

	CHECK(result == 42 || result > 1000);
}

TEST(many_segments)
{
	Elf64_Ehdr *e = make_good();

	e->e_phnum = 60;
	memmove(image + 0xf00, image + 0x200, 12);
	memset(image + 0x200, 0, 0xd00);
	e->e_entry = 0x400f00;
	for (int i = 1; i < 60; i++) {
		*segment(i) = *segment(0);
		segment(i)->p_vaddr = 0x500000 + i * 0x2000;
	}
	CHECK_EQ(outcome(), 42);
}

TEST(entry_point_nowhere)
{
	make_good()->e_entry = 0x12345678;
	CHECK_EQ(outcome(), 2000 + SIGSEGV);
	make_good()->e_entry = 0x8000000000000000;
	CHECK(outcome() > 1000);
}

TEST(large_bss)
{
	make_good();
	segment(0)->p_flags = PF_R | PF_W | PF_X;
	segment(0)->p_memsz = 0x4000000; /* 64 MiB of zeros, untouched */
	CHECK_EQ(outcome(), 42);
}

TEST(interpreters)
{
	Elf64_Ehdr *e = make_good();

	e->e_phnum = 2;
	segment(1)->p_type = PT_INTERP;
	segment(1)->p_offset = 0x300;
	segment(1)->p_filesz = segment(1)->p_memsz = 20;
	strcpy((char *)image + 0x300, "/no/such/loader.so1");
	FAILS_WITH(ENOENT);
	strcpy((char *)image + 0x300, "/tmp");
	segment(1)->p_filesz = 5;
	FAILS_WITH(EACCES);
	segment(1)->p_filesz = 4; /* not ended by a zero */
	FAILS_WITH(ENOEXEC);
	segment(1)->p_filesz = 1;
	FAILS_WITH(ENOEXEC);
	segment(1)->p_filesz = 100000;
	FAILS_WITH(ENOEXEC);
	segment(1)->p_filesz = 20;
	segment(1)->p_offset = 0x70000000;
	int result = outcome();

	CHECK(result == 1000 + EIO || result == 1000 + ENOEXEC);
	/* A text file as interpreter. */
	guest_write_file(
		"/tmp/elf_interp",
		"this is no ELF file, but it is long enough to hold the header of one.......",
		0755);
	segment(1)->p_offset = 0x300;
	strcpy((char *)image + 0x300, "/tmp/elf_interp");
	segment(1)->p_filesz = 16;
	result = outcome();
	CHECK(result == 1000 + ELIBBAD);
	guest_write_file("/tmp/elf_interp", "short", 0755);
	result = outcome();
	CHECK(result == 1000 + ELIBBAD || result == 1000 + EIO);
	unlink("/tmp/elf_interp");
}

TEST(position_independent)
{
	make_good();
	((Elf64_Ehdr *)image)->e_type = ET_DYN;
	((Elf64_Ehdr *)image)->e_entry = 0x200;
	segment(0)->p_vaddr = 0;
	CHECK_EQ(outcome(), 42);
}

TEST(executable_stack_is_granted)
{
	Elf64_Ehdr *e = make_good();
	/* push the code's bytes on the stack and jump there: mov $0x050f3cb02ab7.. is clumsy, so:
	 * exit(42) as bytes */
	static const unsigned char code[] = {
		0x48, 0x83, 0xec, 0x10,				/* sub $16, %rsp */
		0xc7, 0x04, 0x24, 0xb8, 60, 0, 0,		/* movl "b8 3c 00 00", (%rsp) */
		0xc7, 0x44, 0x24, 4, 0, 0xbf, 43, 0,		/* movl "00 bf 2b 00", 4(%rsp) */
		0xc7, 0x44, 0x24, 8, 0, 0, 0x0f, 0x05,		/* movl "00 00 0f 05", 8(%rsp) */
		0xff, 0xe4,					/* jmp *%rsp */
	};

	e->e_phnum = 2;
	segment(1)->p_type = PT_GNU_STACK;
	segment(1)->p_flags = PF_R | PF_W | PF_X;
	memcpy(image + 0x200, code, sizeof(code));
	CHECK_EQ(outcome(), 43);
	segment(1)->p_flags = PF_R | PF_W;
	CHECK_EQ(outcome(), 2000 + SIGSEGV);
}

/* The pages of the arguments are written before PT_GNU_STACK is known: they must become executable
 * too. */
TEST(executable_stack_holds_for_the_arguments)
{
	static const unsigned char entry[] = {0x48, 0x8b, 0x44, 0x24,
					      0x08, 0xff, 0xe0}; /* mov 8(%rsp), %rax; jmp *%rax */
	/* argv[0] as code: xor %edi, %edi; mov $44, %dil; xor %eax, %eax; mov $60, %al; syscall */
	char argument[] = {0x31,       (char)0xff, 0x40, (char)0xb7, 44,   0x31,
			   (char)0xc0, (char)0xb0, 60,	 0x0f,	     0x05, 0};
	char *args[] = { argument, NULL };
	struct rlimit none = { 0, 0 };
	Elf64_Ehdr *e = make_good();

	e->e_phnum = 2;
	segment(1)->p_type = PT_GNU_STACK;
	segment(1)->p_flags = PF_R | PF_W | PF_X;
	memcpy(image + 0x200, entry, sizeof(entry));
	setrlimit(RLIMIT_CORE, &none);
	write_image();
	CHECK_EXITED(IN_CHILD({ execv(PROGRAM, args); _exit(1); }), 44);
	segment(1)->p_flags = PF_R | PF_W;
	write_image();
	CHECK_DIES(SIGSEGV, execv(PROGRAM, args));
}

TEST(random_rubbish)
{
	unsigned int seed = 12345;

	for (int i = 0; i < 150; i++) {
		make_good();
		for (int n = 1 + rand_r(&seed) % 4; n > 0; n--)
			image[rand_r(&seed) % (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))] =
				rand_r(&seed);
		int result = outcome();

		guest_check(result >= 0, __FILE__, __LINE__, "round %d", i);
	}
	make_good();
	CHECK_EQ(outcome(), 42);
	unlink(PROGRAM);
}
