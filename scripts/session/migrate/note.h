/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The note that kv-import writes after a load: the comment of the table kv or, for a store in
 * DynamoDB, of schema_migrations.  See common/store/provenance.h for its members.
 *
 * Do not trust it: anyone who may comment on the table can write it, and part of it comes from the
 * dump's header.  Each member is checked for its type, and only displayed or compared.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_NOTE_H
#define SCRIPTS_SESSION_MIGRATE_NOTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef struct Note {
    json_t *json;     /* NULL: no note of kv-import */
    bool in_dynamodb; /* the KV store is in DynamoDB */
} Note;

/* Reads the note, in the session's transaction. */
bool note_read(Session *session, Note *note, Error *error);

/* The text of a member of the object `group` (NULL: of the note itself); "" if missing. */
const char *note_text(const Note *note, const char *group, const char *member);

/* The number of rows read from a legacy table; false if the note does not have it. */
bool note_rows(const Note *note, const char *table, int64_t *rows);

/* Whether the note has all of these tables. */
bool note_has_tables(const Note *note, const Words *tables);

/* Formats the location of the store for display. */
enum { NOTE_PLACE_SIZE = 512 };
void note_place(const Note *note, char place[NOTE_PLACE_SIZE]);

/* The same of a table in DynamoDB that no note names; an empty endpoint: AWS's. */
void note_place_of(const char *table, const char *region, const char *endpoint,
                   char place[NOTE_PLACE_SIZE]);

void note_free(Note *note);

#endif
