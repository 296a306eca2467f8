/* SPDX-License-Identifier: MIT */
/* /proc: formats as programs parse them, and numbers that agree with what the program knows of
 * itself. */
#include "guest.h"
#include <dirent.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>

/* Read @path once more: a pointer into a buffer of its own, for texts that are compared. */
static char *slurp(const char *format, ...)
{
	char path[128], *text = malloc(1 << 20);
	size_t length = 0;
	ssize_t n;
	va_list args;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		free(text);
		return NULL;
	}
	while ((n = read(fd, text + length, (1 << 20) - 1 - length)) > 0)
		length += n;
	close(fd);
	text[length] = 0;
	return text;
}

static int read_errno(const char *format, pid_t pid)
{
	char path[64], byte;
	int fd, error = 0;

	snprintf(path, sizeof(path), format, pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return errno;
	if (read(fd, &byte, 1) < 0)
		error = errno;
	close(fd);
	return error;
}

/* Field @n (1 is the pid) of /proc/PID/stat, of which 2 and 3 are no numbers. */
static long long stat_field(pid_t pid, int n)
{
	char *text = slurp("/proc/%d/stat", pid), *p = text ? strrchr(text, ')') : NULL;
	long long value = -1;

	if (!p)
		return -1;
	for (int i = 2; i < n && p; i++)
		p = strchr(p + 1, ' ');
	if (p)
		value = strtoull(p + 1, NULL, 10);
	free(text);
	return value;
}

/* Sum of the values of @key in smaps or smaps_rollup, KiB. */
static long smaps_sum(const char *file, const char *key)
{
	char *text = slurp("/proc/self/%s", file), *line = text;
	size_t length = strlen(key);
	long sum = 0;

	while (line) {
		if (!strncmp(line, key, length) && line[length] == ':')
			sum += strtol(line + length + 1, NULL, 10);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	free(text);
	return sum;
}

/* Value of @key of the mapping that begins at @address in @pid's smaps, KiB; -1. */
static long smaps_of(pid_t pid, const void *address, const char *key)
{
	char *text = slurp("/proc/%d/smaps", pid), start[32], *line;
	long value = -1;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)address);
	line = text ? strstr(text, start) : NULL;
	if (line) {
		line = strstr(line, key);
		if (line)
			value = strtol(line + strlen(key) + 1, NULL, 10);
	}
	free(text);
	return value;
}

/* ---- Who ------------------------------------------------------------------------------------- */

TEST(self_is_the_caller)
{
	char link[64] = "", want[64];

	CHECK_OK(readlink("/proc/self", link, sizeof(link) - 1));
	CHECK_EQ(atoi(link), getpid());
	memset(link, 0, sizeof(link));
	CHECK_OK(readlink("/proc/thread-self", link, sizeof(link) - 1));
	snprintf(want, sizeof(want), "%d/task/%d", getpid(), (int)syscall(SYS_gettid));
	CHECK_STR(link, want);
}

TEST(stat_has_52_fields_that_are_true)
{
	char *text = slurp("/proc/self/stat"), *end = strrchr(text, ')');
	int spaces = 0;

	for (char *p = end; *p; p++)
		spaces += *p == ' ';
	CHECK_EQ(spaces, 50);
	CHECK_EQ(text[strlen(text) - 1], '\n');
	CHECK_EQ(end[2], 'R');
	CHECK_EQ(stat_field(getpid(), 4), getppid());
	CHECK_EQ(stat_field(getpid(), 5), getpgrp());
	CHECK_EQ(stat_field(getpid(), 6), getsid(0));
	CHECK_EQ(stat_field(getpid(), 18), 20 + getpriority(PRIO_PROCESS, 0));
	CHECK_EQ(stat_field(getpid(), 20), 1);
	CHECK_EQ(stat_field(getpid(), 23), guest_field("/proc/self/status", "VmSize") * 1024);
	CHECK_EQ(stat_field(getpid(), 38), SIGCHLD);
	CHECK_EQ(stat_field(getpid(), 48) >= stat_field(getpid(), 28),
		 true); /* arguments lie above the stack's start */
	free(text);
}

