/* SPDX-License-Identifier: MIT */
/*
 * Futexes. A waiter hashes the key of its word to a bucket, and under the bucket's lock checks that
 * the word still
 * has the value and queues itself; a waker takes the same lock. So no wake-up falls between check
 * and sleep.
 *
 * A key is (mm, address) for private memory and (file, page, offset) for shared memory: never a
 * frame, since a private
 * page may be copied or moved while somebody waits on it.
 *
 * The word is read under the bucket's lock with page faults disabled; a page that is not there is
 * faulted in with
 * the lock dropped, and the wait starts again.
 */
#include "process/futex.h"
#include "process/process.h"
#include "sched/sched.h"
#include "mm/mm.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "abi/errno.h"

#define FUTEX_BUCKETS 256

struct futex_key {
	void *object;	       /* mm_struct or address_space */
	unsigned long address; /* private: of the word; shared: page index */
	unsigned int offset;   /* in the page; bit 0 set for shared keys */
};

struct futex_bucket {
	spinlock_t lock;
	struct list_head waiters;
} __aligned(64);

/* One sleeping task, on its stack. Everything under the lock of the bucket it is on. */
struct futex_waiter {
	struct list_head list;
	struct task_struct *task;
	struct futex_key key;
	u32 bitset;
	struct futex_bucket *bucket; /* NULL: woken (read without the lock by the sleeper) */
};

static struct futex_bucket buckets[FUTEX_BUCKETS];

void futex_init(void)
{
	for (int i = 0; i < FUTEX_BUCKETS; i++) {
		spin_lock_init(&buckets[i].lock, "futex", RANK_FUTEX);
		INIT_LIST_HEAD(&buckets[i].waiters);
	}
}

static bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->address == b->address && a->object == b->object && a->offset == b->offset;
}

static struct futex_bucket *hash_futex(const struct futex_key *key)
{
	u64 h = (unsigned long)key->object ^ (key->address + key->offset) * 0x9e3779b97f4a7c15ull;

	return &buckets[(h * 0x9e3779b97f4a7c15ull) >> 56];
}

/* The key of @uaddr. @shared: look whether the memory behind it is a shared mapping. May sleep. 0,
 * -EINVAL, -EFAULT. */
static int get_futex_key(u32 __user *uaddr, bool shared, struct futex_key *key)
{
	unsigned long addr = (unsigned long)uaddr;
	struct address_space *mapping = NULL;
	unsigned long index;
	int ret;

	if (addr & 3)
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	if (shared) {
		ret = futex_shared_key(addr, &mapping, &index);
		if (ret)
			return ret;
	}
	if (mapping) {
		key->object = mapping;
		key->address = index;
		key->offset = (addr & (PAGE_SIZE - 1)) | 1;
	} else {
		key->object = current->mm;
		key->address = addr;
		key->offset = 0;
	}
	return 0;
}

/* Read the word without sleeping: 0 or -EFAULT (not present now). */
static int get_futex_value_locked(u32 *value, u32 __user *uaddr)
{
	int ret;

	pagefault_disable();
	ret = copy_from_user(value, uaddr, sizeof(*value)) ? -EFAULT : 0;
	pagefault_enable();
	return ret;
}

/* Bucket lock held: off the list, and wake. The waiter's stack may be gone once bucket is NULL, so
 * the task is held. */
static void wake_waiter(struct futex_waiter *w)
{
	struct task_struct *task = get_task_struct(w->task);

	list_del(&w->list);
	smp_store_release(&w->bucket, NULL);
	wake_up_state(task, TASK_NORMAL);
	put_task_struct(task);
}

static long futex_wake(u32 __user *uaddr, bool shared, int n, u32 bitset)
{
	struct futex_bucket *b;
	struct futex_waiter *w, *next;
	struct futex_key key;
	int woken = 0, ret;

	if (!bitset)
		return -EINVAL;
	ret = get_futex_key(uaddr, shared, &key);
	if (ret)
		return ret;
	b = hash_futex(&key);
	wake_hold(); /* whom it wakes may well take this lock next */
	spin_lock(&b->lock);
	list_for_each_entry_safe(w, next, &b->waiters, list) {
		if (!key_equal(&w->key, &key) || !(w->bitset & bitset))
			continue;
		wake_waiter(w);
		if (++woken >= n)
			break;
	}
	spin_unlock(&b->lock);
	wake_release();
	return woken;
}

/* Take @w off whatever bucket it is on. True: it was still queued (not woken). A requeue may move
 * it meanwhile. */
