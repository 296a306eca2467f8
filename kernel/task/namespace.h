/* SPDX-License-Identifier: MIT */
/* struct nsproxy: the namespaces of a task. Shared by fork without CLONE_NEW*, counted. */
#pragma once

#include "lib/refcount.h"
#include "base/spinlock.h"
#include "page/gfp.h"
#include "abi/utsname.h"

struct mnt_namespace; /* fs/ */

struct uts_namespace {
	refcount_t count;
	u32 inum;	 /* its number, as /proc/PID/ns/uts shows it; constant */
	spinlock_t lock; /* name */
	struct new_utsname name;
};

struct nsproxy {
	refcount_t count;
	struct uts_namespace *uts_ns; /* references */
	struct mnt_namespace *mnt_ns; /* NULL until fs/ mounted the root */
};

extern struct nsproxy init_nsproxy;
extern struct uts_namespace init_uts_ns;
/* Take and drop a reference. The last put gives the namespaces' references up and may sleep
 * (unmounts). */
void get_nsproxy(struct nsproxy *ns);
void put_nsproxy(struct nsproxy *ns);
/* One reference, holding those to @uts and @mnt that the caller hands over. NULL: out of memory
 * (they stay the caller's). */
struct nsproxy *alloc_nsproxy(struct uts_namespace *uts, struct mnt_namespace *mnt);
struct uts_namespace *get_uts_ns(struct uts_namespace *uts);
void put_uts_ns(struct uts_namespace *uts);
/* A copy of @old's names, one reference; NULL: out of memory. May sleep. */
struct uts_namespace *copy_uts_ns(struct uts_namespace *old);
/* A consistent copy of the names current sees. */
void utsname_read(struct new_utsname *name);
/* Upward edge, set by fs/: drop a reference to a mount namespace. May sleep. */
extern void (*put_mnt_ns_hook)(struct mnt_namespace *mnt);

/* I/O priority, shared by CLONE_IO. */
struct io_context {
	refcount_t count;
	unsigned short ioprio;
};
struct io_context *alloc_io_context(unsigned short ioprio,
				    gfp_t gfp); /* one reference; NULL: out of memory */
struct io_context *get_io_context(struct io_context *ioc);
void put_io_context(struct io_context *ioc); /* NULL is fine; any context */

/* System V semaphore undo list, shared by CLONE_SYSVSEM. */
struct sysv_sem {
	refcount_t count;
};
