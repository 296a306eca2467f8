/* SPDX-License-Identifier: MIT */
/* What tasks see by namespace: host names; mounts by reference only. And the I/O context, counted
 * likewise. */
#include "task/namespace.h"
#include "task/task.h"
#include "page/slab.h"

struct uts_namespace init_uts_ns = {
	.count = REFCOUNT_INIT(2), /* init_nsproxy's, and one so that it stays */
	.inum = 0xeffffffe,	   /* Linux's for the first one */
	.lock = SPIN_LOCK_INIT("uts_ns", RANK_SPIN_LEAF),
	.name =
		{
			.sysname = "Linux",
			.nodename = "quire",
			.release = "6.1.0-quire",
			.version = "#1 SMP Quire",
			.machine = "x86_64",
			.domainname = "(none)",
		},
};

struct nsproxy init_nsproxy = {
	.count = REFCOUNT_INIT(2),
	.uts_ns = &init_uts_ns,
};

void (*put_mnt_ns_hook)(struct mnt_namespace *mnt);

struct uts_namespace *get_uts_ns(struct uts_namespace *uts)
{
	refcount_inc(&uts->count);
	return uts;
}

void put_uts_ns(struct uts_namespace *uts)
{
	if (refcount_dec_and_test(&uts->count))
		kfree(uts);
}

struct uts_namespace *copy_uts_ns(struct uts_namespace *old)
{
	static u32 next_inum = 0xf0000000; /* atomic */
	struct uts_namespace *uts = kmalloc(sizeof(*uts), GFP_KERNEL);

	if (!uts)
		return NULL;
	refcount_set(&uts->count, 1);
	uts->inum = __atomic_fetch_add(&next_inum, 1, __ATOMIC_RELAXED);
	spin_lock_init(&uts->lock, "uts_ns", RANK_SPIN_LEAF);
	spin_lock(&old->lock);
	uts->name = old->name;
	spin_unlock(&old->lock);
	return uts;
}

void utsname_read(struct new_utsname *name)
{
	struct uts_namespace *uts = current->nsproxy ? current->nsproxy->uts_ns : &init_uts_ns;

	spin_lock(&uts->lock);
	*name = uts->name;
	spin_unlock(&uts->lock);
}

void get_nsproxy(struct nsproxy *ns)
{
	refcount_inc(&ns->count);
}

void put_nsproxy(struct nsproxy *ns)
{
	if (!refcount_dec_and_test(&ns->count))
		return;
	put_uts_ns(ns->uts_ns);
	if (ns->mnt_ns && put_mnt_ns_hook)
		put_mnt_ns_hook(ns->mnt_ns);
	kfree(ns);
}

struct nsproxy *alloc_nsproxy(struct uts_namespace *uts, struct mnt_namespace *mnt)
{
	struct nsproxy *ns = kmalloc(sizeof(*ns), GFP_KERNEL);

	if (ns) {
		refcount_set(&ns->count, 1);
		ns->uts_ns = uts;
		ns->mnt_ns = mnt;
	}
	return ns;
}

struct io_context *alloc_io_context(unsigned short ioprio, gfp_t gfp)
{
	struct io_context *ioc = kmalloc(sizeof(*ioc), gfp);

	if (ioc) {
		refcount_set(&ioc->count, 1);
		ioc->ioprio = ioprio;
	}
	return ioc;
}

struct io_context *get_io_context(struct io_context *ioc)
{
	refcount_inc(&ioc->count);
	return ioc;
}

void put_io_context(struct io_context *ioc)
{
	if (ioc && refcount_dec_and_test(&ioc->count))
		kfree(ioc);
}
