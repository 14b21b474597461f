/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What prevents a KV table from changing places with another one: what others have attached to it,
 * which would stay with the table that is put aside.
 */
#ifndef COMMON_STORE_POSTGRES_OBSTACLES_H
#define COMMON_STORE_POSTGRES_OBSTACLES_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/pg/connection.h"
#include "common/pg/schema.h"

/* EXIT_CODE_REFUSED, naming them, for views, functions, foreign keys, triggers, rules, indexes,
 * policies and whatever else depends on the table `name` or a part of it, and is not copied
 * (likeness.h); for parts that the role does not own; for names too long to be put aside.  In the
 * caller's transaction. */
bool obstacles_check(PgConnection *connection, const PgSchema *schema, const char *name,
                     Error *error);

#endif
