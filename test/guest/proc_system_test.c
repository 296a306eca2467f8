/* SPDX-License-Identifier: MIT */
/* /proc and /sys on the machine as a whole: meminfo, stat, uptime, settings; Quire's own audit. */
#include "guest.h"
#include <sys/utsname.h>

/* The whole of a file in a buffer of its own, or NULL. */
static char *slurp(const char *path)
{
	char *text = malloc(1 << 20);
	size_t length = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

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

TEST(meminfo_adds_up)
{
	long total = guest_field("/proc/meminfo", "MemTotal"), used = 0;
	static const char *const keys[] = {"MemFree", "Cached",	     "AnonPages",
					   "Slab",    "KernelStack", "PageTables"};
	char *text = slurp("/proc/meminfo"), *line, *next;

	CHECK(total > 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		long value = guest_field("/proc/meminfo", keys[i]);

		CHECK(value >= 0);
		used += value;
	}
	CHECK(used <= total);
	CHECK(guest_field("/proc/meminfo", "MemAvailable") <= total);
	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (strncmp(line, "Vmalloc", 7) && strncmp(line, "Huge", 4))
			CHECK_EQ(next - line, 28); /* columns of 16 and 8, " kB" */
	}
	free(text);
}

TEST(cpu_times_add_up)
{
	char *text = slurp("/proc/stat"), *line = text;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), sum[10] = {0}, total[10];

	CHECK_EQ(sscanf(line, "cpu  %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld", &total[0], &total[1],
			&total[2], &total[3], &total[4], &total[5], &total[6], &total[7], &total[8],
			&total[9]),
		 10);
	for (int i = 0; i < cpus; i++) {
		long t[10];
		int n;

		line = strchr(line, '\n') + 1;
		CHECK_EQ(sscanf(line, "cpu%d %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld", &n, &t[0],
				&t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7], &t[8], &t[9]),
			 11);
		for (int j = 0; j < 10; j++)
			sum[j] += t[j];
	}
	for (int j = 0; j < 10; j++)
		CHECK(total[j] >= sum[j] && total[j] - sum[j] <= cpus + 1);
	CHECK(strstr(text, "\nctxt ") && strstr(text, "\nprocesses ") &&
	      strstr(text, "\nprocs_running "));
	line = strstr(text, "\nbtime ");
	REQUIRE(line);
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	CHECK(labs(atol(line + 7) + now.tv_sec - time(NULL)) <= 2);
	free(text);
}

TEST(uptime_and_load)
{
	double up, idle, load[3];
	unsigned int running, threads, last;
	struct timespec now;
	char newline;

	CHECK_EQ(sscanf(guest_read_file("/proc/uptime"), "%lf %lf", &up, &idle), 2);
	clock_gettime(CLOCK_BOOTTIME, &now);
	CHECK(now.tv_sec + now.tv_nsec / 1e9 - up < 1 && up <= now.tv_sec + now.tv_nsec / 1e9);
	CHECK_EQ(sscanf(guest_read_file("/proc/loadavg"), "%lf %lf %lf %u/%u %u%c", &load[0],
			&load[1], &load[2], &running, &threads, &last, &newline),
		 7);
	CHECK(running >= 1 && threads >= running);
}

TEST(settings)
{
	char buf[128];
	struct utsname name;
	struct rlimit limit;
	unsigned int a, b, c, d, e1, e2;

	uname(&name);
	snprintf(buf, sizeof(buf), "%s\n", name.nodename);
	CHECK_STR(guest_read_file("/proc/sys/kernel/hostname"), buf);
	snprintf(buf, sizeof(buf), "%s\n", name.release);
	CHECK_STR(guest_read_file("/proc/sys/kernel/osrelease"), buf);
	CHECK(atoi(guest_read_file("/proc/sys/kernel/pid_max")) > getpid());
	CHECK_EQ(sscanf(guest_read_file("/proc/sys/kernel/random/uuid"), "%8x-%4x-%4x-%4x-%8x%4x",
			&a, &b, &c, &d, &e1, &e2),
		 6);
	CHECK_EQ(c >> 12, 4);
	strcpy(buf, guest_read_file("/proc/sys/kernel/random/boot_id"));
	CHECK_STR(guest_read_file("/proc/sys/kernel/random/boot_id"), buf);
	CHECK_EQ(strlen(buf), 37);
	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(buf, sizeof(buf), "Max open files            %-20lu %-20lu files     \n",
		 (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
	CHECK(strstr(guest_read_file("/proc/self/limits"), buf));
	CHECK(!strncmp(guest_read_file("/proc/version"), "Linux version ", 14));
}

TEST(cpus_in_sysfs)
{
	if (access("/sys/devices/system/cpu/online", R_OK))
		guest_skip("sysfs is not mounted");
	CHECK_EQ(atoi(guest_read_file("/sys/devices/system/cpu/online")), 0);
	CHECK(sysconf(_SC_NPROCESSORS_CONF) >= sysconf(_SC_NPROCESSORS_ONLN));
	CHECK_OK(access("/sys/devices/system/cpu/cpu0/topology/core_id", R_OK));
}

TEST(audit_finds_no_problems)
{
	char *text;

	if (!guest_is_quire())
		guest_skip("only Quire audits itself");
	text = slurp("/proc/quire/audit");
	REQUIRE(text);
	CHECK(strlen(text) > 12 && !strcmp(text + strlen(text) - 12, "\n0 problems\n"));
	if (strstr(text, "audit:"))
		printf("%s", text);
	free(text);
}
