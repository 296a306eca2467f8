/* SPDX-License-Identifier: MIT */
/* One run of a machine, from QEMU's start to its end. */
#pragma once

#include "options.h"
#include "world.h"

/* Start a machine with @world under @accel (ACCEL_KVM or ACCEL_TCG), carry the program's streams
 * and signals until it has ended, and return the exit status that quire ends with (report.h). @job
 * describes the standard descriptors. */
int session_run(const struct options *options, const struct world *world,
		const struct job_header *job, enum accel accel);
