/* SPDX-License-Identifier: MIT */
/* Memory in use while a shell waits for its first command. */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long meminfo_kib(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long kib = 0;
	char line[128];

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			CHECK(sscanf(line + strlen(name), "%lu", &kib) == 1);
	fclose(f);
	CHECK(kib);
	return kib;
}

void memory_at_prompt(void)
{
	static char *const argv[] = { "sh", "-i", NULL };
	char seen[256] = "";
	int in[2], out[2];
	size_t len;
	pid_t pid;

	CHECK(!pipe(in) && !pipe(out));
	pid = vfork();
	if (!pid) {
		dup2(in[0], 0), dup2(out[1], 1), dup2(out[1], 2);
		close(in[0]), close(in[1]), close(out[0]), close(out[1]);
		execv("/bin/busybox", argv);
		_exit(1);
	}
	close(in[0]), close(out[1]);
	for (len = 0; !strstr(seen, "# ");) {
		ssize_t got = read(out[0], seen + len, sizeof(seen) - 1 - len);

		CHECK(got > 0);
		len += got;
		seen[len] = 0;
	}
	printf("BENCH free_at_prompt_kib %lu\n", meminfo_kib("MemFree:"));
	CHECK(write(in[1], "exit 7\n", 7) == 7);
	wait_for(pid, 7);
}
