/* SPDX-License-Identifier: MIT */
/*
 * The first line of a script: "#! interpreter [one argument]".
 */
#pragma once

#include "lib/types.h"

/* Linux looks at this much of a file, and no further. */
#define BINPRM_BUF_SIZE 256

struct shebang {
	char interp[BINPRM_BUF_SIZE]; /* maybe "", which exec then fails to open */
	char arg[BINPRM_BUF_SIZE];    /* the rest of the line, blanks around it cut off */
	bool has_arg;
};

/*
 * @buf: the first @len bytes of the file, at most BINPRM_BUF_SIZE are used. 0, or -ENOEXEC: no
 * "#!", no interpreter, or its name may go on beyond BINPRM_BUF_SIZE. A long argument is cut off,
 * as on Linux.
 */
int shebang_parse(const void *buf, size_t len, struct shebang *shebang);
