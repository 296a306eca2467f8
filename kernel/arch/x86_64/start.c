/* SPDX-License-Identifier: MIT */
/* The boot CPU's way from the entry point to kernel_main(): see the order of the calls. */
#include "arch/x86_64/cpu.h"
#include "lib/string.h"

__noreturn void x86_start(u64 start_info);

struct smap_patch {
	s32 where; /* relative to its own address */
	u8 last_byte, unused[3];
};

extern const struct smap_patch __smap_patch_start[], __smap_patch_end[];

/* The text is still writable: turn the no-ops of ASM_STAC and ASM_CLAC into the instructions. */
static void patch_smap(void)
{
	const struct smap_patch *p;
	u8 *code;

	for (p = __smap_patch_start; p < __smap_patch_end; p++) {
		code = (u8 *)&p->where + p->where;
		code[0] = 0x0f;
		code[1] = 0x01;
		code[2] = p->last_byte;
	}
}

extern const s32 __pause_patch_start[], __pause_patch_end[]; /* relative to their own addresses */

/* See arch_cpu_relax(). The text is read-only by now, but not in the direct map. */
static void patch_pause(void)
{
	const s32 *p;
	u8 *code;

	for (p = __pause_patch_start; p < __pause_patch_end; p++) {
		code = arch_phys_to_virt(arch_virt_to_phys((const u8 *)p + *p));
		code[0] = 0x66; /* PAUSE is F3 90, a no-op 66 90 */
	}
}

/* True if the allocator-to-be would own [start, end) and nothing of the loader lies in it. */
static bool range_is_free_ram(u64 start, u64 end)
{
	const struct mem_range *r;

	if (start < boot_info.initrd_end && end > boot_info.initrd_start)
		return false;
	for (r = boot_info.ranges; r < boot_info.ranges + boot_info.nr_ranges; r++) {
		if (r->type == MEM_RAM && r->start <= start && end <= r->end)
			return true;
	}
	return false;
}

/* Blocks of the other CPUs: memory behind the image, counted as part of it from here on. */
static void reserve_cpu_blocks(void)
{
	u64 size = PAGE_ALIGN(sizeof(struct x86_cpu));
	unsigned int id;

	for (id = 1; id < madt.nr_cpus; id++) {
		u64 start = boot_info.kernel_end;

		if (!range_is_free_ram(start, start + size))
			return;
		x86_cpus[id] = arch_phys_to_virt(start);
		nr_possible_cpus = id + 1;
		memset(x86_cpus[id], 0, offsetof(struct x86_cpu, ist_stack));
		boot_info.kernel_end = start + size;
	}
}

__noreturn void x86_start(u64 start_info)
{
	u64 rsdp;

	cpu_detect();
	fpu_detect();
	if (cpu_features.smap)
		patch_smap();
	memory_init();
	idt_build();
	cpu_init(x86_cpus[0], 0);
	rsdp = boot_info_init(start_info);
	copy_select();
	lapic_init_boot();
	acpi_init(rsdp);
	reserve_cpu_blocks();
	ioapic_init();
	time_init();
	if (cpu_features.hypervisor == HV_TCG && !cpu_features.counts_instructions)
		patch_pause();
	kernel_main();
}
