/* SPDX-License-Identifier: MIT */
/* Files: opening, reading, writing, sizes, descriptors, locks. */
#include "guest.h"
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static char dir[64];

static void in_a_new_directory(void)
{
	strcpy(dir, "/tmp/file.XXXXXX");
	REQUIRE(mkdtemp(dir));
	CHECK_OK(chdir(dir));
}

TEST(open_flags)
{
	char text[20] = "";

	in_a_new_directory();
	CHECK_ERRNO(open("a", O_RDONLY), ENOENT);
	int fd = CHECK_OK(open("a", O_RDWR | O_CREAT | O_EXCL, 0640));

	CHECK_ERRNO(open("a", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
	CHECK_EQ(write(fd, "hello", 5), 5);
	close(fd);
	fd = CHECK_OK(open("a", O_WRONLY | O_APPEND));
	CHECK_ERRNO(read(fd, text, 1), EBADF);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(write(fd, "!", 1), 1);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	close(fd);
	fd = CHECK_OK(open("a", O_RDONLY));
	CHECK_EQ(read(fd, text, 20), 6);
	CHECK_STR(text, "hello!");
	CHECK_EQ(read(fd, text, 20), 0);
	CHECK_ERRNO(write(fd, "x", 1), EBADF);
	close(fd);
	fd = CHECK_OK(open("a", O_RDWR | O_TRUNC));
	CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
	CHECK_ERRNO(open("a/b", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO(open("a/", O_RDONLY), ENOTDIR);
	CHECK_ERRNO(open(".", O_WRONLY), EISDIR);
	CHECK_ERRNO(open(".", O_RDWR), EISDIR);
	CHECK_ERRNO(open(".", O_CREAT, 0600), EISDIR);
	CHECK_ERRNO(open("", O_RDONLY), ENOENT);
	CHECK_ERRNO(open((char *)8, O_RDONLY), EFAULT);
	char name[300];

	memset(name, 'n', 299);
	name[299] = 0;
	CHECK_ERRNO(open(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
	name[255] = 0;
	CHECK_OK(open(name, O_CREAT | O_RDWR, 0600));
	CHECK_OK(symlink("a", "link"));
	CHECK_ERRNO(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_OK(open("link", O_RDONLY));
	CHECK_OK(symlink("loop", "loop"));
	CHECK_ERRNO(open("loop", O_RDONLY), ELOOP);
	CHECK_OK(symlink("nowhere", "dangling"));
	CHECK_ERRNO(open("dangling", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("dangling", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
	CHECK_OK(open("dangling", O_CREAT | O_RDWR, 0600)); /* makes the target */
	CHECK_OK(access("nowhere", F_OK));
}

TEST(modes_and_umask)
{
	struct stat st;

	in_a_new_directory();
	umask(027);
	close(CHECK_OK(open("a", O_CREAT | O_WRONLY, 0777)));
	stat("a", &st);
	CHECK_EQ(st.st_mode, S_IFREG | 0750);
	CHECK_OK(mkdir("d", 0777));
	stat("d", &st);
	CHECK_EQ(st.st_mode, S_IFDIR | 0750);
	CHECK_OK(chmod("a", 04755));
	stat("a", &st);
	CHECK_EQ(st.st_mode & 07777, 04755);
}

TEST(sparse_files_and_seeking)
{
	char text[10];

	in_a_new_directory();
	int fd = open("s", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(pwrite(fd, "end", 3, 1000000), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 1000003);
	CHECK_EQ(pread(fd, text, 5, 500000), 5);
	CHECK(!memcmp(text, "\0\0\0\0\0", 5));
	struct stat st;

	fstat(fd, &st);
	CHECK(st.st_blocks <= 16);
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 100);
	CHECK_EQ(lseek(fd, -50, SEEK_CUR), 50);
	CHECK_ERRNO(lseek(fd, -51, SEEK_CUR), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 50);
	CHECK_ERRNO(lseek(fd, 0, 77), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_DATA) & ~4095L, 1000003 & ~4095L);
	CHECK_ERRNO(lseek(fd, 2000000, SEEK_DATA), ENXIO);
	CHECK_OK(ftruncate(fd, 10));
	CHECK_EQ(lseek(fd, 0, SEEK_END), 10);
	CHECK_OK(truncate("s", 5000));
	fstat(fd, &st);
	CHECK_EQ(st.st_size, 5000);
	CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
	CHECK_ERRNO(truncate(".", 5), EISDIR);
	CHECK_ERRNO(truncate("none", 5), ENOENT);
	CHECK_ERRNO(pread(fd, text, 1, -1), EINVAL);
}

TEST(descriptors)
{
	struct rlimit limit = { 20, 20 };
	int fd = open("/dev/null", O_RDWR), n = 0;

	CHECK_EQ(dup(fd), fd + 1);
	CHECK_EQ(dup2(fd, 15), 15);
	CHECK_EQ(dup2(15, 15), 15);
	CHECK_ERRNO(dup2(99, 15), EBADF);
	CHECK_ERRNO(dup3(fd, fd, 0), EINVAL);
	CHECK_EQ(dup3(fd, 16, O_CLOEXEC), 16);
	CHECK_EQ(fcntl(16, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_DUPFD, 10), 10);
	CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 10), 11);
	CHECK_EQ(fcntl(11, F_GETFD), FD_CLOEXEC);
	CHECK_OK(fcntl(10, F_SETFD, FD_CLOEXEC));
	CHECK_EQ(fcntl(10, F_GETFD), FD_CLOEXEC);
	CHECK_OK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE),
		 O_APPEND | O_NONBLOCK | O_RDWR);
	CHECK_EQ(fcntl(15, F_GETFL) & O_NONBLOCK,
		 O_NONBLOCK); /* of the open file, not of the descriptor */
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	while (open("/dev/null", O_RDONLY) >= 0)
		n++;
	CHECK_EQ(errno, EMFILE);
	CHECK_ERRNO(dup2(fd, 20), EBADF);
	CHECK_ERRNO(fcntl(fd, F_DUPFD, 20), EINVAL);
	CHECK_ERRNO(dup(fd), EMFILE);
	int fds[2];

	CHECK_ERRNO(pipe(fds), EMFILE);
	CHECK_ERRNO(close(200), EBADF);
	CHECK_OK(close(12));
	CHECK_EQ(open("/dev/null", O_RDONLY), 12); /* the lowest free one */
	CHECK_OK(syscall(SYS_close_range, 10, 14, 0));
	CHECK_ERRNO(fcntl(12, F_GETFD), EBADF);
	CHECK_OK(syscall(SYS_close_range, 15, ~0U, 4 /* CLOEXEC */));
	CHECK_EQ(fcntl(15, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(syscall(SYS_close_range, 14, 10, 0), EINVAL);
	CHECK_ERRNO(fcntl(fd, 9999, 0), EINVAL);
}

TEST(vectors_and_offsets)
{
	char a[3] = "", b[6] = "";
	struct iovec out[2] = { { "123", 3 }, { "45678", 5 } }, in[2] = { { a, 2 }, { b, 5 } };

	in_a_new_directory();
	int fd = open("v", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(writev(fd, out, 2), 8);
	CHECK_EQ(preadv(fd, in, 2, 1), 7);
	CHECK_STR(a, "23");
	CHECK_STR(b, "45678");
	CHECK_EQ(pwritev(fd, out, 1, 100), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 8);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 103);
	CHECK_EQ(preadv2(fd, in, 1, 0, 0), 2);
	CHECK_ERRNO(preadv2(fd, in, 1, 0, 0x10000), EOPNOTSUPP);
}

TEST(read_into_and_write_from_bad_memory)
{
	in_a_new_directory();
	int fd = open("b", O_RDWR | O_CREAT, 0600);
	char *p = guest_map(2 * PAGE);

	munmap(p + PAGE, PAGE);
	memset(p, 'p', PAGE);
	ssize_t n = write(fd, p + PAGE - 10, 20);

	CHECK(n == 10 || (n == -1 && errno == EFAULT));
	CHECK_ERRNO(write(fd, p + PAGE, 5), EFAULT);
	ftruncate(fd, 0);
	CHECK_EQ(pwrite(fd, "0123456789abcdefghij", 20, 0), 20);
	n = pread(fd, p + PAGE - 10, 20, 0);
	CHECK(n == 10 || (n == -1 && errno == EFAULT));
	CHECK(!memcmp(p + PAGE - 10, "0123456789", 10));
	mprotect(p, PAGE, PROT_READ);
	CHECK_ERRNO(pread(fd, p, 20, 0), EFAULT);
	CHECK_ERRNO(read(fd, (void *)0xffffffff81000000, 10), EFAULT);
	CHECK_ERRNO(write(fd, (void *)0xffff888000000000, 10), EFAULT);
}

TEST(sendfile_and_copy_file_range)
{
	char text[20] = "";
	int fds[2];

	in_a_new_directory();
	guest_write_file("from", "0123456789", 0600);
	int from = open("from", O_RDONLY), to = open("to", O_RDWR | O_CREAT, 0600);
	off_t offset = 3;

	CHECK_EQ(sendfile(to, from, &offset, 4), 4);
	CHECK_EQ(offset, 7);
	CHECK_EQ(sendfile(to, from, NULL, 100), 10);
	pipe(fds);
	lseek(from, 0, SEEK_SET);
	CHECK_EQ(sendfile(fds[1], from, NULL, 5), 5);
	CHECK_EQ(read(fds[0], text, 20), 5);
	CHECK_EQ(pread(to, text, 20, 0), 14);
	CHECK(!memcmp(text, "34560123456789", 14));
	loff_t in = 2, out = 50;

	CHECK_EQ(copy_file_range(from, &in, to, &out, 5, 0), 5);
	CHECK_EQ(in, 7);
	CHECK_EQ(out, 55);
}

TEST(flock_between_processes)
{
	in_a_new_directory();
	int fd = open("l", O_RDWR | O_CREAT, 0600);

	CHECK_OK(flock(fd, LOCK_EX));
	CHECK_EXITED(IN_CHILD({
		int other = open("l", O_RDWR);

		CHECK_ERRNO(flock(other, LOCK_EX | LOCK_NB), EAGAIN);
		CHECK_ERRNO(flock(other, LOCK_SH | LOCK_NB), EAGAIN);
		CHECK_OK(flock(fd, LOCK_EX | LOCK_NB)); /* the same open file */
	}), 0);
	pid_t pid = IN_CHILD({
		int other = open("l", O_RDWR);

		CHECK_OK(flock(other, LOCK_EX)); /* waits */
	});

	guest_sleep_ms(20);
	CHECK_OK(flock(fd, LOCK_UN));
	CHECK_EXITED(pid, 0);
}

TEST(record_locks)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
	pid_t parent = getpid();

	in_a_new_directory();
	int fd = open("r", O_RDWR | O_CREAT, 0600);

	CHECK_OK(fcntl(fd, F_SETLK, &lock));
	CHECK_EXITED(IN_CHILD({
		int other = open("r", O_RDWR);
		struct flock mine = {
			.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1};

		CHECK_ERRNO(fcntl(other, F_SETLK, &mine), EAGAIN);
		CHECK_OK(fcntl(other, F_GETLK, &mine));
		CHECK_EQ(mine.l_type, F_WRLCK);
		CHECK_EQ(mine.l_pid, parent);
		CHECK_EQ(mine.l_start, 10);
		mine = (struct flock){
			.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 20, .l_len = 5};
		CHECK_OK(fcntl(other, F_SETLK, &mine));
	}), 0);
	pid_t pid = IN_CHILD({
		int other = open("r", O_RDWR);
		struct flock mine = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

		CHECK_OK(fcntl(other, F_SETLKW, &mine));
	});

	guest_sleep_ms(20);
	close(open("r", O_RDONLY)); /* closing any descriptor of the file drops the locks */
	CHECK_EXITED(pid, 0);
}

TEST(large_files_and_limits)
{
	struct rlimit limit = { 8192, 8192 };

	in_a_new_directory();
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	CHECK_EXITED(IN_CHILD({
		static char block[10000];

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		CHECK_EQ(write(fd, block, sizeof(block)), 8192);
		CHECK_ERRNO(write(fd, block, 1), EFBIG);
		CHECK_ERRNO(ftruncate(fd, 10000), EFBIG);
	}), 0);
	CHECK_DIES(SIGXFSZ, {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		setrlimit(RLIMIT_FSIZE, &limit);
		pwrite(fd, "x", 1, 8192);
	});
}

TEST(o_path_and_o_tmpfile)
{
	char link[64];

	in_a_new_directory();
	guest_write_file("p", "path", 0000);
	int fd = CHECK_OK(open("p", O_PATH));
	char c;

	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	CHECK_ERRNO(fchmod(fd, 0600), EBADF);
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 4);
	int tmp = CHECK_OK(open(".", O_TMPFILE | O_RDWR, 0600));

	CHECK_EQ(write(tmp, "anonymous", 9), 9);
	fstat(tmp, &st);
	CHECK_EQ(st.st_nlink, 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", tmp);
	CHECK_OK(linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	CHECK_STR(guest_read_file("named"), "anonymous");
}

TEST(deleted_files_live_while_open)
{
	char c, link[64], target[200] = "";

	in_a_new_directory();
	int fd = open("gone", O_RDWR | O_CREAT, 0600);

	write(fd, "x", 1);
	CHECK_OK(unlink("gone"));
	CHECK_ERRNO(open("gone", O_RDONLY), ENOENT);
	CHECK_EQ(pread(fd, &c, 1, 0), 1);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK(readlink(link, target, 199) > 0);
	CHECK(strstr(target, "/gone (deleted)"));
	int again = CHECK_OK(open(link, O_RDONLY));

	CHECK_EQ(read(again, &c, 1), 1);
}

TEST(fsync_and_friends)
{
	in_a_new_directory();
	int fd = open("f", O_RDWR | O_CREAT, 0600), fds[2];

	CHECK_OK(fsync(fd));
	CHECK_OK(fdatasync(fd));
	sync();
	CHECK_OK(syncfs(fd));
	CHECK_OK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	CHECK_EQ(posix_fadvise(fd, 0, 0, 77), EINVAL);
	CHECK_OK(readahead(fd, 0, 4096));
	pipe(fds);
	CHECK_ERRNO(fsync(fds[0]), EINVAL);
	CHECK_ERRNO(fsync(999), EBADF);
}
