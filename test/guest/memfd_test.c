/* SPDX-License-Identifier: MIT */
/* memfd_create: files without a name, and the seals that keep them from changing. */
#include "guest.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#define MFD_EXEC	16U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif
#define RW	  (PROT_READ | PROT_WRITE)
#define SEALS(fd) fcntl(fd, F_GET_SEALS)

static int sealable(size_t size)
{
	int fd = CHECK_OK(memfd_create("sealable", MFD_ALLOW_SEALING));

	CHECK_OK(ftruncate(fd, size));
	return fd;
}

/* Linux before 6.3 knows neither, and says so. */
static bool knows_exec_flags(void)
{
	int fd = memfd_create("x", MFD_EXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

TEST(is_a_file)
{
	char buf[64] = "", path[64];
	int fd = CHECK_OK(memfd_create("name", 0)), fd2;
	struct stat st;

	CHECK_EQ(write(fd, "contents", 8), 8);
	CHECK_EQ(pread(fd, buf, 8, 0), 8);
	CHECK_STR(buf, "contents");
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode, S_IFREG | 0777);
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(st.st_size, 8);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(buf, 0, sizeof(buf));
	CHECK_OK(readlink(path, buf, sizeof(buf) - 1));
	CHECK_STR(buf, "/memfd:name (deleted)");
	/* Opened again it has a position of its own. */
	fd2 = CHECK_OK(open(path, O_RDWR));
	CHECK_EQ(read(fd2, buf, 3), 3);
	CHECK_EQ(buf[0], 'c');
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_EQ(fcntl(CHECK_OK(memfd_create("", MFD_CLOEXEC)), F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	/* The same name makes another file. */
	CHECK_OK(fstat(CHECK_OK(memfd_create("name", 0)), &st));
	CHECK_EQ(st.st_size, 0);
}

TEST(names_and_flags)
{
	char name[256];

	memset(name, 'n', sizeof(name));
	name[249] = 0;
	CHECK_OK(memfd_create(name, 0));
	name[249] = 'n';
	name[250] = 0;
	CHECK_ERRNO(memfd_create(name, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_memfd_create, (char *)1, 0), EFAULT);
	CHECK_ERRNO(memfd_create("x", 0x100), EINVAL);
	CHECK_ERRNO(memfd_create("x", -1), EINVAL);
	CHECK_OK(memfd_create("a/b", 0));
}

TEST(without_sealing_none_can_be_added)
{
	int fd = CHECK_OK(memfd_create("x", 0));

	CHECK_EQ(SEALS(fd), F_SEAL_SEAL);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, 0), EPERM);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, 0x1000), EINVAL);
	CHECK_ERRNO(fcntl(STDIN_FILENO, F_GET_SEALS), EINVAL);
	CHECK_ERRNO(fcntl(9999, F_GET_SEALS), EBADF);
}

TEST(shrink_and_grow)
{
	int fd = sealable(2 * PAGE);

	CHECK_EQ(SEALS(fd), 0);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	CHECK_ERRNO(ftruncate(fd, PAGE), EPERM);
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	CHECK_OK(ftruncate(fd, 3 * PAGE));
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CHECK_EQ(SEALS(fd), F_SEAL_SHRINK | F_SEAL_GROW);
	CHECK_ERRNO(ftruncate(fd, 4 * PAGE), EPERM);
	CHECK_OK(ftruncate(fd, 3 * PAGE));
	CHECK_EQ(pwrite(fd, "x", 1, 3 * PAGE - 1), 1);
	CHECK_ERRNO(pwrite(fd, "xx", 2, 3 * PAGE), EPERM);
	CHECK_ERRNO(fallocate(fd, 0, 0, 4 * PAGE), EPERM);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * PAGE), EPERM);
	CHECK_OK(fallocate(fd, 0, 0, 3 * PAGE));
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
	/* Seals only come. */
	CHECK_OK(fcntl(fd, F_ADD_SEALS, 0));
	CHECK_EQ(SEALS(fd), F_SEAL_SHRINK | F_SEAL_GROW);
}

/* Across the end of what may be. */
TEST(write_that_begins_inside_and_ends_outside)
{
	int fd = sealable(PAGE);

	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CHECK_EQ(pwrite(fd, "abcd", 4, PAGE - 2), 2);
	CHECK_ERRNO(pwrite(fd, "abcd", 4, PAGE), EPERM);
}

