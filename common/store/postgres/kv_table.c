/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/kv_table.h"

#include "common/base/text.h"
#include "common/kv/model.h"
#include "common/store/postgres/begun_store.h"
#include "common/store/postgres/coverage.h"
#include "common/store/postgres/taken_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the quoted and qualified name with a suffix; malloced, NULL with the error set. */
static char *qualify(PgConnection *connection, const PgSchema *schema, const char *name,
                     const char *suffix, Error *error)
{
    Buffer plain = {0};
    Buffer quoted = {0};
    char *text = NULL;

    if (buffer_append_format(&plain, error, "%s%s", name, suffix) &&
        pg_schema_qualify(connection, schema, buffer_string(&plain), &quoted, error)) {
        text = buffer_take(&quoted, error);
    }
    buffer_free(&plain);
    buffer_free(&quoted);
    return text;
}

bool kv_table_init(KvTable *table, PgConnection *connection, const PgSchema *schema,
                   const char *name, int partitions, Error *error)
{
    *table = (KvTable){.schema = schema, .name = name, .partitions = partitions};
    table->table = qualify(connection, schema, name, "", error);
    if (table->table != NULL) {
        table->view = qualify(connection, schema, name, "_v", error);
    }
    return table->table != NULL && table->view != NULL;
}

void kv_table_free(KvTable *table)
{
    free(table->table);
    free(table->view);
    *table = (KvTable){0};
}

/* Appends `sql` with the placeholders replaced. */
static bool expand(const KvTable *table, const char *sql, Buffer *expanded, Error *error)
{
    static const char TABLE[] = "{table}";
    static const char VIEW[] = "{view}";

    while (*sql != '\0') {
        const char *next = strchr(sql, '{');
        size_t plain = next == NULL ? strlen(sql) : (size_t)(next - sql);

        if (!buffer_append(expanded, sql, plain, error)) {
            return false;
        }
        sql += plain;
        if (strncmp(sql, TABLE, strlen(TABLE)) == 0) {
            if (!buffer_append_text(expanded, table->table, error)) {
                return false;
            }
            sql += strlen(TABLE);
        } else if (strncmp(sql, VIEW, strlen(VIEW)) == 0) {
            if (!buffer_append_text(expanded, table->view, error)) {
                return false;
            }
            sql += strlen(VIEW);
        } else if (*sql != '\0') {
            if (!buffer_append(expanded, sql++, 1, error)) {
                return false;
            }
        }
    }
    return true;
}

bool kv_table_execute(const KvTable *table, PgConnection *connection, const char *sql,
                      uint64_t *affected, Error *error)
{
    Buffer expanded = {0};
    bool done;

    done = expand(table, sql, &expanded, error) &&
           pg_execute(connection, buffer_string(&expanded), affected, error);
    buffer_free(&expanded);
    return done;
}

/* Runs one statement with parameters; the caller owns the rows. */
static bool query(const KvTable *table, PgConnection *connection, const char *sql,
                  int parameter_count, const char *const *parameters, PgRows **rows, Error *error)
{
    Buffer expanded = {0};
    bool done;

    done = expand(table, sql, &expanded, error) &&
           pg_query(connection, buffer_string(&expanded), parameter_count, parameters, rows, error);
    buffer_free(&expanded);
    return done;
}

static bool not_ours(const KvTable *table, PgConnection *connection, const char *what,
                     bool strays_only, Error *error)
{
    Buffer sql = {0};

    if (!taken_names_append_move(connection, table->schema, table->name, strays_only, &sql,
                                 error)) {
        buffer_free(&sql);
        return false;
    }
    error_set(error, EXIT_CODE_REFUSED, "%s in schema \"%s\" of database \"%s\"", what,
              table->schema->name, table->schema->database);
    error_hint(error,
               "It is left unchanged. If nobody needs it, move it out of the way, and all that "
               "has a name of a KV table%s, then run again: %s;",
               strays_only ? " but is no part of one" : "", buffer_string(&sql));
    buffer_free(&sql);
    return false;
}

