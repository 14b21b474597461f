/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Legacy tables that the connection's own search_path finds elsewhere than in lakeFS's schema.
 * lakeFS names no schema in its queries, so it reads and writes those.
 */
#ifndef COMMON_STORE_SHADOWED_H
#define COMMON_STORE_SHADOWED_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/schema.h"

/* Refuses them, by name.  The schema is one that the search_path has found, not one that the user
 * has named.  In a transaction.  EXIT_CODE_REFUSED. */
bool shadowed_refuse(PgConnection *connection, const PgSchema *schema, Error *error);

#endif
