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
#include "abi/errno.h"
#include "lib/string.h"

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

static void fill_context(struct ucontext *uc, const struct arch_signal *signal, u64 mask,
			 const struct pt_regs *regs, unsigned long fpstate)
{
	const struct arch_thread *thread = current_thread();
	struct sigcontext *sc = &uc->uc_mcontext;

	uc->uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	if (cpu_features.xsave)
		uc->uc_flags |= UC_FP_XSTATE;
	uc->uc_link = NULL;
	uc->uc_stack = signal->altstack;
	uc->uc_sigmask = mask;
	/* clang-format off */
	*sc = (struct sigcontext){
		.r8 = regs->r8, .r9 = regs->r9, .r10 = regs->r10, .r11 = regs->r11,
		.r12 = regs->r12, .r13 = regs->r13, .r14 = regs->r14, .r15 = regs->r15,
		.di = regs->di, .si = regs->si, .bp = regs->bp, .bx = regs->bx,
		.dx = regs->dx, .ax = regs->ax, .cx = regs->cx, .sp = regs->sp,
		.ip = regs->ip, .flags = regs->flags, .cs = regs->cs, .ss = regs->ss,
		.err = thread->error_code, .trapno = thread->trapnr, .cr2 = thread->cr2,
		.oldmask = mask, .fpstate = (void __user *)fpstate,
	};
	/* clang-format on */
}

int arch_setup_signal_frame(const struct arch_signal *signal, const u64 *mask, struct pt_regs *regs)
{
	const struct sigaction *sa = &signal->ka->sa;
	struct rt_sigframe frame;
	struct rt_sigframe __user *to;
	unsigned long sp, fpstate;
	size_t size = sizeof(frame);

	sp = place_frame(signal, regs, &fpstate);
	if (!sp || !(sa->sa_flags & SA_RESTORER))
		return -EFAULT;
	if (fpu_save_to_user((void __user *)fpstate))
		return -EFAULT;

	frame.pretcode = (void __user *)sa->sa_restorer;
	fill_context(&frame.uc, signal, *mask, regs, fpstate);
	if (sa->sa_flags & SA_SIGINFO)
		frame.info = *signal->info;
	else
		size = offsetof(struct rt_sigframe, info);
	to = (struct rt_sigframe __user *)sp;
	if (arch_copy_to_user(to, &frame, size))
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

static void restore_registers(struct pt_regs *regs, const struct sigcontext *sc)
{
	/* clang-format off */
	*regs = (struct pt_regs){
		.r8 = sc->r8, .r9 = sc->r9, .r10 = sc->r10, .r11 = sc->r11,
		.r12 = sc->r12, .r13 = sc->r13, .r14 = sc->r14, .r15 = sc->r15,
		.di = sc->di, .si = sc->si, .bp = sc->bp, .bx = sc->bx,
		.dx = sc->dx, .ax = sc->ax, .cx = sc->cx, .sp = sc->sp,
		.ip = sc->ip, .cs = USER_CS, .ss = USER_DS, .orig_ax = -1,
		.flags = (regs->flags & ~X86_FLAGS_USER) | (sc->flags & X86_FLAGS_USER),
	};
	/* clang-format on */
}

int arch_sigreturn(struct pt_regs *regs, u64 *mask, stack_t *altstack)
{
	struct rt_sigframe __user *from = (struct rt_sigframe __user *)(regs->sp - sizeof(long));
	struct arch_task *task = arch_task(arch_current());
	struct ucontext uc;

	if (arch_copy_from_user(&uc, &from->uc, sizeof(uc)))
		return -EFAULT;
	/* The only selectors a 64-bit program can run with; IRET would fault on others. */
	if ((uc.uc_mcontext.cs | 3) != USER_CS ||
	    ((uc.uc_flags & UC_STRICT_RESTORE_SS) && (uc.uc_mcontext.ss | 3) != USER_DS))
		return -EFAULT;
	restore_registers(regs, &uc.uc_mcontext);
	__atomic_fetch_or(&task->work, BIT(ARCH_WORK_FULL_REGS_BIT), __ATOMIC_RELAXED);
	if (fpu_load_from_user(uc.uc_mcontext.fpstate))
		return -EFAULT;
	*mask = uc.uc_sigmask;
	*altstack = uc.uc_stack;
	return 0;
}

unsigned long arch_minsigstksz(void)
{
	/* Alignment may cost up to 63 bytes for the state and 15 + 8 for the frame. */
	return ALIGN(sizeof(struct rt_sigframe) + fpu_frame_size() + 63 + 15 + 8, 16);
}
