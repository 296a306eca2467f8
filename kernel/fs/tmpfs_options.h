/* SPDX-License-Identifier: MIT */
/* Mount options of tmpfs. */
#pragma once

#include "fs/shmem.h"

/* Change @info by the options in @data (NULL: none): size=, nr_blocks=, nr_inodes=, mode=, uid=,
 * gid=. 0 or -EINVAL. */
int tmpfs_parse_options(struct shmem_sb_info *info, const char *data);
void ramfs_parse_options(struct shmem_sb_info *info, const char *data);
/* Half of RAM, in pages; as many inodes. */
u64 tmpfs_default_blocks(void), tmpfs_default_inodes(void);
