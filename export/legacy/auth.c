/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package auth: users, groups, policies, their relations, credentials, tokens, installation.
 *
 * See LEGACY-SCHEMA.md and common/kv/KV-MODEL.md, "Package auth".
 */
#include "export/package.h"

#include "common/kv/model.h"
#include "export/emit.h"
#include "export/legacy/basic_auth_writer.h"
#include "export/legacy/policy.h"
#include "export/legacy/source.h"

#include <string.h>

#include "auth.pb-c.h"

static const char USERS[] = "auth_users";
static const char GROUPS[] = "auth_groups";
static const char POLICIES[] = "auth_policies";
static const char USER_GROUPS[] = "auth_user_groups";
static const char USER_POLICIES[] = "auth_user_policies";
static const char GROUP_POLICIES[] = "auth_group_policies";
static const char CREDENTIALS[] = "auth_credentials";
static const char EXPIRED_TOKENS[] = "auth_expired_tokens";
static const char INSTALLATION_METADATA[] = "auth_installation_metadata";

/* Checks worker->key.  Display names may contain "/", so different rows can give the same key of
 * several parts ("a/users/b" in group "c" ...); both have a "/" in a part. */
static bool check_key(SourceRow *row, const char *part, const char *other_part, Error *error)
{
    bool ambiguous = strchr(part, '/') != NULL || strchr(other_part, '/') != NULL;

    return source_check_key(row, slice_text(KV_PARTITION_AUTH), buffer_slice(&row->worker->key),
                            ambiguous, error);
}

/* Checks worker->key, which is made of one name. */
static bool check_name_key(SourceRow *row, Error *error)
{
    return check_key(row, "", "", error);
}

static bool write_message(SourceRow *row, const ProtobufCMessage *message, Error *error)
{
    return emit_message(&row->worker->emitter, slice_text(KV_PARTITION_AUTH),
                        buffer_slice(&row->worker->key), message, error);
}

enum {
    USER_ID,
    USER_CREATED_AT,
    USER_DISPLAY_NAME,
    USER_FRIENDLY_NAME,
    USER_SOURCE,
    USER_EMAIL,
    USER_ENCRYPTED_PASSWORD,
    USER_EXTERNAL_ID,
    USER_COLUMNS
};

static const SourceQuery USER_QUERY = {
    .table = USERS,
    .sql = "SELECT id, created_at, display_name, friendly_name, source, email, encrypted_password,"
           " external_id FROM {schema}.auth_users",
    .columns =
        (const SourceColumn[]){
            [USER_ID] = {.name = "id", .type = SOURCE_INT4, .is_key = true},
            [USER_CREATED_AT] = {.name = "created_at", .type = SOURCE_TIMESTAMPTZ},
            [USER_DISPLAY_NAME] = {.name = "display_name", .type = SOURCE_TEXT, .is_key = true},
            [USER_FRIENDLY_NAME] = {.name = "friendly_name", .type = SOURCE_TEXT, .nullable = true},
            [USER_SOURCE] = {.name = "source", .type = SOURCE_TEXT},
            [USER_EMAIL] = {.name = "email", .type = SOURCE_TEXT, .nullable = true},
            [USER_ENCRYPTED_PASSWORD] = {.name = "encrypted_password",
                                         .type = SOURCE_BYTEA,
                                         .nullable = true},
            [USER_EXTERNAL_ID] = {.name = "external_id", .type = SOURCE_TEXT, .nullable = true},
        },
    .column_count = USER_COLUMNS,
};

static bool write_user(SourceRow *row, void *state, Error *error)
{
    Kv__UserData data = KV__USER_DATA__INIT;
    Kv__Timestamp created_at;

    if (!source_time(row, USER_CREATED_AT, &created_at, error) ||
        !source_text(row, USER_DISPLAY_NAME, &data.username, error) ||
        !source_text(row, USER_FRIENDLY_NAME, &data.friendly_name, error) ||
        !source_text(row, USER_EMAIL, &data.email, error) ||
        !source_text(row, USER_SOURCE, &data.source, error) ||
        !source_text(row, USER_EXTERNAL_ID, &data.external_id, error) ||
        !kv_key_user(&row->worker->key, slice_text(data.username), error) ||
        !check_name_key(row, error)) {
        return false;
    }
    data.created_at = &created_at;
    data.encrypted_password = source_binary(row, USER_ENCRYPTED_PASSWORD);
    return write_message(row, &data.base, error) && basic_auth_write_user(state, row, &data, error);
}

