/* SPDX-License-Identifier: MIT */
/*
 * What uname(2) returns.
 */
#pragma once

#include "lib/types.h"

#define __NEW_UTS_LEN 64

struct new_utsname {
	char sysname[__NEW_UTS_LEN + 1];
	char nodename[__NEW_UTS_LEN + 1];
	char release[__NEW_UTS_LEN + 1];
	char version[__NEW_UTS_LEN + 1];
	char machine[__NEW_UTS_LEN + 1];
	char domainname[__NEW_UTS_LEN + 1];
};
static_assert(sizeof(struct new_utsname) == 390, "ABI");
