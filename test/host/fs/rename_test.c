/* SPDX-License-Identifier: MIT */
/* rename(2) and link(2): what is replaced, what is refused, flags, directories that move. */
#include "fs_world.h"

static long rename2(const char *from, const char *to, unsigned int flags)
{
	return ksys_renameat2(AT_FDCWD, U(from), AT_FDCWD, U(to), flags);
}

static unsigned long nlink(const char *name)
{
	struct stat st;

	CHECK_EQ(t_stat(name, &st), 0l);
	return st.st_nlink;
}

static void files(void)
{
	t_put("/a", "A");
	t_put("/b", "B");
	CHECK_EQ(rename2("/a", "/c", 0), 0l);
	CHECK_STREQ(t_ls("/"), "b c");
	CHECK_EQ(rename2("/c", "/b", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(rename2("/c", "/b", RENAME_EXCHANGE), 0l);
	CHECK_STREQ(t_cat("/b"), "A");
	CHECK_STREQ(t_cat("/c"), "B");
	CHECK_EQ(rename2("/c", "/b", 0), 0l);
	CHECK_STREQ(t_cat("/b"), "B");
	CHECK_STREQ(t_ls("/"), "b");
	CHECK_EQ(rename2("/b", "/b", 0), 0l);
	CHECK_EQ(rename2("/x", "/y", 0), -ENOENT);
	CHECK_EQ(rename2("/b", "/x", RENAME_EXCHANGE), -ENOENT);
	CHECK_EQ(rename2("/b", "/x", RENAME_EXCHANGE | RENAME_NOREPLACE), -EINVAL);
	CHECK_EQ(rename2("/b", "/x", 64), -EINVAL);
	CHECK_EQ(rename2("/b", "/x", RENAME_WHITEOUT), -EINVAL);
	CHECK_EQ(rename2("/b/", "/x", 0), -ENOTDIR);
	CHECK_EQ(rename2("/b", "/x/", 0), -ENOTDIR);
	CHECK_EQ(rename2("/b", "/.", 0), -EBUSY);
	CHECK_EQ(rename2("/b", "/..", RENAME_NOREPLACE), -EEXIST);
	CHECK_EQ(rename2("/b", "/b/x", 0), -ENOTDIR);
	/* Two names of one file: nothing happens. */
	CHECK_EQ(ksys_link(U("/b"), U("/hard")), 0l);
	CHECK_EQ(nlink("/b"), 2ul);
	CHECK_EQ(rename2("/hard", "/b", 0), 0l);
	CHECK_STREQ(t_ls("/"), "b hard");
	CHECK_EQ(ksys_link(U("/b"), U("/hard")), -EEXIST);
	CHECK_EQ(ksys_link(U("/nothing"), U("/z")), -ENOENT);
	CHECK_EQ(t_unlink("/b"), 0l);
	CHECK_EQ(nlink("/hard"), 1ul);
	CHECK_STREQ(t_cat("/hard"), "B");
}

TEST(rename_files)
{
	fs_run(1, files);
}

static void directories(void)
{
	t_mkdir("/a");
	t_mkdir("/a/sub");
	t_mkdir("/b");
	t_put("/b/file", "x");
	CHECK_EQ(nlink("/"), 4ul);
	CHECK_EQ(nlink("/a"), 3ul);
	CHECK_EQ(rename2("/a", "/a/sub/x", 0), -EINVAL);
	CHECK_EQ(rename2("/a/sub", "/a", 0), -ENOTEMPTY);
	CHECK_EQ(rename2("/a", "/b", 0), -ENOTEMPTY);
	CHECK_EQ(rename2("/b/file", "/a", 0), -EISDIR);
	CHECK_EQ(rename2("/a", "/b/file", 0), -ENOTDIR);
	CHECK_EQ(rename2("/a/sub", "/b/sub/", 0), 0l);
	CHECK_STREQ(t_ls("/b"), "file sub");
	CHECK_EQ(nlink("/a"), 2ul);
	CHECK_EQ(nlink("/b"), 3ul);
	/* An empty directory is replaced. */
	CHECK_EQ(rename2("/b", "/a", 0), 0l);
	CHECK_STREQ(t_ls("/"), "a");
	CHECK_STREQ(t_ls("/a"), "file sub");
	CHECK_EQ(nlink("/"), 3ul);
	/* Exchange of a file and a directory across directories. */
	t_mkdir("/d");
	t_put("/d/f", "F");
	CHECK_EQ(rename2("/d/f", "/a/sub", RENAME_EXCHANGE), 0l);
	CHECK_EQ(nlink("/a"), 2ul);
	CHECK_EQ(nlink("/d"), 3ul);
	CHECK_STREQ(t_cat("/a/sub"), "F");
	CHECK_STREQ(t_ls("/d/f"), "");
	CHECK_EQ(rename2("/d", "/d/f", RENAME_EXCHANGE), -EINVAL);
	CHECK_EQ(rename2("/d/f", "/d", RENAME_EXCHANGE), -EINVAL);
	/* The working directory moves with its name. */
	CHECK_EQ(ksys_chdir(U("/d/f")), 0l);
	CHECK_EQ(rename2("/d", "/a/deep", 0), 0l);
	{
		char buf[32];
		void __user *room = user_room(32);

		CHECK_EQ(ksys_getcwd(room, 32), 10l);
		from_user(room, buf, 10);
		CHECK_STREQ(buf, "/a/deep/f");
		CHECK_EQ(ksys_getcwd(room, 9), -ERANGE);
	}
	CHECK_STREQ(t_ls("../.."), "deep file sub");
}

TEST(rename_directories)
{
	fs_run(1, directories);
}

static void long_names(void)
{
	char a[] = "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char b[] =
		"/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

	/* Names in the dentry and names of their own change places. */
	t_put("/short", "S");
	t_put(a, "A");
	CHECK_EQ(rename2("/short", a, RENAME_EXCHANGE), 0l);
	CHECK_STREQ(t_cat(a), "S");
	CHECK_STREQ(t_cat("/short"), "A");
	CHECK_EQ(rename2(a, b, 0), 0l);
	CHECK_EQ(rename2(b, "/tiny", 0), 0l);
	CHECK_STREQ(t_ls("/"), "short tiny");
	CHECK_EQ(rename2("/tiny", a, 0), 0l);
	CHECK_STREQ(t_cat(a), "S");
}

TEST(rename_long_names)
{
	fs_run(1, long_names);
}

/* Two tasks move directories into each other's: whatever comes out is a tree. */
static int stop;
static unsigned int done;

static int mover(void *arg)
{
	const char *const *names = arg;

	for (int i = 0; i < 300; i++) {
		rename2(names[0], names[1], 0);
		host_yield_cpu();
		rename2(names[1], names[0], 0);
	}
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static void race(void)
{
	static const char *const one[] = {"/a", "/b/c/a"}, *const two[] = {"/b", "/a/b"};
	char buf[4096];

	stop = 0;
	t_mkdir("/a");
	t_mkdir("/b");
	t_mkdir("/b/c");
	host_interleave(3, 1);
	t_spawn(mover, (void *)one);
	t_spawn(mover, (void *)two);
	while (READ_ONCE(done) < 2) {
		t_open("/a/b/c", O_RDONLY | O_CLOEXEC, 0);
		do_close_on_exec(current->files);
		sched_yield_current();
	}
	host_interleave(0, 0);
	/* Both are still reachable, one way or the other. */
	CHECK(t_stat("/a", (void *)buf) == 0 || t_stat("/b", (void *)buf) == 0);
}

TEST(rename_race_of_directories)
{
	fs_run(2, race);
}
