/* SPDX-License-Identifier: MIT */
/* The kernel log as programs read it: /dev/kmsg by records, syslog(2) as a text. */
#include "guest.h"
#include <sys/klog.h>

static int open_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		guest_skip("may not read the log");
	return fd;
}

static void needs_own_log(void)
{
	if (!guest_is_quire() || getuid())
		guest_skip("would write to this machine's log");
}

static void say(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY);

	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

struct record {
	unsigned int prio;
	unsigned long long seq, usec;
	char text[1024];
};

/* The next record: true; false: none yet. */
static bool next(int fd, struct record *r)
{
	char buf[8192], *semicolon;
	ssize_t n;

	do
		n = read(fd, buf, sizeof(buf) - 1);
	while (n < 0 && errno == EPIPE); /* it was overwritten: on with the oldest */
	if (n < 0)
		return false;
	buf[n] = 0;
	semicolon = strchr(buf, ';');
	CHECK_EQ(sscanf(buf, "%u,%llu,%llu,", &r->prio, &r->seq, &r->usec), 3);
	REQUIRE(semicolon && semicolon[1]);
	strncpy(r->text, semicolon + 1, sizeof(r->text) - 1);
	r->text[sizeof(r->text) - 1] = 0;
	CHECK_EQ(buf[n - 1], '\n');
	return true;
}

TEST(each_read_takes_one_record)
{
	struct record r, before = {.seq = 0};
	int fd = open_log(), records = 0;

	while (next(fd, &r) && records < 1000) {
		if (records)
			CHECK_EQ(r.seq, before.seq + 1);
		before = r;
		records++;
	}
	CHECK(records > 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(next(fd, &r));
	CHECK_ERRNO(lseek(fd, 1, SEEK_SET), ESPIPE);
	close(fd);
}

TEST(a_record_does_not_fit_a_small_buffer)
{
	int fd = open_log();
	char small[8];

	CHECK_ERRNO(read(fd, small, sizeof(small)), EINVAL);
	close(fd);
}

TEST(at_the_end_there_is_nothing_yet)
{
	needs_own_log();
	int fd = open_log();
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	struct record r;
	char byte;

	CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
	CHECK_ERRNO(read(fd, &byte, 1), EAGAIN);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	say("<3>something went wrong\n");
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK(next(fd, &r));
	CHECK_STR(r.text, "something went wrong\n");
	CHECK_EQ(r.prio, 8 + 3);
	say("plain");
	CHECK(next(fd, &r));
	CHECK_STR(r.text, "plain\n");
	CHECK_EQ(r.prio, 8 + 4);
	say("<14>back\\slash \001");
	CHECK(next(fd, &r));
	CHECK_STR(r.text, "back\\x5cslash \\x01\n");
	CHECK_EQ(r.prio, 14);
	CHECK(!next(fd, &r));
	close(fd);
}

TEST(syslog_reads_whole_lines_since_it_was_cleared)
{
	needs_own_log();
	char buf[65536], few[64];
	int n, size = klogctl(10, NULL, 0);

	CHECK(size >= 16384);
	say("first line");
	n = klogctl(3, buf, sizeof(buf) - 1);
	CHECK(n > 0);
	buf[n > 0 ? n : 0] = 0;
	CHECK(strstr(buf, "<12>["));
	CHECK(strstr(buf, "] first line\n"));
	/* The latest that fit. */
	n = klogctl(3, few, sizeof(few) - 1);
	REQUIRE(n > 0);
	few[n] = 0;
	CHECK_EQ(few[0], '<');
	CHECK(strstr(few, "first line\n"));
	CHECK_OK(klogctl(5, NULL, 0));
	CHECK_EQ(klogctl(3, buf, sizeof(buf)), 0);
	say("second line");
	n = klogctl(4, buf, sizeof(buf) - 1);
	CHECK(n > 0);
	buf[n > 0 ? n : 0] = 0;
	CHECK(strstr(buf, "second line") && !strstr(buf, "first line"));
	CHECK_EQ(klogctl(3, buf, sizeof(buf)), 0);

	int fd = open_log();
	struct record r;

	say("third");
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 0);
	CHECK(next(fd, &r));
	CHECK_STR(r.text, "third\n");
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(next(fd, &r));
	CHECK(strcmp(r.text, "third\n"));
	close(fd);
}
