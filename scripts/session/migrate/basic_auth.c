/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/basic_auth.h"

#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/kv/model.h"
#include "common/pg/lock.h"
#include "common/store/dynamodb/point.h"
#include "common/store/dynamodb/table.h"
#include "scripts/session/migrate/commands.h"
#include "scripts/session/migrate/next_lakefs.h"
#include "scripts/session/migrate/note.h"
#include "scripts/session/migrate/noted_table.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/stamp.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char USER_KEY[] = KV_USERS KV_SUPER_ADMIN;

typedef struct Run {
    const MigrateOptions *options;
    bool may_write;
    bool of_up;    /* the same entries are no reason to refuse */
    bool is_there; /* these are the store's entries already */
    BasicAuth basic;
} Run;

/* Names what is there, and how to delete it: a statement; NULL: in DynamoDB, where the credential
 * alone can be completed. */
static bool refuse_existing(const Words *keys, const char *statement, Error *error)
{
    Buffer list = {0};
    bool has_user = false;
    bool listed = basic_auth_append_names(keys, &list, error);

    for (size_t i = 0; i < keys->count; i++) {
        has_user |= strcmp(keys->items[i], USER_KEY) == 0;
    }
    if (listed) {
        error_set(error, EXIT_CODE_REFUSED,
                  has_user ? "the store has its one user for lakeFS " NEXT_LAKEFS_BASIC_AUTH
                             " and later"
                           : "the store has entries of one user for lakeFS " NEXT_LAKEFS_BASIC_AUTH
                             " and later, but not this user");
        error_detail(error, "Partition \"" KV_PARTITION_BASIC_AUTH "\" holds %s.",
                     buffer_string(&list));
        error_hint(error, "Nothing was changed. %sIf another user is meant, stop lakeFS, then %s",
                   has_user || statement != NULL
                       ? ""
                       : "To finish an interrupted run, name the same user with this access key. ",
                   statement == NULL ? "delete all items of this partition." : statement);
    }
    buffer_free(&list);
    return false;
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

/* Finds the users who may be meant, and their credentials, in the table kv.  Access keys have no
 * slash: of what begins with the key of user "a", a rest "credentials/..." with one is of a user
 * whose name begins with "a/". */
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
                    "  AND position('/'::bytea IN"
                    "   substring(c.key FROM octet_length(m.prefix) + 1)) = 0"
                    " ORDER BY m.name, c.key",
                    schema, schema) &&
                basic_auth_query(basic, session->connection, buffer_string(&sql), error);

    buffer_free(&sql);
    return done;
}

static bool list_in_table(Session *session, Words *keys, Error *error)
{
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done = buffer_append_format(&sql, error,
                                     "SELECT encode(key, 'escape') FROM %s.kv WHERE partition_key ="
                                     " '" KV_PARTITION_BASIC_AUTH "'::bytea ORDER BY key",
                                     session->schema.quoted) &&
                pg_query(session->connection, buffer_string(&sql), 0, NULL, &rows, error);

    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = words_add(keys, pg_rows_text(rows, i, 0), error);
    }
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

static bool refuse_in_table(Session *session, const Words *keys, Error *error)
{
    Buffer statement = {0};
    bool done = buffer_append_format(&statement, error,
                                     "DELETE FROM %s.kv WHERE partition_key ="
                                     " '" KV_PARTITION_BASIC_AUTH "'",
                                     session->schema.quoted) &&
                refuse_existing(keys, buffer_string(&statement), error);

    buffer_free(&statement);
    return done;
}

/* The chosen user's own entries under the keys of the one user.  Parameters: user, access key. */
#define COPIES                                                                                     \
    "SELECT '" KV_PARTITION_BASIC_AUTH "'::bytea, '" KV_USERS KV_SUPER_ADMIN                       \
    "'::bytea, value FROM %s.kv WHERE partition_key = '" KV_PARTITION_AUTH                         \
    "'::bytea AND key = convert_to('" KV_USERS "' || $1, 'UTF8')"                                  \
    " UNION ALL SELECT '" KV_PARTITION_BASIC_AUTH                                                  \
    "'::bytea, convert_to('" KV_USER_CREDENTIALS KV_SUPER_ADMIN "/credentials/' || $2,"            \
    " 'UTF8'), value FROM %s.kv WHERE partition_key = '" KV_PARTITION_AUTH                         \
    "'::bytea AND key = convert_to('" KV_USER_CREDENTIALS                                          \
    "' || $1 || '/credentials/' || $2, 'UTF8')"