TEST(write_seal)
{
	int fd = sealable(PAGE);
	char buf[4], *p;

	CHECK_EQ(pwrite(fd, "data", 4, 0), 4);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(SEALS(fd), 0);
	/* What could become writable counts too. */
	mprotect(p, PAGE, PROT_READ);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CHECK_ERRNO(pwrite(fd, "x", 1, 0), EPERM);
	CHECK_EQ(pwrite(fd, "x", 0, 0), 0);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
	CHECK_EQ(pread(fd, buf, 4, 0), 4);
	p[0] = 'D'; /* one's own copy */
	CHECK_EQ(pread(fd, buf, 1, 0), 1);
	CHECK_EQ(buf[0], 'd');
	errno = 0;
	CHECK(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	/* Reading may be shared; it cannot become writing. */
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (CHECK(p != MAP_FAILED)) {
		CHECK_EQ(p[0], 'd');
		CHECK_ERRNO(mprotect(p, PAGE, RW), EACCES);
		CHECK_ERRNO(madvise(p, PAGE, MADV_REMOVE), EACCES);
	}
	/* Its size may still change. */
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	CHECK_OK(ftruncate(fd, 1));
}

TEST(future_write_seal)
{
	int fd = sealable(PAGE);
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	p[0] = 'w'; /* who has a writable mapping keeps it */
	CHECK_ERRNO(pwrite(fd, "x", 1, 0), EPERM);
	errno = 0;
	CHECK(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	char *r = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK_EQ(r[0], 'w');
	CHECK_ERRNO(mprotect(r, PAGE, RW), EACCES);
	CHECK_EXITED(IN_CHILD(p[1] = 'c'), 0);
	CHECK_EQ(r[1], 'c');
	/* The mapping made before counts for F_SEAL_WRITE. */
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	munmap(p, PAGE);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

/* A mapping next to one that was made before is not let in as a part of it. */
TEST(future_write_seal_beside_older_mappings)
{
	int fd = sealable(4 * PAGE);
	char *room = mmap(NULL, 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;

	munmap(room, 5 * PAGE);
	CHECK(mmap(room, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0) == room);
	CHECK(mmap(room + 3 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 2 * PAGE) ==
	      room + 3 * PAGE);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	errno = 0;
	p = mmap(room + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, PAGE);
	CHECK(p == MAP_FAILED && errno == EPERM);
	p = mmap(room + 4 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 3 * PAGE);
	CHECK(p == room + 4 * PAGE);
	CHECK_ERRNO(mprotect(p, PAGE, RW), EACCES);
}

TEST(seal_seal)
{
	int fd = sealable(PAGE);

	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL));
	CHECK_EQ(SEALS(fd), F_SEAL_GROW | F_SEAL_SEAL);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), EPERM);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
}

TEST(sealing_needs_a_writable_descriptor)
{
	int fd = sealable(PAGE), ro;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = CHECK_OK(open(path, O_RDONLY));
	CHECK_ERRNO(fcntl(ro, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	CHECK_EQ(SEALS(ro), 0);
	/* A shared mapping that can never be written is in nobody's way. */
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);

	CHECK(p != MAP_FAILED);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CHECK_EQ(SEALS(ro), F_SEAL_WRITE);
}

TEST(seals_hold_for_every_process)
{
	int fd = sealable(PAGE), *go = guest_shared(PAGE);
	pid_t child = IN_CHILD({
		char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

		p[0] = 'c';
		go[0] = 1;
		while (!go[1])
			usleep(1000);
		munmap(p, PAGE);
		go[0] = 2;
		while (!go[2])
			usleep(1000);
		CHECK_ERRNO(pwrite(fd, "x", 1, 0), EPERM);
	});

	CHECK(WAIT_UNTIL(go[0] == 1));
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	go[1] = 1;
	CHECK(WAIT_UNTIL(go[0] == 2));
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	go[2] = 1;
	CHECK_EXITED(child, 0);
}

TEST(a_mapping_split_and_forked_still_counts)
{
	int fd = sealable(3 * PAGE);
	char *p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);

	munmap(p + PAGE, PAGE);
	munmap(p, PAGE);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK_EXITED(IN_CHILD(munmap(p + 2 * PAGE, PAGE);
			      CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY)),
		     0);
	p = mremap(p + 2 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	munmap(p, 2 * PAGE);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST(not_executable)
{
	struct stat st;
	int fd;

	if (!knows_exec_flags())
		guest_skip("older than Linux 6.3");
	fd = CHECK_OK(memfd_create("x", MFD_NOEXEC_SEAL));
	CHECK_EQ(SEALS(fd), F_SEAL_EXEC);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mode & 07777, 0666);
	CHECK_ERRNO(fchmod(fd, 0777), EPERM);
	CHECK_ERRNO(fchmod(fd, 0100), EPERM);
	CHECK_OK(fchmod(fd, 0600));
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	CHECK_ERRNO(memfd_create("x", MFD_NOEXEC_SEAL | MFD_EXEC), EINVAL);
	fd = CHECK_OK(memfd_create("x", MFD_EXEC));
	CHECK_EQ(SEALS(fd), F_SEAL_SEAL);
	fd = CHECK_OK(memfd_create("x", MFD_EXEC | MFD_ALLOW_SEALING));
	CHECK_OK(fchmod(fd, 0700));
	CHECK_EQ(SEALS(fd), 0);
}

