/* SPDX-License-Identifier: MIT */
/* Directories, links, rename, permissions, times: what names do. */
#include "guest.h"
#include <dirent.h>
#include <grp.h>
#include <sys/statfs.h>
#include <sys/vfs.h>

static void in_a_new_directory(void)
{
	char dir[] = "/tmp/dir.XXXXXX";

	REQUIRE(mkdtemp(dir));
	CHECK_OK(chdir(dir));
	chmod(".", 0755);
}

TEST(make_and_remove)
{
	in_a_new_directory();
	CHECK_OK(mkdir("a", 0755));
	CHECK_ERRNO(mkdir("a", 0755), EEXIST);
	CHECK_ERRNO(mkdir("no/b", 0755), ENOENT);
	CHECK_OK(mkdir("a/b/", 0755));
	CHECK_ERRNO(rmdir("a"), ENOTEMPTY);
	CHECK_ERRNO(unlink("a"), EISDIR);
	CHECK_ERRNO(rmdir("a/."), EINVAL);
	CHECK_ERRNO(rmdir("a/b/.."), ENOTEMPTY);
	guest_write_file("f", "", 0644);
	CHECK_ERRNO(rmdir("f"), ENOTDIR);
	CHECK_ERRNO(unlink("f/"), ENOTDIR);
	CHECK_OK(rmdir("a/b"));
	CHECK_OK(rmdir("a"));
	CHECK_ERRNO(rmdir("a"), ENOENT);
	CHECK_ERRNO(rmdir("/"), EBUSY);
	CHECK_OK(unlinkat(AT_FDCWD, "f", 0));
	mkdir("d", 0755);
	CHECK_OK(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	CHECK_ERRNO(unlinkat(AT_FDCWD, "d", 0x1), EINVAL);
}

TEST(link_counts)
{
	struct stat st;

	in_a_new_directory();
	guest_write_file("a", "x", 0644);
	CHECK_OK(link("a", "b"));
	stat("b", &st);
	CHECK_EQ(st.st_nlink, 2);
	ino_t inode = st.st_ino;

	stat("a", &st);
	CHECK_EQ(st.st_ino, inode);
	CHECK_OK(unlink("a"));
	stat("b", &st);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_ERRNO(link("b", "b"), EEXIST);
	CHECK_ERRNO(link("none", "c"), ENOENT);
	CHECK_ERRNO(link(".", "c"), EPERM);
	mkdir("d", 0755);
	mkdir("d/e", 0755);
	stat("d", &st);
	CHECK_EQ(st.st_nlink, 3);
	CHECK_ERRNO(link("b", "/dev/guest_link"), EXDEV);
	CHECK_OK(symlink("b", "s"));
	CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "hard", 0)); /* the link itself */
	lstat("hard", &st);
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(linkat(AT_FDCWD, "s", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
	lstat("followed", &st);
	CHECK(S_ISREG(st.st_mode));
}

TEST(symbolic_links)
{
	char target[20] = "";
	struct stat st;

	in_a_new_directory();
	CHECK_OK(symlink("t/u", "s"));
	CHECK_EQ(readlink("s", target, 20), 3);
	CHECK(!memcmp(target, "t/u", 3));
	CHECK_EQ(readlink("s", target, 2), 2);
	lstat("s", &st);
	CHECK_EQ(st.st_size, 3);
	CHECK_EQ(st.st_mode, S_IFLNK | 0777);
	CHECK_ERRNO(readlink(".", target, 20), EINVAL);
	CHECK_ERRNO(readlink("s", target, 0), EINVAL);
	CHECK_ERRNO(symlink("", "e"), ENOENT);
	CHECK_ERRNO(symlink("x", "s"), EEXIST);
	CHECK_ERRNO(stat("s", &st), ENOENT);
	mkdir("t", 0755);
	guest_write_file("t/u", "deep", 0644);
	CHECK_STR(guest_read_file("s"), "deep");
	CHECK_OK(symlink("t", "dir"));
	CHECK_STR(guest_read_file("dir/u"), "deep");
	CHECK_OK(symlink("../../../../../../../../../proc", "up"));
	CHECK_OK(access("up/self/stat", R_OK));
	for (int i = 0; i < 45; i++) {
		char name[16], to[16];

		sprintf(name, "l%d", i);
		if (i)
			sprintf(to, "l%d", i - 1);
		else
			strcpy(to, "t/u");
		symlink(to, name);
	}
	CHECK_OK(stat("l38", &st));
	CHECK_ERRNO(stat("l44", &st), ELOOP);
	CHECK_OK(unlink("dir"));
	CHECK_OK(access("t/u", F_OK));
	CHECK_ERRNO(rmdir("up"), ENOTDIR);
}

TEST(renaming)
{
	struct stat st;

	in_a_new_directory();
	guest_write_file("a", "A", 0644);
	guest_write_file("b", "B", 0644);
	CHECK_OK(rename("a", "c"));
	CHECK_ERRNO(stat("a", &st), ENOENT);
	CHECK_OK(rename("c", "b"));
	CHECK_STR(guest_read_file("b"), "A");
	mkdir("d", 0755);
	mkdir("e", 0755);
	mkdir("e/f", 0755);
	CHECK_ERRNO(rename("d", "e"), ENOTEMPTY);
	CHECK_ERRNO(rename("b", "d"), EISDIR);
	CHECK_ERRNO(rename("d", "b"), ENOTDIR);
	CHECK_ERRNO(rename("e", "e/f/g"), EINVAL);
	CHECK_OK(rename("e", "d")); /* d was empty */
	CHECK_OK(stat("d/f", &st));
	CHECK_OK(rename("b", "d/f/deep"));
	CHECK_STR(guest_read_file("d/f/deep"), "A");
	CHECK_OK(link("d/f/deep", "same"));
	CHECK_OK(rename("same", "d/f/deep")); /* one inode: nothing happens */
	CHECK_OK(stat("same", &st));
	CHECK_ERRNO(rename("none", "x"), ENOENT);
	CHECK_ERRNO(rename("d/.", "x"), EBUSY);
	CHECK_ERRNO(rename("same", "/proc/x"), EXDEV);
	stat(".", &st);
	CHECK_EQ(st.st_nlink, 3);
	mkdir("p", 0755);
	CHECK_OK(rename("d/f", "p/f")); /* another parent: its .. follows */
	struct stat dotdot, p;

	stat("p/f/..", &dotdot);
	stat("p", &p);
	CHECK_EQ(dotdot.st_ino, p.st_ino);
	CHECK_EQ(p.st_nlink, 3);
}

TEST(renameat2_flags)
{
	in_a_new_directory();
	guest_write_file("a", "A", 0644);
	mkdir("d", 0755);
	CHECK_ERRNO(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", 1 /* NOREPLACE */), EEXIST);
	CHECK_OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", 2 /* EXCHANGE */));
	CHECK_STR(guest_read_file("d"), "A");
	CHECK_OK(rmdir("a"));
	CHECK_ERRNO(renameat2(AT_FDCWD, "d", AT_FDCWD, "x", 3), EINVAL);
	CHECK_ERRNO(renameat2(AT_FDCWD, "d", AT_FDCWD, "none", 2), ENOENT);
	CHECK_ERRNO(renameat2(AT_FDCWD, "d", AT_FDCWD, "x", 0x80), EINVAL);
}

static int count_entries(const char *path, bool *dots)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0, special = 0;

	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			special++;
		else
			n++;
	}
	if (d)
		closedir(d);
	if (dots)
		*dots = special == 2;
	return n;
}

