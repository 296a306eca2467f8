/* SPDX-License-Identifier: MIT */
/*
 * The job and the program. The program starts by clone(CLONE_VM | CLONE_VFORK): init waits in the
 * kernel until the child has called execve or has ended, so the child may tell why it failed by
 * writing to init's memory.
 */
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <linux/mman.h>
#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include "init.h"

#define TTY_GROUP 5
#define STDOUT	  1

/* What the child works on. */
struct child {
	const struct job *job;
	int fd[3];
	struct frame_failed *failed;
};

static uint8_t child_stack[4096] __attribute__((aligned(16)));

int start_child(unsigned long flags, void *stack_top, void (*function)(struct child *),
		struct child *argument);

__asm__(".text\n"
	"start_child:\n"
	"	sub $16, %rsi\n"
	"	mov %rdx, (%rsi)\n"
	"	mov %rcx, 8(%rsi)\n"
	"	xor %edx, %edx\n"
	"	xor %r10d, %r10d\n"
	"	xor %r8d, %r8d\n"
	"	mov $56, %eax\n" /* clone */
	"	syscall\n"
	"	test %eax, %eax\n"
	"	jnz 1f\n"
	"	xor %ebp, %ebp\n"
	"	pop %rax\n"
	"	pop %rdi\n"
	"	call *%rax\n"
	"	ud2\n"
	"1:	ret\n");

static char *next_string(char *s, const char *end)
{
	while (s < end && *s)
		s++;
	if (s >= end)
		die("malformed job");
	return s + 1;
}

static char *read_strings(char **list, unsigned int count, char *s, const char *end)
{
	for (unsigned int i = 0; i < count; i++) {
		list[i] = s;
		s = next_string(s, end);
	}
	list[count] = NULL;
	return s;
}

void job_read(struct job *job)
{
	struct job_header *header = &job->header;
	size_t done = sizeof(*header), lists;
	char *memory, *s, *end;
	long fd = sys_open(QUIRE_JOB_PATH, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("no job");
	if (sys_read(fd, header, sizeof(*header)) != sizeof(*header) || header->magic != JOB_MAGIC)
		die("malformed job");
	lists = ((size_t)header->argc + header->envc + 2) * sizeof(char *);
	memory = (char *)syscall6(__NR_mmap, 0, lists + header->size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if ((unsigned long)memory > -4096UL)
		die("no memory for the job");
	s = memory + lists;
	while (done < header->size) {
		long got = sys_read(fd, s + done, header->size - done);

		if (got <= 0)
			die("malformed job");
		done += got;
	}
	sys_close(fd);
	end = s + header->size;
	s += sizeof(*header);
	job->groups = (const uint32_t *)s;
	s += header->nr_groups * sizeof(uint32_t);
	job->path = s;
	job->cwd = s = next_string(s, end);
	s = next_string(s, end);
	job->argv = (char **)memory;
	job->envp = job->argv + header->argc + 1;
	s = read_strings(job->argv, header->argc, s, end);
	read_strings(job->envp, header->envc, s, end);
}

static _Noreturn void child_failed(struct child *child, enum failed_stage stage, long error)
{
	child->failed->stage = stage;
	child->failed->error = -error;
	syscall1(__NR_exit_group, 127);
	__builtin_unreachable();
}

static void child_credentials(struct child *child)
{
	const struct job_header *header = &child->job->header;
	long error;

	if (header->nr_groups > 1 || (header->nr_groups && child->job->groups[0])) {
		error = syscall2(__NR_setgroups, header->nr_groups, child->job->groups);
		if (error)
			child_failed(child, FAILED_CREDENTIALS, error);
	}
	if (header->gid) {
		error = syscall1(__NR_setgid, header->gid);
		if (error)
			child_failed(child, FAILED_CREDENTIALS, error);
	}
	if (header->uid) {
		error = syscall1(__NR_setuid, header->uid);
		if (error)
			child_failed(child, FAILED_CREDENTIALS, error);
	}
}

static void child_signals(const struct job *job)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} ignore = {.handler = (void *)1 /* SIG_IGN */};
	uint64_t none = 0;

	for (int signal = 1; signal <= 64; signal++) {
		if (job->header.ignored >> (signal - 1) & 1)
			syscall4(__NR_rt_sigaction, signal, &ignore, 0, 8);
	}
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
}

static void child_main(struct child *child)
{
	const struct job *job = child->job;
	long error;

	syscall0(__NR_setsid);
	for (int i = 0; i < 3; i++) {
		if (job->header.fd[i] == JOB_FD_CLOSED)
			sys_close(i);
		else
			syscall2(__NR_dup2, child->fd[i], i);
	}
	for (int i = 0; i < 3; i++) {
		if (job->header.fd[i] != JOB_FD_TERMINAL)
			continue;
		error = sys_ioctl(i, TIOCSCTTY, 0);
		if (error)
			child_failed(child, FAILED_TERMINAL, error);
		break;
	}
	syscall1(__NR_umask, job->header.file_mask);
	error = syscall1(__NR_chdir, job->cwd);
	if (error)
		child_failed(child, FAILED_CWD, error);
	child_credentials(child);
	child_signals(job);
	error = syscall3(__NR_execve, job->path, job->argv, job->envp);
	child_failed(child, FAILED_EXEC, error);
}

