/* SPDX-License-Identifier: MIT */
/* Pipes and FIFOs: capacity, atomic writes, packets, ends, opening rules, splice; and poll, select,
 * epoll on them. */
#include "fs_world.h"
#include "abi/epoll.h"
#include "abi/eventfd.h"
#include "abi/ioctl.h"
#include "abi/poll.h"

static void make_pipe(int fds[2], int flags)
{
	int __user *room = user_room(8);

	CHECK_EQ(ksys_pipe2(room, flags), 0l);
	from_user(room, fds, 8);
}

static int readable_bytes(int fd)
{
	int __user *room = user_room(4);
	int n;

	CHECK_EQ(ksys_ioctl(fd, FIONREAD, (unsigned long)room), 0l);
	from_user(room, &n, 4);
	return n;
}

static void basics(void)
{
	int p[2];
	long err, n;
	char buf[64];
	void __user *page = user_room(PAGE_SIZE);

	make_pipe(p, O_NONBLOCK);
	t_read(p[0], &err);
	CHECK_EQ(err, -EAGAIN);
	CHECK_EQ(t_write(p[1], "hello "), 6l);
	CHECK_EQ(t_write(p[1], "world"), 5l);
	CHECK_EQ(readable_bytes(p[0]), 11);
	CHECK_STREQ(t_read(p[0], NULL), "hello world");
	/* 64 KiB, then EAGAIN; a small write is all or nothing. */
	for (n = 0; ksys_write(p[1], page, PAGE_SIZE) == (long)PAGE_SIZE; n++)
		;
	CHECK_EQ(n, 16l);
	CHECK_EQ(ksys_write(p[1], page, 1), -EAGAIN);
	CHECK_EQ(ksys_read(p[0], page, 10), 10l);
	CHECK_EQ(ksys_write(p[1], page, PAGE_SIZE), -EAGAIN);
	CHECK_EQ(ksys_read(p[0], page, PAGE_SIZE), (long)PAGE_SIZE);
	CHECK_EQ(ksys_write(p[1], page, 2 * PAGE_SIZE) < 2 * (long)PAGE_SIZE, true);
	CHECK_EQ(ksys_fcntl(p[0], F_GETPIPE_SZ, 0), 65536l);
	CHECK_EQ(ksys_fcntl(p[0], F_SETPIPE_SZ, 4096), -EBUSY);
	CHECK_EQ(ksys_fcntl(p[0], F_SETPIPE_SZ, 100000), 131072l);
	CHECK_EQ(ksys_write(p[1], page, PAGE_SIZE), (long)PAGE_SIZE);
	CHECK_EQ(ksys_read(p[1], page, 1), -EBADF);
	CHECK_EQ(ksys_write(p[0], page, 1), -EBADF);
	CHECK_EQ(ksys_lseek(p[0], 0, SEEK_SET), -ESPIPE);
	CHECK_EQ(ksys_pread64(p[0], page, 1, 0), -ESPIPE);
	CHECK_EQ(ksys_read(p[0], (void *)16, 1), -EFAULT);
	CHECK_EQ(ksys_write(p[1], (void *)16, 1), -EFAULT);
	/* The end. */
	while (ksys_read(p[0], page, PAGE_SIZE) > 0)
		;
	CHECK_EQ(t_write(p[1], "last"), 4l);
	CHECK_EQ(ksys_close(p[1]), 0l);
	CHECK_STREQ(t_read(p[0], NULL), "last");
	CHECK_STREQ(t_read(p[0], NULL), "");
	make_pipe(p, 0);
	CHECK_EQ(ksys_close(p[0]), 0l);
	CHECK_EQ(t_write(p[1], "x"), -EPIPE);
	CHECK_EQ(sigpipes(), 1u);
	CHECK_EQ(ksys_write(p[1], page, 0), 0l);
	CHECK_EQ(ksys_pipe2((void *)16, 0), -EFAULT);
	CHECK_EQ(ksys_pipe2(user_room(8), O_APPEND), -EINVAL);
	{
		struct file *f = fget(p[1]);
		char *name = d_path(&f->f_path, buf, sizeof(buf));

		CHECK(strstarts(name, "pipe:["));
		fput(f);
	}
}

TEST(pipe_basics)
{
	fs_run(1, basics);
}

static void packets(void)
{
	int p[2];
	void __user *room = user_room(16);

	make_pipe(p, O_DIRECT | O_NONBLOCK);
	CHECK_EQ(t_write(p[1], "first"), 5l);
	CHECK_EQ(t_write(p[1], "second"), 6l);
	CHECK_EQ(ksys_read(p[0], room, 3), 3l); /* the rest of the packet is lost */
	CHECK_STREQ(t_read(p[0], NULL), "second");
}

