/* SPDX-License-Identifier: MIT */
/* POSIX shared memory: shm_open and what is in /dev/shm. */
#include "guest.h"
#include <sys/statfs.h>

#define RW (PROT_READ | PROT_WRITE)

static const char *shm_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "/guest_shm_%d", getpid());
	return name;
}

TEST(dev_shm_is_a_tmpfs_for_all)
{
	struct statfs fs;
	struct stat st;

	CHECK_OK(stat("/dev/shm", &st));
	CHECK_EQ(st.st_mode, S_IFDIR | 01777);
	CHECK_OK(statfs("/dev/shm", &fs));
	CHECK_EQ(fs.f_type, 0x01021994);
}

TEST(open_map_share_unlink)
{
	const char *name = shm_name();
	int fd = CHECK_OK(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600)), other;
	struct stat st;
	char *p, *q;

	CHECK_ERRNO(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_OK(ftruncate(fd, 2 * PAGE));
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	strcpy(p, "hello");
	CHECK_EXITED(IN_CHILD({
			     int mine = CHECK_OK(shm_open(name, O_RDWR, 0));
			     char *r = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, mine, 0);

			     CHECK_STR(r, "hello");
			     strcpy(r + PAGE, "world");
		     }),
		     0);
	CHECK_STR(p + PAGE, "world");
	other = CHECK_OK(shm_open(name, O_RDONLY, 0));
	errno = 0;
	CHECK(mmap(NULL, PAGE, RW, MAP_SHARED, other, 0) == MAP_FAILED && errno == EACCES);
	q = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, other, 0);
	CHECK_OK(shm_unlink(name));
	CHECK_ERRNO(shm_open(name, O_RDWR, 0), ENOENT);
	CHECK_ERRNO(shm_unlink(name), ENOENT);
	/* What is mapped stays. */
	strcpy(p, "still");
	CHECK_STR(q, "still");
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
}

TEST(truncation_reaches_who_mapped_it)
{
	const char *name = shm_name();
	int fd = CHECK_OK(shm_open(name, O_CREAT | O_RDWR, 0600)), *go = guest_shared(PAGE);
	char *p;
	pid_t child;

	shm_unlink(name);
	CHECK_OK(ftruncate(fd, 4 * PAGE));
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	memset(p, 't', 4 * PAGE);
	child = IN_CHILD({
		CHECK_EQ(p[3 * PAGE], 't');
		go[0] = 1;
		while (!go[1])
			usleep(1000);
		CHECK(!guest_can_read(p + PAGE));
		CHECK_EQ(last_fault_signal, SIGBUS);
		CHECK_EQ(p[0], 't');
	});
	CHECK(WAIT_UNTIL(go[0]));
	CHECK_OK(ftruncate(fd, PAGE));
	go[1] = 1;
	CHECK_EXITED(child, 0);
	CHECK_OK(ftruncate(fd, 4 * PAGE));
	CHECK_EQ(p[3 * PAGE], 0);
}

/* Counters in /dev/shm that several processes add to. */
TEST(processes_count_together)
{
	const char *name = shm_name();
	int fd = CHECK_OK(shm_open(name, O_CREAT | O_RDWR, 0600));
	pid_t child[4];
	int *counter;

	CHECK_OK(ftruncate(fd, PAGE));
	for (int i = 0; i < 4; i++)
		child[i] = IN_CHILD({
			int mine = CHECK_OK(shm_open(name, O_RDWR, 0));
			int *c = mmap(NULL, PAGE, RW, MAP_SHARED, mine, 0);

			for (int n = 0; n < 5000; n++)
				__atomic_fetch_add(c, 1, __ATOMIC_RELAXED);
		});
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(child[i], 0);
	counter = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	CHECK_EQ(*counter, 20000);
	CHECK_OK(shm_unlink(name));
}

TEST(everyone_may_use_it_and_nobody_removes_what_is_another_s)
{
	const char *name = shm_name();
	int fd;

	if (getuid())
		guest_skip("needs root");
	fd = CHECK_OK(shm_open(name, O_CREAT | O_RDWR, 0600));
	CHECK_EXITED(IN_CHILD({
			     char mine[64];

			     setgid(1000);
			     setuid(1000);
			     CHECK_ERRNO(shm_open(name, O_RDWR, 0), EACCES);
			     /* glibc says EACCES for both. */
			     CHECK(shm_unlink(name) == -1 && (errno == EPERM || errno == EACCES));
			     snprintf(mine, sizeof(mine), "/guest_shm_user_%d", getpid());
			     CHECK_OK(shm_open(mine, O_CREAT | O_RDWR, 0600));
			     CHECK_OK(shm_unlink(mine));
		     }),
		     0);
	close(fd);
	CHECK_OK(shm_unlink(name));
}

TEST(maps_shows_the_file)
{
	const char *name = shm_name();
	int fd = CHECK_OK(shm_open(name, O_CREAT | O_RDWR, 0600));
	char line[512], want[96], perms[5] = "";
	unsigned long start;
	bool found = false;
	FILE *maps;
	char *p;

	CHECK_OK(ftruncate(fd, PAGE));
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	snprintf(want, sizeof(want), " /dev/shm%s\n", name);
	maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%*x %4s", &start, perms) == 2 && start == (unsigned long)p) {
			found = true;
			CHECK(strstr(line, want));
			CHECK_STR(perms, "rw-s");
		}
	}
	fclose(maps);
	CHECK(found);
	CHECK_OK(shm_unlink(name));
}
