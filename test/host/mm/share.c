/* SPDX-License-Identifier: MIT */
#include "share.h"

#include "mm/fork.h"

struct mm_struct *parent, *child, *grandchild;
static unsigned long free_before;

void share_policy(unsigned int policy)
{
	static const struct fork_policy policies[POLICIES] = {
		{.few_pages = 64, .many_file_pages = 128, .few_tables = 16},
		{.few_pages = 0, .many_file_pages = 1, .few_tables = 0},
		{.few_pages = 0, .many_file_pages = 1, .few_tables = 1000},
	};

	fork_policy = policies[policy];
}

void share_start(void)
{
	world_start(96UL << 20, 4);
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	free_before = world_free_pages();
	parent = world_mm();
	world_run(1, parent);
	world_run(0, parent);
}

void share_finish(void)
{
	world_audit();
	if (grandchild)
		end(&grandchild);
	if (child)
		end(&child);
	world_audit();
	if (parent)
		end(&parent);
	world_audit();
	CHECK_EQ(vm_committed(), 0UL);
	CHECK_EQ(world_free_pages(), free_before);
}

void on(struct mm_struct *mm)
{
	host_set_cpu(mm == parent ? 0 : mm == child ? 2 : 3);
}

struct mm_struct *share_fork(struct mm_struct *mm)
{
	struct mm_struct *new;

	on(mm);
	new = dup_mm(current, mm);
	CHECK(!IS_ERR(new));
	if (mm == parent && !child) {
		child = new;
		world_run(2, new);
	} else {
		CHECK(!grandchild);
		grandchild = new;
		world_run(3, new);
	}
	on(mm);
	return new;
}

void end(struct mm_struct **mm)
{
	world_put(*mm);
	*mm = NULL;
}

void share_map(unsigned long addr, unsigned long pages, unsigned long flags)
{
	CHECK_EQ(world_mmap(NULL, addr, PAGES(pages), RW, MAP_FIXED | flags, 0), addr);
}

u8 tagged(unsigned int tag, unsigned long i)
{
	return tag ? 1 + (tag * 37 + i * 11 + i / TABLE) % 255 : 0;
}

u8 peek(unsigned long addr)
{
	u8 byte = 0xee;

	CHECK_EQ(world_peek(addr, &byte), 0);
	return byte;
}

void poke(unsigned long addr, u8 byte)
{
	CHECK_EQ(world_poke(addr, byte), 0);
}

void expect_signal(unsigned long addr, int sig)
{
	u8 byte;

	CHECK_EQ(world_peek(addr, &byte), sig);
}

void fill_part(unsigned long addr, unsigned long from, unsigned long to, unsigned int tag)
{
	unsigned long i;

	for (i = from; i < to; i++)
		poke(addr + PAGES(i), tagged(tag, i));
}

void expect_part(unsigned long addr, unsigned long from, unsigned long to, unsigned int tag)
{
	unsigned long i;

	for (i = from; i < to; i++)
		CHECK_EQ(peek(addr + PAGES(i)), tagged(tag, i));
}

void fill(unsigned long addr, unsigned long pages, unsigned int tag)
{
	fill_part(addr, 0, pages, tag);
}

void expect(unsigned long addr, unsigned long pages, unsigned int tag)
{
	expect_part(addr, 0, pages, tag);
}

long anon(struct mm_struct *mm)
{
	return atomic64_read(&mm->rss[MM_ANONPAGES]);
}

u64 anon_share(struct mm_struct *mm)
{
	struct mem_size_stats mss = {0};
	struct vm_area_struct *vma;

	down_read(&mm->mmap_lock);
	for_each_vma (mm, vma)
		smap_gather(vma, &mss);
	up_read(&mm->mmap_lock);
	return mss.pss_anon;
}
