/* SPDX-License-Identifier: MIT */
/*
 * The dentry cache: names that were looked up, as a tree and as a hash table of (parent, name).
 *
 *	in use		d_count > 0
 *	unused		d_count 0, hashed, on the LRU list; when there are many, the oldest go
 *	being freed	d_count 0, on no list: reached by nobody
 *
 * d_count changes freely while it is at least 1; only 0 <-> 1 needs dcache_lock. Lock order: see
 * fs.h. Nothing sleeps under dcache_lock; inodes are put after it is dropped.
 */
#include "fs/internal.h"
#include "lib/hash.h"
#include "lib/vsprintf.h"
#include "mm/reclaim.h"

DEFINE_SPINLOCK(dcache_lock, RANK_DCACHE);

static struct kmem_cache *dentry_cache;
static struct hlist_head *dentry_hashtable;
static unsigned int dentry_hash_shift; /* number of buckets: 1 << shift */
/* unused dentries, oldest first; may hold some that are in use again */
static LIST_HEAD(dentry_lru);
static unsigned long nr_lru, max_unused;
static unsigned long nr_lru_inodes; /* of these, positive ones */
static unsigned long nr_dentries;   /* atomic */
static struct shrinker dcache_shrinker;
int sysctl_vfs_cache_pressure = 100;

void dcache_init(void)
{
	unsigned long buckets = clamp(totalram_pages() / 16, 512ul, 65536ul);
	unsigned int order = 0;

	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0, NULL);
	BUG_ON(!dentry_cache);
	while ((PAGE_SIZE << order) < buckets * sizeof(struct hlist_head))
		order++;
	dentry_hashtable = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
	BUG_ON(!dentry_hashtable);
	page_owner_add(OWNER_KERNEL, 1l << order);
	for (dentry_hash_shift = 9;
	     (2ul << dentry_hash_shift) * sizeof(struct hlist_head) <= PAGE_SIZE << order;)
		dentry_hash_shift++;
	max_unused = clamp(totalram_pages() / 16, 128ul, 16384ul);
	register_shrinker(&dcache_shrinker);
}

static struct hlist_head *d_bucket(u32 hash)
{
	return &dentry_hashtable[hash >> (32 - dentry_hash_shift)];
}

/* ---- Names ---- */

static inline u64 word_at(const char *p)
{
	u64 word;

	__builtin_memcpy(&word, p, 8);
	return word;
}

static inline u32 half_word_at(const char *p)
{
	u32 half;

	__builtin_memcpy(&half, p, 4);
	return half;
}

/* Fewer than eight bytes as a number that no other name of that length has. No byte beyond is
 * read. */
static inline u64 short_name(const char *name, size_t len)
{
	if (len >= 4)
		return half_word_at(name) | (u64)half_word_at(name + len - 4) << 32;
	if (!len)
		return 0;
	return (u8)name[0] | (u8)name[len / 2] << 8 | (u8)name[len - 1] << 16;
}

/* Eight bytes a step: full_name_hash takes one. */
static inline u32 d_name_hash(const struct dentry *parent, const char *name, size_t len)
{
	u64 h = (unsigned long)parent + len;

	for (; len >= 8; len -= 8, name += 8) {
		h = (h ^ word_at(name)) * GOLDEN_RATIO_64;
		h ^= h >> 32;
	}
	h = (h ^ short_name(name, len)) * GOLDEN_RATIO_64;
	return hash_64(h ^ h >> 32, 32);
}

/* Of the same length. Most that have the same hash are the same. */
static inline bool same_name(const char *a, const char *b, size_t len)
{
	for (; len >= 8; len -= 8, a += 8, b += 8) {
		if (word_at(a) != word_at(b))
			return false;
	}
	return short_name(a, len) == short_name(b, len);
}

/* ---- Allocation ---- */

static struct dentry *dentry_new(struct super_block *sb, const char *name, size_t len)
{
	struct dentry *dentry = kmem_cache_alloc(dentry_cache, GFP_KERNEL);

