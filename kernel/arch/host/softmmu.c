/* SPDX-License-Identifier: MIT */
/*
 * The software MMU: walks x86-64 page tables as hardware does, and caches as hardware may, so that
 * a forgotten flush is a wrong access at the first use. Each simulated CPU has
 *
 *	a TLB			address of a page -> frame, rights ANDed over all levels, "D is set"
 *	paging-structure caches	address of 512 GiB, 1 GiB, 2 MiB -> next table, rights ANDed so far
 *
 * which only arch_tlb_flush_*(), the load of another address space, and (for its own address) a
 * fault empty. The caches are larger than a test's working set: nothing is forgotten by luck.
 *
 * Hardware may also fill them at any moment with what nobody has asked for, and forget at any
 * moment: host_speculate_at_random().
 */
#include "abi/errno.h"
#include "arch/host/internal.h"
#include "lib/atomic.h"
#include "lib/string.h"

#define TLB_SIZE 16384 /* entries; power of two */

struct tlb_entry {
	u32 generation; /* valid if the CPU's */
	u8 rights;
	bool dirty;
	unsigned long vpn, pfn;
};

/* Rights of an access or a mapping. */
#define R_WRITE 1
#define R_EXEC	2
#define R_USER	4

/* levels[n] caches entries of tables of level n: 1 PMD, 2 PUD, 3 PGD. */
struct psc_entry {
	u32 generation;
	u8 rights;
	unsigned long tag; /* address >> the entry's shift */
	u64 table;	   /* physical address of the next table */
};

#define PSC_SIZE 1024

/* Addresses used or flushed lately: where speculation goes. A power of two. */
#define RECENT 32

struct host_mmu {
	struct arch_mm *mm; /* loaded; NULL: the kernel's own tables, which map no user memory */
	unsigned long recent[RECENT];
	unsigned int nr_recent;
	u32 generation;
	struct psc_entry psc[4][PSC_SIZE];
	struct tlb_entry tlb[TLB_SIZE];
};

static struct host_mmu mmus[NR_CPUS];

bool (*host_page_fault)(struct pt_regs *regs, unsigned long addr, unsigned int error_code);
int (*host_take_signal)(void);

/* Without a point for other CPUs: what hardware does in one piece. */
static void *phys_to_virt(u64 phys)
{
	return (void *)(HOST_ARENA_BASE + phys);
}

static struct host_mmu *this_mmu(void)
{
	return &mmus[host_cpu_number];
}

static unsigned int level_shift(unsigned int level)
{
	return PAGE_SHIFT + 9 * level;
}

static u64 *table_entry(u64 table, unsigned long addr, unsigned int level)
{
	return (u64 *)phys_to_virt(table) + ((addr >> level_shift(level)) & 511);
}

static u8 entry_rights(u64 entry)
{
	return (entry & _PAGE_RW ? R_WRITE : 0) | (entry & _PAGE_USER ? R_USER : 0) |
	       (entry & _PAGE_NX ? 0 : R_EXEC);
}

/* ---- Caches -------------------------------------------------------------------------------- */

static struct tlb_entry *tlb_slot(struct host_mmu *mmu, unsigned long addr)
{
	return &mmu->tlb[(addr >> PAGE_SHIFT) & (TLB_SIZE - 1)];
}

static struct tlb_entry *tlb_find(struct host_mmu *mmu, unsigned long addr)
{
	struct tlb_entry *e = tlb_slot(mmu, addr);

	return e->generation == mmu->generation && e->vpn == addr >> PAGE_SHIFT ? e : NULL;
}

static struct psc_entry *psc_slot(struct host_mmu *mmu, unsigned long addr, unsigned int level)
{
	return &mmu->psc[level][(addr >> level_shift(level)) & (PSC_SIZE - 1)];
}

static struct psc_entry *psc_find(struct host_mmu *mmu, unsigned long addr, unsigned int level)
{
	struct psc_entry *e = psc_slot(mmu, addr, level);

	return e->generation == mmu->generation && e->tag == addr >> level_shift(level) ? e : NULL;
}

static void forget_all(struct host_mmu *mmu)
{
	mmu->generation++;
}

