/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What status says of the store that kv-import --clean has replaced and kept.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_KEPT_STORE_H
#define SCRIPTS_SESSION_MIGRATE_KEPT_STORE_H

#include <jansson.h>

#include "common/store/postgres/kept.h"

/* A field of the report, if there is a kept store. */
void kept_store_print(const KeptStore *kept, int indent);

/* An object with the members table and estimated_bytes, or null; NULL when out of memory. */
json_t *kept_store_encode(const KeptStore *kept);

#endif
