/* SPDX-License-Identifier: MIT */
/*
 * Page faults. What happens is decided by what the PTE holds and by the VMA:
 *
 *	PTE		access	VMA			case
 *	none		read	anonymous		the page of zeros		fault_anon.c
 *	none		write	anonymous		a zeroed page			fault_anon.c
 *	none		read	file			the cached page + neighbours	fault_file.c
 *	none		write	file, private		a copy of the cached page	fault_file.c
 *	none		write	file, shared		the cached page, dirty		fault_file.c
 *	present, no W	write	shared			page_mkwrite, W			wp.c
 *	present, no W	write	private, page ours	W				wp.c
 *	present, no W	write	private, else		a copy				wp.c
 *	swap entry	any				the page, from the swap cache	fault_swap.c
 *							or read from its slot
 *	present		any				spurious: another CPU was faster
 *
 *	no VMA			below a stack: it grows; else SIGSEGV SEGV_MAPERR
 *	VMA forbids access	SIGSEGV SEGV_ACCERR
 *	beyond the file's end	SIGBUS BUS_ADRERR
 *	no memory		the largest process is killed (oom.c); if not we, try again
 *	none, private, and the OOM reaper has been here: SIGBUS (its contents are lost)
 *
 * Each case works on what it read without a lock, allocates, takes the table's lock, and goes on
 * only if the entry is still the same. If not it does nothing: the instruction is executed again
 * and faults again if need be.
 *
 * First of all the path to the entry is made the mm's own (pgwalk_own): tables that fork shared are
 * copied there, or found to be shared no longer.
 *
 * Locks: mmap_lock for reading, page lock, table lock. The kernel's own accesses to user memory
 * (user copies) come here as well; what cannot be resolved makes the copy fail with EFAULT instead
 * of a signal.
 */
#include "mm/fault.h"
#include "mm/oom.h"
#include "base/trace.h"
#include "sched/sched.h"
#include "abi/signal.h"

void (*force_sig_fault_hook)(int sig, int code, unsigned long addr);

/* ---- Below VMAs ------------------------------------------------------------------------------ */

static __always_inline int resolve(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	vmf->pte = pgwalk_own(vma->vm_mm, vmf->address, &vmf->table);
	if (unlikely(!vmf->pte))
		return VM_FAULT_OOM;
	vmf->orig_pte = pte_get(vmf->pte);
	if (pte_none(vmf->orig_pte))
		return vma_is_anonymous(vma) ? do_anonymous_page(vmf) : do_file_fault(vmf);
	if (unlikely(!pte_present(vmf->orig_pte)))
		return do_swap_page(vmf);
	if ((vmf->flags & FAULT_FLAG_WRITE) && !pte_write(vmf->orig_pte))
		return do_wp_page(vmf);
	vmf->what = FAULT_SPURIOUS;
	arch_tlb_flush_local_page(vma->vm_mm, vmf->address);
	return 0;
}

int handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	struct vm_fault vmf;
	u64 start;
	int ret;

	vmf.vma = vma;
	vmf.address = addr & PAGE_MASK;
	vmf.pgoff = linear_page_index(vma, vmf.address);
	vmf.flags = flags;
	vmf.page = NULL;
	if (likely(!READ_ONCE(trace_enabled)))
		return resolve(&vmf);
	start = arch_clock_ns();
	vmf.what = FAULT_SPURIOUS;
	ret = resolve(&vmf);
	trace(TRACE_FAULT, current->pid, addr, (arch_clock_ns() - start) << 8 | vmf.what);
	return ret;
}

/* ---- VMAs ------------------------------------------------------------------------------------ */

