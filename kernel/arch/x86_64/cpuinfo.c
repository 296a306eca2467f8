/* SPDX-License-Identifier: MIT */
/* What programs are told of the CPU: /proc/cpuinfo and the auxiliary vector. */
#include "arch/x86_64/cpu.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

/* Names of feature bits as Linux prints them, in bit order; "" is a bit without a name here. A
 * feature of the hardware that this kernel leaves off is not listed. */
struct flag_word {
	u32 leaf, subleaf;
	char reg;
	const char *names[32];
};

/* clang-format off */
static const struct flag_word flag_words[] = {
	{ 1, 0, 'd',
	  { "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", "", "sep",
	    "mtrr", "pge", "mca", "cmov", "pat", "pse36", "pn", "clflush", "", "dts", "acpi",
	    "mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe" } },
	{ 0x80000001, 0, 'd',
	  { "", "", "", "", "", "", "", "", "", "", "", "syscall", "", "", "", "", "", "", "",
	    "mp", "nx", "", "mmxext", "", "", "fxsr_opt", "pdpe1gb", "rdtscp", "", "lm",
	    "3dnowext", "3dnow" } },
	{ 1, 0, 'c',
	  { "pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est", "tm2",
	    "ssse3", "cid", "sdbg", "fma", "cx16", "xtpr", "pdcm", "", "pcid", "dca", "sse4_1",
	    "sse4_2", "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave", "",
	    "avx", "f16c", "rdrand", "hypervisor" } },
	{ 0x80000001, 0, 'c',
	  { "lahf_lm", "cmp_legacy", "svm", "extapic", "cr8_legacy", "abm", "sse4a",
	    "misalignsse", "3dnowprefetch", "osvw", "ibs", "xop", "skinit", "wdt", "", "lwp",
	    "fma4", "tce", "", "nodeid_msr", "", "tbm", "topoext", "perfctr_core",
	    "perfctr_nb", "", "bpext", "ptsc", "perfctr_llc", "mwaitx" } },
	{ 7, 0, 'b',
	  { "fsgsbase", "tsc_adjust", "sgx", "bmi1", "hle", "avx2", "", "smep", "bmi2", "erms",
	    "invpcid", "rtm", "cqm", "", "mpx", "rdt_a", "avx512f", "avx512dq", "rdseed",
	    "adx", "smap", "avx512ifma", "", "clflushopt", "clwb", "intel_pt", "avx512pf",
	    "avx512er", "avx512cd", "sha_ni", "avx512bw", "avx512vl" } },
	{ 0xd, 1, 'a',
	  { "xsaveopt", "xsavec", "xgetbv1", "xsaves" } },
	{ 7, 0, 'c',
	  { "", "avx512vbmi", "umip", "", "", "waitpkg", "avx512_vbmi2", "", "gfni", "vaes",
	    "vpclmulqdq", "avx512_vnni", "avx512_bitalg", "tme", "avx512_vpopcntdq", "", "",
	    "", "", "", "", "", "rdpid", "", "", "cldemote", "", "movdiri", "movdir64b" } },
	{ 7, 0, 'd',
	  { "", "", "avx512_4vnniw", "avx512_4fmaps", "fsrm", "", "", "",
	    "avx512_vp2intersect", "", "md_clear", "", "", "", "serialize", "", "tsxldtrk", "",
	    "", "", "", "", "", "avx512_fp16" } },
};
/* clang-format on */

static u32 flag_bits(const struct flag_word *word)
{
	u32 max = word->leaf & 0x80000000 ? cpu_features.max_ext_leaf : cpu_features.max_leaf;
	struct cpuid_regs r;

	if (word->leaf > max)
		return 0;
	r = cpuid(word->leaf, word->subleaf);
	switch (word->reg) {
	case 'a':
		return r.eax;
	case 'b':
		return r.ebx;
	case 'c':
		return r.ecx;
	default:
		return r.edx;
	}
}

