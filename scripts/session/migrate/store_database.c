/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/store_database.h"

#include "common/pg/pgx.h"
#include "common/pg/server_info.h"

#include <stdlib.h>
#include <string.h>

/* Two servers do not start in the same microsecond. */
static bool identify(PgConnection *connection, char **identity, Error *error)
{
    PgRows *rows;
    bool done;

    *identity = NULL;
    if (!pg_query(connection,
                  "SELECT concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), oid)"
                  " FROM pg_database WHERE datname = current_database()",
                  0, NULL, &rows, error)) {
        return false;
    }
    *identity = strdup(pg_rows_count(rows) == 1 ? pg_rows_text(rows, 0, 0) : "");
    done = *identity != NULL || error_out_of_memory(error);
    pg_rows_free(rows);
    return done;
}

static bool refuse(const char *legacy, const char *store, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "database.connection_string and database.postgres.connection_string name two "
              "databases");
    error_detail(error,
                 "The legacy tables are looked for by: %s. lakeFS will look for its KV store by: "
                 "%s.",
                 legacy, store);
    return error_hint(error, "The migration stays within one database: let both name that of the "
                             "legacy tables.");
}

/* A database may hold several schemas with a lakeFS each. */
static bool refuse_schema(const char *legacy, const char *store, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "database.connection_string and database.postgres.connection_string name one "
              "database, but two schemas of it");
    error_detail(error,
                 "The legacy tables are in schema \"%s\". lakeFS will look for its KV store in "
                 "schema \"%s\".",
                 legacy, store);
    return error_hint(error, "The migration stays within one schema: let both strings have the "
                             "search_path of the legacy tables, or none.");
}

static bool compare_schemas(Session *session, PgConnection *other, Error *error)
{
    PgSchema schema;
    bool done = pg_schema_find(other, session->options->common.schema, &schema, error) &&
                (strcmp(session->schema.name, schema.name) == 0 ||
                 refuse_schema(session->schema.name, schema.name, error));

    pg_schema_free(&schema);
    return done;
}

static bool compare(Session *session, const char *legacy, const PgConninfo *store, Error *error)
{
    PgOptions options = session->pg;
    PgConnection *connection = NULL;
    char *here = NULL;
    char *there = NULL;
    bool done;

    options.dbname = store->public_part;
    options.password = store->password[0] == '\0' ? NULL : store->password;
    done = identify(session->connection, &here, error) &&
           pg_connect_again(&options, &connection, error) &&
           pg_begin(connection, PG_READ_LATEST, 0, error) && identify(connection, &there, error) &&
           pg_commit(connection, error) &&
           (strcmp(here, there) == 0 || refuse(legacy, store->public_part, error)) &&
           compare_schemas(session, connection, error);
    pg_close(connection);
    free(here);
    free(there);
    return done;
}

bool store_database_check(Session *session, Error *error)
{
    const MigrateOptions *options = session->options;
    const PgOptions *pg = &options->common.pg;
    const LakefsSettings *lakefs = &options->lakefs;
    const char *legacy = lakefs_settings_legacy_database(lakefs);
    const char *store = lakefs_settings_kv_database(lakefs);
    PgConninfo legacy_conninfo = {0};
    PgConninfo store_conninfo = {0};
    bool done;

    if ((options->command == COMMAND_UP && !migrate_options_kv_enabled(options)) ||
        pg->dbname != NULL || pg->host != NULL || pg->port != NULL || legacy == NULL ||
        strcmp(legacy, store) == 0 || migrate_options_in_dynamodb(options)) {
        return true;
    }
    done = pgx_split_public(legacy, &legacy_conninfo, NULL, error) &&
           pgx_split_public(store, &store_conninfo, NULL, error) &&
           (strcmp(legacy_conninfo.public_part, store_conninfo.public_part) == 0 ||
            compare(session, legacy_conninfo.public_part, &store_conninfo, error));
    pg_conninfo_free(&legacy_conninfo);
    pg_conninfo_free(&store_conninfo);
    return done;
}
