/* SPDX-License-Identifier: MIT */
/* The supervisor of pressure.h: options, processes, the watchdog, and the figures at the end. */
#include "pressure.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options options = {
	.seconds = 10,
	.mib = 300,
	.processes = 4,
	.threads = 2,
	.intensity = 25,
	.seed = 1,
	.stall_seconds = 10,
};
struct control *control;

static const char usage[] =
	"pressure [--seconds N] [--mib N] [--seed N] [--processes N] [--threads N] [--intensity "
	"PERCENT]\n"
	"         [--disk FILE] [--swapoff-random DEVICE] [--drop-caches] [--fail] [--stall "
	"SECONDS]\n"
	"pressure --make-disk FILE MIB    write the image that --disk expects\n";

enum {
	OPTION_DISK = 256,
	OPTION_SWAP,
	OPTION_DROP,
	OPTION_FAIL,
	OPTION_STALL,
	OPTION_MAKE_DISK,
	OPTION_EXEC_CHECK
};

static const struct option long_options[] = {
	{"seconds", required_argument, NULL, 's'},
	{"mib", required_argument, NULL, 'm'},
	{"seed", required_argument, NULL, 'r'},
	{"processes", required_argument, NULL, 'p'},
	{"threads", required_argument, NULL, 't'},
	{"intensity", required_argument, NULL, 'i'},
	{"disk", required_argument, NULL, OPTION_DISK},
	{"swapoff-random", required_argument, NULL, OPTION_SWAP},
	{"drop-caches", no_argument, NULL, OPTION_DROP},
	{"fail", no_argument, NULL, OPTION_FAIL},
	{"stall", required_argument, NULL, OPTION_STALL},
	{"make-disk", required_argument, NULL, OPTION_MAKE_DISK},
	{"exec-check", required_argument, NULL, OPTION_EXEC_CHECK},
	{0},
};

static unsigned int bounded(const char *text, unsigned int least, unsigned int most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*end || n < least || n > most) {
		fprintf(stderr, "pressure: %s: not a number from %u to %u\n", text, least, most);
		exit(2);
	}
	return n;
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			options.seconds = bounded(optarg, 1, 1000000);
			break;
		case 'm':
			options.mib = bounded(optarg, 8, 1000000);
			break;
		case 'r':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			options.processes = bounded(optarg, 1, MAX_WORKERS);
			break;
		case 't':
			options.threads = bounded(optarg, 1, MAX_THREADS);
			break;
		case 'i':
			options.intensity = bounded(optarg, 0, 100);
			break;
		case OPTION_DISK:
			options.disk = optarg;
			break;
		case OPTION_SWAP:
			options.second_swap = optarg;
			break;
		case OPTION_DROP:
			options.drop_caches = true;
			break;
		case OPTION_FAIL:
			options.fail = true;
			break;
		case OPTION_STALL:
			options.stall_seconds = bounded(optarg, 1, 1000);
			break;
		case OPTION_EXEC_CHECK:
			exit(exec_check(strtoull(optarg, NULL, 0)));
		case OPTION_MAKE_DISK:
			if (optind < argc && !make_disk(optarg, bounded(argv[optind], 1, 65536)))
				exit(0);
			perror(optarg);
			exit(1);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static unsigned long long vmstat(const char *name)
{
	char line[128];
	unsigned long long value = 0;
	size_t length = strlen(name);
	FILE *f = fopen("/proc/vmstat", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, length) && line[length] == ' ')
			value = strtoull(line + length, NULL, 10);
	if (f)
		fclose(f);
	return value;
}