enum { NAMED_ID, NAMED_CREATED_AT, NAMED_DISPLAY_NAME, GROUP_COLUMNS };

static const SourceQuery GROUP_QUERY = {
    .table = GROUPS,
    .sql = "SELECT id, created_at, display_name FROM {schema}.auth_groups",
    .columns =
        (const SourceColumn[]){
            [NAMED_ID] = {.name = "id", .type = SOURCE_INT4, .is_key = true},
            [NAMED_CREATED_AT] = {.name = "created_at", .type = SOURCE_TIMESTAMPTZ},
            [NAMED_DISPLAY_NAME] = {.name = "display_name", .type = SOURCE_TEXT, .is_key = true},
        },
    .column_count = GROUP_COLUMNS,
};

static bool write_group(SourceRow *row, void *state, Error *error)
{
    Kv__GroupData data = KV__GROUP_DATA__INIT;
    Kv__Timestamp created_at;

    (void)state;
    if (!source_time(row, NAMED_CREATED_AT, &created_at, error) ||
        !source_text(row, NAMED_DISPLAY_NAME, &data.display_name, error) ||
        !kv_key_group(&row->worker->key, slice_text(data.display_name), error) ||
        !check_name_key(row, error)) {
        return false;
    }
    data.created_at = &created_at;
    return write_message(row, &data.base, error);
}

enum { POLICY_STATEMENT = GROUP_COLUMNS, POLICY_COLUMNS };

static const SourceQuery POLICY_QUERY = {
    .table = POLICIES,
    .sql = "SELECT id, created_at, display_name, statement FROM {schema}.auth_policies",
    .columns =
        (const SourceColumn[]){
            [NAMED_ID] = {.name = "id", .type = SOURCE_INT4, .is_key = true},
            [NAMED_CREATED_AT] = {.name = "created_at", .type = SOURCE_TIMESTAMPTZ},
            [NAMED_DISPLAY_NAME] = {.name = "display_name", .type = SOURCE_TEXT, .is_key = true},
            [POLICY_STATEMENT] = {.name = "statement", .type = SOURCE_JSONB},
        },
    .column_count = POLICY_COLUMNS,
};

static bool write_policy(SourceRow *row, void *state, Error *error)
{
    Kv__PolicyData data = KV__POLICY_DATA__INIT;
    Kv__Timestamp created_at;
    const char *problem;
    bool adjusted;
    Slice json;

    (void)state;
    if (!source_time(row, NAMED_CREATED_AT, &created_at, error) ||
        !source_text(row, NAMED_DISPLAY_NAME, &data.display_name, error) ||
        !source_json(row, POLICY_STATEMENT, &json, error) ||
        !kv_key_policy(&row->worker->key, slice_text(data.display_name), error) ||
        !check_name_key(row, error)) {
        return false;
    }
    if (!policy_read(json, &row->worker->arena, &data, &adjusted, &problem, error)) {
        return problem != NULL && source_refused(row, error, "%s", problem);
    }
    if (adjusted) {
        source_adjusted(row, ADJUSTED_STATEMENT);
    }
    data.created_at = &created_at;
    return write_message(row, &data.base, error);
}

/* The three relations have the same form: two ids, and the names that they refer to. */
enum { RELATION_OWNER_ID, RELATION_MEMBER_ID, RELATION_OWNER, RELATION_MEMBER, RELATION_COLUMNS };

typedef struct Relation {
    SourceQuery query;
    LeftOut no_owner;
    LeftOut no_member;
    bool (*key)(Buffer *key, Slice owner, Slice member, Error *error);
    bool (*primary_key)(Buffer *key, Slice member, Error *error);
} Relation;