/* Everything cached for [start, end), and what upper entries that span a part of it left. */
static void forget_range(struct host_mmu *mmu, unsigned long start, unsigned long end)
{
	unsigned long first, last, tag;
	unsigned int level;

	if (start >= end)
		return;
	first = start >> PAGE_SHIFT;
	last = (end - 1) >> PAGE_SHIFT;
	if (last - first >= TLB_SIZE) {
		forget_all(mmu);
		return;
	}
	for (; first <= last; first++) {
		struct tlb_entry *e = tlb_slot(mmu, first << PAGE_SHIFT);

		if (e->vpn == first)
			e->generation = mmu->generation - 1;
	}
	for (level = 1; level <= 3; level++) {
		for (tag = start >> level_shift(level); tag <= (end - 1) >> level_shift(level);
		     tag++) {
			struct psc_entry *e = psc_slot(mmu, tag << level_shift(level), level);

			if (e->tag == tag)
				e->generation = mmu->generation - 1;
		}
	}
}

static void forget_page(struct host_mmu *mmu, unsigned long addr)
{
	unsigned int level;

	tlb_slot(mmu, addr)->generation = mmu->generation - 1;
	for (level = 1; level <= 3; level++)
		psc_slot(mmu, addr, level)->generation = mmu->generation - 1;
}

/* ---- The walk ------------------------------------------------------------------------------ */

/* Where a walk starts: the lowest table that a cache knows. */
static u64 walk_start(struct host_mmu *mmu, unsigned long addr, unsigned int *level, u8 *rights)
{
	const struct psc_entry *e;
	unsigned int l;

	for (l = 1; l <= 3; l++) {
		e = psc_find(mmu, addr, l);
		if (e) {
			*level = l - 1;
			*rights = e->rights;
			return e->table;
		}
	}
	*level = 3;
	*rights = R_WRITE | R_EXEC | R_USER;
	return arch_virt_to_phys(mmu->mm->pgd);
}