TEST(reading_directories)
{
	char name[32];
	bool dots;

	in_a_new_directory();
	for (int i = 0; i < 300; i++) {
		sprintf(name, "file_%d", i);
		guest_write_file(name, "", 0644);
	}
	CHECK_EQ(count_entries(".", &dots), 300);
	CHECK(dots);
	/* Removing while reading neither loses nor repeats the others. */
	DIR *d = opendir(".");
	struct dirent *e;
	int seen = 0;

	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		CHECK(e->d_type == DT_REG || e->d_type == DT_UNKNOWN);
		CHECK_OK(unlink(e->d_name));
		seen++;
	}
	CHECK_EQ(seen, 300);
	rewinddir(d);
	CHECK((e = readdir(d)));
	long where = telldir(d);

	CHECK((e = readdir(d)));
	char second[300];

	strcpy(second, e->d_name);
	seekdir(d, where);
	e = readdir(d);
	CHECK(e && !strcmp(e->d_name, second));
	closedir(d);
	CHECK_EQ(count_entries(".", NULL), 0);
	int fd = open("/proc/self/exe", O_RDONLY);
	char buffer[1024];

	CHECK_ERRNO(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)), ENOTDIR);
	fd = open(".", O_RDONLY);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buffer, 3), EINVAL);
	CHECK_ERRNO(read(fd, buffer, 10), EISDIR);
}

