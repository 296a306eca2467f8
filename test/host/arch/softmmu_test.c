/* SPDX-License-Identifier: MIT */
/*
 * The software MMU: rights, A and D bits, and above all that translations are kept until they are
 * flushed, upper entries too. Tables are built here by hand.
 */
#include "test.h"

#include "../boot.h"
#include "lib/string.h"
#include "page/gfp.h"

#define ADDR 0x7f1234567000UL

static struct {
	struct arch_mm arch;
} space, other;
static struct mm_struct *mm = (struct mm_struct *)&space;

static u64 new_table(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	page_owner_add(OWNER_TABLE, 1);
	return page_to_phys(page);
}

static pmd_t *pmd_of(unsigned long addr)
{
	pgd_t *pgd = space.arch.pgd + pgd_index(addr);
	pud_t *pud;

	if (pgd_none(*pgd))
		*pgd = mk_pgd_table(new_table());
	pud = (pud_t *)arch_phys_to_virt(pgd_phys(*pgd)) + pud_index(addr);
	if (pud_none(*pud))
		*pud = mk_pud_table(new_table());
	return (pmd_t *)arch_phys_to_virt(pud_phys(*pud)) + pmd_index(addr);
}

static pte_t *pte_of(unsigned long addr)
{
	pmd_t *pmd = pmd_of(addr);

	if (pmd_none(*pmd))
		*pmd = mk_pmd_table(new_table());
	return (pte_t *)arch_phys_to_virt(pmd_phys(*pmd)) + pte_index(addr);
}

static struct page *map(unsigned long addr, pgprot_t prot)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	pte_set(pte_of(addr), pte_mkold(mk_pte(page_to_pfn(page), prot)));
	return page;
}

static unsigned int faults, last_error;
static unsigned long last_addr;
static void (*repair)(unsigned long addr);

static bool count_fault(struct pt_regs *regs, unsigned long addr, unsigned int error_code)
{
	faults++;
	last_error = error_code;
	last_addr = addr;
	if (repair)
		repair(addr);
	return repair != NULL;
}

static void start(unsigned int cpus)
{
	host_boot(16UL << 20, cpus);
	space.arch.pgd = arch_phys_to_virt(new_table());
	other.arch.pgd = arch_phys_to_virt(new_table());
	host_page_fault = count_fault;
	arch_switch_mm(NULL, mm);
}

static u8 read_byte(unsigned long addr)
{
	u8 byte;

	CHECK_EQ(host_read(addr, &byte, 1), 0);
	return byte;
}

TEST(user_memory_reads_and_writes)
{
	char out[20], in[] = "across two pages";
	struct page *a, *b;

	start(1);
	a = map(ADDR, PAGE_SHARED);
	b = map(ADDR + PAGE_SIZE, PAGE_SHARED);
	CHECK_EQ(host_write(ADDR + PAGE_SIZE - 5, in, sizeof(in)), 0);
	CHECK_EQ(host_read(ADDR + PAGE_SIZE - 5, out, sizeof(in)), 0);
	CHECK_STREQ(out, in);
	CHECK(!memcmp(page_address(a) + PAGE_SIZE - 5, in, 5));
	CHECK(!memcmp(page_address(b), in + 5, sizeof(in) - 5));
	CHECK_EQ(faults, 0u);
	CHECK_EQ(host_tlb_audit(), 0u);
}

TEST(accessed_and_dirty_bits)
{
	start(1);
	map(ADDR, PAGE_SHARED);
	CHECK(!pte_young(*pte_of(ADDR)) && !pte_dirty(*pte_of(ADDR)));
	read_byte(ADDR);
	CHECK(pte_young(*pte_of(ADDR)) && !pte_dirty(*pte_of(ADDR)));
	/* Known to the TLB as clean: the first write walks again. */
	CHECK_EQ(host_write(ADDR, "x", 1), 0);
	CHECK(pte_dirty(*pte_of(ADDR)));
	CHECK(pmd_young(*pmd_of(ADDR)));
}

