/* SPDX-License-Identifier: MIT */
/*
 * FPU, SSE and AVX state. It is saved when a task leaves its CPU and loaded when it comes back,
 * unless the CPU's registers still hold it. The area lies at the top of the task's kernel stack, in
 * XSAVE's standard format (its first 512 bytes are FXSAVE's), which is also what signal frames
 * hold.
 */
#include "arch/x86_64/cpu.h"
#include "abi/errno.h"
#include "lib/string.h"

/* Components of XCR0. */
#define XFEATURE_X87	BIT_ULL(0)
#define XFEATURE_SSE	BIT_ULL(1)
#define XFEATURE_YMM	BIT_ULL(2)
#define XFEATURE_AVX512 (BIT_ULL(5) | BIT_ULL(6) | BIT_ULL(7))
#define XFEATURES_KNOWN (XFEATURE_X87 | XFEATURE_SSE | XFEATURE_YMM | XFEATURE_AVX512)

#define FXSAVE_SIZE  512
#define MXCSR_OFFSET 24
#define MXCSR_INIT   0x1f80
#define FCW_INIT     0x037f

/* Follows FXSAVE's 512 bytes. */
struct xsave_header {
	u64 xstate_bv, xcomp_bv, reserved[6];
};

/* Where a signal frame's marks are: the last 48 bytes of FXSAVE's image. */
#define SW_OFFSET offsetof(struct _fpstate, sw_reserved)

static u8 init_state[FXSAVE_SIZE + sizeof(struct xsave_header)] __aligned(64);
static u32 mxcsr_mask;
static unsigned int state_size; /* bytes, exact */

void fpu_detect(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid_regs r;

	f->xcr0 = XFEATURE_X87 | XFEATURE_SSE;
	state_size = FXSAVE_SIZE;
	*(u16 *)init_state = FCW_INIT;
	*(u32 *)(init_state + MXCSR_OFFSET) = MXCSR_INIT;
	if (f->xsave) {
		r = cpuid(0xd, 0);
		f->xcr0 = r.eax & XFEATURES_KNOWN;
		if ((f->xcr0 & XFEATURE_AVX512) != XFEATURE_AVX512 || !(f->xcr0 & XFEATURE_YMM))
			f->xcr0 &= ~XFEATURE_AVX512;
		f->xsaveopt = cpuid(0xd, 1).eax & BIT(0);
	} else {
		f->avx = false;
	}
	/* XSAVE's size for this XCR0 is known once it is set: fpu_init_cpu(). */
}

