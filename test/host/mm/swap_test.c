/* SPDX-License-Identifier: MIT */
/* Private pages go to swap and come back: contents, counts, slots, and when a write is needed. */
#include "share.h"
#include "swap_world.h"

#include "mm/lru.h"
#include "mm/pageout.h"
#include "mm/swap_cache.h"

#define AT BASE

static struct ram_disk_counts counts(void)
{
	return ram_disk_counts(swap);
}

static void start(unsigned long pages)
{
	swap_start();
	share_map(AT, pages, MAP_PRIVATE);
	fill(AT, pages, 1);
}

/* ---- Out and in ------------------------------------------------------------------------------ */

TEST(a_page_goes_to_swap_and_comes_back)
{
	start(1);
	CHECK_EQ(swap_out(parent, AT, 1), 1u);
	CHECK_EQ(anon(parent), 0);
	CHECK_EQ(swapents(parent), 1);
	CHECK_EQ(swap_used(), 1ul);
	CHECK_EQ(nr_swapcache_pages(), 0ul);
	CHECK_EQ(counts().pages_written, 1ul);
	world_audit();
	expect(AT, 1, 1);
	CHECK_EQ(anon(parent), 1);
	CHECK_EQ(swapents(parent), 0);
	CHECK_EQ(vm_event_count(PSWPIN), 1ul);
	CHECK_EQ(vm_event_count(PSWPOUT), 1ul);
	swap_finish();
}

TEST(both_threads_lose_their_translations_when_a_page_goes)
{
	start(8);
	on(parent);
	host_set_cpu(1);
	expect(AT, 8, 1);
	host_set_cpu(0);
	CHECK_EQ(swap_out(parent, AT, 8), 8u);
	fill(AT, 8, 2);
	host_set_cpu(1);
	expect(AT, 8, 2);
	swap_finish();
}

TEST(neighbours_go_in_one_request_and_come_back_in_few)
{
	unsigned long pages = 32;

	start(pages);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	CHECK_EQ(counts().writes, 1ul);
	expect(AT, pages, 1);
	CHECK_EQ(vm_event_count(PSWPIN), pages);
	CHECK_LE(counts().reads, 8ul);
	CHECK_GT(vm_event_count(SWAP_RA_HIT), 16ul);
	swap_finish();
}

TEST(a_page_that_is_only_read_again_goes_without_a_write)
{
	start(4);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	expect(AT, 4, 1);
	CHECK_EQ(nr_swapcache_pages(), 4ul);
	CHECK_EQ(swap_used(), 4ul);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	CHECK_EQ(counts().pages_written, 4ul);
	expect(AT, 4, 1);
	swap_finish();
}

TEST(a_page_written_to_gives_its_slot_back_and_is_written_again)
{
	start(4);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	fill(AT, 4, 2);
	CHECK_EQ(nr_swapcache_pages(), 0ul);
	CHECK_EQ(swap_used(), 0ul);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	CHECK_EQ(counts().pages_written, 8ul);
	expect(AT, 4, 2);
	swap_finish();
}

TEST(a_page_read_and_then_written_to_is_written_again)
{
	start(4);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	expect(AT, 4, 1);
	fill(AT, 4, 2); /* in place: W was set when it came, D tells */
	world_audit();
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	expect(AT, 4, 2);
	CHECK_EQ(counts().pages_written, 8ul);
	swap_finish();
}

