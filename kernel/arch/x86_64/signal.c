/* SPDX-License-Identifier: MIT */
/*
 * Signal frames. From the old stack pointer down (past the red zone), or from the top of the
 * alternate stack:
 *
 *	FPU state, 64-aligned		uc.uc_mcontext.fpstate points here
 *	struct rt_sigframe		return address (the restorer), ucontext, siginfo
 *
 * The handler begins with the stack pointer at the frame, where the return address is, which
 * is 8 modulo 16 as after a call.
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/user_access.h"
#include "abi/errno.h"

#define RED_ZONE 128

/* ---- To the handler --------------------------------------------------------------------- */

static bool on_altstack(const stack_t *stack, unsigned long sp)
{
	unsigned long low = (unsigned long)stack->ss_sp;

	return sp > low && sp - low <= stack->ss_size;
}

/* Where the frame goes and where its FPU state goes; 0 if that leaves the alternate stack it began
 * on. */
static unsigned long place_frame(const struct arch_signal *signal, const struct pt_regs *regs,
				 unsigned long *fpstate)
{
	const stack_t *alt = &signal->altstack;
	bool autodisarm = (u32)alt->ss_flags & SS_AUTODISARM;
	bool nested = !autodisarm && on_altstack(alt, regs->sp);
	bool entering = false;
	unsigned long sp = regs->sp - RED_ZONE;

	if ((signal->ka->sa.sa_flags & SA_ONSTACK) && alt->ss_size && !nested) {
		sp = (unsigned long)alt->ss_sp + alt->ss_size;
		entering = true;
	}
	sp = ALIGN_DOWN(sp - fpu_frame_size(), 64);
	*fpstate = sp;
	sp = ALIGN_DOWN(sp - sizeof(struct rt_sigframe), 16) - 8;
	if ((nested || entering) && !on_altstack(alt, sp))
		return 0;
	return sp;
}

/* All of the frame but siginfo. 0 or -EFAULT. */
static int put_frame(struct rt_sigframe __user *frame, const struct arch_signal *signal, u64 mask,
		     const struct pt_regs *regs, unsigned long fpstate)
{
	const struct arch_thread *thread = current_thread();
	struct ucontext __user *uc = &frame->uc;
	struct sigcontext __user *sc = &uc->uc_mcontext;
	u64 flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;

	if (cpu_features.xsave)
		flags |= UC_FP_XSTATE;
	if (!user_range_ok(frame, sizeof(*frame)))
		return -EFAULT;
	user_access_begin();
	unsafe_put_u64(signal->ka->sa.sa_restorer, &frame->pretcode, fault);
	unsafe_put_u64(flags, &uc->uc_flags, fault);
	unsafe_put_u64(0, &uc->uc_link, fault);
	unsafe_put_u64(signal->altstack.ss_sp, &uc->uc_stack.ss_sp, fault);
	unsafe_put_u32(signal->altstack.ss_flags, &uc->uc_stack.ss_flags, fault);
	unsafe_put_u64(signal->altstack.ss_size, &uc->uc_stack.ss_size, fault);
	unsafe_put_u64(regs->r8, &sc->r8, fault);
	unsafe_put_u64(regs->r9, &sc->r9, fault);
	unsafe_put_u64(regs->r10, &sc->r10, fault);
	unsafe_put_u64(regs->r11, &sc->r11, fault);
	unsafe_put_u64(regs->r12, &sc->r12, fault);
	unsafe_put_u64(regs->r13, &sc->r13, fault);
	unsafe_put_u64(regs->r14, &sc->r14, fault);
	unsafe_put_u64(regs->r15, &sc->r15, fault);
	unsafe_put_u64(regs->di, &sc->di, fault);
	unsafe_put_u64(regs->si, &sc->si, fault);
	unsafe_put_u64(regs->bp, &sc->bp, fault);
	unsafe_put_u64(regs->bx, &sc->bx, fault);
	unsafe_put_u64(regs->dx, &sc->dx, fault);
	unsafe_put_u64(regs->ax, &sc->ax, fault);
	unsafe_put_u64(regs->cx, &sc->cx, fault);
	unsafe_put_u64(regs->sp, &sc->sp, fault);
	unsafe_put_u64(regs->ip, &sc->ip, fault);
	unsafe_put_u64(regs->flags, &sc->flags, fault);
	/* gs and fs, between the two, are 0. */
	unsafe_put_u64((u16)regs->cs | (u64)regs->ss << 48, (u64 __user *)&sc->cs, fault);
	unsafe_put_u64(thread->error_code, &sc->err, fault);
	unsafe_put_u64(thread->trapnr, &sc->trapno, fault);
	unsafe_put_u64(mask, &sc->oldmask, fault);
	unsafe_put_u64(thread->cr2, &sc->cr2, fault);
	unsafe_put_u64(fpstate, &sc->fpstate, fault);
	unsafe_put_u64(mask, &uc->uc_sigmask, fault);
	user_access_end();
	return 0;

fault:
	user_access_end();
	return -EFAULT;
}