#define RELATION_COLUMN_LIST(owner_id, member_id)                                                  \
    (const SourceColumn[])                                                                         \
    {                                                                                              \
        [RELATION_OWNER_ID] = {.name = owner_id, .type = SOURCE_INT4, .is_key = true},             \
        [RELATION_MEMBER_ID] = {.name = member_id, .type = SOURCE_INT4, .is_key = true},           \
        [RELATION_OWNER] = {.name = owner_id, .type = SOURCE_TEXT, .nullable = true},              \
        [RELATION_MEMBER] = {.name = member_id, .type = SOURCE_TEXT, .nullable = true},            \
    }

static const Relation RELATIONS[] = {
    {.query = {.table = USER_GROUPS,
               .sql = "SELECT r.group_id, r.user_id, o.display_name, m.display_name"
                      " FROM {schema}.auth_user_groups r"
                      " LEFT JOIN {schema}.auth_groups o ON o.id = r.group_id"
                      " LEFT JOIN {schema}.auth_users m ON m.id = r.user_id",
               .columns = RELATION_COLUMN_LIST("group_id", "user_id"),
               .column_count = RELATION_COLUMNS},
     .no_owner = LEFT_OUT_NO_GROUP,
     .no_member = LEFT_OUT_NO_USER,
     .key = kv_key_group_user,
     .primary_key = kv_key_user},
    {.query = {.table = USER_POLICIES,
               .sql = "SELECT r.user_id, r.policy_id, o.display_name, m.display_name"
                      " FROM {schema}.auth_user_policies r"
                      " LEFT JOIN {schema}.auth_users o ON o.id = r.user_id"
                      " LEFT JOIN {schema}.auth_policies m ON m.id = r.policy_id",
               .columns = RELATION_COLUMN_LIST("user_id", "policy_id"),
               .column_count = RELATION_COLUMNS},
     .no_owner = LEFT_OUT_NO_USER,
     .no_member = LEFT_OUT_NO_POLICY,
     .key = kv_key_user_policy,
     .primary_key = kv_key_policy},
    {.query = {.table = GROUP_POLICIES,
               .sql = "SELECT r.group_id, r.policy_id, o.display_name, m.display_name"
                      " FROM {schema}.auth_group_policies r"
                      " LEFT JOIN {schema}.auth_groups o ON o.id = r.group_id"
                      " LEFT JOIN {schema}.auth_policies m ON m.id = r.policy_id",
               .columns = RELATION_COLUMN_LIST("group_id", "policy_id"),
               .column_count = RELATION_COLUMNS},
     .no_owner = LEFT_OUT_NO_GROUP,
     .no_member = LEFT_OUT_NO_POLICY,
     .key = kv_key_group_policy,
     .primary_key = kv_key_policy},
};

static bool write_relation(SourceRow *row, void *state, Error *error)
{
    const Relation *relation = state;
    Worker *worker = row->worker;
    Buffer primary_key = {0};
    char *owner;
    char *member;
    bool done;

    if (source_is_null(row, RELATION_OWNER)) {
        return source_left_out(row, relation->no_owner, error);
    }
    if (source_is_null(row, RELATION_MEMBER)) {
        return source_left_out(row, relation->no_member, error);
    }
    if (!source_text(row, RELATION_OWNER, &owner, error) ||
        !source_text(row, RELATION_MEMBER, &member, error)) {
        return false;
    }
    done = relation->primary_key(&primary_key, slice_text(member), error) &&
           relation->key(&worker->key, slice_text(owner), slice_text(member), error) &&
           check_key(row, owner, member, error) &&
           emit_index(&worker->emitter, slice_text(KV_PARTITION_AUTH), buffer_slice(&worker->key),
                      buffer_slice(&primary_key), error);
    buffer_free(&primary_key);
    return done;
}

enum {
    CREDENTIAL_ACCESS_KEY_ID,
    CREDENTIAL_SECRET_ACCESS_KEY,
    CREDENTIAL_ISSUED_DATE,
    CREDENTIAL_USER,
    CREDENTIAL_COLUMNS
};

