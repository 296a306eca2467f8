/* SPDX-License-Identifier: MIT */
/*
 * A block device as programs use it. In Quire /dev/vda, which test/run-guest attaches; natively a
 * loop device over a temporary file: no disk of the machine's own is ever touched.
 */
#include "guest.h"
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>

#define DISK_SIZE (4ul << 20) /* what a loop device has; Quire's may have more */

static char disk_path[32];
static int loop_fd = -1; /* keeps the loop device */

static void make_loop_device(void)
{
	char name[] = "/tmp/disk.XXXXXX";
	int control = open("/dev/loop-control", O_RDWR), file = mkstemp(name), number;
	struct loop_info64 info = {.lo_flags = LO_FLAGS_AUTOCLEAR};

	if (control < 0 || file < 0)
		guest_skip("no loop devices");
	unlink(name);
	REQUIRE(ftruncate(file, DISK_SIZE) == 0);
	number = ioctl(control, LOOP_CTL_GET_FREE);
	snprintf(disk_path, sizeof(disk_path), "/dev/loop%d", number);
	loop_fd = number < 0 ? -1 : open(disk_path, O_RDWR);
	if (loop_fd < 0 || ioctl(loop_fd, LOOP_SET_FD, file))
		guest_skip("no loop device to be had");
	ioctl(loop_fd, LOOP_SET_STATUS64, &info);
	close(control);
	close(file);
}

static int open_disk(int flags)
{
	if (!disk_path[0]) {
		if (guest_is_quire()) {
			if (access("/dev/vda", F_OK))
				guest_skip("no disk");
			strcpy(disk_path, "/dev/vda");
		} else {
			make_loop_device();
		}
	}
	int fd = open(disk_path, flags);

	REQUIRE(fd >= 0);
	return fd;
}

static uint64_t size_of(int fd)
{
	uint64_t size = 0;

	CHECK_OK(ioctl(fd, BLKGETSIZE64, &size));
	return size;
}

static void fill(unsigned char *buf, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = seed + i * 7 + (i >> 8) * 13;
}

static unsigned char *aligned(size_t n)
{
	return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

TEST(what_it_is)
{
	int fd = open_disk(O_RDONLY), number = 0;
	unsigned long sectors = 0;
	size_t block = 0;
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISBLK(st.st_mode));
	CHECK_EQ(st.st_size, 0);
	CHECK(st.st_rdev != 0);
	CHECK_EQ(lseek(fd, 0, SEEK_END), size_of(fd));
	CHECK_ERRNO(lseek(fd, 1, SEEK_END), EINVAL);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_OK(ioctl(fd, BLKGETSIZE, &sectors));
	CHECK_EQ(sectors * 512, size_of(fd));
	CHECK_OK(ioctl(fd, BLKSSZGET, &number));
	CHECK_EQ(number, 512);
	CHECK_OK(ioctl(fd, BLKPBSZGET, &number));
	CHECK(number >= 512);
	CHECK_OK(ioctl(fd, BLKBSZGET, &block));
	CHECK_EQ(block, PAGE);
	CHECK_OK(ioctl(fd, BLKROGET, &number));
	CHECK_EQ(number, 0);
	CHECK_OK(ioctl(fd, BLKFLSBUF, 0));
	CHECK(ioctl(fd, 0x1234, 0) == -1 &&
	      (errno == ENOTTY || errno == EINVAL)); /* loop: EINVAL */
	CHECK_ERRNO(ftruncate(open_disk(O_RDWR), 100), EINVAL);
	CHECK_ERRNO(fallocate(open_disk(O_RDWR), 0, 0, 4096), EOPNOTSUPP);
}

TEST(nodes)
{
	char name[] = "/tmp/node.XXXXXX";
	struct stat st;
	int fd;

	fstat(open_disk(O_RDONLY), &st);
	CHECK_OK(mkdtemp(name) ? 0 : -1);
	REQUIRE(chdir(name) == 0);
	if (mknod("same", S_IFBLK | 0600, st.st_rdev))
		guest_skip("no right to make device nodes");
	fd = open("same", O_RDONLY);
	if (fd < 0 && errno == EACCES)
		guest_skip("device nodes are not honoured in /tmp");
	CHECK(fd >= 0);
	CHECK_EQ(size_of(fd), size_of(open_disk(O_RDONLY)));
	CHECK_OK(mknod("none", S_IFBLK | 0600, makedev(250, 77)));
	CHECK_ERRNO(open("none", O_RDONLY), ENXIO);
	unlink("same");
	unlink("none");
	rmdir(name);
}

