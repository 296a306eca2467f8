/* SPDX-License-Identifier: MIT */
/* The files of /proc: their form is what programs parse, their content what the test just did. */
#include "guest.h"
#include <ctype.h>
#include <dirent.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

TEST(self_links)
{
	char target[300] = "", expected[32];

	snprintf(expected, sizeof(expected), "%d", getpid());
	CHECK(readlink("/proc/self", target, 299) > 0);
	CHECK_STR(target, expected);
	memset(target, 0, sizeof(target));
	CHECK(readlink("/proc/self/exe", target, 299) > 0);
	CHECK_STR(target, guest_program);
	chdir("/tmp");
	memset(target, 0, sizeof(target));
	CHECK(readlink("/proc/self/cwd", target, 299) > 0);
	CHECK_STR(target, "/tmp");
	memset(target, 0, sizeof(target));
	CHECK(readlink("/proc/self/root", target, 299) > 0);
	CHECK_STR(target, "/");
	snprintf(expected, sizeof(expected), "%d/task/%ld", getpid(), syscall(SYS_gettid));
	memset(target, 0, sizeof(target));
	CHECK(readlink("/proc/thread-self", target, 299) > 0);
	CHECK_STR(target, expected);
}

/* Every line of maps: addresses, permissions, offset, device, inode, and the name at column 73. */
TEST(maps_format)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[600];
	unsigned long start, end, offset, inode, last = 0;
	unsigned int major, minor;
	char perms[5];
	int lines = 0, heap = 0, stack = 0, vdso = 0, exe = 0, at = 0;

	sbrk(PAGE);
	REQUIRE(f);
	while (fgets(line, sizeof(line), f)) {
		lines++;
		CHECK_EQ(sscanf(line, "%lx-%lx %4s %lx %x:%x %lu%n", &start, &end, perms, &offset,
				&major, &minor, &inode, &at),
			 7);
		CHECK(start < end && start >= last && !(start & 4095) && !(end & 4095));
		CHECK(strchr("r-", perms[0]) && strchr("w-", perms[1]) && strchr("x-", perms[2]) &&
		      strchr("ps", perms[3]));
		last = end;
		if (strlen(line) > (size_t)at + 2) {
			char *name = line + 73;

			CHECK(line[72] == ' ' && (*name == '/' || *name == '['));
			heap += !strcmp(name, "[heap]\n");
			stack += !strcmp(name, "[stack]\n");
			vdso += !strcmp(name, "[vdso]\n");
			exe += !strncmp(name, guest_program, strlen(guest_program));
		}
	}
	fclose(f);
	CHECK(lines > 5);
	CHECK(heap >= 1);
	CHECK_EQ(stack, 1);
	CHECK_EQ(vdso, 1);
	CHECK(exe >= 3);
}

TEST(maps_of_many_lines_is_read_in_pieces)
{
	char *p = mmap(NULL, 1000 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     buffer[777];
	int fd = open("/proc/self/maps", O_RDONLY), lines = 0;
	ssize_t n;

	for (int i = 0; i < 1000; i += 2)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += buffer[i] == '\n';
	CHECK(lines >= 1000 && lines < 1040);
}

TEST(stat_fields)
{
	char comm[64], state;
	int pid, ppid, pgrp, session, tty, tpgid;
	unsigned long flags;

	prctl(PR_SET_NAME, "a) (b c");
	CHECK_EQ(sscanf(guest_read_file("/proc/self/stat"), "%d (a) (b c) %c %d %d %d %d %d %lu",
			&pid, &state, &ppid, &pgrp, &session, &tty, &tpgid, &flags),
		 8);
	CHECK_EQ(pid, getpid());
	CHECK_EQ(state, 'R');
	CHECK_EQ(ppid, getppid());
	CHECK_EQ(pgrp, getpgrp());
	CHECK_EQ(session, getsid(0));
	CHECK(sscanf(guest_read_file("/proc/self/comm"), "%63[^\n]", comm) == 1);
	CHECK_STR(comm, "a) (b c");
	/* 52 fields. */
	int fields = 2;

	for (const char *p = strrchr(guest_read_file("/proc/self/stat"), ')') + 1; *p; p++)
		fields += *p == ' ';
	CHECK_EQ(fields, 52);
}

TEST(status_fields)
{
	static const char *const wanted[] = {"Name",
					     "Umask",
					     "State",
					     "Tgid",
					     "Ngid",
					     "Pid",
					     "PPid",
					     "TracerPid",
					     "Uid",
					     "Gid",
					     "FDSize",
					     "Groups",
					     "VmPeak",
					     "VmSize",
					     "VmLck",
					     "VmPin",
					     "VmHWM",
					     "VmRSS",
					     "RssAnon",
					     "RssFile",
					     "RssShmem",
					     "VmData",
					     "VmStk",
					     "VmExe",
					     "VmLib",
					     "VmPTE",
					     "VmSwap",
					     "Threads",
					     "SigQ",
					     "SigPnd",
					     "ShdPnd",
					     "SigBlk",
					     "SigIgn",
					     "SigCgt",
					     "CapInh",
					     "CapPrm",
					     "CapEff",
					     "CapBnd",
					     "CapAmb",
					     "NoNewPrivs",
					     "Cpus_allowed",
					     "Cpus_allowed_list",
					     "voluntary_ctxt_switches",
					     "nonvoluntary_ctxt_switches"};
	const char *text = guest_read_file("/proc/self/status");

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n%s:\t", wanted[i]);
		guest_check(i == 0 ? !strncmp(text, line + 1, strlen(line) - 1)
				   : strstr(text, line) != NULL,
			    __FILE__, __LINE__, "no %s in status", wanted[i]);
	}
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMAX);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	raise(SIGUSR1);
	text = guest_read_file("/proc/self/status");
	CHECK(strstr(text, "SigBlk:\t8000000000000200\n"));
	CHECK(strstr(text, "SigPnd:\t0000000000000200\n"));
	const char *ignored = strstr(text, "SigIgn:\t");

	CHECK(ignored && strtoull(ignored + 8, NULL, 16) & 0x800);
	CHECK(strstr(text, "State:\tR (running)\n"));
}

