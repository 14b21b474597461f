/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy tables of several packages, as a parameter of queries.
 */
#ifndef EXPORT_LEGACY_TABLE_LIST_H
#define EXPORT_LEGACY_TABLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "export/package.h"

/* Appends the names of the packages' tables, in order, as a literal of type text[]. */
bool table_list_append(const Package *const *packages, size_t package_count, Buffer *list,
                       Error *error);

#endif