TEST(write_and_read)
{
	int fd = open_disk(O_RDWR), other = open_disk(O_RDONLY);
	unsigned char out[10000], in[10000];

	fill(out, sizeof(out), 1);
	CHECK_EQ(pwrite(fd, out, sizeof(out), 12345), sizeof(out));
	CHECK_EQ(pread(other, in, sizeof(in), 12345), sizeof(in));
	CHECK(!memcmp(in, out, sizeof(in)));
	CHECK_OK(fsync(fd));
	CHECK_EQ(pwrite(fd, "x", 1, 12345), 1);
	CHECK_OK(fdatasync(fd));
	CHECK_EQ(lseek(other, 12345, SEEK_SET), 12345);
	CHECK_EQ(read(other, in, 2), 2);
	CHECK_EQ(in[0], 'x');
	CHECK_EQ(in[1], out[1]);
	CHECK_EQ(read(other, in, 1), 1);
	CHECK_EQ(in[0], out[2]);
	CHECK_ERRNO(write(other, "x", 1), EBADF);
	CHECK_ERRNO(pread(fd, (void *)8, 100, 0), EFAULT);
	CHECK_ERRNO(pwrite(fd, (void *)8, 100, 0), EFAULT);
}

TEST(the_end)
{
	int fd = open_disk(O_RDWR);
	uint64_t size = size_of(fd);
	char buf[2000] = {1};

	CHECK_EQ(pwrite(fd, buf, sizeof(buf), size - 1000), 1000);
	CHECK_ERRNO(pwrite(fd, buf, 1, size), ENOSPC);
	CHECK_EQ(pread(fd, buf, sizeof(buf), size - 1000), 1000);
	CHECK_EQ(pread(fd, buf, 1, size), 0);
	CHECK_EQ(pread(fd, buf, 1, size + 100000), 0);
	CHECK_EQ(pwrite(fd, buf, 0, size), 0);
	CHECK_OK(fsync(fd));
}

TEST(what_was_written_stays)
{
	static unsigned char out[1 << 20], in[1 << 20];
	int fd = open_disk(O_RDWR);

	fill(out, sizeof(out), 99);
	CHECK_EQ(pwrite(fd, out, sizeof(out), 1 << 20), sizeof(out));
	close(fd);
	fd = open_disk(O_RDWR);
	CHECK_EQ(pread(fd, in, sizeof(in), 1 << 20), sizeof(in));
	CHECK(!memcmp(in, out, sizeof(in)));
	fill(out, sizeof(out), 100);
	CHECK_EQ(pwrite(fd, out, sizeof(out), 1 << 20), sizeof(out));
	CHECK_OK(ioctl(fd, BLKFLSBUF, 0));
	memset(in, 0, sizeof(in));
	CHECK_EQ(pread(fd, in, sizeof(in), 1 << 20), sizeof(in));
	CHECK(!memcmp(in, out, sizeof(in)));
}

TEST(mapped)
{
	int fd = open_disk(O_RDWR);
	unsigned char *shared, *private, in[16];

	CHECK_EQ(pwrite(fd, "before", 7, 5 * PAGE), 7);
	shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4 * PAGE);
	private = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4 * PAGE);
	REQUIRE(shared != MAP_FAILED && private != MAP_FAILED);
	CHECK_STR((char *)shared + PAGE, "before");
	CHECK_STR((char *)private + PAGE, "before");
	strcpy((char *)shared + PAGE, "shared");
	CHECK_STR((char *)private + PAGE, "shared");
	strcpy((char *)private + PAGE, "secret");
	CHECK_EQ(pread(fd, in, 7, 5 * PAGE), 7);
	CHECK_STR((char *)in, "shared");
	CHECK_OK(msync(shared, 4 * PAGE, MS_SYNC));
	/* A store after the write-back is written back too. */
	strcpy((char *)shared + PAGE, "second");
	CHECK_OK(munmap(shared, 4 * PAGE));
	close(fd);
	munmap(private, 4 * PAGE);
	fd = open_disk(O_RDONLY);
	CHECK_EQ(pread(fd, in, 7, 5 * PAGE), 7);
	CHECK_STR((char *)in, "second");
}