	if (!dentry)
		return NULL;
	dentry->d_name = dentry->d_iname;
	if (len >= sizeof(dentry->d_iname)) {
		dentry->d_name = kmalloc(len + 1, GFP_KERNEL);
		if (!dentry->d_name) {
			kmem_cache_free(dentry_cache, dentry);
			return NULL;
		}
	}
	memcpy(dentry->d_name, name, len);
	dentry->d_name[len] = 0;
	dentry->d_len = len;
	dentry->d_count = 1;
	dentry->d_inode = NULL;
	dentry->d_parent = dentry;
	dentry->d_sb = sb;
	dentry->d_op = sb->s_d_op;
	dentry->d_flags = DCACHE_UNHASHED | sb->s_dentry_flags;
	INIT_HLIST_NODE(&dentry->d_hash);
	INIT_LIST_HEAD(&dentry->d_children);
	INIT_LIST_HEAD(&dentry->d_sibling);
	INIT_LIST_HEAD(&dentry->d_lru);
	__atomic_add_fetch(&nr_dentries, 1, __ATOMIC_RELAXED);
	return dentry;
}

static void dentry_free(struct dentry *dentry)
{
	if (dentry->d_name != dentry->d_iname)
		kfree(dentry->d_name);
	kmem_cache_free(dentry_cache, dentry);
	__atomic_sub_fetch(&nr_dentries, 1, __ATOMIC_RELAXED);
}

struct dentry *d_alloc(struct dentry *parent, const char *name, size_t len)
{
	struct dentry *dentry = dentry_new(parent->d_sb, name, len);

	if (!dentry)
		return NULL;
	dentry->d_hash_value = d_name_hash(parent, name, len);
	dentry->d_parent = dget(parent);
	spin_lock(&dcache_lock);
	list_add(&dentry->d_sibling, &parent->d_children);
	spin_unlock(&dcache_lock);
	return dentry;
}

struct dentry *d_alloc_pseudo(struct super_block *sb, const char *name)
{
	struct dentry *dentry = dentry_new(sb, name, strlen(name));

	if (dentry)
		dentry->d_flags |= DCACHE_PSEUDO;
	return dentry;
}

void d_name_tmpfile(struct dentry *dentry, struct dentry *dir)
{
	int len = scnprintf(dentry->d_iname, sizeof(dentry->d_iname), "#%llu",
			    dentry->d_inode->i_ino);

	dentry->d_len = len;
	dget(dir);
	spin_lock(&dcache_lock);
	dentry->d_parent = dir;
	list_add(&dentry->d_sibling, &dir->d_children);
	spin_unlock(&dcache_lock);
}

struct dentry *d_make_root(struct inode *inode)
{
	struct dentry *dentry;

	if (!inode)
		return NULL;
	dentry = dentry_new(inode->i_sb, "/", 1);
	if (dentry) {
		dentry->d_flags |= DCACHE_ROOT;
		dentry->d_inode = inode;
	} else {
		iput(inode);
	}
	return dentry;
}

/* ---- References ---- */

struct dentry *dget(struct dentry *dentry)
{
	if (dentry)
		BUG_ON(__atomic_fetch_add(&dentry->d_count, 1, __ATOMIC_RELAXED) <= 0);
	return dentry;
}

struct dentry *dget_parent(struct dentry *dentry)
{
	struct dentry *parent;

	spin_lock(&dcache_lock);
	parent = dget(dentry->d_parent);
	spin_unlock(&dcache_lock);
	return parent;
}

static void lru_del(struct dentry *dentry)
{
	if (!list_empty(&dentry->d_lru)) {
		list_del_init(&dentry->d_lru);
		nr_lru--;
		nr_lru_inodes -= dentry->d_inode != NULL;
	}
}

/* To the end of the list of those unused. */
static void lru_add(struct dentry *dentry)
{
	if (list_empty(&dentry->d_lru)) {
		list_add_tail(&dentry->d_lru, &dentry_lru);
		nr_lru++;
		nr_lru_inodes += dentry->d_inode != NULL;
	} else {
		list_move_tail(&dentry->d_lru, &dentry_lru);
	}
}

