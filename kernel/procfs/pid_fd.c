/* SPDX-License-Identifier: MIT */
/* /proc/PID/fd and fdinfo: open files; and the other links that jump: exe, cwd, root. */
#include "procfs/internal.h"
#include "file/file.h"

/* ---- Access ---------------------------------------------------------------------------------- */

/* The task of @inode with a reference, if current may look into it. ERR_PTR(-ENOENT, -EACCES). */
static struct task_struct *get_open_task(struct inode *inode)
{
	struct task_struct *task = get_proc_task(inode);

	if (!task)
		return ERR_PTR(-ENOENT);
	if (!proc_may_access(task, current_cred())) {
		put_task_struct(task);
		return ERR_PTR(-EACCES);
	}
	return task;
}

int proc_fd_permission(struct inode *inode, int mask)
{
	int err = generic_permission(inode, mask);
	struct task_struct *task;

	if (!err)
		return 0;
	/* A process sees its own, whatever it has become. */
	task = get_proc_task(inode);
	if (!task)
		return err;
	if (task->signal == current->signal)
		err = 0;
	put_task_struct(task);
	return err;
}

/* ---- fd/ ------------------------------------------------------------------------------------- */

static int fd_link_path(struct inode *inode, struct path *path);

#define FD_LINK(perm)                                                                              \
	{                                                                                          \
		.mode = S_IFLNK | (perm), .get_link_path = fd_link_path, .size = 64                \
	}
/* Index: FMODE_READ | FMODE_WRITE. What may be done shows as permissions of the owner. */
const struct pseudo_entry proc_fd_entries[4] = {FD_LINK(0), FD_LINK(0500), FD_LINK(0300),
						FD_LINK(0700)};

static const struct pseudo_entry *fd_entry_of(const struct file *file)
{
	return &proc_fd_entries[file->f_mode & (FMODE_READ | FMODE_WRITE)];
}

static int fd_link_path(struct inode *inode, struct path *path)
{
	struct task_struct *task = get_open_task(inode);
	struct file *file;

	if (IS_ERR(task))
		return PTR_ERR(task);
	file = fget_task(task, pseudo_arg(inode));
	put_task_struct(task);
	if (!file)
		return -ENOENT;
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}

struct inode *proc_fd_lookup(struct inode *dir, const char *name, size_t len)
{
	long fd = proc_name_to_int(name, len);
	struct task_struct *task;
	struct inode *inode;
	struct file *file;

	if (fd < 0)
		return ERR_PTR(-ENOENT);
	task = get_proc_task(dir);
	if (!task)
		return ERR_PTR(-ENOENT);
	file = fget_task(task, fd);
	put_task_struct(task);
	if (!file)
		return ERR_PTR(-ENOENT);
	inode = pseudo_inode(dir->i_sb, fd_entry_of(file), pseudo_object(dir), fd);
	fput(file);
	return inode;
}

/* Emit every descriptor of the directory's task; @entry NULL: by access mode, as links. */
static int iterate_fds(struct inode *dir, struct dir_context *ctx, const struct pseudo_entry *entry)
{
	struct task_struct *task = get_open_task(dir);
	char name[16];
	int fd;

	if (IS_ERR(task))
		return PTR_ERR(task);
	while ((fd = next_fd_task(task, ctx->pos - PSEUDO_DYNAMIC_POS)) >= 0) {
		struct file *file = fget_task(task, fd);

		ctx->pos = PSEUDO_DYNAMIC_POS + fd;
		if (file) {
			const struct pseudo_entry *e = entry ?: fd_entry_of(file);

			fput(file);
			if (!dir_emit(ctx, name, scnprintf(name, sizeof(name), "%d", fd),
				      pseudo_ino(e, pseudo_object(dir), fd),
				      entry ? DT_REG : DT_LNK))
				break;
		}
		ctx->pos++;
	}
	put_task_struct(task);
	return 0;
}

int proc_fd_iterate(struct inode *dir, struct dir_context *ctx)
{
	return iterate_fds(dir, ctx, NULL);
}

/* ---- fdinfo/ --------------------------------------------------------------------------------- */

/* Open flags with close-on-exec, which belongs to the descriptor. */
static unsigned int fd_flags(struct task_struct *task, unsigned int fd, const struct file *file)
{
	unsigned int flags = file->f_flags & ~O_CLOEXEC;
	struct files_struct *files;

	task_lock(task);
	files = task->files;
	if (files) {
		spin_lock(&files->lock);
		if (fd < files->fdt.max_fds && test_bit(fd, files->fdt.close_on_exec))
			flags |= O_CLOEXEC;
		spin_unlock(&files->lock);
	}
	task_unlock(task);
	return flags;
}

