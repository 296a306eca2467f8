/* SPDX-License-Identifier: MIT */
/* Brings files of the host into the guest's tree. */
#pragma once

#include "tree.h"

/* Fill the empty @tree with everything below directory @path of the host, with owners and
 * permissions; with
 * @as_root everything belongs to root instead. What the kernel makes up (proc, sysfs and the like,
 * mounted somewhere below) is left out: only the empty directory comes along. fail()s when a
 * directory cannot be read. */
void host_tree_load(struct tree *tree, const char *path, bool as_root);

/* Make the absolute @path mean in the guest what it means on the host, if the tree does not have it
 * yet: the file or (empty) directory itself, the directories above it, and every symbolic link on
 * the way. What the tree has already stays and is followed as the guest will follow it. Returns the
 * node, or NULL if the host has no such path or the tree has a non-directory in its way. */
struct node *host_place(struct tree *tree, const char *path);

/* Make @path a directory in the guest: as host_place() where the host has one, else new, 0755
 * root:root. Returns NULL if the tree has something else there. */
struct node *host_place_dir(struct tree *tree, const char *path);
