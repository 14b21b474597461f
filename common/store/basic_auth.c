/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/basic_auth.h"

#include "common/base/buffer.h"
#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>

bool basic_auth_begin(BasicAuth *basic, const char *wanted, Error *error)
{
    BasicAuthCandidate *before = &basic->candidates[BASIC_AUTH_BEFORE_COLON];
    const char *colon = strrchr(wanted, ':');

    *basic = (BasicAuth){0};
    if (wanted[0] == '\0' || colon == wanted) {
        return error_set(error, EXIT_CODE_USAGE, "the name of a user is empty");
    }
    if (!text_copy(wanted, &basic->candidates[BASIC_AUTH_WHOLE].name, error)) {
        return false;
    }
    if (colon == NULL || colon[1] == '\0') {
        return true;
    }
    if (!text_copy(wanted, &before->name, error)) {
        return false;
    }
    before->name[colon - wanted] = '\0';
    basic->key_id_given = colon + 1;
    return true;
}

bool basic_auth_see(BasicAuth *basic, const char *user, const char *key_id, Error *error)
{
    for (size_t i = 0; i < BASIC_AUTH_CANDIDATES; i++) {
        BasicAuthCandidate *candidate = &basic->candidates[i];

        if (candidate->name != NULL && strcmp(candidate->name, user) == 0) {
            candidate->found = true;
            return key_id == NULL || words_add(&candidate->key_ids, key_id, error);
        }
    }
    return true;
}

bool basic_auth_append_names(const Words *names, Buffer *list, Error *error)
{
    bool done = true;

    for (size_t i = 0; done && i < names->count && i < BASIC_AUTH_SHOWN; i++) {
        done = buffer_append_format(list, error, "%s%s", i == 0 ? "" : ", ", names->items[i]);
    }
    return done &&
           (names->count <= BASIC_AUTH_SHOWN ||
            buffer_append_format(list, error, " and %zu more", names->count - BASIC_AUTH_SHOWN));
}

static bool list_keys(const BasicAuthCandidate *candidate, Error *error)
{
    Buffer list = {0};
    Error ignored;

    if (basic_auth_append_names(&candidate->key_ids, &list, &ignored)) {
        error_detail(error, "The access key%s %s.", candidate->key_ids.count == 1 ? " is" : "s are",
                     buffer_string(&list));
    }
    buffer_free(&list);
    return false;
}

/* The credential that was named, else the only one. */
static bool choose_key(BasicAuth *basic, const BasicAuthCandidate *candidate, const char *given,
                       Error *error)
{
    const Words *keys = &candidate->key_ids;

    basic->user = candidate->name;
    if (keys->count == 0) {
        error_set(error, EXIT_CODE_REFUSED, "user \"%s\" has no credential", candidate->name);
        return error_hint(error, "The user needs one to log in: let a lakeFS before 0.98.0 make it "
                                 "first.");
    }
    if (given == NULL && keys->count > 1) {
        error_set(error, EXIT_CODE_REFUSED, "user \"%s\" has %zu credentials, of which one remains",
                  candidate->name, keys->count);
        error_hint(error, "Name it behind the user's name: USER:ACCESS_KEY.");
        return list_keys(candidate, error);
    }
    for (size_t i = 0; i < keys->count; i++) {
        if (given == NULL || strcmp(keys->items[i], given) == 0) {
            basic->key_id = keys->items[i];
            return true;
        }
    }
    error_set(error, EXIT_CODE_REFUSED, "user \"%s\" has no credential \"%s\"", candidate->name,
              given);
    error_hint(error, keys->count == 1 ? "Name this one." : "Name one of these.");
    return list_keys(candidate, error);
}

static bool has_key(const BasicAuthCandidate *candidate, const char *key_id)
{
    for (size_t i = 0; candidate->found && i < candidate->key_ids.count; i++) {
        if (strcmp(candidate->key_ids.items[i], key_id) == 0) {
            return true;
        }
    }
    return false;
}

bool basic_auth_choose(BasicAuth *basic, Error *error)
{
    const BasicAuthCandidate *whole = &basic->candidates[BASIC_AUTH_WHOLE];
    const BasicAuthCandidate *before = &basic->candidates[BASIC_AUTH_BEFORE_COLON];

    /* A user whose name is also another one's USER:ACCESS_KEY can be named with a key of his own.
     */
    if (whole->found && !(before->found && has_key(before, basic->key_id_given))) {
        return choose_key(basic, whole, NULL, error);
    }
    if (before->found) {
        return choose_key(basic, before, basic->key_id_given, error);
    }
    error_set(error, EXIT_CODE_REFUSED, "there is no user \"%s\"",
              before->name != NULL ? before->name : whole->name);
    return error_hint(error, "Give the name as lakeFS shows it, as USER or USER:ACCESS_KEY.");
}

bool basic_auth_query(BasicAuth *basic, PgConnection *connection, const char *sql, Error *error)
{
    const char *parameters[] = {basic->candidates[BASIC_AUTH_WHOLE].name,
                                basic->candidates[BASIC_AUTH_BEFORE_COLON].name};
    PgRows *rows;
    bool done = true;

    if (!pg_query(connection, sql, 2, parameters, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = basic_auth_see(basic, pg_rows_text(rows, i, 0), pg_rows_text(rows, i, 1), error);
    }
    pg_rows_free(rows);
    return done && basic_auth_choose(basic, error);
}

bool basic_auth_find_legacy(BasicAuth *basic, const char *wanted, PgConnection *connection,
                            const char *schema, Error *error)
{
    Buffer sql = {0};
    bool done = basic_auth_begin(basic, wanted, error) &&
                buffer_append_format(&sql, error,
                                     "SELECT u.display_name::text, c.access_key_id::text"
                                     " FROM %s.auth_users u"
                                     " LEFT JOIN %s.auth_credentials c ON c.user_id = u.id"
                                     " WHERE u.display_name::text IN ($1, $2) ORDER BY 1, 2",
                                     schema, schema) &&
                basic_auth_query(basic, connection, buffer_string(&sql), error);

    buffer_free(&sql);
    return done;
}

void basic_auth_free(BasicAuth *basic)
{
    for (size_t i = 0; i < BASIC_AUTH_CANDIDATES; i++) {
        free(basic->candidates[i].name);
        words_free(&basic->candidates[i].key_ids);
    }
    *basic = (BasicAuth){0};
}
