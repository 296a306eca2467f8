/* SPDX-License-Identifier: MIT */
/*
 * The kernel half of the address space. Its top-level entries are the same in every address
 * space and never change after boot; each leads to a table of this file:
 *
 *	direct_pud	all of RAM, 1 GiB pages where the CPU has them, else 2 MiB pages
 *	kstack_pud	kernel stacks, page by page
 *	device_pud	device registers, uncached
 *	image_pud	the kernel image in 4 KiB pages: text R-X, read-only data R--, data RW-
 */
#include "arch/x86_64/cpu.h"
#include "abi/errno.h"
#include "lib/bug.h"
#include "lib/string.h"

#define __page_table __aligned(4096) __section(".bss.page_aligned")

#define IMAGE_TABLES 4 /* of 2 MiB each; kernel.lds asserts that they are enough */

pgd_t init_pgd[PTRS_PER_TABLE] __page_table;
static pud_t direct_pud[PTRS_PER_TABLE] __page_table;
static pud_t kstack_pud[PTRS_PER_TABLE] __page_table;
static pud_t device_pud[PTRS_PER_TABLE] __page_table;
static pmd_t device_pmd[PTRS_PER_TABLE] __page_table;
static pte_t device_pte[PTRS_PER_TABLE] __page_table;
static pud_t image_pud[PTRS_PER_TABLE] __page_table;
static pmd_t image_pmd[PTRS_PER_TABLE] __page_table;
static pte_t image_pte[IMAGE_TABLES][PTRS_PER_TABLE] __page_table;
/* Without 1 GiB pages: the first GiB, and one more for what the firmware left elsewhere. */
static pmd_t direct_pmd[2][PTRS_PER_TABLE] __page_table;
static unsigned int direct_pmds_used;

extern char _text[], _etext[], _erodata[], _end[], arch_boot_stack_guard[];
extern pgd_t boot_pgd[];

const unsigned long arch_kstack_window = KSTACK_WINDOW_BASE;

/* Kernel translations survive CR3 loads where the CPU has global pages. */
static u64 global_bit;

static pgprot_t kernel_prot(pgprot_t prot)
{
	return (pgprot_t){prot.v | global_bit};
}

/* ---- Direct map ------------------------------------------------------------------------- */

#define DIRECT_MAP_MAX (PTRS_PER_TABLE * PUD_SIZE)

/* Map the GiB number @gib, with @table if large pages are not large enough. */
static void map_gib(unsigned int gib, pmd_t *table)
{
	unsigned long pfn = (unsigned long)gib << (PUD_SHIFT - PAGE_SHIFT);
	unsigned int i;

	if (cpu_features.pdpe1gb) {
		pud_set(&direct_pud[gib], mk_pud_leaf(pfn, kernel_prot(PAGE_KERNEL)));
		return;
	}
	for (i = 0; i < PTRS_PER_TABLE; i++)
		table[i] =
			mk_pmd_leaf(pfn + i * (PMD_SIZE >> PAGE_SHIFT), kernel_prot(PAGE_KERNEL));
	pud_set(&direct_pud[gib], mk_pud_table_kernel(arch_virt_to_phys(table)));
}

void *early_map(u64 phys)
{
	unsigned int gib = phys >> PUD_SHIFT;

	if (phys >= DIRECT_MAP_MAX)
		return NULL;
	if (pud_none(direct_pud[gib])) {
		if (!cpu_features.pdpe1gb && direct_pmds_used == ARRAY_SIZE(direct_pmd))
			return NULL;
		map_gib(gib, direct_pmd[direct_pmds_used++ % ARRAY_SIZE(direct_pmd)]);
	}
	return arch_phys_to_virt(phys);
}

void arch_map_memory(u64 (*alloc)(void))
{
	const struct mem_range *range;
	unsigned int gib;
	u64 table;

	for (range = boot_info.ranges; range < boot_info.ranges + boot_info.nr_ranges; range++) {
		if (range->type != MEM_RAM)
			continue;
		for (gib = range->start >> PUD_SHIFT; (u64)gib << PUD_SHIFT < range->end; gib++) {
			if (!pud_none(direct_pud[gib]))
				continue;
			table = cpu_features.pdpe1gb ? 0 : alloc();
			map_gib(gib, arch_phys_to_virt(table));
		}
	}
}

/* ---- The image -------------------------------------------------------------------------- */

static void map_image_range(const char *start, const char *end, pgprot_t prot)
{
	u64 phys = arch_virt_to_phys(start);
	u64 stop = arch_virt_to_phys(end);
	pte_t *pte = (pte_t *)image_pte + (phys >> PAGE_SHIFT);

	for (; phys < stop; phys += PAGE_SIZE)
		*pte++ = mk_pte(phys >> PAGE_SHIFT, kernel_prot(prot));
}

static void map_image(void)
{
	unsigned int i;

	map_image_range(_text, _etext, PAGE_KERNEL_EXEC);
	map_image_range(_etext, _erodata, PAGE_KERNEL_RO);
	map_image_range(_erodata, _end, PAGE_KERNEL);
	((pte_t *)image_pte)[arch_virt_to_phys(arch_boot_stack_guard) >> PAGE_SHIFT] = (pte_t){0};
	for (i = 0; i < IMAGE_TABLES; i++)
		image_pmd[i] = mk_pmd_table_kernel(arch_virt_to_phys(image_pte[i]));
	image_pud[pud_index(KERNEL_IMAGE_BASE)] = mk_pud_table_kernel(arch_virt_to_phys(image_pmd));
}

