/* SPDX-License-Identifier: MIT */
/* Copies of user memory of a size known when compiled: on the host like any other. */
#pragma once

#define copy_from_user_const(to, from, n) arch_copy_from_user(to, from, n)
#define copy_to_user_const(to, from, n)	  arch_copy_to_user(to, from, n)
