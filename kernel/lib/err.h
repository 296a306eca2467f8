/* SPDX-License-Identifier: MIT */
/*
 * Error pointers: a function that returns a pointer returns a negative errno in it on failure. The
 * last 4095 addresses are never those of an object.
 */
#pragma once

#include "lib/types.h"

#define MAX_ERRNO	4095
#define IS_ERR_VALUE(x) unlikely((unsigned long)(void *)(x) >= (unsigned long)-MAX_ERRNO)

/* @error: negative errno. */
static inline void *__must_check ERR_PTR(long error)
{
	return (void *)error;
}

/* The negative errno in @ptr; meaningful only if IS_ERR(ptr). */
static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool __must_check IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE((unsigned long)ptr);
}

static inline bool __must_check IS_ERR_OR_NULL(const void *ptr)
{
	return unlikely(!ptr) || IS_ERR(ptr);
}

/* An error pointer of one type as one of another. */
static inline void *__must_check ERR_CAST(const void *ptr)
{
	return (void *)ptr;
}

/* 0 for a good pointer, its errno for an error pointer. */
static inline int __must_check PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}
