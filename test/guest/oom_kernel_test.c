/* SPDX-License-Identifier: MIT */
/* Memory runs out while the victim, or another, is in the kernel, or several threads are at it. */
#include "oom.h"
#include <pthread.h>

TEST(a_sleeper_in_the_kernel_dies)
{
	needs_small_machine();
	struct stage *s = new_stage();
	int fds[2];
	char byte;

	CHECK_OK(pipe(fds));
	pid_t reader = IN_CHILD({
		hold(part(50));
		s->ready[0] = 1;
		read(fds[0], &byte, 1);
	});

	CHECK(WAIT_UNTIL(s->ready[0]));
	/* It grows into the rest, which is less. */
	pid_t eater = IN_CHILD(hold(part(48)); s->ready[1] = 1; pause());

	CHECK_KILLED(reader, SIGKILL);
	CHECK(WAIT_UNTIL(s->ready[1]));
	end(eater);
}

TEST(a_parent_asleep_in_vfork_dies_with_its_child)
{
	needs_small_machine();
	struct stage *s = new_stage();
	pid_t parent = IN_CHILD({
		hold(part(50));
		pid_t pid = vfork();

		if (!pid) {
			s->pid = getpid();
			for (;;)
				pause();
		}
	});

	CHECK(WAIT_UNTIL(s->pid));
	pid_t eater = IN_CHILD(hold(part(48)); s->ready[1] = 1; pause());

	CHECK_KILLED(parent, SIGKILL);
	CHECK(WAIT_UNTIL(kill(s->pid, 0) == -1 || guest_task_state(s->pid) == 'Z'));
	CHECK(WAIT_UNTIL(s->ready[1]));
	end(eater);
}

static void *eating_thread(void *unused)
{
	eat();
	return NULL;
}

TEST(a_thread_group_dies_as_one)
{
	needs_small_machine();
	struct stage *s = new_stage();
	pid_t bystander = sleeper(s, 0, MIB, "0");

	CHECK_DIES(SIGKILL, {
		pthread_t t;

		for (int i = 0; i < 4; i++)
			pthread_create(&t, NULL, eating_thread, NULL);
		for (;;)
			pause();
	});
	CHECK_EQ(guest_task_state(bystander), 'S');
	end(bystander);
}

/* Processes that are forked while another eats all there is are not refused: the eater goes. */
TEST(forks_beside_an_eater_do_not_fail)
{
	needs_small_machine();
	pid_t eater = IN_CHILD(hold(part(70)); eat());
	int forks = 0;

	while (waitpid(eater, NULL, WNOHANG) == 0) {
		int fds[2];
		pid_t pid = fork();

		if (!pid)
			_exit(pipe(fds) ? 1 : 0);
		CHECK(pid > 0);
		CHECK_EXITED(pid, 0);
		forks++;
		guest_sleep_ms(1);
	}
	CHECK(forks > 0);
}

/* What the kernel writes for a victim must be what the victim had, or nothing. */
TEST(a_killed_writer_leaves_no_zeros_in_its_file)
{
	needs_small_machine();
	char path[] = "/tmp/oom_writer_XXXXXX";
	int fd = mkstemp(path), bad = 0;
	char buffer[4096];

	REQUIRE(fd >= 0);
	CHECK_DIES(SIGKILL, {
		pthread_t t;
		size_t size = part(20);
		char *p = mmap(NULL, size, RW, ANON, -1, 0);

		memset(p, 'w', size);
		for (int i = 0; i < 2; i++)
			pthread_create(&t, NULL, eating_thread, NULL);
		for (;;)
			pwrite(fd, p, part(5), 0);
	});
	lseek(fd, 0, SEEK_SET);
	for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;) {
		for (ssize_t i = 0; i < n; i++)
			bad += buffer[i] != 'w';
	}
	CHECK_EQ(bad, 0);
	close(fd);
	unlink(path);
}
