/* SPDX-License-Identifier: MIT */
/*
 * /proc/quire/audit: reading it recounts the world (mm_audit, which includes page_audit, and
 * slab_audit) and shows who holds the memory, the problems found and, last, their number.
 *
 * The recount believes that nothing else changes meanwhile. Programs that run on other CPUs make it
 * see differences that are none: a count that does not come out right is made again a few times.
 * Read it when the machine is quiet.
 */
#include "procfs/internal.h"
#include "base/printk.h"

#define AUDIT_ATTEMPTS 3
#define AUDIT_PAUSE    (20 * NSEC_PER_MSEC)

static DEFINE_MUTEX(audit_mutex, RANK_EPOLL);

/* Recount; *log is where in the kernel log the problems begin. */
static unsigned int recount(struct log_cursor *log)
{
	unsigned int problems = 0;

	for (int i = 0; i < AUDIT_ATTEMPTS; i++) {
		log_seek(log, LOG_END);
		problems = mm_audit() + slab_audit();
		if (!problems)
			break;
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(AUDIT_PAUSE);
	}
	return problems;
}

static void show_owners(struct seq_file *m)
{
	static const char *const names[NR_PAGE_OWNERS] = {
		[OWNER_ANON] = "anon",	   [OWNER_FILE] = "file", [OWNER_SHMEM] = "shmem",
		[OWNER_TABLE] = "table",   [OWNER_SLAB] = "slab", [OWNER_STACK] = "stack",
		[OWNER_KERNEL] = "kernel",
	};
	unsigned long sum = nr_free_pages() + reserved_pages();

	seq_printf(m, "pages\nfree     %lu\nreserved %lu\n", nr_free_pages(), reserved_pages());
	for (int i = 0; i < NR_PAGE_OWNERS; i++) {
		long pages = page_owner_count(i);

		seq_printf(m, "%-8s %ld\n", names[i], pages);
		sum += pages;
	}
	seq_printf(m, "sum      %lu\ntotal    %lu\n", sum, totalram_pages());
}

int audit_show(struct seq_file *m)
{
	unsigned int problems;
	struct log_cursor log;
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	mutex_lock(&audit_mutex);
	problems = recount(&log);
	show_owners(m);
	while (problems && log_read_line(&log, buf, PAGE_SIZE) > 0)
		seq_printf(m, "%s\n", strchrnul(buf, '['));
	seq_printf(m, "%u problems\n", problems);
	mutex_unlock(&audit_mutex);
	kfree(buf);
	return 0;
}
