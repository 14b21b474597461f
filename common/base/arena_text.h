/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in an arena.
 */
#ifndef COMMON_BASE_ARENA_TEXT_H
#define COMMON_BASE_ARENA_TEXT_H

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Copies bytes into the arena, with a NUL behind them.  NULL with the error set when out of memory.
 */
char *arena_text(Arena *arena, Slice bytes, Error *error);

#endif
