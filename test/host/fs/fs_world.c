/* SPDX-License-Identifier: MIT */
#include "fs_world.h"

#include "base/panic.h"
#include "lib/sort.h"
#include "mm/internal.h"
#include "page/xarray.h"
#include "task/pid.h"

#define USER_BASE 0x10000000ul
#define USER_SIZE (1ul << 20)

static void (*body)(void);
static unsigned long next_user;
static unsigned int nr_sigpipe, nr_sigxfsz;

/* ---- User memory ---- */

void __user *user_room(size_t len)
{
	unsigned long addr;

	len = ALIGN(len, 16);
	CHECK(len <= USER_SIZE);
	if (next_user + len > USER_SIZE)
		next_user = 0;
	addr = USER_BASE + next_user;
	next_user += len;
	CHECK_EQ(clear_user((void *)addr, len), 0ul);
	return (void *)addr;
}

void __user *user_data(const void *data, size_t len)
{
	void __user *addr = user_room(len);

	CHECK_EQ(copy_to_user(addr, data, len), 0ul);
	return addr;
}

char __user *user_string(const char *s)
{
	return user_data(s, strlen(s) + 1);
}

const void *from_user(const void __user *addr, void *buf, size_t len)
{
	CHECK_EQ(copy_from_user(buf, addr, len), 0ul);
	return buf;
}

/* ---- Calls ---- */

int t_open(const char *name, int flags, umode_t mode)
{
	return ksys_open(U(name), flags, mode);
}

long t_write(int fd, const char *s)
{
	return ksys_write(fd, U(s), strlen(s));
}

const char *t_read(int fd, long *error)
{
	static char buf[4096];
	void __user *room = user_room(sizeof(buf));
	long n = ksys_read(fd, room, sizeof(buf) - 1);

	if (error)
		*error = n;
	if (n < 0)
		return NULL;
	from_user(room, buf, n);
	buf[n] = 0;
	return buf;
}

long t_mkdir(const char *name)
{
	return ksys_mkdir(U(name), 0755);
}

long t_unlink(const char *name)
{
	return ksys_unlink(U(name));
}

long t_stat(const char *name, struct stat *st)
{
	void __user *room = user_room(sizeof(*st));
	long err = ksys_lstat(U(name), room);

	from_user(room, st, sizeof(*st));
	return err;
}

const char *t_cat(const char *name)
{
	int fd = t_open(name, O_RDONLY, 0);
	const char *s;

	if (fd < 0)
		return NULL;
	s = t_read(fd, NULL);
	CHECK_EQ(ksys_close(fd), 0l);
	return s;
}

void t_put(const char *name, const char *contents)
{
	int fd = t_open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK_GE(fd, 0);
	CHECK_EQ(t_write(fd, contents), (long)strlen(contents));
	CHECK_EQ(ksys_close(fd), 0l);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *t_ls(const char *name)
{
	static char out[4096], records[8192];
	const char *names[256];
	unsigned int nr = 0;
	void __user *room = user_room(sizeof(records));
	int fd = t_open(name, O_RDONLY | O_DIRECTORY, 0);
	long n, total = 0;

	CHECK_GE(fd, 0);
	while ((n = ksys_getdents64(fd, room, 200)) > 0) {
		from_user(room, records + total, n);
		total += n;
	}
	CHECK_EQ(n, 0l);
	ksys_close(fd);
	for (long at = 0; at < total; at += ((struct linux_dirent64 *)(records + at))->d_reclen) {
		const char *entry = ((struct linux_dirent64 *)(records + at))->d_name;

		if (strcmp(entry, ".") && strcmp(entry, ".."))
			names[nr++] = entry;
	}
	test_qsort(names, nr, sizeof(names[0]), compare_names);
	out[0] = 0;
	for (unsigned int i = 0; i < nr; i++) {
		strlcat(out, i ? " " : "", sizeof(out));
		strlcat(out, names[i], sizeof(out));
	}
	return out;
}

void become(uid_t uid, gid_t gid)
{
	struct cred *cred = prepare_creds();

	CHECK(cred);
	cred->uid = cred->euid = cred->suid = cred->fsuid = uid;
	cred->gid = cred->egid = cred->sgid = cred->fsgid = gid;
	cred->cap_effective = cred->cap_permitted = uid ? 0 : CAP_FULL_SET;
	commit_creds(cred);
}

/* ---- Tasks ---- */

struct spawned {
	int (*fn)(void *arg);
	void *arg;
	struct files_struct *files;
	struct fs_struct *fs;
	struct mm_struct *mm;
};

static int run_spawned(void *arg)
{
	struct spawned *s = arg;

	current->files = s->files;
	current->fs = s->fs;
	exec_mmap(s->mm); /* takes the reference over */
	s->fn(s->arg);
	exit_mm();
	exit_files(current);
	exit_fs(current);
	kfree(s);
	return 0;
}

void t_spawn(int (*fn)(void *arg), void *arg)
{
	struct spawned *s = kmalloc(sizeof(*s), GFP_KERNEL);

	CHECK(s);
	*s = (struct spawned){fn, arg, current->files, current->fs, current->mm};
	refcount_inc(&s->files->count);
	refcount_inc(&s->fs->users);
	mmget(s->mm);
	CHECK(!IS_ERR(kthread_run(run_spawned, s, "spawned")));
}

static void on_sigpipe(void)
{
	nr_sigpipe++;
}

static void on_sigxfsz(void)
{
	nr_sigxfsz++;
}

unsigned int sigpipes(void)
{
	unsigned int n = nr_sigpipe;

	nr_sigpipe = 0;
	return n;
}

unsigned int sigxfszs(void)
{
	unsigned int n = nr_sigxfsz;

	nr_sigxfsz = 0;
	return n;
}

unsigned long fs_free_pages(void)
{
	slab_drain();
	drain_page_lists();
	return nr_free_pages();
}

static void set_up(void)
{
	struct mm_struct *user_mm;
	unsigned int i;

	xarray_init();
	file_init();
	mm_init();
	vfs_init();
	sigpipe_hook = on_sigpipe;
	sigxfsz_hook = on_sigxfsz;
	for (i = 0; i < RLIM_NLIMITS; i++)
		current->signal->rlim[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	current->signal->rlim[RLIMIT_NOFILE] = (struct rlimit){1024, 1024};
	if (!current->files)
		current->files = alloc_files();
	CHECK(current->files && current->fs);
	user_mm = mm_alloc();
	CHECK(user_mm);
	arch_pick_mmap_layout(user_mm, 8ul << 20, false);
	exec_mmap(user_mm);
	CHECK_EQ(vm_mmap_pgoff(NULL, USER_BASE, USER_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, 0),
		 USER_BASE);
}

static void run(void)
{
	set_up();
	body();
	/* Everything that was open goes; what stays is rootfs. */
	exit_files(current);
	exit_mm();
}

void fs_run(unsigned int cpus, void (*fn)(void))
{
	body = fn;
	host_run_kernel(cpus, run);
}