/* Refuses relations that have names a new KV table needs, unless they are part of the existing
 * one. */
static bool check_names(const KvTable *table, PgConnection *connection, Error *error)
{
    char what[256];
    char *relation;

    if (!taken_names_find(connection, table->schema, table->name, &relation, error)) {
        return false;
    }
    if (relation == NULL) {
        return true;
    }
    snprintf(what, sizeof what, "there is a relation \"%.64s\" that belongs to no KV table",
             relation);
    free(relation);
    return not_ours(table, connection, what, true, error);
}

static bool check_types(const KvTable *table, PgConnection *connection, Error *error)
{
    char *type;

    if (!taken_names_find_type(connection, table->schema, table->name, &type, error)) {
        return false;
    }
    if (type == NULL) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "there is a type \"%.64s\" in schema \"%s\" of database \"%s\": a KV table needs "
              "the name",
              type, table->schema->name, table->schema->database);
    free(type);
    return error_hint(error, "Rename or drop it, then run again.");
}

/* Checks whether the relation exists and has the columns of a KV table. */
static bool check_shape(const KvTable *table, PgConnection *connection, bool *exists, Error *error)
{
    const char *parameters[] = {table->schema->name, table->name};
    char what[256];
    PgRows *rows;
    bool done = true;

    if (!pg_query(connection,
                  "SELECT c.relkind IN ('r', 'p') AND (SELECT count(*) = 3 AND count(*) FILTER"
                  "  (WHERE a.attname IN ('partition_key', 'key', 'value')"
                  "  AND a.atttypid = 'bytea'::regtype) = 3"
                  "  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0"
                  "  AND NOT a.attisdropped)"
                  " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                  " WHERE n.nspname = $1 AND c.relname = $2",
                  2, parameters, &rows, error)) {
        return false;
    }
    *exists = pg_rows_count(rows) > 0;
    if (*exists && strcmp(pg_rows_text(rows, 0, 0), "t") != 0) {
        snprintf(what, sizeof what, "there is a relation \"%.64s\" that is no KV table",
                 table->name);
        done = not_ours(table, connection, what, false, error);
    }
    pg_rows_free(rows);
    return done;
}

/* Reads the version's value; *text is malloced, NULL if there is none: then *contents is set. */
static bool read_version(const KvTable *table, PgConnection *connection, char **text,
                         BegunStore *contents, Error *error)
{
    static const char *const PARAMETERS[] = {KV_PARTITION_INTERNAL, KV_VERSION_KEY};
    PgRows *rows;
    bool done;

    *text = NULL;
    if (!query(table, connection,
               "SELECT encode(value, 'escape') FROM {table}"
               " WHERE partition_key = $1::bytea AND key = $2::bytea",
               2, PARAMETERS, &rows, error)) {
        return false;
    }
    if (pg_rows_count(rows) > 0) {
        done = text_copy(pg_rows_text(rows, 0, 0), text, error);
        pg_rows_free(rows);
        return done;
    }
    pg_rows_free(rows);
    return begun_store_look(connection, table->table, contents, error);
}

static bool check_version(const KvTable *table, PgConnection *connection, const char *text,
                          BegunStore contents, KvStoreState *state, uint64_t *version, Error *error)
{
    char what[256];

    if (text == NULL && contents != BEGUN_STORE_OTHER) {
        *state = contents == BEGUN_STORE_EMPTY ? KV_STORE_EMPTY : KV_STORE_BEGUN;
        return true;
    }
    if (text == NULL) {
        snprintf(what, sizeof what, "there is a table \"%.64s\" with rows and without a version",
                 table->name);
        return not_ours(table, connection, what, false, error);
    }
    if (!kv_version_parse(slice_text(text), version)) {
        snprintf(what, sizeof what, "there is a table \"%.64s\" with the unknown version \"%.64s\"",
                 table->name, text);
        return not_ours(table, connection, what, false, error);
    }
    *state = *version == KV_VERSION_STARTED ? KV_STORE_STARTED : KV_STORE_STAMPED;
    return true;
}