TEST(pipe_packets)
{
	fs_run(1, packets);
}

/* ---- Two tasks ---- */

static int shared[2], back[2];
static unsigned int finished;

static int echo(void *arg)
{
	void __user *room = user_room(64);
	long n;

	while ((n = ksys_read(shared[0], room, 64)) > 0)
		CHECK_EQ(ksys_write(back[1], room, n), n);
	CHECK_EQ(n, 0l);
	__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static void ping_pong(void)
{
	make_pipe(shared, 0);
	make_pipe(back, 0);
	t_spawn(echo, NULL);
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(t_write(shared[1], "ping"), 4l);
		CHECK_STREQ(t_read(back[0], NULL), "ping");
	}
	CHECK_EQ(ksys_close(shared[1]), 0l);
	while (!READ_ONCE(finished))
		sched_yield_current();
}

TEST(pipe_ping_pong)
{
	fs_run(2, ping_pong);
}

#define BLOCK 3000

static int writer(void *arg)
{
	char block[BLOCK];
	void __user *room;

	memset(block, 'a' + (long)arg, sizeof(block));
	room = user_data(block, sizeof(block));
	for (int i = 0; i < 50; i++)
		CHECK_EQ(ksys_write(shared[1], room, BLOCK), (long)BLOCK);
	__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* Blocks of at most PIPE_BUF bytes of several writers never mix. */
static void atomic_writes(void)
{
	static char data[4 * 50 * BLOCK];
	void __user *room = user_room(7000);
	size_t got = 0;
	long n;

	make_pipe(shared, 0);
	host_interleave(5, 7);
	for (long i = 0; i < 4; i++)
		t_spawn(writer, (void *)i);
	while (got < sizeof(data)) {
		n = ksys_read(shared[0], room, 7000);
		CHECK_GT(n, 0l);
		from_user(room, data + got, n);
		got += n;
	}
	host_interleave(0, 0);
	for (size_t at = 0; at < sizeof(data); at += BLOCK) {
		for (size_t i = 1; i < BLOCK; i++)
			CHECK_EQ(data[at + i], data[at]);
	}
	while (READ_ONCE(finished) < 4)
		sched_yield_current();
}

TEST(pipe_atomic_writes)
{
	fs_run(2, atomic_writes);
}

/* ---- FIFOs ---- */

static int fifo_writer(void *arg)
{
	int fd = t_open("/fifo", O_WRONLY, 0);

	CHECK_GE(fd, 0);
	CHECK_EQ(t_write(fd, "through"), 7l);
	CHECK_EQ(ksys_close(fd), 0l);
	finished = 1;
	return 0;
}

static void fifos(void)
{
	int fd, both;
	long err;

	CHECK_EQ(ksys_mknod(U("/fifo"), S_IFIFO | 0600, 0), 0l);
	CHECK_EQ(t_open("/fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO);
	fd = t_open("/fifo", O_RDONLY | O_NONBLOCK, 0);
	CHECK_GE(fd, 0);
	CHECK_STREQ(t_read(fd, NULL), ""); /* nobody writes: the end */
	both = t_open("/fifo", O_RDWR, 0);
	t_read(fd, &err);
	CHECK_EQ(err, -EAGAIN);
	CHECK_EQ(t_write(both, "self"), 4l);
	CHECK_STREQ(t_read(fd, NULL), "self");
	ksys_close(both);
	ksys_close(fd);
	t_spawn(fifo_writer, NULL);
	fd = t_open("/fifo", O_RDONLY, 0); /* waits for the writer */
	CHECK_GE(fd, 0);
	CHECK_STREQ(t_read(fd, NULL), "through");
	while (!READ_ONCE(finished))
		sched_yield_current();
	CHECK_STREQ(t_read(fd, NULL), "");
	CHECK_EQ(t_unlink("/fifo"), 0l);
	ksys_close(fd);
}

TEST(fifo_opening)
{
	fs_run(2, fifos);
}

/* ---- poll, select, epoll ---- */

static short poll1(int fd, short events, int timeout)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	void __user *room = user_data(&pfd, sizeof(pfd));
	long n = ksys_poll(room, 1, timeout);

	from_user(room, &pfd, sizeof(pfd));
	CHECK_EQ(n, (long)(pfd.revents != 0));
	return pfd.revents;
}

static int late_writer(void *arg)
{
	CHECK_EQ(t_write(shared[1], "late"), 4l);
	finished = 1;
	return 0;
}

static void polling(void)
{
	u64 before;

	make_pipe(shared, 0);
	CHECK_EQ(poll1(shared[0], POLLIN, 0), 0);
	CHECK_EQ(poll1(shared[1], POLLOUT, 0), POLLOUT);
	CHECK_EQ(poll1(99, POLLIN, 0), POLLNVAL);
	CHECK_EQ(poll1(-1, POLLIN, 0), 0);
	before = ktime_get();
	CHECK_EQ(poll1(shared[0], POLLIN, 30), 0);
	CHECK_GE(ktime_get() - before, 30ull * NSEC_PER_MSEC);
	t_spawn(late_writer, NULL);
	CHECK_EQ(poll1(shared[0], POLLIN, -1), POLLIN);
	{
		fd_set in = {};
		void __user *room;

		in.fds_bits[0] = BIT(shared[0]) | BIT(shared[1]);
		room = user_data(&in, sizeof(in));
		CHECK_EQ(ksys_select(shared[1] + 1, room, NULL, NULL, NULL), 1l);
		from_user(room, &in, sizeof(in));
		CHECK_EQ(in.fds_bits[0], BIT(shared[0]));
		in.fds_bits[0] = BIT(40);
		CHECK_EQ(ksys_select(41, user_data(&in, sizeof(in)), NULL, NULL, NULL), -EBADF);
		CHECK_EQ(ksys_select(-1, NULL, NULL, NULL, NULL), -EINVAL);
	}
	ksys_close(shared[1]);
	CHECK_EQ(poll1(shared[0], POLLIN, -1), POLLIN | POLLHUP);
	CHECK_STREQ(t_read(shared[0], NULL), "late");
	CHECK_EQ(poll1(shared[0], POLLIN, -1), POLLHUP);
	make_pipe(back, 0);
	ksys_close(back[0]);
	CHECK_EQ(poll1(back[1], POLLOUT, -1), POLLOUT | POLLERR);
}

TEST(poll_and_select_on_pipes)
{
	fs_run(2, polling);
}

static int ctl(int ep, int op, int fd, u32 events, u64 data)
{
	struct epoll_event event = {.events = events, .data = data};

	return ksys_epoll_ctl(ep, op, fd, user_data(&event, sizeof(event)));
}

/* Data of the first event, -1: none; *events. */
static long wait1(int ep, int timeout, u32 *events)
{
	struct epoll_event event[4];
	void __user *room = user_room(sizeof(event));
	long n = ksys_epoll_wait(ep, room, 4, timeout);

	CHECK_GE(n, 0l);
	from_user(room, event, sizeof(event));
	if (events)
		*events = event[0].events;
	return n ? (long)event[0].data : -1;
}

static void epolls(void)
{
	int ep = ksys_epoll_create1(0), p[2], outer, loop[7];
	u32 events;

	make_pipe(p, 0);
	CHECK_EQ(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 7), 0);
	CHECK_EQ(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 7), -EEXIST);
	CHECK_EQ(ctl(ep, EPOLL_CTL_MOD, p[1], EPOLLIN, 7), -ENOENT);
	CHECK_EQ(ctl(ep, EPOLL_CTL_DEL, p[1], 0, 0), -ENOENT);
	CHECK_EQ(ctl(ep, EPOLL_CTL_ADD, ep, EPOLLIN, 0), -EINVAL);
	CHECK_EQ(ctl(p[0], EPOLL_CTL_ADD, p[1], EPOLLIN, 0), -EINVAL);
	CHECK_EQ(ctl(ep, EPOLL_CTL_ADD, 99, EPOLLIN, 0), -EBADF);
	CHECK_EQ(ctl(ep, EPOLL_CTL_ADD, t_open("/", O_RDONLY, 0), EPOLLIN, 0), -EPERM);
	CHECK_EQ(wait1(ep, 0, NULL), -1l);
	/* Level: told as long as it is so. */
	CHECK_EQ(t_write(p[1], "x"), 1l);
	CHECK_EQ(wait1(ep, -1, &events), 7l);
	CHECK_EQ(events, (u32)EPOLLIN);
	CHECK_EQ(wait1(ep, 0, NULL), 7l);
	t_read(p[0], NULL);
	CHECK_EQ(wait1(ep, 0, NULL), -1l);
	/* Edge: told once for each write. */
	CHECK_EQ(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 8), 0);
	CHECK_EQ(t_write(p[1], "x"), 1l);
	CHECK_EQ(wait1(ep, -1, NULL), 8l);
	CHECK_EQ(wait1(ep, 0, NULL), -1l);
	CHECK_EQ(t_write(p[1], "y"), 1l);
	CHECK_EQ(wait1(ep, 0, NULL), 8l);
	t_read(p[0], NULL);
	/* One shot: told once until asked again. */
	CHECK_EQ(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 9), 0);
	CHECK_EQ(t_write(p[1], "x"), 1l);
	CHECK_EQ(wait1(ep, 0, NULL), 9l);
	CHECK_EQ(t_write(p[1], "x"), 1l);
	CHECK_EQ(wait1(ep, 0, NULL), -1l);
	CHECK_EQ(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 9), 0);
	CHECK_EQ(wait1(ep, 0, NULL), 9l);
	/* Nested. */
	CHECK_EQ(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN, 9), 0);
	outer = ksys_epoll_create1(0);
	CHECK_EQ(ctl(outer, EPOLL_CTL_ADD, ep, EPOLLIN, 1), 0);
	CHECK_EQ(wait1(outer, 0, NULL), 1l);
	t_read(p[0], NULL);
	CHECK_EQ(wait1(outer, 0, NULL), -1l);
	CHECK_EQ(t_write(p[1], "x"), 1l);
	CHECK_EQ(wait1(outer, -1, NULL), 1l);
	CHECK_EQ(ctl(ep, EPOLL_CTL_ADD, outer, EPOLLIN, 1), -ELOOP);
	for (int i = 0; i < 7; i++)
		loop[i] = ksys_epoll_create1(0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(ctl(loop[i], EPOLL_CTL_ADD, loop[i + 1], EPOLLIN, 1), 0);
	CHECK_EQ(ctl(loop[4], EPOLL_CTL_ADD, loop[5], EPOLLIN, 1), -ELOOP);
	CHECK_EQ(ctl(loop[6], EPOLL_CTL_ADD, loop[0], EPOLLIN, 1), -ELOOP);
	/* Closing what is watched removes it; closing the watcher does, too. */
	ksys_close(p[0]);
	CHECK_EQ(wait1(ep, 0, NULL), -1l);
	ksys_close(ep);
	CHECK_EQ(t_write(p[1], "x"), -EPIPE);
	CHECK_EQ(ksys_epoll_wait(outer, user_room(64), 0, 0), -EINVAL);
	CHECK_EQ(ksys_epoll_wait(p[1], user_room(64), 1, 0), -EINVAL);
	CHECK_EQ(ksys_epoll_create(0), -EINVAL);
}