TEST(removed_current_directory)
{
	char buffer[200];

	in_a_new_directory();
	mkdir("gone", 0755);
	CHECK_OK(chdir("gone"));
	CHECK_OK(rmdir("../gone"));
	CHECK(!getcwd(buffer, sizeof(buffer)));
	CHECK_EQ(errno, ENOENT);
	CHECK_ERRNO(open("x", O_CREAT | O_RDWR, 0600), ENOENT);
	CHECK_ERRNO(mkdir("x", 0700), ENOENT);
	CHECK_OK(chdir(".."));
	CHECK_EQ(count_entries(".", NULL), 0);
}

TEST(current_directory)
{
	char buffer[300], tiny[3];

	CHECK_OK(chdir("/"));
	CHECK_STR(getcwd(buffer, 300), "/");
	CHECK_OK(chdir("/tmp/../tmp/."));
	CHECK_STR(getcwd(buffer, 300), "/tmp");
	CHECK_ERRNO(syscall(SYS_getcwd, tiny, 3), ERANGE);
	int fd = open("/dev", O_RDONLY | O_DIRECTORY);

	CHECK_OK(fchdir(fd));
	CHECK_STR(getcwd(buffer, 300), "/dev");
	CHECK_ERRNO(chdir("/proc/self/exe"), ENOTDIR);
	CHECK_ERRNO(chdir("/nope"), ENOENT);
	CHECK_ERRNO(fchdir(0x7000), EBADF);
	CHECK_OK(chdir("/.."));
	CHECK_STR(getcwd(buffer, 300), "/");
}

TEST(at_calls)
{
	struct stat st;

	in_a_new_directory();
	mkdir("d", 0755);
	int d = CHECK_OK(open("d", O_RDONLY | O_DIRECTORY));
	int fd = CHECK_OK(openat(d, "f", O_CREAT | O_RDWR, 0600));

	CHECK_OK(stat("d/f", &st));
	CHECK_OK(mkdirat(d, "sub", 0755));
	CHECK_OK(symlinkat("f", d, "s"));
	CHECK_OK(fstatat(d, "s", &st, AT_SYMLINK_NOFOLLOW));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(fstatat(d, "s", &st, 0));
	CHECK(S_ISREG(st.st_mode));
	CHECK_OK(fstatat(fd, "", &st, AT_EMPTY_PATH));
	CHECK_ERRNO(fstatat(fd, "x", &st, 0), ENOTDIR);
	CHECK_ERRNO(fstatat(999, "x", &st, 0), EBADF);
	CHECK_OK(fstatat(999, "/tmp", &st, 0)); /* an absolute path needs no directory */
	CHECK_ERRNO(fstatat(d, "f", &st, 0x40000000), EINVAL);
	CHECK_OK(renameat(d, "f", AT_FDCWD, "moved"));
	CHECK_OK(faccessat(AT_FDCWD, "moved", R_OK, 0));
	CHECK_OK(fchmodat(d, "sub", 0700, 0));
	CHECK_OK(unlinkat(d, "sub", AT_REMOVEDIR));
	struct statx sx;

	CHECK_OK(statx(AT_FDCWD, "moved", 0, STATX_BASIC_STATS, &sx));
	CHECK_EQ(sx.stx_size, 0);
	CHECK_EQ(sx.stx_mode, S_IFREG | 0600);
	struct {
		uint64_t flags, mode, resolve;
	} how = { .flags = O_RDONLY, .resolve = 0x08 /* BENEATH */ };

	CHECK_ERRNO(syscall(SYS_openat2, d, "../moved", &how, sizeof(how)), EXDEV);
	how.resolve = 0x04; /* NO_SYMLINKS */
	CHECK_ERRNO(syscall(SYS_openat2, d, "s", &how, sizeof(how)), ELOOP);
	how.resolve = 0;
	CHECK_OK(syscall(SYS_openat2, AT_FDCWD, "moved", &how, sizeof(how)));
	how.flags = 1UL << 40;
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "moved", &how, sizeof(how)), EINVAL);
}

