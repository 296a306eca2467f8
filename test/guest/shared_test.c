/* SPDX-License-Identifier: MIT */
/* Shared mappings: between processes, by file, memfd, across exec and after the name is gone;
 * truncation. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)

TEST(processes_see_each_others_writes)
{
	volatile int *p = guest_shared(16 * PAGE);
	pid_t pid = IN_CHILD({
		for (int i = 1; i <= 100; i++) {
			while (p[0] != i)
				sched_yield();
			p[PAGE] = i;
		}
	});

	for (int i = 1; i <= 100; i++) {
		p[0] = i;
		while (p[PAGE] != i)
			sched_yield();
	}
	CHECK_EXITED(pid, 0);
}

TEST(atomic_counting_by_eight_processes)
{
	int *p = guest_shared(PAGE);
	pid_t pids[8];

	for (int i = 0; i < 8; i++)
		pids[i] = IN_CHILD({
			for (int n = 0; n < 5000; n++)
				__atomic_add_fetch(p, 1, __ATOMIC_RELAXED);
		});
	for (int i = 0; i < 8; i++)
		CHECK_EXITED(pids[i], 0);
	CHECK_EQ(*p, 40000);
}

TEST(file_mapping_equals_read_and_write)
{
	char name[] = "/tmp/shared.XXXXXX", c;
	int fd = CHECK_OK(mkstemp(name));

	ftruncate(fd, 4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);

	for (int i = 0; i < 4; i++) {
		p[i * PAGE + i] = 'A' + i;
		CHECK_EQ(pread(fd, &c, 1, i * PAGE + i), 1);
		CHECK_EQ(c, 'A' + i);
		CHECK_EQ(pwrite(fd, "w", 1, i * PAGE + 50), 1);
		CHECK_EQ(p[i * PAGE + 50], 'w');
	}
	CHECK_OK(unlink(name));
	close(fd);
	CHECK_EQ(p[PAGE + 1], 'B'); /* the mapping keeps the file */
	p[3 * PAGE] = 1;
}

TEST(two_mappings_of_one_file)
{
	char name[] = "/tmp/shared.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	unlink(name);
	ftruncate(fd, 2 * PAGE);
	volatile char *a = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	volatile char *b = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE);
	volatile char *c = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);

	a[PAGE + 5] = 'x';
	CHECK_EQ(b[5], 'x');
	CHECK_EQ(c[5], 'x');
	b[6] = 'y';
	CHECK_EQ(a[PAGE + 6], 'y');
	CHECK_EQ(c[6], 'y');
}

TEST(memfd)
{
	int fd = CHECK_OK(memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	char link[64], target[100] = "";

	CHECK_EQ(write(fd, "memory", 6), 6);
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	CHECK_STR(p, "memory");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK(readlink(link, target, 99) > 0);
	CHECK_STR(target, "/memfd:guest (deleted)");
	CHECK_EXITED(IN_CHILD(p[0] = 'M'), 0);
	CHECK_STR(p, "Memory");
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	CHECK_ERRNO(ftruncate(fd, 1), EPERM);
	CHECK_ERRNO(ftruncate(fd, 100000), EPERM);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	munmap(p, PAGE);
	CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EPERM);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	CHECK_ERRNO(memfd_create("x", 0x100), EINVAL);
	int sealed = memfd_create("no", 0);

	CHECK_ERRNO(fcntl(sealed, F_ADD_SEALS, F_SEAL_GROW), EPERM);
}

TEST(posix_shared_memory)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/guest_%d", getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	REQUIRE(fd >= 0);
	ftruncate(fd, PAGE);
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	CHECK_EXITED(IN_CHILD({
		int other = shm_open(name, O_RDWR, 0);
		char *q = mmap(NULL, PAGE, RW, MAP_SHARED, other, 0);

		strcpy(q, "through the name");
	}), 0);
	CHECK_STR(p, "through the name");
	CHECK_OK(shm_unlink(name));
	CHECK_ERRNO(shm_open(name, O_RDWR, 0), ENOENT);
}

TEST(truncation_zeroes_and_unmaps)
{
	int fd = memfd_create("t", 0);

	ftruncate(fd, 3 * PAGE);
	char *p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);

	memset(p, 't', 3 * PAGE);
	private[2 * PAGE] = 'p';
	CHECK_OK(ftruncate(fd, PAGE + 10));
	CHECK_EQ(p[PAGE + 9], 't');
	CHECK_EQ(p[PAGE + 10], 0); /* the rest of the last page */
	CHECK(!guest_can_read(p + 2 * PAGE));
	CHECK_EQ(last_fault_signal, SIGBUS);
	CHECK(!guest_can_read(private + 2 * PAGE)); /* private copies go too */
	CHECK_OK(ftruncate(fd, 3 * PAGE));
	CHECK_EQ(p[2 * PAGE], 0);
	CHECK_EQ(p[PAGE + 100], 0);
}

TEST(hole_punching)
{
	int fd = memfd_create("h", 0);
	struct stat st;

	CHECK_EQ(ftruncate(fd, 4 * PAGE), 0);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);

	memset(p, 'h', 4 * PAGE);
	fstat(fd, &st);
	CHECK_EQ(st.st_blocks, 4 * 8);
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 2 * PAGE));
	fstat(fd, &st);
	CHECK_EQ(st.st_blocks, 2 * 8);
	CHECK_EQ(st.st_size, 4 * PAGE);
	CHECK_EQ(p[0], 'h');
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[3 * PAGE], 'h');
	CHECK_OK(fallocate(fd, 0, 0, 6 * PAGE));
	fstat(fd, &st);
	CHECK_EQ(st.st_size, 6 * PAGE);
	CHECK_EQ(st.st_blocks, 6 * 8);
}

HELPER(shared_write_through_fd)
{
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, atoi(argv[0]), 0);

	strcpy(p, "after exec");
	return 0;
}

TEST(survives_exec_by_descriptor)
{
	int fd = memfd_create("e", 0);
	char number[16];

	ftruncate(fd, PAGE);
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	sprintf(number, "%d", fd);
	CHECK_EXITED(IN_CHILD(guest_exec_self("shared_write_through_fd", number, NULL)), 0);
	CHECK_STR(p, "after exec");
}
