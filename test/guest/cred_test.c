/* SPDX-License-Identifier: MIT */
/* User and group identities, capabilities of root, and what prctl keeps of them. */
#include "guest.h"
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

static void need_root(void)
{
	if (getuid())
		guest_skip("needs root");
}

TEST(set_and_get)
{
	uid_t r, e, s;

	need_root();
	CHECK_OK(setresuid(10, 20, 30));
	getresuid(&r, &e, &s);
	CHECK_EQ(r, 10);
	CHECK_EQ(e, 20);
	CHECK_EQ(s, 30);
	CHECK_OK(seteuid(30));
	CHECK_EQ(geteuid(), 30);
	CHECK_OK(setreuid(-1, 10));
	CHECK_ERRNO(setuid(99), EPERM);
	CHECK_ERRNO(setresuid(99, -1, -1), EPERM);
	CHECK_ERRNO(setgid(99), EPERM);
	gid_t groups[2] = { 1, 2 };

	CHECK_ERRNO(setgroups(2, groups), EPERM);
}

TEST(groups)
{
	gid_t set[3] = { 300, 100, 200 }, got[10] = { 0 };

	need_root();
	CHECK_OK(setgroups(3, set));
	CHECK_EQ(getgroups(0, NULL), 3);
	CHECK_EQ(getgroups(10, got), 3);
	CHECK_EQ(got[0] + got[1] + got[2], 600);
	CHECK_ERRNO(getgroups(2, got), EINVAL);
	CHECK_ERRNO(setgroups(70000, set), EINVAL);
	CHECK_OK(setresgid(1, 2, 3));
	gid_t r, e, s;

	getresgid(&r, &e, &s);
	CHECK_EQ(r * 100 + e * 10 + s, 123);
	CHECK_OK(setregid(3, 1));
	CHECK_EXITED(IN_CHILD(CHECK_EQ(getgroups(0, NULL), 3)), 0);
}

TEST(file_system_ids)
{
	need_root();
	CHECK_EQ(setfsuid(77), 0);
	CHECK_EQ(setfsuid(-1), 77);
	CHECK_EQ(setfsgid(78), 0);
	CHECK_EQ(setfsgid(-1), 78);
}

struct cap_header {
	uint32_t version;
	int pid;
};

struct cap_data {
	uint32_t effective, permitted, inheritable;
};

TEST(capabilities)
{
	struct cap_header header = { 0x20080522, 0 };
	struct cap_data data[2] = { 0 };

	need_root();
	CHECK_OK(syscall(SYS_capget, &header, data));
	CHECK(data[0].effective & 1);
	CHECK(data[0].permitted & (1U << 21)); /* CAP_SYS_ADMIN */
	/* Give up CAP_CHOWN for good. */
	data[0].effective &= ~1U;
	data[0].permitted &= ~1U;
	CHECK_OK(syscall(SYS_capset, &header, data));
	guest_write_file("/tmp/cred_file", "", 0644);
	CHECK_ERRNO(chown("/tmp/cred_file", 5, 5), EPERM);
	data[0].effective |= 1;
	data[0].permitted |= 1;
	CHECK_ERRNO(syscall(SYS_capset, &header, data), EPERM);
	unlink("/tmp/cred_file");
	header.version = 1;
	CHECK_ERRNO(syscall(SYS_capget, &header, data), EINVAL);
	CHECK_EQ(header.version, 0x20080522);
	/* Leaving uid 0 drops them all, unless kept. */
	CHECK_EXITED(IN_CHILD({
		setuid(1000);
		header.version = 0x20080522;
		CHECK_OK(syscall(SYS_capget, &header, data));
		CHECK_EQ(data[0].permitted, 0);
	}), 0);
	CHECK_EXITED(IN_CHILD({
		CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
		setuid(1000);
		header.version = 0x20080522;
		syscall(SYS_capget, &header, data);
		CHECK(data[0].permitted != 0);
		CHECK_EQ(data[0].effective, 0);
	}), 0);
}

TEST(bounding_set_and_no_new_privs)
{
	need_root();
	CHECK_EQ(prctl(PR_CAPBSET_READ, 5), 1);
	CHECK_OK(prctl(PR_CAPBSET_DROP, 5));
	CHECK_EQ(prctl(PR_CAPBSET_READ, 5), 0);
	CHECK_ERRNO(prctl(PR_CAPBSET_READ, 99), EINVAL);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	CHECK_EXITED(IN_CHILD(CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1)), 0);
}

TEST(other_prctls)
{
	char name[17] = "";

	CHECK_OK(prctl(PR_SET_NAME, "exactly_15_char"));
	CHECK_OK(prctl(PR_GET_NAME, name));
	CHECK_STR(name, "exactly_15_char");
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_OK(prctl(PR_SET_DUMPABLE, 0));
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	CHECK_ERRNO(prctl(PR_SET_DUMPABLE, 2), EINVAL);
	CHECK_OK(prctl(PR_SET_TIMERSLACK, 12345));
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 12345);
	CHECK_ERRNO(prctl(99999), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_NAME, 8), EFAULT);
}

TEST(uname_and_host_name)
{
	struct utsname u;

	CHECK_OK(uname(&u));
	CHECK_STR(u.sysname, "Linux");
	CHECK_STR(u.machine, "x86_64");
	CHECK(u.release[0] >= '3' && strchr(u.release, '.'));
	CHECK_ERRNO(uname((void *)8), EFAULT);
	if (guest_is_quire())
		CHECK(!strncmp(u.release, "6.1.0-quire", 11));
	if (getuid())
		return;
	CHECK_EXITED(IN_CHILD({
		CHECK_OK(unshare(CLONE_NEWUTS));
		CHECK_OK(sethostname("guest", 5));
		CHECK_OK(uname(&u));
		CHECK_STR(u.nodename, "guest");
		CHECK_ERRNO(sethostname("x", 100), EINVAL);
		setuid(1000);
		CHECK_ERRNO(sethostname("no", 2), EPERM);
	}), 0);
	struct utsname after;

	uname(&after);
	CHECK(strcmp(after.nodename, "guest"));
}
