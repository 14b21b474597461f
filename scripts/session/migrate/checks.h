/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks, without changing anything, for what would stop up: privileges, ownership, dependent
 * objects, disk space.
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
    uint64_t dump_bytes;  /* estimated size of the dump */
    char *role;           /* owned, like array */
    char *role_quoted;
    char *array; /* the legacy tables' names, for SQL */
    size_t problems;
    ExitCode code; /* of the problem that up would meet first */
} Checks;

/* Prepares the checks.  The session must have its version and legacy tables.  End with checks_free,
 * also after a failure. */
bool checks_init(Checks *checks, Session *session, size_t pending, Error *error);

/* Reports a problem.  The error holds its message, and the exit code that up would end with. */
void checks_problem(Checks *checks, const Error *problem);

/* Records a problem that a child program has reported. */
void checks_child_problem(Checks *checks, int status);

/* Checks what the schema migrations need. */
bool checks_migrations(Checks *checks, Error *error);

/* Checks what the export and the locks against writers need.  *passed: no problem found. */
bool checks_export_rights(Checks *checks, bool *passed, Error *error);

/* Checks the privilege to create tables in the schema. */
bool checks_create(Checks *checks, Error *error);

/* Checks that an existing table kv may be replaced. */
bool checks_kv_owner(Checks *checks, Error *error);

/* Checks the privileges that the stamp needs. */
bool checks_stamp(Checks *checks, Error *error);

/* What kept legacy tables need to refuse writes. */
bool checks_guard(Checks *checks, Error *error);

/* What would keep the legacy tables from being dropped. */
bool checks_cleanup(Checks *checks, Error *error);

/* Warns of active writers and low disk space, which are not problems. */
bool checks_circumstances(Checks *checks, Error *error);

/* Checks the dump file as kv-export would, if kv-export cannot be asked. */
void checks_dump_file(Checks *checks);

/* Bytes free in the dump's folder; false if unknown. */
bool checks_free_bytes(const Session *session, uint64_t *bytes);

void checks_free(Checks *checks);

#endif
