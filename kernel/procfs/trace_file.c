/* SPDX-License-Identifier: MIT */
/*
 * /proc/quire/trace: the trace rings. Commands, one a write:
 *
 *	start [RECORDS]	record, from now on, into new rings of RECORDS (a power of two; 4096)
 *	stop		record no more; what was recorded stays readable
 *	clear		stop, and free the rings
 *
 * Reading gives struct trace_record (base/trace.h), CPU by CPU, from where the open file stands in
 * each ring; nothing when all was read. Where records were overwritten before they were read, one
 * of type TRACE_NONE has their number in a.
 */
#include "procfs/internal.h"
#include "base/trace.h"
#include "file/file.h"
#include "page/gfp.h"

#define DEFAULT_RECORDS 4096
#define MAX_RECORDS	((PAGE_SIZE << (MAX_ORDER - 1)) / sizeof(struct trace_record))
#define BATCH		(PAGE_SIZE / sizeof(struct trace_record))

static DEFINE_MUTEX(trace_mutex, RANK_EXEC); /* covers all below, and who reads the rings */
static struct trace_record *rings[NR_CPUS];
static unsigned int ring_order; /* of pages */
static u64 generation;		/* of the rings: an open file starts anew when they are new */

/* private_data of an open file. */
struct trace_reader {
	u64 generation, pos[NR_CPUS];
	struct trace_record *batch; /* PAGE_SIZE: records on their way out */
	size_t len, taken;	    /* bytes in batch; of these, given to the reader */
};

static void free_rings(void)
{
	/* Who saw the flag still set writes with interrupts off: a moment later it is done. */
	trace_stop();
	__set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(NSEC_PER_MSEC);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (!rings[cpu])
			continue;
		page_owner_add(OWNER_KERNEL, -(1L << ring_order));
		free_pages((unsigned long)rings[cpu], ring_order);
		rings[cpu] = NULL;
	}
}

static int start(unsigned long records)
{
	if (!records || records > MAX_RECORDS || (records & (records - 1)))
		return -EINVAL;
	free_rings();
	for (ring_order = 0; (PAGE_SIZE << ring_order) < records * sizeof(struct trace_record);)
		ring_order++;
	for (unsigned int cpu = 0; cpu < nr_possible_cpus; cpu++) {
		rings[cpu] = (void *)__get_free_pages(GFP_KERNEL | GFP_ZERO, ring_order);
		if (!rings[cpu]) {
			free_rings();
			return -ENOMEM;
		}
		page_owner_add(OWNER_KERNEL, 1L << ring_order);
	}
	generation++;
	trace_start(rings, records);
	return 0;
}

static int command(char *line)
{
	char *argument = skip_spaces(line + strcspn(line, " \t"));
	unsigned long records = DEFAULT_RECORDS;

	if (strstarts(line, "start")) {
		if (*argument && kstrtoul(argument, 0, &records))
			return -EINVAL;
		return start(records);
	}
	if (!strcmp(line, "stop")) {
		trace_stop();
		return 0;
	}
	if (strcmp(line, "clear"))
		return -EINVAL;
	free_rings();
	return 0;
}

static ssize_t trace_write_command(struct file *file, struct iov_iter *from, loff_t *pos)
{
	size_t len = from->count;
	char line[64];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_iter(line, len, from) != len)
		return -EFAULT;
	line[len] = 0;
	mutex_lock(&trace_mutex);
	err = command(strim(line));
	mutex_unlock(&trace_mutex);
	return err ?: (ssize_t)len;
}

static void trace_release(struct inode *inode, struct file *file)
{
	struct trace_reader *reader = file->private_data;

	kfree(reader->batch);
	kfree(reader);
}

static int trace_open(struct inode *inode, struct file *file)
{
	struct trace_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);

	if (!reader)
		return -ENOMEM;
	reader->batch = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!reader->batch) {
		kfree(reader);
		return -ENOMEM;
	}
	file->private_data = reader;
	return 0;
}

/* The next records of @cpu into the batch; false: there are none. trace_mutex held. */
static bool fill_batch(struct trace_reader *reader, unsigned int cpu)
{
	struct trace_record *buf = reader->batch;
	u64 lost = 0;
	unsigned int n;

	if (!rings[cpu])
		return false;
	n = trace_read(cpu, &reader->pos[cpu], buf + 1, BATCH - 1, &lost);
	if (lost) {
		buf[0] = (struct trace_record){
			.type = TRACE_NONE, .cpu = cpu, .time = n ? buf[1].time : 0, .a = lost};
		n++;
	} else {
		memmove(buf, buf + 1, n * sizeof(*buf));
	}
	reader->len = n * sizeof(*buf);
	reader->taken = 0;
	return n;
}

/* trace_mutex held. */
static ssize_t read_rings(struct trace_reader *reader, struct iov_iter *to)
{
	unsigned int cpu = 0;
	ssize_t done = 0;

	if (reader->generation != generation) {
		reader->generation = generation;
		memset(reader->pos, 0, sizeof(reader->pos));
		reader->len = reader->taken = 0;
	}
	while (to->count) {
		size_t want = min(to->count, reader->len - reader->taken), n;

		if (!want) {
			while (cpu < NR_CPUS && !fill_batch(reader, cpu))
				cpu++;
			if (cpu == NR_CPUS)
				break;
			continue;
		}
		n = copy_to_iter((char *)reader->batch + reader->taken, want, to);
		reader->taken += n;
		done += n;
		if (n < want)
			return done ?: -EFAULT;
	}
	return done;
}

static ssize_t trace_read_records(struct file *file, struct iov_iter *to, loff_t *pos)
{
	ssize_t n;

	mutex_lock(&trace_mutex);
	n = read_rings(file->private_data, to);
	mutex_unlock(&trace_mutex);
	if (n > 0)
		*pos += n;
	return n;
}

const struct file_operations trace_operations = {
	.open = trace_open,
	.release = trace_release,
	.read_iter = trace_read_records,
	.write_iter = trace_write_command,
};