TEST(a_page_wanted_again_while_it_is_written_stays)
{
	struct page *pages[4];
	unsigned int i;

	start(4);
	for (i = 0; i < 4; i++)
		pages[i] = page_at(parent, AT + PAGES(i));
	ram_disk_hold(swap, true);
	page_out(pages, 4);
	CHECK_EQ(swapents(parent), 4);
	CHECK_EQ(swap_nr_writing(), 4u);
	world_audit();
	CHECK_EQ(peek(AT), tagged(1, 0)); /* read: the page itself */
	CHECK(page_at(parent, AT) == pages[0]);
	poke(AT + PAGES(1), 77); /* written to: not the page that is on its way */
	CHECK(page_at(parent, AT + PAGES(1)) != pages[1]);
	CHECK_EQ(vm_munmap(AT + PAGES(2), PAGE_SIZE), 0);
	world_audit();
	ram_disk_hold(swap, false);
	world_audit();
	pageout_finish(~0u);
	CHECK_EQ(peek(AT), tagged(1, 0));
	CHECK_EQ(peek(AT + PAGES(1)), 77);
	CHECK_EQ(peek(AT + PAGES(3)), tagged(1, 3));
	CHECK_EQ(swap_used(), 2ul); /* of the first and the last: copies of what is in memory */
	swap_finish();
}

TEST(written_pages_come_back_by_the_cache_before_they_are_freed)
{
	struct page *page;

	start(2);
	page = page_at(parent, AT);
	page_out(&page, 1);
	world_audit();
	poke(AT, 5); /* still held by the write's end: a copy */
	world_audit();
	pageout_finish(~0u);
	CHECK_EQ(peek(AT), 5);
	swap_finish();
}

/* ---- What keeps a page ----------------------------------------------------------------------- */

TEST(mlocked_pages_stay_until_they_are_unlocked)
{
	start(4);
	CHECK_EQ(do_mlock(AT, PAGES(2), 0), 0);
	CHECK_EQ(swap_out(parent, AT, 4), 2u);
	CHECK(!swapped_at(parent, AT) && !swapped_at(parent, AT + PAGES(1)));
	CHECK_EQ(lru_pages(LRU_UNEVICTABLE), 2ul);
	world_audit();
	CHECK_EQ(do_mlock(AT, PAGES(4), 0), 0); /* brings the others back */
	CHECK_EQ(swapents(parent), 0);
	CHECK_EQ(do_munlock(AT, PAGES(4)), 0);
	CHECK_EQ(lru_pages(LRU_UNEVICTABLE), 0ul);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	expect(AT, 4, 1);
	swap_finish();
}

TEST(an_mlocked_mapping_of_the_child_keeps_the_parents_page)
{
	start(2);
	share_fork(parent);
	on(child);
	CHECK_EQ(do_mlock(AT, PAGE_SIZE, MLOCK_ONFAULT), 0);
	on(parent);
	CHECK_EQ(swap_out(parent, AT, 2), 1u);
	CHECK(!swapped_at(child, AT));
	swap_finish();
}

TEST(a_pinned_page_stays_and_what_is_written_by_the_pin_is_kept)
{
	struct page *page;

	start(2);
	CHECK_EQ(get_user_page(parent, AT, true, &page), 1);
	CHECK_EQ(swap_out(parent, AT, 2), 1u);
	CHECK(page_at(parent, AT) == page);
	*(u8 *)page_address(page) = 99;
	set_page_dirty(page);
	put_page(page);
	CHECK_EQ(peek(AT), 99);
	CHECK_EQ(swap_out(parent, AT, 2), 2u);
	CHECK_EQ(peek(AT), 99);
	swap_finish();
}

/* The reference is taken after reclaim has looked for some: the page may go, but not be freed, and
 * what is written by way of the reference is not lost. */
TEST(what_is_written_to_a_page_on_its_way_is_written_again)
{
	struct page *page;

	start(1);
	page = page_at(parent, AT);
	ram_disk_hold(swap, true);
	page_out(&page, 1);
	get_page(page);
	ram_disk_hold(swap, false); /* the old contents are on the device */
	*(u8 *)page_address(page) = 99;
	set_page_dirty(page);
	pageout_finish(~0u);
	put_page(page);
	CHECK_EQ(peek(AT), 99);
	CHECK_EQ(swap_out(parent, AT, 1), 1u);
	CHECK_EQ(peek(AT), 99);
	swap_finish();
}

/* ---- What becomes of entries ----------------------------------------------------------------- */

