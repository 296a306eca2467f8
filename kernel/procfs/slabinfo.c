/* SPDX-License-Identifier: MIT */
/* /proc/slabinfo: the caches of kernel objects. */
#include "procfs/internal.h"

static void show_slab(void *arg, const struct slab_info *info)
{
	seq_printf(
		arg,
		"%-17s %6lu %6lu %6lu %4lu %4lu : tunables %4u %4u %4u : slabdata %6lu %6lu %6u\n",
		info->name, info->active_objs, info->num_objs, info->objsize, info->objperslab,
		info->pagesperslab, 0, 0, 0, info->num_slabs, info->num_slabs, 0);
}

int slabinfo_show(struct seq_file *m)
{
	seq_puts(m,
		 "slabinfo - version: 2.1\n"
		 "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		 " : tunables <limit> <batchcount> <sharedfactor>"
		 " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	slab_for_each(show_slab, m);
	return 0;
}
