/* SPDX-License-Identifier: MIT */
/* The machine and its names: uname, sysinfo, getrandom, syslog, reboot, personality. */
#include "sys/sys.h"
#include "task/task.h"
#include "task/namespace.h"
#include "task/pid.h"
#include "sched/sched.h"
#include "fs/blkdev.h"
#include "fs/syscalls.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "page/gfp.h"
#include "page/slab.h"
#include "base/printk.h"
#include "base/random.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/personality.h"
#include "abi/random.h"
#include "abi/reboot.h"
#include "abi/sysinfo.h"
#include "abi/utsname.h"

long sys_uname(struct new_utsname __user *uname)
{
	struct uts_namespace *uts = current->nsproxy->uts_ns;
	struct new_utsname name;

	spin_lock(&uts->lock);
	name = uts->name;
	spin_unlock(&uts->lock);
	if (current->personality & UNAME26)
		strscpy(name.release, "2.6.60", sizeof(name.release));
	return copy_to_user(uname, &name, sizeof(name)) ? -EFAULT : 0;
}

static long set_name(char *field, const char __user *uname, int len)
{
	struct uts_namespace *uts = current->nsproxy->uts_ns;
	char name[65] = {};

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > 64)
		return -EINVAL;
	if (copy_from_user(name, uname, len))
		return -EFAULT;
	spin_lock(&uts->lock);
	memcpy(field, name, sizeof(name));
	spin_unlock(&uts->lock);
	return 0;
}

long sys_sethostname(const char __user *name, int len)
{
	return set_name(current->nsproxy->uts_ns->name.nodename, name, len);
}

long sys_setdomainname(const char __user *name, int len)
{
	return set_name(current->nsproxy->uts_ns->name.domainname, name, len);
}

long sys_sysinfo(struct sysinfo __user *uinfo)
{
	struct sysinfo info;

	memset(&info, 0, sizeof(info));
	info.uptime = ktime_get() / 1000000000;
	get_avenrun(info.loads);
	for (int i = 0; i < 3; i++)
		info.loads[i] <<= SI_LOAD_SHIFT - 11;
	info.totalram = totalram_pages() * PAGE_SIZE;
	info.freeram = nr_free_pages() * PAGE_SIZE;
	info.sharedram = page_owner_count(OWNER_SHMEM) * PAGE_SIZE;
	info.bufferram = nr_blockdev_pages() * PAGE_SIZE;
	info.totalswap = total_swap_pages * PAGE_SIZE;
	info.freeswap = max(READ_ONCE(nr_swap_pages), 0l) * PAGE_SIZE;
	info.procs = nr_threads_total();
	info.mem_unit = 1;
	return copy_to_user(uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}

long sys_getrandom(char __user *buf, size_t len, unsigned int flags)
{
	u8 chunk[256];
	size_t done = 0, n;

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (len > S32_MAX)
		len = S32_MAX;
	while (done < len) {
		n = min(len - done, sizeof(chunk));
		get_random_bytes(chunk, n);
		n -= copy_to_user(buf + done, chunk, n);
		if (!n)
			break;
		done += n;
		if (done < len && signal_pending(current))
			break;
		cond_resched();
	}
	memset(chunk, 0, sizeof(chunk));
	return done || !len ? (long)done : -EFAULT;
}

long sys_syslog(int type, char __user *ubuf, int len)
{
	char *log;
	size_t n;
	long ret;

	if (!capable(CAP_SYSLOG) && type != SYSLOG_ACTION_READ_ALL && type != SYSLOG_ACTION_SIZE_BUFFER)
		return -EPERM;
	switch (type) {
	case SYSLOG_ACTION_OPEN:
	case SYSLOG_ACTION_CLOSE:
		return 0;
	case SYSLOG_ACTION_SIZE_BUFFER:
		return log_capacity();
	case SYSLOG_ACTION_CONSOLE_OFF:
	case SYSLOG_ACTION_CONSOLE_ON:
		console_enabled = type == SYSLOG_ACTION_CONSOLE_ON;
		return 0;
	case SYSLOG_ACTION_CONSOLE_LEVEL:
		if (len < 1 || len > 8)
			return -EINVAL;
		console_enabled = len > 1;
		return 0;
	case SYSLOG_ACTION_CLEAR:
		log_clear();
		return 0;
	case SYSLOG_ACTION_READ_CLEAR:
	case SYSLOG_ACTION_READ_ALL:
		if (!ubuf || len < 0)
			return -EINVAL;
		len = min((size_t)len, log_size());
		log = kmalloc(len ?: 1, GFP_KERNEL);
		if (!log)
			return -ENOMEM;
		n = log_read_latest(log, len);
		ret = copy_to_user(ubuf, log, n) ? -EFAULT : (long)n;
		if (ret >= 0 && type == SYSLOG_ACTION_READ_CLEAR)
			log_clear();
		kfree(log);
		return ret;
	}
	return -EINVAL;
}

long sys_reboot(int magic1, int magic2, unsigned int cmd, void __user *arg)
{
	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if ((u32)magic1 != LINUX_REBOOT_MAGIC1 ||
	    ((u32)magic2 != LINUX_REBOOT_MAGIC2 && (u32)magic2 != LINUX_REBOOT_MAGIC2A &&
	     (u32)magic2 != LINUX_REBOOT_MAGIC2B && (u32)magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0; /* there is no keyboard to press the keys on */
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		printk("reboot: Restarting system");
		arch_stop_other_cpus();
		arch_reboot();
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		printk("reboot: Power down");
		arch_stop_other_cpus();
		arch_poweroff(0);
	}
	return -EINVAL;
}

long sys_personality(unsigned int personality)
{
	unsigned int old = current->personality;

	if (personality != 0xffffffff)
		current->personality = personality;
	return old;
}

long sys_arch_prctl(int code, unsigned long addr)
{
	return arch_prctl(current, code, addr);
}
