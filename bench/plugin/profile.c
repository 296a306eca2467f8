/* SPDX-License-Identifier: MIT */
/*
 * A QEMU TCG plugin (QEMU 7.2, plugin interface 1) that counts executed instructions by address
 * between two marks: the benchmark's start() and stop(), whose addresses are its arguments. At the
 * end it writes a line "ADDRESS COUNT" for each instruction to a file; the script beside it turns
 * addresses into functions.
 *
 *	-plugin profile.so,start=0x401234,stop=0x401256,out=FILE
 *
 * Without stop= it counts all instructions together, and writes how many there were from reset to
 * the last time that start was reached, and to the machine's end.
 *
 * One CPU only: nothing here is atomic. QEMU's header is not packaged, so what is used of the
 * interface is declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *userdata);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *userdata);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t cb,
					    enum qemu_plugin_cb_flags flags, void *userdata);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, enum qemu_plugin_op op, void *ptr,
						uint64_t imm);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t cb, void *userdata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define BUCKETS (1u << 18)

struct counter {
	struct counter *next;
	uint64_t address, count;
};

static struct counter *table[BUCKETS];
static uint64_t start_address, stop_address;
static const char *out = "profile.out";
static bool counting;
static uint64_t total, total_at_start;

static struct counter *counter_of(uint64_t address)
{
	unsigned int b = (address * 0x9e3779b97f4a7c15ull) >> 46;
	struct counter *c;

	for (c = table[b]; c; c = c->next)
		if (c->address == address)
			return c;
	c = calloc(1, sizeof(*c));
	c->address = address;
	c->next = table[b];
	return table[b] = c;
}

static void executed(unsigned int vcpu, void *data)
{
	struct counter *c = data;

	/* stop() is still the benchmark's, but no longer the metric's. */
	if (c->address == stop_address)
		counting = false;
	if (counting)
		c->count++;
	if (c->address == start_address)
		counting = true;
}

static void reached_start(unsigned int vcpu, void *data)
{
	total_at_start = total;
}

static void translated_for_total(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &total, 1);
		if (qemu_plugin_insn_vaddr(insn) == start_address)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, reached_start, QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS,
						       counter_of(qemu_plugin_insn_vaddr(insn)));
	}
}

static void finish(qemu_plugin_id_t id, void *data)
{
	FILE *f = fopen(out, "w");

	if (!f)
		return;
	if (!stop_address)
		fprintf(f, "%" PRIu64 " %" PRIu64 "\n", total_at_start, total);
	for (unsigned int b = 0; b < BUCKETS; b++)
		for (struct counter *c = table[b]; c; c = c->next)
			if (c->count)
				fprintf(f, "%" PRIx64 " %" PRIu64 "\n", c->address, c->count);
	fclose(f);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
							       char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "start=", 6))
			start_address = strtoull(argv[i] + 6, NULL, 0);
		else if (!strncmp(argv[i], "stop=", 5))
			stop_address = strtoull(argv[i] + 5, NULL, 0);
		else if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
		else
			return -1;
	}
	if (!start_address)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, stop_address ? translated : translated_for_total);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
