/* SPDX-License-Identifier: MIT */
/*
 * A task with files: the kernel up to fs/, rootfs mounted, a descriptor table and an address space
 * with some user memory. System-call bodies are called as the entry code would call them: their
 * pointers are user addresses, made here from the test's own data.
 */
#pragma once

#include "../boot.h"
#include "test.h"

#include "fs/internal.h"
#include "mm/mm.h"

/* Run @fn as a kernel thread in such a world; afterwards everything is torn down and nothing may
 * have leaked. Ends the test. */
__attribute__((__noreturn__)) void fs_run(unsigned int cpus, void (*fn)(void));

/* User memory: a copy of @data (or of a string with its NUL). Taken in turn from a megabyte: old
 * ones are overwritten in the end. */
void __user *user_data(const void *data, size_t len);
char __user *user_string(const char *s);
/* @len bytes of user memory, zeroed. */
void __user *user_room(size_t len);
/* Bytes of user memory. */
const void *from_user(const void __user *addr, void *buf, size_t len);

/* Calls with strings of the test. */
int t_open(const char *name, int flags, umode_t mode);
long t_write(int fd, const char *s); /* without the NUL */
/* Up to 4095 bytes, as a string (static). NULL: an error, in *error. */
const char *t_read(int fd, long *error);
long t_mkdir(const char *name);
long t_unlink(const char *name);
long t_stat(const char *name, struct stat *st);
/* Contents of a whole file (static), NULL if it cannot be opened. */
const char *t_cat(const char *name);
/* Make a file with these contents. */
void t_put(const char *name, const char *contents);
/* "a b c": sorted names of a directory, without dots (static). */
const char *t_ls(const char *name);

#define U(s) user_string(s)

/* Become uid @uid with gid @gid and no capabilities (0: root with all). */
void become(uid_t uid, gid_t gid);
/* Pages free when caches are given back. */
unsigned long fs_free_pages(void);
/* Signals that fs/ sent to current: SIGPIPE, SIGXFSZ; counts since the last call. */
unsigned int sigpipes(void), sigxfszs(void);
/* A second task with the same files and memory, running @fn; ends when it returns. */
void t_spawn(int (*fn)(void *arg), void *arg);
