/* SPDX-License-Identifier: MIT */
/*
 * execve: the new program is decoded and its address space built aside; then a commit that cannot
 * fail.
 *
 *	do_execve
 *	  resolve scripts	"#!" chains, until a file that is no script
 *	  new mm, stack		strings pushed from the top down
 *	  load_elf_binary	segments, interpreter, auxiliary vector
 *	  ---- nothing of the caller has changed so far; an error returns to it ----
 *	  de_thread		the other threads end
 *	  commit_exec		mm, handlers, descriptors, credentials, registers
 */
#include "process/process.h"
#include "process/binfmt.h"
#include "process/itimer.h"
#include "process/signal.h"
#include "sched/sched.h"
#include "file/file.h"
#include "fs/fs.h"
#include "page/slab.h"
#include "base/trace.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/personality.h"
#include "abi/prctl.h"
#include "abi/mount.h"

#define STACK_LIMIT_DEFAULT (8ul << 20)

/* ---- Strings
 * ---------------------------------------------------------------------------------------- */

int bprm_write(struct linux_binprm *bprm, unsigned long addr, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		size_t offset = addr & (PAGE_SIZE - 1), n = min(len, PAGE_SIZE - offset);
		struct page *page = mm_page_for_write(bprm->mm, addr & PAGE_MASK);

		if (IS_ERR(page))
			return PTR_ERR(page);
		memcpy((char *)page_address(page) + offset, from, n);
		set_page_dirty(page);
		put_page(page);
		addr += n;
		from += n;
		len -= n;
	}
	return 0;
}

int bprm_push(struct linux_binprm *bprm, const void *data, size_t len)
{
	if (len > bprm->p - bprm->stack_limit)
		return -E2BIG;
	bprm->p -= len;
	return bprm_write(bprm, bprm->p, data, len);
}

static int push_kernel_string(struct linux_binprm *bprm, const char *s)
{
	return bprm_push(bprm, s, strlen(s) + 1);
}

/* An argument vector in user or kernel memory. */
struct arg_vector {
	bool user;
	const void *base; /* array of pointers, NULL-terminated; NULL: empty */
};

/* Pointer @i of the vector into *s: 0 or -EFAULT. */
static int vector_get(const struct arg_vector *v, int i, const char **s)
{
	if (!v->user) {
		*s = ((const char *const *)v->base)[i];
		return 0;
	}
	return get_user(*s, (const char __user *__user *)v->base + i);
}

static int vector_count(const struct arg_vector *v)
{
	const char *s;
	int n, ret;

	if (!v->base)
		return 0;
	for (n = 0; n < MAX_ARG_STRINGS; n++) {
		ret = vector_get(v, n, &s);
		if (ret)
			return ret;
		if (!s)
			return n;
		if (fatal_signal_pending(current))
			return -ERESTARTNOHAND;
		cond_resched();
	}
	return -E2BIG;
}

/* Length with NUL of a user string, found a page at a time, while it is copied to @page and pushed
 * in pieces is not possible
 * top-down; so: measure first, then copy. */
static ssize_t user_string_len(const char __user *s, char *page)
{
	size_t done = 0;
	ssize_t n;

	while (done < MAX_ARG_STRLEN) {
		size_t chunk = min((size_t)MAX_ARG_STRLEN - done,
				   PAGE_SIZE - ((unsigned long)(s + done) & (PAGE_SIZE - 1)));

		n = strncpy_from_user(page, s + done, chunk);
		if (n < 0)
			return n;
		if (n < chunk)
			return done + n + 1;
		done += chunk;
	}
	return -E2BIG;
}

static int push_user_string(struct linux_binprm *bprm, const char __user *s, char *page)
{
	ssize_t len = user_string_len(s, page);
	unsigned long addr;
	size_t done, n;
	int ret;

	if (len < 0)
		return len;
	if (len > bprm->p - bprm->stack_limit)
		return -E2BIG;
	bprm->p -= len;
	addr = bprm->p;
	for (done = 0; done < len; done += n) {
		n = min((size_t)len - done, PAGE_SIZE);
		if (copy_from_user(page, s + done, n))
			return -EFAULT;
		ret = bprm_write(bprm, addr + done, page, n);
		if (ret)
			return ret;
	}
	/* The string may have changed between the two looks: it ends here in any case. */
	return bprm_write(bprm, addr + len - 1, "", 1);
}

