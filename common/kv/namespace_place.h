/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a block store a storage namespace leads: texts that differ may lead to one place.
 *
 * lakeFS's adapters have read namespaces in different ways over time (KV-MODEL.md, "One
 * repository").  Here what any of them takes for the same place is the same.
 */
#ifndef COMMON_KV_NAMESPACE_PLACE_H
#define COMMON_KV_NAMESPACE_PLACE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* What two places have to do with each other. */
typedef enum NamespaceRelation {
    NAMESPACE_APART,
    NAMESPACE_SAME,
    NAMESPACE_INSIDE, /* the first one is in the second one */
    NAMESPACE_AROUND  /* the other way round */
} NamespaceRelation;

/* Checks a namespace for a new repository: that it is a URL of a scheme that lakeFS has an adapter
 * for, and leads to something below the root of its bucket, container or folder. EXIT_CODE_USAGE.
 */
bool namespace_place_check(const char *url, Error *error);

/* Appends the place: the scheme and the clean, decoded path.  The text itself if it is no URL, so
 * that no lakeFS could use it. */
bool namespace_place_append(Buffer *place, Slice url, Error *error);

/* Compares two places. */
NamespaceRelation namespace_place_relation(Slice a, Slice b);

#endif
