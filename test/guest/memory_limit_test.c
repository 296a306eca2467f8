/* SPDX-License-Identifier: MIT */
/* Overcommit, and programs that want more memory than there is. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static long meminfo_kb(const char *key)
{
	return guest_field("/proc/meminfo", key);
}

TEST(one_mapping_larger_than_all_memory_is_refused)
{
	size_t total = meminfo_kb("MemTotal") * 1024UL + meminfo_kb("SwapTotal") * 1024UL;

	if (atoi(guest_read_file("/proc/sys/vm/overcommit_memory")) != 0)
		guest_skip("another overcommit policy");
	CHECK_ERRNO(mmap(NULL, total * 2, RW, ANON, -1, 0), ENOMEM);
	char *p = mmap(NULL, total / 2, RW, ANON, -1, 0);

	CHECK(p != MAP_FAILED);
	/* What cannot be written privately needs no promise. */
	CHECK(mmap(NULL, total * 2, PROT_READ, ANON, -1, 0) != MAP_FAILED);
	CHECK(mmap(NULL, total * 2, RW, ANON | MAP_NORESERVE, -1, 0) != MAP_FAILED);
}

TEST(committed_memory_is_counted)
{
	if (!guest_is_quire())
		guest_skip("other programs run here"); /* a busy machine's figure moves */
	long before = meminfo_kb("Committed_AS");

	CHECK(before >= 0);
	char *p = guest_map(1000 * PAGE);

	CHECK_EQ(meminfo_kb("Committed_AS") - before, 4000);
	munmap(p, 1000 * PAGE);
	CHECK_EQ(meminfo_kb("Committed_AS"), before);
	p = guest_map(100 * PAGE);
	pid_t pid = IN_CHILD(CHECK(meminfo_kb("Committed_AS") - before >= 800));

	CHECK_EXITED(pid, 0);
	munmap(p, 100 * PAGE);
	CHECK_EQ(meminfo_kb("Committed_AS"), before);
}

/* It touches page after page until it is killed: it alone dies, and all its memory comes back. */
TEST(a_memory_eater_dies_alone)
{
	if (!guest_is_quire())
		guest_skip("would eat this machine's memory");
	long before = meminfo_kb("MemFree");
	pid_t bystander = IN_CHILD(for (;;) pause());
	pid_t eater = IN_CHILD({
		for (;;) {
			char *p = mmap(NULL, 1 << 20, RW, ANON, -1, 0);

			if (p == MAP_FAILED) {
				guest_sleep_ms(1);
				continue;
			}
			for (size_t i = 0; i < 1 << 20; i += PAGE)
				p[i] = 1;
		}
	});

	CHECK_KILLED(eater, SIGKILL);
	CHECK_OK(kill(bystander, 0));
	CHECK_EQ(guest_task_state(bystander), 'S');
	kill(bystander, SIGKILL);
	guest_wait(bystander);
	CHECK(WAIT_UNTIL(before - meminfo_kb("MemFree") < 1024));
}

TEST(several_eaters_die_and_the_system_lives)
{
	if (!guest_is_quire())
		guest_skip("would eat this machine's memory");
	pid_t pids[4];

	for (int i = 0; i < 4; i++)
		pids[i] = IN_CHILD({
			size_t size = meminfo_kb("MemTotal") * 1024UL / 2;
			char *p = mmap(NULL, size, RW, ANON | MAP_NORESERVE, -1, 0);

			for (size_t n = 0; n < size; n += PAGE)
				p[n] = 1;
			for (;;)
				pause();
		});
	/* They cannot all fit: at least one is killed; the others wait for ever, so end them. */
	CHECK(WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) > 0));
	for (int i = 0; i < 4; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	char *p = guest_map(1 << 20);

	memset(p, 1, 1 << 20);
}

TEST(fork_of_a_large_process_shares)
{
	size_t size = meminfo_kb("MemTotal") * 1024UL / 3;

	if (!guest_is_quire())
		size = 64 << 20;
	char *p = guest_map(size);

	memset(p, 1, size);
	for (int i = 0; i < 3; i++)
		CHECK_EXITED(IN_CHILD({
			CHECK_EQ(p[size - 1], 1);
			p[0] = 2;
		}), 0);
	CHECK_EQ(p[0], 1);
}

TEST(full_tmpfs_says_so)
{
	char buffer[65536];
	long written = 0;
	ssize_t n;

	if (getuid() || !guest_is_quire())
		guest_skip("needs to mount");
	memset(buffer, 'f', sizeof(buffer));
	mkdir("/tmp/small", 0755);
	extern int mount(const char *, const char *, const char *, unsigned long, const void *);
	extern int umount2(const char *, int);
	CHECK_OK(mount("tmpfs", "/tmp/small", "tmpfs", 0, "size=1m,nr_inodes=20"));
	int fd = open("/tmp/small/file", O_RDWR | O_CREAT, 0644);

	while ((n = write(fd, buffer, sizeof(buffer))) > 0)
		written += n;
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(written, 1 << 20);
	/* A shared mapping of what cannot be allocated: SIGBUS. */
	ftruncate(fd, 0);
	ftruncate(fd, 4 << 20);
	char *p = mmap(NULL, 4 << 20, RW, MAP_SHARED, fd, 0);
	long touched = 0;

	while (touched < 1024 && guest_can_write(p + touched * PAGE))
		touched++;
	CHECK_EQ(touched, 256);
	CHECK_EQ(last_fault_signal, SIGBUS);
	munmap(p, 4 << 20);
	close(fd);
	int files = 0;
	char name[64];

	do {
		sprintf(name, "/tmp/small/f%d", files);
		fd = open(name, O_WRONLY | O_CREAT, 0644);
		close(fd);
	} while (fd >= 0 && ++files < 100);
	CHECK_EQ(errno, EBADF);
	CHECK(files >= 15 && files <= 19);
	CHECK_ERRNO(open("/tmp/small/more", O_CREAT | O_WRONLY, 0644), ENOSPC);
	CHECK_ERRNO(mkdir("/tmp/small/dir", 0755), ENOSPC);
	CHECK_OK(umount2("/tmp/small", 0));
	rmdir("/tmp/small");
}