/* Set A (and D) in *@p if it still holds @entry; false if it has changed. */
static bool set_used(u64 *p, u64 entry, bool dirty)
{
	u64 used = entry | _PAGE_ACCESSED | (dirty ? _PAGE_DIRTY : 0);

	return used == entry || __atomic_compare_exchange_n(p, &entry, used, false,
							    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void tlb_fill(struct host_mmu *mmu, unsigned long addr, u64 entry, unsigned int level,
		     u8 rights)
{
	unsigned long pfn = (entry & PTE_PFN_MASK) >> PAGE_SHIFT;

	pfn += (addr & (BIT(level_shift(level)) - 1)) >> PAGE_SHIFT; /* of a large page */
	*tlb_slot(mmu, addr) = (struct tlb_entry){
		.generation = mmu->generation,
		.rights = rights,
		.dirty = entry & _PAGE_DIRTY,
		.vpn = addr >> PAGE_SHIFT,
		.pfn = pfn,
	};
}

/*
 * Find the frame of @addr for an access that needs @want. 0: *@pfn is it; else the error code of
 * the fault plus bit 31, which makes it not 0.
 */
#define WALK_FAULT BIT(31)

static unsigned int walk(struct host_mmu *mmu, unsigned long addr, u8 want, unsigned long *pfn)
{
	unsigned int level;
	u64 table, entry, *p;
	u8 rights;

again:
	table = walk_start(mmu, addr, &level, &rights);
	for (;; level--) {
		p = table_entry(table, addr, level);
		entry = __atomic_load_n(p, __ATOMIC_RELAXED);
		if (!(entry & _PAGE_PRESENT))
			return WALK_FAULT;
		rights &= entry_rights(entry);
		if (level == 0 || entry & _PAGE_PSE)
			break;
		BUG_ON(level == 3 && entry & _PAGE_PSE);
		if (!set_used(p, entry, false))
			goto again;
		table = entry & PTE_PFN_MASK;
		*psc_slot(mmu, addr, level) = (struct psc_entry){mmu->generation, rights,
								 addr >> level_shift(level), table};
	}
	if (want & ~rights)
		return WALK_FAULT | PF_PROT;
	if (!set_used(p, entry, want & R_WRITE))
		goto again;
	tlb_fill(mmu, addr, *p, level, rights);
	*pfn = tlb_slot(mmu, addr)->pfn;
	return 0;
}

/* ---- Speculation --------------------------------------------------------------------------- */

static unsigned int speculate_every;
static u64 speculate_state;

static void used(struct host_mmu *mmu, unsigned long addr)
{
	mmu->recent[mmu->nr_recent++ % RECENT] = addr;
}

static unsigned int speculate_pick(unsigned int n)
{
	speculate_state = speculate_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (speculate_state >> 33) % n;
}

/* Where the program may seem to go: a place it was at, one in the same table, one tables away. */
static unsigned long likely_address(struct host_mmu *mmu)
{
	unsigned long addr = mmu->recent[speculate_pick(RECENT)];

	switch (speculate_pick(4)) {
	case 0:
		return (addr & PMD_MASK) + speculate_pick(512) * PAGE_SIZE;
	case 1:
		return addr + speculate_pick(9) * PMD_SIZE - 4 * PMD_SIZE;
	default:
		return addr;
	}
}

static void speculate_on(struct host_mmu *mmu, unsigned long addr)
{
	unsigned long pfn;

	if (mmu->mm && addr < TASK_SIZE_MAX && !tlb_find(mmu, addr))
		walk(mmu, addr, R_USER, &pfn);
}

bool host_speculating(void)
{
	return speculate_every != 0;
}

void host_maybe_speculate(void)
{
	struct host_mmu *mmu;

	if (!speculate_every || speculate_pick(speculate_every))
		return;
	mmu = &mmus[speculate_pick(nr_cpus)];
	if (speculate_pick(256) == 0)
		forget_all(mmu);
	speculate_on(mmu, likely_address(mmu));
}

void host_speculate_at_random(unsigned int every, u64 seed)
{
	speculate_every = every;
	speculate_state = seed;
	host_update_busy();
}

/* Before and after a flush of [start, end) on the CPUs that run @arch. */
static void speculate_around_flush(struct arch_mm *arch, unsigned long start, unsigned long end)
{
	unsigned int cpu;

	if (!speculate_every)
		return;
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		if (mmus[cpu].mm != arch)
			continue;
		if (end - start < PGDIR_SIZE) {
			used(&mmus[cpu], start);
			used(&mmus[cpu],
			     start + speculate_pick((end - start) >> PAGE_SHIFT) * PAGE_SIZE);
		}
		if (speculate_pick(2))
			speculate_on(&mmus[cpu], likely_address(&mmus[cpu]));
	}
}

void host_speculate(unsigned long addr)
{
	speculate_on(this_mmu(), addr);
}

/* ---- Use ----------------------------------------------------------------------------------- */

/* walk() through the TLB. */
static unsigned int translate(unsigned long addr, u8 want, unsigned long *pfn)
{
	struct host_mmu *mmu = this_mmu();
	struct tlb_entry *e = tlb_find(mmu, addr);
	unsigned int fault;

	if (addr >= TASK_SIZE_MAX || !mmu->mm)
		return WALK_FAULT;
	used(mmu, addr);
	if (e && (want & ~e->rights)) {
		forget_page(mmu, addr); /* as the fault that this is does */
		return WALK_FAULT | PF_PROT;
	}
	if (e && (e->dirty || !(want & R_WRITE))) {
		*pfn = e->pfn;
		return 0;
	}
	fault = walk(mmu, addr, want, pfn);
	if (fault)
		forget_page(mmu, addr);
	return fault;
}

/* ---- Accesses of user mode ----------------------------------------------------------------- */

static bool call_fault_handler(struct pt_regs *regs, unsigned long addr, unsigned int error_code)
{
	return (host_page_fault ? host_page_fault : handle_page_fault)(regs, addr, error_code);
}

static unsigned int fault_bits(enum host_access access)
{
	return access == HOST_WRITE ? PF_WRITE : access == HOST_EXEC ? PF_INSTR : 0;
}

static u8 access_rights(enum host_access access)
{
	return access == HOST_WRITE ? R_WRITE : access == HOST_EXEC ? R_EXEC : 0;
}

static int pending_signal(void)
{
	if (host_take_signal)
		return host_take_signal();
	return arch_task(arch_current())->work & 1 ? 11 : 0;
}

/* Direct-map address of the byte at @addr, NULL if its fault raised *@sig. */
static void *user_byte(unsigned long addr, enum host_access access, int *sig)
{
	struct pt_regs regs = {
		.cs = USER_CS, .ss = USER_DS, .orig_ax = -1, .flags = X86_FLAGS_IF | X86_FLAGS_ONE};
	unsigned int fault, tries;
	unsigned long pfn;

	for (tries = 0; tries < 1000; tries++) {
		fault = translate(addr, access_rights(access) | R_USER, &pfn);
		if (!fault)
			return phys_to_virt(((u64)pfn << PAGE_SHIFT) + offset_in_page(addr));
		fault = (fault & ~WALK_FAULT) | PF_USER | fault_bits(access);
		if (!call_fault_handler(&regs, addr, fault)) {
			*sig = 11;
			return NULL;
		}
		*sig = pending_signal();
		if (*sig)
			return NULL;
	}
	host_panic("fault loop at %lx", addr);
}

static size_t bytes_in_page(unsigned long addr, size_t n)
{
	return min(n, PAGE_SIZE - offset_in_page(addr));
}

static int user_access(unsigned long addr, void *buf, size_t n, enum host_access access)
{
	int sig = 0;

	while (n > 0) {
		size_t part = bytes_in_page(addr, n);
		void *p = user_byte(addr, access, &sig);

		if (!p)
			return sig;
		if (access == HOST_WRITE)
			memcpy(p, buf, part);
		else
			memcpy(buf, p, part);
		addr += part;
		buf += part;
		n -= part;
	}
	return 0;
}

int host_read(unsigned long addr, void *buf, size_t n)
{
	return user_access(addr, buf, n, HOST_READ);
}

int host_write(unsigned long addr, const void *buf, size_t n)
{
	return user_access(addr, (void *)buf, n, HOST_WRITE);
}

int host_exec(unsigned long addr)
{
	u8 byte;

	return user_access(addr, &byte, 1, HOST_EXEC);
}

/* ---- Accesses of the kernel ---------------------------------------------------------------- */

/* Direct-map address of the byte at @addr, NULL if it cannot be reached. */
static void *kernel_byte(unsigned long addr, bool write)
{
	struct pt_regs regs = {
		.cs = KERNEL_CS, .orig_ax = -1, .flags = X86_FLAGS_IF | X86_FLAGS_ONE};
	unsigned int fault, tries;
	unsigned long pfn;

	for (tries = 0; tries < 1000; tries++) {
		fault = translate(addr, write ? R_WRITE : 0, &pfn);
		if (!fault)
			return phys_to_virt(((u64)pfn << PAGE_SHIFT) + offset_in_page(addr));
		fault = (fault & ~WALK_FAULT) | (write ? PF_WRITE : 0);
		if (!call_fault_handler(&regs, addr, fault))
			return NULL;
	}
	host_panic("fault loop at %lx in a user copy", addr);
}

static bool user_range(unsigned long addr, size_t n)
{
	return n <= TASK_SIZE_MAX && addr <= TASK_SIZE_MAX - n;
}

/* Whole copy of @n bytes; @from or @to is NULL for the user side. Returns what was not copied. */
static size_t user_copy(unsigned long addr, void *to, const void *from, size_t n)
{
	if (!user_range(addr, n))
		return n;
	while (n > 0) {
		size_t part = bytes_in_page(addr, n);
		void *p = kernel_byte(addr, !to);

		if (!p)
			break;
		if (to) {
			memcpy(to, p, part);
			to += part;
		} else if (from) {
			memcpy(p, from, part);
			from += part;
		} else {
			memset(p, 0, part);
		}
		addr += part;
		n -= part;
	}
	return n;
}

size_t arch_copy_from_user(void *to, const void __user *from, size_t n)
{
	return user_copy((unsigned long)from, to, NULL, n);
}

size_t arch_copy_to_user(void __user *to, const void *from, size_t n)
{
	return user_copy((unsigned long)to, NULL, from, n);
}

size_t arch_clear_user(void __user *to, size_t n)
{
	return user_copy((unsigned long)to, NULL, NULL, n);
}

ssize_t arch_strncpy_from_user(char *to, const char __user *from, size_t n)
{
	size_t done;

	for (done = 0; done < n; done++) {
		if (arch_copy_from_user(to + done, from + done, 1))
			return -EFAULT;
		if (!to[done])
			break;
	}
	return done;
}

int arch_user_cmpxchg_u32(u32 __user *uaddr, u32 old, u32 new, u32 *seen)
{
	unsigned long addr = (unsigned long)uaddr;
	u32 *p;

	BUG_ON(addr & 3);
	p = user_range(addr, 4) ? kernel_byte(addr, true) : NULL;
	if (!p)
		return -EFAULT;
	*seen = cmpxchg(p, old, new);
	return 0;
}

/* ---- Address spaces ------------------------------------------------------------------------ */

void arch_pgd_init(pgd_t *pgd)
{
	/* The simulated kernel half is the host process's own memory. */
}

void arch_pgd_exit(pgd_t *pgd)
{
}

void arch_switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	struct host_mmu *mmu = this_mmu();
	struct arch_mm *old = mmu->mm, *new = (struct arch_mm *)next;

	if (old == new)
		return;
	if (new)
		set_bit(host_cpu_number, &new->cpu_mask);
	mmu->mm = new;
	forget_all(mmu);
	if (old)
		clear_bit(host_cpu_number, &old->cpu_mask);
}

