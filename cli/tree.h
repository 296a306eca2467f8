/* SPDX-License-Identifier: MIT */
/*
 * The guest's file tree while it is put together: nodes in memory, whose contents stay on the
 * host's disk until cpio_write() copies them. Nothing is freed: the tree lives until the machine
 * has its initramfs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct node {
	char *name; /* one component; "" for the root */
	struct node *parent, *next;
	struct node *children, *last_child;
	struct node *hash_next;
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
	time_t mtime;
	dev_t rdev;	  /* of a device */
	uint64_t size;	  /* of a regular file */
	char *source;	  /* regular file: path on the host with its contents, or NULL: data */
	const char *data; /* regular file without source: size bytes */
	char *target;	  /* of a symbolic link */
	struct node *first_link; /* regular file: the node it is a hard link to, or NULL */
	uint32_t ino, links;	 /* links counts this node and those whose first_link it is */
};

struct tree {
	struct node *root;
	struct node **hash;
	size_t hash_size, nr_nodes;
	uint64_t bytes; /* contents of all regular files */
};

/* A tree with nothing but a root directory, 0755 root:root. */
struct tree *tree_new(void);

/* The node of @name in directory @dir, or NULL. "." and ".." are not looked up. */
struct node *tree_child(struct tree *tree, struct node *dir, const char *name);

/* Add @name to @dir, which must not have it yet, with type, permissions, owner, times and size of
 * @st. Copies the name. The caller sets source, data or target. */
struct node *tree_add(struct tree *tree, struct node *dir, const char *name, const struct stat *st);

/* As tree_add() for things that are not on the host: owned by root, of this moment. */
struct node *tree_add_dir(struct tree *tree, struct node *dir, const char *name,
			  mode_t permissions);
struct node *tree_add_link(struct tree *tree, struct node *dir, const char *name,
			   const char *target);
struct node *tree_add_data(struct tree *tree, struct node *dir, const char *name,
			   mode_t permissions, const char *data, size_t size);

/* The node that @path names, as the guest would resolve it: from the root, or from @base where
 * @path is relative (NULL: the root). Follows symbolic links, the last one too if @follow. NULL:
 * there is none, or a loop. */
struct node *tree_lookup(struct tree *tree, struct node *base, const char *path, bool follow);

/* Absolute path of @node in the guest; the caller frees. */
char *tree_path(const struct node *node);
