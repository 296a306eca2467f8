/* SPDX-License-Identifier: MIT */
/* execve: what is kept, what is reset, how it fails, scripts, and exec in a program with
 * threads. */
#include "guest.h"
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

extern char **environ;

HELPER(exec_exit)
{
	return argc ? atoi(argv[0]) : 0;
}

TEST(runs_another_program)
{
	CHECK_EXITED(IN_CHILD(guest_exec_self("exec_exit", "23", NULL)), 23);
}

HELPER(exec_check_arguments)
{
	CHECK_EQ(argc, 4);
	CHECK_STR(argv[0], "");
	CHECK_STR(argv[1], "two words");
	CHECK_STR(argv[2], "\xff\x80");
	CHECK_EQ(strlen(argv[3]), 100000);
	CHECK(argv[4] == NULL);
	CHECK_STR(environ[0], "A=1");
	CHECK_STR(environ[1], "EMPTY=");
	CHECK(environ[2] == NULL);
	CHECK_EQ((uintptr_t)getauxval(AT_PAGESZ), PAGE);
	return guest_counts->failed;
}

TEST(arguments_and_environment_arrive)
{
	static char big[100001];
	char *args[] = {guest_program, "@exec_check_arguments", "", "two words", "\xff\x80", big,
			NULL};
	char *env[] = { "A=1", "EMPTY=", NULL };

	memset(big, 'b', 100000);
	CHECK_EXITED(IN_CHILD(execve(guest_program, args, env)), 0);
}

TEST(missing_and_forbidden)
{
	char *args[] = { "x", NULL };

	CHECK_ERRNO(execv("/no/such/file", args), ENOENT);
	CHECK_ERRNO(execv("", args), ENOENT);
	CHECK_ERRNO(execv("/tmp", args), EACCES);
	CHECK_ERRNO(execv("/proc/self/exe/x", args), ENOTDIR);
	guest_write_file("/tmp/exec_plain", "\x7f" "ELF", 0644);
	CHECK_ERRNO(execv("/tmp/exec_plain", args), EACCES); /* for root too: no x bit at all */
	guest_write_file("/tmp/exec_empty", "", 0755);
	CHECK_ERRNO(execv("/tmp/exec_empty", args), ENOEXEC);
	guest_write_file("/tmp/exec_text", "just text\n", 0755);
	CHECK_ERRNO(execv("/tmp/exec_text", args), ENOEXEC);
	char name[5000];

	memset(name, 'a', 4999);
	name[4999] = 0;
	CHECK_ERRNO(execv(name, args), ENAMETOOLONG);
	CHECK_ERRNO(execv((char *)1, args), EFAULT);
	CHECK_ERRNO(execv(guest_program, (char **)1), EFAULT);
	char *bad[] = { "x", (char *)1, NULL };

	CHECK_ERRNO(execv(guest_program, bad), EFAULT);
	CHECK_ERRNO(execve(guest_program, args, bad), EFAULT);
	unlink("/tmp/exec_plain");
	unlink("/tmp/exec_empty");
	unlink("/tmp/exec_text");
}

static volatile int handler_ran;

static void on_usr1(int signo)
{
	handler_ran = 1;
}

TEST(failure_leaves_the_caller_whole)
{
	char *args[] = { "x", NULL }, comm[16];
	char *p = guest_map(PAGE);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	strcpy(p, "still here");
	signal(SIGUSR1, on_usr1);
	prctl(PR_SET_NAME, "before");
	guest_write_file("/tmp/exec_broken", "\x7f" "ELF and then nothing", 0755);
	for (int i = 0; i < 20; i++) {
		CHECK_ERRNO(execv("/tmp/exec_broken", args), ENOEXEC);
		CHECK_ERRNO(execv("/no/such", args), ENOENT);
	}
	CHECK_STR(p, "still here");
	raise(SIGUSR1);
	CHECK_EQ(handler_ran, 1);
	prctl(PR_GET_NAME, comm);
	CHECK_STR(comm, "before");
	CHECK(fcntl(fd, F_GETFD) >= 0);
	unlink("/tmp/exec_broken");
}

