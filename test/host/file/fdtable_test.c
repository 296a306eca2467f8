/* SPDX-License-Identifier: MIT */
/* Descriptor tables (file/fdtable.c), struct file, and iov_iter without user memory. */
#include "../boot.h"
#include "test.h"

#include "abi/errno.h"
#include "base/fault_inject.h"
#include "file/file.h"
#include "file/iov_iter.h"
#include "lib/err.h"
#include "lib/string.h"
#include "page/slab.h"
#include "task/task.h"

static struct signal_struct test_signal;
static struct task_struct test_task;
static int released, flushed, flush_error;

static void count_release(struct inode *inode, struct file *file)
{
	released++;
}

static int count_flush(struct file *file)
{
	flushed++;
	return flush_error;
}

static const struct file_operations counting_ops = {.release = count_release, .flush = count_flush};

static void setup(unsigned long limit)
{
	host_boot(HOST_DEFAULT_RAM, 1);
	file_init();
	test_task = init_task;
	test_task.thread = host_cpus[0].current_task->thread;
	host_cpus[0].current_task = &test_task;
	test_signal.rlim[RLIMIT_NOFILE] = (struct rlimit){limit, limit};
	test_task.signal = &test_signal;
	test_task.files = alloc_files();
	CHECK(test_task.files);
}

static struct file *new_file(void)
{
	struct file *file = alloc_empty_file(O_RDWR, &init_cred);

	CHECK(!IS_ERR(file));
	file->f_op = &counting_ops;
	return file;
}

static int open_fd(unsigned int start, unsigned int flags)
{
	int fd = get_unused_fd_from(start, flags);

	if (fd >= 0)
		fd_install(fd, new_file());
	return fd;
}

TEST(file_modes_follow_the_open_flags)
{
	static const struct {
		unsigned int flags, mode;
	} cases[] = {{O_RDONLY, FMODE_READ},
		     {O_WRONLY, FMODE_WRITE},
		     {O_RDWR, FMODE_READ | FMODE_WRITE},
		     {O_ACCMODE, 0},
		     {O_PATH, FMODE_PATH}};
	unsigned int i;

	setup(64);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct file *file = alloc_empty_file(cases[i].flags, &init_cred);

		CHECK_EQ(file->f_mode, cases[i].mode);
		fput(file);
	}
	CHECK_EQ(nr_files, 0ul);
}

TEST(file_limit_spares_root)
{
	struct cred nobody = init_cred;

	setup(64);
	files_max = 0;
	CHECK(!IS_ERR(alloc_empty_file(O_RDONLY, &init_cred)));
	nobody.cap_effective = 0;
	test_task.cred = &nobody;
	CHECK_EQ(PTR_ERR(alloc_empty_file(O_RDONLY, &init_cred)), -ENFILE);
}

TEST(fd_lowest_number_is_taken_and_limit_kept)
{
	int i;

	setup(100);
	for (i = 0; i < 100; i++)
		CHECK_EQ(open_fd(0, 0), i);
	CHECK_EQ(open_fd(0, 0), -EMFILE);
	CHECK_EQ(close_fd(70), 0);
	CHECK_EQ(close_fd(5), 0);
	CHECK_EQ(close_fd(5), -EBADF);
	CHECK_EQ(released, 2);
	CHECK_EQ(open_fd(6, 0), 70);
	CHECK_EQ(open_fd(0, 0), 5);
	CHECK_EQ(open_fd(100, 0), -EMFILE);
	exit_files(&test_task);
	CHECK_EQ(released, 102);
	CHECK_EQ(flushed, 102);
	CHECK_EQ(nr_files, 0ul);
}

TEST(fd_reserved_number_is_not_open)
{
	struct file *file;
	int fd;

	setup(100);
	fd = get_unused_fd_flags(0);
	CHECK_EQ(fget(fd), NULL);
	CHECK_EQ(close_fd(fd), -EBADF);
	file = new_file();
	CHECK_EQ(do_dup2(file, fd, 0), -EBUSY);
	put_unused_fd(fd);
	CHECK_EQ(do_dup2(file, fd, 0), fd);
	fput(file);
	CHECK_EQ(close_fd(fd), 0);
}

TEST(fd_dup2_replaces_and_keeps_the_limit)
{
	struct file *file, *got;

	setup(300);
	CHECK_EQ(open_fd(0, O_CLOEXEC), 0);
	CHECK(get_close_on_exec(0));
	file = fget(0);
	CHECK_EQ(do_dup2(file, 299, 0), 299);
	CHECK(!get_close_on_exec(299));
	CHECK_EQ(do_dup2(file, 300, 0), -EBADF);
	CHECK_EQ(open_fd(0, 0), 1);
	CHECK_EQ(do_dup2(file, 1, O_CLOEXEC), 1);
	CHECK_EQ(released, 1);
	CHECK(get_close_on_exec(1));
	got = fget(1);
	CHECK_EQ(got, file);
	fput(got);
	CHECK_EQ(refcount_read(&file->f_count), 4u);
	fput(file);
}

