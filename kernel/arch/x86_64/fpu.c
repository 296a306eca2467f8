/* SPDX-License-Identifier: MIT */
/*
 * FPU, SSE and AVX state. It is saved when a task leaves its CPU and loaded when it comes back,
 * unless the CPU's registers still hold it. The area lies at the top of the task's kernel stack, in
 * XSAVE's standard format (its first 512 bytes are FXSAVE's), which is also what signal frames
 * hold.
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/user_access.h"
#include "abi/errno.h"

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

static u8 init_state[FXSAVE_SIZE + sizeof(struct xsave_header)] __aligned(64);

void fpu_detect(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid_regs r;

	f->xcr0 = XFEATURE_X87 | XFEATURE_SSE;
	f->fpu_state_size = FXSAVE_SIZE;
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
	struct cpu_features *f = &cpu_features;

	if (f->xsave)
		xsetbv(f->xcr0);
	if (f->fpu_size == 0) {
		if (f->xsave)
			f->fpu_state_size = cpuid(0xd, 0).ebx;
		f->fpu_size = ALIGN(f->fpu_state_size, 64);
	}
	fpu_load(init_state);
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

int fpu_save_to_user(void __user *to)
{
	u32 lo = cpu_features.xcr0, hi = 0;
	struct _fpstate __user *frame = to;
	struct xsave_header __user *header = (void __user *)(frame + 1);
	u64 __user *sw = (void __user *)&frame->sw_reserved;
	u32 size = cpu_features.fpu_state_size;

	if (!user_range_ok(to, fpu_frame_size()))
		return -EFAULT;
	user_access_begin();
	if (!cpu_features.xsave) {
		__asm__ __volatile__ goto("1: fxsave64 (%0)\n" ASM_EX_TABLE("1b", "%l1")
					  : : "r"(frame) : "memory" : fault);
		for (int i = 0; i < 6; i++)
			unsafe_put_u64(0, sw + i, fault);
		user_access_end();
		return 0;
	}
	/* XSAVE leaves all of the header but its first word alone, and of that what it does not
	 * save. */
	unsafe_put_u64(0, &header->xstate_bv, fault);
	unsafe_put_u64(0, &header->xcomp_bv, fault);
	unsafe_put_u64(0, &header->reserved[0], fault);
	unsafe_put_u64(0, &header->reserved[1], fault);
	unsafe_put_u64(0, &header->reserved[2], fault);
	unsafe_put_u64(0, &header->reserved[3], fault);
	unsafe_put_u64(0, &header->reserved[4], fault);
	unsafe_put_u64(0, &header->reserved[5], fault);
	__asm__ __volatile__ goto("1: xsave64 (%0)\n" ASM_EX_TABLE("1b", "%l3")
				  : : "r"(frame), "a"(lo), "d"(hi) : "memory" : fault);
	unsafe_put_u64(FP_XSTATE_MAGIC1 | (u64)(size + sizeof(u32)) << 32, sw, fault);
	unsafe_put_u64(cpu_features.xcr0, sw + 1, fault);
	unsafe_put_u64(size, sw + 2, fault);
	unsafe_put_u64(0, sw + 3, fault);
	unsafe_put_u64(0, sw + 4, fault);
	unsafe_put_u64(0, sw + 5, fault);
	unsafe_put_u32(FP_XSTATE_MAGIC2, (u32 __user *)(to + size), fault);
	user_access_end();
	return 0;

fault:
	user_access_end();
	return -EFAULT;
}

/*
 * What the frame's marks say: 0 and in *features the components of an XSAVE image as this kernel
 * writes it, or none if it is FXSAVE's only; -EFAULT.
 */
static int frame_features(const struct _fpstate __user *frame, u64 *features)
{
	const struct _fpx_sw_bytes __user *sw = &frame->sw_reserved;
	u64 marks, bits;
	u32 size, magic2;

	*features = 0;
	user_access_begin();
	unsafe_get_u64(marks, &sw->magic1, fault); /* and extended_size */
	unsafe_get_u64(bits, &sw->xfeatures, fault);
	unsafe_get_u32(size, &sw->xstate_size, fault);
	if ((u32)marks != FP_XSTATE_MAGIC1 || size > cpu_features.fpu_state_size ||
	    size < FXSAVE_SIZE + sizeof(struct xsave_header) || (marks >> 32) < size + sizeof(u32))
		goto out;
	unsafe_get_u32(magic2, (const u32 __user *)((const u8 __user *)frame + size), fault);
	if (magic2 == FP_XSTATE_MAGIC2)
		*features = bits & cpu_features.xcr0;
out:
	user_access_end();
	return 0;

fault:
	user_access_end();
	return -EFAULT;
}

/* The components in @mask to what a program starts with. */
static void init_components(u64 mask)
{
	if (mask)
		__asm__ __volatile__("xrstor64 (%0)"
				     : : "r"(init_state), "a"((u32)mask), "d"(0) : "memory");
}

/* Straight into the registers: what the program wrote there may make XRSTOR fault (reserved bits,
 * unknown components), which ends here like any bad address. */
int fpu_load_from_user(const void __user *from)
{
	u64 features = 0;

	if (!from) {
		fpu_reset();
		return 0;
	}
	if (!user_range_ok(from, fpu_frame_size()))
		return -EFAULT;
	if (cpu_features.xsave && frame_features(from, &features))
		return -EFAULT;
	user_access_begin();
	if (features)
		__asm__ __volatile__ goto("1: xrstor64 (%0)\n" ASM_EX_TABLE("1b", "%l3")
					  : : "r"(from), "a"((u32)features), "d"(0) : "memory" : fault);
	else
		__asm__ __volatile__ goto("1: fxrstor64 (%0)\n" ASM_EX_TABLE("1b", "%l1")
					  : : "r"(from) : "memory" : fault);
	user_access_end();
	if (cpu_features.xsave)
		init_components(cpu_features.xcr0 & ~(features ?: XFEATURE_X87 | XFEATURE_SSE));
	return 0;

fault:
	user_access_end();
	fpu_reset(); /* some of it may have been loaded */
	return -EFAULT;
}
