/* SPDX-License-Identifier: MIT */
/* Unpacking archives: every kind of member, hard links, archives one after another, and bad ones.
 */
#include "fs_world.h"

static char archive[1 << 20];
static size_t used;

static void start(void)
{
	used = 0;
}

static void pad(void)
{
	while (used % 4)
		archive[used++] = 0;
}

struct member {
	const char *name;
	unsigned int mode, ino, nlink, uid, gid, mtime, major, minor;
	const char *data;
	size_t size; /* 0: strlen(data) */
};

static void add(struct member m)
{
	size_t size = m.size ? m.size : m.data ? strlen(m.data) : 0;

	used += test_snprintf(
		archive + used, 200, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		m.ino, m.mode, m.uid, m.gid, m.nlink ? m.nlink : 1, m.mtime, (unsigned int)size, 0,
		1, m.major, m.minor, (unsigned int)strlen(m.name) + 1, 0);
	strcpy(archive + used, m.name);
	used += strlen(m.name) + 1;
	pad();
	if (size)
		memcpy(archive + used, m.data, size);
	used += size;
	pad();
}

static void trailer(void)
{
	add((struct member){.name = "TRAILER!!!"});
}

static void kinds(void)
{
	static char big[3 * PAGE_SIZE + 100];
	struct stat st;
	int fd;

	memset(big, 'B', sizeof(big));
	start();
	add((struct member){.name = ".", .mode = S_IFDIR | 0751, .mtime = 1000});
	add((struct member){.name = "bin", .mode = S_IFDIR | 0755, .mtime = 2000, .nlink = 2});
	add((struct member){.name = "bin/tool",
			    .mode = S_IFREG | 04755,
			    .uid = 5,
			    .gid = 6,
			    .mtime = 3000,
			    .data = "tool"});
	add((struct member){.name = "bin/link", .mode = S_IFLNK | 0777, .data = "tool"});
	add((struct member){
		.name = "./big", .mode = S_IFREG | 0644, .data = big, .size = sizeof(big)});
	add((struct member){.name = "/dev", .mode = S_IFDIR | 0755});
	add((struct member){.name = "/dev/null", .mode = S_IFCHR | 0666, .major = 1, .minor = 3});
	add((struct member){.name = "fifo", .mode = S_IFIFO | 0600});
	add((struct member){.name = "h1", .mode = S_IFREG | 0644, .ino = 9, .nlink = 2});
	add((struct member){
		.name = "bin/h2", .mode = S_IFREG | 0644, .ino = 9, .nlink = 2, .data = "linked"});
	add((struct member){.name = "no/such/dir", .mode = S_IFREG | 0644, .data = "x"});
	trailer();
	CHECK_EQ(initramfs_unpack(archive, used), 0);
	CHECK_STREQ(t_ls("/"), "big bin dev fifo h1");
	CHECK_STREQ(t_ls("/bin"), "h2 link tool");
	CHECK_STREQ(t_cat("/bin/link"), "tool");
	CHECK_EQ(t_stat("/bin/tool", &st), 0l);
	CHECK_EQ(st.st_mode, (unsigned int)(S_IFREG | 04755));
	CHECK_EQ(st.st_uid, 5u);
	CHECK_EQ(st.st_gid, 6u);
	CHECK_EQ(st.st_mtime, 3000ul);
	CHECK_EQ(t_stat("/bin", &st), 0l);
	CHECK_EQ(st.st_mtime, 2000ul);
	CHECK_EQ(t_stat("/", &st), 0l);
	CHECK_EQ(st.st_mode, (unsigned int)(S_IFDIR | 0751));
	CHECK_EQ(t_stat("/dev/null", &st), 0l);
	CHECK_EQ(st.st_rdev, 0x103ul);
	CHECK_EQ(t_stat("/h1", &st), 0l);
	CHECK_EQ(st.st_nlink, 2ul);
	CHECK_STREQ(t_cat("/h1"), "linked");
	CHECK_EQ(t_stat("/big", &st), 0l);
	CHECK_EQ(st.st_size, (long)sizeof(big));
	fd = t_open("/big", O_RDONLY, 0);
	CHECK_EQ(ksys_lseek(fd, 3 * PAGE_SIZE + 99, SEEK_SET), 3l * (long)PAGE_SIZE + 99);
	CHECK_STREQ(t_read(fd, NULL), "B");

	/* A second archive right behind changes what the first made. */
	start();
	add((struct member){.name = "bin", .mode = S_IFDIR | 0700});
	add((struct member){.name = "bin/tool", .mode = S_IFLNK | 0777, .data = "h2"});
	trailer();
	memset(archive + used, 0, 512);
	used = ALIGN(used, 512);
	add((struct member){.name = "dev", .mode = S_IFREG | 0644, .data = "not empty: stays"});
	add((struct member){.name = "fifo", .mode = S_IFREG | 0644, .data = "file now"});
	trailer();
	CHECK_EQ(initramfs_unpack(archive, used), 0);
	CHECK_STREQ(t_cat("/bin/tool"), "linked");
	CHECK_STREQ(t_cat("/fifo"), "file now");
	CHECK_STREQ(t_ls("/dev"), "null");
	CHECK_EQ(t_stat("/bin", &st), 0l);
	CHECK_EQ(st.st_mode, (unsigned int)(S_IFDIR | 0700));
}