void arch_tlb_flush_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct arch_mm *arch = (struct arch_mm *)mm;
	unsigned int cpu;

	BUG_ON(arch_irqs_disabled() && (arch->cpu_mask & ~BIT(host_cpu_number)));
	if (host_busy)
		host_slow_point(); /* the others have not heard of it yet */
	speculate_around_flush(arch, start, end);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		if (mmus[cpu].mm == arch && (arch->cpu_mask & BIT(cpu)))
			forget_range(&mmus[cpu], start, end);
	speculate_around_flush(arch, start, end);
	if (host_busy)
		host_point();
}

void arch_tlb_flush_mm(struct mm_struct *mm)
{
	arch_tlb_flush_range(mm, 0, TASK_SIZE_MAX);
}

void arch_tlb_flush_local_page(struct mm_struct *mm, unsigned long addr)
{
	forget_page(this_mmu(), addr);
}

void arch_tlb_flush_kernel(unsigned long start, unsigned long end)
{
	BUG_ON(arch_irqs_disabled());
}

/* ---- Audit --------------------------------------------------------------------------------- */

/* Rights and target that the tables give @addr now, down to entries of @stop's table; false if not
 * present. */
static bool true_walk(const struct arch_mm *mm, unsigned long addr, unsigned int stop, u8 *rights,
		      u64 *entry, unsigned int *level)
{
	u64 table = arch_virt_to_phys(mm->pgd);

	*rights = R_WRITE | R_EXEC | R_USER;
	for (*level = 3;; --*level) {
		*entry = *table_entry(table, addr, *level);
		if (!(*entry & _PAGE_PRESENT))
			return false;
		*rights &= entry_rights(*entry);
		if (*level == stop || *entry & _PAGE_PSE)
			return true;
		table = *entry & PTE_PFN_MASK;
	}
}

