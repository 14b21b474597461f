/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/basic_auth.h"

#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/point.h"
#include "common/store/dynamodb/table.h"
#include "scripts/session/migrate/commands.h"
#include "scripts/session/migrate/next_lakefs.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/stamp.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool refuse_existing(Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "the store has its one user for lakeFS 1.33.0 and later");
    error_detail(error, "There are entries in partition \"" KV_PARTITION_BASIC_AUTH "\".");
    return error_hint(error, "Nothing was changed. If another user is meant, stop lakeFS and "
                             "delete these entries first.");
}

static bool check_version(uint64_t version, Error *error)
{
    if (version >= KV_VERSION_MIGRATED && version <= NEXT_LAKEFS_LATEST_VERSION) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "the store is at version %" PRIu64, version);
    return error_hint(error, "The entries are known for stores of versions %d to %d.",
                      KV_VERSION_MIGRATED, NEXT_LAKEFS_LATEST_VERSION);
}

/* Finds the users who may be meant, and their credentials, in the table kv. */
static bool choose_in_table(Session *session, const char *wanted, BasicAuth *basic, Error *error)
{
    const char *schema = session->schema.quoted;
    Buffer sql = {0};
    bool done = basic_auth_begin(basic, wanted, error) &&
                buffer_append_format(
                    &sql, error,
                    "WITH meant AS (SELECT name, convert_to('" KV_USERS "' || name, 'UTF8') AS key,"
                    "  convert_to('" KV_USER_CREDENTIALS "' || name || '/credentials/', 'UTF8')"
                    "   AS prefix FROM unnest(ARRAY[$1, $2]::text[]) AS name)"
                    " SELECT m.name, convert_from(substring(c.key FROM octet_length(m.prefix) + 1),"
                    "  'UTF8')"
                    " FROM meant m JOIN %s.kv u ON u.partition_key = '" KV_PARTITION_AUTH "'::bytea"
                    "  AND u.key = m.key"
                    " LEFT JOIN %s.kv c ON c.partition_key = '" KV_PARTITION_AUTH "'::bytea"
                    "  AND c.key > m.prefix"
                    "  AND substring(c.key FROM 1 FOR octet_length(m.prefix)) = m.prefix"
                    " ORDER BY m.name, c.key",
                    schema, schema) &&
                basic_auth_query(basic, session->connection, buffer_string(&sql), error);

    buffer_free(&sql);
    return done;
}

static bool check_none_in_table(Session *session, Error *error)
{
    Buffer sql = {0};
    char *there = NULL;
    bool done = buffer_append_format(&sql, error,
                                     "SELECT EXISTS (SELECT FROM %s.kv WHERE partition_key ="
                                     " '" KV_PARTITION_BASIC_AUTH "'::bytea)",
                                     session->schema.quoted) &&
                session_query_text(session, buffer_string(&sql), 0, NULL, &there, error) &&
                (strcmp(there, "f") == 0 || refuse_existing(error));

    free(there);
    buffer_free(&sql);
    return done;
}