/* Hardware has it, the kernel keeps it off: CR4.UMIP is not set; without XSAVE programs cannot use
 * AVX. */
static bool kept_off(const char *name)
{
	if (strcmp(name, "umip") == 0 || strcmp(name, "pcid") == 0 || strcmp(name, "invpcid") == 0)
		return true;
	if (strncmp(name, "avx512", 6) == 0)
		return !(cpu_features.xcr0 & BIT_ULL(5));
	if (strncmp(name, "avx", 3) == 0 || strcmp(name, "f16c") == 0 || strcmp(name, "fma") == 0)
		return !(cpu_features.xcr0 & BIT_ULL(2));
	return false;
}

static size_t print_flags(char *buf, size_t size)
{
	const struct flag_word *word;
	size_t done = 0;
	unsigned int bit;
	u32 bits;

	for (word = flag_words; word < flag_words + ARRAY_SIZE(flag_words); word++) {
		bits = flag_bits(word);
		for (bit = 0; bit < 32; bit++) {
			const char *name = word->names[bit];

			if ((bits & BIT(bit)) && name && *name && !kept_off(name))
				done += scnprintf(buf + done, size - done, " %s", name);
		}
	}
	return done;
}

static void model_name(char name[49])
{
	struct cpuid_regs *r = (struct cpuid_regs *)name;
	unsigned int i;
	char *p = name, *trimmed;

	memset(name, 0, 49);
	if (cpu_features.max_ext_leaf < 0x80000004) {
		strscpy(name, "unknown", 49);
		return;
	}
	for (i = 0; i < 3; i++)
		r[i] = cpuid(0x80000002 + i, 0);
	trimmed = strim(p);
	memmove(name, trimmed, strlen(trimmed) + 1);
}

size_t arch_cpuinfo(unsigned int cpu, char *buf, size_t size)
{
	struct cpuid_regs one = cpuid(1, 0), sizes = {.eax = 36 | 48 << 8};
	u32 family = (one.eax >> 8) & 0xf, model = (one.eax >> 4) & 0xf;
	u32 khz = arch_cpu_khz(), apic_id = x86_cpus[cpu]->arch.apic_id;
	char name[52] __aligned(8);
	size_t done;

	if (family == 0xf || family == 6)
		model |= ((one.eax >> 16) & 0xf) << 4;
	if (family == 0xf)
		family += (one.eax >> 20) & 0xff;
	if (cpu_features.max_ext_leaf >= 0x80000008)
		sizes = cpuid(0x80000008, 0);
	model_name(name);
	done = scnprintf(
		buf, size,
		"processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
		"model name\t: %s\nstepping\t: %u\ncpu MHz\t\t: %u.%03u\n"
		"physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n"
		"apicid\t\t: %u\ninitial apicid\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\n"
		"cpuid level\t: %u\nwp\t\t: yes\nflags\t\t:",
		cpu, cpu_features.vendor, family, model, name, one.eax & 0xf, khz / 1000,
		khz % 1000, nr_cpus, cpu, nr_cpus, apic_id, apic_id, cpu_features.max_leaf);
	done += print_flags(buf + done, size - done);
	done += scnprintf(
		buf + done, size - done,
		"\nbugs\t\t:\nbogomips\t: %u.%02u\nclflush size\t: %u\ncache_alignment\t: 64\n"
		"address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
		khz / 500, khz / 5 % 100, ((one.ebx >> 8) & 0xff) * 8, sizes.eax & 0xff,
		(sizes.eax >> 8) & 0xff);
	return done;
}

/* ---- Auxiliary vector ------------------------------------------------------------------- */

unsigned long arch_hwcap(void)
{
	return cpuid(1, 0).edx;
}

#define HWCAP2_FSGSBASE BIT(1)

unsigned long arch_hwcap2(void)
{
	return cpu_features.fsgsbase ? HWCAP2_FSGSBASE : 0;
}

const char *arch_platform(void)
{
	return "x86_64";
}
