/* SPDX-License-Identifier: MIT */
/* tmpfs: limits, holes, truncation, fallocate, O_TMPFILE, sealed memory files, getdents while names
 * change. */
#include "fs_world.h"

#define PAGES_KB(n) ((n)*4)

static void mount_small(const char *options)
{
	CHECK_EQ(t_mkdir("/t"), 0l);
	CHECK_EQ(do_mount("tmpfs", "/t", "tmpfs", 0, options), 0);
}

static struct statfs statfs_of(const char *name)
{
	void __user *room = user_room(sizeof(struct statfs));
	struct statfs st;

	CHECK_EQ(ksys_statfs(U(name), room), 0l);
	from_user(room, &st, sizeof(st));
	return st;
}

/* Write @n pages of 'x' at the position. */
static long fill(int fd, unsigned int n)
{
	void __user *page = user_room(PAGE_SIZE);
	long total = 0, got = 0;

	while (n--) {
		got = ksys_write(fd, page, PAGE_SIZE);
		if (got <= 0)
			break;
		total += got;
	}
	return total ? total : got;
}

static void limits(void)
{
	struct stat st;
	int fd, i;
	char name[16];

	mount_small("size=16k,nr_inodes=4");
	CHECK_EQ(statfs_of("/t").f_type, (long)TMPFS_MAGIC);
	CHECK_EQ(statfs_of("/t").f_blocks, 4l);
	CHECK_EQ(statfs_of("/t").f_ffree, 3l);
	fd = t_open("/t/big", O_CREAT | O_RDWR, 0644);
	CHECK_EQ(fill(fd, 10), 4l * (long)PAGE_SIZE);
	CHECK_EQ(fill(fd, 1), -ENOSPC);
	CHECK_EQ(statfs_of("/t").f_bfree, 0l);
	/* A hole costs nothing; filling it does. */
	CHECK_EQ(ksys_ftruncate(fd, PAGE_SIZE), 0l);
	CHECK_EQ(statfs_of("/t").f_bfree, 3l);
	CHECK_EQ(ksys_ftruncate(fd, 1 << 20), 0l);
	CHECK_EQ(statfs_of("/t").f_bfree, 3l);
	CHECK_EQ(t_stat("/t/big", &st), 0l);
	CHECK_EQ(st.st_size, 1l << 20);
	CHECK_EQ(st.st_blocks, 8l);
	CHECK_EQ(ksys_pwrite64(fd, U("y"), 1, 500000), 1l);
	CHECK_EQ(statfs_of("/t").f_bfree, 2l);
	for (i = 0; i < 5; i++) {
		test_snprintf(name, sizeof(name), "/t/%d", i);
		if (ksys_close(t_open(name, O_CREAT | O_WRONLY, 0644)))
			break;
	}
	CHECK_EQ(i, 2);
	CHECK_EQ(t_open("/t/x", O_CREAT | O_WRONLY, 0644), -ENOSPC);
	CHECK_EQ(ksys_link(U("/t/0"), U("/t/x")), -ENOSPC);
	CHECK_EQ(t_mkdir("/t/x"), -ENOSPC);
	/* Removed, but open: it still takes its room. */
	CHECK_EQ(t_unlink("/t/big"), 0l);
	CHECK_EQ(statfs_of("/t").f_bfree, 2l);
	ksys_close(fd);
	CHECK_EQ(statfs_of("/t").f_bfree, 4l);
	CHECK_EQ(statfs_of("/t").f_ffree, 1l);
	CHECK_EQ(do_mount(NULL, "/t", NULL, MS_REMOUNT, "size=8k"), 0);
	CHECK_EQ(statfs_of("/t").f_blocks, 2l);
	CHECK_EQ(do_mount(NULL, "/t", NULL, MS_REMOUNT, "nr_inodes=2"), -EINVAL);
	CHECK_EQ(do_umount("/t", 0), 0);
}

TEST(tmpfs_limits)
{
	fs_run(1, limits);
}