TEST(permissions)
{
	if (getuid())
		guest_skip("needs root");
	in_a_new_directory();
	guest_write_file("owner", "x", 0600);
	guest_write_file("all", "x", 0644);
	guest_write_file("exec", "x", 0711);
	guest_write_file("mine", "x", 0400);
	chown("mine", 1000, 1000);
	mkdir("closed", 0700);
	mkdir("search", 0711);
	guest_write_file("search/f", "x", 0644);
	mkdir("sticky", 0777);
	chmod("sticky", 01777);
	guest_write_file("sticky/root", "x", 0666);
	CHECK_OK(access("owner", R_OK | W_OK));
	CHECK_ERRNO(access("owner", X_OK), EACCES); /* root needs one x bit */
	CHECK_OK(access("exec", X_OK));
	CHECK_EXITED(IN_CHILD({
		gid_t groups[1] = { 1000 };

		setgroups(0, groups);
		CHECK_OK(setgid(1000));
		CHECK_OK(setuid(1000));
		CHECK_ERRNO(open("owner", O_RDONLY), EACCES);
		CHECK_OK(open("all", O_RDONLY));
		CHECK_ERRNO(open("all", O_WRONLY), EACCES);
		CHECK_ERRNO(access("all", W_OK), EACCES);
		CHECK_ERRNO(open("exec", O_RDONLY), EACCES);
		CHECK_OK(open("mine", O_RDONLY));
		CHECK_ERRNO(open("mine", O_WRONLY), EACCES);
		CHECK_OK(chmod("mine", 0600));
		CHECK_OK(open("mine", O_WRONLY));
		CHECK_ERRNO(chmod("all", 0777), EPERM);
		CHECK_ERRNO(chown("mine", 0, 0), EPERM);
		CHECK_ERRNO(chown("all", 1000, 1000), EPERM);
		CHECK_ERRNO(open("new", O_CREAT | O_RDWR, 0600), EACCES);
		CHECK_ERRNO(unlink("all"), EACCES);
		CHECK_ERRNO(mkdir("x", 0777), EACCES);
		CHECK_ERRNO(open("closed", O_RDONLY), EACCES);
		CHECK_ERRNO(open("closed/x", O_RDONLY), EACCES);
		CHECK_ERRNO(open("search", O_RDONLY), EACCES);
		CHECK_OK(open("search/f", O_RDONLY));
		CHECK_ERRNO(unlink("sticky/root"), EPERM);
		CHECK_OK(close(CHECK_OK(open("sticky/me", O_CREAT | O_RDWR, 0600))));
		CHECK_OK(unlink("sticky/me"));
		CHECK_ERRNO(mknod("sticky/dev", S_IFCHR | 0600, 0x103), EPERM);
		CHECK_ERRNO(chroot("/"), EPERM);
	}), 0);
	/* Group permissions come from the file's group and the supplementary groups. */
	guest_write_file("group", "x", 0640);
	chown("group", 0, 2000);
	CHECK_EXITED(IN_CHILD({
		gid_t groups[2] = { 5, 2000 };

		CHECK_OK(setgroups(2, groups));
		setgid(1000);
		setuid(1000);
		CHECK_OK(open("group", O_RDONLY));
		CHECK_ERRNO(open("group", O_WRONLY), EACCES);
		CHECK_EQ(getgroups(0, NULL), 2);
	}), 0);
	/* Set-id bits go when another than the owner changes the file. */
	struct stat st;

	chmod("all", 06755);
	chown("all", 1000, 1000);
	stat("all", &st);
	CHECK_EQ(st.st_mode & 07777, 0755);
}

TEST(set_gid_directories)
{
	struct stat st;

	if (getuid())
		guest_skip("needs root");
	in_a_new_directory();
	mkdir("d", 0755);
	chown("d", 0, 3000);
	chmod("d", 02755);
	guest_write_file("d/f", "", 0644);
	stat("d/f", &st);
	CHECK_EQ(st.st_gid, 3000);
	mkdir("d/e", 0755);
	stat("d/e", &st);
	CHECK_EQ(st.st_gid, 3000);
	CHECK_EQ(st.st_mode & 07777, 02755);
}

static uint64_t mtime_of(const char *path)
{
	struct stat st;

	CHECK_OK(stat(path, &st));
	return st.st_mtim.tv_sec * 1000000000ULL + st.st_mtim.tv_nsec;
}

