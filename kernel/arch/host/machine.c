/* SPDX-License-Identifier: MIT */
/* The host port's machine: power, memory map, console, and what else the contract asks for in a
 * line or two. */
#include "abi/errno.h"
#include "arch/host/internal.h"
#include "lib/bug.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

/* The "kernel image" holds only the vDSO's pages. */
#define IMAGE_START 0x100000UL
#define IMAGE_END   0x110000UL

struct boot_info boot_info;
const unsigned long arch_kstack_window;
u64 pgtable_nx = _PAGE_NX;

static void add_range(u64 start, u64 end, enum mem_type type)
{
	boot_info.ranges[boot_info.nr_ranges++] = (struct mem_range){start, end, type};
}

/* As a PC has it: a hole below 1 MiB, one in the middle for devices, the rest above. */
static u64 make_memory_map(u64 ram)
{
	const u64 low = 0x9f000 - 0x10000, hole = 6UL << 20;
	u64 end, split;

	add_range(0, 0x10000, MEM_RESERVED);
	add_range(0x10000, 0x9f000, MEM_RAM);
	ram -= low;
	split = IMAGE_START + ALIGN(min_t(u64, ram / 2, 3UL << 30), PAGE_SIZE);
	add_range(IMAGE_START, split, MEM_RAM);
	ram -= split - IMAGE_START;
	end = max_t(u64, split + hole, ram > 1UL << 30 ? 4UL << 30 : 0);
	add_range(end, end + ram, MEM_RAM);
	boot_info.kernel_start = IMAGE_START;
	boot_info.kernel_end = IMAGE_END;
	return end + ram;
}

void host_power_on(u64 ram, unsigned int cpus)
{
	BUG_ON(cpus < 1 || cpus > NR_CPUS || ram < 2UL << 20);
	libc_map_arena(HOST_ARENA_BASE, make_memory_map(ram & PAGE_MASK));
	host_init_tasks();
	nr_cpus = nr_possible_cpus = cpus;
	cpu_online_mask = BIT(cpus) - 1;
}

void arch_map_memory(u64 (*alloc)(void))
{
	/* The arena is mapped as a whole. */
}

void *arch_map_device(u64 phys, size_t size)
{
	host_panic("the host port has no devices");
}

int arch_map_kernel_page(unsigned long va, u64 phys, u64 (*alloc)(void))
{
	host_panic("the host port has no window for kernel stacks");
}

void arch_unmap_kernel_page(unsigned long va)
{
	host_panic("the host port has no window for kernel stacks");
}

/* ---- Console and power --------------------------------------------------------------------- */

void arch_console_write(const char *s, size_t len)
{
	libc_write_stderr(s, len);
}

static void (*console_input)(char c);

void arch_console_input(void (*input)(char c))
{
	console_input = input;
}

void host_type(const char *s)
{
	unsigned long flags = arch_irq_save();

	for (; *s && console_input; s++)
		console_input(*s);
	arch_irq_restore(flags);
}

void (*host_poweroff)(int status);

void arch_poweroff(int status)
{
	if (host_poweroff)
		host_poweroff(status);
	if (status == HOST_PANIC_STATUS)
		libc_abort();
	libc_exit(status);
}

void arch_reboot(void)
{
	libc_exit(0);
}

/* ---- Numbers ------------------------------------------------------------------------------- */

u64 arch_wallclock_boot_sec(void)
{
	return 1600000000;
}

unsigned int arch_cpu_khz(void)
{
	return 1000000;
}

size_t arch_random(void *buf, size_t len)
{
	return 0; /* tests are to be repeatable */
}

size_t arch_cpuinfo(unsigned int cpu, char *buf, size_t size)
{
	return scnprintf(buf, size, "vendor_id\t: Quire\nmodel name\t: simulated\n");
}

unsigned long arch_hwcap(void)
{
	return 0;
}

unsigned long arch_hwcap2(void)
{
	return 0;
}

const char *arch_platform(void)
{
	return "x86_64";
}

unsigned long arch_minsigstksz(void)
{
	return 2048;
}

int arch_request_irq(unsigned int gsi, void (*handler)(void *arg), void *arg)
{
	return -ENODEV;
}

long arch_irq_count(unsigned int gsi, unsigned int cpu)
{
	return -1;
}

/* ---- Stacks -------------------------------------------------------------------------------- */

void arch_stack_walk(struct task_struct *task, struct pt_regs *regs,
		     bool (*fn)(void *arg, unsigned long pc), void *arg)
{
	/* Frames of the host compiler have no fixed form; the sanitizer and gdb
	 * show them better. */
	if (!task && !regs)
		fn(arg, (unsigned long)__builtin_return_address(0));
}

void arch_show_regs(struct pt_regs *regs)
{
	printk("ip %lx cs %lx flags %lx sp %lx", regs->ip, regs->cs, regs->flags, regs->sp);
}

/* ---- Pages and the vDSO -------------------------------------------------------------------- */

bool arch_emulated(void)
{
	return false;
}

void arch_clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void arch_copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}

const void *arch_vdso_image(size_t *size)
{
	*size = PAGE_SIZE;
	return arch_phys_to_virt(IMAGE_START);
}

void *arch_vdso_data(void)
{
	return arch_phys_to_virt(IMAGE_START + PAGE_SIZE);
}

void arch_vdso_set_wall(s64 offset_ns)
{
	*(s64 *)arch_vdso_data() = offset_ns;
}
