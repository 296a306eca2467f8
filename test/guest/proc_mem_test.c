/* SPDX-License-Identifier: MIT */
/* /proc/PID/mem: a process's memory as a file; and what else may be written in /proc, or not. */
#include "guest.h"
#include <sys/auxv.h>
#include <sys/prctl.h>

static int open_mem(pid_t pid, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, flags);
}

static ssize_t mem_read(int fd, void *buf, size_t n, const void *at)
{
	return pread(fd, buf, n, (off_t)at);
}

static ssize_t mem_write(int fd, const void *buf, size_t n, const void *at)
{
	return pwrite(fd, buf, n, (off_t)at);
}

TEST(reads_and_writes_where_it_was_sought)
{
	int fd = CHECK_OK(open_mem(getpid(), O_RDWR));
	char *p = guest_map(2 * PAGE), buf[16] = "";

	strcpy(p + PAGE - 3, "across");
	CHECK_EQ(lseek(fd, (off_t)(p + PAGE - 3), SEEK_SET), (off_t)(p + PAGE - 3));
	CHECK_EQ(read(fd, buf, 7), 7);
	CHECK_STR(buf, "across");
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), (off_t)(p + PAGE + 4));
	CHECK_EQ(lseek(fd, -7, SEEK_CUR), (off_t)(p + PAGE - 3));
	CHECK_EQ(write(fd, "ACR", 3), 3);
	CHECK_STR(p + PAGE - 3, "ACRoss");
	CHECK_ERRNO(lseek(fd, 0, SEEK_END), EINVAL);
	CHECK_ERRNO(pread(fd, buf, 1, -5), EINVAL);
	CHECK_EQ(read(fd, buf, 0), 0);
	CHECK_EQ(mem_read(fd, buf, 0, NULL), 0);
}

TEST(holes_are_eio_and_end_a_transfer)
{
	int fd = CHECK_OK(open_mem(getpid(), O_RDWR));
	char *p = guest_map(3 * PAGE), *buf = guest_map(3 * PAGE);

	memset(p, 'x', 3 * PAGE);
	munmap(p + PAGE, PAGE);
	CHECK_EQ(mem_read(fd, buf, 3 * PAGE, p), PAGE);
	CHECK_EQ(mem_read(fd, buf, 3 * PAGE, p + 100), PAGE - 100);
	CHECK_ERRNO(mem_read(fd, buf, PAGE, p + PAGE), EIO);
	CHECK_ERRNO(mem_write(fd, buf, PAGE, p + PAGE), EIO);
	CHECK_EQ(mem_write(fd, buf, 2 * PAGE, p + 1), PAGE - 1);
	CHECK_ERRNO(mem_read(fd, buf, 1, NULL), EIO);
	CHECK_ERRNO(mem_write(fd, buf, 1, NULL), EIO);
	/* Beyond what a process may have, which is a negative position. */
	CHECK_EQ(lseek(fd, -4096, SEEK_SET), -4096);
	CHECK_ERRNO(read(fd, buf, 16), EIO);
	CHECK_EQ(lseek(fd, 0x800000000000, SEEK_SET), 0x800000000000);
	CHECK_ERRNO(read(fd, buf, 16), EIO);
}

TEST(bad_pointers_of_the_caller)
{
	int fd = CHECK_OK(open_mem(getpid(), O_RDWR));
	char *p = guest_map(2 * PAGE);

	memset(p, 'x', 2 * PAGE);
	CHECK_ERRNO(mem_read(fd, (void *)1, 16, p), EFAULT);
	CHECK_ERRNO(mem_write(fd, (void *)1, 16, p), EFAULT);
	munmap(p + PAGE, PAGE);
	/* All or nothing of it. */
	char *from = guest_map(2 * PAGE);

	memset(from, 'y', 2 * PAGE);
	CHECK_ERRNO(mem_write(fd, p + PAGE - 8, 16, from), EFAULT);
	CHECK_EQ(from[0], 'y');
	CHECK_ERRNO(mem_read(fd, p + PAGE - 8, 16, from), EFAULT);
}

