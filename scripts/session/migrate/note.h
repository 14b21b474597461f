/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The note that kv-import leaves of a load: the comment of the table kv, or, for a store in
 * DynamoDB, of schema_migrations.  See common/store/provenance.h for its members.
 *
 * Anybody who may comment on the table can have written it, and what it holds of a dump's header
 * comes from whoever made the dump: each member is taken by its type, and only shown or compared.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_NOTE_H
#define SCRIPTS_SESSION_MIGRATE_NOTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef struct Note {
    json_t *json;     /* NULL: there is none of ours */
    bool in_dynamodb; /* the store is there */
} Note;

/* Reads it, in the session's transaction. */
bool note_read(Session *session, Note *note, Error *error);

/* The text of a member of the object `group` (NULL: the note itself); "" where there is none. */
const char *note_text(const Note *note, const char *group, const char *member);

/* The number of rows that were read of a legacy table; false where the note does not say. */
bool note_rows(const Note *note, const char *table, int64_t *rows);

/* Whether the note has all of these tables. */
bool note_has_tables(const Note *note, const Words *tables);

/* Formats where the store is, for people. */
enum { NOTE_PLACE_SIZE = 512 };
void note_place(const Note *note, char place[NOTE_PLACE_SIZE]);

void note_free(Note *note);

#endif