void memory_init(void)
{
	if (cpu_features.pge)
		global_bit = _PAGE_GLOBAL;
	if (cpu_features.nx)
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);

	map_image();
	early_map(0);
	device_pud[0] = mk_pud_table_kernel(arch_virt_to_phys(device_pmd));
	device_pmd[0] = mk_pmd_table_kernel(arch_virt_to_phys(device_pte));
	init_pgd[pgd_index(DIRECT_MAP_BASE)] = mk_pgd_table_kernel(arch_virt_to_phys(direct_pud));
	init_pgd[pgd_index(KSTACK_WINDOW_BASE)] =
		mk_pgd_table_kernel(arch_virt_to_phys(kstack_pud));
	init_pgd[pgd_index(DEVICE_WINDOW_BASE)] =
		mk_pgd_table_kernel(arch_virt_to_phys(device_pud));
	init_pgd[pgd_index(KERNEL_IMAGE_BASE)] = mk_pgd_table_kernel(arch_virt_to_phys(image_pud));
	/* The boot tables serve the other CPUs' first steps, whose last is to load init_pgd. */
	write_cr3(arch_virt_to_phys(init_pgd));
}

void memory_forget_boot_tables(void)
{
	memset(boot_pgd, 0, PAGE_SIZE);
}

void arch_pgd_init(pgd_t *pgd)
{
	pgd[pgd_index(DIRECT_MAP_BASE)] = init_pgd[pgd_index(DIRECT_MAP_BASE)];
	pgd[pgd_index(KSTACK_WINDOW_BASE)] = init_pgd[pgd_index(KSTACK_WINDOW_BASE)];
	pgd[pgd_index(DEVICE_WINDOW_BASE)] = init_pgd[pgd_index(DEVICE_WINDOW_BASE)];
	pgd[pgd_index(KERNEL_IMAGE_BASE)] = init_pgd[pgd_index(KERNEL_IMAGE_BASE)];
}

void arch_pgd_exit(pgd_t *pgd)
{
	pgd[pgd_index(DIRECT_MAP_BASE)] = pgd[pgd_index(KSTACK_WINDOW_BASE)] =
		pgd[pgd_index(DEVICE_WINDOW_BASE)] = pgd[pgd_index(KERNEL_IMAGE_BASE)] = (pgd_t){0};
}

/* ---- Devices and kernel stacks ---------------------------------------------------------- */

void *arch_map_device(u64 phys, size_t size)
{
	static unsigned int next_page; /* atomic */
	u64 first = phys & PAGE_MASK;
	unsigned int pages = (PAGE_ALIGN(phys + size) - first) >> PAGE_SHIFT;
	unsigned int page, i;

	/* A page is mapped once, however many devices share it. */
	for (i = 0; pages == 1 && i < PTRS_PER_TABLE && !pte_none(device_pte[i]); i++) {
		if (pte_pfn(device_pte[i]) == first >> PAGE_SHIFT)
			return (void *)(DEVICE_WINDOW_BASE + i * PAGE_SIZE + (phys - first));
	}
	page = __atomic_fetch_add(&next_page, pages, __ATOMIC_RELAXED);
	BUG_ON(page + pages > PTRS_PER_TABLE);
	for (i = 0; i < pages; i++)
		pte_set(&device_pte[page + i],
			mk_pte((first >> PAGE_SHIFT) + i, kernel_prot(PAGE_KERNEL_DEVICE)));
	return (void *)(DEVICE_WINDOW_BASE + page * PAGE_SIZE + (phys - first));
}

int arch_map_kernel_page(unsigned long va, u64 phys, u64 (*alloc)(void))
{
	pud_t *pud = &kstack_pud[pud_index(va)];
	pmd_t *pmd;
	pte_t *pte;
	u64 table;

	BUG_ON(va - KSTACK_WINDOW_BASE >= PGDIR_SIZE);
	if (pud_none(pud_get(pud))) {
		table = alloc();
		if (!table)
			return -ENOMEM;
		pud_set(pud, mk_pud_table_kernel(table));
	}
	pmd = (pmd_t *)arch_phys_to_virt(pud_phys(*pud)) + pmd_index(va);
	if (pmd_none(pmd_get(pmd))) {
		table = alloc();
		if (!table)
			return -ENOMEM;
		pmd_set(pmd, mk_pmd_table_kernel(table));
	}
	pte = (pte_t *)arch_phys_to_virt(pmd_phys(*pmd)) + pte_index(va);
	pte_set(pte, mk_pte(phys >> PAGE_SHIFT, kernel_prot(PAGE_KERNEL)));
	return 0;
}

void arch_unmap_kernel_page(unsigned long va)
{
	pmd_t *pmd =
		(pmd_t *)arch_phys_to_virt(pud_phys(kstack_pud[pud_index(va)])) + pmd_index(va);
	pte_t *pte = (pte_t *)arch_phys_to_virt(pmd_phys(*pmd)) + pte_index(va);

	pte_set(pte, (pte_t){0});
}