/* Runs a statement on the copies; *count is the number of its rows. */
static bool run_on_copies(Session *session, const BasicAuth *basic, const char *verb,
                          const char *before, const char *after, int *count, Error *error)
{
    const char *schema = session->schema.quoted;
    const char *parameters[] = {basic->user, basic->key_id};
    Buffer sql = {0};
    PgRows *rows = NULL;
    bool done = buffer_append_format(&sql, error, "%s %s.kv %s", verb, schema, before) &&
                buffer_append_format(&sql, error, COPIES, schema, schema) &&
                buffer_append_text(&sql, after, error) &&
                pg_query(session->connection, buffer_string(&sql), 2, parameters, &rows, error);

    *count = done ? pg_rows_count(rows) : 0;
    pg_rows_free(rows);
    buffer_free(&sql);
    return done;
}

/* Within the server: the secret does not leave it. */
static bool copy_in_table(Session *session, const BasicAuth *basic, Error *error)
{
    int count;

    return run_on_copies(session, basic, "INSERT INTO", "(partition_key, key, value)",
                         " RETURNING 1", &count, error) &&
           (count == 2 || error_set(error, EXIT_CODE_FAILED,
                                    "user \"%s\" was changed in the meantime", basic->user));
}

static bool is_in_table(Session *session, const BasicAuth *basic, const Words *keys, bool *is_there,
                        Error *error)
{
    int count = 0;

    *is_there = false;
    if (keys->count != 2) {
        return true;
    }
    if (!run_on_copies(session, basic, "SELECT 1 FROM", "JOIN (",
                       ") AS c (partition_key, key, value) USING (partition_key, key, value)",
                       &count, error)) {
        return false;
    }
    *is_there = count == 2;
    return true;
}

static bool write_to_table(Session *session, const KvStore *store, Run *run, Error *error)
{
    Words keys = {0};
    bool done;

    if (store->state == KV_UNREADABLE) {
        error_set(error, store->code, "could not read the table kv: %s", store->reason);
        error_detail(error, "%s", store->detail);
        return error_hint(error, "%s", store->hint);
    }
    if (store->state != KV_STAMPED) {
        error_set(error, EXIT_CODE_REFUSED, "there is no KV store with a version");
        return error_hint(error, "kv-migrate status shows where the database stands; "
                                 "kv-migrate up --kv-enabled --basic-auth-user=USER migrates with "
                                 "this user.");
    }
    done = check_version(strtoull(store->version, NULL, 10), error) &&
           list_in_table(session, &keys, error) &&
           (keys.count == 0 || run->of_up || refuse_in_table(session, &keys, error)) &&
           choose_in_table(session, run->options->basic_auth_user, &run->basic, error) &&
           is_in_table(session, &run->basic, &keys, &run->is_there, error) &&
           (keys.count == 0 || run->is_there || refuse_in_table(session, &keys, error)) &&
           (run->is_there || !run->may_write ||
            (copy_in_table(session, &run->basic, error) && pg_commit(session->connection, error)));
    words_free(&keys);
    return done || pg_lock_failed(session->connection, &session->schema, error);
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
            done = strchr(key_ids.items[j], '/') != NULL ||
                   basic_auth_see(basic, name, key_ids.items[j], error);
        }
        words_free(&key_ids);
    }
    buffer_free(&key);
    buffer_wipe(&value);
    return done && basic_auth_choose(basic, error);
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
        return error_set(error, EXIT_CODE_FAILED, "user \"%s\" was changed in the meantime",
                         basic->user);
    }
    copy->entry = (Entry){.partition_key = slice_text(KV_PARTITION_BASIC_AUTH),
                          .key = buffer_slice(&copy->to),
                          .value = buffer_slice(&copy->value)};
    return true;
}

static bool has_value(DynamoClient *client, const Copy *copy, bool *has, Error *error)
{
    Buffer value = {0};
    bool found = false;
    bool done =
        dynamo_point_get(client, copy->entry.partition_key, copy->entry.key, &value, &found, error);

    *has = found && slice_equal(buffer_slice(&value), copy->entry.value);
    buffer_wipe(&value);
    return done;
}

/* Refuses entries other than those to be written.  The credential without the user is what an
 * interrupted run of ours has left. */
static bool check_in_dynamodb(DynamoClient *client, Run *run, const Copy *user, Copy *credential,
                              Error *error)
{
    Words keys = {0};
    bool has_user = false;
    bool has_credential = false;
    bool done = dynamo_point_list(client, slice_text(KV_PARTITION_BASIC_AUTH), "", &keys, error) &&
                (keys.count != 2 || !run->of_up ||
                 (has_value(client, user, &has_user, error) &&
                  has_value(client, credential, &has_credential, error)));

    run->is_there = has_user && has_credential;
    done =
        done && (keys.count == 0 || run->is_there ||
                 (keys.count == 1 && strcmp(keys.items[0], buffer_string(&credential->to)) == 0) ||
                 refuse_existing(&keys, NULL, error));
    words_free(&keys);
    return done;
}

