/* SPDX-License-Identifier: MIT */
/* The vDSO as built by arch.mk, on pages of its own that the mm maps into programs. */
#include "arch/x86_64/cpu.h"

static const u8 vdso_image[] __aligned(4096) __section(".vdso_image") = {
#include "vdso_image.h"
};

const void *arch_vdso_image(size_t *size)
{
	*size = PAGE_ALIGN(sizeof(vdso_image));
	return vdso_image;
}