/* A debugger may write where the program may not: to a copy of its own. */
TEST(protection_is_passed_over_but_for_shared_files)
{
	char name[] = "/tmp/proc_mem.XXXXXX", buf[8] = "";
	int fd = CHECK_OK(open_mem(getpid(), O_RDWR)), file = CHECK_OK(mkstemp(name));
	char *p = guest_map(3 * PAGE), *private, *shared;

	memset(p, 'x', 3 * PAGE);
	mprotect(p, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	CHECK_EQ(mem_write(fd, "read-only", 10, p), 10);
	CHECK_STR(p, "read-only");
	CHECK(!guest_can_write(p));
	CHECK_EQ(mem_read(fd, buf, 1, p + PAGE), 1);
	CHECK_EQ(buf[0], 'x');
	CHECK_EQ(mem_write(fd, "none", 5, p + PAGE), 5);
	CHECK(!guest_can_read(p + PAGE));
	mprotect(p + PAGE, PAGE, PROT_READ);
	CHECK_STR(p + PAGE, "none");

	unlink(name);
	CHECK_EQ(write(file, "file", 5), 5);
	private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	CHECK_EQ(mem_write(fd, "F", 1, private), 1);
	CHECK_STR(private, "File");
	CHECK_STR(shared, "file");
	CHECK_EQ(pread(file, buf, 5, 0), 5);
	CHECK_STR(buf, "file");
	CHECK_ERRNO(mem_write(fd, "F", 1, shared), EIO);
	/* The program's text, as a breakpoint is set. */
	unsigned char *text = (unsigned char *)(void *)memcpy, saved = *text;

	CHECK_EQ(mem_write(fd, "\xcc", 1, text + 0), 1);
	unsigned char now = *(volatile unsigned char *)text;

	CHECK_EQ(mem_write(fd, &saved, 1, text), 1);
	CHECK_EQ(now, 0xcc);
}

/* What a forced write copied belongs to one process. */
TEST(a_forced_write_reaches_no_fork_sibling)
{
	char *p = guest_map(PAGE);
	int *go = guest_shared(PAGE), fd;
	pid_t child;

	strcpy(p, "before");
	mprotect(p, PAGE, PROT_READ);
	child = IN_CHILD({
		while (!*go)
			usleep(1000);
		CHECK_STR(p, "after");
	});
	fd = CHECK_OK(open_mem(child, O_RDWR));
	CHECK_EQ(mem_write(fd, "after", 6, p), 6);
	CHECK_STR(p, "before");
	CHECK_EXITED(IN_CHILD({
			     int self = CHECK_OK(open_mem(getpid(), O_RDWR));

			     CHECK_EQ(mem_write(self, "third", 6, p), 6);
			     CHECK_STR(p, "third");
		     }),
		     0);
	CHECK_STR(p, "before");
	*go = 1;
	CHECK_EXITED(child, 0);
}

TEST(the_vdso_is_memory_too)
{
	unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	int fd = CHECK_OK(open_mem(getpid(), O_RDONLY));
	char elf[4];

	if (!vdso)
		guest_skip("no vDSO");
	CHECK_EQ(mem_read(fd, elf, 4, (void *)vdso), 4);
	CHECK(!memcmp(elf, "\177ELF", 4));
	CHECK_ERRNO(mem_write(fd, elf, 4, (void *)vdso), EBADF);
}

HELPER(proc_mem_wait)
{
	raise(SIGSTOP);
	return 0;
}

TEST(a_file_is_of_the_program_it_was_opened_on)
{
	char *p = guest_map(PAGE), buf[8];
	int *go = guest_shared(PAGE), fd, status;
	pid_t child;

	strcpy(p, "old");
	child = IN_CHILD({
		while (!*go)
			usleep(1000);
		guest_exec_self("proc_mem_wait", NULL);
	});
	fd = CHECK_OK(open_mem(child, O_RDWR));
	CHECK_EQ(mem_read(fd, buf, 4, p), 4);
	CHECK_STR(buf, "old");
	*go = 1;
	CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
	CHECK(WIFSTOPPED(status));
	/* That memory is gone. */
	CHECK_EQ(mem_read(fd, buf, 4, p), 0);
	CHECK_EQ(mem_write(fd, buf, 4, p), 0);
	kill(child, SIGKILL);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(mem_read(fd, buf, 4, p), 0);
	CHECK_ERRNO(open_mem(child, O_RDONLY), ENOENT);
}

TEST(a_zombie_has_no_memory)
{
	pid_t child = IN_CHILD({});
	char c;

	CHECK(WAIT_UNTIL(guest_task_state(child) == 'Z'));
	int fd = open_mem(child, O_RDONLY);

	/* Older Linux lets it be opened, and reads nothing. */
	if (fd >= 0)
		CHECK_EQ(mem_read(fd, &c, 1, &c), 0);
	else
		CHECK_EQ(errno, ESRCH);
	CHECK_EXITED(child, 0);
}

TEST(only_who_may_trace)
{
	int *go = guest_shared(PAGE), fd;
	pid_t user, root;
	char c;

	if (getuid())
		guest_skip("needs root");
	root = IN_CHILD(while (!*go) usleep(1000));
	user = IN_CHILD({
		setgid(1000);
		setuid(1000);
		prctl(PR_SET_DUMPABLE, 1);
		go[1] = 1;
		while (!*go)
			usleep(1000);
	});
	CHECK(WAIT_UNTIL(go[1]));
	fd = CHECK_OK(open_mem(user, O_RDWR));
	CHECK_EQ(mem_read(fd, &c, 1, &c), 1);
	CHECK_EXITED(IN_CHILD({
			     setgid(1000);
			     setuid(1000);
			     CHECK_EQ(mem_read(CHECK_OK(open_mem(user, O_RDWR)), &c, 1, &c), 1);
			     CHECK_ERRNO(open_mem(root, O_RDONLY), EACCES);
			     /* One's own, but root's file while it must not be dumped. */
			     CHECK_ERRNO(open_mem(getpid(), O_RDONLY), EACCES);
			     prctl(PR_SET_DUMPABLE, 1);
			     CHECK_OK(open_mem(getpid(), O_RDONLY));
		     }),
		     0);
	*go = 1;
	CHECK_EXITED(user, 0);
	CHECK_EXITED(root, 0);
}

HELPER(proc_mem_breathe)
{
	usleep(300);
	return 0;
}

/* Everything that looks into a process, while it forks, execs and ends. */
TEST(a_process_that_comes_and_goes_can_be_looked_into)
{
	static const char *const files[] = {
		"mem",	  "pagemap", "maps", "smaps",	"smaps_rollup", "numa_maps",
		"status", "statm",   "stat", "environ", "auxv",		"cmdline",
	};
	uint64_t end = guest_now() + 1500000000ull;
	char *p = guest_map(64 * PAGE), *buf = guest_map(16 * PAGE), path[64];
	int read_some = 0;

	while (guest_now() < end) {
		memset(p, 'p', 64 * PAGE);
		pid_t pid = fork();

		if (!pid) {
			memset(p, 'c', 32 * PAGE);
			if (getpid() % 2)
				guest_exec_self("proc_mem_breathe", NULL);
			if (!fork())
				_exit(0);
			_exit(0);
		}
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			int fd;
			ssize_t n;

			snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
			fd = open(path, i ? O_RDONLY : O_RDWR);
			if (fd < 0) {
				if (errno != ESRCH && errno != ENOENT)
					CHECK_EQ(errno, ESRCH);
				continue;
			}
			n = i > 1 ? read(fd, buf, 16 * PAGE)
				  : pread(fd, buf, 8 * PAGE, i ? (off_t)p / PAGE * 8 : (off_t)p);
			if (!i)
				pwrite(fd, buf, 8 * PAGE, (off_t)p);
			read_some += n > 0;
			close(fd);
		}
		CHECK_EQ(waitpid(pid, NULL, 0), pid);
	}
	CHECK(read_some > 0);
}