/* What has come in between, or has the credential's key and another value. */
static bool refuse_entry(const char *key, Error *error)
{
    Words keys = {0};

    if (words_add(&keys, key, error)) {
        refuse_existing(&keys, NULL, error);
    }
    words_free(&keys);
    return false;
}

/* The credential first: until there is the user, lakeFS does not look at it. */
static bool add_copies(DynamoClient *client, Copy *user, Copy *credential, Error *error)
{
    bool written = false;
    Error ignored;

    if (!dynamo_point_add(client, &credential->entry, &written, error)) {
        return false;
    }
    if (!written) {
        return refuse_entry(buffer_string(&credential->to), error);
    }
    if (!dynamo_point_add(client, &user->entry, &written, error)) {
        return false;
    }
    if (!written) {
        dynamo_point_remove(client, &credential->entry, &ignored);
        return refuse_entry(USER_KEY, error);
    }
    return true;
}

static bool copy_in_dynamodb(DynamoClient *client, Run *run, Error *error)
{
    const BasicAuth *basic = &run->basic;
    const Slice key_id = slice_text(basic->key_id);
    Copy user = {0};
    Copy credential = {0};
    bool done = kv_key_user(&user.from, slice_text(basic->user), error) &&
                kv_key_user(&user.to, slice_text(KV_SUPER_ADMIN), error) &&
                kv_key_credential(&credential.from, slice_text(basic->user), key_id, error) &&
                kv_key_credential(&credential.to, slice_text(KV_SUPER_ADMIN), key_id, error) &&
                read_copy(client, basic, &user, error) &&
                read_copy(client, basic, &credential, error) &&
                check_in_dynamodb(client, run, &user, &credential, error) &&
                (run->is_there || !run->may_write || add_copies(client, &user, &credential, error));

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

static bool write_to_dynamodb(const Note *note, Run *run, Error *error)
{
    DynamoOptions table;
    DynamoClient *client = NULL;
    bool done = noted_table_open(run->options, note, &table, &client, error) &&
                check_table(client, error) &&
                choose_in_dynamodb(client, run->options->basic_auth_user, &run->basic, error) &&
                copy_in_dynamodb(client, run, error);

    dynamo_client_close(client);
    return done;
}

static bool write_found(Session *session, Run *run, Error *error)
{
    KvStore store;
    Note note = {0};
    bool done = kv_store_read(session, &store, error) && note_read(session, &note, error) &&
                (store.in_dynamodb ? write_to_dynamodb(&note, run, error)
                                   : write_to_table(session, &store, run, error));

    note_free(&note);
    return done;
}

static void tell(const Run *run)
{
    const BasicAuth *basic = &run->basic;

    message_info(
        "user \"%s\" with credential \"%s\" %s the one user of lakeFS " NEXT_LAKEFS_BASIC_AUTH
        " and later",
        basic->user, basic->key_id, run->may_write || run->is_there ? "is" : "would become");
    message_info("keep auth.encrypt.secret_key as it is: the secret is encrypted with it");
}

static bool print(const Run *run, Error *error)
{
    return !run->options->json || (output_json(json_pack("{s:s, s:s}", "user", run->basic.user,
                                                         "access_key_id", run->basic.key_id),
                                               error) &&
                                   report_flush(error));
}

/* A transaction of its own: what up has done before may have ended the first one. */
static bool begin_again(Session *session, Error *error)
{
    pg_rollback(session->connection);
    return pg_begin(session->connection, PG_READ_WRITE,
                    session->options->common.lock_wait_timeout_ms, error) &&
           pg_lock_acquire(session->connection, &session->schema, error);
}

bool basic_auth_complete(Session *session, bool may_write, Error *error)
{
    Run run = {.options = session->options, .may_write = may_write, .of_up = true};
    bool done = session->options->basic_auth_user == NULL ||
                ((!may_write || begin_again(session, error)) && write_found(session, &run, error));

    if (done && run.basic.user != NULL) {
        tell(&run);
    }
    basic_auth_free(&run.basic);
    return done;
}

bool basic_auth_command(Session *session, MigrateOptions *options, const char *programs,
                        Error *error)
{
    const Note none = {0};
    Run run = {.options = options, .may_write = true};
    /* A DynamoDB that is named needs no database beside it. */
    bool done = migrate_options_in_dynamodb(options)
                    ? write_to_dynamodb(&none, &run, error)
                    : session_open_locked(session, options, programs, PG_READ_WRITE, error) &&
                          write_found(session, &run, error);

    if (done) {
        tell(&run);
        done = print(&run, error);
    }
    basic_auth_free(&run.basic);
    return done;
}
