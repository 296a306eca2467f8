/* SPDX-License-Identifier: MIT */
/* A tree of processes: fork_tree N TOTAL. Each forks up to N children; all TOTAL live at once,
 * counted over a pipe. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int *born; /* shared by all */
static int go[2]; /* a pipe whose writing end the first process closes: they may end */
static int total, width;

/* The process number @self of the tree, 1 the root: children are width * (self - 1) + 2 and so on.
 * Returns its size. */
static int grow(int self, int announce)
{
	int size = 1, children = 0;

	__atomic_add_fetch(born, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < width; i++) {
		int child = width * (self - 1) + 2 + i;

		if (child > total)
			break;
		pid_t pid = fork();
		if (pid < 0) {
			perror("fork");
			exit(1);
		}
		if (pid == 0) {
			int below = grow(child, announce);

			_exit(below % 251);
		}
		children++;
	}
	if (write(announce, &(char){1}, 1) != 1)
		_exit(252);
	if (read(go[0], &(char){0}, 1) != 0)
		_exit(254);
	while (children--) {
		int status;

		if (wait(&status) < 0 || !WIFEXITED(status))
			_exit(253);
		size += WEXITSTATUS(status);
	}
	return size;
}

int main(int argc, char **argv)
{
	int announce[2], seen = 0;
	char bytes[512];
	pid_t pid;
	int status;

	width = atoi(argv[1]);
	total = atoi(argv[2]);
	born = mmap(NULL, sizeof(*born), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (born == MAP_FAILED || pipe(announce) || pipe(go))
		return 1;
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(grow(1, announce[1]) % 251);
	}
	close(announce[1]);
	while (seen < total) {
		ssize_t n = read(announce[0], bytes, sizeof(bytes));

		if (n <= 0)
			break;
		seen += n;
	}
	printf("%d processes alive at once, %d born\n", seen, *born);
	close(go[1]);
	waitpid(pid, &status, 0);
	printf("the sum of the statuses is %s\n", WEXITSTATUS(status) == total % 251 ? "right" : "wrong");
	errno = 0;
	printf("no child is left: %d\n", wait(NULL) == -1 && errno == ECHILD);
	return 0;
}