static bool tlb_entry_is_true(const struct host_mmu *mmu, const struct tlb_entry *e)
{
	unsigned long addr = e->vpn << PAGE_SHIFT, pfn;
	unsigned int level;
	u64 entry;
	u8 rights;

	if (!true_walk(mmu->mm, addr, 0, &rights, &entry, &level))
		return false;
	pfn = ((entry & PTE_PFN_MASK) >> PAGE_SHIFT) +
	      ((addr & (BIT(level_shift(level)) - 1)) >> PAGE_SHIFT);
	return pfn == e->pfn && !(e->rights & ~rights) && !(e->dirty && !(entry & _PAGE_DIRTY));
}

static bool psc_entry_is_true(const struct host_mmu *mmu, const struct psc_entry *e,
			      unsigned int level)
{
	unsigned int found;
	u64 entry;
	u8 rights;

	return true_walk(mmu->mm, e->tag << level_shift(level), level, &rights, &entry, &found) &&
	       found == level && !(entry & _PAGE_PSE) && (entry & PTE_PFN_MASK) == e->table &&
	       !(e->rights & ~rights);
}

static unsigned int audit_cpu(unsigned int cpu)
{
	struct host_mmu *mmu = &mmus[cpu];
	unsigned int problems = 0, level, i;

	for (i = 0; i < TLB_SIZE; i++) {
		struct tlb_entry *e = &mmu->tlb[i];

		if (e->generation == mmu->generation && e->vpn && !tlb_entry_is_true(mmu, e)) {
			printk("TLB audit: CPU %u keeps %lx -> frame %lx, rights %x", cpu,
			       e->vpn << PAGE_SHIFT, e->pfn, e->rights);
			problems++;
		}
	}
	for (level = 1; level <= 3; level++) {
		for (i = 0; i < PSC_SIZE; i++) {
			struct psc_entry *e = &mmu->psc[level][i];

			if (e->generation != mmu->generation || !e->table ||
			    psc_entry_is_true(mmu, e, level))
				continue;
			printk("TLB audit: CPU %u keeps the level %u entry of %lx -> table %llx, "
			       "rights %x",
			       cpu, level, e->tag << level_shift(level), e->table, e->rights);
			problems++;
		}
	}
	return problems;
}

unsigned int host_tlb_audit(void)
{
	unsigned int cpu, problems = 0;

	for (cpu = 0; cpu < nr_cpus; cpu++)
		if (mmus[cpu].mm)
			problems += audit_cpu(cpu);
	return problems;
}

bool host_tlb_has(unsigned long addr, enum host_access access)
{
	struct tlb_entry *e = tlb_find(this_mmu(), addr);

	return e && this_mmu()->mm && !(access_rights(access) & ~e->rights);
}
