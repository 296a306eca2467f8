/* SPDX-License-Identifier: MIT */
/* See host_files.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "host_files.h"
#include "report.h"

#define MAX_DEPTH 40

/* Files that have several names: found by device and inode while loading. */
struct link_table {
	struct entry {
		dev_t dev;
		ino_t ino;
		struct node *node;
	} * entries;
	size_t count, size; /* size is a power of two, more than twice the count */
};

struct load {
	struct tree *tree;
	bool as_root;
	struct link_table links;
};

static struct entry *link_slot(struct link_table *table, dev_t dev, ino_t ino)
{
	size_t at = (ino * 0x9e3779b97f4a7c15u) & (table->size - 1);

	while (table->entries[at].node &&
	       (table->entries[at].ino != ino || table->entries[at].dev != dev))
		at = (at + 1) & (table->size - 1);
	return &table->entries[at];
}

static void note_links(struct load *load, struct node *node, const struct stat *st)
{
	struct link_table *table = &load->links;
	struct entry *entry;

	if (table->count * 2 >= table->size) {
		struct link_table old = *table;

		table->size = old.size ? old.size * 2 : 64;
		table->entries = new_zeroed(table->size * sizeof(*entry));
		for (size_t i = 0; i < old.size; i++) {
			if (old.entries[i].node)
				*link_slot(table, old.entries[i].dev, old.entries[i].ino) =
					old.entries[i];
		}
		free(old.entries);
	}
	entry = link_slot(table, st->st_dev, st->st_ino);
	if (entry->node) {
		node->first_link = entry->node;
		entry->node->links++;
		load->tree->bytes -= node->size;
	} else {
		*entry = (struct entry){st->st_dev, st->st_ino, node};
		table->count++;
	}
}

static char *read_link(int dir, const char *name, const char *path)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(dir, name, target, sizeof(target));

	if (length < 0 || length == sizeof(target))
		fail("cannot read %s: %s", path, strerror(length < 0 ? errno : ENAMETOOLONG));
	return copy_bytes(target, length);
}

static bool made_up_by_the_kernel(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	switch ((unsigned long)fs.f_type) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case DEVPTS_SUPER_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case PSTOREFS_MAGIC:
	case BPF_FS_MAGIC:
		return true;
	default:
		return false;
	}
}

/* Takes @fd over. */
static void load_dir(struct load *load, struct node *dir, int fd, const char *path, dev_t above)
{
	struct stat st;
	struct dirent *entry;
	DIR *stream;

	if (fstat(fd, &st))
		fail("cannot read %s: %s", path, strerror(errno));
	if (st.st_dev != above && made_up_by_the_kernel(fd)) {
		close(fd);
		return;
	}
	above = st.st_dev;
	stream = fdopendir(fd);
	if (!stream)
		fail("cannot read %s: %s", path, strerror(errno));
	while (errno = 0, (entry = readdir(stream))) {
		char *below;
		struct node *node;
		int child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		below = format_string("%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
				      entry->d_name);
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			fail("cannot read %s: %s", below, strerror(errno));
		if (load->as_root)
			st.st_uid = st.st_gid = 0;
		node = tree_add(load->tree, dir, entry->d_name, &st);
		if (S_ISREG(st.st_mode)) {
			node->source = below;
			if (st.st_nlink > 1)
				note_links(load, node, &st);
			continue;
		}
		if (S_ISLNK(st.st_mode)) {
			node->target = read_link(fd, entry->d_name, below);
		} else if (S_ISDIR(st.st_mode)) {
			child = openat(fd, entry->d_name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (child < 0)
				fail("cannot read %s: %s", below, strerror(errno));
			load_dir(load, node, child, below, above);
		}
		free(below);
	}
	if (errno)
		fail("cannot read %s: %s", path, strerror(errno));
	closedir(stream);
}

void host_tree_load(struct tree *tree, const char *path, bool as_root)
{
	struct load load = {.tree = tree, .as_root = as_root};
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		fail("cannot read the root %s: %s", path, strerror(errno));
	tree->root->mode = st.st_mode;
	if (!as_root) {
		tree->root->uid = st.st_uid;
		tree->root->gid = st.st_gid;
	}
	load_dir(&load, tree->root, fd, path, st.st_dev);
	free(load.links.entries);
}

static struct node *place(struct tree *tree, const char *path, bool make_dirs, int depth);

/* A name the tree does not have in @dir: bring it from @path of the host. */
static struct node *place_new(struct tree *tree, struct node *dir, const char *name,
			      const char *path, bool make_dirs, int depth)
{
	char real[PATH_MAX], *above, *target;
	struct node *node;
	struct stat st;

	if (lstat(path, &st))
		return make_dirs ? tree_add_dir(tree, dir, name, 0755) : NULL;
	node = tree_add(tree, dir, name, &st);
	if (S_ISREG(st.st_mode))
		node->source = copy_string(path);
	if (!S_ISLNK(st.st_mode))
		return node;
	node->target = read_link(AT_FDCWD, path, path);
	above = copy_bytes(path, strrchr(path, '/') - path);
	if (!realpath(*above ? above : "/", real))
		return NULL;
	free(above);
	target = node->target[0] == '/' ? copy_string(node->target)
					: format_string("%s/%s", real, node->target);
	node = place(tree, target, make_dirs, depth + 1);
	free(target);
	return node;
}

/* Walks @path component by component in the tree, with the host's @path at hand for what is
 * missing. */
static struct node *place(struct tree *tree, const char *path, bool make_dirs, int depth)
{
	struct node *at = tree->root;
	const char *rest = path;

	if (depth > MAX_DEPTH)
		return NULL;
	while (at) {
		size_t length;
		char *name, *here;
		struct node *next;

		rest += strspn(rest, "/");
		length = strcspn(rest, "/");
		if (!length)
			return at;
		if (!S_ISDIR(at->mode))
			return NULL;
		name = copy_bytes(rest, length);
		rest += length;
		if (strcmp(name, "..") == 0) {
			next = at->parent;
		} else if (strcmp(name, ".") == 0) {
			next = at;
		} else {
			next = tree_child(tree, at, name);
			here = copy_bytes(path, rest - path);
			if (!next)
				next = place_new(tree, at, name, here, make_dirs, depth);
			else if (S_ISLNK(next->mode))
				next = tree_lookup(tree, at, name, true);
			free(here);
		}
		free(name);
		at = next;
	}
	return NULL;
}

struct node *host_place(struct tree *tree, const char *path)
{
	struct node *node = tree_lookup(tree, NULL, path, true);
	struct stat st;

	if (node || stat(path, &st))
		return node;
	return place(tree, path, false, 0);
}

struct node *host_place_dir(struct tree *tree, const char *path)
{
	struct node *node = tree_lookup(tree, NULL, path, true);

	if (!node)
		node = place(tree, path, true, 0);
	return node && S_ISDIR(node->mode) ? node : NULL;
}
