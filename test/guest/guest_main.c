/* SPDX-License-Identifier: MIT */
/* The main program of the guest tests: runs each test of a subject in a child and prints the
 * counts. */
#include "guest.h"
#include <setjmp.h>
#include <sys/utsname.h>

extern const struct guest_test *const __start_guest_tests[], *const __stop_guest_tests[];
extern const struct guest_helper *const __start_guest_helpers[], *const __stop_guest_helpers[];

struct guest_counts *guest_counts;
char guest_program[256];
int last_fault_signal, last_fault_code;
void *last_fault_address;

static const char *current_test = "";

bool guest_check(bool ok, const char *file, int line, const char *format, ...)
{
	char text[600];
	va_list args;
	const char *base = strrchr(file, '/');

	if (ok) {
		__atomic_add_fetch(&guest_counts->passed, 1, __ATOMIC_RELAXED);
		return true;
	}
	__atomic_add_fetch(&guest_counts->failed, 1, __ATOMIC_RELAXED);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("FAIL %s:%d: %s: %s\n", base ? base + 1 : file, line, current_test, text);
	fflush(stdout);
	return false;
}

void guest_give_up(void)
{
	fflush(stdout);
	_exit(0); /* the failed check is counted already */
}

void guest_skip(const char *why)
{
	__atomic_add_fetch(&guest_counts->skipped, 1, __ATOMIC_RELAXED);
	printf("skipped %s: %s\n", current_test, why);
	fflush(stdout);
	_exit(0);
}

bool guest_is_quire(void)
{
	struct utsname u;

	return uname(&u) == 0 && strstr(u.release, "quire");
}

int guest_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return -1;
	return status;
}

void guest_exec_self(const char *helper, ...)
{
	char name[64], *argv[32] = { guest_program, name };
	va_list args;
	int n = 2;

	snprintf(name, sizeof(name), "@%s", helper);
	va_start(args, helper);
	while (n < 31 && (argv[n] = va_arg(args, char *)))
		n++;
	va_end(args);
	argv[n] = NULL;
	execv(guest_program, argv);
}

uint64_t guest_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void guest_sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

char guest_task_state(pid_t pid)
{
	char path[64];
	const char *text;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	text = strrchr(guest_read_file(path), ')');
	return text ? text[2] : 0;
}

void guest_write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	size_t length = strlen(text);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, length), length);
	fchmod(fd, mode);
	close(fd);
}

bool guest_vma_has_flag(const void *at, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512], word[8];
	bool here = false, found = false;
	unsigned long start, end;

	snprintf(word, sizeof(word), " %s ", flag);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start <= (unsigned long)at && (unsigned long)at < end;
		else if (here && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, word);
	}
	fclose(f);
	return found;
}

const char *guest_read_file(const char *path)
{
	static char buffer[65536];
	size_t length = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* A file of /proc is made before it is copied here: the pages it lands on must be resident by
	 * then, or the next reading of a memory figure differs by them. */
	memset(buffer, 0, sizeof(buffer));
	while (fd >= 0 && (n = read(fd, buffer + length, sizeof(buffer) - 1 - length)) > 0)
		length += n;
	if (fd >= 0)
		close(fd);
	buffer[length] = 0;
	return buffer;
}

long guest_field(const char *path, const char *key)
{
	const char *line = guest_read_file(path);
	size_t length = strlen(key);

	while (line) {
		if (!strncmp(line, key, length) && line[length] == ':')
			return strtol(line + length + 1, NULL, 10);
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return -1;
}

void *guest_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

void *guest_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

static sigjmp_buf fault_jump;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	last_fault_signal = signo;
	last_fault_code = info->si_code;
	last_fault_address = info->si_addr;
	siglongjmp(fault_jump, 1);
}

static bool access_survives(volatile char *address, bool write)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, segv, bus;
	bool ok = false;

	last_fault_signal = last_fault_code = 0;
	last_fault_address = NULL;
	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	if (!sigsetjmp(fault_jump, 1)) {
		char c = *address;

		if (write)
			*address = c;
		ok = true;
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return ok;
}