static bool unqueue(struct futex_waiter *w)
{
	struct futex_bucket *b;

	while ((b = smp_load_acquire(&w->bucket))) {
		spin_lock(&b->lock);
		if (w->bucket != b) { /* requeued or woken between the load and the lock */
			spin_unlock(&b->lock);
			continue;
		}
		list_del(&w->list);
		w->bucket = NULL;
		spin_unlock(&b->lock);
		return true;
	}
	return false;
}

/* Queue current on the word if it still is @val. 0, -EWOULDBLOCK, -EFAULT... State is
 * TASK_INTERRUPTIBLE on success. */
static int futex_wait_setup(u32 __user *uaddr, bool shared, u32 val, struct futex_waiter *w)
{
	struct futex_bucket *b;
	u32 seen;
	int ret;

	for (;;) {
		ret = get_futex_key(uaddr, shared, &w->key);
		if (ret)
			return ret;
		b = hash_futex(&w->key);
		spin_lock(&b->lock);
		if (!get_futex_value_locked(&seen, uaddr))
			break;
		spin_unlock(&b->lock);
		if (get_user(seen, uaddr))
			return -EFAULT;
	}
	if (seen != val) {
		spin_unlock(&b->lock);
		return -EWOULDBLOCK;
	}
	set_current_state(TASK_INTERRUPTIBLE);
	w->task = current;
	w->bucket = b;
	list_add_tail(&w->list, &b->waiters);
	spin_unlock(&b->lock);
	return 0;
}

/* @deadline: ktime_get()'s scale, U64_MAX for ever. 0, -EWOULDBLOCK, -ETIMEDOUT, -ERESTARTSYS. */
static long futex_wait(u32 __user *uaddr, bool shared, u32 val, u64 deadline, u32 bitset)
{
	struct futex_waiter w = { .bitset = bitset };
	u64 now;
	long ret;

	if (!bitset)
		return -EINVAL;
	for (;;) {
		ret = futex_wait_setup(uaddr, shared, val, &w);
		if (ret)
			return ret;
		if (smp_load_acquire(&w.bucket)) {
			if (deadline == U64_MAX) {
				schedule();
			} else {
				now = ktime_get();
				if (now < deadline)
					schedule_timeout(deadline - now);
			}
		}
		__set_current_state(TASK_RUNNING);
		if (!unqueue(&w))
			return 0;
		if (deadline != U64_MAX && ktime_get() >= deadline)
			return -ETIMEDOUT;
		if (signal_pending(current))
			return -ERESTARTSYS;
		/* A wake-up that was not ours (a stale one for this task): wait again. */
	}
}

static long futex_wait_restart(struct restart_block *rb)
{
	return futex_wait((u32 __user *)rb->arg[0], rb->arg[3] >> 32 & 1, rb->arg[1], rb->arg[2], rb->arg[3]);
}

/* futex(2)'s wait: a relative timeout that was interrupted goes on with what is left, through
 * restart_syscall. */
static long futex_wait_call(u32 __user *uaddr, bool shared, u32 val, u64 deadline, u32 bitset)
{
	long ret = futex_wait(uaddr, shared, val, deadline, bitset);
	struct restart_block *rb = &current->restart_block;

	if (ret != -ERESTARTSYS || deadline == U64_MAX)
		return ret;
	rb->fn = futex_wait_restart;
	rb->arg[0] = (u64)uaddr;
	rb->arg[1] = val;
	rb->arg[2] = deadline;
	rb->arg[3] = bitset | (u64)shared << 32;
	return -ERESTART_RESTARTBLOCK;
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a > b)
		swap(a, b);
	spin_lock(&a->lock);
	if (a != b)
		spin_lock_nested(&b->lock);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

struct requeue {
	u32 __user *from, *to;
	bool shared;
	int nr_wake, nr_requeue;
	const u32 *cmp; /* the word must be this; NULL: any */
};

static long futex_requeue(const struct requeue *r)
{
	struct futex_key k1, k2;
	struct futex_bucket *b1, *b2;
	struct futex_waiter *w, *next;
	int done = 0, ret;
	u32 seen;

	if (r->nr_wake < 0 || r->nr_requeue < 0)
		return -EINVAL;
again:
	ret = get_futex_key(r->from, r->shared, &k1);
	if (!ret)
		ret = get_futex_key(r->to, r->shared, &k2);
	if (ret)
		return ret;
	b1 = hash_futex(&k1);
	b2 = hash_futex(&k2);
	lock_two(b1, b2);
	if (r->cmp) {
		if (get_futex_value_locked(&seen, r->from)) {
			unlock_two(b1, b2);
			if (get_user(seen, r->from))
				return -EFAULT;
			goto again;
		}
		if (seen != *r->cmp) {
			unlock_two(b1, b2);
			return -EAGAIN;
		}
	}
	list_for_each_entry_safe(w, next, &b1->waiters, list) {
		if (done >= (long)r->nr_wake + r->nr_requeue) /* either may be INT_MAX: all */
			break;
		if (!key_equal(&w->key, &k1))
			continue;
		if (done++ < r->nr_wake) {
			wake_waiter(w);
			continue;
		}
		w->key = k2;
		if (b1 == b2)
			continue; /* moved to the end of this very list, it would be met again for ever */
		list_move_tail(&w->list, &b2->waiters);
		smp_store_release(&w->bucket, b2);
	}
	unlock_two(b1, b2);
	return done;
}

