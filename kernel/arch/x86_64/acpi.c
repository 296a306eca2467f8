/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs there are and where the interrupt controllers are: from ACPI's MADT where the
 * loader names the RSDP or firmware left one below 1 MiB; else the CPU count from QEMU's fw_cfg
 * device, or from the boot option "quire.cpus=N" (which also limits what the tables say).
 */
#include "arch/x86_64/cpu.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

struct madt_info madt;

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
} __packed;

struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __packed;

struct madt_table {
	struct acpi_header header;
	u32 lapic, flags;
} __packed;

/* One record of the MADT: its type decides which arm holds. */
struct madt_record {
	u8 type, length;
	union {
		struct {
			u8 uid, apic_id;
			u32 flags;
		} __packed lapic; /* type 0 */
		struct {
			u8 id, reserved;
			u32 phys, gsi_base;
		} __packed ioapic; /* type 1 */
		struct {
			u16 reserved;
			u32 apic_id, flags, uid;
		} __packed x2apic; /* type 9 */
	};
} __packed;

#define CPU_ENABLED 1

static void add_cpu(u32 apic_id, u32 flags)
{
	if (!(flags & CPU_ENABLED) || apic_id == madt.apic_ids[0] || madt.nr_cpus == NR_CPUS)
		return;
	madt.apic_ids[madt.nr_cpus++] = apic_id;
}

static void add_ioapic(u64 phys, u32 gsi_base)
{
	if (madt.nr_ioapics == ARRAY_SIZE(madt.ioapics))
		return;
	madt.ioapics[madt.nr_ioapics].phys = phys;
	madt.ioapics[madt.nr_ioapics++].gsi_base = gsi_base;
}

static void parse_madt(const struct madt_table *table)
{
	const u8 *p = (const u8 *)(table + 1);
	const u8 *end = (const u8 *)table + table->header.length;
	const struct madt_record *r;

	for (; p + 2 <= end; p += r->length) {
		r = (const struct madt_record *)p;
		if (r->length < 2 || p + r->length > end)
			break;
		if (r->type == 0 && r->length >= 8)
			add_cpu(r->lapic.apic_id, r->lapic.flags);
		else if (r->type == 1 && r->length >= 12)
			add_ioapic(r->ioapic.phys, r->ioapic.gsi_base);
		else if (r->type == 9 && r->length >= 16)
			add_cpu(r->x2apic.apic_id, r->x2apic.flags);
	}
}

/* Walk the RSDT (4-byte addresses) or XSDT (8-byte ones). True if it listed a MADT. */
static bool parse_root(const struct acpi_header *root, unsigned int entry_size)
{
	const u8 *p = (const u8 *)(root + 1);
	const u8 *end = (const u8 *)root + root->length;
	const struct acpi_header *table;
	u64 phys;

	for (; p + entry_size <= end; p += entry_size) {
		phys = 0;
		memcpy(&phys, p, entry_size);
		table = early_map(phys);
		if (table && memcmp(table->signature, "APIC", 4) == 0) {
			parse_madt((const struct madt_table *)table);
			return true;
		}
	}
	return false;
}

static const struct rsdp *find_rsdp(u64 phys)
{
	const char *p = early_map(phys ? phys : 0xe0000);
	const char *end = phys ? p + 16 : early_map(0x100000);

	for (; p && p < end; p += 16) {
		if (memcmp(p, "RSD PTR ", 8) == 0)
			return (const struct rsdp *)p;
	}
	return NULL;
}

static bool parse_tables(u64 rsdp_phys)
{
	const struct rsdp *rsdp = find_rsdp(rsdp_phys);
	const struct acpi_header *root;

	if (!rsdp)
		return false;
	if (rsdp->revision >= 2 && rsdp->xsdt) {
		root = early_map(rsdp->xsdt);
		return root && parse_root(root, 8);
	}
	root = early_map(rsdp->rsdt);
	return root && parse_root(root, 4);
}

#define FW_CFG_SELECT	 0x510
#define FW_CFG_DATA	 0x511
#define FW_CFG_SIGNATURE 0
#define FW_CFG_NB_CPUS	 5

/* CPUs as QEMU counts them, or 1. */
static unsigned int fw_cfg_cpus(void)
{
	static const char signature[] = "QEMU";
	unsigned int i, count;

	__asm__ __volatile__("outw %w0, %w1" : : "a"(FW_CFG_SIGNATURE), "Nd"(FW_CFG_SELECT));
	for (i = 0; i < 4; i++) {
		if (inb(FW_CFG_DATA) != signature[i])
			return 1;
	}
	__asm__ __volatile__("outw %w0, %w1" : : "a"(FW_CFG_NB_CPUS), "Nd"(FW_CFG_SELECT));
	count = inb(FW_CFG_DATA);
	count |= (unsigned int)inb(FW_CFG_DATA) << 8;
	return clamp_t(unsigned int, count, 1, NR_CPUS);
}

void acpi_init(u64 rsdp)
{
	const char *option = early_option("quire.cpus");
	unsigned int limit = option ? simple_strtoul(option, NULL, 10) : 0;
	unsigned int count;
	bool found;

	madt.apic_ids[0] = lapic_id();
	madt.nr_cpus = 1;
	found = parse_tables(rsdp);
	if (!found) {
		count = limit ? min_t(unsigned int, limit, NR_CPUS) : fw_cfg_cpus();
		while (madt.nr_cpus < count)
			add_cpu(madt.apic_ids[0] + madt.nr_cpus, CPU_ENABLED);
	}
	if (limit)
		madt.nr_cpus = min(madt.nr_cpus, limit);
	if (!madt.nr_ioapics)
		add_ioapic(0xfec00000, 0);
}