/* A negative name, perhaps still on that list, gets its inode. dcache_lock held. */
static void set_inode(struct dentry *dentry, struct inode *inode)
{
	BUG_ON(dentry->d_inode);
	dentry->d_inode = inode;
	nr_lru_inodes += inode && !list_empty(&dentry->d_lru);
}

static void __d_drop(struct dentry *dentry)
{
	hlist_del_init(&dentry->d_hash);
	dentry->d_flags |= DCACHE_UNHASHED;
}

/* Take an unused dentry out of all lists; dcache_lock held. The caller then calls
 * dentry_free_detached. */
static void dentry_detach(struct dentry *dentry)
{
	__d_drop(dentry);
	lru_del(dentry);
	list_del_init(&dentry->d_sibling);
}

/* Returns the parent, whose reference the caller drops; NULL for a root. */
static struct dentry *dentry_free_detached(struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent;
	struct inode *inode = dentry->d_inode;

	if (parent == dentry)
		parent = NULL;
	dentry_free(dentry);
	iput(inode);
	return parent;
}

/* The oldest unused dentry beyond the limit, detached; NULL. dcache_lock held. */
static struct dentry *lru_pop_excess(unsigned long limit)
{
	while (nr_lru > limit) {
		struct dentry *dentry = list_first_entry(&dentry_lru, struct dentry, d_lru);

		if (dentry->d_count == 0) {
			dentry_detach(dentry);
			return dentry;
		}
		lru_del(dentry); /* in use again since it was put here */
	}
	return NULL;
}

void dput(struct dentry *dentry)
{
	struct dentry *excess;
	int count;

	while (dentry) {
		count = READ_ONCE(dentry->d_count);
		while (count > 1) {
			if (try_cmpxchg(&dentry->d_count, &count, count - 1))
				return;
		}
		spin_lock(&dcache_lock);
		if (__atomic_sub_fetch(&dentry->d_count, 1, __ATOMIC_ACQ_REL) > 0) {
			spin_unlock(&dcache_lock);
			return;
		}
		excess = NULL;
		if (dentry->d_flags & (DCACHE_UNHASHED | DCACHE_DONTCACHE)) {
			dentry_detach(dentry);
			spin_unlock(&dcache_lock);
			dentry = dentry_free_detached(dentry);
			continue;
		}
		lru_add(dentry);
		excess = lru_pop_excess(max_unused);
		spin_unlock(&dcache_lock);
		dentry = excess ? dentry_free_detached(excess) : NULL;
	}
}

void path_get(const struct path *path)
{
	mntget(path->mnt);
	dget(path->dentry);
}

void path_put(const struct path *path)
{
	dput(path->dentry);
	mntput(path->mnt);
}

/* ---- Lookup ---- */

static inline struct dentry *__d_lookup(struct dentry *parent, const char *name, size_t len)
{
	u32 hash = d_name_hash(parent, name, len);
	struct dentry *dentry;

	hlist_for_each_entry (dentry, d_bucket(hash), d_hash) {
		if (dentry->d_hash_value == hash && dentry->d_parent == parent &&
		    dentry->d_len == len && same_name(dentry->d_name, name, len))
			return dentry;
	}
	return NULL;
}

struct dentry *d_lookup(struct dentry *parent, const char *name, size_t len)
{
	struct dentry *dentry;

	spin_lock(&dcache_lock);
	dentry = __d_lookup(parent, name, len);
	if (dentry)
		__atomic_add_fetch(&dentry->d_count, 1, __ATOMIC_RELAXED);
	spin_unlock(&dcache_lock);
	return dentry;
}

/* May the walk go through @dentry without asking anybody but its mode? */
static inline bool plain_dir(const struct dentry *dentry)
{
	struct inode *dir = dentry->d_inode;

	return S_ISDIR(dir->i_mode) && !dir->i_op->permission && !generic_permission(dir, MAY_EXEC);
}

/* Is a cached child nothing but the next step? */
static inline bool plain_child(const struct dentry *dentry)
{
	return dentry->d_inode && !(dentry->d_flags & DCACHE_MOUNTED) &&
	       !S_ISLNK(dentry->d_inode->i_mode);
}