bool kv_table_inspect(const KvTable *table, PgConnection *connection, KvStoreState *state,
                      uint64_t *version, Error *error)
{
    char *text = NULL;
    BegunStore contents = BEGUN_STORE_OTHER;
    bool exists;
    bool done;

    *state = KV_STORE_NONE;
    *version = 0;
    if (!check_types(table, connection, error) || !check_shape(table, connection, &exists, error) ||
        !coverage_check(connection, table->schema, table->name, error) ||
        !check_names(table, connection, error)) {
        return false;
    }
    if (!exists) {
        return true;
    }
    done = read_version(table, connection, &text, &contents, error) &&
           check_version(table, connection, text, contents, state, version, error);
    free(text);
    return done;
}

bool kv_table_drop(const KvTable *table, PgConnection *connection, Error *error)
{
    return kv_table_execute(
        table, connection, "DROP VIEW IF EXISTS {view}; DROP TABLE IF EXISTS {table}", NULL, error);
}

bool kv_table_append_leaf(const KvTable *table, PgConnection *connection, int number, Buffer *sql,
                          Error *error)
{
    char suffix[16];
    char *leaf;
    bool done;

    snprintf(suffix, sizeof suffix, "_%d", number);
    leaf = qualify(connection, table->schema, table->name, suffix, error);
    done = leaf != NULL && buffer_append_text(sql, leaf, error);
    free(leaf);
    return done;
}

static bool append_partition(const KvTable *table, PgConnection *connection, int number,
                             Buffer *sql, Error *error)
{
    return buffer_append_text(sql, "CREATE TABLE ", error) &&
           kv_table_append_leaf(table, connection, number, sql, error) &&
           buffer_append_format(sql, error,
                                " PARTITION OF %s FOR VALUES WITH (MODULUS %d, REMAINDER %d)"
                                " WITH (autovacuum_enabled = false);",
                                table->table, table->partitions, number);
}