static void holes(void)
{
	char buf[8] = {};
	void __user *room;
	int fd;

	mount_small("size=1m");
	fd = t_open("/t/f", O_CREAT | O_RDWR, 0644);
	CHECK_EQ(ksys_pwrite64(fd, U("data"), 4, 10 * PAGE_SIZE - 2), 4l);
	CHECK_EQ(ksys_lseek(fd, 0, SEEK_DATA), 9l * (long)PAGE_SIZE);
	CHECK_EQ(ksys_lseek(fd, 0, SEEK_HOLE), 0l);
	CHECK_EQ(ksys_lseek(fd, 9 * PAGE_SIZE, SEEK_HOLE), 10l * (long)PAGE_SIZE + 2);
	CHECK_EQ(ksys_lseek(fd, 11 * PAGE_SIZE, SEEK_DATA), -ENXIO);
	CHECK_EQ(ksys_lseek(fd, 0, SEEK_END), 10l * (long)PAGE_SIZE + 2);
	CHECK_EQ(ksys_lseek(fd, -1, SEEK_SET), -EINVAL);
	CHECK_EQ(ksys_lseek(fd, 0, 7), -EINVAL);
	room = user_room(8);
	CHECK_EQ(ksys_pread64(fd, room, 8, 10 * PAGE_SIZE - 4), 6l);
	from_user(room, buf, 6);
	CHECK(!memcmp(buf, "\0\0data", 6));
	CHECK_EQ(ksys_pread64(fd, room, 8, 20 * PAGE_SIZE), 0l);
	CHECK_EQ(ksys_pread64(fd, room, 8, -1), -EINVAL);
	/* Punch: whole pages go, parts are zeroed, the size stays. */
	CHECK_EQ(ksys_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10 * PAGE_SIZE - 1,
				2),
		 0l);
	CHECK_EQ(ksys_pread64(fd, room, 8, 10 * PAGE_SIZE - 4), 6l);
	from_user(room, buf, 6);
	CHECK(!memcmp(buf, "\0\0d\0\0a", 6));
	CHECK_EQ(ksys_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10 * PAGE_SIZE),
		 0l);
	CHECK_EQ(statfs_of("/t").f_bfree, 256l - 1);
	CHECK_EQ(ksys_fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1), -EOPNOTSUPP);
	CHECK_EQ(ksys_fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE_SIZE), -EOPNOTSUPP);
	CHECK_EQ(ksys_fallocate(fd, 0, 0, 0), -EINVAL);
	CHECK_EQ(ksys_fallocate(fd, 0, 0, 4 * PAGE_SIZE), 0l);
	CHECK_EQ(statfs_of("/t").f_bfree, 256l - 5);
	CHECK_EQ(ksys_fallocate(fd, 0, 0, 2 << 20), -ENOSPC);
	CHECK_EQ(statfs_of("/t").f_bfree, 256l - 5);
	/* A page beyond a shrunk end comes back as zeros. */
	CHECK_EQ(ksys_pwrite64(fd, U("zzzz"), 4, 100), 4l);
	CHECK_EQ(ksys_ftruncate(fd, 102), 0l);
	CHECK_EQ(ksys_ftruncate(fd, 200), 0l);
	CHECK_EQ(ksys_pread64(fd, room, 4, 100), 4l);
	from_user(room, buf, 4);
	CHECK(!memcmp(buf, "zz\0\0", 4));
	CHECK_EQ(ksys_ftruncate(fd, -1), -EINVAL);
	CHECK_EQ(ksys_truncate(U("/t"), 0), -EISDIR);
	CHECK_EQ(ksys_close(fd), 0l);
	CHECK_EQ(do_umount("/t", 0), 0);
}

TEST(tmpfs_holes)
{
	fs_run(1, holes);
}

static void bad_pointers(void)
{
	int fd = t_open("/f", O_CREAT | O_RDWR, 0644);
	char *end = user_room(16);
	struct stat st;

	/* Unmapped memory behind the last user page. */
	end = (char *)ALIGN((unsigned long)end, 1ul << 20);
	CHECK_EQ(ksys_write(fd, (void *)16, 100), -EFAULT);
	CHECK_EQ(ksys_write(fd, end - 10, 100), 10l);
	CHECK_EQ(t_stat("/f", &st), 0l);
	CHECK_EQ(st.st_size, 10l);
	CHECK_EQ(ksys_lseek(fd, 0, SEEK_SET), 0l);
	CHECK_EQ(ksys_read(fd, (void *)16, 100), -EFAULT);
	CHECK_EQ(ksys_read(fd, end - 4, 100), 4l);
	CHECK_EQ(ksys_read(fd, (void *)~0ul, 1), -EFAULT);
	CHECK_EQ(ksys_read(fd, end - 4, -1), -EFAULT);
	CHECK_EQ(ksys_read(99, end - 4, 1), -EBADF);
	CHECK_EQ(ksys_write(t_open("/f", O_RDONLY, 0), U("x"), 1), -EBADF);
	CHECK_EQ(ksys_read(t_open("/f", O_WRONLY, 0), user_room(16), 1), -EBADF);
	CHECK_EQ(ksys_read(t_open("/", O_RDONLY, 0), user_room(16), 1), -EISDIR);
	CHECK_EQ(ksys_fstat(fd, (void *)16), -EFAULT);
}