TEST(unmapping_gives_slots_back)
{
	start(16);
	CHECK_EQ(swap_out(parent, AT, 16), 16u);
	CHECK_EQ(vm_munmap(AT, PAGES(4)), 0);
	CHECK_EQ(swap_used(), 12ul);
	CHECK_EQ(do_madvise(parent, AT + PAGES(4), PAGES(4), MADV_DONTNEED), 0);
	CHECK_EQ(swap_used(), 8ul);
	CHECK_EQ(swapents(parent), 8);
	world_audit();
	CHECK_EQ(peek(AT + PAGES(5)), 0);
	expect_signal(AT, SIGSEGV);
	share_map(AT + PAGES(8), 4, MAP_PRIVATE);
	CHECK_EQ(swap_used(), 4ul);
	CHECK_EQ(peek(AT + PAGES(8)), 0);
	expect_part(AT, 12, 16, 1);
	swap_finish();
}

TEST(unmapping_gives_pages_in_the_cache_back)
{
	start(16);
	CHECK_EQ(swap_out(parent, AT, 16), 16u);
	CHECK_EQ(peek(AT + PAGES(8)), tagged(1, 8)); /* and some ahead */
	CHECK_EQ(peek(AT + PAGES(9)), tagged(1, 9));
	CHECK_GT(nr_swapcache_pages(), 2ul);
	CHECK_EQ(vm_munmap(AT, PAGES(16)), 0);
	CHECK_EQ(nr_swapcache_pages(), 0ul);
	CHECK_EQ(swap_used(), 0ul);
	swap_finish();
}