/* FUTEX_WAKE_OP's operation on the second word: old value in *old. Page present; 0 or -EFAULT. */
static int futex_atomic_op(u32 encoded, u32 __user *uaddr, u32 *old)
{
	int op = (encoded >> 28) & 7, arg = ((s32)(encoded << 8)) >> 20;
	u32 cur, new, seen;

	if (encoded & (8u << 28))
		arg = 1u << (arg & 31);
	pagefault_disable();
	if (copy_from_user(&cur, uaddr, sizeof(cur)))
		goto fault;
	for (;;) {
		switch (op) {
		case FUTEX_OP_SET:
			new = arg;
			break;
		case FUTEX_OP_ADD:
			new = cur + arg;
			break;
		case FUTEX_OP_OR:
			new = cur | arg;
			break;
		case FUTEX_OP_ANDN:
			new = cur & ~arg;
			break;
		case FUTEX_OP_XOR:
			new = cur ^ arg;
			break;
		default:
			pagefault_enable();
			return -ENOSYS;
		}
		if (arch_user_cmpxchg_u32(uaddr, cur, new, &seen))
			goto fault;
		if (seen == cur)
			break;
		cur = seen;
	}
	pagefault_enable();
	*old = cur;
	return 0;
fault:
	pagefault_enable();
	return -EFAULT;
}

static int futex_op_compare(u32 encoded, u32 old)
{
	int cmparg = ((s32)(encoded << 20)) >> 20;

	switch ((encoded >> 24) & 15) {
	case FUTEX_OP_CMP_EQ:
		return (int)old == cmparg;
	case FUTEX_OP_CMP_NE:
		return (int)old != cmparg;
	case FUTEX_OP_CMP_LT:
		return (int)old < cmparg;
	case FUTEX_OP_CMP_LE:
		return (int)old <= cmparg;
	case FUTEX_OP_CMP_GT:
		return (int)old > cmparg;
	case FUTEX_OP_CMP_GE:
		return (int)old >= cmparg;
	}
	return -ENOSYS;
}

static int wake_matching(struct futex_bucket *b, const struct futex_key *key, int n)
{
	struct futex_waiter *w, *next;
	int woken = 0;

	list_for_each_entry_safe(w, next, &b->waiters, list) {
		if (!key_equal(&w->key, key))
			continue;
		wake_waiter(w);
		if (++woken >= n) /* 0 wakes one as well, as on Linux */
			break;
	}
	return woken;
}

static long futex_wake_op(u32 __user *uaddr, u32 __user *uaddr2, bool shared, int nr_wake, int nr_wake2, u32 op)
{
	struct futex_key k1, k2;
	struct futex_bucket *b1, *b2;
	long ret;
	u32 old;
	int cmp;

again:
	ret = get_futex_key(uaddr, shared, &k1);
	if (!ret)
		ret = get_futex_key(uaddr2, shared, &k2);
	if (ret)
		return ret;
	b1 = hash_futex(&k1);
	b2 = hash_futex(&k2);
	lock_two(b1, b2);
	ret = futex_atomic_op(op, uaddr2, &old);
	if (ret) {
		unlock_two(b1, b2);
		if (ret != -EFAULT)
			return ret;
		/* Not present, or not writable yet: make it so with no lock held. */
		if (populate_range(current->mm, (unsigned long)uaddr2, sizeof(u32), true))
			return -EFAULT;
		goto again;
	}
	cmp = futex_op_compare(op, old);
	ret = cmp;
	if (cmp >= 0) {
		ret = wake_matching(b1, &k1, nr_wake);
		if (cmp)
			ret += wake_matching(b2, &k2, nr_wake2);
	}
	unlock_two(b1, b2);
	return ret;
}

void futex_wake_address(u32 __user *uaddr, int n)
{
	(void)futex_wake(uaddr, true, n, FUTEX_BITSET_MATCH_ANY);
}