TEST(error_codes)
{
	start(1);
	CHECK_EQ(host_read(ADDR, &(char){0}, 1), 11);
	CHECK_EQ(last_error, PF_USER);
	CHECK_EQ(last_addr, ADDR);
	map(ADDR, PAGE_READONLY);
	read_byte(ADDR);
	CHECK_EQ(host_write(ADDR + 9, "x", 1), 11);
	CHECK_EQ(last_error, PF_USER | PF_WRITE | PF_PROT);
	CHECK_EQ(last_addr, ADDR + 9);
	CHECK_EQ(host_exec(ADDR), 11);
	CHECK_EQ(last_error, PF_USER | PF_INSTR | PF_PROT);
	CHECK_EQ(arch_copy_to_user((void *)ADDR, "x", 1), 1UL);
	CHECK_EQ(last_error, PF_WRITE | PF_PROT);
	CHECK_EQ(arch_copy_to_user((void *)(TASK_SIZE_MAX - 1), "xy", 2), 2UL);
	CHECK_EQ(arch_copy_to_user((void *)-8UL, "xy", 2), 2UL);
}

static void map_here(unsigned long addr)
{
	map(addr & PAGE_MASK, PAGE_SHARED);
}

TEST(faults_are_repaired_and_repeated)
{
	char buf[3 * 4096];

	start(1);
	repair = map_here;
	memset(buf, 7, sizeof(buf));
	CHECK_EQ(arch_copy_to_user((void *)ADDR + 1, buf, sizeof(buf)), 0UL);
	CHECK_EQ(faults, 4u);
	memset(buf, 0, sizeof(buf));
	CHECK_EQ(arch_copy_from_user(buf, (void *)ADDR + 1, sizeof(buf)), 0UL);
	CHECK(!memchr_inv(buf, 7, sizeof(buf)));
	/* Without repair a copy ends at the first missing page. */
	repair = NULL;
	CHECK_EQ(arch_copy_from_user(buf, (void *)ADDR + 3 * PAGE_SIZE, sizeof(buf)),
		 sizeof(buf) - PAGE_SIZE);
	CHECK_EQ(arch_clear_user((void *)ADDR, 100), 0UL);
	CHECK_EQ(read_byte(ADDR + 50), 0);
	CHECK_EQ(arch_strncpy_from_user(buf, (void *)ADDR + 100, 5), 5L);
	CHECK_EQ(arch_strncpy_from_user(buf, (void *)ADDR + 99, 5), 0L);
}

TEST(upper_levels_restrict)
{
	start(1);
	map(ADDR, PAGE_SHARED);
	pmd_set(pmd_of(ADDR), pmd_wrprotect(*pmd_of(ADDR)));
	read_byte(ADDR);
	CHECK_EQ(host_write(ADDR, "x", 1), 11);
	CHECK_EQ(last_error, PF_USER | PF_WRITE | PF_PROT);
}

TEST(large_pages)
{
	struct page *page;

	start(1);
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 9);
	CHECK(page);
	pmd_set(pmd_of(ADDR), mk_pmd_leaf(page_to_pfn(page), PAGE_SHARED));
	*(u8 *)(page_address(page) + (ADDR & ~PMD_MASK) + 5) = 99;
	CHECK_EQ(read_byte(ADDR + 5), 99);
	CHECK_EQ(host_tlb_audit(), 0u);
}

/* ---- Forgotten flushes --------------------------------------------------------------------- */

TEST(tlb_keeps_a_changed_entry)
{
	struct page *a, *b;

	start(1);
	a = map(ADDR, PAGE_SHARED);
	*(u8 *)page_address(a) = 1;
	CHECK_EQ(read_byte(ADDR), 1);
	b = map(ADDR, PAGE_SHARED);
	*(u8 *)page_address(b) = 2;
	CHECK_EQ(read_byte(ADDR), 1);
	CHECK_EQ(host_tlb_audit(), 1u);
	arch_tlb_flush_range(mm, ADDR, ADDR + PAGE_SIZE);
	CHECK_EQ(host_tlb_audit(), 0u);
	CHECK_EQ(read_byte(ADDR), 2);
}

TEST(tlb_keeps_the_right_to_write)
{
	start(1);
	map(ADDR, PAGE_SHARED);
	CHECK_EQ(host_write(ADDR, "x", 1), 0);
	pte_clear_write(pte_of(ADDR));
	CHECK_EQ(host_write(ADDR, "y", 1), 0);
	CHECK_EQ(host_tlb_audit(), 1u);
	arch_tlb_flush_range(mm, ADDR, ADDR + 1);
	CHECK_EQ(host_write(ADDR, "z", 1), 11);
}

/* A widened right is not seen until the stale entry has caused one fault. */
TEST(spurious_fault)
{
	start(1);
	map(ADDR, PAGE_READONLY);
	read_byte(ADDR);
	pte_set(pte_of(ADDR), pte_mkwrite(*pte_of(ADDR)));
	CHECK_EQ(host_tlb_audit(), 0u);
	CHECK_EQ(host_write(ADDR, "x", 1), 11);
	CHECK_EQ(host_write(ADDR, "x", 1), 0);
	CHECK_EQ(faults, 1u);
}