/* Allocations that failed because they were told to. */
static unsigned long long injected(void)
{
	unsigned long long n = 0;
	FILE *f = options.fail ? fopen("/proc/quire/fail_nth", "re") : NULL;

	if (f && fscanf(f, "%llu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static uint64_t progress(unsigned int worker)
{
	return control->worker[worker].verified + control->worker[worker].written;
}

static void show_file(const char *path)
{
	char line[200];
	FILE *f = fopen(path, "re");

	printf("%s:\n", path);
	while (f && fgets(line, sizeof(line), f))
		printf("  %s", line);
	if (f)
		fclose(f);
}

/* Nobody gets on: what the machine looks like, for the one who has to find out why. */
static void report_stall(const pid_t *pids, double seconds)
{
	char path[64];

	error("no progress for %.1f s", seconds);
	for (unsigned int i = 0; i < options.processes; i++) {
		snprintf(path, sizeof(path), "/proc/%d/stat", pids[i]);
		show_file(path);
		snprintf(path, sizeof(path), "/proc/%d/wchan", pids[i]);
		show_file(path);
	}
	show_file("/proc/meminfo");
	show_file("/proc/vmstat");
	fflush(stdout);
}

static void reap_workers(pid_t *pids, unsigned int *left)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned int i = 0; i <= options.processes; i++) {
			if (pids[i] != pid)
				continue;
			pids[i] = 0;
			--*left;
			if (status && !atomic_load(&control->errors))
				error("%s %d ended by %s %d",
				      i < options.processes ? "worker" : "churner", pid,
				      WIFSIGNALED(status) ? "signal" : "exit",
				      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		}
	}
}

/* Until all workers have ended, or nobody gets on. The longest time without progress: of all
 * together, and of a single worker. */
static void supervise(pid_t *pids, double *all, double *single)
{
	double end = 0, began = now(), last[MAX_WORKERS], last_all = began;
	uint64_t seen[MAX_WORKERS] = {0};
	unsigned int left = options.processes + 1;

	for (unsigned int i = 0; i < MAX_WORKERS; i++)
		last[i] = began;
	while (left) {
		double at;

		usleep(50000);
		at = now();
		if (!end && control->ready == options.processes * options.threads)
			end = at + options.seconds;
		if (end && at > end)
			atomic_store(&control->stop, 1);
		for (unsigned int i = 0; i < options.processes; i++) {
			uint64_t n = progress(i);

			if (n != seen[i] || !pids[i]) {
				if (pids[i] && at - last[i] > *single)
					*single = at - last[i];
				last[i] = at;
				seen[i] = n;
			}
			if (last[i] > last_all) {
				if (last[i] - last_all > *all)
					*all = last[i] - last_all;
				last_all = last[i];
			}
		}
		if (at - last_all > options.stall_seconds) {
			report_stall(pids, at - last_all);
			return;
		}
		reap_workers(pids, &left);
	}
}

static int summarize(double seconds, double all, double single, const unsigned long long *before)
{
	struct worker_counts sum = {0};

	for (unsigned int i = 0; i < MAX_WORKERS; i++) {
		sum.verified += control->worker[i].verified;
		sum.written += control->worker[i].written;
		sum.churn += control->worker[i].churn;
		sum.forks += control->worker[i].forks;
		sum.execs += control->worker[i].execs;
		sum.refused += control->worker[i].refused;
	}
	printf("pressure: seed %llu, %u processes of %u threads, %u MiB, %.1f s: %llu pages "
	       "verified, %llu written; "
	       "%llu mapping changes, %llu forks, %llu execs; swap in %llu, out %llu, major faults "
	       "%llu; "
	       "calls refused %llu, failures injected %llu; swap turned %llu times, refused %llu, "
	       "longest %.1f s; "
	       "caches dropped %llu; "
	       "longest wait %.1f s, of one worker %.1f s; errors %d\n",
	       (unsigned long long)options.seed, options.processes, options.threads, options.mib,
	       seconds, (unsigned long long)sum.verified, (unsigned long long)sum.written,
	       (unsigned long long)sum.churn, (unsigned long long)sum.forks,
	       (unsigned long long)sum.execs, vmstat("pswpin") - before[0],
	       vmstat("pswpout") - before[1], vmstat("pgmajfault") - before[2],
	       (unsigned long long)sum.refused, injected(), (unsigned long long)control->swap_turns,
	       (unsigned long long)control->swap_refused, control->longest_turn / 1000.0,
	       (unsigned long long)control->cache_drops, all, single, control->errors);
	return control->errors ? 1 : 0;
}

static pid_t start(void (*run)(unsigned int), unsigned int number)
{
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		run(number);
	}
	if (pid < 0) {
		perror("pressure: fork");
		exit(1);
	}
	return pid;
}

static void churner(unsigned int number)
{
	(void)number;
	run_churner();
}

static void worker(unsigned int number)
{
	run_worker(number);
}

int main(int argc, char **argv)
{
	unsigned long long before[3] = {vmstat("pswpin"), vmstat("pswpout"), vmstat("pgmajfault")};
	pid_t pids[MAX_WORKERS + 1] = {0}, killed[MAX_WORKERS + 1];
	double began = now(), all = 0, single = 0;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	/* The watchdog must not itself wait for its memory. */
	if (control == MAP_FAILED || mlock(control, sizeof(*control)) || mlockall(MCL_CURRENT)) {
		perror("pressure: memory of the supervisor");
		return 1;
	}
	make_shared(options.mib * (MIB / PAGE) * 12 / 100);
	for (unsigned int i = 0; i < options.processes; i++)
		pids[i] = start(worker, i);
	pids[options.processes] = start(churner, 0);
	memcpy(killed, pids, sizeof(pids));
	supervise(pids, &all, &single);
	if (!control->errors)
		verify_shared();
	for (unsigned int i = 0; i <= options.processes; i++)
		if (killed[i] > 0)
			kill(-killed[i], SIGKILL);
	return summarize(now() - began, all, single, before);
}
