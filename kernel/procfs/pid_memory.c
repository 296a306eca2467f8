/* SPDX-License-Identifier: MIT */
/* The memory of a process as bytes: cmdline, environ, auxv, mem; and its sizes. */
#include "procfs/internal.h"
#include "file/file.h"
#include "mm/remote.h"

/* ---- Sizes ----------------------------------------------------------------------------------- */

void proc_mm_sizes(struct mm_struct *mm, struct mm_sizes *s)
{
	unsigned long exec = READ_ONCE(mm->exec_vm);

	spin_lock(&mm->arg_lock);
	s->text = (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
	spin_unlock(&mm->arg_lock);
	s->lib = exec - min(exec, s->text);
	s->total = READ_ONCE(mm->total_vm);
	s->peak = max(s->total, READ_ONCE(mm->hiwater_vm));
	s->locked = READ_ONCE(mm->locked_vm);
	s->pinned = atomic64_read(&mm->pinned_vm);
	s->data = READ_ONCE(mm->data_vm);
	s->stack = READ_ONCE(mm->stack_vm);
	s->anon = get_mm_counter(mm, MM_ANONPAGES);
	s->file = get_mm_counter(mm, MM_FILEPAGES);
	s->shmem = get_mm_counter(mm, MM_SHMEMPAGES);
	s->swap = get_mm_counter(mm, MM_SWAPENTS);
	s->hiwater_rss = READ_ONCE(mm->hiwater_rss);
	s->table_bytes = atomic64_read(&mm->pgtables_bytes);
}

/* ---- Arguments and environment --------------------------------------------------------------- */

struct arg_areas {
	unsigned long arg_start, arg_end, env_start, env_end;
};

static void read_areas(struct mm_struct *mm, struct arg_areas *a)
{
	spin_lock(&mm->arg_lock);
	*a = (struct arg_areas){mm->arg_start, mm->arg_end, mm->env_start, mm->env_end};
	spin_unlock(&mm->arg_lock);
}

/* Copy [start, end) of @mm to the text; what is not readable ends it. With @string, so does a NUL.
 */
static int show_user_bytes(struct seq_file *m, struct mm_struct *mm, unsigned long start,
			   unsigned long end, bool string)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	while (start < end && !seq_has_overflowed(m)) {
		size_t want = min(end - start, PAGE_SIZE - offset_in_page(start));
		size_t n = access_remote_vm(mm, start, buf, want, false);
		size_t used = string ? strnlen(buf, n) : n;

		seq_write(m, buf, used);
		if (used < want)
			break;
		start += n;
	}
	kfree(buf);
	return 0;
}

int proc_pid_cmdline(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct arg_areas a;
	char last = 0;
	int err = 0;

	if (!mm)
		return 0;
	read_areas(mm, &a);
	if (a.arg_start < a.arg_end) {
		/* A program that wrote its title over its arguments may have gone on into its
		 * environment. */
		if (access_remote_vm(mm, a.arg_end - 1, &last, 1, false) == 1 && last)
			err = show_user_bytes(m, mm, a.arg_start,
					      a.env_start == a.arg_end ? max(a.env_end, a.arg_end)
								       : a.arg_end,
					      true);
		else
			err = show_user_bytes(m, mm, a.arg_start, a.arg_end, false);
	}
	mmput(mm);
	return err;
}

int proc_pid_environ(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm;
	struct arg_areas a;
	int err;

	if (!proc_opener_may_access(task, m))
		return -EACCES;
	mm = get_task_mm(task);
	if (!mm)
		return 0;
	read_areas(mm, &a);
	err = a.env_end ? show_user_bytes(m, mm, a.env_start, a.env_end, false) : 0;
	mmput(mm);
	return err;
}

int proc_pid_auxv(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm;
	size_t words = 0;

	if (!proc_opener_may_access(task, m))
		return -EACCES;
	mm = get_task_mm(task);
	if (!mm)
		return 0;
	do
		words += 2;
	while (words < ARRAY_SIZE(mm->saved_auxv) && mm->saved_auxv[words - 2]);
	seq_write(m, mm->saved_auxv, words * sizeof(mm->saved_auxv[0]));
	mmput(mm);
	return 0;
}

/* ---- mem ------------------------------------------------------------------------------------- */

/* An open file holds the mm it was opened on, but not its mappings: exec and exit are not kept
 * waiting. */
int proc_mm_open(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = proc_mm_access(inode);

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	mmgrab(mm);
	mmput(mm);
	file->private_data = mm;
	return 0;
}

void proc_mm_release(struct inode *inode, struct file *file)
{
	mmdrop(file->private_data);
}

struct mm_struct *proc_mm_get(struct file *file)
{
	struct mm_struct *mm = file->private_data;

	return refcount_inc_not_zero(&mm->mm_users) ? mm : NULL;
}

/* Any address may be sought, "negative" ones too: there the reading fails. */
loff_t proc_mem_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

/* Move up to a page of bytes at *pos by @buf: bytes moved, 0 where there is no memory to move them
 * from or to, -EFAULT for the caller's memory. */
static ssize_t mem_move(struct mm_struct *mm, struct iov_iter *iter, loff_t *pos, char *buf,
			bool write)
{
	size_t n = min(iter->count, PAGE_SIZE);

	if (write && copy_from_iter(buf, n, iter) < n)
		return -EFAULT;
	n = access_remote_vm_force(mm, *pos, buf, n, write);
	if (!write && copy_to_iter(buf, n, iter) < n)
		return -EFAULT;
	*pos += n;
	return n;
}

static ssize_t mem_rw(struct file *file, struct iov_iter *iter, loff_t *pos, bool write)
{
	struct mm_struct *mm = proc_mm_get(file);
	ssize_t done = 0, n = 0;
	size_t wanted = iter->count;
	char *buf;

	if (!mm)
		return 0;
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		done = -ENOMEM;
	while (buf && iter->count && !fatal_signal_pending(current)) {
		n = mem_move(mm, iter, pos, buf, write);
		if (n <= 0)
			break;
		done += n;
		cond_resched();
	}
	/* As in Linux: an address without memory only ends the transfer, a bad pointer of the
	 * caller's spoils all of it. */
	if (n < 0)
		done = n;
	else if (buf && !n && !done && wanted)
		done = -EIO;
	kfree(buf);
	mmput(mm);
	return done;
}

static ssize_t mem_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	return mem_rw(file, to, pos, false);
}

static ssize_t mem_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	return mem_rw(file, from, pos, true);
}

static int mem_open(struct inode *inode, struct file *file)
{
	file->f_mode |= FMODE_UNSIGNED_OFFSET;
	return proc_mm_open(inode, file);
}

const struct file_operations proc_mem_operations = {
	.open = mem_open,
	.release = proc_mm_release,
	.read_iter = mem_read,
	.write_iter = mem_write,
	.llseek = proc_mem_lseek,
};