/* Push strings [from, n) of @v, last one first. */
static int push_vector(struct linux_binprm *bprm, const struct arg_vector *v, int n, int from)
{
	char *page = NULL;
	const char *s;
	int ret = 0;

	if (v->user) {
		page = (char *)__get_free_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
	}
	while (n > from && !ret) {
		ret = vector_get(v, --n, &s);
		if (ret)
			break;
		ret = v->user ? push_user_string(bprm, s, page) : push_kernel_string(bprm, s);
		if (!ret && fatal_signal_pending(current))
			ret = -ERESTARTNOHAND;
	}
	if (page)
		free_page((unsigned long)page);
	return ret;
}

/* ---- Finding the program
 * ---------------------------------------------------------------------------- */

static int read_first_bytes(struct linux_binprm *bprm)
{
	loff_t pos = 0;
	ssize_t n;

	memset(bprm->buf, 0, sizeof(bprm->buf));
	n = kernel_read(bprm->file, bprm->buf, sizeof(bprm->buf), &pos);
	if (n < 0)
		return n;
	bprm->buf_len = n;
	return 0;
}

/* The scripts that stand before the real program: their lines, outermost first. */
struct script_chain {
	struct shebang *line[MAX_INTERP_LEVELS];
	int n;
};

static void free_chain(struct script_chain *chain)
{
	while (chain->n)
		kfree(chain->line[--chain->n]);
}

/* Open @filename, and while it is a script its interpreter. bprm->file is the program at the
 * end. */
static int resolve_scripts(struct linux_binprm *bprm, int dfd, int flags, struct script_chain *chain)
{
	struct shebang *line;
	struct file *file;
	int ret;

	file = open_exec(dfd, bprm->filename, flags);
	for (;;) {
		if (IS_ERR(file))
			return PTR_ERR(file);
		if (bprm->file)
			fput(bprm->file);
		bprm->file = file;
		ret = read_first_bytes(bprm);
		if (ret)
			return ret;
		if (bprm->buf[0] != '#' || bprm->buf[1] != '!')
			return 0;
		if (chain->n == MAX_INTERP_LEVELS)
			return -ELOOP;
		line = kmalloc(sizeof(*line), GFP_KERNEL);
		if (!line)
			return -ENOMEM;
		chain->line[chain->n++] = line;
		ret = shebang_parse(bprm->buf, bprm->buf_len, line);
		if (ret)
			return ret;
		file = open_exec(AT_FDCWD, line->interp, 0);
	}
}

/* argv as the program sees it: interpreter, its argument, script, and the caller's from argv[1]
 * on. */
static int push_script_args(struct linux_binprm *bprm, const struct script_chain *chain)
{
	int ret;

	/* The innermost name is the script itself; each interpreter that is a script follows its
	 * own interpreter. */
	for (int i = 0; i < chain->n; i++) {
		ret = push_kernel_string(bprm, i ? chain->line[i - 1]->interp : bprm->filename);
		if (ret)
			return ret;
		bprm->argc++;
		if (chain->line[i]->has_arg) {
			ret = push_kernel_string(bprm, chain->line[i]->arg);
			if (ret)
				return ret;
			bprm->argc++;
		}
	}
	ret = push_kernel_string(bprm, chain->line[chain->n - 1]->interp);
	if (ret)
		return ret;
	bprm->argc++;
	return 0;
}