int arch_setup_signal_frame(const struct arch_signal *signal, const u64 *mask, struct pt_regs *regs)
{
	const struct sigaction *sa = &signal->ka->sa;
	struct rt_sigframe __user *to;
	unsigned long sp, fpstate;

	sp = place_frame(signal, regs, &fpstate);
	if (!sp || !(sa->sa_flags & SA_RESTORER))
		return -EFAULT;
	if (fpu_save_to_user((void __user *)fpstate))
		return -EFAULT;

	to = (struct rt_sigframe __user *)sp;
	if (put_frame(to, signal, *mask, regs, fpstate))
		return -EFAULT;
	if ((sa->sa_flags & SA_SIGINFO) &&
	    arch_copy_to_user(&to->info, signal->info, sizeof(to->info)))
		return -EFAULT;

	regs->di = signal->sig;
	regs->ax = 0; /* for a handler declared without a prototype */
	regs->si = (unsigned long)&to->info;
	regs->dx = (unsigned long)&to->uc;
	regs->ip = (unsigned long)sa->sa_handler;
	regs->sp = sp;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->flags &= ~(X86_FLAGS_DF | X86_FLAGS_RF | X86_FLAGS_TF);
	/* A handler expects nothing in these; equal to ip and flags they allow the fast way out
	 * (entry.S). */
	regs->cx = regs->ip;
	regs->r11 = regs->flags;
	fpu_reset();
	return 0;
}

/* ---- Back ------------------------------------------------------------------------------- */

/* 0 or -EFAULT. The caller has seen that the whole frame is there. */
static __always_inline int get_registers(struct pt_regs *regs, const struct sigcontext __user *sc)
{
	u64 flags;

	unsafe_get_u64(regs->r8, &sc->r8, fault);
	unsafe_get_u64(regs->r9, &sc->r9, fault);
	unsafe_get_u64(regs->r10, &sc->r10, fault);
	unsafe_get_u64(regs->r11, &sc->r11, fault);
	unsafe_get_u64(regs->r12, &sc->r12, fault);
	unsafe_get_u64(regs->r13, &sc->r13, fault);
	unsafe_get_u64(regs->r14, &sc->r14, fault);
	unsafe_get_u64(regs->r15, &sc->r15, fault);
	unsafe_get_u64(regs->di, &sc->di, fault);
	unsafe_get_u64(regs->si, &sc->si, fault);
	unsafe_get_u64(regs->bp, &sc->bp, fault);
	unsafe_get_u64(regs->bx, &sc->bx, fault);
	unsafe_get_u64(regs->dx, &sc->dx, fault);
	unsafe_get_u64(regs->ax, &sc->ax, fault);
	unsafe_get_u64(regs->cx, &sc->cx, fault);
	unsafe_get_u64(regs->sp, &sc->sp, fault);
	unsafe_get_u64(regs->ip, &sc->ip, fault);
	unsafe_get_u64(flags, &sc->flags, fault);
	regs->flags = (regs->flags & ~X86_FLAGS_USER) | (flags & X86_FLAGS_USER);
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->orig_ax = -1;
	return 0;

fault:
	return -EFAULT;
}

int arch_sigreturn(struct pt_regs *regs, u64 *mask, stack_t *altstack)
{
	struct rt_sigframe __user *from = (struct rt_sigframe __user *)(regs->sp - sizeof(long));
	struct arch_task *task = arch_task(arch_current());
	struct ucontext __user *uc = &from->uc;
	u64 flags, selectors, fpstate, blocked, stack_sp, stack_size;
	u32 stack_flags;

	if (!user_range_ok(uc, sizeof(*uc)))
		return -EFAULT;
	/* First and last word first: with both, all is there, and no fault leaves half of the
	 * registers behind. */
	user_access_begin();
	unsafe_get_u64(flags, &uc->uc_flags, fault);
	unsafe_get_u64(blocked, &uc->uc_sigmask, fault);
	unsafe_get_u64(selectors, (u64 __user *)&uc->uc_mcontext.cs, fault);
	unsafe_get_u64(fpstate, &uc->uc_mcontext.fpstate, fault);
	unsafe_get_u64(stack_sp, &uc->uc_stack.ss_sp, fault);
	unsafe_get_u32(stack_flags, &uc->uc_stack.ss_flags, fault);
	unsafe_get_u64(stack_size, &uc->uc_stack.ss_size, fault);
	/* The only selectors a 64-bit program can run with; IRET would fault on others. */
	if (((u16)selectors | 3) != USER_CS ||
	    ((flags & UC_STRICT_RESTORE_SS) && (selectors >> 48 | 3) != USER_DS))
		goto fault;
	if (get_registers(regs, &uc->uc_mcontext))
		goto fault;
	user_access_end();
	__atomic_fetch_or(&task->work, BIT(ARCH_WORK_FULL_REGS_BIT), __ATOMIC_RELAXED);
	if (fpu_load_from_user((void __user *)fpstate))
		return -EFAULT;
	*mask = blocked;
	altstack->ss_sp = (void __user *)stack_sp;
	altstack->ss_flags = stack_flags;
	altstack->ss_size = stack_size;
	return 0;

fault:
	user_access_end();
	return -EFAULT;
}

unsigned long arch_minsigstksz(void)
{
	/* Alignment may cost up to 63 bytes for the state and 15 + 8 for the frame. */
	return ALIGN(sizeof(struct rt_sigframe) + fpu_frame_size() + 63 + 15 + 8, 16);
}