/* ---- What cannot be made or written ---------------------------------------------------------- */

TEST(no_name_can_be_made)
{
	static const char *const names[] = {
		"/proc/nosuch",	     "/proc/999999999",	      "/proc/self/nosuch",
		"/proc/self/fd/999", "/proc/self/fdinfo/999", "/proc/self/task/999999999",
		"/proc/self/ns/x",   "/proc/sys/nosuch",      "/proc/sys/kernel/nosuch",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_ERRNO(open(names[i], O_CREAT | O_WRONLY, 0644), ENOENT);
		CHECK_ERRNO(open(names[i], O_CREAT | O_EXCL, 0644), ENOENT);
		CHECK_ERRNO(mkdir(names[i], 0755), ENOENT);
		CHECK_ERRNO(mknod(names[i], S_IFIFO | 0644, 0), ENOENT);
		CHECK_ERRNO(symlink("x", names[i]), ENOENT);
		CHECK_ERRNO(link("/proc/version", names[i]), ENOENT);
		CHECK_ERRNO(rename("/proc/version", names[i]), ENOENT);
		CHECK_ERRNO(unlink(names[i]), ENOENT);
	}
	CHECK_ERRNO(mkdir("/proc/version", 0755), EEXIST);
	CHECK_ERRNO(open("/proc/version", O_CREAT | O_EXCL, 0644), EEXIST);
	CHECK_ERRNO(unlink("/proc/version"), EPERM);
}