static const SourceQuery CREDENTIAL_QUERY = {
    .table = CREDENTIALS,
    .sql = "SELECT c.access_key_id, c.secret_access_key, c.issued_date, u.display_name"
           " FROM {schema}.auth_credentials c"
           " LEFT JOIN {schema}.auth_users u ON u.id = c.user_id",
    .columns =
        (const SourceColumn[]){
            [CREDENTIAL_ACCESS_KEY_ID] = {.name = "access_key_id",
                                          .type = SOURCE_TEXT,
                                          .is_key = true},
            [CREDENTIAL_SECRET_ACCESS_KEY] = {.name = "secret_access_key", .type = SOURCE_BYTEA},
            [CREDENTIAL_ISSUED_DATE] = {.name = "issued_date", .type = SOURCE_TIMESTAMPTZ},
            [CREDENTIAL_USER] = {.name = "user_id", .type = SOURCE_TEXT, .nullable = true},
        },
    .column_count = CREDENTIAL_COLUMNS,
};

static bool write_credential(SourceRow *row, void *state, Error *error)
{
    Kv__CredentialData data = KV__CREDENTIAL_DATA__INIT;
    Kv__Timestamp issued_date;
    char *user;

    if (source_is_null(row, CREDENTIAL_USER)) {
        return source_left_out(row, LEFT_OUT_NO_USER, error);
    }
    if (!source_text(row, CREDENTIAL_ACCESS_KEY_ID, &data.access_key_id, error) ||
        !source_time(row, CREDENTIAL_ISSUED_DATE, &issued_date, error) ||
        !source_text(row, CREDENTIAL_USER, &user, error) ||
        !kv_key_credential(&row->worker->key, slice_text(user), slice_text(data.access_key_id),
                           error) ||
        !check_key(row, user, data.access_key_id, error)) {
        return false;
    }
    data.secret_access_key_encrypted_bytes = source_binary(row, CREDENTIAL_SECRET_ACCESS_KEY);
    data.issued_date = &issued_date;
    data.user_id = (ProtobufCBinaryData){.len = strlen(user), .data = (uint8_t *)user};
    return write_message(row, &data.base, error) &&
           basic_auth_write_credential(state, row, user, &data, error);
}

enum { TOKEN_ID, TOKEN_EXPIRES_AT, TOKEN_COLUMNS };

static const SourceQuery TOKEN_QUERY = {
    .table = EXPIRED_TOKENS,
    .sql = "SELECT token_id, token_expires_at FROM {schema}.auth_expired_tokens",
    .columns =
        (const SourceColumn[]){
            [TOKEN_ID] = {.name = "token_id", .type = SOURCE_TEXT, .is_key = true},
            [TOKEN_EXPIRES_AT] = {.name = "token_expires_at", .type = SOURCE_TIMESTAMPTZ},
        },
    .column_count = TOKEN_COLUMNS,
};

static bool write_token(SourceRow *row, void *state, Error *error)
{
    Kv__TokenData data = KV__TOKEN_DATA__INIT;
    Kv__Timestamp expired_at;
    int64_t expires_at;

    (void)state;
    if (!source_timestamptz(row, TOKEN_EXPIRES_AT, &expires_at, error)) {
        return false;
    }
    /* The infinities are the least and greatest values, so they compare correctly. */
    if (expires_at <= row->worker->context->now) {
        return source_left_out(row, LEFT_OUT_EXPIRED, error);
    }
    if (!source_text(row, TOKEN_ID, &data.token_id, error) ||
        !source_time(row, TOKEN_EXPIRES_AT, &expired_at, error) ||
        !kv_key_expired_token(&row->worker->key, slice_text(data.token_id), error) ||
        !check_name_key(row, error)) {
        return false;
    }
    data.expired_at = &expired_at;
    return write_message(row, &data.base, error);
}

enum { INSTALLATION_KEY_NAME, INSTALLATION_KEY_VALUE, INSTALLATION_COLUMNS };

static const SourceQuery INSTALLATION_QUERY = {
    .table = INSTALLATION_METADATA,
    .sql = "SELECT key_name, key_value FROM {schema}.auth_installation_metadata",
    .columns =
        (const SourceColumn[]){
            [INSTALLATION_KEY_NAME] = {.name = "key_name", .type = SOURCE_TEXT, .is_key = true},
            [INSTALLATION_KEY_VALUE] = {.name = "key_value", .type = SOURCE_TEXT},
        },
    .column_count = INSTALLATION_COLUMNS,
};

