/* SPDX-License-Identifier: MIT */
/* See cpio_write.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "cpio_write.h"
#include "report.h"

#define HEADER_SIZE 110
#define PAGE	    4096
#define NAME_LIMIT  4096 /* Linux skips an entry with a longer name */

struct archive {
	int fd;
	uint64_t offset; /* of the next byte, those in buffer included */
	uint32_t next_ino;
	size_t buffered;
	char buffer[65536];
};

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("cannot write the initramfs: %s", strerror(errno));
		data += n;
		size -= n;
	}
}

static void flush(struct archive *archive)
{
	write_all(archive->fd, archive->buffer, archive->buffered);
	archive->buffered = 0;
}

static void put(struct archive *archive, const char *data, size_t size)
{
	archive->offset += size;
	if (size > sizeof(archive->buffer) - archive->buffered)
		flush(archive);
	if (size > sizeof(archive->buffer)) {
		write_all(archive->fd, data, size);
		return;
	}
	memcpy(archive->buffer + archive->buffered, data, size);
	archive->buffered += size;
}

static void put_zeros(struct archive *archive, size_t size)
{
	static const char zeros[PAGE];

	while (size > sizeof(zeros)) {
		put(archive, zeros, sizeof(zeros));
		size -= sizeof(zeros);
	}
	put(archive, zeros, size);
}

static void align(struct archive *archive)
{
	put_zeros(archive, -archive->offset & 3);
}

/* Bytes of the name field, its NULs included. */
static size_t name_field(const struct archive *archive, const char *name, uint64_t size)
{
	size_t length = strlen(name) + 1;
	size_t to_page = -(archive->offset + HEADER_SIZE + length) & (PAGE - 1);

	if (size < PAGE || length + to_page > NAME_LIMIT)
		return length;
	return length + to_page;
}

static void put_header(struct archive *archive, const struct node *node, const char *name,
		       uint32_t ino, uint32_t links, uint64_t size)
{
	char header[HEADER_SIZE + 1];
	size_t field = name_field(archive, name, size);

	snprintf(header, sizeof(header),
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ino, node->mode,
		 node->uid, node->gid, links, (uint32_t)node->mtime, (uint32_t)size, 0, 0,
		 major(node->rdev), minor(node->rdev), (uint32_t)field, 0);
	put(archive, header, HEADER_SIZE);
	put(archive, name, strlen(name));
	put_zeros(archive, field - strlen(name));
	align(archive);
}

static void put_contents(struct archive *archive, const struct node *node)
{
	uint64_t left = node->size;
	int fd;

	if (!left)
		return;
	if (!node->source) {
		put(archive, node->data, left);
		align(archive);
		return;
	}
	fd = open(node->source, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("cannot read %s: %s", node->source, strerror(errno));
	flush(archive);
	while (left) {
		ssize_t n = sendfile(archive->fd, fd, NULL, left < (1 << 30) ? left : (1 << 30));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("cannot read %s: %s", node->source, strerror(errno));
		if (n == 0)
			fail("%s became shorter while it was read", node->source);
		left -= n;
	}
	close(fd);
	archive->offset += node->size;
	align(archive);
}

static void put_node(struct archive *archive, struct node *node, const char *name)
{
	struct node *first = node->first_link ? node->first_link : node;
	bool repeated = first->ino != 0;

	if (!repeated)
		first->ino = archive->next_ino++;
	if (S_ISLNK(node->mode)) {
		size_t length = strlen(node->target);

		put_header(archive, node, name, first->ino, 1, length);
		put(archive, node->target, length);
		align(archive);
		return;
	}
	if (node->size > UINT32_MAX)
		fail("%s is larger than 4 GiB, which an initramfs cannot hold", name);
	/* Of a file with several names the first carries the contents, the others none. */
	put_header(archive, node, name, first->ino, S_ISDIR(node->mode) ? 2 : first->links,
		   repeated ? 0 : node->size);
	if (S_ISREG(node->mode) && !repeated)
		put_contents(archive, node);
}

static void put_children(struct archive *archive, struct node *dir, const char *path)
{
	for (struct node *node = dir->children; node; node = node->next) {
		char *name = format_string("%s%s%s", path, *path ? "/" : "", node->name);

		put_node(archive, node, name);
		if (S_ISDIR(node->mode))
			put_children(archive, node, name);
		free(name);
	}
}

int cpio_write(struct tree *tree, uint64_t *size)
{
	struct archive *archive = new_zeroed(sizeof(*archive));
	struct node trailer = {.mode = 0};
	int fd;

	archive->fd = memfd_create("quire-initramfs", 0);
	if (archive->fd < 0)
		fail("cannot create a file in memory: %s", strerror(errno));
	archive->next_ino = 1;
	put_node(archive, tree->root, ".");
	put_children(archive, tree->root, "");
	put_header(archive, &trailer, "TRAILER!!!", 0, 1, 0);
	put_zeros(archive, -archive->offset & 511);
	flush(archive);
	*size = archive->offset;
	fd = archive->fd;
	free(archive);
	return fd;
}