TEST(faults_are_counted)
{
	char *memory = guest_map(64 * PAGE);
	long long before = stat_field(getpid(), 10);

	for (int i = 0; i < 64; i++)
		memory[i * PAGE] = 1;
	CHECK(stat_field(getpid(), 10) - before >= 64);
	CHECK(stat_field(getpid(), 10) - before < 192);
}

TEST(status_tells_ids_and_signals)
{
	char *text;

	prctl(PR_SET_NAME, "a\\b\nc");
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, (void (*)(int))guest_sleep_ms);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	text = slurp("/proc/self/status");
	CHECK(!strncmp(text, "Name:\ta\\\\b\\nc\n", 14));
	CHECK(strstr(text, "\nState:\tR (running)\n"));
	CHECK(strstr(text, "\nSigIgn:\t0000000000000200\n"));
	CHECK(strstr(text, "\nSigBlk:\t0000000000004000\n"));
	CHECK(strstr(text, "\nShdPnd:\t0000000000000000\n") ||
	      strstr(text, "\nShdPnd:\t0000000000004000\n"));
	CHECK(strstr(text, "\nSigPnd:\t0000000000004000\n"));
	CHECK(strtoull(strstr(text, "\nSigCgt:\t") + 9, NULL, 16) & (1 << (SIGUSR2 - 1)));
	CHECK(strstr(text, "\nThreads:\t1\n"));
	CHECK_EQ(guest_field("/proc/self/status", "Tgid"), getpid());
	CHECK_EQ(guest_field("/proc/self/status", "PPid"), getppid());
	CHECK_EQ(guest_field("/proc/self/status", "Uid"), getuid());
	free(text);
}

static void *sleeping_thread(void *arg)
{
	prctl(PR_SET_NAME, "sleeper");
	*(pid_t *)arg = syscall(SYS_gettid);
	pause();
	return NULL;
}

TEST(threads_are_in_task)
{
	pid_t tids[3] = {0};
	pthread_t threads[3];
	struct dirent *entry;
	int found = 0, dots = 0;
	char *text;
	DIR *dir;

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, sleeping_thread, &tids[i]);
	WAIT_UNTIL(*(volatile pid_t *)&tids[0] && *(volatile pid_t *)&tids[1] &&
		   *(volatile pid_t *)&tids[2]);
	dir = opendir("/proc/self/task");
	REQUIRE(dir);
	while ((entry = readdir(dir))) {
		dots += entry->d_name[0] == '.';
		for (int i = 0; i < 3; i++)
			found += atoi(entry->d_name) == tids[i];
	}
	closedir(dir);
	CHECK_EQ(found, 3);
	CHECK_EQ(dots, 2);
	CHECK_EQ(guest_field("/proc/self/status", "Threads"), 4);
	CHECK_EQ(stat_field(getpid(), 20), 4);
	text = slurp("/proc/self/task/%d/comm", tids[1]);
	CHECK_STR(text, "sleeper\n");
	free(text);
	text = slurp("/proc/%d/status", tids[2]); /* not listed, but there */
	REQUIRE(text);
	CHECK_EQ(atoi(strstr(text, "Tgid:") + 5), getpid());
	CHECK_EQ(atoi(strstr(text, "\nPid:") + 5), tids[2]);
	free(text);
}

TEST(comm_can_be_written)
{
	guest_write_file("/proc/self/comm", "a-very-long-name-indeed", 0644);
	CHECK_STR(guest_read_file("/proc/self/comm"), "a-very-long-nam\n");
	int fd = open("/proc/1/comm", O_WRONLY);
	if (fd >= 0 && getpid() != 1)
		CHECK_ERRNO(write(fd, "x", 1), EINVAL);
}

