/* SPDX-License-Identifier: MIT */
/*
 * Virtio console with ports (Virtio 1.2, 5.3): /dev/vportNpM, a byte stream to the host each.
 *
 *	queues: 0 receive, 1 transmit of port 0; 2, 3 control; 4 + 2(n-1), 5 + 2(n-1) of port n
 *
 * Each port lends the device RX_BUFFERS pages to fill. A write copies into a page of its own, which
 * comes back when the
 * device has taken it. The host opens and closes its end by control messages: closed, a read
 * returns end of file.
 */
#include "drivers/virtio.h"
#include "fs/fs.h"
#include "sched/sched.h"
#include "page/slab.h"
#include "lib/err.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "abi/errno.h"

#define F_MULTIPORT  (1ull << 1)
#define CONFIG_PORTS 4 /* offset of max_nr_ports */

#define MAX_PORTS    4
#define RX_BUFFERS   4
#define TX_PENDING   8 /* writes the device has not taken yet */
#define CTRL_BUFFERS 8
#define VPORT_MAJOR  240

enum { DEVICE_READY, DEVICE_ADD, DEVICE_REMOVE, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME };

struct control {
	u32 id;
	u16 event, value;
	char name[56]; /* PORT_NAME */
};
#define CONTROL_SIZE 8 /* without the name */

struct console;

/* One received page, or what is left of it. */
struct rx_page {
	struct list_head list;
	char *data;
	u32 len, offset;
};

struct port {
	struct console *console;
	unsigned int id;
	bool added;
	struct virtqueue *rx, *tx;
	/* rx->lock */
	struct list_head filled; /* of rx_page, oldest first */
	bool host_connected;
	/* tx->lock */
	unsigned int tx_pending;
	struct wait_queue_head wait;
	struct mutex read_mutex;
	struct rx_page pages[RX_BUFFERS];
};

struct console {
	struct virtio_device *dev;
	struct virtqueue *ctrl_rx, *ctrl_tx;
	struct port ports[MAX_PORTS];
	struct control ctrl_in[CTRL_BUFFERS];
	struct work_struct work; /* new ports get their device nodes in task context */
	unsigned long to_add;	 /* bit n: port n; atomic */
};

/* ---- Control
 * -------------------------------------------------------------------------------------------------- */

/* Messages to the device, sent from any context; freed when the device took them. */
static void send_control(struct console *c, u32 id, u16 event, u16 value)
{
	struct control *msg = kmalloc(CONTROL_SIZE, GFP_ATOMIC);
	struct virtio_buf buf = { .addr = msg, .len = CONTROL_SIZE };
	unsigned long flags;
	u32 len;
	void *old;

	if (!msg)
		return;
	msg->id = id;
	msg->event = event;
	msg->value = value;
	spin_lock_irqsave(&c->ctrl_tx->lock, flags);
	while ((old = virtqueue_get(c->ctrl_tx, &len)))
		kfree(old);
	if (virtqueue_add(c->ctrl_tx, &buf, 1, 0, msg))
		kfree(msg);
	virtqueue_kick(c->ctrl_tx);
	spin_unlock_irqrestore(&c->ctrl_tx->lock, flags);
}

static void lend_control(struct console *c, struct control *msg)
{
	struct virtio_buf buf = { .addr = msg, .len = sizeof(*msg) };

	(void)virtqueue_add(c->ctrl_rx, &buf, 0, 1, msg);
}

static void handle_control(struct console *c, const struct control *msg)
{
	struct port *port;
	unsigned long flags;

	if (msg->id >= MAX_PORTS || !c->ports[msg->id].rx)
		return;
	port = &c->ports[msg->id];
	switch (msg->event) {
	case DEVICE_ADD:
		set_bit(msg->id, &c->to_add);
		schedule_work(&c->work);
		break;
	case PORT_OPEN:
		spin_lock_irqsave(&port->rx->lock, flags);
		port->host_connected = msg->value;
		spin_unlock_irqrestore(&port->rx->lock, flags);
		wake_up_all(&port->wait);
		break;
	case CONSOLE_PORT: /* it would like to be a console: it is a byte stream all the same */
		break;
	}
}

static void control_interrupt(struct virtqueue *vq)
{
	struct console *c = vq->dev->driver_data;
	struct control *msg, copy;
	unsigned long flags;
	u32 len;

	for (;;) {
		spin_lock_irqsave(&vq->lock, flags);
		msg = virtqueue_get(vq, &len);
		if (msg) {
			copy = *msg;
			lend_control(c, msg);
			virtqueue_kick(vq);
		}
		spin_unlock_irqrestore(&vq->lock, flags);
		if (!msg)
			return;
		if (len >= CONTROL_SIZE)
			handle_control(c, &copy);
	}
}

/* ---- Data
 * ----------------------------------------------------------------------------------------------------- */

