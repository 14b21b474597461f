/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of schema migrations.  Files are named as golang-migrate names them:
 * NUMBER_title.up.sql.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_MIGRATIONS_H
#define SCRIPTS_SESSION_MIGRATE_MIGRATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

typedef struct Migration {
    int64_t number;
    char *path;       /* owned */
    const char *name; /* the last part of the path */
} Migration;

typedef struct Migrations {
    Migration *items; /* sorted by number, owned */
    size_t count;     /* at least one */
} Migrations;

/* Lists the folder.  EXIT_CODE_USAGE if it cannot be read, holds no migration, or two with the same
 * number.  End with migrations_free, also after a failure. */
bool migrations_find(Migrations *migrations, const char *folder, Error *error);

/* The last number; the KV migration's number is one higher. */
int64_t migrations_last(const Migrations *migrations);
int64_t migrations_kv(const Migrations *migrations);

/* Whether a migration has this number. */
bool migrations_has(const Migrations *migrations, int64_t number);

/* Reads a whole file; malloced.  EXIT_CODE_USAGE if it cannot be read or holds a NUL. */
char *migration_read(const Migration *migration, Error *error);

void migrations_free(Migrations *migrations);

#endif