TEST(dead_processes_vanish)
{
	pid_t child = IN_CHILD(pause());
	char path[64], link[1];
	int fd, dir, status;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	fd = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d", child);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0 && dir >= 0);
	kill(child, SIGKILL);
	CHECK(WAIT_UNTIL(guest_task_state(child) == 'Z'));
	snprintf(path, sizeof(path), "/proc/%d/cmdline", child);
	CHECK_STR(guest_read_file(path), "");
	snprintf(path, sizeof(path), "/proc/%d/maps", child);
	CHECK_STR(guest_read_file(path), "");
	snprintf(path, sizeof(path), "/proc/%d/exe", child);
	CHECK_ERRNO(readlink(path, link, 1), ENOENT);
	waitpid(child, &status, 0);
	CHECK_ERRNO(read(fd, path, 1), ESRCH);
	CHECK_ERRNO(openat(dir, "stat", O_RDONLY), ESRCH);
	snprintf(path, sizeof(path), "/proc/%d", child);
	CHECK_ERRNO(access(path, F_OK), ENOENT);
	close(fd);
	close(dir);
}

TEST(processes_are_listed_by_number)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int last = 0, self = 0, wrong = 0;

	REQUIRE(dir);
	while ((entry = readdir(dir))) {
		int pid = atoi(entry->d_name);

		if (!pid)
			continue;
		wrong += pid <= last;
		last = pid;
		self += pid == getpid();
	}
	closedir(dir);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(self, 1);
	CHECK_ERRNO(access("/proc/00001", F_OK), ENOENT);
	CHECK_ERRNO(access("/proc/99999999", F_OK), ENOENT);
}

TEST(oom_score_adj_is_inherited)
{
	guest_write_file("/proc/self/oom_score_adj", "500", 0644);
	CHECK_STR(guest_read_file("/proc/self/oom_score_adj"), "500\n");
	CHECK(atoi(guest_read_file("/proc/self/oom_score")) >= 999);
	CHECK_EXITED(IN_CHILD({
			     int fd = open("/proc/self/oom_score_adj", O_WRONLY);

			     CHECK_STR(guest_read_file("/proc/self/oom_score_adj"), "500\n");
			     CHECK_ERRNO(write(fd, "1001", 4), EINVAL);
			     CHECK_ERRNO(write(fd, "x", 1), EINVAL);
		     }),
		     0);
}

TEST(io_counts_bytes)
{
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
	static char buf[5000];
	long rchar = guest_field("/proc/self/io", "rchar"),
	     wchar = guest_field("/proc/self/io", "wchar");
	long after;

	CHECK_EQ(read(zero, buf, sizeof(buf)), sizeof(buf));
	CHECK_EQ(write(null, buf, sizeof(buf)), sizeof(buf));
	after = guest_field("/proc/self/io", "rchar");
	CHECK(after - rchar >= (long)sizeof(buf) && after - rchar < (long)sizeof(buf) + 1000);
	CHECK_EQ(guest_field("/proc/self/io", "wchar") - wchar, sizeof(buf));
}

/* ---- Memory ---------------------------------------------------------------------------------- */

TEST(maps_describe_a_file_mapping)
{
	char path[] = "/tmp/proc_maps_XXXXXX", *text, *line, name[128], perms[5];
	unsigned long start, end, inode;
	unsigned int dev_major, dev_minor;
	unsigned long long offset;
	int fd = mkstemp(path), name_at;
	struct stat st;
	char *map;

	REQUIRE(fd >= 0);
	ftruncate(fd, 3 * PAGE);
	fstat(fd, &st);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	REQUIRE(map != MAP_FAILED);
	text = slurp("/proc/self/maps");
	line = strstr(text, "/tmp/proc_maps_");
	REQUIRE(line);
	while (line > text && line[-1] != '\n')
		line--;
	CHECK_EQ(sscanf(line, "%lx-%lx %4s %llx %x:%x %lu %n%127s", &start, &end, perms, &offset,
			&dev_major, &dev_minor, &inode, &name_at, name),
		 8);
	CHECK_EQ(start, (unsigned long)map);
	CHECK_EQ(end - start, PAGE);
	CHECK_STR(perms, "r--s");
	CHECK_EQ(offset, 2 * PAGE);
	CHECK_EQ(makedev(dev_major, dev_minor), st.st_dev);
	CHECK_EQ(inode, st.st_ino);
	CHECK_EQ(name_at, 73);
	CHECK_STR(name, path);
	free(text);
	unlink(path);
	text = slurp("/proc/self/maps");
	CHECK(strstr(text, " (deleted)\n"));
	free(text);
}