/* The upper entry was replaced; only what it led to was flushed, not the entry's own span. */
TEST(paging_structure_cache_keeps_an_upper_entry)
{
	struct page *a, *b;

	start(1);
	a = map(ADDR, PAGE_SHARED);
	b = map(ADDR + PAGE_SIZE, PAGE_SHARED);
	*(u8 *)page_address(b) = 5;
	read_byte(ADDR);
	pmd_set(pmd_of(ADDR), (pmd_t){0});
	/* Another page of the same table, not yet in the TLB: walked through the cached upper
	 * entry. */
	CHECK_EQ(read_byte(ADDR + PAGE_SIZE), 5);
	CHECK_EQ(host_tlb_audit(), 3u);
	arch_tlb_flush_mm(mm);
	CHECK_EQ(host_tlb_audit(), 0u);
	CHECK_EQ(host_read(ADDR + PAGE_SIZE, &(char){0}, 1), 11);
	put_page(a);
}

TEST(write_protected_upper_entry_is_cached_too)
{
	start(1);
	map(ADDR, PAGE_SHARED);
	map(ADDR + PAGE_SIZE, PAGE_SHARED);
	CHECK_EQ(host_write(ADDR, "x", 1), 0);
	pmd_clear_write(pmd_of(ADDR));
	CHECK_EQ(host_write(ADDR + PAGE_SIZE, "x", 1), 0);
	CHECK_EQ(host_tlb_audit(), 3u);
	arch_tlb_flush_range(mm, ADDR & PMD_MASK, (ADDR & PMD_MASK) + PMD_SIZE);
	CHECK_EQ(host_write(ADDR + PAGE_SIZE, "x", 1), 11);
}

TEST(every_cpu_has_its_own_tlb)
{
	struct page *page;

	start(2);
	page = map(ADDR, PAGE_SHARED);
	read_byte(ADDR);
	host_set_cpu(1);
	CHECK_EQ(host_read(ADDR, &(char){0}, 1), 11); /* nothing loaded here */
	arch_switch_mm(NULL, mm);
	CHECK_EQ(space.arch.cpu_mask, 3UL);
	read_byte(ADDR);
	pte_set(pte_of(ADDR), (pte_t){0});
	arch_tlb_flush_local_page(mm, ADDR);
	CHECK(!host_tlb_has(ADDR, HOST_READ));
	host_set_cpu(0);
	CHECK(host_tlb_has(ADDR, HOST_READ));
	/* Lazily left behind on CPU 1, flushed there all the same. */
	arch_tlb_flush_range(mm, ADDR, ADDR + PAGE_SIZE);
	CHECK(!host_tlb_has(ADDR, HOST_READ));
	CHECK_EQ(host_tlb_audit(), 0u);
	arch_switch_mm(mm, (struct mm_struct *)&other);
	CHECK_EQ(space.arch.cpu_mask, 2UL);
	arch_switch_mm((struct mm_struct *)&other, NULL);
	put_page(page);
}

TEST(loading_another_address_space_forgets)
{
	start(1);
	map(ADDR, PAGE_SHARED);
	read_byte(ADDR);
	CHECK(host_tlb_has(ADDR, HOST_WRITE));
	arch_switch_mm(mm, mm);
	CHECK(host_tlb_has(ADDR, HOST_WRITE));
	arch_switch_mm(mm, (struct mm_struct *)&other);
	arch_switch_mm((struct mm_struct *)&other, mm);
	CHECK(!host_tlb_has(ADDR, HOST_READ));
	read_byte(ADDR);
}

TEST(user_cmpxchg)
{
	u32 seen, value = 5;

	start(1);
	map(ADDR, PAGE_SHARED);
	CHECK_EQ(host_write(ADDR, &value, 4), 0);
	CHECK_EQ(arch_user_cmpxchg_u32((u32 *)ADDR, 5, 6, &seen), 0);
	CHECK_EQ(seen, 5u);
	CHECK_EQ(arch_user_cmpxchg_u32((u32 *)ADDR, 5, 7, &seen), 0);
	CHECK_EQ(seen, 6u);
	CHECK_EQ(read_byte(ADDR), 6);
	CHECK_EQ(arch_user_cmpxchg_u32((u32 *)(ADDR + PAGE_SIZE), 5, 7, &seen), -14);
}