static void check_write(const char *path, int error)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (!guest_check(fd >= 0, __FILE__, __LINE__, "open %s: errno %d", path, errno))
		return;
	guest_check(write(fd, "x", 1) == -1 && errno == error, __FILE__, __LINE__,
		    "write to %s: errno %d, not %d", path, errno, error);
	guest_check(write(fd, "x", 0) == -1 && errno == error, __FILE__, __LINE__,
		    "empty write to %s: errno %d, not %d", path, errno, error);
	close(fd);
}

TEST(root_opens_what_cannot_be_written)
{
	static const char *const machine[] = {
		"version",  "meminfo",	  "stat",	"uptime",   "loadavg",
		"slabinfo", "kpagecount", "kpageflags", "zoneinfo", "buddyinfo",
		"vmstat",   "swaps",	  "cmdline",	"devices",
	};
	static const char *const process[] = {
		"status",  "stat",   "statm",	  "maps",      "smaps",	  "smaps_rollup",
		"pagemap", "limits", "mounts",	  "mountinfo", "cmdline", "environ",
		"auxv",	   "wchan",  "numa_maps", "io",
	};
	char path[64];

	if (getuid())
		guest_skip("needs root");
	for (size_t i = 0; i < ARRAY_SIZE(machine); i++) {
		snprintf(path, sizeof(path), "/proc/%s", machine[i]);
		if (!access(path, F_OK)) /* not every Linux has them all */
			check_write(path, EIO);
	}
	for (size_t i = 0; i < ARRAY_SIZE(process); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", process[i]);
		if (!access(path, F_OK))
			check_write(path, EINVAL);
	}
	/* Settings go by their modes alone. */
	CHECK_ERRNO(open("/proc/sys/kernel/ostype", O_WRONLY), EACCES);
	CHECK_ERRNO(open("/proc/sys/kernel/random/uuid", O_RDWR), EACCES);
	CHECK_ERRNO(access("/proc/sys/kernel", W_OK), EACCES);
	CHECK_ERRNO(unlink("/proc/sys/kernel/ostype"), EACCES);
}

TEST(others_do_not)
{
	if (getuid())
		guest_skip("needs root");
	CHECK_EXITED(IN_CHILD({
			     setgid(1000);
			     setuid(1000);
			     CHECK_ERRNO(open("/proc/version", O_WRONLY), EACCES);
			     CHECK_ERRNO(open("/proc/self/status", O_WRONLY), EACCES);
			     CHECK_ERRNO(open("/proc/sys/kernel/pid_max", O_WRONLY), EACCES);
			     CHECK_ERRNO(open("/proc/nosuch", O_WRONLY | O_CREAT, 0644), ENOENT);
			     CHECK_ERRNO(mkdir("/proc/nosuch", 0755), ENOENT);
		     }),
		     0);
}