TEST(maps_lines_without_a_name_end_in_a_blank)
{
	char *map = guest_map(PAGE), start[32], *text, *line;

	mprotect(map, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	text = slurp("/proc/self/maps");
	snprintf(start, sizeof(start), "%lx-%lx rwxp ", (unsigned long)map,
		 (unsigned long)map + PAGE);
	line = strstr(text, start);
	REQUIRE(line);
	CHECK(!strncmp(line + strlen(start), "00000000 00:00 0 \n", 18));
	CHECK(strstr(text, "[stack]\n"));
	CHECK(strstr(text, "[vdso]\n"));
	free(text);
}

TEST(smaps_count_pages)
{
	char *all = guest_map(17 * PAGE), *map = all + PAGE;

	mprotect(all, PAGE, PROT_NONE); /* no neighbour is merged in */
	mprotect(map + 15 * PAGE, PAGE, PROT_NONE);
	map[0] = map[PAGE] = map[5 * PAGE] = 1;
	CHECK_EQ(smaps_of(getpid(), map, "Size"), 15 * 4);
	CHECK_EQ(smaps_of(getpid(), map, "Rss"), 12);
	CHECK_EQ(smaps_of(getpid(), map, "Pss"), 12);
	CHECK_EQ(smaps_of(getpid(), map, "Anonymous"), 12);
	CHECK_EQ(smaps_of(getpid(), map, "Private_Dirty"), 12);
	CHECK_EQ(smaps_of(getpid(), map, "Shared_Dirty"), 0);
	CHECK_EQ(smaps_of(getpid(), map, "Locked"), 0);
	pid_t child = IN_CHILD(pause());
	CHECK_EQ(smaps_of(getpid(), map, "Rss"), 12);
	CHECK_EQ(smaps_of(getpid(), map, "Pss"), 6);
	CHECK_EQ(smaps_of(getpid(), map, "Shared_Dirty"), 12);
	CHECK_EQ(smaps_of(child, map, "Pss"), 6);
	map[0] = 2;
	CHECK_EQ(smaps_of(getpid(), map, "Pss"), 8);
	CHECK_EQ(smaps_of(child, map, "Private_Dirty"), 4);
	kill(child, SIGKILL);
	CHECK_KILLED(child, SIGKILL);
	CHECK_EQ(smaps_of(getpid(), map, "Private_Dirty"), 12);
	munmap(all, 17 * PAGE);
}

TEST(rollup_is_the_sum)
{
	static const char *const keys[] = {"Rss", "Shared_Clean", "Private_Dirty", "Anonymous",
					   "Swap"};

	smaps_sum("smaps", "Rss"); /* once, so that the program's own pages are all there */
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		long sum = smaps_sum("smaps", keys[i]), rollup = smaps_sum("smaps_rollup", keys[i]);

		CHECK(sum - rollup < 16 && rollup - sum < 16); /* reading takes a page or two */
	}
	CHECK(strstr(guest_read_file("/proc/self/smaps_rollup"), " ---p 00000000 00:00 0 "));
}

TEST(pagemap_knows_what_is_present)
{
	char *map = guest_map(8 * PAGE);
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t words[8];

	REQUIRE(fd >= 0);
	map[PAGE] = map[6 * PAGE] = 1;
	CHECK_EQ(pread(fd, words, sizeof(words), (uintptr_t)map / PAGE * 8), sizeof(words));
	for (int i = 0; i < 8; i++)
		CHECK_EQ(words[i] >> 63, i == 1 || i == 6);
	CHECK_EQ(words[1] >> 61 & 1, 0);
	CHECK_EQ(words[1] >> 56 & 1, 1);
	CHECK_EQ(words[0] & ((1ULL << 55) - 1), 0);
	CHECK_ERRNO(pread(fd, words, 7, 0), EINVAL);
	CHECK_ERRNO(pread(fd, words, 8, 4), EINVAL);
	CHECK_EQ(pread(fd, words, 8, (1ULL << 47) / PAGE * 8), 0);
	close(fd);
}

