/* SPDX-License-Identifier: MIT */
/* Pipes and FIFOs: order, limits, blocking, ends, splice. */
#include "guest.h"
#include <sys/ioctl.h>
#include <sys/uio.h>

TEST(bytes_come_out_in_order)
{
	int fds[2];
	static unsigned char out[300000], in[300000];
	size_t done = 0;

	CHECK_OK(pipe(fds));
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 251;
	pid_t pid = IN_CHILD({
		close(fds[0]);
		for (size_t i = 0; i < sizeof(out);) {
			size_t n = 1 + i % 9973;
			ssize_t w =
				write(fds[1], out + i, n < sizeof(out) - i ? n : sizeof(out) - i);

			if (w <= 0)
				_exit(1);
			i += w;
		}
	});

	close(fds[1]);
	for (ssize_t n; (n = read(fds[0], in + done, 4321)) > 0;)
		done += n;
	CHECK_EQ(done, sizeof(in));
	CHECK(!memcmp(in, out, sizeof(in)));
	CHECK_EXITED(pid, 0);
}

TEST(end_of_file_and_sigpipe)
{
	int fds[2];
	char c;

	pipe(fds);
	CHECK_EQ(write(fds[1], "ab", 2), 2);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(read(fds[0], &c, 1), 0);
	CHECK_EQ(read(fds[0], &c, 1), 0);
	pipe(fds);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
	CHECK_ERRNO(write(fds[0], "x", 1), EBADF);
	CHECK_ERRNO(lseek(fds[1], 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO(pread(fds[1], &c, 1, 0), ESPIPE);
	CHECK_ERRNO(read(fds[1], &c, 1), EBADF);
	CHECK_ERRNO(ftruncate(fds[1], 0), EINVAL);
}

TEST(a_writer_that_waits_gets_sigpipe)
{
	int fds[2];

	pipe(fds);
	pid_t pid = IN_CHILD({
		static char big[200000];

		close(fds[0]);
		write(fds[1], big, sizeof(big));
	});

	close(fds[1]);
	guest_sleep_ms(20);
	close(fds[0]);
	CHECK_KILLED(pid, SIGPIPE);
}

TEST(capacity_and_nonblocking)
{
	int fds[2], n = 0, available;
	static char page[4096], big[100000];

	CHECK_OK(pipe2(fds, O_NONBLOCK | O_CLOEXEC));
	CHECK_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_ERRNO(read(fds[0], page, 1), EAGAIN);
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), 65536);
	while (write(fds[1], page, 4096) == 4096)
		n++;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(n, 16);
	CHECK_OK(ioctl(fds[0], FIONREAD, &available));
	CHECK_EQ(available, 65536);
	CHECK_ERRNO(write(fds[1], page, 1), EAGAIN);
	CHECK_EQ(read(fds[0], page, 100), 100);
	CHECK_ERRNO(write(fds[1], page, 200), EAGAIN); /* at most PIPE_BUF: all or nothing */
	CHECK_EQ(read(fds[0], big, sizeof(big)), 65436);
	CHECK_EQ(write(fds[1], big, sizeof(big)), 65536); /* more: as much as fits */
	CHECK_ERRNO(fcntl(fds[1], F_SETPIPE_SZ, 4096), EBUSY);
	CHECK_EQ(read(fds[0], big, sizeof(big)), 65536);
	CHECK_EQ(fcntl(fds[1], F_SETPIPE_SZ, 5000), 8192);
	CHECK_EQ(fcntl(fds[0], F_GETPIPE_SZ), 8192);
	CHECK_ERRNO(pipe2(fds, 0x1000000), EINVAL);
	CHECK_ERRNO(pipe((int *)8), EFAULT);
}

TEST(small_writes_are_not_torn)
{
	int fds[2], bad = 0, count = 0;
	pid_t pids[4];
	char line[512];

	pipe(fds);
	for (int i = 0; i < 4; i++)
		pids[i] = IN_CHILD({
			char block[512];

			memset(block, 'a' + i, sizeof(block));
			for (int n = 0; n < 200; n++)
				write(fds[1], block, sizeof(block));
		});
	close(fds[1]);
	for (;;) {
		size_t got = 0;

		while (got < sizeof(line)) {
			ssize_t n = read(fds[0], line + got, sizeof(line) - got);

			if (n <= 0)
				break;
			got += n;
		}
		if (got < sizeof(line))
			break;
		count++;
		for (size_t i = 1; i < sizeof(line); i++)
			bad += line[i] != line[0];
	}
	CHECK_EQ(count, 800);
	CHECK_EQ(bad, 0);
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(pids[i], 0);
}

TEST(many_small_writes_merge)
{
	int fds[2];
	char text[5000];

	pipe2(fds, O_NONBLOCK);
	for (int i = 0; i < 4000; i++)
		if (write(fds[1], "m", 1) != 1)
			CHECK(!"no room for a byte");
	CHECK_EQ(read(fds[0], text, sizeof(text)), 4000);
}

