/* SPDX-License-Identifier: MIT */
/* A file of each thread in memory (tmpfs), mapped, read and written; and the disk, whose contents
 * are known: all may read it, and each thread writes a part of its own. */
#include "pressure.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <unistd.h>

#define DISK_OWNER 0xd1500

struct file_part {
	int fd;
	const char *what;
	uint32_t owner;
	size_t first; /* page of the file where the part begins */
	size_t pages;
	uint32_t *model;	      /* version of each page of the part */
	char *mapping;		      /* shared, of the part; or NULL */
	char *private;		      /* private, of the part; or NULL */
	uint32_t *private_model;      /* 0: as in the file */
	size_t readable;	      /* pages of the disk that nobody writes */
	const char *readable_mapping; /* of them */
	char *copy;		      /* a page */
};

static struct tag tag_of(const struct file_part *f, size_t page)
{
	return (struct tag){f->owner, f->model[page], f->first + page};
}

static struct file_part *new_part(int fd, const char *what, uint32_t owner, size_t first,
				  size_t pages, uint32_t version)
{
	struct file_part *f = calloc(1, sizeof(*f));

	if (!f || !(f->model = calloc(pages, 4)) || !(f->private_model = calloc(pages, 4)) ||
	    !(f->copy = aligned_alloc(PAGE, PAGE))) {
		error("no memory for the model of a file");
		_exit(1);
	}
	f->fd = fd;
	f->what = what;
	f->owner = owner;
	f->first = first;
	f->pages = pages;
	for (size_t i = 0; i < pages; i++)
		f->model[i] = version;
	return f;
}

/* ---- The disk's image ------------------------------------------------------------------------ */

/* The last quarter is the workers' to write. */
static size_t readable_pages(size_t pages)
{
	return pages / 4 * 3;
}

int make_disk(const char *path, unsigned int mib)
{
	char page[PAGE] __attribute__((aligned(8)));
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	for (size_t i = 0; i < mib * (MIB / PAGE); i++) {
		fill_page(page, (struct tag){DISK_OWNER, 1, i});
		if (fwrite(page, PAGE, 1, f) != 1)
			return -1;
	}
	return fclose(f);
}

static size_t disk_pages(int fd)
{
	struct stat st;
	uint64_t bytes = 0;

	if (fstat(fd, &st))
		return 0;
	if (S_ISBLK(st.st_mode))
		return ioctl(fd, BLKGETSIZE64, &bytes) ? 0 : bytes / PAGE;
	return st.st_size / PAGE;
}

static void open_disk(struct arena *a, unsigned int number, unsigned int arenas)
{
	int fd = open(options.disk, O_RDWR | O_CLOEXEC);
	size_t pages = fd < 0 ? 0 : disk_pages(fd), readable = readable_pages(pages);
	size_t own = (pages - readable) / arenas;

	if (!own) {
		error("%s: %s", options.disk, fd < 0 ? strerror(errno) : "too small");
		_exit(1);
	}
	a->disk = new_part(fd, "disk page", DISK_OWNER, readable + number * own, own, 1);
	a->disk->readable = readable;
}

void make_files(struct arena *a, size_t file_pages, unsigned int number, unsigned int arenas)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/pressure-%d-%u", getpid(), number);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || unlink(path) || ftruncate(fd, file_pages * PAGE)) {
		error("%s: %s", path, strerror(errno));
		_exit(1);
	}
	a->file = new_part(fd, "file page", (a->worker * MAX_THREADS + a->thread) << 8 | 0x80, 0,
			   file_pages, 0);
	if (options.disk)
		open_disk(a, number, arenas);
}

/* ---- One page -------------------------------------------------------------------------------- */

static char *shared_page(struct arena *a, struct file_part *f, size_t page)
{
	if (f->mapping && !random_below(a, 200)) {
		munmap(f->mapping, f->pages * PAGE);
		f->mapping = NULL;
	}
	if (!f->mapping) {
		injection_begins(a);
		f->mapping = mmap(NULL, f->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd,
				  f->first * PAGE);
		injection_ends(a);
		if (f->mapping == MAP_FAILED) {
			f->mapping = NULL;
			tolerated(a, "mmap of a file", errno);
			return NULL;
		}
	}
	return f->mapping + page * PAGE;
}

static void check_file_page(struct arena *a, struct file_part *f, size_t page)
{
	ssize_t n;
	char *p;

	count(&counts(a)->verified, 1);
	if (random_below(a, 2)) {
		p = shared_page(a, f, page);
		if (p)
			check_page(p, tag_of(f, page), f->what, p);
		return;
	}
	injection_begins(a);
	n = pread(f->fd, f->copy, PAGE, (f->first + page) * PAGE);
	injection_ends(a);
	if (n == PAGE)
		check_page(f->copy, tag_of(f, page), f->what, NULL);
	else
		tolerated(a, "pread", n < 0 ? errno : EIO);
}