TEST(mem_is_the_memory)
{
	static char text[] = "there it is";
	char copy[sizeof(text)] = "";
	int fd = open("/proc/self/mem", O_RDWR);
	char *map = guest_map(2 * PAGE);

	REQUIRE(fd >= 0);
	CHECK_EQ(pread(fd, copy, sizeof(copy), (uintptr_t)text), sizeof(copy));
	CHECK_STR(copy, text);
	CHECK_EQ(pwrite(fd, "T", 1, (uintptr_t)text), 1);
	CHECK_STR(text, "There it is");
	mprotect(map, PAGE, PROT_READ);
	CHECK_EQ(pwrite(fd, "ro", 2, (uintptr_t)map), 2); /* a debugger may */
	CHECK_STR(map, "ro");
	munmap(map + PAGE, PAGE);
	CHECK_EQ(pread(fd, copy, 8, (uintptr_t)map + PAGE - 4), 4);
	CHECK_ERRNO(pread(fd, copy, 8, (uintptr_t)map + PAGE), EIO);
	CHECK_ERRNO(pread(fd, copy, 8, 0), EIO);
	close(fd);
}

/* Exits with the number of the first thing that is wrong. */
HELPER(proc_strings)
{
	char *text = slurp("/proc/self/cmdline");
	unsigned long *auxv;

	if (strcmp(text, guest_program) || strcmp(text + strlen(text) + 1, "@proc_strings"))
		return 1;
	free(text);
	text = slurp("/proc/self/environ");
	if (strcmp(text, "ONE=1") || strcmp(text + 6, "TWO=22") || text[13])
		return 2;
	free(text);
	auxv = (unsigned long *)slurp("/proc/self/auxv");
	for (int i = 0; auxv[i]; i += 2) {
		if (auxv[i] != AT_HWCAP &&
		    auxv[i + 1] != getauxval(auxv[i])) /* of which libc makes something else */
			return 3;
	}
	return 0;
}

TEST(cmdline_environ_and_auxv)
{
	char name[] = "@proc_strings", *argv[] = {guest_program, name, NULL},
	     *envp[] = {"ONE=1", "TWO=22", NULL};

	CHECK_EXITED(IN_CHILD({
			     execve(guest_program, argv, envp);
			     _exit(9);
		     }),
		     0);
}

/* ---- Files ----------------------------------------------------------------------------------- */