const char *d_walk_cached(struct dentry **dentry, const char *name, const char **name_end,
			  struct dentry **found)
{
	struct dentry *start = *dentry, *at = start, *child;
	const char *end = strchrnul(name, '/'), *next;

	*name_end = end;
	*found = NULL;
	if (!*end)
		return name;
	spin_lock(&dcache_lock);
	for (;; end = strchrnul(name, '/')) {
		for (next = end; *next == '/'; next++)
			;
		if (!*next || name[0] == '.' || !plain_dir(at))
			break;
		child = __d_lookup(at, name, end - name);
		if (!child || (child->d_op && child->d_op->revalidate))
			break;
		if (!plain_child(child)) {
			__atomic_add_fetch(&child->d_count, 1, __ATOMIC_RELAXED);
			*found = child;
			break;
		}
		at = child;
		name = next;
	}
	if (at != start)
		__atomic_add_fetch(&at->d_count, 1, __ATOMIC_RELAXED);
	spin_unlock(&dcache_lock);
	if (at != start) {
		dput(start);
		*dentry = at;
	}
	*name_end = end;
	return name;
}

bool is_subdir(struct dentry *dentry, struct dentry *ancestor)
{
	bool below = false;

	spin_lock(&dcache_lock);
	for (;; dentry = dentry->d_parent) {
		if (dentry == ancestor) {
			below = true;
			break;
		}
		if (dentry->d_parent == dentry)
			break;
	}
	spin_unlock(&dcache_lock);
	return below;
}

/* ---- Changes ---- */

static void __d_rehash(struct dentry *dentry)
{
	dentry->d_hash_value = d_name_hash(dentry->d_parent, dentry->d_name, dentry->d_len);
	hlist_add_head(&dentry->d_hash, d_bucket(dentry->d_hash_value));
	dentry->d_flags &= ~DCACHE_UNHASHED;
}

void d_instantiate(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	set_inode(dentry, inode);
	spin_unlock(&dcache_lock);
}

void d_add(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	set_inode(dentry, inode);
	if (dentry->d_flags & DCACHE_UNHASHED)
		__d_rehash(dentry);
	spin_unlock(&dcache_lock);
}

void d_drop(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	__d_drop(dentry);
	spin_unlock(&dcache_lock);
}

void d_pin(struct dentry *dentry)
{
	dget(dentry);
	spin_lock(&dcache_lock);
	BUG_ON(dentry->d_flags & DCACHE_PINNED);
	dentry->d_flags |= DCACHE_PINNED;
	spin_unlock(&dcache_lock);
}

void d_unpin(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	BUG_ON(!(dentry->d_flags & DCACHE_PINNED));
	dentry->d_flags &= ~DCACHE_PINNED;
	__d_drop(dentry);
	spin_unlock(&dcache_lock);
	dput(dentry);
}

static void swap_names(struct dentry *a, struct dentry *b)
{
	bool a_inline = a->d_name == a->d_iname, b_inline = b->d_name == b->d_iname;

	for (unsigned int i = 0; i < sizeof(a->d_iname); i++)
		swap(a->d_iname[i], b->d_iname[i]);
	swap(a->d_name, b->d_name);
	swap(a->d_len, b->d_len);
	if (b_inline)
		a->d_name = a->d_iname;
	if (a_inline)
		b->d_name = b->d_iname;
}

void d_move(struct dentry *dentry, struct dentry *target, bool exchange)
{
	spin_lock(&dcache_lock);
	__d_drop(dentry);
	__d_drop(target);
	swap_names(dentry, target);
	/* Each parent's count keeps standing for one child. */
	swap(dentry->d_parent, target->d_parent);
	list_move(&dentry->d_sibling, &dentry->d_parent->d_children);
	list_move(&target->d_sibling, &target->d_parent->d_children);
	__d_rehash(dentry);
	if (exchange)
		__d_rehash(target);
	spin_unlock(&dcache_lock);
}

void d_copy_name(struct dentry *dentry, char *buf)
{
	spin_lock(&dcache_lock);
	memcpy(buf, dentry->d_name, dentry->d_len + 1);
	spin_unlock(&dcache_lock);
}

