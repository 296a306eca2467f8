/* SPDX-License-Identifier: MIT */
/* See tree.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "report.h"
#include "tree.h"

#define MAX_SYMLINKS 40 /* as Linux */

static size_t hash_of(const struct tree *tree, const struct node *dir, const char *name)
{
	size_t hash = (size_t)dir >> 4;

	for (; *name; name++)
		hash = hash * 31 + (unsigned char)*name;
	return hash & (tree->hash_size - 1);
}

static void hash_insert(struct tree *tree, struct node *node)
{
	size_t at = hash_of(tree, node->parent, node->name);

	node->hash_next = tree->hash[at];
	tree->hash[at] = node;
}

static void hash_grow(struct tree *tree)
{
	struct node **old = tree->hash;
	size_t old_size = tree->hash_size;

	tree->hash_size *= 4;
	tree->hash = new_zeroed(tree->hash_size * sizeof(*tree->hash));
	for (size_t i = 0; i < old_size; i++) {
		while (old[i]) {
			struct node *node = old[i];

			old[i] = node->hash_next;
			hash_insert(tree, node);
		}
	}
	free(old);
}

struct tree *tree_new(void)
{
	struct tree *tree = new_zeroed(sizeof(*tree));

	tree->hash_size = 1024;
	tree->hash = new_zeroed(tree->hash_size * sizeof(*tree->hash));
	tree->root = new_zeroed(sizeof(*tree->root));
	tree->root->name = "";
	tree->root->parent = tree->root;
	tree->root->mode = S_IFDIR | 0755;
	tree->root->links = 1;
	tree->root->mtime = time(NULL);
	tree->nr_nodes = 1;
	return tree;
}

struct node *tree_child(struct tree *tree, struct node *dir, const char *name)
{
	struct node *node = tree->hash[hash_of(tree, dir, name)];

	while (node && (node->parent != dir || strcmp(node->name, name) != 0))
		node = node->hash_next;
	return node;
}

struct node *tree_add(struct tree *tree, struct node *dir, const char *name, const struct stat *st)
{
	struct node *node = new_zeroed(sizeof(*node));

	node->name = copy_string(name);
	node->parent = dir;
	node->mode = st->st_mode;
	node->uid = st->st_uid;
	node->gid = st->st_gid;
	node->mtime = st->st_mtime;
	node->links = 1;
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		node->rdev = st->st_rdev;
	if (S_ISREG(st->st_mode)) {
		node->size = st->st_size;
		tree->bytes += st->st_size;
	}
	if (dir->last_child)
		dir->last_child->next = node;
	else
		dir->children = node;
	dir->last_child = node;
	if (++tree->nr_nodes > tree->hash_size)
		hash_grow(tree);
	hash_insert(tree, node);
	return node;
}

struct node *tree_add_dir(struct tree *tree, struct node *dir, const char *name, mode_t permissions)
{
	struct stat st = {.st_mode = S_IFDIR | permissions, .st_mtime = time(NULL)};

	return tree_add(tree, dir, name, &st);
}

struct node *tree_add_link(struct tree *tree, struct node *dir, const char *name,
			   const char *target)
{
	struct stat st = {.st_mode = S_IFLNK | 0777, .st_mtime = time(NULL)};
	struct node *node = tree_add(tree, dir, name, &st);

	node->target = copy_string(target);
	return node;
}

struct node *tree_add_data(struct tree *tree, struct node *dir, const char *name,
			   mode_t permissions, const char *data, size_t size)
{
	struct stat st = {
		.st_mode = S_IFREG | permissions, .st_size = size, .st_mtime = time(NULL)};
	struct node *node = tree_add(tree, dir, name, &st);

	node->data = data;
	return node;
}

static struct node *lookup(struct tree *tree, struct node *at, const char *path, bool follow,
			   int *symlinks)
{
	if (*path == '/')
		at = tree->root;
	while (at) {
		char name[256];
		struct node *next;
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (!length)
			return at;
		if (!S_ISDIR(at->mode) || length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		path += length;
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			at = at->parent;
			continue;
		}
		next = tree_child(tree, at, name);
		if (next && S_ISLNK(next->mode) && (*path || follow)) {
			if (++*symlinks > MAX_SYMLINKS)
				return NULL;
			next = lookup(tree, at, next->target, true, symlinks);
		}
		at = next;
	}
	return NULL;
}

struct node *tree_lookup(struct tree *tree, struct node *base, const char *path, bool follow)
{
	int symlinks = 0;

	return lookup(tree, base ? base : tree->root, path, follow, &symlinks);
}

char *tree_path(const struct node *node)
{
	char *above, *path;

	if (node->parent == node)
		return copy_string("/");
	above = tree_path(node->parent);
	path = format_string("%s/%s", node->parent->parent == node->parent ? "" : above,
			     node->name);
	free(above);
	return path;
}