static int fdinfo_show(struct seq_file *m)
{
	struct task_struct *task = get_proc_task(m->inode);
	unsigned int fd = pseudo_arg(m->inode), flags = 0;
	struct file *file = NULL;
	char *extra;

	if (!task)
		return -ENOENT;
	if (proc_opener_may_access(task, m)) {
		file = fget_task(task, fd);
		if (file)
			flags = fd_flags(task, fd, file);
	}
	put_task_struct(task);
	if (!file)
		return -ENOENT;
	seq_printf(m, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n", file->f_pos, flags,
		   file->f_path.mnt ? file->f_path.mnt->mnt_id : 0,
		   file->f_inode ? file->f_inode->i_ino : 0);
	if (file->f_op && file->f_op->show_fdinfo) {
		extra = kzalloc(PAGE_SIZE, GFP_KERNEL);
		if (!extra) {
			fput(file);
			return -ENOMEM;
		}
		file->f_op->show_fdinfo(file, extra, PAGE_SIZE);
		seq_puts(m, extra);
		kfree(extra);
	}
	fput(file);
	return 0;
}

static const struct pseudo_entry fdinfo_entry = {
	.mode = S_IFREG | 0444, .show = fdinfo_show, .open = proc_open_private};

struct inode *proc_fdinfo_lookup(struct inode *dir, const char *name, size_t len)
{
	long fd = proc_name_to_int(name, len);
	struct task_struct *task;
	struct file *file;

	if (fd < 0)
		return ERR_PTR(-ENOENT);
	task = get_proc_task(dir);
	if (!task)
		return ERR_PTR(-ENOENT);
	file = fget_task(task, fd);
	put_task_struct(task);
	if (!file)
		return ERR_PTR(-ENOENT);
	fput(file);
	return pseudo_inode(dir->i_sb, &fdinfo_entry, pseudo_object(dir), fd);
}

int proc_fdinfo_iterate(struct inode *dir, struct dir_context *ctx)
{
	return iterate_fds(dir, ctx, &fdinfo_entry);
}

bool proc_fd_stale(struct inode *inode)
{
	const struct pseudo_entry *entry = pseudo_entry_of(inode);
	bool is_link =
		entry >= proc_fd_entries && entry < proc_fd_entries + ARRAY_SIZE(proc_fd_entries);
	unsigned int fd = pseudo_arg(inode);
	struct files_struct *files;
	struct task_struct *task;
	bool stale = true;

	if (!is_link && entry != &fdinfo_entry)
		return false;
	task = get_proc_task(inode);
	if (!task)
		return true;
	task_lock(task);
	files = task->files;
	if (files) {
		spin_lock(&files->lock);
		if (fd < files->fdt.max_fds && files->fdt.fd[fd])
			stale = is_link && fd_entry_of(files->fdt.fd[fd]) != entry;
		spin_unlock(&files->lock);
	}
	task_unlock(task);
	put_task_struct(task);
	return stale;
}

/* ---- exe, cwd, root -------------------------------------------------------------------------- */

int proc_exe_path(struct inode *inode, struct path *path)
{
	struct task_struct *task = get_open_task(inode);
	struct file *file = NULL;
	struct mm_struct *mm;

	if (IS_ERR(task))
		return PTR_ERR(task);
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ENOENT;
	spin_lock(&mm->arg_lock);
	if (mm->exe_file)
		file = get_file(mm->exe_file);
	spin_unlock(&mm->arg_lock);
	mmput(mm);
	if (!file)
		return -ENOENT;
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}

static int fs_path(struct inode *inode, struct path *path, bool root)
{
	struct task_struct *task = get_open_task(inode);
	int err = -ENOENT;

	if (IS_ERR(task))
		return PTR_ERR(task);
	task_lock(task);
	if (task->fs) {
		spin_lock(&task->fs->lock);
		*path = root ? task->fs->root : task->fs->pwd;
		path_get(path);
		spin_unlock(&task->fs->lock);
		err = 0;
	}
	task_unlock(task);
	put_task_struct(task);
	return err;
}

int proc_cwd_path(struct inode *inode, struct path *path)
{
	return fs_path(inode, path, false);
}

int proc_root_path(struct inode *inode, struct path *path)
{
	return fs_path(inode, path, true);
}
