/* SPDX-License-Identifier: MIT */
/* See world.h. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "cpio_write.h"
#include "disk.h"
#include "environment.h"
#include "host_files.h"
#include "program.h"
#include "world.h"

#define MAX_GROUPS 65536

char *beside_command(const char *name)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		fail("cannot find out where quire lies: %s", strerror(errno));
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	return format_string("%s/%s", path, name);
}

static void ensure_dir(struct tree *tree, const char *name, mode_t permissions)
{
	if (!tree_child(tree, tree->root, name))
		tree_add_dir(tree, tree->root, name, permissions);
}

/* What every kernel needs before the first mount: mount points, and a console for init. */
static void add_skeleton(struct tree *tree)
{
	struct stat console = {.st_mode = S_IFCHR | 0600, .st_rdev = makedev(5, 1)};
	struct node *dev;

	ensure_dir(tree, "dev", 0755);
	ensure_dir(tree, "proc", 0555);
	ensure_dir(tree, "sys", 0555);
	ensure_dir(tree, "tmp", 01777);
	dev = tree_child(tree, tree->root, "dev");
	if (S_ISDIR(dev->mode) && !tree_child(tree, dev, "console"))
		tree_add(tree, dev, "console", &console);
}

static void add_init(struct tree *tree)
{
	char *path = beside_command("quire-init");
	struct node *dir, *init;
	struct stat st;

	if (stat(path, &st))
		fail("cannot find Quire's init %s: %s", path, strerror(errno));
	if (tree_child(tree, tree->root, QUIRE_DIR))
		fail("the root has a /%s of its own", QUIRE_DIR);
	dir = tree_add_dir(tree, tree->root, QUIRE_DIR, 0700);
	st.st_mode = S_IFREG | 0700;
	st.st_uid = st.st_gid = 0;
	init = tree_add(tree, dir, strrchr(QUIRE_INIT_PATH, '/') + 1, &st);
	init->source = path;
}

/* Append a line to a small file of the built-in root. */
static void append_line(struct tree *tree, const char *path, char *line)
{
	struct node *node = tree_lookup(tree, NULL, path, true);
	FILE *file = node && node->source ? fopen(node->source, "re") : NULL;
	char *old = new_zeroed(node ? node->size + 1 : 1);

	if (!file || fread(old, 1, node->size, file) != node->size)
		fail("the built-in root lacks %s", path);
	fclose(file);
	tree->bytes += strlen(line);
	node->data = format_string("%s%s", old, line);
	node->source = NULL;
	node->size = strlen(node->data);
	free(old);
	free(line);
}

/* The built-in root knows root only: add the caller, and the caller's home. */
static void add_user(struct tree *tree, char *const environment[])
{
	const char *home = environment_get(environment, "HOME");
	struct passwd *user = getuid() ? getpwuid(getuid()) : NULL;
	struct group *group = getgid() ? getgrgid(getgid()) : NULL;

	if (home && *home == '/' && home[1])
		host_place(tree, home);
	if (user)
		append_line(tree, "/etc/passwd",
			    format_string("%s:x:%u:%u::%s:/bin/sh\n", user->pw_name, user->pw_uid,
					  user->pw_gid, user->pw_dir));
	if (group)
		append_line(tree, "/etc/group",
			    format_string("%s:x:%u:\n", group->gr_name, group->gr_gid));
}

static uint64_t ignored_signals(void)
{
	uint64_t ignored = 0;

	for (int number = 1; number <= 64; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			ignored |= 1ul << (number - 1);
	}
	return ignored;
}

static void put_string(FILE *file, const char *s)
{
	fwrite(s, 1, strlen(s) + 1, file);
}

/* Write the job file into the tree, whose QUIRE_DIR exists. */
static void add_job(struct tree *tree, struct job_header *job, const char *path, const char *cwd,
		    const struct strings *program, const struct strings *environment)
{
	static gid_t groups[MAX_GROUPS];
	int nr_groups = getgroups(MAX_GROUPS, groups);
	char *bytes = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&bytes, &size);

	if (!file)
		fail("out of memory");
	job->magic = JOB_MAGIC;
	job->uid = getuid();
	job->gid = getgid();
	job->nr_groups = nr_groups > 0 ? nr_groups : 0;
	job->argc = program->count;
	job->envc = environment->count;
	job->file_mask = umask(0);
	umask(job->file_mask);
	job->ignored = ignored_signals();
	fwrite(job, sizeof(*job), 1, file);
	fwrite(groups, sizeof(groups[0]), job->nr_groups, file);
	put_string(file, path);
	put_string(file, cwd);
	for (size_t i = 0; i < program->count; i++)
		put_string(file, program->list[i]);
	for (size_t i = 0; i < environment->count; i++)
		put_string(file, environment->list[i]);
	if (fclose(file))
		fail("out of memory");
	((struct job_header *)bytes)->size = size;
	tree_add_data(tree, tree_child(tree, tree->root, QUIRE_DIR),
		      strrchr(QUIRE_JOB_PATH, '/') + 1, 0600, bytes, size);
}

static char *start_directory(const struct options *options)
{
	char *here = getcwd(NULL, 0), *cwd;

	if (!here)
		fail("cannot find out the current directory: %s", strerror(errno));
	if (!options->cwd)
		return here;
	if (options->cwd[0] == '/')
		cwd = copy_string(options->cwd);
	else
		cwd = format_string("%s/%s", here, options->cwd);
	free(here);
	return cwd;
}

static void check_memory(const struct options *options, const struct tree *tree)
{
	if (options->memory && tree->bytes > options->memory)
		fail("the root takes %llu MiB, the machine has %llu: use a larger --mem",
		     (unsigned long long)tree->bytes >> 20,
		     (unsigned long long)options->memory >> 20);
}

void world_build(struct world *world, const struct options *options, struct job_header *job)
{
	char *const *environment = options->environment.list;
	const char *name = options->program.list[0];
	struct tree *tree = tree_new();
	char *cwd = start_directory(options);
	char *path = options->root ? NULL : beside_command("quire-root");

	host_tree_load(tree, options->root ? options->root : path, !options->root);
	free(path);
	add_skeleton(tree);
	if (!options->root)
		add_user(tree, environment);
	if (!host_place_dir(tree, cwd))
		fail("%s is no directory in the root", cwd);
	path = program_find(tree, name, cwd, environment);
	if (!path)
		fail_with(EXIT_NOT_FOUND, "%s: program not found", name);
	check_memory(options, tree);
	add_init(tree);
	job->swap_disk = disk_of_swap(options);
	add_job(tree, job, path, cwd, &options->program, &options->environment);
	world->initramfs = cpio_write(tree, &world->size);
	free(path);
	free(cwd);
}

void world_build_empty(struct world *world)
{
	struct tree *tree = tree_new();
	struct strings none = {0};
	struct job_header job = {0};

	add_skeleton(tree);
	add_init(tree);
	add_job(tree, &job, "", "/", &none, &none);
	world->initramfs = cpio_write(tree, &world->size);
}
