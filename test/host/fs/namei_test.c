/* SPDX-License-Identifier: MIT */
/* Path walk: components, dots, links, trailing slashes, permissions, mounts, openat2's limits. */
#include "fs_world.h"

/*
 *	/a/b/c/file	/a/link -> b	/a/abs -> /a/b
 *	/loop1 -> loop2 -> loop1	/dangling -> nothing
 */
static void make_tree(void)
{
	CHECK_EQ(t_mkdir("/a"), 0l);
	CHECK_EQ(t_mkdir("/a/b"), 0l);
	CHECK_EQ(t_mkdir("/a/b/c"), 0l);
	t_put("/a/b/c/file", "text");
	CHECK_EQ(ksys_symlink(U("b"), U("/a/link")), 0l);
	CHECK_EQ(ksys_symlink(U("/a/b"), U("/a/abs")), 0l);
	CHECK_EQ(ksys_symlink(U("loop2"), U("/loop1")), 0l);
	CHECK_EQ(ksys_symlink(U("loop1"), U("/loop2")), 0l);
	CHECK_EQ(ksys_symlink(U("nothing"), U("/dangling")), 0l);
}

static void components(void)
{
	make_tree();
	CHECK_STREQ(t_cat("/a/b/c/file"), "text");
	CHECK_STREQ(t_cat("//a///b/./c/../c/file"), "text");
	CHECK_STREQ(t_cat("/../../a/b/c/file"), "text");
	CHECK_STREQ(t_cat("a/b/c/file"), "text");
	CHECK_STREQ(t_cat("/a/link/c/file"), "text");
	CHECK_STREQ(t_cat("/a/abs/c/file"), "text");
	CHECK_EQ(t_open("/a/b/c/file/", O_RDONLY, 0), -ENOTDIR);
	CHECK_EQ(t_open("/a/b/c/file/x", O_RDONLY, 0), -ENOTDIR);
	CHECK_EQ(t_open("/a/nothing", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(t_open("/a/nothing/x", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(t_open("", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(t_open("/loop1", O_RDONLY, 0), -ELOOP);
	CHECK_EQ(t_open("/loop1/x", O_RDONLY, 0), -ELOOP);
	CHECK_EQ(t_open("/dangling", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(ksys_open((void *)8, O_RDONLY, 0), -EFAULT);
	CHECK_STREQ(t_ls("/a"), "abs b link");
	CHECK_STREQ(t_ls("/a/link/"), "c");
}

TEST(path_walk_components)
{
	fs_run(1, components);
}

static void long_names(void)
{
	char name[6000];

	memset(name, 'x', sizeof(name));
	name[NAME_MAX] = 0;
	CHECK_EQ(t_mkdir(name), 0l);
	CHECK_EQ(ksys_rmdir(U(name)), 0l);
	name[NAME_MAX] = 'x';
	name[NAME_MAX + 1] = 0;
	CHECK_EQ(t_mkdir(name), -ENAMETOOLONG);
	CHECK_EQ(t_open(name, O_RDONLY, 0), -ENAMETOOLONG);
	for (int i = 0; i < 5000; i++)
		name[i] = i & 1 ? '.' : '/';
	name[PATH_MAX - 1] = 0;
	CHECK_EQ(ksys_close(t_open(name, O_RDONLY, 0)), 0l);
	name[PATH_MAX - 1] = '/';
	name[5000] = 0;
	CHECK_EQ(t_open(name, O_RDONLY, 0), -ENAMETOOLONG);
}

TEST(path_walk_long_names)
{
	fs_run(1, long_names);
}

static void links(void)
{
	char name[16], target[16];

	/* l0 -> l1 -> ... -> l40 -> file: 40 links are the most. */
	t_put("/file", "end");
	CHECK_EQ(ksys_symlink(U("file"), U("/l40")), 0l);
	for (int i = 39; i >= 0; i--) {
		test_snprintf(name, sizeof(name), "/l%d", i);
		test_snprintf(target, sizeof(target), "l%d", i + 1);
		CHECK_EQ(ksys_symlink(U(target), U(name)), 0l);
	}
	CHECK_STREQ(t_cat("/l1"), "end");
	CHECK_EQ(t_open("/l0", O_RDONLY, 0), -ELOOP);
	CHECK_EQ(t_open("/l1", O_RDONLY | O_NOFOLLOW, 0), -ELOOP);
	CHECK_EQ(t_unlink("/l1"), 0l);
	CHECK_EQ(t_open("/l0", O_RDONLY, 0), -ENOENT);
	CHECK_STREQ(t_cat("/l2"), "end");
	/* A link to a directory, with and without a slash behind it. */
	CHECK_EQ(t_mkdir("/dir"), 0l);
	CHECK_EQ(ksys_symlink(U("/dir/"), U("/tolink")), 0l);
	CHECK_EQ(ksys_unlink(U("/tolink/")), -ENOTDIR);
	CHECK_EQ(ksys_rmdir(U("/tolink")), -ENOTDIR);
	CHECK_EQ(ksys_close(t_open("/tolink/.", O_RDONLY, 0)), 0l);
	CHECK_EQ(ksys_symlink(U(""), U("/empty")), -ENOENT);
	CHECK_EQ(ksys_symlink(U("/"), U("/rootlink")), 0l);
	CHECK_STREQ(t_cat("/rootlink/file"), "end");
	CHECK_STREQ(t_cat("/rootlink/rootlink/../file"), "end");
	{
		char __user *buf = user_room(64);
		char got[8];

		CHECK_EQ(ksys_readlink(U("/rootlink"), buf, 64), 1l);
		CHECK_EQ(ksys_readlink(U("/l40"), buf, 2), 2l);
		from_user(buf, got, 2);
		CHECK_EQ(got[0], 'f');
		CHECK_EQ(ksys_readlink(U("/l40"), buf, 0), -EINVAL);
		CHECK_EQ(ksys_readlink(U("/file"), buf, 2), -EINVAL);
	}
}

TEST(path_walk_links)
{
	fs_run(1, links);
}

static void creating(void)
{
	int fd;

	CHECK_EQ(t_open("/new/", O_CREAT | O_WRONLY, 0644), -EISDIR);
	CHECK_EQ(t_open("/.", O_CREAT | O_WRONLY, 0644), -EISDIR);
	fd = t_open("/new", O_CREAT | O_EXCL | O_RDWR, 0444);
	CHECK_GE(fd, 0);
	CHECK_EQ(t_write(fd, "w"), 1l); /* the mode is not for the one who makes it */
	ksys_close(fd);
	CHECK_EQ(t_open("/new", O_CREAT | O_EXCL | O_RDWR, 0444), -EEXIST);
	CHECK_EQ(t_open("/new", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
	CHECK_EQ(t_open("/new", O_RDONLY | O_DIRECTORY | O_CREAT, 0), -EINVAL);
	CHECK_EQ(t_open("/", O_WRONLY, 0), -EISDIR);
	CHECK_EQ(t_open("/", O_RDONLY | O_CREAT, 0), -EISDIR);
	/* O_CREAT through a link makes what it leads to; O_EXCL does not follow. */
	CHECK_EQ(ksys_symlink(U("made"), U("/dangling")), 0l);
	CHECK_EQ(t_open("/dangling", O_CREAT | O_EXCL | O_WRONLY, 0644), -EEXIST);
	CHECK_EQ(t_open("/dangling", O_CREAT | O_NOFOLLOW | O_WRONLY, 0644), -ELOOP);
	CHECK_EQ(ksys_close(t_open("/dangling", O_CREAT | O_WRONLY, 0644)), 0l);
	CHECK_STREQ(t_cat("/made"), "");
	CHECK_EQ(t_mkdir("/made"), -EEXIST);
	CHECK_EQ(t_mkdir("/dangling"), -EEXIST);
	CHECK_EQ(t_mkdir("/x/y"), -ENOENT);
	CHECK_EQ(t_mkdir("/d/"), 0l);
	CHECK_EQ(t_mkdir("/."), -EEXIST);
	CHECK_EQ(ksys_mknod(U("/f/"), S_IFIFO | 0600, 0), -ENOENT);
	CHECK_EQ(ksys_rmdir(U("/d/.")), -EINVAL);
	CHECK_EQ(ksys_rmdir(U("/d/..")), -ENOTEMPTY);
	CHECK_EQ(ksys_rmdir(U("/")), -EBUSY);
	CHECK_EQ(ksys_unlink(U("/d")), -EISDIR);
	CHECK_EQ(ksys_rmdir(U("/made")), -ENOTDIR);
	/* A removed directory stays usable as a place, and nothing can be made in it. */
	CHECK_EQ(ksys_chdir(U("/d")), 0l);
	CHECK_EQ(ksys_rmdir(U("/d")), 0l);
	CHECK_EQ(t_mkdir("sub"), -ENOENT);
	CHECK_EQ(t_open("file", O_CREAT | O_WRONLY, 0644), -ENOENT);
	CHECK_EQ(ksys_getcwd(user_room(64), 64), -ENOENT);
	CHECK_EQ(ksys_chdir(U("..")), 0l);
	CHECK_STREQ(t_ls("."), "dangling made new");
}

TEST(path_walk_creating)
{
	fs_run(1, creating);
}

static long openat2(int dfd, const char *name, u64 flags, u64 resolve)
{
	struct open_how how = {.flags = flags, .resolve = resolve};

	return ksys_openat2(dfd, U(name), user_data(&how, sizeof(how)), sizeof(how));
}

static void resolve_flags(void)
{
	struct open_how how = {};
	int dir;

	make_tree();
	dir = t_open("/a", O_PATH, 0);
	CHECK_GE(dir, 0);
	CHECK_EQ(openat2(dir, "../a", O_RDONLY, RESOLVE_BENEATH), -EXDEV);
	CHECK_EQ(openat2(dir, "/a", O_RDONLY, RESOLVE_BENEATH), -EXDEV);
	CHECK_EQ(openat2(dir, "abs/c", O_RDONLY, RESOLVE_BENEATH), -EXDEV);
	CHECK_EQ(ksys_close(openat2(dir, "b/../b/c/file", O_RDONLY, RESOLVE_BENEATH)), 0l);
	CHECK_EQ(ksys_close(openat2(dir, "link/c/file", O_RDONLY, RESOLVE_BENEATH)), 0l);
	CHECK_EQ(openat2(dir, "link/c/file", O_RDONLY, RESOLVE_NO_SYMLINKS), -ELOOP);
	CHECK_EQ(ksys_close(openat2(dir, "../../../b/c/file", O_RDONLY, RESOLVE_IN_ROOT)), 0l);
	CHECK_EQ(ksys_close(openat2(dir, "/b/c/file", O_RDONLY, RESOLVE_IN_ROOT)), 0l);
	CHECK_EQ(openat2(dir, "abs/c/file", O_RDONLY, RESOLVE_IN_ROOT), -ENOENT);
	CHECK_EQ(openat2(dir, "b", O_RDONLY, RESOLVE_IN_ROOT | RESOLVE_BENEATH), -EINVAL);
	CHECK_EQ(openat2(dir, "b", O_RDONLY, 0x1000), -EINVAL);
	CHECK_EQ(openat2(dir, "b", 1ull << 40, 0), -EINVAL);
	CHECK_EQ(openat2(dir, "b", O_PATH | O_RDWR, 0), -EINVAL);
	CHECK_EQ(ksys_openat2(dir, U("b"), user_data(&how, sizeof(how)), 8), -EINVAL);
	how.mode = 0644;
	CHECK_EQ(ksys_openat2(dir, U("b"), user_data(&how, sizeof(how)), sizeof(how)), -EINVAL);
	CHECK_EQ(ksys_openat(dir, U("b"), O_RDONLY, 0) >= 0, true);
	CHECK_EQ(ksys_openat(12345, U("b"), O_RDONLY, 0), -EBADF);
	CHECK_EQ(ksys_openat(ksys_openat(dir, U("b/c/file"), O_RDONLY, 0), U("x"), O_RDONLY, 0),
		 -ENOTDIR);
}

TEST(path_walk_openat2)
{
	fs_run(1, resolve_flags);
}

static void permissions(void)
{
	t_put("/secret", "x");
	CHECK_EQ(ksys_chmod(U("/secret"), 0600), 0l);
	CHECK_EQ(t_mkdir("/private"), 0l);
	t_put("/private/file", "y");
	CHECK_EQ(ksys_chmod(U("/private"), 0700), 0l);
	CHECK_EQ(t_mkdir("/tmp"), 0l);
	CHECK_EQ(ksys_chmod(U("/tmp"), 01777), 0l);
	t_put("/tmp/roots", "z");
	t_put("/tool", "#!");

	become(1000, 1000);
	CHECK_EQ(t_open("/secret", O_RDONLY, 0), -EACCES);
	CHECK_EQ(t_open("/private/file", O_RDONLY, 0), -EACCES);
	CHECK_EQ(t_open("/made", O_CREAT | O_WRONLY, 0644), -EACCES);
	CHECK_EQ(t_mkdir("/made"), -EACCES);
	CHECK_EQ(t_unlink("/secret"), -EACCES);
	CHECK_EQ(t_unlink("/tmp/roots"), -EPERM); /* sticky */
	CHECK_EQ(ksys_rename(U("/tmp/roots"), U("/tmp/mine")), -EPERM);
	CHECK_EQ(ksys_chmod(U("/tool"), 0777), -EPERM);
	CHECK_EQ(ksys_chown(U("/tool"), 1000, -1), -EPERM);
	CHECK_EQ(ksys_access(U("/tool"), R_OK), 0l);
	CHECK_EQ(ksys_access(U("/tool"), X_OK), -EACCES);
	CHECK_EQ(ksys_access(U("/tool"), 8), -EINVAL);
	CHECK_EQ(ksys_mknod(U("/tmp/null"), S_IFCHR | 0666, 0x103), -EPERM);
	CHECK_EQ(ksys_mknod(U("/tmp/fifo"), S_IFIFO | 0666, 0), 0l);
	CHECK_EQ(ksys_chroot(U("/tmp")), -EPERM);
	t_put("/tmp/mine", "m");
	CHECK_EQ(ksys_chown(U("/tmp/mine"), 0, -1), -EPERM);
	CHECK_EQ(ksys_chown(U("/tmp/mine"), 1000, 1000), 0l);
	CHECK_EQ(ksys_chown(U("/tmp/mine"), -1, 5), -EPERM);
	CHECK_EQ(ksys_chmod(U("/tmp/mine"), 04755), 0l);

	become(0, 0);
	{
		struct stat st;

		/* Another owner, and the setuid bit is gone; written by others, too. */
		CHECK_EQ(t_stat("/tmp/mine", &st), 0l);
		CHECK_EQ(st.st_mode, (unsigned int)(S_IFREG | 04755));
		CHECK_EQ(ksys_chown(U("/tmp/mine"), 7, 7), 0l);
		CHECK_EQ(t_stat("/tmp/mine", &st), 0l);
		CHECK_EQ(st.st_mode, (unsigned int)(S_IFREG | 0755));
		CHECK_EQ(st.st_uid, 7u);
		CHECK_EQ(ksys_chmod(U("/tmp/mine"), 06777), 0l);
	}
	become(1000, 1000);
	t_put("/tmp/mine", "changed");
	{
		struct stat st;

		CHECK_EQ(t_stat("/tmp/mine", &st), 0l);
		CHECK_EQ(st.st_mode, (unsigned int)(S_IFREG | 0777));
	}
}

TEST(path_walk_permissions)
{
	fs_run(1, permissions);
}

static void mounts(void)
{
	struct stat st;
	char buf[64];
	void __user *room;
	int fd;

	CHECK_EQ(t_mkdir("/m"), 0l);
	CHECK_EQ(t_mkdir("/m/under"), 0l);
	CHECK_EQ(do_mount("tmpfs", "/m", "tmpfs", 0, "size=64k,mode=755"), 0);
	CHECK_STREQ(t_ls("/m"), "");
	t_put("/m/file", "on top");
	CHECK_EQ(t_stat("/m/file", &st), 0l);
	CHECK_EQ(t_mkdir("/m/d"), 0l);
	CHECK_EQ(ksys_chdir(U("/m/d")), 0l);
	room = user_room(64);
	CHECK_EQ(ksys_getcwd(room, 64), 5l);
	from_user(room, buf, 5);
	CHECK_STREQ(buf, "/m/d");
	CHECK_STREQ(t_ls("../.."), "m");
	CHECK_EQ(do_umount("/m", 0), -EBUSY);
	CHECK_EQ(ksys_rename(U("/m/file"), U("/file")), -EXDEV);
	CHECK_EQ(ksys_link(U("/m/file"), U("/file")), -EXDEV);
	CHECK_EQ(ksys_rmdir(U("/m")), -EBUSY);
	CHECK_EQ(ksys_rename(U("/m"), U("/n")), -EBUSY);
	/* Bind, remount read-only, and see through both. */
	CHECK_EQ(t_mkdir("/bind"), 0l);
	CHECK_EQ(do_mount("/m", "/bind", NULL, MS_BIND, NULL), 0);
	CHECK_STREQ(t_ls("/bind"), "d file");
	CHECK_EQ(do_mount(NULL, "/bind", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	CHECK_EQ(t_open("/bind/new", O_CREAT | O_WRONLY, 0644), -EROFS);
	CHECK_EQ(t_open("/bind/file", O_WRONLY, 0), -EROFS);
	CHECK_EQ(ksys_unlink(U("/bind/file")), -EROFS);
	CHECK_EQ(ksys_access(U("/bind/file"), W_OK), -EROFS);
	t_put("/m/file", "changed");
	CHECK_STREQ(t_cat("/bind/file"), "changed");
	CHECK_EQ(openat2(AT_FDCWD, "/m/file", O_RDONLY, RESOLVE_NO_XDEV), -EXDEV);
	CHECK_EQ(do_umount("/bind", 0), 0);
	/* A lazy unmount leaves what is open alone. */
	fd = t_open("/m/file", O_RDONLY, 0);
	CHECK_EQ(do_umount("/m", MNT_DETACH), 0);
	CHECK_STREQ(t_ls("/m"), "under");
	CHECK_STREQ(t_read(fd, NULL), "changed");
	CHECK_STREQ(t_ls("."), "");
	CHECK_EQ(ksys_chdir(U("/")), 0l);
	CHECK_EQ(do_umount("/m", 0), -EINVAL);
	CHECK_EQ(do_mount("x", "/m", "nosuchfs", 0, NULL), -ENODEV);
	CHECK_EQ(do_mount("x", "/nothing", "tmpfs", 0, NULL), -ENOENT);
	CHECK_EQ(do_mount("x", "/m", "tmpfs", 0, "size=1x"), -EINVAL);
	CHECK_EQ(do_mount("x", "/m", "tmpfs", 0, "nonsense"), -EINVAL);
}

TEST(mounts_cover_and_uncover)
{
	fs_run(1, mounts);
}