TEST(fd_path_files_are_only_for_those_who_ask)
{
	struct file *file;
	struct fd fd;

	setup(64);
	file = alloc_empty_file(O_PATH, &init_cred);
	CHECK_EQ(do_dup2(file, 3, 0), 3);
	CHECK_EQ(fget(3), NULL);
	CHECK_EQ(fdget(3).file, NULL);
	fd = fdget_raw(3);
	CHECK_EQ(fd.file, file);
	CHECK(!fd.need_put); /* the table is not shared */
	fdput(fd);
	refcount_inc(&test_task.files->count);
	fd = fdget_raw(3);
	CHECK(fd.need_put);
	fdput(fd);
}

TEST(fd_close_tells_what_flush_said)
{
	setup(64);
	CHECK_EQ(open_fd(0, 0), 0);
	flush_error = -EIO;
	CHECK_EQ(close_fd(0), -EIO);
	CHECK_EQ(fget(0), NULL);
	CHECK_EQ(released, 1);
}

TEST(fd_exec_closes_what_is_marked)
{
	struct files_struct *shared;

	setup(200);
	CHECK_EQ(open_fd(0, 0), 0);
	CHECK_EQ(open_fd(0, O_CLOEXEC), 1);
	CHECK_EQ(open_fd(150, O_CLOEXEC), 150);
	shared = test_task.files;
	refcount_inc(&shared->count); /* a CLONE_FILES sharer keeps all its own */
	CHECK_EQ(unshare_files(), 0);
	CHECK_NE(test_task.files, shared);
	do_close_on_exec(test_task.files);
	CHECK(fdget(0).file);
	CHECK(!fdget(1).file);
	CHECK(!fdget(150).file);
	CHECK_EQ(released, 0);
	put_files_struct(shared);
	CHECK_EQ(released, 2);
}

TEST(fd_close_range)
{
	unsigned int i;

	setup(200);
	CHECK_EQ(close_range(0, UINT_MAX, 1), -EINVAL);
	CHECK_EQ(close_range(5, 4, 0), -EINVAL);
	for (i = 0; i < 100; i++)
		CHECK_EQ(open_fd(0, 0), (int)i);
	CHECK_EQ(close_range(10, 20, CLOSE_RANGE_CLOEXEC), 0);
	for (i = 0; i < 100; i++)
		CHECK_EQ(get_close_on_exec(i), i >= 10 && i <= 20);
	CHECK_EQ(close_range(15, 70, 0), 0);
	CHECK_EQ(released, 56);
	CHECK_EQ(open_fd(0, 0), 15);
	CHECK_EQ(close_range(3, UINT_MAX, CLOSE_RANGE_UNSHARE), 0);
	CHECK_EQ(next_fd_task(&test_task, 0), 0);
	CHECK_EQ(next_fd_task(&test_task, 3), -1);
}

TEST(fd_failed_allocation_leaves_the_table)
{
	unsigned int nth;
	int i, fd = -1;

	setup(1000);
	for (i = 0; i < 64; i++)
		CHECK_EQ(open_fd(0, 0), i);
	for (nth = 1; nth < 10 && fd < 0; nth++) {
		fault_inject_nth(nth);
		fd = get_unused_fd_flags(0);
		fault_inject_nth(0);
		if (fd < 0)
			CHECK_EQ(fd, -ENOMEM);
		CHECK(fdget(63).file);
	}
	CHECK_GT(nth, 2u);
	CHECK_EQ(fd, 64);
	put_unused_fd(fd);
	for (nth = 1; nth < 10; nth++) {
		struct files_struct *copy;

		CHECK_EQ(open_fd(64, 0), 63 + (int)nth);
		fault_inject_nth(nth);
		copy = dup_fd(test_task.files);
		fault_inject_nth(0);
		if (!IS_ERR(copy)) {
			put_files_struct(copy);
			break;
		}
		CHECK_EQ(PTR_ERR(copy), -ENOMEM);
	}
	CHECK_GT(nth, 2u);
	CHECK_EQ(released, 0);
}

/* ---- Against a model: an array of files
 * --------------------------------------------------------------------- */

#define MODEL_FDS 700
static struct {
	struct file *file;
	bool reserved, cloexec;
} model[MODEL_FDS];

static int model_lowest(unsigned int start, unsigned int limit)
{
	unsigned int fd;

	for (fd = start; fd < MODEL_FDS && (model[fd].file || model[fd].reserved); fd++)
		;
	return fd < limit ? (int)fd : -EMFILE;
}

static void model_clear(unsigned int fd)
{
	model[fd].file = NULL;
	model[fd].reserved = model[fd].cloexec = false;
}

