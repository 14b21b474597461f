/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/origin.h"

#include "common/base/printable.h"
#include "common/pg/server_info.h"
#include "common/store/elsewhere.h"
#include "common/store/legacy_oids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The database that a dump is to go into. */
typedef struct Place {
    const PgSchema *schema;
    char *system_identifier;
    uint32_t database_oid;
    DumpTables tables; /* the legacy tables there */
} Place;

static bool advise(const Place *place, Error *error)
{
    return error_hint(error,
                      "Export database \"%s\" itself and load that dump; or load this one into a "
                      "database that has no legacy tables.",
                      place->schema->database);
}

static const char *known(const char *identifier)
{
    return identifier[0] == '\0' ? "unknown" : identifier;
}

bool origin_append(Buffer *text, const char *database, uint32_t oid, const char *schema,
                   const char *system_identifier, Error *error)
{
    return buffer_append_text(text, "database \"", error) &&
           printable_append(text, slice_text(database), error) &&
           (oid == 0 ? buffer_append_text(text, "\"", error)
                     : buffer_append_format(text, error, "\", OID %" PRIu32, oid)) &&
           buffer_append_text(text, ", schema \"", error) &&
           printable_append(text, slice_text(schema), error) &&
           buffer_append_format(text, error, "\", cluster %s", known(system_identifier));
}

static bool append_source(Buffer *text, const DumpHeader *header, Error *error)
{
    if (header->source.store == NULL) {
        return origin_append(text, header->source.database, header->source.database_oid,
                             header->source.schema, header->source.system_identifier, error);
    }
    return buffer_append_format(text, error, "%s, table \"", header->source.store) &&
           printable_append(text, slice_text(header->source.database), error) &&
           buffer_append_text(text, "\", region \"", error) &&
           printable_append(text, slice_text(header->source.schema), error) &&
           buffer_append_text(text, "\"", error);
}

static bool append_both(Buffer *text, const Place *place, const DumpHeader *header, Error *error)
{
    return buffer_append_text(text, "It was taken from ", error) &&
           append_source(text, header, error) &&
           buffer_append_text(text, "; it was to go into ", error) &&
           origin_append(text, place->schema->database, place->database_oid, place->schema->name,
                         place->system_identifier, error);
}

static bool refuse_other_database(const Place *place, const DumpHeader *header, Error *error)
{
    Buffer both = {0};

    if (append_both(&both, place, header, error)) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the dump comes from another database than \"%s\", which has legacy tables",
                  place->schema->database);
        error_detail(error, "%s.", buffer_string(&both));
        advise(place, error);
    }
    buffer_free(&both);
    return false;
}

static bool refuse_unknown_origin(const Place *place, const DumpHeader *header, Error *error)
{
    error_set(
        error, EXIT_CODE_REFUSED,
        "the dump does not say whether it was taken from the legacy tables of database \"%s\"",
        place->schema->database);
    error_detail(error, "It has no OIDs of the database and its tables: %s.",
                 header->redacted ? "it is redacted" : "an older kv-export wrote it");
    return advise(place, error);
}

static bool refuse_unknown_cluster(const Place *place, const DumpHeader *header, Error *error)
{
    error_set(
        error, EXIT_CODE_REFUSED,
        "it is not known whether the dump was taken from the legacy tables of database \"%s\"",
        place->schema->database);
    error_detail(error,
                 "It is of cluster %s, and this is cluster %s: one of the roles may not call "
                 "pg_control_system().",
                 known(header->source.system_identifier), known(place->system_identifier));
    return error_hint(error, "GRANT EXECUTE ON FUNCTION pg_control_system() to that role; if it is "
                             "the one that exported, export again.");
}

/* Tables that the dump does not have are none of its business, such as those of packages that were
 * left out; the cleanup looks at them. */
static bool check_tables(const Place *place, const DumpHeader *header, Error *error)
{
    for (size_t i = 0; i < place->tables.count; i++) {
        const DumpTable *there = &place->tables.items[i];
        const DumpTable *read;
        size_t count;

        /* Only the table itself, which comes first: partitions may come and go. */
        if (i > 0 && strcmp(there[-1].name, there->name) == 0) {
            continue;
        }
        read = dump_tables_find(&header->source.tables, there->name, &count);
        if (read == NULL || read->oid == there->oid) {
            continue;
        }
        error_set(error, EXIT_CODE_REFUSED,
                  "the dump was taken from other legacy tables than those of schema \"%s\"",
                  place->schema->name);
        error_detail(error,
                     "Table %s has OID %" PRIu32 " there, and the one that was read OID %" PRIu32
                     ": it is of another schema, or was created anew since.",
                     there->name, there->oid, read->oid);
        return advise(place, error);
    }
    return true;
}

