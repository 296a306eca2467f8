/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices over memory-mapped registers (Virtio 1.2, sections 2.7 and 4.2; legacy version 1
 * too), and their queues.
 *
 *	vq->lock (RANK_DEVICE, irq)	the queue; taken by the driver around every call below that says so
 */
#pragma once

#include "base/spinlock.h"
#include "lib/types.h"

struct virtio_device;
struct virtqueue;

struct virtio_driver {
	u32 id;	      /* device type */
	u64 features; /* those it can use, VIRTIO_F_VERSION_1 apart */
	/* Set the device up: queues, then virtio_device_ready(). 0 or errno. May sleep. */
	int (*probe)(struct virtio_device *dev);
	/* Configuration changed. Interrupts off. */
	void (*config_changed)(struct virtio_device *dev);
	struct virtio_driver *next;
};

#define VIRTIO_MAX_QUEUES 16

struct virtio_device {
	void *regs;
	u32 version; /* of the transport: 1 legacy, 2 */
	unsigned int gsi, index;
	u64 features; /* agreed on */
	const struct virtio_driver *driver;
	void *driver_data;
	unsigned int nr_vqs; /* beyond the last one in use */
	struct virtqueue *vqs[VIRTIO_MAX_QUEUES];
};

/* One piece of memory for the device: direct-map address. */
struct virtio_buf {
	void *addr;
	u32 len;
};

struct vring_desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};
struct vring_avail {
	u16 flags, idx;
	u16 ring[];
};
struct vring_used_elem {
	u32 id, len;
};
struct vring_used {
	u16 flags, idx;
	struct vring_used_elem ring[];
};

struct virtqueue {
	struct virtio_device *dev;
	unsigned int index, num, num_free;
	u16 free_head, last_used;
	spinlock_t lock;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	void **tokens; /* by first descriptor */
	/* Something was used. Interrupts off, lock not held. */
	void (*callback)(struct virtqueue *vq);
	void *private;
};

/* Find the devices that the command line names and give them to their drivers. Boot, task
 * context. */
void virtio_init(void);

/* Queue @index of @dev with at most @max entries. ERR_PTR(-ENOENT: the device has none; -ENOMEM).
 * May sleep. Before virtio_device_ready(). */
struct virtqueue *virtio_find_vq(struct virtio_device *dev, unsigned int index, unsigned int max,
				 void (*callback)(struct virtqueue *vq));
void virtio_device_ready(struct virtio_device *dev);
/* Add a chain: @nr_out pieces the device reads, then @nr_in pieces it writes. @token (not NULL)
 * comes back from virtqueue_get(). lock held.
 * 0 or -ENOSPC. */
int virtqueue_add(struct virtqueue *vq, const struct virtio_buf *bufs, unsigned int nr_out, unsigned int nr_in, void *token);
/* Tell the device, if it wants to be told. lock held or not. */
void virtqueue_kick(struct virtqueue *vq);
/* The next chain the device is done with: its token, and in *len the bytes it wrote; NULL: none.
 * lock held. */
void *virtqueue_get(struct virtqueue *vq, u32 *len);
/* Read @len bytes of device configuration at @offset. */
void virtio_config_read(struct virtio_device *dev, unsigned int offset, void *buf, unsigned int len);

extern struct virtio_driver virtio_console_driver, virtio_blk_driver;
