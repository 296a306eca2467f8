/* SPDX-License-Identifier: MIT */
/*
 * What -fsanitize=undefined calls in debug kernels when the code does what C does not define: the
 * end. The argument layouts are the compilers' interface (gcc 12, clang 14).
 */
#include "base/panic.h"

struct source_location {
	const char *file;
	u32 line, column;
};

/* What all these handlers' data begin with. */
struct ubsan_data {
	struct source_location where;
};

static void ubsan_panic(const struct ubsan_data *data, const char *what, unsigned long value)
{
	static bool reporting;

	/* What the report itself does wrong must not keep the first finding from being printed. */
	if (reporting)
		return;
	reporting = true;
	panic("UBSAN: %s (%lx) at %s:%u:%u", what, value, data->where.file, data->where.line,
	      data->where.column);
}

#define UBSAN_HANDLER(handler, what)                                                               \
	void __ubsan_handle_##handler(struct ubsan_data *data, unsigned long value);               \
	void __ubsan_handle_##handler(struct ubsan_data *data, unsigned long value)                \
	{                                                                                          \
		ubsan_panic(data, what, value);                                                    \
	}

UBSAN_HANDLER(add_overflow, "addition overflows, left operand")
UBSAN_HANDLER(sub_overflow, "subtraction overflows, left operand")
UBSAN_HANDLER(mul_overflow, "multiplication overflows, left operand")
UBSAN_HANDLER(divrem_overflow, "division by zero or overflow, left operand")
UBSAN_HANDLER(negate_overflow, "negation overflows")
UBSAN_HANDLER(shift_out_of_bounds, "shift out of bounds, left operand")
UBSAN_HANDLER(out_of_bounds, "array index out of bounds")
UBSAN_HANDLER(vla_bound_not_positive, "array bound is not positive")
UBSAN_HANDLER(load_invalid_value, "value is not one of its type's")
UBSAN_HANDLER(type_mismatch_v1, "access through a bad pointer")
UBSAN_HANDLER(pointer_overflow, "pointer arithmetic overflows, base")
UBSAN_HANDLER(builtin_unreachable, "unreachable code reached")
UBSAN_HANDLER(missing_return, "no value returned")
UBSAN_HANDLER(nonnull_arg, "NULL for a nonnull argument")
UBSAN_HANDLER(nonnull_return_v1, "NULL returned by a nonnull function")
UBSAN_HANDLER(invalid_builtin, "0 passed to ctz or clz")
UBSAN_HANDLER(alignment_assumption, "alignment assumption broken")
UBSAN_HANDLER(function_type_mismatch, "call through a pointer of another type")
UBSAN_HANDLER(implicit_conversion, "conversion changes the value")
UBSAN_HANDLER(float_cast_overflow, "float conversion overflows")