bool guest_can_read(const volatile void *address)
{
	return access_survives((volatile char *)address, false);
}

bool guest_can_write(volatile void *address)
{
	return access_survives(address, true);
}

bool guest_is_mapped(const void *address, char perms[5])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], p[5];
	unsigned long start, end;
	bool found = false;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, p) != 3)
			continue;
		if ((unsigned long)address < start || (unsigned long)address >= end)
			continue;
		if (perms)
			memcpy(perms, p, 5);
		found = true;
		break;
	}
	if (maps)
		fclose(maps);
	return found;
}

static bool is_subject(const struct guest_test *test, const char *subject)
{
	const char *base = strrchr(test->file, '/');
	size_t length = strlen(subject);

	base = base ? base + 1 : test->file;
	return !strncmp(base, subject, length) && !strcmp(base + length, "_test.c");
}

void guest_set_oom_score(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	ssize_t n = write(fd, score,
			  strlen(score)); /* refused without CAP_SYS_RESOURCE: as good as one can */

	(void)n;
	close(fd);
}

static void run_test(const struct guest_test *test)
{
	uint64_t start = guest_now();
	double seconds;
	pid_t pid;
	int status;

	fflush(stdout);
	current_test = test->name;
	pid = fork();
	if (pid == 0) {
		if (getuid() == 0)
			guest_set_oom_score("0");
		/* Not an orphaned group: its parent is of the same session and another group. */
		setpgid(0, 0);
		alarm(40);
		test->run();
		fflush(stdout);
		_exit(0);
	}
	status = pid > 0 ? guest_wait(pid) : -1;
	seconds = (guest_now() - start) / 1e9;
	if (seconds > 2)
		printf("slow: %s took %.1f s\n", test->name, seconds);
	guest_check(status == 0, test->file, 0, "the test ended with status %#x", status);
}

static int run_subject(const char *subject, const char *only)
{
	int found = 0;

	for (const struct guest_test *const *t = __start_guest_tests; t < __stop_guest_tests; t++) {
		if (!is_subject(*t, subject) || (only && strcmp((*t)->name, only)))
			continue;
		found++;
		run_test(*t);
	}
	if (!found) {
		printf("no test of %s\n", subject);
		return 2;
	}
	if (guest_counts->skipped)
		printf("%d passed, %d failed, %d skipped\n", guest_counts->passed,
		       guest_counts->failed, guest_counts->skipped);
	else
		printf("%d passed, %d failed\n", guest_counts->passed, guest_counts->failed);
	return guest_counts->failed ? 1 : 0;
}

static int list_subjects(void)
{
	const char *last = "";

	for (const struct guest_test *const *t = __start_guest_tests; t < __stop_guest_tests; t++) {
		const char *base = strrchr((*t)->file, '/');

		base = base ? base + 1 : (*t)->file;
		if (strcmp(base, last))
			printf("%.*s\n", (int)(strlen(base) - strlen("_test.c")), base);
		last = base;
	}
	return 0;
}

int main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", guest_program, sizeof(guest_program) - 1);

	if (argc == 1 && argv[0] && !argv[0][0])
		return 78; /* see empty_argv_becomes_one_empty_string */
	if (n <= 0)
		snprintf(guest_program, sizeof(guest_program), "%s", argv[0]);
	guest_counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (guest_counts == MAP_FAILED) {
		perror("guest-tests: mmap of the counters");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && argv[1][0] == '@') {
		for (const struct guest_helper *const *h = __start_guest_helpers;
		     h < __stop_guest_helpers; h++)
			if (!strcmp((*h)->name, argv[1] + 1))
				return (*h)->run(argc - 2, argv + 2);
		return 99;
	}
	syscall(SYS_close_range, 3, ~0U, 0); /* tests count descriptors */
	/* The program that counts must not be the one that is killed when memory ends. */
	if (getuid() == 0)
		guest_set_oom_score("-1000");
	if (argc > 1 && strcmp(argv[1], "--list"))
		return run_subject(argv[1], argc > 2 ? argv[2] : NULL);
	return list_subjects();
}
