/* SPDX-License-Identifier: MIT */
/* process_vm_readv, process_vm_writev: other processes' memory, in both directions. */
#include "guest.h"
#include <sys/prctl.h>
#include <sys/uio.h>

static ssize_t vm_read(pid_t pid, void *to, void *from, size_t n)
{
	struct iovec local = {to, n}, remote = {from, n};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

static ssize_t vm_write(pid_t pid, void *to, const void *from, size_t n)
{
	struct iovec local = {(void *)from, n}, remote = {to, n};

	return process_vm_writev(pid, &local, 1, &remote, 1, 0);
}

/* A child that stands still until *go is set (in shared memory). */
#define STILL_CHILD(go, ...)                                                                       \
	IN_CHILD({                                                                                 \
		__VA_ARGS__;                                                                       \
		while (!__atomic_load_n(go, __ATOMIC_ACQUIRE))                                     \
			usleep(1000);                                                              \
	})

static void release(int *go, pid_t pid)
{
	__atomic_store_n(go, 1, __ATOMIC_RELEASE);
	CHECK_EXITED(pid, 0);
}

TEST(own_memory)
{
	char from[] = "own memory", to[sizeof(from)] = "";

	CHECK_EQ(vm_read(getpid(), to, from, sizeof(from)), sizeof(from));
	CHECK_STR(to, "own memory");
	CHECK_EQ(vm_write(getpid(), to, "OWN", 3), 3);
	CHECK_STR(to, "OWN memory");
	/* A thread's number will do. */
	CHECK_EQ(vm_read(gettid(), to, from, sizeof(from)), sizeof(from));
}

TEST(a_child_is_read_and_written_and_nobody_else_sees_it)
{
	int *go = guest_shared(PAGE);
	char *p = guest_map(3 * PAGE), buf[64];

	memset(p, 'p', 3 * PAGE);
	pid_t child = STILL_CHILD(go, {
		strcpy(p + PAGE, "the child's");
		go[1] = 1;
		while (!go[2])
			usleep(1000);
		CHECK_STR(p + 2 * PAGE - 4, "from the parent");
	});
	CHECK(WAIT_UNTIL(go[1]));
	CHECK_EQ(vm_read(child, buf, p + PAGE, 12), 12);
	CHECK_STR(buf, "the child's");
	CHECK_EQ(p[PAGE], 'p');
	/* Into pages that fork left shared: only the child gets them. Across a page boundary. */
	CHECK_EQ(vm_write(child, p + 2 * PAGE - 4, "from the parent", 16), 16);
	CHECK_EQ(p[2 * PAGE - 4], 'p');
	CHECK_EQ(p[2 * PAGE], 'p');
	CHECK_EQ(vm_read(child, buf, p + 2 * PAGE - 4, 16), 16);
	CHECK_STR(buf, "from the parent");
	go[2] = 1;
	release(go, child);
}

TEST(a_write_leaks_into_no_fork_sibling)
{
	int *go = guest_shared(PAGE);
	char *p = guest_map(PAGE);
	pid_t child[4];

	strcpy(p, "before");
	for (int i = 0; i < 4; i++)
		child[i] = STILL_CHILD(go, {
			while (!go[1])
				usleep(1000);
			CHECK_STR(p, i == 2 ? "after" : "before");
		});
	CHECK_EQ(vm_write(child[2], p, "after", 6), 6);
	CHECK_STR(p, "before");
	go[1] = 1;
	__atomic_store_n(go, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(child[i], 0);
}

TEST(shared_memory_is_shared)
{
	char *p = guest_shared(PAGE), buf[8];
	int *go = guest_shared(PAGE);
	pid_t child = STILL_CHILD(go, {});

	CHECK_EQ(vm_write(child, p, "shared", 7), 7);
	CHECK_STR(p, "shared");
	CHECK_EQ(vm_read(child, buf, p, 7), 7);
	CHECK_STR(buf, "shared");
	release(go, child);
}

TEST(vectors_need_not_match)
{
	char from[] = "abcdefghijklmnopqrstuvwxyz", to[32] = "";
	struct iovec local[3] = {{to, 3}, {to + 3, 0}, {to + 3, 20}},
		     remote[4] = {{from, 1}, {from + 10, 5}, {NULL, 0}, {from + 20, 4}};

	/* The shorter side decides. */
	CHECK_EQ(process_vm_readv(getpid(), local, 3, remote, 4, 0), 10);
	CHECK_STR(to, "aklmnouvwx");
	local[2].iov_len = 2;
	memset(to, 0, sizeof(to));
	CHECK_EQ(process_vm_readv(getpid(), local, 3, remote, 4, 0), 5);
	CHECK_STR(to, "aklmn");
	CHECK_EQ(process_vm_writev(getpid(), local, 3, remote, 1, 0), 1);
}

TEST(more_vectors_than_fit_the_stack)
{
	static struct iovec local[1024], remote[1024], one;
	char *from = guest_map(PAGE), *to = guest_map(PAGE);

	for (int i = 0; i < 1024; i++) {
		from[i] = i;
		local[i] = (struct iovec){to + i, 1};
		remote[i] = (struct iovec){from + 1023 - i, 1};
	}
	CHECK_EQ(process_vm_readv(getpid(), local, 1024, remote, 1024, 0), 1024);
	for (int i = 0; i < 1024; i++)
		if (to[i] != (char)(1023 - i))
			CHECK_EQ(to[i], (char)(1023 - i));
	one = (struct iovec){to, 1};
	CHECK_ERRNO(process_vm_readv(getpid(), local, 1025, &one, 1, 0), EINVAL);
	CHECK_ERRNO(process_vm_readv(getpid(), &one, 1, remote, 1025, 0), EINVAL);
	CHECK_ERRNO(process_vm_readv(getpid(), &one, 1, remote, -1UL, 0), EINVAL);
}

TEST(nothing_to_copy_asks_for_nothing)
{
	char c;
	struct iovec none = {&c, 0}, one = {&c, 1}, far = {(void *)1, 0};

	/* Not even the process is looked for. */
	CHECK_EQ(process_vm_readv(-1, &none, 1, &one, 1, 0), 0);
	CHECK_EQ(process_vm_readv(-1, &one, 1, &none, 1, 0), 0);
	CHECK_EQ(process_vm_readv(-1, &one, 1, &far, 1, 0), 0);
	CHECK_EQ(process_vm_readv(-1, NULL, 0, &one, 1, 0), 0);
	CHECK_EQ(process_vm_readv(-1, &one, 1, NULL, 0, 0), 0);
	/* Nor the other vector, if there is nothing here. */
	CHECK_EQ(process_vm_readv(-1, &none, 1, (void *)1, 1, 0), 0);
	CHECK_ERRNO(process_vm_readv(-1, &one, 1, (void *)1, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(-1, (void *)1, 1, &one, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(-1, &none, 1, &one, 1, 1), EINVAL);
}

TEST(errors)
{
	char c;
	struct iovec one = {&c, 1}, negative = {&c, -1}, hole = {(void *)(16 * PAGE), 1},
		     kernel = {(void *)-PAGE, 16}, huge = {(void *)-1, 2};
	pid_t pid = getpid(), zombie;

	CHECK_ERRNO(process_vm_readv(pid, &one, 1, &one, 1, 1), EINVAL);
	CHECK_ERRNO(process_vm_readv(pid, &negative, 1, &one, 1, 0), EINVAL);
	CHECK_ERRNO(process_vm_readv(pid, &one, 1, &negative, 1, 0), EINVAL);
	CHECK_ERRNO(process_vm_readv(0, &one, 1, &one, 1, 0), ESRCH);
	CHECK_ERRNO(process_vm_readv(-1, &one, 1, &one, 1, 0), ESRCH);
	CHECK_ERRNO(process_vm_readv(0x3fffffff, &one, 1, &one, 1, 0), ESRCH);
	CHECK_ERRNO(process_vm_readv(pid, &one, 1, &hole, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_writev(pid, &one, 1, &hole, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(pid, &hole, 1, &one, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_writev(pid, &hole, 1, &one, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(pid, &one, 1, &kernel, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_writev(pid, &one, 1, &kernel, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(pid, &kernel, 1, &one, 1, 0), EFAULT);
	CHECK_ERRNO(process_vm_readv(pid, &one, 1, &huge, 1, 0), EFAULT);
	/* A process that is no more, but not yet waited for. */
	zombie = IN_CHILD({});
	CHECK(WAIT_UNTIL(guest_task_state(zombie) == 'Z'));
	CHECK_ERRNO(process_vm_readv(zombie, &one, 1, &one, 1, 0), ESRCH);
	CHECK_EXITED(zombie, 0);
	CHECK_ERRNO(process_vm_readv(zombie, &one, 1, &one, 1, 0), ESRCH);
}

TEST(what_could_be_copied_is_counted)
{
	char *p = guest_map(4 * PAGE), *to = guest_map(4 * PAGE);
	struct iovec local = {to, 3 * PAGE}, remote[3] = {{p, 100}, {p + PAGE, 2 * PAGE}, {p, 10}};

	memset(p, 'x', 4 * PAGE);
	munmap(p + 2 * PAGE, PAGE);
	CHECK_EQ(process_vm_readv(getpid(), &local, 1, remote, 3, 0), 100 + PAGE);
	CHECK_EQ(to[99 + PAGE], 'x');
	CHECK_EQ(to[100 + PAGE], 0);
	CHECK_EQ(process_vm_writev(getpid(), &local, 1, remote, 3, 0), 100 + PAGE);
	/* The same at this end. */
	remote[1].iov_base = p;
	munmap(to + PAGE, PAGE);
	remote[1].iov_len = PAGE;
	CHECK_EQ(process_vm_readv(getpid(), &local, 1, remote, 3, 0), PAGE);
	CHECK_EQ(process_vm_writev(getpid(), &local, 1, remote, 3, 0), PAGE);
}

TEST(protections_of_the_other_hold)
{
	char *p = guest_map(4 * PAGE), c = 'c';

	memset(p, 'x', 4 * PAGE);
	mprotect(p, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	CHECK_EQ(vm_read(getpid(), &c, p, 1), 1);
	CHECK_ERRNO(vm_write(getpid(), p, &c, 1), EFAULT);
	CHECK_ERRNO(vm_read(getpid(), &c, p + PAGE, 1), EFAULT);
	CHECK_ERRNO(vm_write(getpid(), p + PAGE, &c, 1), EFAULT);
	mprotect(p, PAGE, PROT_READ | PROT_EXEC);
	CHECK_ERRNO(vm_write(getpid(), p, &c, 1), EFAULT);
	CHECK_EQ(vm_write(getpid(), p + 2 * PAGE, &c, 1), 1);
}

TEST(files_private_and_shared)
{
	char name[] = "/tmp/process_vm.XXXXXX", buf[8] = "";
	int fd = CHECK_OK(mkstemp(name)), *go = guest_shared(PAGE);
	char *private, *shared;

	unlink(name);
	CHECK_EQ(write(fd, "file", 5), 5);
	CHECK_OK(ftruncate(fd, PAGE));
	private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid_t child = STILL_CHILD(go, {});

	/* Nobody has touched them. */
	CHECK_EQ(vm_read(child, buf, private, 5), 5);
	CHECK_STR(buf, "file");
	CHECK_EQ(vm_write(child, private, "F", 1), 1);
	CHECK_EQ(private[0], 'f');
	CHECK_EQ(vm_write(child, shared, "S", 1), 1);
	CHECK_EQ(shared[0], 'S');
	CHECK_EQ(pread(fd, buf, 5, 0), 5);
	CHECK_STR(buf, "Sile");
	/* Past the end of the file, where an access would be SIGBUS. */
	CHECK_ERRNO(vm_read(child, buf, shared + PAGE, 1), EFAULT);
	CHECK_ERRNO(vm_write(child, shared + PAGE, buf, 1), EFAULT);
	release(go, child);
}

TEST(only_who_may_trace)
{
	int *go = guest_shared(PAGE);
	char c = 'c';

	if (getuid())
		guest_skip("needs root");
	pid_t user = STILL_CHILD(go, {
		setgid(1000);
		setuid(1000);
		prctl(PR_SET_DUMPABLE, 1);
		go[1] = 1;
	});
	pid_t undumpable = STILL_CHILD(go, {
		setgid(1000);
		setuid(1000);
		go[2] = 1;
	});
	pid_t group = STILL_CHILD(go, {
		setgid(1001);
		setuid(1000);
		prctl(PR_SET_DUMPABLE, 1);
		go[3] = 1;
	});
	pid_t root = STILL_CHILD(go, { go[4] = 1; });

	CHECK(WAIT_UNTIL(go[1] && go[2] && go[3] && go[4]));
	CHECK_EQ(vm_read(user, &c, &c, 1), 1);
	CHECK_EQ(vm_read(undumpable, &c, &c, 1), 1);
	CHECK_EXITED(IN_CHILD({
			     setgid(1000);
			     setuid(1000);
			     CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
			     CHECK_EQ(vm_read(getpid(), &c, &c, 1), 1);
			     CHECK_EQ(vm_read(user, &c, &c, 1), 1);
			     CHECK_EQ(vm_write(user, &c, &c, 1), 1);
			     CHECK_ERRNO(vm_read(undumpable, &c, &c, 1), EPERM);
			     CHECK_ERRNO(vm_read(group, &c, &c, 1), EPERM);
			     CHECK_ERRNO(vm_read(root, &c, &c, 1), EPERM);
			     CHECK_ERRNO(vm_write(root, &c, &c, 1), EPERM);
			     CHECK_ERRNO(vm_read(1, &c, &c, 1), EPERM);
		     }),
		     0);
	/* It is the real ids that count, not the effective ones. */
	CHECK_EXITED(IN_CHILD({
			     setresgid(0, 1000, 0);
			     setresuid(0, 1000, 0);
			     CHECK_ERRNO(vm_read(user, &c, &c, 1), EPERM);
		     }),
		     0);
	__atomic_store_n(go, 1, __ATOMIC_RELEASE);
	CHECK_EXITED(user, 0);
	CHECK_EXITED(undumpable, 0);
	CHECK_EXITED(group, 0);
	CHECK_EXITED(root, 0);
}

TEST(what_changes_who_one_is_makes_undumpable)
{
	if (getuid())
		guest_skip("needs root");
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_EXITED(IN_CHILD(setuid(0); CHECK_EQ(prctl(PR_GET_DUMPABLE), 1)), 0);
	CHECK_EXITED(IN_CHILD(setresuid(1000, 0, 0); CHECK_EQ(prctl(PR_GET_DUMPABLE), 1)), 0);
	CHECK_EXITED(IN_CHILD(setresuid(0, 1000, 0); CHECK_EQ(prctl(PR_GET_DUMPABLE), 0)), 0);
	CHECK_EXITED(IN_CHILD(setresgid(0, 1000, 0); CHECK_EQ(prctl(PR_GET_DUMPABLE), 0)), 0);
	CHECK_EXITED(IN_CHILD(syscall(SYS_setfsuid, 5); CHECK_EQ(prctl(PR_GET_DUMPABLE), 0)), 0);
	CHECK_EXITED(IN_CHILD(syscall(SYS_setfsgid, 5); CHECK_EQ(prctl(PR_GET_DUMPABLE), 0)), 0);
}

/* The other forks, execs and exits all the time: each read gives what was written or an error. */
HELPER(breathe)
{
	usleep(atoi(argv[0]));
	return 0;
}

TEST(the_other_comes_and_goes)
{
	uint64_t end = guest_now() + 1500000000ull;
	char *p = guest_map(16 * PAGE), *buf = guest_map(16 * PAGE);
	int copied = 0, failed = 0;

	memset(p, 'p', 16 * PAGE);
	while (guest_now() < end) {
		pid_t pid = fork();

		if (!pid) {
			memset(p, 'c', 16 * PAGE);
			if (getpid() % 3 == 0)
				guest_exec_self("breathe", "500", NULL);
			if (getpid() % 3 == 1 && !fork())
				_exit(0);
			_exit(0);
		}
		for (int i = 0; i < 8; i++) {
			ssize_t n = vm_read(pid, buf, p, 16 * PAGE);

			if (n > 0) {
				copied++;
				if (buf[0] != 'p' && buf[0] != 'c')
					CHECK_EQ(buf[0], 'p');
			} else {
				failed++;
				if (errno != ESRCH && errno != EFAULT)
					CHECK_EQ(errno, ESRCH);
			}
			vm_write(pid, p + PAGE, buf, 8 * PAGE);
		}
		CHECK_EQ(waitpid(pid, NULL, 0), pid);
	}
	CHECK_EQ(p[PAGE], 'p');
	CHECK(copied + failed > 8);
}