HELPER(exec_check_state)
{
	struct sigaction action;
	sigset_t mask, pending;
	stack_t stack;
	char comm[16], name[16];

	CHECK_EQ(atoi(argv[0]), getpid());
	CHECK_EQ(atoi(argv[1]), getppid());
	CHECK_ERRNO(fcntl(atoi(argv[2]), F_GETFD), EBADF); /* close-on-exec */
	CHECK_EQ(fcntl(atoi(argv[3]), F_GETFD), 0);
	sigaction(SIGUSR1, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL);
	CHECK_EQ(action.sa_flags & SA_NODEFER, 0);
	sigaction(SIGUSR2, NULL, &action);
	CHECK(action.sa_handler == SIG_IGN);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	CHECK(sigismember(&mask, SIGTERM));
	sigpending(&pending);
	CHECK(sigismember(&pending, SIGTERM));
	sigaltstack(NULL, &stack);
	CHECK_EQ(stack.ss_flags, SS_DISABLE);
	prctl(PR_GET_NAME, comm);
	snprintf(name, sizeof(name), "%s", strrchr(guest_program, '/') + 1);
	CHECK_STR(comm, name);
	CHECK(alarm(0) > 30); /* alarms go on */
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 4);
	CHECK_EQ(umask(0), 031);
	int value = -1;

	prctl(PR_GET_PDEATHSIG, &value);
	CHECK_EQ(value, SIGHUP);
	return guest_counts->failed;
}

TEST(what_exec_keeps_and_resets)
{
	pid_t parent = getpid();

	CHECK_EXITED(IN_CHILD({
		char a[16], b[16], c[16], d[16];
		struct sigaction action = { .sa_handler = on_usr1, .sa_flags = SA_NODEFER };
		stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
		sigset_t set;
		int closed = open("/dev/null", O_RDONLY | O_CLOEXEC),
		    kept = open("/dev/null", O_RDONLY);

		sigaction(SIGUSR1, &action, NULL);
		signal(SIGUSR2, SIG_IGN);
		sigaltstack(&stack, NULL);
		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGTERM);
		alarm(50);
		nice(4);
		umask(031);
		prctl(PR_SET_NAME, "othername");
		prctl(PR_SET_PDEATHSIG, SIGHUP);
		sprintf(a, "%d", getpid());
		sprintf(b, "%d", parent);
		sprintf(c, "%d", closed);
		sprintf(d, "%d", kept);
		guest_exec_self("exec_check_state", a, b, c, d, NULL);
	}), 0);
}

TEST(script_with_interpreter)
{
	char *args[] = { "ignored", "arg1", NULL };

	guest_write_file("/tmp/exec_script",
			 "#!/bin/sh -e\n[ $# = 1 ] && [ \"$1\" = arg1 ] && [ \"$0\" = "
			 "/tmp/exec_script ] && exit 31\n",
			 0755);
	CHECK_EXITED(IN_CHILD({ execv("/tmp/exec_script", args); _exit(1); }), 31);
	guest_write_file("/tmp/exec_script", "#!  /bin/sh   \nexit 32\n", 0755);
	CHECK_EXITED(IN_CHILD({ execv("/tmp/exec_script", args); _exit(1); }), 32);
	guest_write_file("/tmp/exec_script", "#!/no/such/interpreter\n", 0755);
	CHECK_ERRNO(execv("/tmp/exec_script", args), ENOENT);
	guest_write_file("/tmp/exec_script", "#!\n", 0755);
	CHECK_ERRNO(execv("/tmp/exec_script", args), ENOEXEC);
	guest_write_file("/tmp/exec_script", "#!/tmp\n", 0755);
	CHECK_ERRNO(execv("/tmp/exec_script", args), EACCES);
	/* A script as the interpreter of a script. */
	guest_write_file("/tmp/exec_second", "#!/tmp/exec_third one two\n", 0755);
	guest_write_file("/tmp/exec_third",
			 "#!/bin/sh\n[ \"$1\" = 'one two' ] && [ \"$2\" = /tmp/exec_second ] && [ "
			 "$# = 3 ] && exit 33\n",
			 0755);
	CHECK_EXITED(IN_CHILD({ execv("/tmp/exec_second", args); _exit(1); }), 33);
	unlink("/tmp/exec_second");
	unlink("/tmp/exec_third");
	unlink("/tmp/exec_script");
}

TEST(script_loop_ends_with_eloop)
{
	char *args[] = { "x", NULL };

	guest_write_file("/tmp/exec_loop", "#!/tmp/exec_loop\n", 0755);
	CHECK_ERRNO(execv("/tmp/exec_loop", args), ELOOP);
	unlink("/tmp/exec_loop");
	for (int i = 0; i < 8; i++) {
		char name[32], text[64];

		sprintf(name, "/tmp/exec_chain%d", i);
		if (i == 0)
			sprintf(text, "#!/bin/sh\nexit 5\n");
		else
			sprintf(text, "#!/tmp/exec_chain%d\n", i - 1);
		guest_write_file(name, text, 0755);
	}
	CHECK_EXITED(IN_CHILD({ execv("/tmp/exec_chain4", args); _exit(1); }), 5);
	CHECK_ERRNO(execv("/tmp/exec_chain7", args), ELOOP);
	for (int i = 0; i < 8; i++) {
		char name[32];

		sprintf(name, "/tmp/exec_chain%d", i);
		unlink(name);
	}
}