TEST(tmpfs_bad_pointers)
{
	fs_run(1, bad_pointers);
}

static void append_and_limit(void)
{
	int fd = t_open("/f", O_CREAT | O_RDWR | O_APPEND, 0644), other;

	CHECK_EQ(t_write(fd, "one"), 3l);
	CHECK_EQ(ksys_lseek(fd, 0, SEEK_SET), 0l);
	CHECK_EQ(t_write(fd, "two"), 3l);
	CHECK_STREQ(t_cat("/f"), "onetwo");
	CHECK_EQ(ksys_pwrite64(fd, U("x"), 1, 0), 1l); /* O_APPEND wins, as on Linux */
	CHECK_STREQ(t_cat("/f"), "onetwox");
	current->signal->rlim[RLIMIT_FSIZE].rlim_cur = 9;
	CHECK_EQ(t_write(fd, "12345"), 2l);
	CHECK_EQ(t_write(fd, "12345"), -EFBIG);
	CHECK_EQ(sigxfszs(), 1u);
	CHECK_EQ(ksys_ftruncate(fd, 10), -EFBIG);
	CHECK_EQ(sigxfszs(), 1u);
	current->signal->rlim[RLIMIT_FSIZE].rlim_cur = RLIM_INFINITY;
	/* dup shares the position, a second open does not. */
	ksys_lseek(fd, 4, SEEK_SET);
	other = ksys_dup(fd);
	CHECK_EQ(ksys_lseek(other, 0, SEEK_CUR), 4l);
	CHECK_EQ(ksys_lseek(t_open("/f", O_RDONLY, 0), 0, SEEK_CUR), 0l);
	CHECK_EQ(ksys_fcntl(fd, F_SETFL, 0), 0l);
	CHECK_EQ(ksys_fcntl(other, F_GETFL, 0), (long)(O_RDWR | O_LARGEFILE));
	CHECK_EQ(t_write(other, "AB"), 2l);
	CHECK_STREQ(t_cat("/f"), "onetABx12");
}

TEST(tmpfs_append_and_limit)
{
	fs_run(1, append_and_limit);
}

static void tmpfiles(void)
{
	char path[32];
	struct stat st;
	int fd, fd2;

	t_mkdir("/d");
	CHECK_EQ(t_open("/d", O_TMPFILE | O_RDONLY, 0600), -EINVAL);
	fd = t_open("/d", O_TMPFILE | O_RDWR, 0600);
	CHECK_GE(fd, 0);
	CHECK_EQ(t_write(fd, "hidden"), 6l);
	CHECK_STREQ(t_ls("/d"), "");
	CHECK_EQ(ksys_linkat(fd, U(""), AT_FDCWD, U("/d/shown"), AT_EMPTY_PATH), 0l);
	CHECK_STREQ(t_cat("/d/shown"), "hidden");
	CHECK_EQ(t_stat("/d/shown", &st), 0l);
	CHECK_EQ(st.st_nlink, 1ul);
	fd2 = t_open("/d", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	CHECK_EQ(ksys_linkat(fd2, U(""), AT_FDCWD, U("/d/no"), AT_EMPTY_PATH), -ENOENT);
	CHECK_EQ(ksys_unlink(U("/d/shown")), 0l);
	CHECK_EQ(ksys_linkat(fd, U(""), AT_FDCWD, U("/d/again"), AT_EMPTY_PATH), -ENOENT);
	(void)path;
}

TEST(tmpfs_tmpfile)
{
	fs_run(1, tmpfiles);
}

static void memfds(void)
{
	int fd = ksys_memfd_create(U("box"), MFD_ALLOW_SEALING), plain;
	unsigned long addr;
	char buf[64], *name;

	CHECK_GE(fd, 0);
	CHECK_EQ(t_write(fd, "sealed"), 6l);
	name = d_path(&fget(fd)->f_path, buf, sizeof(buf));
	CHECK_STREQ(name, "/memfd:box (deleted)");
	fput(fget(fd));
	CHECK_EQ(ksys_fcntl(fd, F_GET_SEALS, 0), 0l);
	CHECK_EQ(ksys_fcntl(fd, F_ADD_SEALS, 0x100), -EINVAL);
	CHECK_EQ(ksys_fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0l);
	CHECK_EQ(ksys_ftruncate(fd, 3), -EPERM);
	CHECK_EQ(ksys_fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0l);
	CHECK_EQ(ksys_ftruncate(fd, 30), -EPERM);
	CHECK_EQ(t_write(fd, "more"), -EPERM);
	CHECK_EQ(ksys_pwrite64(fd, U("S"), 1, 0), 1l);
	addr = vm_mmap_pgoff(fget(fd), 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	CHECK(!IS_ERR_VALUE(addr));
	CHECK_EQ(ksys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -EBUSY);
	CHECK_EQ(vm_munmap(addr, PAGE_SIZE), 0);
	CHECK_EQ(ksys_fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL), 0l);
	CHECK_EQ(ksys_pwrite64(fd, U("x"), 1, 0), -EPERM);
	CHECK_EQ(ksys_fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), -EPERM);
	addr = vm_mmap_pgoff(fget(fd), 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	CHECK_EQ(addr, (unsigned long)-EPERM);
	plain = ksys_memfd_create(U(""), MFD_CLOEXEC);
	CHECK_EQ(ksys_fcntl(plain, F_GETFD, 0), (long)FD_CLOEXEC);
	CHECK_EQ(ksys_fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK), -EPERM);
	CHECK_EQ(ksys_fcntl(plain, F_GET_SEALS, 0), (long)F_SEAL_SEAL);
	CHECK_EQ(ksys_memfd_create(U("x"), 0x80), -EINVAL);
	memset(buf, 'n', sizeof(buf));
}

