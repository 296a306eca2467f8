/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries of x86-64 (4 levels), built, read and changed by typed accessors only.
 * Both ports use this file: the host port's software MMU walks the same bits.
 *
 *	level   entry   one entry spans    table spans
 *	PGD     pgd_t   512 GiB            256 TiB
 *	PUD     pud_t   1 GiB              512 GiB
 *	PMD     pmd_t   2 MiB              1 GiB
 *	PTE     pte_t   4 KiB              2 MiB
 *
 * A PTE is one of
 *	none		all bits zero
 *	present		P set, or P clear and PROTNONE set: no access may reach the page
 *			(mprotect PROT_NONE)
 *	swap entry	P and PROTNONE clear, not zero: type and offset of what stands for the page
 */
#pragma once

#include "lib/types.h"

typedef struct {
	u64 v;
} pte_t;
typedef struct {
	u64 v;
} pmd_t;
typedef struct {
	u64 v;
} pud_t;
typedef struct {
	u64 v;
} pgd_t;
typedef struct {
	u64 v;
} pgprot_t; /* the bits of an entry that are not its frame */

/* ---- Address arithmetic ----------------------------------------------------------------- */

#define PTRS_PER_TABLE 512
#define PMD_SHIFT      21
#define PUD_SHIFT      30
#define PGDIR_SHIFT    39
#define PMD_SIZE       (1UL << PMD_SHIFT)
#define PUD_SIZE       (1UL << PUD_SHIFT)
#define PGDIR_SIZE     (1UL << PGDIR_SHIFT)
#define PMD_MASK       (~(PMD_SIZE - 1))
#define PUD_MASK       (~(PUD_SIZE - 1))
#define PGDIR_MASK     (~(PGDIR_SIZE - 1))

/* User addresses are below this: the last page of the lower half stays unmapped, so that the
 * address after a SYSCALL instruction is always canonical (sysret relies on it). */
#define TASK_SIZE_MAX 0x00007ffffffff000UL

static inline unsigned int pte_index(unsigned long addr)
{
	return (addr >> PAGE_SHIFT) & (PTRS_PER_TABLE - 1);
}

static inline unsigned int pmd_index(unsigned long addr)
{
	return (addr >> PMD_SHIFT) & (PTRS_PER_TABLE - 1);
}

static inline unsigned int pud_index(unsigned long addr)
{
	return (addr >> PUD_SHIFT) & (PTRS_PER_TABLE - 1);
}

static inline unsigned int pgd_index(unsigned long addr)
{
	return (addr >> PGDIR_SHIFT) & (PTRS_PER_TABLE - 1);
}

/* First address after @addr that the next entry of the level spans, or @end if that comes first. */
#define __addr_end(addr, end, size)                                                                \
	({                                                                                         \
		unsigned long __boundary = ((addr) + (size)) & ~((size)-1);                        \
		__boundary - 1 < (end)-1 ? __boundary : (end);                                     \
	})
#define pmd_addr_end(addr, end) __addr_end(addr, end, PMD_SIZE)
#define pud_addr_end(addr, end) __addr_end(addr, end, PUD_SIZE)
#define pgd_addr_end(addr, end) __addr_end(addr, end, PGDIR_SIZE)

/* ---- Bits (for this file and the ports' MMU code; others use the accessors) ------------- */

#define _PAGE_PRESENT  BIT_ULL(0)
#define _PAGE_RW       BIT_ULL(1)
#define _PAGE_USER     BIT_ULL(2)
#define _PAGE_PWT      BIT_ULL(3)
#define _PAGE_PCD      BIT_ULL(4)
#define _PAGE_ACCESSED BIT_ULL(5)
#define _PAGE_DIRTY    BIT_ULL(6)
#define _PAGE_PSE      BIT_ULL(7) /* PMD, PUD: maps a large page; PTE: PAT */
#define _PAGE_GLOBAL   BIT_ULL(8)
#define _PAGE_PROTNONE BIT_ULL(8) /* with P clear */
#define _PAGE_SPECIAL                                                                              \
	BIT_ULL(9) /* software: the frame's references are not counted (zero page, vDSO) */