TEST(argument_limits)
{
	static char one[131073], part[100001];
	char *args[] = { guest_program, "@exec_exit", "3", one, NULL };
	static char *many[100];

	memset(one, 'a', 131072);
	CHECK_ERRNO(execv(guest_program, args), E2BIG); /* one string of 32 pages and its zero */
	one[131071] = 0;
	CHECK_EXITED(IN_CHILD({ execv(guest_program, args); _exit(1); }), 3);
	/* All together: a quarter of the stack limit, at least 128 KiB. */
	struct rlimit limit = { 4 << 20, RLIM_INFINITY };

	memset(part, 'p', 100000);
	many[0] = guest_program;
	many[1] = "@exec_exit";
	many[2] = "4";
	for (int i = 3; i < 99; i++)
		many[i] = part;
	CHECK_EXITED(IN_CHILD({
		setrlimit(RLIMIT_STACK, &limit);
		CHECK_ERRNO(execv(guest_program, many), E2BIG);
		many[9] = NULL; /* 600 kB of 1 MiB */
		execv(guest_program, many);
	}), 4);
}

TEST(empty_argv_becomes_one_empty_string)
{
	char *none[] = { NULL };

	/* The main program of the tests exits with 78 when its argv is one empty string. */
	CHECK_EXITED(IN_CHILD({
		execve(guest_program, none, none);
		_exit(1);
	}), 78);
}

static char *const thread_args[] = { guest_program, "@exec_threads_target", NULL };

HELPER(exec_threads_target)
{
	int threads = guest_field("/proc/self/status", "Threads");

	CHECK_EQ(threads, 1);
	CHECK_EQ(getpid(), syscall(SYS_gettid));
	return threads == 1 && getpid() == syscall(SYS_gettid) ? 61 : 62;
}

static void *sleep_forever(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

static void *spin_forever(void *unused)
{
	for (;;)
		;
	return NULL;
}

static void *exec_from_thread(void *unused)
{
	execv(guest_program, thread_args);
	_exit(63);
}

TEST(exec_from_the_leader_ends_the_other_threads)
{
	pid_t pid = IN_CHILD({
		pthread_t thread;

		for (int i = 0; i < 5; i++)
			pthread_create(&thread, NULL, i % 2 ? sleep_forever : spin_forever, NULL);
		execv(guest_program, thread_args);
	});

	CHECK_EXITED(pid, 61);
}

TEST(exec_from_another_thread_takes_over_the_pid)
{
	for (int round = 0; round < 5; round++) {
		pid_t pid = IN_CHILD({
			pthread_t thread;

			for (int i = 0; i < 4; i++)
				pthread_create(&thread, NULL, i % 2 ? sleep_forever : spin_forever,
					       NULL);
			pthread_create(&thread, NULL, exec_from_thread, NULL);
			if (round % 2)
				spin_forever(NULL);
			sleep_forever(NULL);
		});

		CHECK_EXITED(pid, 61);
	}
}

TEST(exec_from_a_thread_after_the_leader_has_exited)
{
	pid_t pid = IN_CHILD({
		pthread_t thread;

		pthread_create(&thread, NULL, exec_from_thread, NULL);
		syscall(SYS_exit, 9);
	});

	CHECK_EXITED(pid, 61);
}

TEST(two_threads_exec_at_once)
{
	for (int round = 0; round < 5; round++) {
		pid_t pid = IN_CHILD({
			pthread_t thread;

			pthread_create(&thread, NULL, exec_from_thread, NULL);
			pthread_create(&thread, NULL, exec_from_thread, NULL);
			exec_from_thread(NULL);
		});

		CHECK_EXITED(pid, 61);
	}
}

TEST(failed_exec_keeps_threads)
{
	pid_t pid = IN_CHILD({
		pthread_t thread;
		char *args[] = { "x", NULL };

		pthread_create(&thread, NULL, sleep_forever, NULL);
		CHECK_ERRNO(execv("/no/such", args), ENOENT);
		CHECK_EQ(guest_field("/proc/self/status", "Threads"), 2);
	});

	CHECK_EXITED(pid, 0);
}

TEST(execveat_and_fexecve)
{
	char *args[] = { guest_program, "@exec_exit", "71", NULL };
	int fd = open(guest_program, O_PATH | O_CLOEXEC), dir;
	char folder[256];

	CHECK_EXITED(IN_CHILD({
			     syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
			     _exit(1);
		     }),
		     71);
	CHECK_EXITED(IN_CHILD({ fexecve(fd, args, environ); _exit(1); }), 71);
	CHECK_ERRNO(syscall(SYS_execveat, fd, "", args, environ, 0), ENOENT);
	CHECK_ERRNO(syscall(SYS_execveat, 999, "x", args, environ, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_execveat, fd, "x", args, environ, 0x40000), EINVAL);
	strcpy(folder, guest_program);
	*(strrchr(folder, '/') + 1) = 0;
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	CHECK_EXITED(IN_CHILD({
		syscall(SYS_execveat, dir, strrchr(guest_program, '/') + 1, args, environ, 0);
		_exit(1);
	}), 71);
	symlink(guest_program, "/tmp/exec_link");
	CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "/tmp/exec_link", args, environ,
			    AT_SYMLINK_NOFOLLOW),
		    ELOOP);
	CHECK_EXITED(IN_CHILD({ execv("/tmp/exec_link", args); _exit(1); }), 71);
	unlink("/tmp/exec_link");
}