/* Absolute or relative user timeout to a deadline of ktime_get(). 0, -EFAULT, -EINVAL. */
static int futex_deadline(const struct timespec __user *utime, int cmd, bool realtime, u64 *deadline)
{
	struct timespec ts;
	u64 ns, now;

	if (copy_from_user(&ts, utime, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (unsigned long)ts.tv_nsec >= 1000000000)
		return -EINVAL;
	ns = ts.tv_sec > 9000000000l ? (u64)S64_MAX : ts.tv_sec * 1000000000ull + ts.tv_nsec;
	if (cmd == FUTEX_WAIT) {
		*deadline = ktime_get() + ns;
		return 0;
	}
	if (realtime) {
		now = ktime_get_real();
		ns = ns > now ? ktime_get() + (ns - now) : 0;
	}
	*deadline = ns;
	return 0;
}

long ksys_futex(u32 __user *uaddr, int op, u32 val, const struct timespec __user *utime, u32 __user *uaddr2, u32 val3)
{
	bool shared = !(op & FUTEX_PRIVATE_FLAG), realtime = op & FUTEX_CLOCK_REALTIME;
	int cmd = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	u64 deadline = U64_MAX;
	struct requeue r = {
		.from = uaddr, .to = uaddr2, .shared = shared, .nr_wake = val, .nr_requeue = (int)(unsigned long)utime,
	};
	int ret;

	if (realtime && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_WAIT_REQUEUE_PI && cmd != FUTEX_LOCK_PI2)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		val3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAIT_BITSET:
		if (utime) {
			ret = futex_deadline(utime, cmd, realtime, &deadline);
			if (ret)
				return ret;
		}
		return futex_wait_call(uaddr, shared, val, deadline, val3);
	case FUTEX_WAKE:
		val3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, shared, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(&r);
	case FUTEX_CMP_REQUEUE:
		r.cmp = &val3;
		return futex_requeue(&r);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, uaddr2, shared, val, (int)(unsigned long)utime, val3);
	}
	return -ENOSYS; /* priority inheritance */
}

/* ---- Robust lists (set_robust_list(2))
 * ---------------------------------------------------------------- */

long ksys_set_robust_list(void __user *head, size_t len)
{
	if (len != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

long ksys_get_robust_list(pid_t pid, void __user *__user *uhead, size_t __user *ulen)
{
	struct task_struct *p = pid ? find_get_task(pid) : get_task_struct(current);
	void __user *head;
	bool allowed;

	if (!p)
		return -ESRCH;
	task_lock(p); /* its credentials */
	allowed = p == current || p->cred->euid == current_euid() || capable(CAP_SYS_PTRACE);
	task_unlock(p);
	head = p->robust_list;
	put_task_struct(p);
	if (!allowed)
		return -EPERM;
	if (put_user(sizeof(struct robust_list_head), ulen) || put_user(head, uhead))
		return -EFAULT;
	return 0;
}

/* The owner of the lock word @uaddr died with it: say so in the word and wake a waiter. False: bad
 * address. */
static bool handle_futex_death(u32 __user *uaddr, struct task_struct *task, bool pending)
{
	u32 val, new, seen;

	if ((unsigned long)uaddr & 3)
		return false;
	for (;;) {
		if (get_user(val, uaddr))
			return false;
		/* Between unlocking the word and waking: the waiter still needs the wake. */
		if (pending && !val) {
			futex_wake_address(uaddr, 1);
			return true;
		}
		if ((val & FUTEX_TID_MASK) != (u32)task->pid)
			return true;
		new = (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
		if (arch_user_cmpxchg_u32(uaddr, val, new, &seen))
			return false;
		if (seen == val)
			break;
	}
	if (val & FUTEX_WAITERS)
		futex_wake_address(uaddr, 1);
	return true;
}

/* Bit 0 of a list pointer marks a PI futex, whose death is handled in user mode's terms only:
 * skipped. */
static u32 __user *robust_word(struct robust_list __user *entry, long offset)
{
	return (u32 __user *)(((unsigned long)entry & ~1ul) + offset);
}

void exit_robust_list(struct task_struct *task)
{
	struct robust_list_head __user *uhead = task->robust_list;
	struct robust_list __user *entry, *next, *pending;
	unsigned int limit = ROBUST_LIST_LIMIT;
	struct robust_list_head head;

	task->robust_list = NULL;
	if (!uhead || copy_from_user(&head, uhead, sizeof(head)))
		return;
	pending = head.list_op_pending;
	entry = head.list.next;
	while (((unsigned long)entry & ~1ul) != (unsigned long)&uhead->list && limit--) {
		struct robust_list __user *at = (void __user *)((unsigned long)entry & ~1ul);

		/* The next pointer first: the waiter may free the entry as soon as it is woken. */
		if (get_user(next, &at->next))
			return;
		if (entry != pending && !handle_futex_death(robust_word(entry, head.futex_offset), task, false))
			return;
		entry = next;
		cond_resched();
	}
	if (pending)
		handle_futex_death(robust_word(pending, head.futex_offset), task, true);
}