#define _PAGE_UFFD_WP	 BIT_ULL(10)
#define _PAGE_SOFT_DIRTY BIT_ULL(11)
#define _PAGE_PKEY_SHIFT 59
#define _PAGE_PKEY_MASK	 (0xfULL << _PAGE_PKEY_SHIFT)
#define _PAGE_NX	 BIT_ULL(63)
#define PTE_PFN_MASK	 0x000ffffffffff000ULL

/* _PAGE_NX, or 0 on a machine without it. Set once at boot by the port. */
extern u64 pgtable_nx;

/* Bits of the error code of a page fault (SDM vol. 3 4.7). */
#define PF_PROT	 0x01u /* the entry was present: a protection violation */
#define PF_WRITE 0x02u
#define PF_USER	 0x04u
#define PF_RSVD	 0x08u /* a reserved bit was set in an entry */
#define PF_INSTR 0x10u /* instruction fetch */
#define PF_PK	 0x20u

/* ---- Protections ------------------------------------------------------------------------ */

/* User page that may be read, written, executed; nothing: a PROTNONE entry. Write or execute
 * implies read. */
static inline pgprot_t pgprot_user(bool read, bool write, bool exec)
{
	u64 v = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED;

	if (!read && !write && !exec)
		return (pgprot_t){_PAGE_PROTNONE | _PAGE_ACCESSED | pgtable_nx};
	if (write)
		v |= _PAGE_RW;
	if (!exec)
		v |= pgtable_nx;
	return (pgprot_t){v};
}

#define PAGE_NONE	   pgprot_user(false, false, false)
#define PAGE_READONLY	   pgprot_user(true, false, false)
#define PAGE_READONLY_EXEC pgprot_user(true, false, true)
#define PAGE_SHARED	   pgprot_user(true, true, false)
#define PAGE_SHARED_EXEC   pgprot_user(true, true, true)

#define PAGE_KERNEL                                                                                \
	((pgprot_t){_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | pgtable_nx})
#define PAGE_KERNEL_RO	   ((pgprot_t){_PAGE_PRESENT | _PAGE_ACCESSED | pgtable_nx})
#define PAGE_KERNEL_EXEC   ((pgprot_t){_PAGE_PRESENT | _PAGE_ACCESSED})
#define PAGE_KERNEL_DEVICE ((pgprot_t){PAGE_KERNEL.v | _PAGE_PCD | _PAGE_PWT})

static inline pgprot_t pgprot_with_pkey(pgprot_t prot, unsigned int pkey)
{
	return (pgprot_t){(prot.v & ~_PAGE_PKEY_MASK) | ((u64)pkey << _PAGE_PKEY_SHIFT)};
}

/* ---- PTEs ------------------------------------------------------------------------------- */

static inline pte_t mk_pte(unsigned long pfn, pgprot_t prot)
{
	return (pte_t){((u64)pfn << PAGE_SHIFT) | prot.v};
}

static inline bool pte_none(pte_t pte)
{
	return pte.v == 0;
}

/* Are all entries of the cache line at @pte none? No if @pte does not begin a line. Its table is
 * locked: hardware changes none of what is none. */
#define PTES_PER_LINE (64 / sizeof(pte_t))
static inline bool pte_line_none(const pte_t *pte)
{
	return (unsigned long)pte % 64 == 0 &&
	       !(pte[0].v | pte[1].v | pte[2].v | pte[3].v | pte[4].v | pte[5].v | pte[6].v |
		 pte[7].v);
}

/* Maps a frame (maybe one that may not be accessed at all). */
static inline bool pte_present(pte_t pte)
{
	return pte.v & (_PAGE_PRESENT | _PAGE_PROTNONE);
}

/* Maps a frame, and hardware follows it. */
static inline bool pte_accessible(pte_t pte)
{
	return pte.v & _PAGE_PRESENT;
}