/* Next in a walk over @top and all below it, parents first; NULL at the end. dcache_lock held. */
static struct dentry *d_next_in_tree(struct dentry *dentry, struct dentry *top)
{
	if (!list_empty(&dentry->d_children))
		return list_first_entry(&dentry->d_children, struct dentry, d_sibling);
	while (dentry != top && list_is_last(&dentry->d_sibling, &dentry->d_parent->d_children))
		dentry = dentry->d_parent;
	return dentry == top ? NULL : list_next_entry(dentry, d_sibling);
}

void d_invalidate_tree(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	for (struct dentry *d = dentry; d; d = d_next_in_tree(d, dentry)) {
		if (!(d->d_flags & (DCACHE_MOUNTED | DCACHE_ROOT)))
			__d_drop(d);
	}
	spin_unlock(&dcache_lock);
	/* What is now unhashed and unused goes with the LRU list; no new user can find it. */
}

/* ---- Shrinking ---- */

/* Some unused dentry of @sb, detached; NULL. dcache_lock held. */
static struct dentry *lru_pop_sb(struct super_block *sb)
{
	struct dentry *dentry, *next;

	list_for_each_entry_safe (dentry, next, &dentry_lru, d_lru) {
		if (dentry->d_count) {
			lru_del(dentry);
		} else if (dentry->d_sb == sb) {
			dentry_detach(dentry);
			return dentry;
		}
	}
	return NULL;
}

static struct dentry *find_pinned(struct dentry *root)
{
	for (struct dentry *d = root; d; d = d_next_in_tree(d, root)) {
		if ((d->d_flags & DCACHE_PINNED) && list_empty(&d->d_children))
			return d;
	}
	return NULL;
}

void shrink_dcache_sb(struct super_block *sb, bool all)
{
	struct dentry *dentry;

	while (all && sb->s_root) {
		/* Leaves first: a pinned directory's children hold it. */
		spin_lock(&dcache_lock);
		dentry = find_pinned(sb->s_root);
		if (dentry)
			dget(dentry);
		spin_unlock(&dcache_lock);
		if (!dentry)
			break;
		d_unpin(dentry);
		dput(dentry);
	}
	for (;;) {
		spin_lock(&dcache_lock);
		dentry = lru_pop_sb(sb);
		spin_unlock(&dcache_lock);
		if (!dentry)
			break;
		dput(dentry_free_detached(dentry));
		cond_resched();
	}
}

/* ---- Reclaim --------------------------------------------------------------------------------- */

static unsigned long count_unused(void)
{
	return READ_ONCE(nr_lru) * READ_ONCE(sysctl_vfs_cache_pressure) / 100;
}

/* Looks at the @nr oldest: those in use again only leave the list. */
static unsigned long shrink_unused(unsigned long nr)
{
	unsigned long freed = 0;

	while (nr--) {
		struct dentry *dentry;
		bool unused;

		spin_lock(&dcache_lock);
		dentry = list_first_entry_or_null(&dentry_lru, struct dentry, d_lru);
		unused = dentry && !dentry->d_count;
		if (unused)
			dentry_detach(dentry);
		else if (dentry)
			lru_del(dentry);
		spin_unlock(&dcache_lock);
		if (!dentry)
			break;
		if (unused) {
			dput(dentry_free_detached(dentry));
			freed++;
		}
		cond_resched();
	}
	return freed;
}

static struct shrinker dcache_shrinker = {
	.name = "dentry", .count = count_unused, .scan = shrink_unused};

void count_dentries(struct dentry_counts *counts)
{
	unsigned long inodes;

	spin_lock(&dcache_lock);
	counts->all = nr_dentries;
	counts->unused = nr_lru;
	inodes = nr_lru_inodes;
	spin_unlock(&dcache_lock);
	counts->negative = counts->unused - inodes;
}

unsigned long dcache_reclaimable_pages(void)
{
	struct dentry_counts c;

	count_dentries(&c);
	return (c.unused * sizeof(struct dentry) +
		(c.unused - c.negative) * sizeof(struct inode)) >>
	       PAGE_SHIFT;
}