/* Copies of a cluster go apart in their transactions. */
static bool check_future(PgConnection *connection, const Place *place, const DumpHeader *header,
                         Error *error)
{
    const char *parameters[] = {header->source.snapshot};
    PgRows *rows;
    bool ahead;

    if (header->source.snapshot[0] == '\0') {
        return true;
    }
    if (!pg_query(connection,
                  "SELECT txid_snapshot_xmax($1::txid_snapshot)"
                  " > txid_snapshot_xmax(txid_current_snapshot())",
                  1, parameters, &rows, error)) {
        return false;
    }
    ahead = strcmp(pg_rows_text(rows, 0, 0), "t") == 0;
    pg_rows_free(rows);
    if (!ahead) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED,
              "the dump was taken from another copy of database \"%s\", which has legacy tables",
              place->schema->database);
    error_detail(error,
                 "Its snapshot, %s, is ahead of all transactions of this server: it is a copy of "
                 "the one that was exported, or was restored from a backup.",
                 header->source.snapshot);
    return advise(place, error);
}

static bool refuse_incomplete(const Place *place, const char *what, const char *name, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "the dump lacks %s%s, and database \"%s\" has legacy tables", what, name,
              place->schema->database);
    error_detail(error, "Loading it beside them would migrate the database without what the dump "
                        "lacks.");
    return error_hint(error,
                      "Load a dump of all of database \"%s\". To load this one only as a copy, "
                      "which migrates nothing, add --table=NAME.",
                      place->schema->database);
}

/* What was left out would be in no store. */
static bool check_complete(const Place *place, const DumpHeader *header, Error *error)
{
    const char *package = dump_header_omitted_package(header);

    if (package != NULL) {
        return refuse_incomplete(place, "package ", package, error);
    }
    return header->repository_count == 0 || refuse_incomplete(place, "repositories", "", error);
}

static bool check_place(PgConnection *connection, const Place *place, const DumpHeader *header,
                        Error *error)
{
    bool is_legacy = strcmp(header->source.kind, DUMP_SOURCE_LEGACY) == 0;
    bool same_cluster = strcmp(header->source.system_identifier, place->system_identifier) == 0;

    if (header->source.store != NULL) {
        return refuse_other_database(place, header, error);
    }
    if (header->source.database_oid == 0 || (is_legacy && header->source.tables.count == 0)) {
        return refuse_unknown_origin(place, header, error);
    }
    if (header->source.database_oid != place->database_oid ||
        (!same_cluster && header->source.system_identifier[0] != '\0' &&
         place->system_identifier[0] != '\0') ||
        (!is_legacy && strcmp(header->source.schema, place->schema->name) != 0)) {
        return refuse_other_database(place, header, error);
    }
    if (!same_cluster) {
        return refuse_unknown_cluster(place, header, error);
    }
    return check_tables(place, header, error) && check_future(connection, place, header, error) &&
           check_complete(place, header, error);
}

bool origin_check(PgConnection *connection, const PgSchema *schema, const DumpHeader *header,
                  Error *error)
{
    Place place = {.schema = schema};
    bool done =
        legacy_oids_read(connection, schema->name, LEGACY_TABLE_NAMES, &place.tables, error) &&
        (place.tables.count == 0 ||
         (pg_system_identifier(connection, &place.system_identifier, error) &&
          pg_database_oid(connection, &place.database_oid, error) &&
          check_place(connection, &place, header, error)));

    dump_tables_free(&place.tables);
    free(place.system_identifier);
    return done;
}

static bool refuse_schema(const PgSchema *schema, const char *schemas, const char *first,
                          Error *error)
{
    error_set(error, EXIT_CODE_REFUSED,
              "schema \"%s\" of database \"%s\" has no legacy tables, but %s has", schema->name,
              schema->database, schemas);
    error_detail(error, "A KV store belongs beside the legacy tables that it replaces.");
    return error_hint(error,
                      "Name their schema with --schema (\"%s\"), or load into another database. To "
                      "load only a copy, which migrates nothing, add --table=NAME.",
                      first);
}

bool origin_check_schema(PgConnection *connection, const PgSchema *schema, Error *error)
{
    DumpTables present = {0};
    char *schemas = NULL;
    char *first = NULL;
    bool done =
        legacy_oids_read(connection, schema->name, LEGACY_TABLE_NAMES, &present, error) &&
        (present.count > 0 ||
         (elsewhere_find(connection, schema->name, ELSEWHERE_TABLES, &schemas, &first, error) &&
          (first[0] == '\0' || refuse_schema(schema, schemas, first, error))));

    dump_tables_free(&present);
    free(schemas);
    free(first);
    return done;
}