TEST(an_executable_file_sealed_so_is_sealed_against_writing)
{
	const int all =
		F_SEAL_EXEC | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	int fd;
	char *p;

	if (!knows_exec_flags())
		guest_skip("older than Linux 6.3");
	fd = CHECK_OK(memfd_create("x", MFD_EXEC | MFD_ALLOW_SEALING));
	CHECK_OK(ftruncate(fd, PAGE));
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
	CHECK_EQ(SEALS(fd), all);
	CHECK_ERRNO(fchmod(fd, 0666), EPERM);
	CHECK_ERRNO(pwrite(fd, "x", 1, 0), EPERM);
	CHECK_ERRNO(ftruncate(fd, 0), EPERM);
	fd = CHECK_OK(memfd_create("x", MFD_EXEC | MFD_ALLOW_SEALING));
	CHECK_OK(fchmod(fd, 0600));
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
	CHECK_EQ(SEALS(fd), F_SEAL_EXEC);
	/* With a writable mapping. */
	fd = CHECK_OK(memfd_create("x", MFD_EXEC | MFD_ALLOW_SEALING));
	CHECK_OK(ftruncate(fd, PAGE));
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	int ret = fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC);

	CHECK_EQ(ret, -1);
	CHECK_EQ(errno, EBUSY);
	CHECK_EQ(SEALS(fd), 0);
	p[0] = 1;
}

TEST(counted_as_shared_memory)
{
	int fd = CHECK_OK(memfd_create("counted", 0));
	long before = guest_field("/proc/meminfo", "Shmem");
	struct stat st;
	char *p;

	CHECK_OK(ftruncate(fd, 1024 * PAGE));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_blocks, 0);
	p = mmap(NULL, 1024 * PAGE, RW, MAP_SHARED, fd, 0);
	memset(p, 1, 512 * PAGE);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_blocks, 512 * 8);
	if (guest_is_quire()) {
		CHECK_EQ(guest_field("/proc/meminfo", "Shmem") - before, 2048);
		CHECK_EQ(guest_field("/proc/self/status", "RssShmem") >= 2048, 1);
	}
	CHECK_OK(madvise(p, 256 * PAGE, MADV_REMOVE));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_blocks, 256 * 8);
	CHECK_EQ(p[0], 0);
	CHECK_EQ(p[256 * PAGE], 1);
	munmap(p, 1024 * PAGE);
	close(fd);
	if (guest_is_quire())
		CHECK_EQ(guest_field("/proc/meminfo", "Shmem"), before);
}

HELPER(memfd_program)
{
	return argc == 1 ? atoi(argv[0]) : 99;
}

TEST(can_be_executed)
{
	int fd = CHECK_OK(memfd_create("program", MFD_CLOEXEC)), self, n;
	static char buf[65536];

	self = CHECK_OK(open(guest_program, O_RDONLY));
	while ((n = read(self, buf, sizeof(buf))) > 0)
		CHECK_EQ(write(fd, buf, n), n);
	CHECK_EXITED(
		IN_CHILD({
			char *argv[] = {"program", "@memfd_program", "42", NULL}, *envp[] = {NULL};

			/* By the descriptor it was written through. */
			fexecve(fd, argv, envp);
		}),
		42);
}
