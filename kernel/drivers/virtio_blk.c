/* SPDX-License-Identifier: MIT */
/*
 * Virtio block devices (Virtio 1.2, 5.2): /dev/vda, /dev/vdb... in the order they are found.
 *
 * One queue. A request is a chain of a header, the pages (those that adjoin as one piece), and a
 * byte of status; headers and status bytes are there for each entry of the ring from the start, so
 * that a request needs no memory. What does not fit into the ring waits in blk->waiting.
 *
 *	vq->lock	the ring, slots, waiting, the device's statistics
 */
#include "drivers/virtio.h"
#include "fs/blkdev.h"
#include "mm/block_io.h"
#include "page/slab.h"
#include "base/printk.h"
#include "sched/sched.h"
#include "lib/err.h"
#include "lib/vsprintf.h"
#include "abi/errno.h"

#define F_SEG_MAX  (1ull << 2)
#define F_RO	   (1ull << 5)
#define F_BLK_SIZE (1ull << 6)
#define F_FLUSH	   (1ull << 9)

#define CONFIG_CAPACITY 0 /* u64: sectors of 512 bytes */
#define CONFIG_SEG_MAX	12
#define CONFIG_BLK_SIZE 20

#define TYPE_IN	   0
#define TYPE_OUT   1
#define TYPE_FLUSH 4
#define STATUS_OK  0

#define VIRTBLK_MAJOR  254
#define VIRTBLK_MINORS 16
#define RING_SIZE      256
#define MAX_DISKS      26

/* Of the request whose chain begins with this entry of the ring. */
struct slot {
	/* The header. */
	u32 type, priority;
	u64 sector;
	u8 status;
	struct block_io *io;
};

struct virtio_blk {
	struct block_device bdev;
	struct virtio_device *dev;
	struct virtqueue *vq;
	struct slot *slots;
	struct list_head waiting; /* of block_io, oldest first */
	unsigned int max_pieces;  /* of data in a request */
	char name[8];
};

static unsigned int nr_disks;

/* ---- Requests -------------------------------------------------------------------------------- */

static u32 request_type(const struct block_io *io)
{
	if (!io->nr)
		return TYPE_FLUSH;
	return io->write ? TYPE_OUT : TYPE_IN;
}

/* The pages of @io as pieces of memory; how many. */
static unsigned int gather_pieces(const struct block_io *io, struct virtio_buf *pieces)
{
	unsigned long left = block_io_bytes(io);
	unsigned int i, n = 0;

	for (i = 0; i < io->nr && left; i++) {
		unsigned long len = min(left, PAGE_SIZE);

		if (n && io->pages[i] == io->pages[i - 1] + 1) {
			pieces[n - 1].len += len;
		} else {
			pieces[n].addr = page_address(io->pages[i]);
			pieces[n++].len = len;
		}
		left -= len;
	}
	return n;
}

/* Put @io into the ring; false: no room now. vq->lock held. */
static bool start_request(struct virtio_blk *blk, struct block_io *io)
{
	struct virtio_buf bufs[BLOCK_IO_PAGES + 2];
	struct virtqueue *vq = blk->vq;
	struct slot *slot = &blk->slots[vq->free_head];
	unsigned int n, out;

	if (vq->num_free < io->nr + 2)
		return false;
	slot->type = request_type(io);
	slot->priority = 0;
	slot->sector = io->sector;
	slot->io = io;
	bufs[0] = (struct virtio_buf){.addr = slot, .len = offsetof(struct slot, status)};
	n = 1 + gather_pieces(io, bufs + 1);
	bufs[n] = (struct virtio_buf){.addr = &slot->status, .len = 1};
	out = io->write ? n : 1;
	return virtqueue_add(vq, bufs, out, n + 1 - out, slot) == 0;
}

static void virtio_blk_submit(struct block_io *io)
{
	struct virtio_blk *blk = io->bdev->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&blk->vq->lock, flags);
	block_io_started(io);
	if (list_empty(&blk->waiting) && start_request(blk, io))
		virtqueue_kick(blk->vq);
	else
		list_add_tail(&io->link, &blk->waiting);
	spin_unlock_irqrestore(&blk->vq->lock, flags);
}

/* Requests that the device has done go to @done, those that waited for room take it. vq->lock
 * held. */
static void turn_ring(struct virtio_blk *blk, struct list_head *done)
{
	struct slot *slot;
	bool started = false;
	u32 len;

	while ((slot = virtqueue_get(blk->vq, &len))) {
		struct block_io *io = slot->io;

		if (unlikely(slot->status != STATUS_OK))
			io->error = -EIO;
		block_io_finished(io);
		list_add_tail(&io->link, done);
	}
	while (!list_empty(&blk->waiting)) {
		struct block_io *io = list_first_entry(&blk->waiting, struct block_io, link);

		if (!start_request(blk, io))
			break;
		list_del(&io->link);
		started = true;
	}
	if (started)
		virtqueue_kick(blk->vq);
}

