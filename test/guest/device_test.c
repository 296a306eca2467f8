/* SPDX-License-Identifier: MIT */
/* The devices in /dev that every system has, and getrandom. */
#include "guest.h"
#include <sys/random.h>

TEST(null)
{
	char c;
	int fd = CHECK_OK(open("/dev/null", O_RDWR));

	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK_EQ(write(fd, "anything", 8), 8);
	CHECK_EQ(write(fd, (void *)8, 100), 100); /* it does not even look */
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 0);
	struct stat st;

	fstat(fd, &st);
	CHECK_EQ(st.st_rdev, 0x103);
	CHECK_EQ(st.st_mode & 0777, 0666);
}

TEST(zero)
{
	static char text[100000];
	int fd = CHECK_OK(open("/dev/zero", O_RDWR)), sum = 0;

	memset(text, 1, sizeof(text));
	CHECK_EQ(read(fd, text, sizeof(text)), sizeof(text));
	for (size_t i = 0; i < sizeof(text); i++)
		sum += text[i];
	CHECK_EQ(sum, 0);
	CHECK_EQ(write(fd, text, 100), 100);
	CHECK_ERRNO(read(fd, (void *)8, 100), EFAULT);
}

TEST(full)
{
	char c = 1;
	int fd = CHECK_OK(open("/dev/full", O_RDWR));

	CHECK_ERRNO(write(fd, "x", 1), ENOSPC);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 0);
}

static int ones(const unsigned char *p, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += __builtin_popcount(p[i]);
	return count;
}

TEST(random_numbers)
{
	static unsigned char a[8192], b[8192];
	int fd = CHECK_OK(open("/dev/urandom", O_RDONLY)),
	    slow = CHECK_OK(open("/dev/random", O_RDONLY));

	CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a));
	CHECK_EQ(read(fd, b, sizeof(b)), sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)));
	CHECK(abs(ones(a, sizeof(a)) - 32768) < 1000); /* eight standard deviations */
	CHECK_EQ(read(slow, a, 64), 64);
	CHECK_EQ(getrandom(a, 256, 0), 256);
	CHECK_EQ(getrandom(b, 256, GRND_NONBLOCK), 256);
	CHECK(memcmp(a, b, 256));
	CHECK_EQ(getrandom(b, 10, GRND_RANDOM), 10);
	CHECK_ERRNO(getrandom(b, 10, 0x100), EINVAL);
	CHECK_ERRNO(getrandom((void *)8, 10, 0), EFAULT);
	CHECK_ERRNO(getrandom(b, 10, GRND_RANDOM | 4), EINVAL);
	/* Two forked children get different numbers. */
	unsigned char *shared = guest_shared(PAGE);

	CHECK_EXITED(IN_CHILD(getrandom(shared, 32, 0)), 0);
	CHECK_EXITED(IN_CHILD(getrandom(shared + 32, 32, 0)), 0);
	CHECK(memcmp(shared, shared + 32, 32));
}

TEST(standard_links)
{
	char target[64] = "";

	CHECK(readlink("/dev/fd", target, 63) > 0);
	CHECK_STR(target, "/proc/self/fd");
	memset(target, 0, sizeof(target));
	CHECK(readlink("/dev/stdout", target, 63) > 0);
	CHECK_STR(target, "/proc/self/fd/1");
	int fds[2];
	char path[32], c = 0;

	pipe(fds);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[1]);
	int again = CHECK_OK(open(path, O_WRONLY)); /* opens the pipe anew */

	CHECK_EQ(write(again, "n", 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(c, 'n');
}

TEST(tty_without_a_terminal)
{
	CHECK_EXITED(IN_CHILD({
		setsid();
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
	}), 0);
	CHECK_OK(access("/dev/console", F_OK));
	CHECK_OK(access("/dev/tty", F_OK));
}

TEST(shm_is_a_writable_directory)
{
	struct stat st;

	CHECK_OK(stat("/dev/shm", &st));
	CHECK(S_ISDIR(st.st_mode));
	int fd = open("/dev/shm/guest_device_test", O_CREAT | O_RDWR, 0600);

	CHECK(fd >= 0);
	unlink("/dev/shm/guest_device_test");
}