static void model_check(struct files_struct *files, bool with_reserved)
{
	unsigned int fd;

	for (fd = 0; fd < MODEL_FDS; fd++) {
		bool in_table = fd < files->fdt.max_fds;
		bool open = in_table && test_bit(fd, files->fdt.open_fds);

		CHECK_EQ(in_table ? files->fdt.fd[fd] : NULL, model[fd].file);
		CHECK_EQ(open, model[fd].file || (model[fd].reserved && with_reserved));
		if (open)
			CHECK_EQ(test_bit(fd, files->fdt.close_on_exec), model[fd].cloexec);
	}
}

TEST(fd_table_equals_an_array)
{
	unsigned int round, rounds = test_rounds(6000), limit = MODEL_FDS - 20;

	setup(limit);
	for (round = 0; round < rounds; round++) {
		unsigned int fd = test_random_below(MODEL_FDS), last = fd + test_random_below(30),
			     i;
		bool cloexec = test_random_below(2), wide = test_random_below(4) == 0;
		struct files_struct *copy;
		struct file *file;
		int expected;

		if (!wide)
			fd %= 40;
		switch (test_random_below(8)) {
		case 0 ... 2:
			expected = model_lowest(fd, limit);
			CHECK_EQ(get_unused_fd_from(fd, cloexec ? O_CLOEXEC : 0), expected);
			if (expected >= 0) {
				model[expected].reserved = true;
				model[expected].cloexec = cloexec;
			}
			break;
		case 3: /* install or give up a reserved one */
			if (!model[fd].reserved)
				break;
			if (cloexec) {
				put_unused_fd(fd);
				model_clear(fd);
			} else {
				model[fd].file = new_file();
				model[fd].reserved = false;
				fd_install(fd, model[fd].file);
			}
			break;
		case 4:
			CHECK_EQ(close_fd(fd), model[fd].file ? 0 : -EBADF);
			if (model[fd].file)
				model_clear(fd);
			break;
		case 5:
			file = new_file();
			expected = fd >= limit ? -EBADF : model[fd].reserved ? -EBUSY : (int)fd;
			CHECK_EQ(do_dup2(file, fd, cloexec ? O_CLOEXEC : 0), expected);
			if (expected >= 0) {
				model[fd].file = file;
				model[fd].cloexec = cloexec;
			}
			fput(file);
			break;
		case 6:
			CHECK_EQ(close_range(fd, last, cloexec ? CLOSE_RANGE_CLOEXEC : 0), 0);
			for (i = fd; i <= last && i < MODEL_FDS; i++) {
				if (cloexec)
					model[i].cloexec |= model[i].file || model[i].reserved;
				else if (model[i].file)
					model_clear(i);
			}
			break;
		default:
			copy = dup_fd(test_task.files);
			CHECK(!IS_ERR(copy));
			model_check(copy, false);
			put_files_struct(copy);
		}
		if (round % 32 == 0)
			model_check(test_task.files, true);
	}
	model_check(test_task.files, true);
	exit_files(&test_task);
	CHECK_EQ(nr_files, 0ul);
}

/* ---- iov_iter
 * ------------------------------------------------------------------------------------------------
 */

TEST(iov_iter_moves_bytes_of_kernel_memory)
{
	char buf[32] = "", back[32] = "";
	struct iov_iter i;

	iov_iter_kernel(&i, buf, 10);
	CHECK_EQ(copy_to_iter("hello", 5, &i), 5ul);
	CHECK_EQ(i.count, 5ul);
	CHECK_EQ(copy_to_iter(" world!", 7, &i), 5ul);
	CHECK_EQ(i.count, 0ul);
	CHECK_STREQ(buf, "hello worl");
	iov_iter_revert(&i, 4);
	CHECK_EQ(iov_iter_zero(2, &i), 2ul);
	CHECK_EQ(buf[6], 0);
	CHECK_EQ(buf[8], 'r');
	iov_iter_kernel(&i, buf, 10);
	iov_iter_advance(&i, 1);
	CHECK_EQ(copy_from_iter(back, 4, &i), 4ul);
	CHECK_STREQ(back, "ello");
}

TEST(iov_iter_walks_segments)
{
	char a[4] = "abc", b[8] = "defghij", out[16] = "";
	struct iovec iov[] = {{a, 3}, {NULL, 0}, {b, 7}};
	struct iov_iter i;
	size_t n;

	for (n = 0; n <= 10; n++) {
		iov_iter_init(&i, iov, 3, 10);
		i.user = false;
		memset(out, 0, sizeof(out));
		CHECK_EQ(copy_from_iter(out, n, &i), n);
		CHECK_EQ(copy_from_iter(out + n, 16, &i), 10 - n);
		CHECK_STREQ(out, "abcdefghij");
		iov_iter_revert(&i, 10 - n);
		memset(out, 0, sizeof(out));
		CHECK_EQ(copy_from_iter(out, 16, &i), 10 - n);
		CHECK_STREQ(out, (const char *)"abcdefghij" + n);
	}
}