/* Open a pseudo-terminal as the job describes it: its master in *master; returns its slave or an
 * error. */
static long terminal_open(const struct job *job, int *master)
{
	char path[] = "/dev/pts/\0\0\0\0\0\0\0\0\0\0";
	unsigned int number = 0, digits = 1;
	int unlock = 0;
	long slave, error = sys_open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (error < 0)
		return error;
	*master = error;
	error = sys_ioctl(*master, TIOCSPTLCK, &unlock);
	if (!error)
		error = sys_ioctl(*master, TIOCGPTN, &number);
	if (error)
		return error;
	for (unsigned int rest = number; rest >= 10; rest /= 10)
		digits++;
	for (char *s = path + 9 + digits; digits--; number /= 10)
		*--s = '0' + number % 10;
	slave = sys_open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return slave;
	sys_ioctl(slave, TIOCSWINSZ, (void *)&job->header.winsize);
	error = sys_ioctl(slave, TCSETS, (void *)&job->header.termios);
	if (!error && job->header.uid)
		error = syscall3(__NR_fchown, slave, job->header.uid, TTY_GROUP);
	return error ? error : slave;
}

/* A pipe whose end [@mine] is init's (non-blocking); returns it, the program's end is in *theirs.
 */
static long pipe_open(int mine, int *theirs)
{
	int fd[2];
	long error = syscall2(__NR_pipe2, fd, O_CLOEXEC);

	if (!error)
		error = syscall3(__NR_fcntl, fd[mine], F_SETFL,
				 O_NONBLOCK | (mine ? O_WRONLY : O_RDONLY));
	if (error)
		return error;
	*theirs = fd[!mine];
	return fd[mine];
}

static bool wants(const struct job *job, enum job_fd kind)
{
	return job->header.fd[0] == kind || job->header.fd[1] == kind || job->header.fd[2] == kind;
}

/* Open all that the program reads and writes: init's ends in @program, the program's in fd[]. */
static bool open_streams(const struct job *job, struct program *program, int fd[3])
{
	int *mine[3] = {&program->input, &program->output, &program->error};
	long slave = -1;

	if (wants(job, JOB_FD_TERMINAL)) {
		slave = terminal_open(job, &program->terminal);
		if (slave < 0) {
			program->failed = (struct frame_failed){FAILED_TERMINAL, -slave};
			return false;
		}
		program->slave = slave;
	}
	for (int i = 0; i < 3; i++) {
		fd[i] = slave;
		if (job->header.fd[i] == JOB_FD_PIPE) {
			long end = pipe_open(i == 0, &fd[i]);

			if (end < 0) {
				program->failed = (struct frame_failed){FAILED_PROCESS, -end};
				return false;
			}
			*mine[i] = end;
		} else if (job->header.fd[i] == JOB_FD_AS_OUTPUT) {
			fd[i] = fd[STDOUT];
		}
	}
	if (job->header.fd[0] == JOB_FD_TERMINAL)
		program->input = program->terminal;
	return true;
}

/* Descriptors 0 to 2 must be taken before pipes are made, or the child's dup2 would overwrite a
 * pipe. */
static void occupy_standard_descriptors(void)
{
	long fd;

	do
		fd = sys_open("/", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd < 3);
	if (fd >= 0)
		sys_close(fd);
}

/* Swap to the disk that the host has made for it. 0 or an error. */
static long swap_on(const struct job *job)
{
	char path[] = "/dev/vda";

	path[sizeof(path) - 2] += job->header.swap_disk - 1;
	return syscall2(__NR_swapon, path, 0);
}

void program_start(const struct job *job, struct program *program)
{
	long error;
	int fd[3] = {-1, -1, -1};
	struct child child = {.job = job, .failed = &program->failed};
	uint64_t block = 1ul << (SIGCHLD - 1);
	int pid;

	*program = (struct program){
		.terminal = -1, .slave = -1, .input = -1, .output = -1, .error = -1};
	syscall4(__NR_rt_sigprocmask, SIG_BLOCK, &block, 0, 8);
	if (!job->header.argc)
		return;
	error = job->header.swap_disk ? swap_on(job) : 0;
	if (error) {
		program->failed = (struct frame_failed){FAILED_SWAP, -error};
		return;
	}
	occupy_standard_descriptors();
	if (!open_streams(job, program, fd))
		return;
	for (int i = 0; i < 3; i++)
		child.fd[i] = fd[i];
	pid = start_child(CLONE_VM | CLONE_VFORK | SIGCHLD, child_stack + sizeof(child_stack),
			  child_main, &child);
	if (pid < 0)
		program->failed = (struct frame_failed){FAILED_PROCESS, -pid};
	else if (!program->failed.error)
		program->pid = pid;
	if (!program->pid && program->slave >= 0)
		sys_close(program->slave);
	for (int i = 0; i < 3; i++) {
		if (job->header.fd[i] == JOB_FD_PIPE)
			sys_close(fd[i]);
	}
}