static inline bool pte_protnone(pte_t pte)
{
	return (pte.v & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE;
}

static inline unsigned long pte_pfn(pte_t pte)
{
	return (pte.v & PTE_PFN_MASK) >> PAGE_SHIFT;
}

static inline pgprot_t pte_pgprot(pte_t pte)
{
	return (pgprot_t){pte.v & ~PTE_PFN_MASK};
}

static inline bool pte_write(pte_t pte)
{
	return pte.v & _PAGE_RW;
}

static inline bool pte_dirty(pte_t pte)
{
	return pte.v & _PAGE_DIRTY;
}

static inline bool pte_young(pte_t pte)
{
	return pte.v & _PAGE_ACCESSED;
}

static inline bool pte_exec(pte_t pte)
{
	return !(pte.v & _PAGE_NX);
}

static inline bool pte_user(pte_t pte)
{
	return pte.v & _PAGE_USER;
}

static inline bool pte_special(pte_t pte)
{
	return pte.v & _PAGE_SPECIAL;
}

/* Of one that is not none: does it map a frame whose references count? Else it is special or a swap
 * entry. */
static inline bool pte_maps_counted(pte_t pte)
{
	return likely((pte.v & (_PAGE_PRESENT | _PAGE_SPECIAL)) == _PAGE_PRESENT) ||
	       (pte.v & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_SPECIAL)) == _PAGE_PROTNONE;
}

static inline bool pte_soft_dirty(pte_t pte)
{
	return pte.v & _PAGE_SOFT_DIRTY;
}

static inline bool pte_uffd_wp(pte_t pte)
{
	return pte.v & _PAGE_UFFD_WP;
}

static inline bool pte_same(pte_t a, pte_t b)
{
	return a.v == b.v;
}

static inline pte_t pte_mkwrite(pte_t pte)
{
	return (pte_t){pte.v | _PAGE_RW};
}

static inline pte_t pte_wrprotect(pte_t pte)
{
	return (pte_t){pte.v & ~_PAGE_RW};
}

static inline pte_t pte_mkdirty(pte_t pte)
{
	return (pte_t){pte.v | _PAGE_DIRTY | _PAGE_SOFT_DIRTY};
}

static inline pte_t pte_mkclean(pte_t pte)
{
	return (pte_t){pte.v & ~_PAGE_DIRTY};
}

static inline pte_t pte_mkyoung(pte_t pte)
{
	return (pte_t){pte.v | _PAGE_ACCESSED};
}

static inline pte_t pte_mkold(pte_t pte)
{
	return (pte_t){pte.v & ~_PAGE_ACCESSED};
}

static inline pte_t pte_mkspecial(pte_t pte)
{
	return (pte_t){pte.v | _PAGE_SPECIAL};
}

static inline pte_t pte_mksoft_dirty(pte_t pte)
{
	return (pte_t){pte.v | _PAGE_SOFT_DIRTY};
}

static inline pte_t pte_clear_soft_dirty(pte_t pte)
{
	return (pte_t){pte.v & ~_PAGE_SOFT_DIRTY};
}

static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return (pte_t){(pte.v | _PAGE_UFFD_WP) & ~_PAGE_RW};
}

static inline pte_t pte_clear_uffd_wp(pte_t pte)
{
	return (pte_t){pte.v & ~_PAGE_UFFD_WP};
}

/* The same frame, accessed, dirty and software bits under the protection @prot (mprotect). W comes
 * from @prot. */
static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	const u64 keep = PTE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL |
			 _PAGE_SOFT_DIRTY | _PAGE_UFFD_WP;

	return (pte_t){(pte.v & keep) | (prot.v & ~(keep & ~_PAGE_ACCESSED))};
}

/* ---- Swap entries ----------------------------------------------------------------------- */

/*
 * bits 63..59 type | 58..9 offset, inverted (so that no speculative access forms the address of
 * real memory) | 8..0 clear
 */
#define SWP_TYPE_BITS	 5
#define SWP_OFFSET_BITS	 50
#define SWP_TYPE_SHIFT	 59
#define SWP_OFFSET_SHIFT 9
#define SWP_OFFSET_MASK	 ((1ULL << SWP_OFFSET_BITS) - 1)