TEST(epoll_rules)
{
	fs_run(1, epolls);
}

static int epoll_late(void *arg)
{
	for (int i = 0; i < 20; i++) {
		t_write(shared[1], "e");
		host_yield_cpu();
	}
	finished = 1;
	return 0;
}

static void epoll_wakes(void)
{
	int ep = ksys_epoll_create1(EPOLL_CLOEXEC);
	void __user *room = user_room(64);
	int got = 0;

	make_pipe(shared, 0);
	CHECK_EQ(ctl(ep, EPOLL_CTL_ADD, shared[0], EPOLLIN | EPOLLET, 5), 0);
	t_spawn(epoll_late, NULL);
	while (got < 20) {
		long n;

		CHECK_EQ(wait1(ep, -1, NULL), 5l);
		n = ksys_read(shared[0], room, 64); /* all there is */
		CHECK_GT(n, 0l);
		got += n;
	}
	while (!READ_ONCE(finished))
		sched_yield_current();
}

TEST(epoll_wakes_the_sleeper)
{
	fs_run(2, epoll_wakes);
}

static void eventfds(void)
{
	int fd = ksys_eventfd2(3, EFD_NONBLOCK),
	    sem = ksys_eventfd2(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	u64 value;
	void __user *room = user_room(8);

	CHECK_EQ(poll1(fd, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	CHECK_EQ(ksys_read(fd, room, 7), -EINVAL);
	CHECK_EQ(ksys_read(fd, room, 8), 8l);
	from_user(room, &value, 8);
	CHECK_EQ(value, 3ull);
	CHECK_EQ(ksys_read(fd, room, 8), -EAGAIN);
	value = U64_MAX;
	CHECK_EQ(ksys_write(fd, user_data(&value, 8), 8), -EINVAL);
	value = U64_MAX - 1;
	CHECK_EQ(ksys_write(fd, user_data(&value, 8), 8), 8l);
	CHECK_EQ(poll1(fd, POLLIN | POLLOUT, 0), POLLIN);
	value = 1;
	CHECK_EQ(ksys_write(fd, user_data(&value, 8), 8), -EAGAIN);
	CHECK_EQ(ksys_read(sem, room, 8), 8l);
	CHECK_EQ(ksys_read(sem, room, 8), 8l);
	from_user(room, &value, 8);
	CHECK_EQ(value, 1ull);
	CHECK_EQ(ksys_read(sem, room, 8), -EAGAIN);
}

TEST(eventfd_counts)
{
	fs_run(1, eventfds);
}

static void timerfds(void)
{
	int fd = ksys_timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec its = {.it_value = {0, 10000000}, .it_interval = {0, 10000000}};
	void __user *room = user_room(8), *cur = user_room(sizeof(its));
	u64 ticks;

	CHECK_EQ(ksys_timerfd_create(77, 0), -EINVAL);
	CHECK_EQ(ksys_read(fd, room, 8), -EAGAIN);
	CHECK_EQ(ksys_timerfd_settime(fd, 0, user_data(&its, sizeof(its)), NULL), 0l);
	CHECK_EQ(poll1(fd, POLLIN, -1), POLLIN);
	host_advance(35 * NSEC_PER_MSEC);
	CHECK_EQ(ksys_read(fd, room, 8), 8l);
	from_user(room, &ticks, 8);
	CHECK_GE(ticks, 4ull);
	CHECK_EQ(ksys_timerfd_gettime(fd, cur), 0l);
	from_user(cur, &its, sizeof(its));
	CHECK_LE(its.it_value.tv_nsec, 10000000l);
	CHECK_EQ(its.it_interval.tv_nsec, 10000000l);
	its = (struct itimerspec){};
	CHECK_EQ(ksys_timerfd_settime(fd, 0, user_data(&its, sizeof(its)), cur), 0l);
	CHECK_EQ(poll1(fd, POLLIN, 50), 0);
	its.it_value.tv_nsec = 1000000000;
	CHECK_EQ(ksys_timerfd_settime(fd, 0, user_data(&its, sizeof(its)), cur), -EINVAL);
	CHECK_EQ(ksys_timerfd_settime(t_open("/", O_RDONLY, 0), 0, cur, NULL), -EINVAL);
}

TEST(timerfd_ticks)
{
	fs_run(1, timerfds);
}

static void splices(void)
{
	int p[2], q[2], fd, out;
	loff_t off = 2;
	void __user *uoff = user_data(&off, 8);

	make_pipe(p, O_NONBLOCK);
	make_pipe(q, O_NONBLOCK);
	t_put("/in", "0123456789");
	fd = t_open("/in", O_RDONLY, 0);
	CHECK_EQ(ksys_splice(fd, uoff, p[1], NULL, 5, 0), 5l);
	CHECK_EQ(ksys_tee(p[0], q[1], 3, 0), 3l);
	CHECK_STREQ(t_read(q[0], NULL), "234");
	CHECK_EQ(ksys_splice(p[0], NULL, q[1], NULL, 2, 0), 2l);
	CHECK_STREQ(t_read(q[0], NULL), "23");
	out = t_open("/out", O_CREAT | O_RDWR, 0644);
	CHECK_EQ(ksys_splice(p[0], NULL, out, NULL, 100, 0), 3l);
	CHECK_STREQ(t_cat("/out"), "456");
	CHECK_EQ(ksys_splice(p[0], NULL, out, NULL, 100, SPLICE_F_NONBLOCK), -EAGAIN);
	CHECK_EQ(ksys_splice(fd, NULL, out, NULL, 5, 0), -EINVAL);
	CHECK_EQ(ksys_splice(p[0], uoff, out, NULL, 5, 0), -ESPIPE);
	CHECK_EQ(ksys_sendfile(out, fd, NULL, 4), 4l);
	CHECK_STREQ(t_cat("/out"), "4560123");
	CHECK_EQ(ksys_sendfile(p[1], fd, NULL, 100), 6l);
	CHECK_STREQ(t_read(p[0], NULL), "456789");
	CHECK_EQ(ksys_sendfile(fd, out, NULL, 1), -EBADF);
	off = 0;
	CHECK_EQ(ksys_copy_file_range(fd, user_data(&off, 8), out, user_data(&off, 8), 3, 0), 3l);
	CHECK_STREQ(t_cat("/out"), "0120123");
	CHECK_EQ(ksys_copy_file_range(out, user_data(&off, 8), out, user_data(&off, 8), 3, 0),
		 -EINVAL);
	CHECK_EQ(ksys_copy_file_range(fd, NULL, p[1], NULL, 3, 0), -EINVAL);
	CHECK_EQ(ksys_copy_file_range(fd, NULL, out, NULL, 3, 1), -EINVAL);
}

TEST(splice_sendfile_copy)
{
	fs_run(1, splices);
}