TEST(packet_mode)
{
	int fds[2];
	char text[100];

	CHECK_OK(pipe2(fds, O_DIRECT));
	write(fds[1], "one", 3);
	write(fds[1], "three", 5);
	CHECK_EQ(read(fds[0], text, 100), 3);
	CHECK_EQ(read(fds[0], text, 2), 2); /* the rest of a packet is lost */
	write(fds[1], "x", 1);
	CHECK_EQ(read(fds[0], text, 100), 1);
}

TEST(vectors)
{
	int fds[2];
	char a[4] = "", b[10] = "";
	struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cdefg", 5}}, in[2] = {{a, 3}, {b, 9}};

	pipe(fds);
	CHECK_EQ(writev(fds[1], out, 3), 7);
	CHECK_EQ(readv(fds[0], in, 2), 7);
	CHECK_STR(a, "abc");
	CHECK_STR(b, "defg");
	CHECK_ERRNO(writev(fds[1], out, -1), EINVAL);
	CHECK_ERRNO(writev(fds[1], out, 2000), EINVAL);
	out[1].iov_base = (void *)8;
	out[1].iov_len = 5;
	CHECK(writev(fds[1], &out[1], 1) == -1 && errno == EFAULT);
}

TEST(pipe_of_a_thousand_hops)
{
	int fds[2], next[2];
	char c = 0;

	pipe(fds);
	int first = fds[1];

	for (int i = 0; i < 20; i++) {
		pipe(next);
		IN_CHILD({
			char x;

			close(first);
			for (int n = 0; n < 20 && read(fds[0], &x, 1) == 1; n++) {
				x++;
				write(next[1], &x, 1);
			}
		});
		close(fds[0]);
		close(next[1]);
		fds[0] = next[0];
	}
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(write(first, "a", 1), 1);
		CHECK_EQ(read(fds[0], &c, 1), 1);
		CHECK_EQ(c, 'a' + 20);
	}
	close(first);
	while (wait(NULL) > 0)
		;
}

TEST(fifo_opens_meet)
{
	char name[64], text[6] = "";

	snprintf(name, sizeof(name), "/tmp/fifo.%d", getpid());
	CHECK_OK(mkfifo(name, 0600));
	CHECK_ERRNO(mkfifo(name, 0600), EEXIST);
	struct stat st;

	stat(name, &st);
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_ERRNO(open(name, O_WRONLY | O_NONBLOCK), ENXIO);
	int nonblocking = CHECK_OK(open(name, O_RDONLY | O_NONBLOCK));

	CHECK_EQ(read(nonblocking, text, 1), 0); /* no writer yet: end of file */
	close(nonblocking);
	pid_t pid = IN_CHILD({
		int fd = open(name, O_WRONLY); /* waits for the reader */

		CHECK_EQ(write(fd, "fifo!", 5), 5);
	});

	guest_sleep_ms(10);
	int fd = CHECK_OK(open(name, O_RDONLY));

	CHECK_EQ(read(fd, text, 5), 5);
	CHECK_STR(text, "fifo!");
	CHECK_EQ(read(fd, text, 5), 0);
	CHECK_EXITED(pid, 0);
	close(fd);
	fd = CHECK_OK(open(name, O_RDWR)); /* Linux: never waits */
	CHECK_EQ(write(fd, "self", 4), 4);
	CHECK_EQ(read(fd, text, 5), 4);
	unlink(name);
}

TEST(interrupted_fifo_open)
{
	char name[64];

	snprintf(name, sizeof(name), "/tmp/fifo2.%d", getpid());
	mkfifo(name, 0600);
	pid_t pid = IN_CHILD(open(name, O_RDONLY));

	CHECK(WAIT_UNTIL(guest_task_state(pid) == 'S'));
	kill(pid, SIGTERM);
	CHECK_KILLED(pid, SIGTERM);
	unlink(name);
}

TEST(splice_and_tee)
{
	int a[2], b[2];
	char text[20] = "", name[] = "/tmp/splice.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	unlink(name);
	pipe(a);
	pipe(b);
	write(a[1], "hello splice", 12);
	CHECK_EQ(tee(a[0], b[1], 5, 0), 5);
	CHECK_EQ(read(b[0], text, 20), 5);
	CHECK_EQ(splice(a[0], NULL, fd, NULL, 100, 0), 12);
	CHECK_EQ(pread(fd, text, 20, 0), 12);
	CHECK_STR(text, "hello splice");
	loff_t offset = 6;

	CHECK_EQ(splice(fd, &offset, b[1], NULL, 6, 0), 6);
	CHECK_EQ(offset, 12);
	memset(text, 0, sizeof(text));
	CHECK_EQ(read(b[0], text, 20), 6);
	CHECK_STR(text, "splice");
	CHECK_ERRNO(splice(fd, NULL, fd, NULL, 5, 0), EINVAL);
	struct iovec v = { "vmsplice", 8 };

	CHECK_EQ(vmsplice(b[1], &v, 1, 0), 8);
	CHECK_EQ(read(b[0], text, 20), 8);
}