TEST(direct)
{
	int cached = open_disk(O_RDWR), fd = open_disk(O_RDWR | O_DIRECT);
	unsigned char *buf = aligned(64 * PAGE), *other = aligned(64 * PAGE);

	fill(buf, 64 * PAGE, 5);
	CHECK_EQ(pwrite(cached, buf, 64 * PAGE, 0), 64 * PAGE);
	CHECK_EQ(pread(fd, other, 64 * PAGE, 0), 64 * PAGE); /* what was only in the cache */
	CHECK(!memcmp(buf, other, 64 * PAGE));
	fill(buf, 64 * PAGE, 6);
	CHECK_EQ(pwrite(fd, buf, 64 * PAGE, PAGE), 64 * PAGE);
	CHECK_EQ(pread(cached, other, 64 * PAGE, PAGE), 64 * PAGE);
	CHECK(!memcmp(buf, other, 64 * PAGE));
	/* Sectors, not pages. */
	CHECK_EQ(pwrite(fd, buf + 512, 1024, 512 * 3), 1024);
	CHECK_EQ(pread(cached, other, 1024, 512 * 3), 1024);
	CHECK(!memcmp(buf + 512, other, 1024));
	CHECK_EQ(pread(fd, other + 512, 2560, 512 * 3), 2560);
	CHECK(!memcmp(buf + 512, other + 512, 1024));
	CHECK_ERRNO(pread(fd, buf, 100, 0), EINVAL);
	CHECK_ERRNO(pread(fd, buf, 512, 100), EINVAL);
	CHECK_EQ(pread(fd, buf, 512, size_of(fd)), 0);
}

TEST(claimed)
{
	int plain = open_disk(O_RDONLY), fd = open(disk_path, O_RDWR | O_EXCL), again;

	CHECK(fd >= 0);
	CHECK_ERRNO(open(disk_path, O_RDONLY | O_EXCL), EBUSY);
	again = CHECK_OK(open(disk_path, O_RDONLY));
	close(fd);
	fd = CHECK_OK(open(disk_path, O_RDONLY | O_EXCL));
	close(fd);
	close(again);
	close(plain);
}

/* Each of four processes writes, maps, syncs and reads a quarter of its own, at random. */
static void use_quarter(unsigned int n)
{
	size_t size = DISK_SIZE / 4, start = n * size;
	unsigned char *model = malloc(size), *buf = aligned(size), *map;
	int fd = open_disk(O_RDWR), direct = open_disk(O_RDWR | O_DIRECT);

	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
	REQUIRE(map != MAP_FAILED);
	fill(model, size, n);
	CHECK_EQ(pwrite(fd, model, size, start), size);
	srandom(n);
	for (int round = 0; round < 300; round++) {
		size_t at = random() % size, len = 1 + random() % 20000;
		size_t page = at & ~(PAGE - 1), pages = PAGE * (1 + random() % 8);

		len = len > size - at ? size - at : len;
		pages = pages > size - page ? size - page : pages;
		switch (random() % 6) {
		case 0:
			fill(model + at, len, round);
			CHECK_EQ(pwrite(fd, model + at, len, start + at), len);
			break;
		case 1:
			fill(model + at, len, round);
			memcpy(map + at, model + at, len);
			break;
		case 2:
			CHECK_EQ(pread(direct, buf, pages, start + page), pages);
			CHECK(!memcmp(buf, model + page, pages));
			break;
		case 3:
			CHECK_EQ(pread(fd, buf, len, start + at), len);
			CHECK(!memcmp(buf, model + at, len));
			break;
		case 4:
			CHECK_OK(round % 2 ? fsync(fd) : ioctl(fd, BLKFLSBUF, 0));
			break;
		case 5:
			CHECK(!memcmp(map + at, model + at, len));
		}
	}
	CHECK_OK(fsync(fd));
	CHECK_EQ(pread(direct, buf, size, start), size);
	CHECK(!memcmp(buf, model, size));
}

TEST(four_at_once)
{
	pid_t pids[4];

	close(open_disk(O_RDONLY));
	for (unsigned int n = 0; n < 4; n++)
		pids[n] = IN_CHILD(use_quarter(n));
	for (unsigned int n = 0; n < 4; n++)
		CHECK_EXITED(pids[n], 0);
}

