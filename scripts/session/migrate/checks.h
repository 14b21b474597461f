/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of what would stop up.  up and its dry run go through it before anything is done, so
 * that they cannot differ: they give the same messages, and the same exit code.
 *
 * What kv-export checks of the tables' columns and the branch protection rules is not in it: the
 * dry run asks kv-export for that, and in up kv-export itself refuses before it writes.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_CHECKS_H
#define SCRIPTS_SESSION_MIGRATE_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "scripts/session/migrate/rights.h"
#include "scripts/session/migrate/session.h"

typedef struct Checks {
    Session *session;
    size_t pending;       /* schema migrations that would run */
    uint64_t table_bytes; /* as rights_table_bytes returns it */
    bool room_known;      /* whether this is known: */
    uint64_t room_bytes;  /* bytes free on the server for the table kv */
    char *store;          /* what kv-import found in the target; NULL: refused; owned */
    Rights rights;
    bool defers_room;    /* the caller calls checks_warn_of_room, once it knows more */
    uint64_t dump_bytes; /* estimated from a sample; 0: by the tables' size */
    uint64_t kv_bytes;   /* likewise */
    bool readable;       /* all legacy tables can be read and locked */
    size_t problems;
    ExitCode code; /* of the first problem */
    Error last;    /* the latest problem, not yet printed; without a message: none */
} Checks;

/* Prepares the checks, and finds the legacy tables.  The session must have its version.  End with
 * checks_free, also after a failure. */
bool checks_init(Checks *checks, Session *session, Error *error);

/* Goes through the list: prints warnings, and counts the problems and prints all but the last.
 * False only if a check could not be made. */
bool checks_run(Checks *checks, Error *error);

/* Warns where dump or store seem not to fit; part of checks_run unless that defers it. */
void checks_warn_of_room(const Checks *checks);

/* Takes what a sample has shown: the size of the dump, and of its entries uncompressed. */
void checks_take_sample(Checks *checks, uint64_t dump_bytes, uint64_t entry_bytes);

/* Prints the last problem, if any. */
void checks_report(Checks *checks);

/* Records a problem that a child program has reported. */
void checks_child_problem(Checks *checks, int status);

/* The estimated size of the dump, and of the table kv with its indexes, and how many hundredths of
 * the legacy tables' size without indexes they are taken for without a sample. */
int checks_dump_ratio(const Checks *checks);
uint64_t checks_dump_bytes(const Checks *checks);
int checks_kv_ratio(void);
uint64_t checks_kv_bytes(const Checks *checks);

/* Bytes free in the dump's folder; false if unknown. */
bool checks_free_bytes(const Session *session, uint64_t *bytes);

void checks_free(Checks *checks);

#endif