TEST(initramfs_kinds_of_members)
{
	fs_run(1, kinds);
}

static void bad(void)
{
	size_t good;

	CHECK_EQ(initramfs_unpack("", 0), 0);
	CHECK_EQ(initramfs_unpack("garbage", 7), -EINVAL);
	CHECK_EQ(initramfs_unpack("\x1f\x8b\x08\0garbage behind a good magic", 30), -EINVAL);
	start();
	add((struct member){.name = "first", .mode = S_IFREG | 0644, .data = "1"});
	good = used;
	add((struct member){.name = "second", .mode = S_IFREG | 0644, .data = "22222222"});
	CHECK_EQ(initramfs_unpack(archive, good + 50), -EINVAL);
	CHECK_STREQ(t_ls("/"), "first");
	CHECK_EQ(initramfs_unpack(archive, used - 4), -EINVAL);
	CHECK_STREQ(t_ls("/"), "first");
	archive[good + 10] = 'x';
	CHECK_EQ(initramfs_unpack(archive, used), -EINVAL);
	start();
	add((struct member){.name = "../../escape", .mode = S_IFREG | 0644, .data = "e"});
	add((struct member){.name = "..", .mode = S_IFREG | 0644, .data = "e"});
	add((struct member){.name = "odd", .mode = 0644, .data = "e"});
	add((struct member){.name = "", .mode = S_IFREG | 0644, .data = "e"});
	add((struct member){.name = "last", .mode = S_IFREG | 0644, .data = "e"});
	CHECK_EQ(initramfs_unpack(archive, used), 0);
	CHECK_STREQ(t_ls("/"), "escape first last");
}

TEST(initramfs_bad_archives)
{
	fs_run(1, bad);
}

/* Whatever is in the bytes, nothing breaks. */
static void mutated(void)
{
	static char copy[4096];
	size_t len;

	start();
	add((struct member){.name = "d", .mode = S_IFDIR | 0755});
	add((struct member){
		.name = "d/f", .mode = S_IFREG | 0644, .data = "contents", .ino = 3, .nlink = 2});
	add((struct member){
		.name = "d/g", .mode = S_IFREG | 0644, .data = "contents", .ino = 3, .nlink = 2});
	add((struct member){.name = "d/l", .mode = S_IFLNK | 0777, .data = "f"});
	trailer();
	len = used;
	for (unsigned int round = 0; round < test_rounds(2000); round++) {
		memcpy(copy, archive, len);
		for (unsigned long n = test_random_below(4) + 1; n; n--)
			copy[test_random_below(len)] =
				"0123456789abcdef/.\0x"[test_random_below(20)];
		initramfs_unpack(copy, test_random_below(len + 1));
	}
}

TEST(initramfs_mutated_archives)
{
	fs_run(1, mutated);
}
