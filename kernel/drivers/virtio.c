/* SPDX-License-Identifier: MIT */
/* Virtio over MMIO: discovery, set-up, split queues. See virtio.h. */
#include "drivers/virtio.h"
#include "base/printk.h"
#include "page/slab.h"
#include "parse/cmdline.h"
#include "lib/err.h"
#include "lib/vsprintf.h"
#include "lib/string.h"
#include "abi/errno.h"

/* Registers (Virtio 1.2, 4.2.2 and 4.2.4). */
#define REG_MAGIC	      0x000
#define REG_VERSION	      0x004
#define REG_DEVICE_ID	      0x008
#define REG_DEVICE_FEATURES   0x010
#define REG_DEVICE_FEAT_SEL   0x014
#define REG_DRIVER_FEATURES   0x020
#define REG_DRIVER_FEAT_SEL   0x024
#define REG_GUEST_PAGE_SIZE   0x028 /* legacy */
#define REG_QUEUE_SEL	      0x030
#define REG_QUEUE_NUM_MAX     0x034
#define REG_QUEUE_NUM	      0x038
#define REG_QUEUE_ALIGN	      0x03c /* legacy */
#define REG_QUEUE_PFN	      0x040 /* legacy */
#define REG_QUEUE_READY	      0x044
#define REG_QUEUE_NOTIFY      0x050
#define REG_INTERRUPT_STATUS  0x060
#define REG_INTERRUPT_ACK     0x064
#define REG_STATUS	      0x070
#define REG_QUEUE_DESC_LOW    0x080
#define REG_QUEUE_DESC_HIGH   0x084
#define REG_QUEUE_DRIVER_LOW  0x090
#define REG_QUEUE_DRIVER_HIGH 0x094
#define REG_QUEUE_DEVICE_LOW  0x0a0
#define REG_QUEUE_DEVICE_HIGH 0x0a4
#define REG_CONFIG	      0x100

#define VIRTIO_MAGIC	   0x74726976 /* "virt" */
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER	   2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_FAILED	   128

#define INTERRUPT_QUEUE	 1
#define INTERRUPT_CONFIG 2

#define VIRTIO_F_VERSION_1 (1ull << 32)

#define DESC_NEXT  1
#define DESC_WRITE 2
#define USED_NO_NOTIFY 1

static struct virtio_driver *drivers;
static unsigned int nr_devices;

static u32 reg_read(struct virtio_device *dev, unsigned int reg)
{
	return *(volatile u32 *)((char *)dev->regs + reg);
}

static void reg_write(struct virtio_device *dev, unsigned int reg, u32 value)
{
	*(volatile u32 *)((char *)dev->regs + reg) = value;
}

static void reg_write64(struct virtio_device *dev, unsigned int low, u64 value)
{
	reg_write(dev, low, (u32)value);
	reg_write(dev, low + 4, value >> 32);
}

void virtio_config_read(struct virtio_device *dev, unsigned int offset, void *buf, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		((u8 *)buf)[i] = *(volatile u8 *)((char *)dev->regs + REG_CONFIG + offset + i);
}

/* ---- Queues
 * -------------------------------------------------------------------------------------------------- */

/* Memory of a split queue; legacy devices want the used ring on a page of its own right behind. */
static size_t vring_size(unsigned int num, size_t *avail, size_t *used)
{
	*avail = num * sizeof(struct vring_desc);
	*used = ALIGN(*avail + sizeof(struct vring_avail) + (num + 1) * sizeof(u16), PAGE_SIZE);
	return *used + sizeof(struct vring_used) + num * sizeof(struct vring_used_elem) + sizeof(u16);
}

static void tell_queue_address(struct virtio_device *dev, struct virtqueue *vq)
{
	if (dev->version == 1) {
		reg_write(dev, REG_QUEUE_ALIGN, PAGE_SIZE);
		reg_write(dev, REG_QUEUE_PFN, arch_virt_to_phys(vq->desc) >> PAGE_SHIFT);
		return;
	}
	reg_write64(dev, REG_QUEUE_DESC_LOW, arch_virt_to_phys(vq->desc));
	reg_write64(dev, REG_QUEUE_DRIVER_LOW, arch_virt_to_phys(vq->avail));
	reg_write64(dev, REG_QUEUE_DEVICE_LOW, arch_virt_to_phys(vq->used));
	reg_write(dev, REG_QUEUE_READY, 1);
}

