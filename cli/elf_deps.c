/* SPDX-License-Identifier: MIT */
/* See elf_deps.h. */
#include <elf.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "elf_deps.h"
#include "elf_file.h"
#include "environment.h"
#include "host_files.h"

#define MAX_INCLUDES 8

struct object {
	struct object *next;   /* in the order of loading */
	struct object *loader; /* who needed it first; NULL for the program */
	char *name;	       /* as it was asked for */
	char *origin;	       /* directory it lies in */
	struct elf_file elf;
};

struct linker {
	struct tree *tree;
	struct object *first, *last;
	struct strings library_path; /* LD_LIBRARY_PATH */
	struct strings configured;   /* ld.so.conf, or musl's path file */
	struct strings defaults;
	bool musl;
	bool used_configured;
};

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? copy_string("/") : copy_bytes(path, slash - path);
}

/* The name that $LIB stands for: Debian's multiarch form. */
static const char *lib_of(const struct elf_file *elf)
{
	return elf->class == ELFCLASS64 ? "lib/x86_64-linux-gnu" : "lib/i386-linux-gnu";
}

/* Replace $ORIGIN, $LIB and $PLATFORM, with or without braces. */
static char *expand(const char *entry, const struct object *object)
{
	struct {
		const char *token, *value;
	} tokens[] = {
		{"ORIGIN", object->origin},
		{"LIB", lib_of(&object->elf)},
		{"PLATFORM", object->elf.class == ELFCLASS64 ? "x86_64" : "i686"},
	};
	char *result = copy_string("");

	while (*entry) {
		const char *value = NULL;
		size_t length = 1;
		char *longer;

		for (size_t i = 0;
		     *entry == '$' && i < sizeof(tokens) / sizeof(tokens[0]) && !value; i++) {
			bool brace = entry[1] == '{';
			size_t token = strlen(tokens[i].token);

			if (strncmp(entry + 1 + brace, tokens[i].token, token) == 0 &&
			    (!brace || entry[2 + token] == '}')) {
				value = tokens[i].value;
				length = 1 + token + 2 * brace;
			}
		}
		longer = value ? format_string("%s%s", result, value)
			       : format_string("%s%c", result, *entry);
		free(result);
		result = longer;
		entry += length;
	}
	return result;
}

static void split(struct strings *dirs, const char *list, const char *separators)
{
	while (*list) {
		size_t length = strcspn(list, separators);

		/* An empty entry means the current directory. */
		strings_add(dirs, length ? copy_bytes(list, length) : copy_string("."));
		list += length;
		if (*list)
			list++;
	}
}

static void read_conf(struct strings *dirs, const char *path, int depth)
{
	char line[PATH_MAX];
	FILE *file = depth < MAX_INCLUDES ? fopen(path, "re") : NULL;

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		char *word;
		glob_t found;

		line[strcspn(line, "#\n")] = '\0';
		word = strtok(line, " \t");
		if (!word)
			continue;
		if (strcmp(word, "include") != 0) {
			if (*word == '/')
				strings_add(dirs, copy_string(word));
			continue;
		}
		word = strtok(NULL, " \t");
		if (!word)
			continue;
		word = *word == '/' ? copy_string(word) : format_string("/etc/%s", word);
		if (glob(word, 0, NULL, &found) == 0) {
			for (size_t i = 0; i < found.gl_pathc; i++)
				read_conf(dirs, found.gl_pathv[i], depth + 1);
			globfree(&found);
		}
		free(word);
	}
	fclose(file);
}

static void musl_dirs(struct linker *linker)
{
	static const char path_file[] = "/etc/ld-musl-x86_64.path";
	char line[PATH_MAX];
	FILE *file = fopen(path_file, "re");

	linker->musl = true;
	if (!file) {
		split(&linker->defaults, "/lib:/usr/local/lib:/usr/lib", ":");
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		split(&linker->configured, line, ":");
	}
	fclose(file);
	linker->used_configured = true;
}

static void search_dirs(struct linker *linker, char *const environment[])
{
	const struct elf_file *program = &linker->first->elf;
	const char *path = environment_get(environment, "LD_LIBRARY_PATH");
	const char *interpreter = strrchr(program->interpreter, '/');

	if (path)
		split(&linker->library_path, path, ":;");
	if (interpreter && strncmp(interpreter, "/ld-musl-", 9) == 0) {
		musl_dirs(linker);
		return;
	}
	read_conf(&linker->configured, "/etc/ld.so.conf", 0);
	if (program->class == ELFCLASS64)
		split(&linker->defaults,
		      "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/"
		      "lib",
		      ":");
	else
		split(&linker->defaults,
		      "/lib/i386-linux-gnu:/usr/lib/i386-linux-gnu:/lib32:/usr/lib32:/lib:/usr/lib",
		      ":");
}