/* Within the server: the secret does not leave it. */
static bool copy_in_table(Session *session, const BasicAuth *basic, Error *error)
{
    const char *schema = session->schema.quoted;
    const char *parameters[] = {basic->user, basic->key_id};
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done =
        buffer_append_format(
            &sql, error,
            "INSERT INTO %s.kv (partition_key, key, value)"
            " SELECT '" KV_PARTITION_BASIC_AUTH "'::bytea, '" KV_USERS KV_SUPER_ADMIN
            "'::bytea, value FROM %s.kv WHERE partition_key = '" KV_PARTITION_AUTH
            "'::bytea AND key = convert_to('" KV_USERS "' || $1, 'UTF8')"
            " UNION ALL SELECT '" KV_PARTITION_BASIC_AUTH
            "'::bytea, convert_to('" KV_USER_CREDENTIALS KV_SUPER_ADMIN "/credentials/' || $2,"
            " 'UTF8'), value FROM %s.kv WHERE partition_key = '" KV_PARTITION_AUTH
            "'::bytea AND key = convert_to('" KV_USER_CREDENTIALS
            "' || $1 || '/credentials/' || $2, 'UTF8') RETURNING 1",
            schema, schema, schema) &&
        pg_query(session->connection, buffer_string(&sql), 2, parameters, &rows, error) &&
        (pg_rows_count(rows) == 2 ||
         error_set(error, EXIT_CODE_FAILED, "user \"%s\" was changed meanwhile", basic->user));

    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

static bool write_to_table(Session *session, const KvStore *store, BasicAuth *basic, Error *error)
{
    if (store->state == KV_UNREADABLE) {
        return error_set(error, store->code, "%s", store->reason);
    }
    if (store->state != KV_STAMPED) {
        error_set(error, EXIT_CODE_REFUSED, "there is no KV store with a version");
        return error_hint(error, "kv-migrate status shows where the database stands; "
                                 "kv-migrate up --kv-enabled --basic-auth-user=USER migrates with "
                                 "this user.");
    }
    return check_version(strtoull(store->version, NULL, 10), error) &&
           check_none_in_table(session, error) &&
           choose_in_table(session, session->options->basic_auth_user, basic, error) &&
           copy_in_table(session, basic, error) && pg_commit(session->connection, error);
}

static bool append_user_key(Buffer *key, const char *name, Error *error)
{
    key->size = 0;
    return kv_key_user(key, slice_text(name), error);
}

static bool choose_in_dynamodb(DynamoClient *client, const char *wanted, BasicAuth *basic,
                               Error *error)
{
    const Slice auth = slice_text(KV_PARTITION_AUTH);
    Buffer key = {0};
    Buffer value = {0};
    bool done = basic_auth_begin(basic, wanted, error);

    for (size_t i = 0; done && i < BASIC_AUTH_CANDIDATES; i++) {
        const char *name = basic->candidates[i].name;
        Words key_ids = {0};
        bool found = false;

        if (name == NULL) {
            continue;
        }
        done = append_user_key(&key, name, error) &&
               dynamo_point_get(client, auth, buffer_slice(&key), &value, &found, error);
        key.size = 0;
        done = done && (!found || basic_auth_see(basic, name, NULL, error)) &&
               buffer_append_format(&key, error, KV_USER_CREDENTIALS "%s/credentials/", name) &&
               (!found || dynamo_point_list(client, auth, buffer_string(&key), &key_ids, error));
        for (size_t j = 0; done && j < key_ids.count; j++) {
            done = basic_auth_see(basic, name, key_ids.items[j], error);
        }
        words_free(&key_ids);
    }
    buffer_free(&key);
    buffer_wipe(&value);
    return done && basic_auth_choose(basic, error);
}

/* A credential without a user is what an interrupted run of ours has left. */
static bool check_none_in_dynamodb(DynamoClient *client, Error *error)
{
    Words users = {0};
    bool done =
        dynamo_point_list(client, slice_text(KV_PARTITION_BASIC_AUTH), KV_USERS, &users, error) &&
        (users.count == 0 || refuse_existing(error));

    words_free(&users);
    return done;
}

/* An entry of the chosen user, and what it becomes. */
typedef struct Copy {
    Buffer from;
    Buffer to;
    Buffer value;
    Entry entry;
} Copy;

static void free_copy(Copy *copy)
{
    buffer_free(&copy->from);
    buffer_free(&copy->to);
    buffer_wipe(&copy->value);
}

static bool read_copy(DynamoClient *client, const BasicAuth *basic, Copy *copy, Error *error)
{
    bool found = false;

    if (!dynamo_point_get(client, slice_text(KV_PARTITION_AUTH), buffer_slice(&copy->from),
                          &copy->value, &found, error)) {
        return false;
    }
    if (!found) {
        return error_set(error, EXIT_CODE_FAILED, "user \"%s\" was changed meanwhile", basic->user);
    }
    copy->entry = (Entry){.partition_key = slice_text(KV_PARTITION_BASIC_AUTH),
                          .key = buffer_slice(&copy->to),
                          .value = buffer_slice(&copy->value)};
    return true;
}

/* The credential first: until there is the user, lakeFS does not look at it. */
static bool add_copies(DynamoClient *client, const Copy *user, const Copy *credential, Error *error)
{
    bool written = false;
    Error ignored;

    if (!dynamo_point_add(client, &credential->entry, &written, error)) {
        return false;
    }
    if (!written) {
        return refuse_existing(error);
    }
    if (!dynamo_point_add(client, &user->entry, &written, error)) {
        return false;
    }
    if (!written) {
        dynamo_point_remove(client, &credential->entry, &ignored);
        return refuse_existing(error);
    }
    return true;
}

static bool copy_in_dynamodb(DynamoClient *client, const BasicAuth *basic, Error *error)
{
    const Slice key_id = slice_text(basic->key_id);
    Copy user = {0};
    Copy credential = {0};
    bool done = kv_key_user(&user.from, slice_text(basic->user), error) &&
                kv_key_user(&user.to, slice_text(KV_SUPER_ADMIN), error) &&
                kv_key_credential(&credential.from, slice_text(basic->user), key_id, error) &&
                kv_key_credential(&credential.to, slice_text(KV_SUPER_ADMIN), key_id, error) &&
                read_copy(client, basic, &user, error) &&
                read_copy(client, basic, &credential, error) &&
                add_copies(client, &user, &credential, error);

    free_copy(&user);
    free_copy(&credential);
    return done;
}

static bool check_table(DynamoClient *client, Error *error)
{
    DynamoTableInfo info = {0};
    bool done = dynamo_table_inspect(client, &info, error);

    if (done && info.state != KV_STORE_STAMPED) {
        error_set(error, EXIT_CODE_REFUSED, "DynamoDB table \"%s\" is no KV store with a version",
                  dynamo_client_table(client));
        done = error_hint(error, "Name the table with --dynamodb-table, and its region.");
    }
    done = done && check_version(info.version, error);
    dynamo_table_info_free(&info);
    return done;
}

static bool write_to_dynamodb(const MigrateOptions *options, const DynamoOptions *table,
                              BasicAuth *basic, Error *error)
{
    DynamoClient *client = NULL;
    bool done = dynamo_options_check(table, error) &&
                dynamo_client_open(table, "kv-migrate", &client, error) &&
                check_table(client, error) && check_none_in_dynamodb(client, error) &&
                choose_in_dynamodb(client, options->basic_auth_user, basic, error) &&
                copy_in_dynamodb(client, basic, error);

    dynamo_client_close(client);
    return done;
}

static const char *or_noted(const char *setting, const Note *note, const char *member)
{
    const char *noted = note->json == NULL ? "" : note_text(note, "store", member);

    return setting != NULL && setting[0] != '\0' ? setting : noted[0] != '\0' ? noted : NULL;
}

/* Where options and settings, else the note of the migration, say that the table is. */
static bool write_noted(const MigrateOptions *options, const Note *note, BasicAuth *basic,
                        Error *error)
{
    const LakefsSettings *lakefs = &options->lakefs;
    DynamoOptions table = {.table = or_noted(lakefs->dynamodb_table, note, "table"),
                           .endpoint = or_noted(lakefs->dynamodb_endpoint, note, "endpoint"),
                           .region = or_noted(lakefs->dynamodb_region, note, "region")};

    table.table = table.table == NULL ? DYNAMO_TABLE_NAME : table.table;
    return write_to_dynamodb(options, &table, basic, error);
}

static bool write_found(Session *session, BasicAuth *basic, Error *error)
{
    KvStore store;
    Note note = {0};
    bool done = kv_store_read(session, &store, error) && note_read(session, &note, error) &&
                (store.in_dynamodb ? write_noted(session->options, &note, basic, error)
                                   : write_to_table(session, &store, basic, error));

    note_free(&note);
    return done;
}

static bool tell(const MigrateOptions *options, const BasicAuth *basic, Error *error)
{
    message_info("user \"%s\" with credential \"%s\" is the one user of lakeFS 1.33.0 and later",
                 basic->user, basic->key_id);
    message_info("keep auth.encrypt.secret_key as it is: the secret is encrypted with it");
    return !options->json || (output_json(json_pack("{s:s, s:s}", "user", basic->user,
                                                    "access_key_id", basic->key_id),
                                          error) &&
                              report_flush(error));
}

bool basic_auth_command(Session *session, MigrateOptions *options, const char *programs,
                        Error *error)
{
    const Note none = {0};
    BasicAuth basic = {0};
    /* A DynamoDB that is named needs no database beside it. */
    bool done = migrate_options_in_dynamodb(options)
                    ? write_noted(options, &none, &basic, error)
                    : session_open_locked(session, options, programs, PG_READ_WRITE, error) &&
                          write_found(session, &basic, error);

    done = done && tell(options, &basic, error);
    basic_auth_free(&basic);
    return done;
}