TEST(mremap_takes_entries_along)
{
	unsigned long to = AT + TABLES(3) + PAGES(7);

	start(16);
	CHECK_EQ(swap_out(parent, AT, 8), 8u);
	CHECK_EQ(do_mremap(AT, PAGES(16), PAGES(20), MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	CHECK_EQ(swapents(parent), 8);
	world_audit();
	expect_signal(AT, SIGSEGV);
	expect(to, 16, 1);
	swap_finish();
}

TEST(mremap_takes_a_whole_table_of_entries_along)
{
	unsigned long to = AT + TABLES(8);

	start(TABLE);
	CHECK_EQ(swap_out(parent, AT, TABLE), (unsigned int)TABLE);
	CHECK_EQ(do_mremap(AT, TABLES(1), TABLES(1), MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	world_audit();
	expect(to, TABLE, 1);
	swap_finish();
}

TEST(mprotect_leaves_entries_alone_and_they_come_back_with_the_new_rights)
{
	start(4);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	CHECK_EQ(do_mprotect(AT, PAGES(2), PROT_READ), 0);
	CHECK_EQ(swapents(parent), 4);
	expect(AT, 4, 1);
	CHECK_EQ(world_poke(AT, 1), SIGSEGV);
	CHECK_EQ(do_mprotect(AT, PAGES(2), RW), 0);
	fill(AT, 4, 2);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	CHECK_EQ(do_mprotect(AT, PAGES(4), PROT_NONE), 0);
	expect_signal(AT, SIGSEGV);
	CHECK_EQ(do_mprotect(AT, PAGES(4), RW), 0);
	expect(AT, 4, 2);
	swap_finish();
}

TEST(a_page_without_rights_goes_too)
{
	start(4);
	CHECK_EQ(do_mprotect(AT, PAGES(4), PROT_NONE), 0);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	CHECK_EQ(do_mprotect(AT, PAGES(4), RW), 0);
	expect(AT, 4, 1);
	swap_finish();
}

TEST(another_process_reads_and_writes_what_is_on_swap)
{
	u8 byte = 0;

	start(4);
	CHECK_EQ(do_mprotect(AT + PAGES(2), PAGES(1), PROT_READ), 0);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	CHECK_EQ(access_remote_vm(parent, AT, &byte, 1, false), 1ul);
	CHECK_EQ(byte, tagged(1, 0));
	byte = 200;
	CHECK_EQ(access_remote_vm(parent, AT + PAGES(1), &byte, 1, true), 1ul);
	CHECK_EQ(access_remote_vm_force(parent, AT + PAGES(2), &byte, 1, true), 1ul);
	world_audit();
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	CHECK_EQ(peek(AT), tagged(1, 0));
	CHECK_EQ(peek(AT + PAGES(1)), 200);
	CHECK_EQ(peek(AT + PAGES(2)), 200);
	swap_finish();
}

/* ---- Room ------------------------------------------------------------------------------------ */

TEST(a_full_area_takes_no_more_and_loses_nothing)
{
	struct block_device *small;

	world_start(96UL << 20, 4);
	swap_begin();
	small = swap_disk_on("small", 11, -1);
	parent = world_mm();
	world_run(0, parent);
	share_map(AT, 32, MAP_PRIVATE);
	fill(AT, 32, 1);
	CHECK_EQ(swap_out(parent, AT, 32), 10u);
	CHECK_EQ(nr_swap_pages, 0l);
	world_audit();
	CHECK_EQ(swap_out(parent, AT, 32), 10u);
	expect(AT, 32, 1);
	CHECK_LE(swap_used(), 5ul); /* while it is more than half full, copies are given up */
	CHECK_EQ(swap_out(parent, AT, 32), 10u);
	expect(AT, 32, 1);
	end(&parent);
	swap_disk_off(small);
	world_audit();
}

TEST(areas_are_used_by_priority_and_in_turn)
{
	struct block_device *low, *high[2];
	unsigned long i, on_high[2] = {0, 0};

	world_start(96UL << 20, 4);
	swap_begin();
	low = swap_disk_on("low", 1024, 1);
	high[0] = swap_disk_on("high0", 129, 5);
	high[1] = swap_disk_on("high1", 129, 5);
	parent = world_mm();
	world_run(0, parent);
	share_map(AT, 512, MAP_PRIVATE);
	fill(AT, 512, 1);
	CHECK_EQ(swap_out(parent, AT, 256), 256u);
	for (i = 0; i < 2; i++)
		on_high[i] = ram_disk_counts(high[i]).pages_written;
	CHECK_EQ(on_high[0], 128ul);
	CHECK_EQ(on_high[1], 128ul);
	CHECK_EQ(ram_disk_counts(low).pages_written, 0ul);
	CHECK_EQ(swap_out(parent, AT, 512), 512u);
	CHECK_EQ(ram_disk_counts(low).pages_written, 256ul);
	world_audit();
	expect(AT, 512, 1);
	CHECK_EQ(vm_munmap(AT, PAGES(256)), 0);
	world_audit();
	end(&parent);
	swap_disk_off(low);
	swap_disk_off(high[0]);
	swap_disk_off(high[1]);
	world_audit();
}

/* ---- Read-ahead ------------------------------------------------------------------------------ */

TEST(a_stream_is_read_ahead_in_both_directions_and_random_access_is_not)
{
	unsigned long i, reads;

	start(256);
	CHECK_EQ(swap_out(parent, AT, 256), 256u);
	for (i = 0; i < 64; i++)
		CHECK_EQ(peek(AT + PAGES(i)), tagged(1, i));
	reads = counts().reads;
	CHECK_LE(reads, 16ul);
	for (i = 127; i >= 72; i--)
		CHECK_EQ(peek(AT + PAGES(i)), tagged(1, i));
	CHECK_LE(counts().reads - reads, 16ul);
	CHECK_EQ(do_madvise(parent, AT + PAGES(128), PAGES(128), MADV_RANDOM), 0);
	reads = counts().pages_read;
	for (i = 0; i < 32; i++)
		CHECK_EQ(peek(AT + PAGES(128 + (i * 37) % 128)), tagged(1, 128 + (i * 37) % 128));
	CHECK_EQ(counts().pages_read - reads, 32ul);
	world_audit();
	swap_finish();
}