TEST(times)
{
	struct timespec set[2] = { { 1000000000, 5 }, { 1000000001, 6 } }, now, some;
	struct stat st;

	in_a_new_directory();
	clock_gettime(CLOCK_REALTIME, &now);
	guest_write_file("f", "x", 0644);
	stat("f", &st);
	CHECK(llabs((long long)st.st_mtim.tv_sec - now.tv_sec) <= 2);
	CHECK_OK(utimensat(AT_FDCWD, "f", set, 0));
	stat("f", &st);
	CHECK_EQ(st.st_atim.tv_sec, 1000000000);
	CHECK_EQ(st.st_atim.tv_nsec, 5);
	CHECK_EQ(st.st_mtim.tv_sec, 1000000001);
	CHECK_EQ(st.st_mtim.tv_nsec, 6);
	CHECK(st.st_ctim.tv_sec >= now.tv_sec - 1);
	set[0].tv_nsec = UTIME_OMIT;
	set[1].tv_nsec = UTIME_NOW;
	CHECK_OK(utimensat(AT_FDCWD, "f", set, 0));
	stat("f", &st);
	CHECK_EQ(st.st_atim.tv_sec, 1000000000);
	CHECK(st.st_mtim.tv_sec >= now.tv_sec - 1);
	set[0].tv_nsec = 1000000000;
	CHECK_ERRNO(utimensat(AT_FDCWD, "f", set, 0), EINVAL);
	CHECK_OK(utimensat(AT_FDCWD, "f", NULL, 0));
	/* What changes what. */
	set[0] = set[1] = some = (struct timespec){ 1000, 0 };
	utimensat(AT_FDCWD, ".", set, 0);
	guest_write_file("new", "", 0644);
	CHECK(mtime_of(".") > 2000000000000ULL);
	utimensat(AT_FDCWD, "f", set, 0);
	int fd = open("f", O_RDWR);

	CHECK_EQ(write(fd, "y", 1), 1);
	CHECK(mtime_of("f") > 2000000000000ULL);
	futimens(fd, set);
	chmod("f", 0600);
	CHECK_EQ(mtime_of("f"), 1000000000000ULL);
	ftruncate(fd, 0);
	CHECK(mtime_of("f") > 2000000000000ULL);
	utimensat(AT_FDCWD, ".", set, 0);
	unlink("f");
	CHECK(mtime_of(".") > 2000000000000ULL);
}

TEST(statfs_of_several)
{
	struct statfs s;

	CHECK_OK(statfs("/proc", &s));
	CHECK_EQ(s.f_type, 0x9fa0);
	CHECK_OK(statfs("/dev/shm", &s));
	CHECK_EQ(s.f_type, 0x01021994);
	CHECK_EQ(s.f_bsize, 4096);
	CHECK_ERRNO(statfs("/nope", &s), ENOENT);
}

TEST(deep_trees)
{
	in_a_new_directory();
	for (int i = 0; i < 100; i++) {
		CHECK_OK(mkdir("a_rather_long_directory_name", 0755));
		CHECK_OK(chdir("a_rather_long_directory_name"));
	}
	char *cwd = getcwd(NULL, 0);

	CHECK(cwd && strlen(cwd) > 2900);
	for (int i = 0; i < 100; i++) {
		CHECK_OK(chdir(".."));
		CHECK_OK(rmdir("a_rather_long_directory_name"));
	}
}

TEST(special_files)
{
	struct stat st;

	if (getuid())
		guest_skip("needs root");
	in_a_new_directory();
	if (mknod("null", S_IFCHR | 0666, 0x103))
		guest_skip("no device nodes here");
	stat("null", &st);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(st.st_rdev, 0x103);
	int fd = open("null", O_RDWR);

	if (fd < 0)
		guest_skip("mounted nodev");
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_OK(mknod("regular", S_IFREG | 0600, 0));
	CHECK_OK(mknod("fifo", S_IFIFO | 0600, 0));
	CHECK_ERRNO(mknod("dir", S_IFDIR | 0600, 0), EPERM);
	CHECK_OK(mknod("nodriver", S_IFCHR | 0600, 0xee00ee));
	CHECK_ERRNO(open("nodriver", O_RDONLY), ENXIO);
}