/* Metadata about the legacy PostgreSQL database, meaningless in the KV store. */
static bool describes_old_database(const char *name)
{
    static const char SETTING[] = "postgresql_setting_";

    return strcmp(name, "postgresql_version") == 0 ||
           strcmp(name, "postgresql_aurora_version") == 0 ||
           strncmp(name, SETTING, strlen(SETTING)) == 0;
}

static bool write_installation_metadata(SourceRow *row, void *state, Error *error)
{
    const Slice partition = slice_text(KV_PARTITION_AUTH);
    Worker *worker = row->worker;
    char *name;
    char *value;

    (void)state;
    if (!source_text(row, INSTALLATION_KEY_NAME, &name, error) ||
        !source_text(row, INSTALLATION_KEY_VALUE, &value, error)) {
        return false;
    }
    if (describes_old_database(name)) {
        return source_left_out(row, LEFT_OUT_OLD_DATABASE, error);
    }
    if (!kv_key_installation_metadata(&worker->key, slice_text(name), error) ||
        !check_name_key(row, error) ||
        !emit_bytes(&worker->emitter, partition, buffer_slice(&worker->key), slice_text(value),
                    error)) {
        return false;
    }
    /* lakeFS looks the id up here; without it the installation would get a new one. */
    return strcmp(name, KV_INSTALLATION_ID_KEY) != 0 ||
           emit_bytes(&worker->emitter, partition, slice_text(KV_INSTALLATION_ID_KEY),
                      slice_text(value), error);
}

static bool prepare(Worker *worker, void **state, UnitList *units, Error *error)
{
    static const struct {
        const char *table;
        const char *columns;
    } UNIQUE[] = {
        /* Relations are joined with these: with an id twice, a row would give two entries. */
        {USERS, "id"},
        {GROUPS, "id"},
        {POLICIES, "id"},
        {USERS, "display_name"},
        {GROUPS, "display_name"},
        {POLICIES, "display_name"},
        {USER_GROUPS, "user_id, group_id"},
        {USER_POLICIES, "user_id, policy_id"},
        {GROUP_POLICIES, "group_id, policy_id"},
        {CREDENTIALS, "access_key_id"},
        {EXPIRED_TOKENS, "token_id"},
        {INSTALLATION_METADATA, "key_name"},
    };
    BasicAuthWriter *basic;
    bool opened = basic_auth_writer_open(worker, &basic, error);

    *state = basic;
    if (!opened) {
        return false;
    }
    for (size_t i = 0; i < sizeof UNIQUE / sizeof UNIQUE[0]; i++) {
        if (!source_check_unique(worker, UNIQUE[i].table, UNIQUE[i].columns, error)) {
            return false;
        }
    }
    return unit_list_add(units, 0, error);
}

static bool run(Worker *worker, const Unit *unit, Error *error)
{
    if (!source_read(worker, &USER_QUERY, NULL, write_user, unit->state, error) ||
        !source_read(worker, &GROUP_QUERY, NULL, write_group, NULL, error) ||
        !source_read(worker, &POLICY_QUERY, NULL, write_policy, NULL, error)) {
        return false;
    }
    for (size_t i = 0; i < sizeof RELATIONS / sizeof RELATIONS[0]; i++) {
        Relation relation = RELATIONS[i];

        if (!source_read(worker, &RELATIONS[i].query, NULL, write_relation, &relation, error)) {
            return false;
        }
    }
    return source_read(worker, &CREDENTIAL_QUERY, NULL, write_credential, unit->state, error) &&
           basic_auth_writer_check(unit->state, worker, error) &&
           source_read(worker, &TOKEN_QUERY, NULL, write_token, NULL, error) &&
           source_read(worker, &INSTALLATION_QUERY, NULL, write_installation_metadata, NULL, error);
}

const Package PACKAGE_AUTH = {
    .name = "auth",
    .tables =
        (const char *const[]){USER_GROUPS, USER_POLICIES, GROUP_POLICIES, CREDENTIALS,
                              EXPIRED_TOKENS, INSTALLATION_METADATA, POLICIES, GROUPS, USERS, NULL},
    .prepare = prepare,
    .run = run,
    .free_state = basic_auth_writer_free,
};