TEST(more_than_memory_may_be_dirty)
{
	static unsigned char buf[1 << 20], in[1 << 20];
	int fd = open_disk(O_RDWR);
	unsigned int n = size_of(fd) >> 20;

	for (unsigned int i = 0; i < n; i++) {
		fill(buf, sizeof(buf), i);
		CHECK_EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	}
	lseek(fd, 0, SEEK_SET);
	for (unsigned int i = 0; i < n; i++) {
		fill(buf, sizeof(buf), i);
		CHECK_EQ(read(fd, in, sizeof(in)), sizeof(in));
		CHECK(!memcmp(buf, in, sizeof(in)));
	}
}

TEST(listed)
{
	int fd = open_disk(O_RDONLY);
	char line[128], want[64];
	bool found = false;
	FILE *f = fopen("/proc/partitions", "r");

	REQUIRE(f);
	snprintf(want, sizeof(want), "%llu %s\n", (unsigned long long)size_of(fd) >> 10,
		 disk_path + strlen("/dev/"));
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, want) != NULL;
	fclose(f);
	CHECK(found);
}

TEST(swap_refused)
{
	int fd = open_disk(O_RDWR);
	unsigned char zeros[PAGE] = {0};

	CHECK_EQ(pwrite(fd, zeros, PAGE, 0), PAGE);
	close(fd);
	CHECK_ERRNO(swapon("/dev/null", 0x100000), EINVAL);
	if (geteuid() || swapon("/dev/null", 0) == 0 || errno == EPERM)
		guest_skip("no right to swap");
	CHECK_ERRNO(swapon("/dev/null", 0), EINVAL);
	CHECK_ERRNO(swapon("/nothing/here", 0), ENOENT);
	CHECK_ERRNO(swapon((void *)8, 0), EFAULT);
	CHECK_ERRNO(swapon(disk_path, 0), EINVAL); /* no header */
	CHECK_ERRNO(swapoff(disk_path), EINVAL);   /* not in use */
	CHECK_ERRNO(swapoff("/dev/null"), EINVAL);
	CHECK_EXITED(IN_CHILD({
			     CHECK_OK(setuid(1000));
			     CHECK_ERRNO(swapon("/dev/null", 0), EPERM);
			     CHECK_ERRNO(swapoff("/dev/null"), EPERM);
		     }),
		     0);
}

static void write_header(void)
{
	int fd = open_disk(O_RDWR);
	uint32_t words[3] = {1, size_of(fd) / PAGE - 1, 0};

	CHECK_EQ(pwrite(fd, words, sizeof(words), 1024), sizeof(words));
	CHECK_EQ(pwrite(fd, "SWAPSPACE2", 10, PAGE - 10), 10);
	close(fd);
}

static bool in_swaps(const char *path, int prio)
{
	char line[200], name[100];
	FILE *f = fopen("/proc/swaps", "r");
	bool found = false;
	int p;

	while (f && fgets(line, sizeof(line), f))
		found |= sscanf(line, "%99s partition %*u %*u %d", name, &p) == 2 &&
			 !strcmp(name, path) && p == prio;
	if (f)
		fclose(f);
	return found;
}

/* Only in Quire: natively it would change how the machine swaps. */
TEST(swap_on_and_off)
{
	if (!guest_is_quire())
		guest_skip("the machine's swap is left alone");
	write_header();
	CHECK_OK(swapon(disk_path, SWAP_FLAG_PREFER | 7 | SWAP_FLAG_DISCARD));
	CHECK(in_swaps(disk_path, 7));
	CHECK_ERRNO(swapon(disk_path, 0), EBUSY);
	CHECK_ERRNO(open(disk_path, O_RDWR | O_EXCL), EBUSY);
	CHECK_OK(swapoff(disk_path));
	CHECK(!in_swaps(disk_path, 7));
	CHECK_ERRNO(swapoff(disk_path), EINVAL);
	for (int i = 0; i < 10; i++) {
		CHECK_OK(swapon(disk_path, 0));
		CHECK_OK(swapoff(disk_path));
	}
	close(CHECK_OK(open(disk_path, O_RDWR | O_EXCL)));
}
