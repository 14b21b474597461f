/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/note.h"

#include "common/base/json_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The comment of a table; "" if it has none or does not exist. */
static bool query_comment(Session *session, const char *table, char **comment, Error *error)
{
    const char *parameters[] = {session->schema.name, table};

    return session_query_text(
        session,
        "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
        2, parameters, comment, error);
}

static bool read_comment(Session *session, const char *table, json_t **json, Error *error)
{
    char *comment = NULL;
    bool lacked = false;

    *json = NULL;
    if (!query_comment(session, table, &comment, error)) {
        return false;
    }
    if (comment[0] == '{') {
        *json = json_parse(slice_text(comment), JSON_REJECT_DUPLICATES, NULL, &lacked);
    }
    free(comment);
    /* Ignore a comment that kv-import has not written. */
    if (*json != NULL && !json_is_object(json_object_get(*json, "source_rows"))) {
        json_decref(*json);
        *json = NULL;
    }
    return !lacked || error_out_of_memory(error);
}

bool note_read(Session *session, Note *note, Error *error)
{
    *note = (Note){0};
    if (!read_comment(session, "schema_migrations", &note->json, error)) {
        return false;
    }
    note->in_dynamodb = note->json != NULL;
    return note->json != NULL || read_comment(session, "kv", &note->json, error);
}

const char *note_text(const Note *note, const char *group, const char *member)
{
    const json_t *object = group == NULL ? note->json : json_object_get(note->json, group);
    const char *text = json_string_value(json_object_get(object, member));

    return text == NULL ? "" : text;
}

bool note_rows(const Note *note, const char *table, int64_t *rows)
{
    const json_t *count = json_object_get(json_object_get(note->json, "source_rows"), table);

    *rows = json_integer_value(count);
    return json_is_integer(count);
}

bool note_has_tables(const Note *note, const Words *tables)
{
    int64_t rows;

    for (size_t i = 0; i < tables->count; i++) {
        if (!note_rows(note, tables->items[i], &rows)) {
            return false;
        }
    }
    return true;
}

void note_place_of(const char *table, const char *region, const char *endpoint,
                   char place[NOTE_PLACE_SIZE])
{
    snprintf(place, NOTE_PLACE_SIZE, "DynamoDB table \"%s\", region \"%s\"%s%s", table, region,
             endpoint[0] == '\0' ? "" : ", ", endpoint);
}

void note_place(const Note *note, char place[NOTE_PLACE_SIZE])
{
    note_place_of(note_text(note, "store", "table"), note_text(note, "store", "region"),
                  note_text(note, "store", "endpoint"), place);
}

void note_free(Note *note)
{
    json_decref(note->json);
    *note = (Note){0};
}
