/* SPDX-License-Identifier: MIT */
/* See program.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "elf_deps.h"
#include "environment.h"
#include "host_files.h"
#include "program.h"
#include "report.h"

#define MAX_INTERPRETERS 8
#define FIRST_BYTES	 256 /* how far Linux reads for #! */
#define DEFAULT_PATH	 "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct search {
	struct tree *tree;
	const char *cwd;
	char *const *environment;
};

static void place_with_needs(const struct search *search, const char *path, int depth);

static bool node_executable(const struct node *node)
{
	return node && S_ISREG(node->mode) && node->mode & 0111;
}

static bool host_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *absolute(const struct search *search, const char *dir, const char *name)
{
	if (*dir == '/')
		return format_string("%s/%s", dir, name);
	return format_string("%s/%s%s%s", search->cwd, dir, *dir ? "/" : "", name);
}

/* Search PATH for @name. @on_host: among the host's files, else in the tree. A file that may not be
 * executed is the answer only if nothing better follows, as with execvp(3). */
static char *search_path(const struct search *search, const char *name, bool on_host)
{
	const char *path = environment_get(search->environment, "PATH");
	char *second_best = NULL;

	if (!path)
		path = DEFAULT_PATH;
	for (;;) {
		size_t length = strcspn(path, ":");
		char *dir = copy_bytes(path, length);
		char *candidate = absolute(search, dir, name);
		struct node *node = tree_lookup(search->tree, NULL, candidate, true);
		struct stat st;

		free(dir);
		if (on_host ? host_executable(candidate) : node_executable(node)) {
			free(second_best);
			return candidate;
		}
		if (!second_best && (on_host ? stat(candidate, &st) == 0 && S_ISREG(st.st_mode)
					     : node && S_ISREG(node->mode)))
			second_best = candidate;
		else
			free(candidate);
		path += length;
		if (!*path++)
			return second_best;
	}
}

static char *find_by_name(const struct search *search, const char *name, int depth)
{
	char *path = search_path(search, name, false);

	if (path)
		return path;
	path = search_path(search, name, true);
	if (path)
		place_with_needs(search, path, depth);
	return path;
}

/* The program that "env ARGUMENT" in a #! line starts, or NULL. */
static char *env_program(char *argument)
{
	char *word, *rest = NULL;

	for (word = strtok_r(argument, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (*word != '-' && !strchr(word, '='))
			return word;
	}
	return NULL;
}

/* The #! line of @path, without "#!", its line end and the blanks around; NULL if there is none. */
static char *script_line(const char *path)
{
	char bytes[FIRST_BYTES + 1], *line = bytes + 2;
	size_t length;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	n = read(fd, bytes, FIRST_BYTES);
	close(fd);
	if (n < 3 || bytes[0] != '#' || bytes[1] != '!')
		return NULL;
	bytes[n] = '\0';
	line += strspn(line, " \t");
	length = strcspn(line, "\n");
	while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	return length ? copy_bytes(line, length) : NULL;
}

static void place_interpreter(const struct search *search, const char *script, int depth)
{
	char *line = script_line(script), *argument, *program;
	const char *base;

	if (!line)
		return;
	argument = line + strcspn(line, " \t");
	if (*argument)
		*argument++ = '\0';
	base = strrchr(line, '/');
	if (*line == '/' && !tree_lookup(search->tree, NULL, line, true))
		place_with_needs(search, line, depth + 1);
	if (base && strcmp(base, "/env") == 0) {
		program = env_program(argument);
		if (program && !strchr(program, '/'))
			free(find_by_name(search, program, depth + 1));
	}
	free(line);
}

static void place_with_needs(const struct search *search, const char *path, int depth)
{
	if (depth > MAX_INTERPRETERS || !host_place(search->tree, path))
		return;
	elf_deps_place(search->tree, path, search->environment);
	place_interpreter(search, path, depth);
}

char *program_find(struct tree *tree, const char *name, const char *cwd, char *const environment[])
{
	struct search search = {tree, cwd, environment};
	char *path;

	if (!*name)
		return NULL;
	if (!strchr(name, '/'))
		return find_by_name(&search, name, 0);
	path = *name == '/' ? copy_string(name) : format_string("%s/%s", cwd, name);
	if (!tree_lookup(tree, NULL, path, true))
		place_with_needs(&search, path, 0);
	free(path);
	return copy_string(name);
}