/* rx->lock held. */
static void lend_page(struct port *port, struct rx_page *p)
{
	struct virtio_buf buf = { .addr = p->data, .len = PAGE_SIZE };

	(void)virtqueue_add(port->rx, &buf, 0, 1, p); /* there is an entry for each page */
}

static void rx_interrupt(struct virtqueue *vq)
{
	struct port *port = vq->private;
	unsigned long flags;
	struct rx_page *p;
	u32 len;

	spin_lock_irqsave(&vq->lock, flags);
	while ((p = virtqueue_get(vq, &len))) {
		p->len = min(len, (u32)PAGE_SIZE);
		p->offset = 0;
		list_add_tail(&p->list, &port->filled);
	}
	spin_unlock_irqrestore(&vq->lock, flags);
	wake_up_poll(&port->wait, POLLIN | POLLRDNORM);
}

/* tx->lock held: pages the device is done with. */
static void reclaim_tx(struct port *port)
{
	void *page;
	u32 len;

	while ((page = virtqueue_get(port->tx, &len))) {
		free_page((unsigned long)page);
		port->tx_pending--;
	}
}

static void tx_interrupt(struct virtqueue *vq)
{
	struct port *port = vq->private;
	unsigned long flags;

	spin_lock_irqsave(&vq->lock, flags);
	reclaim_tx(port);
	spin_unlock_irqrestore(&vq->lock, flags);
	wake_up_poll(&port->wait, POLLOUT | POLLWRNORM);
}

static struct rx_page *first_filled(struct port *port)
{
	unsigned long flags;
	struct rx_page *p;

	spin_lock_irqsave(&port->rx->lock, flags);
	p = list_first_entry_or_null(&port->filled, struct rx_page, list);
	spin_unlock_irqrestore(&port->rx->lock, flags);
	return p;
}

static void give_back(struct port *port, struct rx_page *p)
{
	unsigned long flags;

	spin_lock_irqsave(&port->rx->lock, flags);
	list_del(&p->list);
	lend_page(port, p);
	virtqueue_kick(port->rx);
	spin_unlock_irqrestore(&port->rx->lock, flags);
}

static ssize_t vport_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct port *port = file->private_data;
	size_t done = 0, n;
	struct rx_page *p;

	if (mutex_lock_interruptible(&port->read_mutex))
		return -ERESTARTSYS;
	while (to->count) {
		p = first_filled(port);
		if (!p) {
			if (done || !port->host_connected)
				break;
			mutex_unlock(&port->read_mutex);
			if (file->f_flags & O_NONBLOCK)
				return -EAGAIN;
			if (wait_event_interruptible(port->wait, first_filled(port) || !port->host_connected))
				return -ERESTARTSYS;
			if (mutex_lock_interruptible(&port->read_mutex))
				return -ERESTARTSYS;
			continue;
		}
		n = copy_to_iter(p->data + p->offset, min((size_t)(p->len - p->offset), to->count), to);
		if (!n && p->len > p->offset) {
			mutex_unlock(&port->read_mutex);
			return done ? (ssize_t)done : -EFAULT;
		}
		done += n;
		p->offset += n;
		if (p->offset == p->len)
			give_back(port, p);
	}
	mutex_unlock(&port->read_mutex);
	return done;
}

static bool can_write(struct port *port)
{
	unsigned long flags;
	bool room;

	spin_lock_irqsave(&port->tx->lock, flags);
	reclaim_tx(port);
	room = port->tx_pending < TX_PENDING;
	spin_unlock_irqrestore(&port->tx->lock, flags);
	return room && port->host_connected;
}

/* Hand one page to the device; false: no room after all. */
static bool queue_page(struct port *port, unsigned long page, size_t len)
{
	struct virtio_buf buf = { .addr = (void *)page, .len = len };
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&port->tx->lock, flags);
	ok = port->tx_pending < TX_PENDING && !virtqueue_add(port->tx, &buf, 1, 0, (void *)page);
	if (ok) {
		port->tx_pending++;
		virtqueue_kick(port->tx);
	}
	spin_unlock_irqrestore(&port->tx->lock, flags);
	return ok;
}

static ssize_t vport_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct port *port = file->private_data;
	unsigned long page;
	ssize_t done = 0;
	size_t n;

	while (from->count) {
		if (!can_write(port)) {
			if (file->f_flags & O_NONBLOCK)
				return done ?: -EAGAIN;
			if (wait_event_interruptible(port->wait, can_write(port)))
				return done ?: -ERESTARTSYS;
		}
		page = __get_free_page(GFP_KERNEL);
		if (!page)
			return done ?: -ENOMEM;
		n = copy_from_iter((void *)page, min(from->count, PAGE_SIZE), from);
		if (!n) {
			free_page(page);
			return done ?: -EFAULT;
		}
		if (!queue_page(port, page, n)) {
			free_page(page);
			iov_iter_revert(from, n);
			continue;
		}
		done += n;
	}
	return done;
}