TEST(memfd_seals)
{
	fs_run(1, memfds);
}

static void readdir_while_changing(void)
{
	char name[32], seen[200] = {}, records[4096];
	void __user *room = user_room(sizeof(records));
	int fd;
	long n;

	t_mkdir("/d");
	for (int i = 0; i < 200; i++) {
		test_snprintf(name, sizeof(name), "/d/%d", i);
		t_put(name, "");
	}
	/* Each entry that was there from begin to end comes once, whatever is removed meanwhile. */
	fd = t_open("/d", O_RDONLY, 0);
	for (int round = 0; (n = ksys_getdents64(fd, room, 128)) > 0; round++) {
		from_user(room, records, n);
		for (long at = 0; at < n;
		     at += ((struct linux_dirent64 *)(records + at))->d_reclen) {
			const char *entry = ((struct linux_dirent64 *)(records + at))->d_name;
			int number = 0;

			if (entry[0] == '.')
				continue;
			for (; *entry; entry++)
				number = number * 10 + *entry - '0';
			CHECK_LT(number, 200);
			seen[number]++;
			test_snprintf(name, sizeof(name), "/d/%d", number);
			if (number % 3 == 0)
				CHECK_EQ(t_unlink(name), 0l);
		}
		test_snprintf(name, sizeof(name), "/d/%d", (round * 7) % 200);
		if ((round * 7) % 200 % 3 == 1)
			t_unlink(name);
	}
	CHECK_EQ(n, 0l);
	for (int i = 0; i < 200; i++)
		CHECK(i % 3 == 2 ? seen[i] == 1 : seen[i] <= 1);
	CHECK_EQ(ksys_lseek(fd, 0, SEEK_SET), 0l);
	CHECK_GT(ksys_getdents64(fd, room, 128), 0l);
	CHECK_EQ(ksys_getdents64(fd, room, 8), -EINVAL);
	CHECK_EQ(ksys_getdents64(fd, (void *)16, 1000), -EFAULT);
	CHECK_EQ(ksys_getdents(fd, room, 1000) > 0, true);
}

TEST(tmpfs_readdir_while_changing)
{
	fs_run(1, readdir_while_changing);
}

static void no_leak(void)
{
	unsigned long before;
	int fd;

	t_mkdir("/t");
	before = fs_free_pages();
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(do_mount("tmpfs", "/t", "tmpfs", 0, NULL), 0);
		t_mkdir("/t/a");
		t_mkdir("/t/a/b");
		fd = t_open("/t/a/b/file", O_CREAT | O_RDWR, 0644);
		CHECK_EQ(fill(fd, 50), 50l * (long)PAGE_SIZE);
		CHECK_EQ(ksys_symlink(U("target"), U("/t/a/link")), 0l);
		CHECK_EQ(ksys_link(U("/t/a/b/file"), U("/t/hard")), 0l);
		CHECK_EQ(ksys_mknod(U("/t/fifo"), S_IFIFO | 0600, 0), 0l);
		ksys_close(fd);
		CHECK_EQ(do_umount("/t", 0), 0);
	}
	CHECK_EQ(fs_free_pages(), before);
}

TEST(tmpfs_gives_everything_back)
{
	fs_run(1, no_leak);
}