/* Does @vma allow the access? */
static inline bool access_allowed(const struct vm_area_struct *vma, unsigned int error_code)
{
	if (error_code & PF_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (error_code & PF_INSTR)
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

int expand_stack(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev = vma->vm_prev;
	unsigned long grow, pages;

	addr &= PAGE_MASK;
	if (addr >= vma->vm_start)
		return 0;
	if (!(vma->vm_flags & VM_GROWSDOWN) || addr < mmap_min_addr)
		return -ENOMEM;
	/* A mapping that nobody can access, as glibc puts below its stacks, may touch; others keep
	 * the gap. */
	if (prev && prev->vm_end > addr)
		return -ENOMEM;
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && (prev->vm_flags & VM_ACCESS_FLAGS) &&
	    addr - prev->vm_end < stack_guard_gap)
		return -ENOMEM;
	grow = vma->vm_start - addr;
	pages = grow >> PAGE_SHIFT;
	if (pages > vma->vm_pgoff || vma->vm_end - addr > rlimit(RLIMIT_STACK))
		return -ENOMEM;
	if (!may_expand_vm(mm, vma->vm_flags, pages) || mlock_future_check(mm, vma->vm_flags, grow))
		return -ENOMEM;
	if ((vma->vm_flags & VM_ACCOUNT) && vm_enough_memory(mm, pages))
		return -ENOMEM;
	vma_resize(vma, addr, vma->vm_end, vma->vm_pgoff - pages);
	return 0;
}

/*
 * The access is below @addr's next VMA, a stack: make it grow. mmap_lock, held for reading, is
 * exchanged for writing and back, so the VMA is looked up again. NULL: no VMA holds @addr.
 */
static struct vm_area_struct *grow_stack(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	up_read(&mm->mmap_lock);
	down_write(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (vma && addr < vma->vm_start && expand_stack(vma, addr))
		vma = NULL;
	downgrade_write(&mm->mmap_lock);
	return vma;
}

/* ---- Entry ----------------------------------------------------------------------------------- */

/* A bad access: user mode gets a signal, a user copy of the kernel fails. */
static bool bad_access(bool user, int sig, int code, unsigned long addr)
{
	if (user)
		force_sig_fault_hook(sig, code, addr);
	return user;
}

static bool fault_failed(bool user, int fault, unsigned long addr)
{
	if (fault & VM_FAULT_OOM) {
		pagefault_out_of_memory();
		return user || !fatal_signal_pending(current);
	}
	if (fault & VM_FAULT_SIGBUS)
		return bad_access(user, SIGBUS, BUS_ADRERR, addr);
	return bad_access(user, SIGSEGV, SEGV_MAPERR, addr);
}

static inline void count_fault(int fault)
{
	if (unlikely(fault & VM_FAULT_MAJOR)) {
		current->maj_flt++;
		count_vm_event(PGMAJFAULT);
	} else {
		current->min_flt++;
	}
	count_vm_event(PGFAULT);
}

bool handle_page_fault(struct pt_regs *regs, unsigned long addr, unsigned int error_code)
{
	struct mm_struct *mm = current->mm;
	bool user = error_code & PF_USER;
	unsigned int flags = user ? FAULT_FLAG_USER : 0;
	struct vm_area_struct *vma;
	int fault;

	BUG_ON(error_code & PF_RSVD);
	if (unlikely(!user && (current->pagefault_disabled || !mm)))
		return false;
	if (unlikely(addr >= TASK_SIZE_MAX))
		return bad_access(user, SIGSEGV, SEGV_MAPERR, addr);
	if (error_code & PF_WRITE)
		flags |= FAULT_FLAG_WRITE;

	down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (unlikely(!vma || vma->vm_start > addr)) {
		if (vma && (vma->vm_flags & VM_GROWSDOWN))
			vma = grow_stack(mm, addr);
		else
			vma = NULL;
		if (!vma) {
			up_read(&mm->mmap_lock);
			return bad_access(user, SIGSEGV, SEGV_MAPERR, addr);
		}
	}
	if (unlikely(!access_allowed(vma, error_code))) {
		up_read(&mm->mmap_lock);
		return bad_access(user, SIGSEGV, SEGV_ACCERR, addr);
	}
	fault = handle_mm_fault(vma, addr, flags);
	up_read(&mm->mmap_lock);
	if (unlikely(fault & VM_FAULT_ERROR))
		return fault_failed(user, fault, addr);
	count_fault(fault);
	return true;
}