static unsigned int vport_poll(struct file *file, struct poll_table *pt)
{
	struct port *port = file->private_data;
	unsigned int mask = 0;

	poll_wait(file, &port->wait, pt);
	if (first_filled(port))
		mask |= POLLIN | POLLRDNORM;
	if (can_write(port))
		mask |= POLLOUT | POLLWRNORM;
	if (!port->host_connected)
		mask |= POLLHUP;
	return mask;
}

static int vport_open(struct inode *inode, struct file *file)
{
	struct port *port = chrdev_private(inode);

	file->private_data = port;
	file->f_mode |= FMODE_STREAM;
	send_control(port->console, port->id, PORT_OPEN, 1);
	return 0;
}

static void vport_release(struct inode *inode, struct file *file)
{
	struct port *port = file->private_data;

	send_control(port->console, port->id, PORT_OPEN, 0);
}

static const struct file_operations vport_fops = {
	.read_iter = vport_read,
	.write_iter = vport_write,
	.poll = vport_poll,
	.open = vport_open,
	.release = vport_release,
};

/* ---- Set-up
 * --------------------------------------------------------------------------------------------------- */

static void add_ports(struct work_struct *work)
{
	struct console *c = container_of(work, struct console, work);
	char name[24];

	for (unsigned int i = 0; i < MAX_PORTS; i++) {
		struct port *port = &c->ports[i];

		if (!test_and_clear_bit(i, &c->to_add) || port->added)
			continue;
		snprintf(name, sizeof(name), "vport%up%u", c->dev->index, i);
		if (register_chrdev(VPORT_MAJOR, c->dev->index * MAX_PORTS + i, 1, name, 0600, &vport_fops, port))
			continue;
		port->added = true;
		send_control(c, i, PORT_READY, 1);
	}
}

static int setup_port(struct console *c, unsigned int id)
{
	struct port *port = &c->ports[id];
	unsigned int queue = id ? 2 + 2 * id : 0;
	struct virtqueue *rx, *tx;

	port->console = c;
	port->id = id;
	INIT_LIST_HEAD(&port->filled);
	init_waitqueue_head(&port->wait);
	mutex_init(&port->read_mutex, "vport", RANK_PIPE);
	rx = virtio_find_vq(c->dev, queue, RX_BUFFERS, rx_interrupt);
	tx = virtio_find_vq(c->dev, queue + 1, 2 * TX_PENDING, tx_interrupt);
	if (IS_ERR(rx) || IS_ERR(tx))
		return IS_ERR(rx) ? PTR_ERR(rx) : PTR_ERR(tx);
	rx->private = tx->private = port;
	for (unsigned int i = 0; i < RX_BUFFERS; i++) {
		port->pages[i].data = (char *)__get_free_page(GFP_KERNEL);
		if (!port->pages[i].data)
			return -ENOMEM;
		page_owner_add(OWNER_KERNEL, 1);
	}
	port->rx = rx;
	port->tx = tx;
	return 0;
}

static void lend_everything(struct console *c)
{
	for (unsigned int id = 0; id < MAX_PORTS; id++) {
		if (!c->ports[id].rx)
			continue;
		for (unsigned int i = 0; i < RX_BUFFERS; i++)
			lend_page(&c->ports[id], &c->ports[id].pages[i]);
		virtqueue_kick(c->ports[id].rx);
	}
	for (unsigned int i = 0; i < CTRL_BUFFERS; i++)
		lend_control(c, &c->ctrl_in[i]);
	virtqueue_kick(c->ctrl_rx);
}

static int console_probe(struct virtio_device *dev)
{
	struct console *c;
	u32 nr_ports = 1;
	int ret;

	if (!(dev->features & F_MULTIPORT))
		return -ENODEV; /* a single unnamed console: ttyS0 serves that */
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->dev = dev;
	dev->driver_data = c;
	init_work(&c->work, add_ports);
	virtio_config_read(dev, CONFIG_PORTS, &nr_ports, sizeof(nr_ports));
	c->ctrl_rx = virtio_find_vq(dev, 2, CTRL_BUFFERS, control_interrupt);
	c->ctrl_tx = virtio_find_vq(dev, 3, 2 * CTRL_BUFFERS, NULL);
	if (IS_ERR(c->ctrl_rx) || IS_ERR(c->ctrl_tx))
		return -ENODEV;
	for (u32 id = 0; id < min(nr_ports, (u32)MAX_PORTS); id++) {
		ret = setup_port(c, id);
		if (ret)
			return ret;
	}
	virtio_device_ready(dev);
	lend_everything(c);
	send_control(c, 0, DEVICE_READY, 1);
	return 0;
}

struct virtio_driver virtio_console_driver = {
	.id = 3,
	.features = F_MULTIPORT,
	.probe = console_probe,
};