/* Is @path a library that can be loaded into the program? */
static bool fits(const struct linker *linker, const char *path, struct elf_file *elf)
{
	const struct elf_file *program = &linker->first->elf;

	return elf_file_read(path, elf) && elf->class == program->class &&
	       elf->machine == program->machine;
}

static char *try_dir(const struct linker *linker, const char *dir, const char *name,
		     struct elf_file *elf)
{
	char *path = format_string("%s/%s", dir, name);

	if (fits(linker, path, elf))
		return path;
	free(path);
	return NULL;
}

static char *try_dirs(const struct linker *linker, const struct strings *dirs, const char *name,
		      struct elf_file *elf)
{
	char *path = NULL;

	for (size_t i = 0; i < dirs->count && !path; i++)
		path = try_dir(linker, dirs->list[i], name, elf);
	return path;
}

static char *try_expanded(const struct linker *linker, const char *list,
			  const struct object *object, const char *name, struct elf_file *elf)
{
	struct strings dirs = {0};
	char *path = NULL;

	split(&dirs, list, ":");
	for (size_t i = 0; i < dirs.count && !path; i++) {
		char *dir = expand(dirs.list[i], object);

		path = try_dir(linker, dir, name, elf);
		free(dir);
	}
	return path;
}

/* Where the linker finds @name for @object; NULL: nowhere. */
static char *find_library(struct linker *linker, const struct object *object, const char *name,
			  struct elf_file *elf)
{
	char *path = NULL;

	if (strchr(name, '/')) {
		path = expand(name, object);
		return fits(linker, path, elf) ? path : NULL;
	}
	if (!object->elf.runpath) {
		for (const struct object *o = object; o && !path; o = o->loader) {
			if (o->elf.rpath && !o->elf.runpath)
				path = try_expanded(linker, o->elf.rpath, o, name, elf);
		}
	}
	if (!path)
		path = try_dirs(linker, &linker->library_path, name, elf);
	if (!path && object->elf.runpath)
		path = try_expanded(linker, object->elf.runpath, object, name, elf);
	if (path)
		return path;
	/* The linker's cache lists the configured directories first, but a guest without the cache
	 * searches the default ones only: where both have it, prefer what works in both. */
	path = try_dirs(linker, &linker->defaults, name, elf);
	if (path)
		return path;
	path = try_dirs(linker, &linker->configured, name, elf);
	if (path)
		linker->used_configured = true;
	return path;
}

static bool is_loaded(const struct linker *linker, const char *name)
{
	for (const struct object *object = linker->first; object; object = object->next) {
		if (strcmp(object->name, name) == 0)
			return true;
	}
	/* musl's linker is its libc. */
	return linker->musl && strcmp(name, "libc.so") == 0;
}

static void load(struct linker *linker, struct object *loader, const char *name)
{
	struct object *object;
	struct elf_file elf;
	char *path, *absolute;

	if (is_loaded(linker, name))
		return;
	path = find_library(linker, loader, name, &elf);
	if (!path)
		return;
	absolute = *path == '/' ? path : realpath(path, NULL);
	if (!absolute)
		return;
	host_place(linker->tree, absolute);
	object = new_zeroed(sizeof(*object));
	object->name = copy_string(name);
	object->origin = dir_of(absolute);
	object->elf = elf;
	object->loader = loader;
	linker->last->next = object;
	linker->last = object;
}

void elf_deps_place(struct tree *tree, const char *path, char *const environment[])
{
	struct linker linker = {.tree = tree};
	struct object *program = new_zeroed(sizeof(*program));
	const char *preload = environment_get(environment, "LD_PRELOAD");
	char real[PATH_MAX];

	if (!elf_file_read(path, &program->elf) || !program->elf.interpreter ||
	    !realpath(path, real))
		return;
	host_place(tree, program->elf.interpreter);
	program->name = copy_string(path);
	program->origin = dir_of(real);
	linker.first = linker.last = program;
	search_dirs(&linker, environment);
	if (preload) {
		struct strings names = {0};

		split(&names, preload, ": ");
		for (size_t i = 0; i < names.count; i++)
			load(&linker, program, names.list[i]);
	}
	for (struct object *object = program; object; object = object->next) {
		for (size_t i = 0; i < object->elf.needed.count; i++)
			load(&linker, object, object->elf.needed.list[i]);
	}
	if (is_loaded(&linker, "libc.so.6"))
		load(&linker, program, "libgcc_s.so.1");
	if (linker.used_configured)
		host_place(tree, linker.musl ? "/etc/ld-musl-x86_64.path" : "/etc/ld.so.cache");
}
