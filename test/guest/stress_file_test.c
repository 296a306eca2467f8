/* SPDX-License-Identifier: MIT */
/* Descriptors, epoll, pipes, mounts and /proc used and taken away at the same time. */
#include "guest.h"
#include <dirent.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>

static volatile int stop_now;
#define FIRST 20
#define COUNT 16

static void *opener(void *arg)
{
	unsigned int x = (long)arg;

	while (!stop_now) {
		int fds[2] = { -1, -1 };

		x = x * 1103515245 + 12345;
		switch ((x >> 16) % 4) {
		case 0:
			pipe2(fds, O_NONBLOCK);
			break;
		case 1:
			fds[0] = eventfd(0, EFD_NONBLOCK);
			break;
		case 2:
			fds[0] = epoll_create1(0);
			break;
		case 3:
			fds[0] = open("/proc/self/stat", O_RDONLY);
			break;
		}
		for (int i = 0; i < 2; i++) {
			if (fds[i] < 0)
				continue;
			dup2(fds[i], FIRST + (x >> (20 + i)) % COUNT);
			close(fds[i]);
		}
	}
	return NULL;
}

static void *user(void *arg)
{
	unsigned int x = (long)arg;
	char buf[256];

	while (!stop_now) {
		x = x * 1103515245 + 12345;
		int a = FIRST + (x >> 16) % COUNT, b = FIRST + (x >> 20) % COUNT;
		struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | ((x & 256) ? EPOLLET : 0) }, out[4];
		struct pollfd p[2] = { { a, POLLIN | POLLOUT, 0 }, { b, POLLIN, 0 } };

		switch ((x >> 24) % 9) {
		case 0:
			epoll_ctl(a, EPOLL_CTL_ADD, b, &ev);
			break;
		case 1:
			epoll_ctl(a, EPOLL_CTL_DEL, b, &ev);
			break;
		case 2:
			epoll_wait(a, out, 4, 0);
			break;
		case 3:
			write(a, buf, sizeof(buf));
			break;
		case 4:
			read(a, buf, sizeof(buf));
			break;
		case 5:
			poll(p, 2, 1);
			break;
		case 6:
			close(a);
			break;
		case 7:
			splice(a, NULL, b, NULL, 64, SPLICE_F_NONBLOCK);
			break;
		case 8:
			tee(a, b, 64, SPLICE_F_NONBLOCK);
			break;
		}
	}
	return NULL;
}

TEST(descriptors_closed_under_their_users)
{
	pid_t pid = IN_CHILD(
		pthread_t t[6];
		signal(SIGPIPE, SIG_IGN);
		for (long i = 0; i < 6; i++)
			pthread_create(&t[i], NULL, i < 2 ? opener : user, (void *)(i * 7919 + 1));
		guest_sleep_ms(2000);
		stop_now = 1;
		for (int i = 0; i < 6; i++)
			pthread_join(t[i], NULL));

	CHECK_EXITED(pid, 0);
}

static void read_proc(void)
{
	static const char *const files[] = { "stat", "status", "maps", "smaps", "cmdline", "environ", "fd", "task", "limits",
					     "pagemap", "statm", "wchan", "exe", "cwd", "root", "mounts", "fdinfo", "auxv", "io" };
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[300], buf[4096];

	while (d && (e = readdir(d))) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			snprintf(path, sizeof(path), "/proc/%s/%s", e->d_name, files[i]);
			readlink(path, buf, sizeof(buf));
			int fd = open(path, O_RDONLY);
			if (fd < 0)
				continue;
			syscall(SYS_getdents64, fd, buf, sizeof(buf));
			while (read(fd, buf, sizeof(buf)) == sizeof(buf) && i != 9)
				;
			close(fd);
		}
	}
	if (d)
		closedir(d);
}

static void *short_thread(void *arg)
{
	return NULL;
}

TEST(proc_of_the_dying)
{
	uint64_t end = guest_now() + 2000000000ull;
	pid_t reader[2], breeder[2];

	for (int i = 0; i < 2; i++) {
		reader[i] = IN_CHILD(while (guest_now() < end) read_proc());
		breeder[i] = IN_CHILD(
			while (guest_now() < end) {
				pid_t pid = fork();
				if (!pid) {
					pthread_t t;
					for (int k = 0; k < 3; k++) {
						pthread_create(&t, NULL, short_thread, NULL);
						pthread_detach(t);
					}
					if (i)
						guest_exec_self("file_exit", NULL);
					_exit(0);
				}
				waitpid(pid, NULL, 0);
			});
	}
	for (int i = 0; i < 2; i++) {
		CHECK_EXITED(reader[i], 0);
		CHECK_EXITED(breeder[i], 0);
	}
}

HELPER(file_exit)
{
	return 0;
}

TEST(mounts_come_and_go)
{
	uint64_t end = guest_now() + 2000000000ull;
	pid_t pids[3];

	if (!guest_is_quire())
		guest_skip("mounts in the machine's own name space");
	mkdir("/tmp/stress-mounts", 0777);
	for (int i = 0; i < 3; i++)
		pids[i] = IN_CHILD(
			int n = i;
			while (guest_now() < end) {
				n++;
				switch (n % 3) {
				case 0:
					mount("none", "/tmp/stress-mounts", "tmpfs", 0, "");
					break;
				case 1:
					guest_write_file("/tmp/stress-mounts/file", "text", 0666);
					mkdir("/tmp/stress-mounts/dir", 0777);
					mount("none", "/tmp/stress-mounts/dir", "proc", 0, NULL);
					chdir("/tmp/stress-mounts/dir");
					break;
				case 2:
					umount2("/tmp/stress-mounts/dir", n & 8 ? MNT_DETACH : 0);
					umount2("/tmp/stress-mounts", n & 16 ? MNT_DETACH : 0);
					rename("/tmp/stress-mounts/file", "/tmp/stress-mounts/dir/file");
					chdir("/");
					break;
				}
			});
	for (int i = 0; i < 3; i++)
		CHECK_EXITED(pids[i], 0);
	while (!umount2("/tmp/stress-mounts/dir", MNT_DETACH) || !umount2("/tmp/stress-mounts", MNT_DETACH))
		;
	unlink("/tmp/stress-mounts/dir/file");
	rmdir("/tmp/stress-mounts/dir");
	unlink("/tmp/stress-mounts/file");
	CHECK_OK(rmdir("/tmp/stress-mounts"));
}

/* poll on a pidfd ends when the process does. */
TEST(poll_of_a_pidfd_ends)
{
	for (int i = 0; i < 50; i++) {
		pid_t pid = IN_CHILD(usleep(i * 100));
		struct pollfd p = { syscall(SYS_pidfd_open, pid, 0), POLLIN, 0 };

		REQUIRE(p.fd >= 0);
		if (!CHECK_EQ(poll(&p, 1, 3000), 1))
			break;
		CHECK_EXITED(pid, 0);
		close(p.fd);
	}
}
