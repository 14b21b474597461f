/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would stop up, looked for without changing anything: rights, ownership, dependent
 * objects, room.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_CHECKS_H
#define SCRIPTS_SESSION_MIGRATE_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef struct Checks {
    Session *session;
    size_t pending;       /* schema migrations that would run */
    uint64_t table_bytes; /* the legacy tables' sizes, without indexes */
    uint64_t dump_bytes;  /* what the dump is likely to need */
    char *role;           /* owned, as the next */
    char *role_quoted;
    char *array; /* the legacy tables' names, for SQL */
    size_t problems;
    ExitCode code; /* of the first problem, in the order in which up would meet them */
} Checks;

/* Prepares the checks of a session that knows version and tables.  End with checks_free, also after
 * a failure. */
bool checks_init(Checks *checks, Session *session, size_t pending, Error *error);

/* Tells a problem, with the exit code that it would end up with; the message is the error. */
void checks_problem(Checks *checks, const Error *problem);

/* Notes a problem that another program has told. */
void checks_child_problem(Checks *checks, int status);

/* What the schema migrations need. */
bool checks_migrations(Checks *checks, Error *error);

/* What the export and the locks against writers need; *passed: nothing was missing. */
bool checks_export_rights(Checks *checks, bool *passed, Error *error);

/* The right to create tables in the schema. */
bool checks_create(Checks *checks, Error *error);

/* Whether a table kv may be replaced. */
bool checks_kv_owner(Checks *checks, Error *error);

/* The rights that the stamp needs. */
bool checks_stamp(Checks *checks, Error *error);

/* What would keep the legacy tables from being dropped. */
bool checks_cleanup(Checks *checks, Error *error);

/* Warns of what is no problem, but good to know: writers, little room. */
bool checks_circumstances(Checks *checks, Error *error);

/* What kv-export would say of the dump's file, where it cannot be asked. */
void checks_dump_file(Checks *checks);

/* Bytes that are free in the dump's folder; false where that cannot be told. */
bool checks_free_bytes(const Session *session, uint64_t *bytes);

void checks_free(Checks *checks);

#endif
