/* SPDX-License-Identifier: MIT */
/* Mount options of tmpfs: "size=10%,mode=1777". */
#include "fs/internal.h"
#include "fs/tmpfs_options.h"
#include "lib/vsprintf.h"

u64 tmpfs_default_blocks(void)
{
	return totalram_pages() / 2;
}

u64 tmpfs_default_inodes(void)
{
	return totalram_pages() / 2;
}

static int parse_size(const char *value, u64 *pages)
{
	char *end;
	u64 size = memparse(value, &end);

	if (end == value)
		return -EINVAL;
	if (*end == '%') {
		size = size * totalram_pages() / 100 * PAGE_SIZE;
		end++;
	}
	if (*end)
		return -EINVAL;
	*pages = DIV_ROUND_UP(size, PAGE_SIZE);
	return 0;
}

static int parse_count(const char *value, u64 *count)
{
	char *end;

	*count = memparse(value, &end);
	return *end || end == value || (s64)*count < 0 ? -EINVAL : 0;
}

static int parse_option(struct shmem_sb_info *info, const char *key, const char *value)
{
	unsigned int number;
	int err;

	if (!strcmp(key, "inode64") || !strcmp(key, "inode32"))
		return value ? -EINVAL : 0; /* inode numbers are small */
	if (!value)
		return -EINVAL;
	if (!strcmp(key, "size"))
		return parse_size(value, &info->max_blocks);
	if (!strcmp(key, "nr_blocks"))
		return parse_count(value, &info->max_blocks);
	if (!strcmp(key, "nr_inodes"))
		return parse_count(value, &info->max_inodes);
	if (!strcmp(key, "mode")) {
		err = kstrtouint(value, 8, &number);
		info->mode = number & 07777;
		return err;
	}
	if (!strcmp(key, "uid"))
		return kstrtouint(value, 10, &info->uid);
	if (!strcmp(key, "gid"))
		return kstrtouint(value, 10, &info->gid);
	return -EINVAL;
}

/* Calls parse_option for each; with @strict the first error ends it. */
static int parse_all(struct shmem_sb_info *info, const char *data, bool strict)
{
	char *copy, *rest, *key, *value;
	int err = 0;

	if (!data || !*data)
		return 0;
	copy = rest = kstrdup(data, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	while (!err && (key = strsep(&rest, ","))) {
		if (!*key)
			continue;
		value = strchr(key, '=');
		if (value)
			*value++ = 0;
		if (strict || !strcmp(key, "mode"))
			err = parse_option(info, key, value) ? -EINVAL : 0;
		if (!strict)
			err = 0;
	}
	kfree(copy);
	return err;
}

int tmpfs_parse_options(struct shmem_sb_info *info, const char *data)
{
	return parse_all(info, data, true);
}

void ramfs_parse_options(struct shmem_sb_info *info, const char *data)
{
	parse_all(info, data, false);
}
