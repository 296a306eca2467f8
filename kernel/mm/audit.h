/* SPDX-License-Identifier: MIT */
/* Knobs of mm_audit() for tests. */
#pragma once

#include "lib/types.h"

/* No reference is held but by mappings and the page cache: every _refcount must be exactly what is
 * counted. */
extern bool mm_audit_exact;
/* Checks the TLBs of all CPUs against the tables; returns the number of problems. Set on machines
 * that can look. */
extern int (*mm_audit_tlb_hook)(void);