static void write_file_page(struct arena *a, struct file_part *f, size_t page)
{
	struct tag tag = {f->owner, new_version(), f->first + page};
	char *p;

	count(&counts(a)->written, 1);
	if (random_below(a, 2) && (p = shared_page(a, f, page))) {
		fill_page(p, tag);
	} else {
		fill_page(f->copy, tag);
		/* Until it succeeds a part of the page may be written. */
		while (pwrite(f->fd, f->copy, PAGE, tag.index * PAGE) != PAGE) {
			if (!tolerated(a, "pwrite", errno))
				return;
			usleep(1000);
		}
	}
	f->model[page] = tag.version;
}

/* A private mapping shows the file until it is written. */
static void private_page(struct arena *a, struct file_part *f, size_t page)
{
	struct tag tag = tag_of(f, page);
	char *p;

	if (!f->private) {
		p = mmap(NULL, f->pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, f->fd,
			 f->first * PAGE);
		if (p == MAP_FAILED) {
			tolerated(a, "private mmap of a file", errno);
			return;
		}
		f->private = p;
		memset(f->private_model, 0, f->pages * 4);
	}
	p = f->private + page * PAGE;
	if (f->private_model[page])
		tag.version = f->private_model[page];
	count(&counts(a)->verified, 1);
	if (!check_page(p, tag, "private page of a file", p))
		return;
	if (!random_below(a, 4)) {
		tag.version = f->private_model[page] = new_version();
		fill_page(p, tag);
	} else if (!random_below(a, 8) && !madvise(p, PAGE, MADV_DONTNEED)) {
		f->private_model[page] = 0;
	}
	if (!random_below(a, 400)) {
		munmap(f->private, f->pages * PAGE);
		f->private = NULL;
	}
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* Shorter and longer again, or a hole: zeros. */
static void cut_step(struct arena *a, struct file_part *f)
{
	size_t first = random_below(a, f->pages), pages = 1 + random_below(a, 32);

	if (first + pages > f->pages)
		pages = f->pages - first;
	if (random_below(a, 4)) {
		if (fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first * PAGE,
			      pages * PAGE)) {
			if (errno != EOPNOTSUPP)
				tolerated(a, "fallocate", errno);
			return;
		}
	} else {
		first = f->pages - pages;
		if (ftruncate(f->fd, first * PAGE) || ftruncate(f->fd, f->pages * PAGE)) {
			error("ftruncate: %s", strerror(errno));
			return;
		}
		/* Unlike with a hole, private pages of what is cut go too, and come back as the file's. */
		memset(f->private_model + first, 0, pages * 4);
	}
	memset(f->model + first, 0, pages * 4);
}

static void part_step(struct arena *a, struct file_part *f)
{
	size_t first = random_below(a, f->pages), pages = 1 + random_below(a, 64);

	for (size_t i = 0; i < pages && !atomic_load(&control->stop); i++) {
		size_t page = (first + i) % f->pages;

		check_file_page(a, f, page);
		if (!f->model[page] || !random_below(a, 3))
			write_file_page(a, f, page);
		if (!random_below(a, 4))
			private_page(a, f, page);
	}
}

void file_step(struct arena *a)
{
	if (a->depth)
		return; /* the parent goes on changing it */
	part_step(a, a->file);
	if (!random_below(a, 20))
		cut_step(a, a->file);
}

static void read_disk_page(struct arena *a, struct file_part *f, size_t page)
{
	struct tag tag = {DISK_OWNER, 1, page};

	count(&counts(a)->verified, 1);
	if (!f->readable_mapping && random_below(a, 2)) {
		void *p = mmap(NULL, f->readable * PAGE, PROT_READ,
			       random_below(a, 2) ? MAP_SHARED : MAP_PRIVATE, f->fd, 0);

		if (p == MAP_FAILED)
			tolerated(a, "mmap of the disk", errno);
		else
			f->readable_mapping = p;
	}
	if (f->readable_mapping)
		check_page(f->readable_mapping + page * PAGE, tag, "disk page",
			   f->readable_mapping + page * PAGE);
	else if (pread(f->fd, f->copy, PAGE, page * PAGE) == PAGE)
		check_page(f->copy, tag, "disk page", NULL);
	else
		tolerated(a, "pread of the disk", errno);
	if (f->readable_mapping && !random_below(a, 1000)) {
		munmap((void *)f->readable_mapping, f->readable * PAGE);
		f->readable_mapping = NULL;
	}
}

void disk_step(struct arena *a)
{
	struct file_part *f = a->disk;
	size_t first, pages;

	if (!f)
		return;
	first = random_below(a, f->readable);
	pages = 1 + random_below(a, 64);
	for (size_t i = 0; i < pages && !atomic_load(&control->stop); i++)
		read_disk_page(a, f, (first + i) % f->readable);
	if (a->depth)
		return;
	if (!random_below(a, 3))
		part_step(a, f);
	if (!random_below(a, 30) && fsync(f->fd))
		tolerated(a, "fsync", errno);
}

static void verify_part(struct arena *a, struct file_part *f)
{
	for (size_t page = 0; page < f->pages; page++) {
		check_file_page(a, f, page);
		if (f->private)
			private_page(a, f, page);
	}
}

void verify_files(struct arena *a)
{
	verify_part(a, a->file);
	if (a->disk)
		verify_part(a, a->disk);
}