static void blk_interrupt(struct virtqueue *vq)
{
	struct virtio_blk *blk = vq->private;
	LIST_HEAD(done);
	unsigned long flags;

	spin_lock_irqsave(&vq->lock, flags);
	turn_ring(blk, &done);
	spin_unlock_irqrestore(&vq->lock, flags);
	while (!list_empty(&done)) {
		struct block_io *io = list_first_entry(&done, struct block_io, link);

		list_del(&io->link);
		io->done(io);
	}
}

static void complete_flush(struct block_io *io)
{
	complete(io->private);
}

/* A request without pages. */
static int virtio_blk_flush(struct block_device *bdev)
{
	struct virtio_blk *blk = bdev->driver_data;
	struct completion completion;
	struct block_io io = {.bdev = bdev, .done = complete_flush, .private = &completion};

	if (!(blk->dev->features & F_FLUSH))
		return 0; /* what is written lasts */
	init_completion(&completion);
	virtio_blk_submit(&io);
	wait_for_completion(&completion);
	return io.error;
}

static const struct block_device_operations virtio_blk_ops = {
	.submit = virtio_blk_submit,
	.flush = virtio_blk_flush,
};

/* ---- Set-up ---------------------------------------------------------------------------------- */

static int set_up_queue(struct virtio_blk *blk)
{
	struct virtqueue *vq = virtio_find_vq(blk->dev, 0, RING_SIZE, blk_interrupt);

	if (IS_ERR(vq))
		return PTR_ERR(vq);
	/* A request's pieces are given to the device in one go. */
	if (vq->num < BLOCK_IO_PAGES + 2)
		return -ENODEV;
	blk->slots = kcalloc(vq->num, sizeof(*blk->slots), GFP_KERNEL);
	if (!blk->slots)
		return -ENOMEM;
	vq->private = blk;
	blk->vq = vq;
	return 0;
}

static void read_config(struct virtio_blk *blk)
{
	u32 seg_max = BLOCK_IO_PAGES, block_size = 512;
	u64 sectors;

	virtio_config_read(blk->dev, CONFIG_CAPACITY, &sectors, sizeof(sectors));
	blk->bdev.bytes = sectors << SECTOR_SHIFT;
	blk->bdev.read_only = blk->bdev.host_read_only = blk->dev->features & F_RO;
	if (blk->dev->features & F_SEG_MAX)
		virtio_config_read(blk->dev, CONFIG_SEG_MAX, &seg_max, sizeof(seg_max));
	if (blk->dev->features & F_BLK_SIZE)
		virtio_config_read(blk->dev, CONFIG_BLK_SIZE, &block_size, sizeof(block_size));
	blk->bdev.block_size = block_size;
	blk->max_pieces = seg_max;
}

static int blk_probe(struct virtio_device *dev)
{
	struct virtio_blk *blk;
	int error;

	if (nr_disks == MAX_DISKS)
		return -ENODEV;
	blk = kzalloc(sizeof(*blk), GFP_KERNEL);
	if (!blk)
		return -ENOMEM;
	blk->dev = dev;
	dev->driver_data = blk;
	INIT_LIST_HEAD(&blk->waiting);
	read_config(blk);
	error = blk->max_pieces < BLOCK_IO_PAGES ? -ENODEV : set_up_queue(blk);
	if (error)
		goto free;
	snprintf(blk->name, sizeof(blk->name), "vd%c", 'a' + nr_disks);
	blk->bdev.name = blk->name;
	blk->bdev.major = VIRTBLK_MAJOR;
	blk->bdev.minor = nr_disks * VIRTBLK_MINORS;
	blk->bdev.ops = &virtio_blk_ops;
	blk->bdev.driver_data = blk;
	virtio_device_ready(dev);
	error = register_block_device(&blk->bdev);
	if (error)
		return error; /* the device keeps its queue */
	nr_disks++;
	printk("virtio_blk virtio%u: [%s] %llu 512-byte sectors%s\n", dev->index, blk->name,
	       (unsigned long long)(blk->bdev.bytes >> SECTOR_SHIFT),
	       blk->bdev.read_only ? ", read-only" : "");
	return 0;

free:
	kfree(blk->slots);
	kfree(blk);
	return error;
}

struct virtio_driver virtio_blk_driver = {
	.id = 2,
	.features = F_SEG_MAX | F_RO | F_BLK_SIZE | F_FLUSH,
	.probe = blk_probe,
};