HELPER(proc_wait_to_be_read)
{
	char c;

	write(1, "r", 1);
	return read(0, &c, 1) == 0 ? 0 : 1;
}

TEST(another_process)
{
	int in[2], out[2];
	char c, path[64];

	pipe(in);
	pipe(out);
	pid_t pid = IN_CHILD({
		char *args[] = { guest_program, "@proc_wait_to_be_read", "argument two", "", NULL };
		char *env[] = { "VARIABLE=value", "B=2", NULL };

		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		chdir("/dev");
		execve(guest_program, args, env);
	});
	CHECK_EQ(read(out[0], &c, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	const char *text = guest_read_file(path);
	char expected[400];
	size_t length =
		snprintf(expected, sizeof(expected), "%s%c@proc_wait_to_be_read%cargument two%c%c",
			 guest_program, 0, 0, 0, 0);

	CHECK(!memcmp(text, expected, length));
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	CHECK(!memcmp(guest_read_file(path), "VARIABLE=value\0B=2\0", 19));
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	char target[300] = "";

	readlink(path, target, 299);
	CHECK_STR(target, "/dev");
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	memset(target, 0, sizeof(target));
	readlink(path, target, 299);
	CHECK_STR(target, guest_program);
	snprintf(path, sizeof(path), "/proc/%d/fd/0", pid);
	memset(target, 0, sizeof(target));
	readlink(path, target, 299);
	CHECK(!strncmp(target, "pipe:[", 6));
	CHECK(WAIT_UNTIL(guest_task_state(pid) == 'S'));
	close(in[1]);
	CHECK(WAIT_UNTIL(guest_task_state(pid) == 'Z'));
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	CHECK_STR(guest_read_file(path), "");
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	CHECK_STR(guest_read_file(path), "");
	CHECK_EXITED(pid, 0);
	CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
}

TEST(a_kept_file_of_a_dead_process)
{
	char path[64], c;
	pid_t pid = IN_CHILD(for (;;) pause());

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = CHECK_OK(open(path, O_RDONLY));

	snprintf(path, sizeof(path), "/proc/%d", pid);
	int dir = CHECK_OK(open(path, O_RDONLY | O_DIRECTORY));

	kill(pid, SIGKILL);
	guest_wait(pid);
	CHECK_ERRNO(read(fd, &c, 1), ESRCH);
	CHECK_EQ(openat(dir, "stat", O_RDONLY), -1);
	CHECK(errno == ENOENT || errno == ESRCH); /* depends on what is cached */
}

TEST(listing)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool self = false, one = false;

	while ((e = readdir(d))) {
		if (isdigit(e->d_name[0])) {
			self |= atoi(e->d_name) == getpid();
			one |= atoi(e->d_name) == 1;
		}
	}
	closedir(d);
	CHECK(self);
	CHECK(one);
	CHECK_ERRNO(open("/proc/999999", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("/proc/0", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("/proc/01", O_RDONLY), ENOENT);
	CHECK(mkdir("/proc/x", 0755) == -1);
}

TEST(descriptors_are_listed)
{
	char path[64], target[300] = "";
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), count = 0;
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while ((e = readdir(d)))
		count += e->d_name[0] != '.';
	closedir(d);
	CHECK_EQ(count, 5); /* 0 1 2, /dev/null and the directory itself */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(readlink(path, target, 299) > 0);
	CHECK_STR(target, "/dev/null");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	const char *text = guest_read_file(path);

	CHECK(strstr(text, "pos:\t0\n"));
	CHECK(strstr(text, "flags:\t02"));
	CHECK_EQ(open("/dev/fd/1", O_WRONLY) >= 0 || errno == ENXIO || errno == EACCES, 1);
}

#include <pthread.h>

static void *sleep_in_thread(void *unused)
{
	prctl(PR_SET_NAME, "worker");
	for (;;)
		pause();
	return NULL;
}

TEST(threads_under_task)
{
	pthread_t thread;
	DIR *d;
	struct dirent *e;
	int count = 0, workers = 0;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, sleep_in_thread, NULL);
	guest_sleep_ms(30);
	d = opendir("/proc/self/task");
	while ((e = readdir(d))) {
		char path[300];

		if (e->d_name[0] == '.')
			continue;
		count++;
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		workers += !strcmp(guest_read_file(path), "worker\n");
	}
	closedir(d);
	CHECK_EQ(count, 4);
	CHECK_EQ(workers, 3);
}

TEST(comm_can_be_written)
{
	char comm[16];
	int fd = open("/proc/self/comm", O_WRONLY);

	CHECK(write(fd, "a_name_longer_than_fits", 23) > 0);
	prctl(PR_GET_NAME, comm);
	CHECK_STR(comm, "a_name_longer_t");
}

TEST(system_files)
{
	struct sysinfo info;
	double up, idle;

	CHECK_EQ(sscanf(guest_read_file("/proc/uptime"), "%lf %lf", &up, &idle), 2);
	sysinfo(&info);
	CHECK(up > 0 && labs((long)up - info.uptime) <= 2);
	const char *text = guest_read_file("/proc/stat");

	CHECK(!strncmp(text, "cpu  ", 5));
	CHECK(strstr(text, "\ncpu0 "));
	CHECK(strstr(text, "\nctxt "));
	CHECK(strstr(text, "\nbtime "));
	CHECK(strstr(text, "\nprocesses "));
	CHECK(strstr(text, "\nprocs_running "));
	text = guest_read_file("/proc/cpuinfo");
	CHECK(strstr(text, "processor\t: 0\n"));
	CHECK(strstr(text, "flags\t\t: "));
	CHECK(strstr(text, "vendor_id\t: "));
	CHECK(guest_field("/proc/meminfo", "MemTotal") > 1000);
	CHECK(guest_field("/proc/meminfo", "MemFree") > 0);
	CHECK(guest_field("/proc/meminfo", "Buffers") >= 0);
	CHECK(guest_field("/proc/meminfo", "Cached") >= 0);
	CHECK(guest_field("/proc/meminfo", "SwapTotal") >= 0);
	CHECK(strstr(guest_read_file("/proc/mounts"), " /proc proc "));
	CHECK(strstr(guest_read_file("/proc/self/mountinfo"), " - proc "));
	struct utsname u;

	uname(&u);
	text = guest_read_file("/proc/version");
	CHECK(!strncmp(text, "Linux version ", 14));
	CHECK(!strncmp(text + 14, u.release, strlen(u.release)));
	CHECK(strstr(guest_read_file("/proc/filesystems"), "\ttmpfs\n"));
	double a, b, c;
	int running, all, last;

	CHECK_EQ(sscanf(guest_read_file("/proc/loadavg"), "%lf %lf %lf %d/%d %d", &a, &b, &c,
			&running, &all, &last),
		 6);
	CHECK(running >= 1 && all >= running);
	CHECK(strlen(guest_read_file("/proc/cmdline")) > 0);
	CHECK(atoi(guest_read_file("/proc/sys/kernel/pid_max")) >= 300);
	CHECK(!strncmp(guest_read_file("/proc/sys/kernel/osrelease"), u.release,
		       strlen(u.release)));
	CHECK(strlen(guest_read_file("/proc/sys/kernel/random/uuid")) == 37);
}

TEST(cpus_online)
{
	const char *text = guest_read_file("/sys/devices/system/cpu/online");

	CHECK(text[0] == '0');
	CHECK(text[strlen(text) - 1] == '\n');
	CHECK(guest_read_file("/sys/devices/system/cpu/possible")[0] == '0');
	CHECK(guest_read_file("/sys/devices/system/cpu/present")[0] == '0');
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
	CHECK_EQ(get_nprocs_conf() >= get_nprocs(), 1);
}

TEST(limits_file)
{
	struct rlimit limit = { 100, 200 };

	setrlimit(RLIMIT_NOFILE, &limit);
	const char *text = guest_read_file("/proc/self/limits");

	CHECK(strstr(text,
		     "Limit                     Soft Limit           Hard Limit           Units"));
	CHECK(strstr(text,
		     "Max open files            100                  200                  files"));
}

TEST(mem_file)
{
	int fd = CHECK_OK(open("/proc/self/mem", O_RDWR));
	char *p = guest_map(PAGE), text[6] = "";

	strcpy(p, "proc!");
	CHECK_EQ(pread(fd, text, 5, (off_t)p), 5);
	CHECK_STR(text, "proc!");
	CHECK_EQ(pwrite(fd, "PROC", 4, (off_t)p), 4);
	CHECK_STR(p, "PROC!");
	CHECK_ERRNO(pread(fd, text, 5, 8), EIO);
}