static int alloc_vring(struct virtqueue *vq)
{
	size_t avail, used, size = vring_size(vq->num, &avail, &used);
	unsigned int order = 0;
	char *mem;

	while ((PAGE_SIZE << order) < size)
		order++;
	mem = (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
	if (!mem)
		return -ENOMEM;
	page_owner_add(OWNER_KERNEL, 1 << order);
	vq->desc = (struct vring_desc *)mem;
	vq->avail = (struct vring_avail *)(mem + avail);
	vq->used = (struct vring_used *)(mem + used);
	for (unsigned int i = 0; i < vq->num; i++)
		vq->desc[i].next = i + 1;
	vq->num_free = vq->num;
	return 0;
}

struct virtqueue *virtio_find_vq(struct virtio_device *dev, unsigned int index, unsigned int max,
				 void (*callback)(struct virtqueue *vq))
{
	struct virtqueue *vq;
	unsigned int num;

	BUG_ON(index >= VIRTIO_MAX_QUEUES);
	reg_write(dev, REG_QUEUE_SEL, index);
	num = reg_read(dev, REG_QUEUE_NUM_MAX);
	if (!num)
		return ERR_PTR(-ENOENT);
	vq = kzalloc(sizeof(*vq), GFP_KERNEL);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->dev = dev;
	vq->index = index;
	vq->num = min(num, max);
	vq->callback = callback;
	spin_lock_init(&vq->lock, "virtqueue", RANK_DEVICE);
	vq->tokens = kcalloc(vq->num, sizeof(void *), GFP_KERNEL);
	if (!vq->tokens || alloc_vring(vq)) {
		kfree(vq->tokens);
		kfree(vq);
		return ERR_PTR(-ENOMEM);
	}
	reg_write(dev, REG_QUEUE_NUM, vq->num);
	tell_queue_address(dev, vq);
	dev->vqs[index] = vq;
	dev->nr_vqs = max(dev->nr_vqs, index + 1);
	return vq;
}

int virtqueue_add(struct virtqueue *vq, const struct virtio_buf *bufs, unsigned int nr_out, unsigned int nr_in, void *token)
{
	unsigned int n = nr_out + nr_in, i;
	u16 head = vq->free_head, at = head;

	if (vq->num_free < n)
		return -ENOSPC;
	for (i = 0; i < n; i++) {
		struct vring_desc *d = &vq->desc[at];

		d->addr = arch_virt_to_phys(bufs[i].addr);
		d->len = bufs[i].len;
		d->flags = (i >= nr_out ? DESC_WRITE : 0) | (i + 1 < n ? DESC_NEXT : 0);
		at = d->next;
	}
	vq->free_head = at;
	vq->num_free -= n;
	vq->tokens[head] = token;
	vq->avail->ring[vq->avail->idx % vq->num] = head;
	smp_wmb(); /* the chain before the index that shows it */
	WRITE_ONCE(vq->avail->idx, vq->avail->idx + 1);
	return 0;
}

void virtqueue_kick(struct virtqueue *vq)
{
	smp_mb(); /* the index before the look at the device's wish */
	if (!(READ_ONCE(vq->used->flags) & USED_NO_NOTIFY))
		reg_write(vq->dev, REG_QUEUE_NOTIFY, vq->index);
}

void *virtqueue_get(struct virtqueue *vq, u32 *len)
{
	struct vring_used_elem *e;
	unsigned int n = 1;
	void *token;
	u16 at;

	if (READ_ONCE(vq->used->idx) == vq->last_used)
		return NULL;
	smp_rmb(); /* the index before the element */
	e = &vq->used->ring[vq->last_used % vq->num];
	BUG_ON(e->id >= vq->num || !vq->tokens[e->id]);
	token = vq->tokens[e->id];
	vq->tokens[e->id] = NULL;
	*len = e->len;
	for (at = e->id; vq->desc[at].flags & DESC_NEXT; at = vq->desc[at].next)
		n++;
	vq->desc[at].next = vq->free_head;
	vq->free_head = e->id;
	vq->num_free += n;
	vq->last_used++;
	return token;
}

/* ---- Devices
 * ------------------------------------------------------------------------------------------------- */

static void virtio_interrupt(void *arg)
{
	struct virtio_device *dev = arg;
	u32 status = reg_read(dev, REG_INTERRUPT_STATUS);

	reg_write(dev, REG_INTERRUPT_ACK, status);
	if (status & INTERRUPT_QUEUE)
		for (unsigned int i = 0; i < dev->nr_vqs; i++)
			if (dev->vqs[i] && dev->vqs[i]->callback &&
			    READ_ONCE(dev->vqs[i]->used->idx) != dev->vqs[i]->last_used)
				dev->vqs[i]->callback(dev->vqs[i]);
	if ((status & INTERRUPT_CONFIG) && dev->driver->config_changed)
		dev->driver->config_changed(dev);
}

static u64 device_features(struct virtio_device *dev)
{
	u64 features;

	reg_write(dev, REG_DEVICE_FEAT_SEL, 1);
	features = (u64)reg_read(dev, REG_DEVICE_FEATURES) << 32;
	reg_write(dev, REG_DEVICE_FEAT_SEL, 0);
	return features | reg_read(dev, REG_DEVICE_FEATURES);
}

static void add_status(struct virtio_device *dev, u32 bits)
{
	reg_write(dev, REG_STATUS, reg_read(dev, REG_STATUS) | bits);
}

static int agree_on_features(struct virtio_device *dev)
{
	u64 wanted = dev->driver->features;

	if (dev->version >= 2)
		wanted |= VIRTIO_F_VERSION_1;
	dev->features = device_features(dev) & wanted;
	reg_write(dev, REG_DRIVER_FEAT_SEL, 1);
	reg_write(dev, REG_DRIVER_FEATURES, dev->features >> 32);
	reg_write(dev, REG_DRIVER_FEAT_SEL, 0);
	reg_write(dev, REG_DRIVER_FEATURES, (u32)dev->features);
	if (dev->version == 1) {
		reg_write(dev, REG_GUEST_PAGE_SIZE, PAGE_SIZE);
		return 0;
	}
	add_status(dev, STATUS_FEATURES_OK);
	return reg_read(dev, REG_STATUS) & STATUS_FEATURES_OK ? 0 : -ENODEV;
}

void virtio_device_ready(struct virtio_device *dev)
{
	add_status(dev, STATUS_DRIVER_OK);
}

static const struct virtio_driver *find_driver(u32 id)
{
	for (struct virtio_driver *d = drivers; d; d = d->next)
		if (d->id == id)
			return d;
	return NULL;
}

static void probe_device(u64 base, u64 size, unsigned int gsi)
{
	struct virtio_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	u32 id;

	if (!dev)
		return;
	dev->regs = arch_map_device(base, size);
	dev->gsi = gsi;
	if (reg_read(dev, REG_MAGIC) != VIRTIO_MAGIC)
		goto none;
	dev->version = reg_read(dev, REG_VERSION);
	id = reg_read(dev, REG_DEVICE_ID);
	dev->driver = find_driver(id);
	if (!id || !dev->driver || dev->version < 1 || dev->version > 2)
		goto none;
	dev->index = nr_devices++;
	reg_write(dev, REG_STATUS, 0);
	add_status(dev, STATUS_ACKNOWLEDGE);
	add_status(dev, STATUS_DRIVER);
	if (!agree_on_features(dev) && !arch_request_irq(gsi, virtio_interrupt, dev) && !dev->driver->probe(dev))
		return;
	printk("virtio%u: device %u failed to start\n", dev->index, id);
	add_status(dev, STATUS_FAILED);
	return; /* its interrupt handler keeps pointing at dev */
none:
	kfree(dev);
}

static u64 size_suffix(const char *s)
{
	switch (s[0]) {
	case 'K': case 'k':
		return 1ull << 10;
	case 'M': case 'm':
		return 1ull << 20;
	}
	return 1;
}

/* Linux's description of a device: SIZE@BASE:IRQ[:ID]. */
static void parse_device(const char *value)
{
	char *end;
	u64 size, base, irq;

	size = simple_strtoull(value, &end, 0);
	size *= size_suffix(end);
	while (*end && *end != '@')
		end++;
	if (*end != '@')
		return;
	base = simple_strtoull(end + 1, &end, 0);
	if (*end != ':')
		return;
	irq = simple_strtoull(end + 1, &end, 0);
	probe_device(base, size, irq);
}

static void register_driver(struct virtio_driver *driver)
{
	driver->next = drivers;
	drivers = driver;
}

void virtio_init(void)
{
	static char line[sizeof(boot_info.cmdline)];
	struct cmdline c;
	char *key, *value;

	register_driver(&virtio_console_driver);
	register_driver(&virtio_blk_driver);
	strscpy(line, boot_info.cmdline, sizeof(line));
	cmdline_init(&c, line);
	while (cmdline_next(&c, &key, &value))
		if (value && cmdline_key_eq(key, "virtio_mmio.device"))
			parse_device(value);
}