static int push_strings(struct linux_binprm *bprm, const struct script_chain *chain, const struct arg_vector *argv,
			const struct arg_vector *envp)
{
	int argc = vector_count(argv), envc = vector_count(envp), ret;
	size_t pointers;

	if (argc < 0)
		return argc;
	if (envc < 0)
		return envc;
	ret = bprm_push(bprm, "\0\0\0\0\0\0\0", 8);
	if (!ret)
		ret = push_kernel_string(bprm, bprm->filename);
	if (ret)
		return ret;
	bprm->exec = bprm->p;
	/* The pointers to all of it must fit as well. */
	pointers = ((size_t)argc + envc + 2 * MAX_INTERP_LEVELS) * sizeof(void *);
	if (pointers > bprm->p - bprm->stack_limit)
		return -E2BIG;
	bprm->stack_limit += pointers;
	bprm->mm->env_end = bprm->p;
	ret = push_vector(bprm, envp, envc, 0);
	if (ret)
		return ret;
	bprm->envc = envc;
	bprm->mm->env_start = bprm->mm->arg_end = bprm->p;
	if (!chain->n) {
		ret = push_vector(bprm, argv, argc, 0);
		bprm->argc = argc;
		if (!ret && !argc) { /* no program has to live without argv[0] */
			ret = push_kernel_string(bprm, "");
			bprm->argc = 1;
		}
	} else {
		ret = push_vector(bprm, argv, argc, 1);
		bprm->argc = argc > 1 ? argc - 1 : 0;
		if (!ret)
			ret = push_script_args(bprm, chain);
	}
	bprm->mm->arg_start = bprm->p;
	return ret;
}

/* ---- The new address space
 * -------------------------------------------------------------------------- */

static int bprm_mm_init(struct linux_binprm *bprm)
{
	unsigned long rlimit = task_rlimit(current, RLIMIT_STACK), limit, top;
	bool randomize = randomize_va_space && !(bprm->personality & ADDR_NO_RANDOMIZE);
	int ret;

	bprm->mm = mm_alloc();
	if (!bprm->mm)
		return -ENOMEM;
	bprm->mm->personality_flags = bprm->personality;
	arch_pick_mmap_layout(bprm->mm, rlimit, randomize);
	top = randomize ? layout_stack_top() : TASK_SIZE_MAX;
	ret = setup_stack_vma(bprm->mm, top, VM_READ | VM_WRITE);
	if (ret)
		return ret;
	bprm->p = top;
	/* A quarter of the stack for arguments, between 128 KiB and 6 MiB (execve(2), limits on
	 * size). */
	limit = min(rlimit / 4, STACK_LIMIT_DEFAULT / 4 * 3);
	limit = max(limit, 32 * PAGE_SIZE);
	bprm->stack_limit = top - limit;
	return 0;
}

/* ---- Credentials
 * ------------------------------------------------------------------------------------ */