/* In one round trip, since there are a hundred of them. */
static bool create_partitions(const KvTable *table, PgConnection *connection, Error *error)
{
    Buffer sql = {0};
    bool done = true;

    for (int i = 0; done && i < table->partitions; i++) {
        done = append_partition(table, connection, i, &sql, error);
    }
    done = done && pg_execute(connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

bool kv_table_allow_autovacuum(const KvTable *table, PgConnection *connection, Error *error)
{
    Buffer sql = {0};
    bool done = true;

    for (int i = 0; done && i < table->partitions; i++) {
        done = buffer_append_text(&sql, "ALTER TABLE ", error) &&
               kv_table_append_leaf(table, connection, i, &sql, error) &&
               buffer_append_text(&sql, " RESET (autovacuum_enabled);", error);
    }
    done = done && pg_execute(connection, buffer_string(&sql), NULL, error);
    buffer_free(&sql);
    return done;
}

/* Partitions do not follow their parent's owner. */
static bool give_away(const KvTable *table, PgConnection *connection, const Owner *owner,
                      Error *error)
{
    Buffer sql = {0};
    bool done = owner_append_give(owner, "TABLE", table->table, &sql, error) &&
                owner_append_give(owner, "VIEW", table->view, &sql, error);

    for (int i = 0; done && i < table->partitions; i++) {
        Buffer leaf = {0};

        done = kv_table_append_leaf(table, connection, i, &leaf, error) &&
               owner_append_give(owner, "TABLE", buffer_string(&leaf), &sql, error);
        buffer_free(&leaf);
    }
    done = done && (sql.size == 0 || pg_execute(connection, buffer_string(&sql), NULL, error));
    buffer_free(&sql);
    return done;
}

bool kv_table_read_grants(const KvTable *table, PgConnection *connection, Buffer *sql, Error *error)
{
    const char *parameters[] = {table->table, table->view};
    PgRows *rows;
    bool done = true;

    if (!pg_query(connection,
                  "SELECT format('GRANT %s ON %s TO %s%s;', a.privilege_type, r.name,"
                  "  CASE a.grantee WHEN 0 THEN 'PUBLIC'"
                  "  ELSE quote_ident(pg_get_userbyid(a.grantee)) END,"
                  "  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)"
                  " FROM unnest(ARRAY[$1, $2]) AS r(name)"
                  " JOIN pg_class c ON c.oid = to_regclass(r.name)"
                  " CROSS JOIN aclexplode(c.relacl) a WHERE a.grantee <> c.relowner",
                  2, parameters, &rows, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(rows); i++) {
        done = buffer_append_text(sql, pg_rows_text(rows, i, 0), error);
    }
    pg_rows_free(rows);
    return done;
}

bool kv_table_create(const KvTable *table, PgConnection *connection, const Owner *owner,
                     Error *error)
{
    return kv_table_execute(table, connection,
                            "CREATE TABLE {table} (partition_key bytea NOT NULL,"
                            " key bytea NOT NULL, value bytea NOT NULL)"
                            " PARTITION BY HASH (partition_key)",
                            NULL, error) &&
           create_partitions(table, connection, error) &&
           kv_table_execute(table, connection,
                            "CREATE VIEW {view} AS SELECT"
                            " encode(partition_key, 'escape') AS partition_key,"
                            " encode(key, 'escape') AS key, value FROM {table}",
                            NULL, error) &&
           give_away(table, connection, owner, error);
}

bool kv_table_add_primary_key(const KvTable *table, PgConnection *connection, Error *error)
{
    return kv_table_execute(
        table, connection, "ALTER TABLE {table} ADD PRIMARY KEY (partition_key, key)", NULL, error);
}

/* Runs a statement on the version's entry, with two versions as parameters; *changed is the number
 * of rows.  Unlike the result of convert_to, a parameter of type bytea leaves the planner with one
 * of the hundred partitions. */
static bool change_entry(const KvTable *table, PgConnection *connection, const char *sql,
                         int parameter_count, uint64_t first, uint64_t second, int *changed,
                         Error *error)
{
    char first_text[24];
    char second_text[24];
    const char *parameters[] = {KV_PARTITION_INTERNAL, KV_VERSION_KEY, first_text, second_text};
    PgRows *rows;

    snprintf(first_text, sizeof first_text, "%" PRIu64, first);
    snprintf(second_text, sizeof second_text, "%" PRIu64, second);
    if (!query(table, connection, sql, parameter_count, parameters, &rows, error)) {
        return false;
    }
    *changed = pg_rows_count(rows);
    pg_rows_free(rows);
    return true;
}

bool kv_table_insert_version(const KvTable *table, PgConnection *connection, uint64_t version,
                             Error *error)
{
    int changed;

    return change_entry(table, connection,
                        "INSERT INTO {table} (partition_key, key, value) VALUES"
                        " ($1::bytea, $2::bytea, $3::bytea) RETURNING 1",
                        3, version, 0, &changed, error);
}

bool kv_table_change_version(const KvTable *table, PgConnection *connection, uint64_t from,
                             uint64_t to, Error *error)
{
    int changed;

    if (!change_entry(table, connection,
                      "UPDATE {table} SET value = $4::bytea"
                      " WHERE partition_key = $1::bytea AND key = $2::bytea"
                      " AND value = $3::bytea"
                      " RETURNING 1",
                      4, from, to, &changed, error)) {
        return false;
    }
    if (changed != 1) {
        error_set(error, EXIT_CODE_REFUSED,
                  "table \"%s\" is no longer at version %" PRIu64 ": another program changed it",
                  table->name, from);
        return error_hint(error, "Make sure that no lakeFS runs on this database, then run again.");
    }
    return true;
}