/* Not present, not none. */
static inline bool pte_is_swap(pte_t pte)
{
	return pte.v && !pte_present(pte);
}

/* @type < 32; @offset < 2^50 - 1. */
static inline pte_t mk_swap_pte(unsigned int type, u64 offset)
{
	return (pte_t){((u64)type << SWP_TYPE_SHIFT) |
		       ((~offset & SWP_OFFSET_MASK) << SWP_OFFSET_SHIFT)};
}

static inline unsigned int pte_swap_type(pte_t pte)
{
	return pte.v >> SWP_TYPE_SHIFT;
}

static inline u64 pte_swap_offset(pte_t pte)
{
	return (~pte.v >> SWP_OFFSET_SHIFT) & SWP_OFFSET_MASK;
}

/* ---- Upper entries: pmd_t, pud_t, pgd_t ------------------------------------------------- */

/*
 * For each level X: X_none, X_present, X_table (points at a lower table), X_writable_table (the
 * same, with W), X_leaf (maps a large page), X_write, X_mkwrite, X_wrprotect (the W bit counts for
 * all below), X_phys (of the table or the page), X_pfn, X_young, X_mkold, mk_X_table(phys) for user
 * space, mk_X_table_kernel(phys), X_same.
 */
#define PGTABLE_UPPER(x)                                                                           \
	static inline bool x##_none(x##_t e)                                                       \
	{                                                                                          \
		return e.v == 0;                                                                   \
	}                                                                                          \
	static inline bool x##_present(x##_t e)                                                    \
	{                                                                                          \
		return e.v & _PAGE_PRESENT;                                                        \
	}                                                                                          \
	static inline bool x##_leaf(x##_t e)                                                       \
	{                                                                                          \
		return (e.v & (_PAGE_PRESENT | _PAGE_PSE)) == (_PAGE_PRESENT | _PAGE_PSE);         \
	}                                                                                          \
	static inline bool x##_table(x##_t e)                                                      \
	{                                                                                          \
		return (e.v & (_PAGE_PRESENT | _PAGE_PSE)) == _PAGE_PRESENT;                       \
	}                                                                                          \
	static inline bool x##_write(x##_t e)                                                      \
	{                                                                                          \
		return e.v & _PAGE_RW;                                                             \
	}                                                                                          \
	static inline bool x##_writable_table(x##_t e)                                             \
	{                                                                                          \
		return (e.v & (_PAGE_PRESENT | _PAGE_PSE | _PAGE_RW)) ==                           \
		       (_PAGE_PRESENT | _PAGE_RW);                                                 \
	}                                                                                          \
	static inline bool x##_young(x##_t e)                                                      \
	{                                                                                          \
		return e.v & _PAGE_ACCESSED;                                                       \
	}                                                                                          \
	static inline x##_t x##_mkwrite(x##_t e)                                                   \
	{                                                                                          \
		return (x##_t){e.v | _PAGE_RW};                                                    \
	}                                                                                          \
	static inline x##_t x##_wrprotect(x##_t e)                                                 \
	{                                                                                          \
		return (x##_t){e.v & ~_PAGE_RW};                                                   \
	}                                                                                          \
	static inline x##_t x##_mkold(x##_t e)                                                     \
	{                                                                                          \
		return (x##_t){e.v & ~_PAGE_ACCESSED};                                             \
	}                                                                                          \
	static inline u64 x##_phys(x##_t e)                                                        \
	{                                                                                          \
		return e.v & PTE_PFN_MASK;                                                         \
	}                                                                                          \
	static inline unsigned long x##_pfn(x##_t e)                                               \
	{                                                                                          \
		return (e.v & PTE_PFN_MASK) >> PAGE_SHIFT;                                         \
	}                                                                                          \
	static inline x##_t mk_##x##_table(u64 phys)                                               \
	{                                                                                          \
		return (x##_t){phys | _PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED};     \
	}                                                                                          \
	static inline x##_t mk_##x##_table_kernel(u64 phys)                                        \
	{                                                                                          \
		return (x##_t){phys | _PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED};                  \
	}                                                                                          \
	static inline bool x##_same(x##_t a, x##_t b)                                              \
	{                                                                                          \
		return a.v == b.v;                                                                 \
	}

PGTABLE_UPPER(pmd)
PGTABLE_UPPER(pud)
PGTABLE_UPPER(pgd)
#undef PGTABLE_UPPER

/* An entry that maps a large page; @pfn aligned to its span. */
static inline pmd_t mk_pmd_leaf(unsigned long pfn, pgprot_t prot)
{
	return (pmd_t){((u64)pfn << PAGE_SHIFT) | prot.v | _PAGE_PSE};
}

static inline pud_t mk_pud_leaf(unsigned long pfn, pgprot_t prot)
{
	return (pud_t){((u64)pfn << PAGE_SHIFT) | prot.v | _PAGE_PSE};
}

/* ---- Entries in memory ------------------------------------------------------------------ */

/*
 * Other CPUs' MMUs read entries and set A and D at any time, so each access is one atomic
 * operation:
 *
 *	X_get(p)		the entry
 *	X_set(p, e)		store; only where no hardware bit can be lost (the old entry is
 *				not present)
 *	X_xchg(p, e)		store; returns the old entry with its final A and D bits; full
 *				barrier
 *	X_cmpxchg(p, &old, e)	store if *p == old and return true, else old = *p and false;
 *				full barrier
 */
#define PGTABLE_ATOMIC(x)                                                                          \
	static inline x##_t x##_get(const x##_t *p)                                                \
	{                                                                                          \
		return (x##_t){__atomic_load_n(&p->v, __ATOMIC_RELAXED)};                          \
	}                                                                                          \
	static inline void x##_set(x##_t *p, x##_t e)                                              \
	{                                                                                          \
		__atomic_store_n(&p->v, e.v, __ATOMIC_RELEASE);                                    \
	}                                                                                          \
	static inline x##_t x##_xchg(x##_t *p, x##_t e)                                            \
	{                                                                                          \
		return (x##_t){__atomic_exchange_n(&p->v, e.v, __ATOMIC_SEQ_CST)};                 \
	}                                                                                          \
	static inline bool x##_cmpxchg(x##_t *p, x##_t *old, x##_t e)                              \
	{                                                                                          \
		return __atomic_compare_exchange_n(&p->v, &old->v, e.v, false, __ATOMIC_SEQ_CST,   \
						   __ATOMIC_SEQ_CST);                              \
	}

PGTABLE_ATOMIC(pte)
PGTABLE_ATOMIC(pmd)
PGTABLE_ATOMIC(pud)
PGTABLE_ATOMIC(pgd)
#undef PGTABLE_ATOMIC

/* Clear W, keeping what hardware sets meanwhile; true if it was set. No flush. */
static inline bool pte_clear_write(pte_t *p)
{
	return __atomic_fetch_and(&p->v, ~_PAGE_RW, __ATOMIC_SEQ_CST) & _PAGE_RW;
}

/* The same for who does not ask. */
static inline void pte_wrprotect_live(pte_t *p)
{
	__atomic_and_fetch(&p->v, ~_PAGE_RW, __ATOMIC_SEQ_CST);
}

static inline bool pmd_clear_write(pmd_t *p)
{
	return __atomic_fetch_and(&p->v, ~_PAGE_RW, __ATOMIC_SEQ_CST) & _PAGE_RW;
}

/* Set W: the table below has one owner left. */
static inline void pmd_set_write(pmd_t *p)
{
	__atomic_fetch_or(&p->v, _PAGE_RW, __ATOMIC_SEQ_CST);
}

static inline bool pud_clear_write(pud_t *p)
{
	return __atomic_fetch_and(&p->v, ~_PAGE_RW, __ATOMIC_SEQ_CST) & _PAGE_RW;
}

/* Clear A; true if it was set. No flush. */
static inline bool pte_test_and_clear_young(pte_t *p)
{
	return __atomic_fetch_and(&p->v, ~_PAGE_ACCESSED, __ATOMIC_SEQ_CST) & _PAGE_ACCESSED;
}
