/* SPDX-License-Identifier: MIT */
/* Random layouts (mm/layout.c) and copies of user strings (mm/uaccess.c). */
#include "mm_world.h"
#include "test.h"

#include "lib/err.h"
#include "lib/string.h"
#include "mm/internal.h"

#define P PAGE_SIZE

static void setup(const char *cmdline)
{
	strscpy(boot_info.cmdline, cmdline, sizeof(boot_info.cmdline));
	world_start(HOST_DEFAULT_RAM, 1);
}

TEST(layout_random_is_fresh_for_each_exec)
{
	u64 seen = 0;
	int i;

	setup("vm.layout=exec");
	for (i = 0; i < 64; i++)
		seen |= layout_random("mmap", 0, LAYOUT_MMAP_BITS) ^
			layout_random("mmap", 0, LAYOUT_MMAP_BITS);
	CHECK_EQ(seen, (1ull << LAYOUT_MMAP_BITS) - 1);
}

TEST(layout_random_stays_until_the_next_boot)
{
	u64 a, b;

	setup("quiet vm.layout=boot");
	a = layout_random("program", 1, 28);
	b = layout_random("program", 2, 28);
	CHECK_EQ(layout_random("program", 1, 28), a);
	CHECK_EQ(layout_random("program", 2, 28), b);
	CHECK_NE(a, b);
	CHECK_NE(layout_random("mmap", 1, 28), a);
	CHECK_LT(a, 1ull << 28);
}

TEST(layout_norandmaps_turns_it_off)
{
	setup("norandmaps");
	CHECK_EQ(randomize_va_space, 0);
}

TEST(layout_stack_top_is_near_the_end)
{
	unsigned long top;
	int i;

	setup("");
	for (i = 0; i < 50; i++) {
		top = layout_stack_top();
		CHECK_EQ(offset_in_page(top), 0ul);
		CHECK_LE(top, TASK_SIZE_MAX);
		CHECK_GT(top, TASK_SIZE_MAX - (16ul << 30));
	}
}

/* Two pages of user memory, the second absent, with @text at the end of the first. */
static char *user_text(const char *text, size_t len)
{
	unsigned long addr = world_mmap(NULL, 0, 2 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);

	CHECK(!IS_ERR_VALUE(addr));
	CHECK_EQ(vm_munmap(addr + P, P), 0);
	addr += P - len;
	CHECK_EQ(copy_to_user((void *)addr, text, len), 0ul);
	return (char *)addr;
}

TEST(uaccess_copies_strings)
{
	static struct signal_struct signal;
	static char text[400];
	struct mm_struct *mm;
	char *user, *copy;
	unsigned int i;

	setup("");
	for (i = 0; i < RLIM_NLIMITS; i++)
		signal.rlim[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	current->signal = &signal;
	mm = world_mm();
	world_run(0, mm);
	user = user_text("hello", 6);
	copy = strndup_user(user, 6);
	CHECK_STREQ(copy, "hello");
	kfree(copy);
	CHECK_EQ(PTR_ERR(strndup_user(user, 5)), -ENAMETOOLONG);
	CHECK_EQ(PTR_ERR(strndup_user(user, 0)), -ENAMETOOLONG);
	CHECK_EQ(PTR_ERR(strndup_user(user + P, 5)), -EFAULT);
	CHECK_EQ(PTR_ERR(strndup_user(user_text("abc", 3), 100)),
		 -EFAULT); /* no end before the page ends */
	memset(text, 'x', sizeof(text) - 1);
	user = user_text(text, sizeof(text));
	copy = strndup_user(user, 4096);
	CHECK_STREQ(copy, text);
	kfree(copy);
	copy = strndup_user(user, sizeof(text));
	CHECK_STREQ(copy, text);
	kfree(copy);
	CHECK_EQ(PTR_ERR(strndup_user(user, sizeof(text) - 1)), -ENAMETOOLONG);
	copy = memdup_user(user, sizeof(text));
	CHECK_EQ(memcmp(copy, text, sizeof(text)), 0);
	kfree(copy);
	CHECK_EQ(PTR_ERR(memdup_user(user, sizeof(text) + 1)), -EFAULT);
	world_put(mm);
}