HELPER(exec_check_auxv)
{
	CHECK_EQ(getauxval(AT_PAGESZ), PAGE);
	CHECK(getauxval(AT_PHDR) > 0x1000);
	CHECK(getauxval(AT_PHNUM) > 3);
	CHECK_EQ(getauxval(AT_PHENT), 56);
	CHECK_EQ(getauxval(AT_UID), getuid());
	CHECK_EQ(getauxval(AT_EUID), geteuid());
	CHECK_EQ(getauxval(AT_GID), getgid());
	CHECK_EQ(getauxval(AT_EGID), getegid());
	CHECK_EQ(getauxval(AT_CLKTCK), 100);
	CHECK_EQ(getauxval(AT_SECURE), 0);
	CHECK(getauxval(AT_RANDOM) > 0x1000);
	CHECK(getauxval(AT_SYSINFO_EHDR) > 0x1000);
	CHECK(getauxval(AT_HWCAP) != 0);
	CHECK_STR((char *)getauxval(AT_PLATFORM), "x86_64");
	CHECK_STR((char *)getauxval(AT_EXECFN), guest_program);
	CHECK(getauxval(AT_ENTRY) > 0x1000);
	CHECK_EQ(getauxval(AT_BASE), 0);
	CHECK_EQ((uintptr_t)__builtin_frame_address(0) & 15, 0);
	uint64_t random[2];

	memcpy(random, (void *)getauxval(AT_RANDOM), 16);
	CHECK(random[0] != 0 && random[0] != random[1]);
	return guest_counts->failed;
}

TEST(auxiliary_vector)
{
	CHECK_EXITED(IN_CHILD(guest_exec_self("exec_check_auxv", NULL)), 0);
}

TEST(file_being_written_is_busy)
{
	char *args[] = { "x", NULL };
	int fd = open("/tmp/exec_busy", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	CHECK_EQ(write(fd, "#!/bin/sh\nexit 7\n", 17), 17);
	CHECK_ERRNO(execv("/tmp/exec_busy", args), ETXTBSY);
	close(fd);
	CHECK_EXITED(IN_CHILD({ execv("/tmp/exec_busy", args); _exit(1); }), 7);
	unlink("/tmp/exec_busy");
	CHECK_ERRNO(open(guest_program, O_WRONLY), ETXTBSY);
}

TEST(set_user_id_bit)
{
	char copy[] = "/tmp/exec_suid", *args[] = { copy, "@exec_euid", NULL };
	char command[400];

	if (getuid())
		guest_skip("needs root");
	snprintf(command, sizeof(command), "cat %s > %s; ", guest_program, copy);
	CHECK_EQ(system(command), 0);
	CHECK_OK(chown(copy, 1234, 0));
	CHECK_OK(chmod(copy, 04755));
	struct stat st;

	CHECK_OK(stat(copy, &st));
	CHECK_EQ(st.st_mode & 07777, 04755);
	CHECK_EXITED(IN_CHILD({ setuid(1001); execv(copy, args); _exit(1); }), 1234 & 0xff);
	unlink(copy);
}

HELPER(exec_euid)
{
	return geteuid() == 1234 && getuid() == 1001 && getauxval(AT_SECURE) ? 1234 & 0xff : 99;
}

TEST(many_execs_in_a_row)
{
	for (int i = 0; i < 30; i++) {
		char code[8];

		sprintf(code, "%d", i);
		CHECK_EXITED(IN_CHILD(guest_exec_self("exec_exit", code, NULL)), i);
	}
}