TEST(fd_links_show_files)
{
	char path[] = "/tmp/proc_fd_XXXXXX", link[256] = "", name[64], want[64];
	int fd = mkstemp(path), pipes[2];
	struct stat st, pipe_st;

	REQUIRE(fd >= 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_OK(readlink(name, link, sizeof(link) - 1));
	CHECK_STR(link, path);
	CHECK_OK(lstat(name, &st));
	CHECK_EQ(st.st_mode, S_IFLNK | 0700);
	CHECK_EQ(st.st_size, 64);
	unlink(path);
	memset(link, 0, sizeof(link));
	CHECK_OK(readlink(name, link, sizeof(link) - 1));
	CHECK(strstr(link, " (deleted)"));
	write(fd, "kept", 4);
	CHECK_STR(guest_read_file(name), "kept"); /* the link opens what has no name any more */

	CHECK_OK(pipe(pipes));
	fstat(pipes[1], &pipe_st);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", pipes[1]);
	snprintf(want, sizeof(want), "pipe:[%lu]", (unsigned long)pipe_st.st_ino);
	memset(link, 0, sizeof(link));
	CHECK_OK(readlink(name, link, sizeof(link) - 1));
	CHECK_STR(link, want);
	CHECK_OK(lstat(name, &st));
	CHECK_EQ(st.st_mode, S_IFLNK | 0300);
	close(pipes[1]);
	CHECK_ERRNO(lstat(name, &st), ENOENT);
	close(pipes[0]);
	close(fd);
}

TEST(fdinfo_shows_position_and_flags)
{
	char path[] = "/tmp/proc_fdinfo_XXXXXX", name[64];
	int fd = mkostemp(path, O_APPEND | O_CLOEXEC);
	unsigned long flags;
	long pos;
	char *text;

	REQUIRE(fd >= 0);
	write(fd, "twelve bytes", 12);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	text = slurp(name);
	REQUIRE(text);
	CHECK_EQ(sscanf(text, "pos:\t%ld\nflags:\t%lo\nmnt_id:", &pos, &flags), 2);
	CHECK_EQ(pos, 12);
	CHECK_EQ(flags & (O_ACCMODE | O_APPEND | O_CLOEXEC), O_RDWR | O_APPEND | O_CLOEXEC);
	free(text);
	unlink(path);
	close(fd);
}

TEST(fd_lists_what_is_open)
{
	int fd = open("/dev/null", O_RDONLY), found = 0, total = 0;
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	REQUIRE(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		total++;
		found += atoi(entry->d_name) == fd;
		CHECK_EQ(entry->d_type, DT_LNK);
	}
	CHECK_EQ(found, 1);
	CHECK(total >= 2);
	closedir(dir);
	close(fd);
}

TEST(links_to_directories_and_program)
{
	char link[256] = "";
	struct stat a, b;

	CHECK_OK(chdir("/tmp"));
	CHECK_OK(readlink("/proc/self/cwd", link, sizeof(link) - 1));
	CHECK_STR(link, "/tmp");
	memset(link, 0, sizeof(link));
	CHECK_OK(readlink("/proc/self/root", link, sizeof(link) - 1));
	CHECK_STR(link, "/");
	CHECK_OK(stat("/proc/self/exe", &a));
	CHECK_OK(stat(guest_program, &b));
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK_OK(access("/proc/self/root/proc/self/cwd/../tmp", F_OK));
}

TEST(mounts_name_proc)
{
	CHECK(strstr(guest_read_file("/proc/mounts"), " /proc proc rw"));
	CHECK(strstr(guest_read_file("/proc/self/mountinfo"), " /proc "));
}

/* ---- Whose secrets --------------------------------------------------------------------------- */

TEST(secrets_are_the_owners)
{
	if (geteuid())
		guest_skip("needs root");
	pid_t target = IN_CHILD(pause());

	CHECK_EXITED(IN_CHILD({
			     char path[64], link[1];
			     struct stat st;

			     snprintf(path, sizeof(path), "/proc/%d/environ", target);
			     CHECK_OK(stat(path, &st));
			     CHECK_EQ(st.st_uid, 0);
			     CHECK_OK(setresgid(1000, 1000, 1000));
			     CHECK_OK(setresuid(1000, 1000, 1000));
			     CHECK_EQ(read_errno("/proc/%d/environ", target), EACCES);
			     CHECK_EQ(read_errno("/proc/%d/maps", target), EACCES);
			     CHECK_EQ(read_errno("/proc/%d/smaps", target), EACCES);
			     CHECK_EQ(read_errno("/proc/%d/mem", target), EACCES);
			     CHECK_EQ(read_errno("/proc/%d/pagemap", target), EACCES);
			     CHECK_EQ(read_errno("/proc/%d/io", target), EACCES);
			     CHECK_EQ(read_errno("/proc/%d/stat", target), 0);
			     CHECK_EQ(read_errno("/proc/%d/status", target), 0);
			     CHECK_EQ(read_errno("/proc/%d/cmdline", target), 0);
			     CHECK_EQ(stat_field(target, 28), 0);
			     snprintf(path, sizeof(path), "/proc/%d/exe", target);
			     CHECK_ERRNO(readlink(path, link, 1), EACCES);
			     snprintf(path, sizeof(path), "/proc/%d/fd", target);
			     CHECK_ERRNO(open(path, O_RDONLY), EACCES);
			     /* Having changed who it is, it must not be dumped; its own files stay
			      * its own all the same. */
			     CHECK_EQ(read_errno("/proc/self/maps", 0), 0);
			     CHECK_OK(open("/proc/self/fd", O_RDONLY));
		     }),
		     0);
	kill(target, SIGKILL);
	CHECK_KILLED(target, SIGKILL);
}