static int prepare_exec_creds(struct linux_binprm *bprm)
{
	struct inode *inode = bprm->file->f_inode;
	struct cred *new = prepare_creds();
	bool allowed = !(bprm->file->f_path.mnt && (bprm->file->f_path.mnt->mnt_flags & MS_NOSUID)) &&
		       !current->no_new_privs;

	if (!new)
		return -ENOMEM;
	bprm->cred = new;
	if (allowed && (inode->i_mode & S_ISUID))
		new->euid = inode->i_uid;
	if (allowed && (inode->i_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		new->egid = inode->i_gid;
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	/* Capabilities follow root (capabilities(7), without file capabilities). */
	new->cap_ambient &= new->cap_permitted & new->cap_inheritable;
	if (new->euid != current_euid() || new->egid != current->cred->egid)
		new->cap_ambient = 0;
	if (new->euid == 0 || new->uid == 0) {
		new->cap_permitted = new->cap_bset | new->cap_inheritable;
		new->cap_effective = new->euid == 0 ? new->cap_permitted : 0;
	} else {
		new->cap_permitted = new->cap_effective = new->cap_ambient;
	}
	bprm->secureexec = new->euid != new->uid || new->egid != new->gid;
	return 0;
}

/* ---- Commit
 * ----------------------------------------------------------------------------------------- */

/* @current takes over the number and the place of its group's leader, a zombie by now.
 * tasklist_lock held. */
static void become_leader(struct task_struct *leader)
{
	struct task_struct *tsk = current, *t;
	struct signal_struct *sig = tsk->signal;

	exchange_pids(tsk, leader);
	list_replace_init(&leader->tasks, &tsk->tasks);
	list_replace_init(&leader->sibling, &tsk->sibling);
	tsk->real_parent = leader->real_parent;
	tsk->parent = leader->parent;
	tsk->start_time = leader->start_time;
	tsk->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	spin_lock_irq(&tsk->sighand->siglock);
	sig->leader = tsk;
	for_each_thread(tsk, t)
		t->group_leader = tsk;
	spin_unlock_irq(&tsk->sighand->siglock);
	leader->exit_state = EXIT_DEAD;
}

/* End every other thread of the process, and become its leader. 0, or -EAGAIN: the process is
 * ending, or another thread's exec was first. */
static int de_thread(void)
{
	struct task_struct *tsk = current, *leader = tsk->group_leader;
	struct signal_struct *sig = tsk->signal;
	bool timer;

	if (sig->nr_threads == 1 && thread_group_leader(tsk))
		return 0;
	spin_lock(&tasklist_lock);
	spin_lock_irq(&tsk->sighand->siglock);
	if ((sig->flags & SIGNAL_GROUP_EXIT) || sig->group_exec_task) {
		spin_unlock_irq(&tsk->sighand->siglock);
		spin_unlock(&tasklist_lock);
		return -EAGAIN;
	}
	sig->group_exec_task = tsk;
	zap_other_threads(tsk);
	spin_unlock_irq(&tsk->sighand->siglock);

	while (sig->nr_threads > (tsk == leader ? 1 : 2) || (tsk != leader && leader->exit_state != EXIT_ZOMBIE)) {
		if (fatal_signal_pending(tsk)) {
			sig->group_exec_task = NULL;
			spin_unlock(&tasklist_lock);
			return -EAGAIN;
		}
		set_current_state(TASK_KILLABLE);
		spin_unlock(&tasklist_lock);
		schedule();
		spin_lock(&tasklist_lock);
	}
	__set_current_state(TASK_RUNNING);
	if (tsk == leader) {
		sig->group_exec_task = NULL;
		spin_unlock(&tasklist_lock);
		return 0;
	}
	spin_unlock(&tasklist_lock);

	/* The callbacks of timers look at sig->leader: not while that changes. */
	exit_posix_timers(sig);
	timer = ktimer_cancel(&sig->real_timer);
	wait_task_inactive(leader);
	spin_lock(&tasklist_lock);
	become_leader(leader);
	sig->group_exec_task = NULL;
	spin_unlock(&tasklist_lock);
	if (timer)
		ktimer_start(&sig->real_timer, sig->it_real_value);
	release_task(leader);
	return 0;
}

/* Handlers shared with another process (CLONE_SIGHAND without CLONE_THREAD) are no longer so. */
static void unshare_sighand(struct sighand_struct *new)
{
	struct sighand_struct *old = current->sighand;
	struct signal_struct *sig = current->signal;
	bool timer;

	if (!new)
		return;
	/* Its callback locks the leader's siglock, knowing nothing of tasklist_lock: not while that
	 * is exchanged. */
	timer = ktimer_cancel(&sig->real_timer);
	spin_lock(&tasklist_lock);
	spin_lock_irq(&old->siglock);
	memcpy(new->action, old->action, sizeof(new->action));
	current->sighand = new;
	spin_unlock_irq(&old->siglock);
	spin_unlock(&tasklist_lock);
	if (timer)
		ktimer_start(&sig->real_timer, sig->it_real_value);
	put_sighand(old);
}

static const char *basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Nothing here can fail. */
static void commit_exec(struct linux_binprm *bprm, struct sighand_struct *sighand)
{
	struct task_struct *tsk = current;
	struct mm_struct *mm = bprm->mm;

	if (tsk->mm)
		mm_release(tsk);
	mm->exe_file = get_file(bprm->file);
	mm->dumpable = bprm->secureexec ? 0 : 1;
	mm->oom_score_adj = tsk->signal->oom_score_adj;
	mm->unkillable = tsk->signal->flags & SIGNAL_UNKILLABLE;
	bprm->mm = NULL;
	exec_mmap(mm);

	exit_posix_timers(tsk->signal);
	unshare_sighand(sighand);
	tsk->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD);
	tsk->personality = bprm->personality;
	tsk->sas_ss_sp = tsk->sas_ss_size = 0;
	tsk->sas_ss_flags = 0;
	tsk->rseq = NULL;
	tsk->set_child_tid = tsk->clear_child_tid = NULL;
	tsk->robust_list = NULL;
	tsk->exit_signal = SIGCHLD;
	flush_signal_handlers(tsk);
	if (bprm->secureexec)
		tsk->pdeath_signal = 0;
	commit_creds(bprm->cred);
	bprm->cred = NULL;
	set_task_comm(tsk, basename(bprm->filename));
	trace(TRACE_EXEC, tsk->pid, bprm->entry, bprm->sp);
	do_close_on_exec(tsk->files);
	arch_start_thread(arch_task_regs(tsk), bprm->entry, bprm->sp);
}

static void free_bprm(struct linux_binprm *bprm)
{
	if (bprm->mm)
		mmput(bprm->mm);
	if (bprm->cred)
		put_cred(bprm->cred);
	if (bprm->file)
		fput(bprm->file);
	kfree(bprm);
}

static int build_program(struct linux_binprm *bprm, int dfd, int flags, const struct arg_vector *argv,
			 const struct arg_vector *envp)
{
	struct script_chain chain = {};
	int ret;

	ret = resolve_scripts(bprm, dfd, flags, &chain);
	if (!ret)
		ret = prepare_exec_creds(bprm);
	if (!ret && bprm->secureexec)
		bprm->personality &= ~PER_CLEAR_ON_SETID;
	if (!ret)
		ret = bprm_mm_init(bprm);
	if (!ret)
		ret = push_strings(bprm, &chain, argv, envp);
	free_chain(&chain);
	if (ret)
		return ret;
	return load_elf_binary(bprm);
}

static int do_execve(int dfd, const char *filename, int flags, const struct arg_vector *argv,
		     const struct arg_vector *envp)
{
	struct sighand_struct *sighand = NULL;
	struct linux_binprm *bprm;
	int ret;

	/* Too many processes of this user, found out by setuid: the exec fails (execve(2),
	 * EAGAIN). */
	bprm = kzalloc(sizeof(*bprm), GFP_KERNEL);
	if (!bprm)
		return -ENOMEM;
	bprm->filename = filename;
	bprm->personality = current->personality;
	ret = mutex_lock_interruptible(&current->signal->cred_guard) ? -ERESTARTNOINTR : 0;
	if (ret)
		goto out;
	ret = build_program(bprm, dfd, flags, argv, envp);
	if (!ret)
		ret = unshare_files();
	/* With other threads about, the answer may change until they have ended. */
	if (!ret && (current->signal->nr_threads > 1 || refcount_read(&current->sighand->count) > 1)) {
		sighand = alloc_sighand();
		if (!sighand)
			ret = -ENOMEM;
	}
	if (!ret)
		ret = de_thread();
	if (!ret)
		commit_exec(bprm, sighand);
	else if (sighand)
		put_sighand(sighand);
	mutex_unlock(&current->signal->cred_guard);
	if (ret && bprm->beyond_return) {
		free_bprm(bprm);
		force_sig_fatal(SIGSEGV);
		return ret;
	}
out:
	free_bprm(bprm);
	return ret;
}

int kernel_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	struct arg_vector a = { .base = argv }, e = { .base = envp };

	return do_execve(AT_FDCWD, filename, 0, &a, &e);
}

long do_execveat(int dfd, const char __user *ufilename, const char __user *const __user *argv,
		 const char __user *const __user *envp, int flags)
{
	struct arg_vector a = { .user = true, .base = argv }, e = { .user = true, .base = envp };
	char *filename;
	int ret;

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	filename = getname(ufilename, flags & AT_EMPTY_PATH);
	if (IS_ERR(filename))
		return PTR_ERR(filename);
	ret = do_execve(dfd, filename, flags, &a, &e);
	putname(filename);
	return ret;
}