static void xsetbv(u64 value)
{
	__asm__ __volatile__("xsetbv" : : "c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
}

void fpu_init_cpu(void)
{
	static u8 area[FXSAVE_SIZE] __aligned(16);
	struct cpu_features *f = &cpu_features;

	if (f->xsave)
		xsetbv(f->xcr0);
	if (f->fpu_size == 0) {
		if (f->xsave)
			state_size = cpuid(0xd, 0).ebx;
		f->fpu_size = ALIGN(state_size, 64);
		__asm__ __volatile__("fxsave %0" : "=m"(area));
		mxcsr_mask = *(u32 *)(area + 28);
		if (!mxcsr_mask)
			mxcsr_mask = 0xffbf;
	}
	fpu_load(init_state);
}

void *fpu_area(const struct arch_task *task)
{
	return (u8 *)task->stack + THREAD_SIZE - cpu_features.fpu_size;
}

void fpu_save(void *area)
{
	u32 lo = cpu_features.xcr0, hi = 0;

	if (cpu_features.xsaveopt)
		__asm__ __volatile__("xsaveopt64 (%0)" : : "r"(area), "a"(lo), "d"(hi) : "memory");
	else if (cpu_features.xsave)
		__asm__ __volatile__("xsave64 (%0)" : : "r"(area), "a"(lo), "d"(hi) : "memory");
	else
		__asm__ __volatile__("fxsave64 (%0)" : : "r"(area) : "memory");
}

void fpu_load(const void *area)
{
	u32 lo = cpu_features.xcr0, hi = 0;

	if (cpu_features.xsave)
		__asm__ __volatile__("xrstor64 (%0)" : : "r"(area), "a"(lo), "d"(hi) : "memory");
	else
		__asm__ __volatile__("fxrstor64 (%0)" : : "r"(area) : "memory");
}

void fpu_reset(void)
{
	fpu_load(init_state);
}

/* ---- Signal frames ---------------------------------------------------------------------- */

size_t fpu_frame_size(void)
{
	/* The second mark stands behind the state, which is 64-aligned. */
	return state_size + (cpu_features.xsave ? sizeof(u32) : 0);
}

/* XSAVE to user memory; 0 or -EFAULT. Reads the header, whose reserved bytes must be zero. */
static int save_user(u8 __user *to)
{
	u32 lo = cpu_features.xcr0, hi = 0;
	int err = 0;

	if (cpu_features.xsave)
		__asm__ __volatile__(ASM_STAC "1: xsave64 (%1)\n"
					      "2: " ASM_CLAC "\n"
					      ".pushsection .text.fixup, \"ax\"\n"
					      "3: movl %2, %0\n jmp 2b\n"
					      ".popsection\n" ASM_EX_TABLE("1b", "3b")
				     : "+r"(err)
				     : "r"(to), "i"(-EFAULT), "a"(lo), "d"(hi)
				     : "memory");
	else
		__asm__ __volatile__(ASM_STAC "1: fxsave64 (%1)\n"
					      "2: " ASM_CLAC "\n"
					      ".pushsection .text.fixup, \"ax\"\n"
					      "3: movl %2, %0\n jmp 2b\n"
					      ".popsection\n" ASM_EX_TABLE("1b", "3b")
				     : "+r"(err)
				     : "r"(to), "i"(-EFAULT)
				     : "memory");
	return err;
}

int fpu_save_to_user(void __user *to)
{
	const struct _fpx_sw_bytes sw = {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = state_size + sizeof(u32),
		.xfeatures = cpu_features.xcr0,
		.xstate_size = state_size,
	};
	const u32 magic2 = FP_XSTATE_MAGIC2;
	u8 __user *frame = to;

	if (!user_range_ok(to, fpu_frame_size()))
		return -EFAULT;
	if (cpu_features.xsave && arch_clear_user(frame + FXSAVE_SIZE, sizeof(struct xsave_header)))
		return -EFAULT;
	if (save_user(frame))
		return -EFAULT;
	if (!cpu_features.xsave)
		return arch_clear_user(frame + SW_OFFSET, sizeof(sw)) ? -EFAULT : 0;
	if (arch_copy_to_user(frame + SW_OFFSET, &sw, sizeof(sw)) ||
	    arch_copy_to_user(frame + state_size, &magic2, sizeof(magic2)))
		return -EFAULT;
	return 0;
}

/* True if the frame's marks say that it holds an XSAVE image as this kernel writes it. */
static bool frame_is_xsave(const struct _fpx_sw_bytes *sw, const u8 __user *frame)
{
	u32 magic2;

	if (sw->magic1 != FP_XSTATE_MAGIC1 || sw->xstate_size > state_size ||
	    sw->xstate_size < FXSAVE_SIZE + sizeof(struct xsave_header) ||
	    sw->extended_size < sw->xstate_size + sizeof(u32))
		return false;
	if (arch_copy_from_user(&magic2, frame + sw->xstate_size, sizeof(magic2)))
		return false;
	return magic2 == FP_XSTATE_MAGIC2;
}

/* What a program wrote there must not make XRSTOR fault in the kernel. */
static int sanitize(u8 *area, u64 features)
{
	struct xsave_header *header = (struct xsave_header *)(area + FXSAVE_SIZE);

	*(u32 *)(area + MXCSR_OFFSET) &= mxcsr_mask;
	if (!cpu_features.xsave)
		return 0;
	header->xstate_bv &= features & cpu_features.xcr0;
	if (header->xcomp_bv || memchr_inv(header->reserved, 0, sizeof(header->reserved)))
		return -EFAULT;
	return 0;
}

int fpu_load_from_user(const void __user *from)
{
	u8 *area = fpu_area(arch_task(arch_current()));
	struct xsave_header *header = (struct xsave_header *)(area + FXSAVE_SIZE);
	struct _fpx_sw_bytes sw;
	const u8 __user *frame = from;
	u64 features = XFEATURE_X87 | XFEATURE_SSE;
	size_t size = FXSAVE_SIZE;

	if (!from) {
		fpu_reset();
		return 0;
	}
	if (arch_copy_from_user(&sw, frame + SW_OFFSET, sizeof(sw)))
		return -EFAULT;
	if (cpu_features.xsave && frame_is_xsave(&sw, frame)) {
		features = sw.xfeatures;
		size = sw.xstate_size;
	}
	/* A switch in the middle of the copy saves the registers over what was copied: then begin
	 * again. */
	for (;;) {
		unsigned long flags;

		current_thread()->fpu_cpu = -2;
		if (arch_copy_from_user(area, frame, size))
			return -EFAULT;
		flags = arch_irq_save();
		if (current_thread()->fpu_cpu == -2) {
			if (size == FXSAVE_SIZE && cpu_features.xsave)
				*header = (struct xsave_header){.xstate_bv = features};
			if (sanitize(area, features) == 0)
				fpu_load(area);
			else
				size = 0;
			arch_irq_restore(flags);
			return size ? 0 : -EFAULT;
		}
		arch_irq_restore(flags);
	}
}
