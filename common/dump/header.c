/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/header.h"

#include "common/base/json.h"
#include "common/dump/fields.h"
#include "common/dump/format.h"

#include <stdlib.h>
#include <string.h>

static json_t *text_array(const char *const *texts, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, json_string(texts[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* Adds a member that most dumps do not have.  NULL, and `json` freed, when out of memory. */
static json_t *with_texts(json_t *json, const char *name, const char *const *texts, size_t count)
{
    if (json != NULL && count > 0 &&
        json_object_set_new(json, name, text_array(texts, count)) != 0) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

static json_t *with_selections(json_t *json, const DumpHeader *header)
{
    return with_texts(with_texts(json, "omitted_settings", header->omitted_settings,
                                 header->omitted_settings_count),
                      "repositories", header->repositories, header->repository_count);
}

char *dump_header_encode(const DumpHeader *header, Error *error)
{
    char version[32];

    snprintf(version, sizeof version, "%d.%d", DUMP_FORMAT_MAJOR, DUMP_FORMAT_MINOR);
    return json_encode(
        with_selections(
            json_pack(
                "{s:s, s:s, s:s, s:s, s:s, s:s,"
                " s:{s:s, s:s*, s:s, s:o*, s:s, s:s, s:s, s:I, s:o*, s:s, s:s*}, s:I, s:I, s:o, "
                "s:{s:s, s:I}, s:b, s:I, s:b, s:o}",
                "frame", DUMP_FRAME_HEADER, "format", DUMP_FORMAT_NAME, "version", version,
                "program", header->program, "program_version", header->program_version, "created",
                header->created, "source", "kind", header->source.kind, "store",
                header->source.store, "database", header->source.database, "database_oid",
                header->source.database_oid == 0 ? NULL : json_integer(header->source.database_oid),
                "schema", header->source.schema, "server_version", header->source.server_version,
                "system_identifier", header->source.system_identifier, "schema_version",
                (json_int_t)header->source.schema_version, "tables",
                header->source.tables.count == 0 ? NULL
                                                 : dump_tables_encode(&header->source.tables),
                "snapshot", header->source.snapshot, "time", header->source.time, "kv_version",
                (json_int_t)header->kv_version, "kv_migration_version",
                (json_int_t)header->kv_migration_version, "packages",
                text_array(header->packages, header->package_count), "compression", "algorithm",
                "zstd", "level", (json_int_t)header->compression_level, "stream_sha256",
                header->has_stream_sha256, "estimated_entries",
                (json_int_t)header->estimated_entries, "redacted", header->redacted, "omitted",
                text_array(header->omitted, header->omitted_count)),
            header),
        error);
}

/* Reads an array of at most `limit` texts. */
static bool read_texts(const json_t *object, const char *name, const DumpField *field,
                       const char **texts, size_t limit, size_t *count, Error *error)
{
    const json_t *array;

    if (!json_member_array(object, name, &array, error)) {
        return false;
    }
    *count = json_array_size(array);
    if (*count > limit) {
        return error_set(error, EXIT_CODE_DUMP, "the header's \"%s\" are too many", name);
    }
    for (size_t i = 0; i < *count; i++) {
        texts[i] = json_string_value(json_array_get(array, i));
        if (texts[i] == NULL || !field->check(texts[i])) {
            return error_set(error, EXIT_CODE_DUMP,
                             "the header's \"%s\" contain something that is not %s", name,
                             field->what);
        }
    }
    return true;
}

/* The major version comes first: it decides what else to expect. */
static bool check_format(const json_t *json, Error *error)
{
    const char *frame;
    const char *format;
    const char *version;
    char *end;
    unsigned long major;

    if (!json_member_text(json, "frame", &frame, error) ||
        !json_member_text(json, "format", &format, error) ||
        !json_member_text(json, "version", &version, error)) {
        return false;
    }
    if (strcmp(frame, DUMP_FRAME_HEADER) != 0 || strcmp(format, DUMP_FORMAT_NAME) != 0) {
        return error_set(error, EXIT_CODE_DUMP, "the first frame is not the header of a KV dump");
    }
    major = strtoul(version, &end, 10);
    if (strspn(version, "0123456789") == 0 || *end != '.' || major != DUMP_FORMAT_MAJOR) {
        error_set(error, EXIT_CODE_DUMP, "unknown format version \"%.32s\" of the dump", version);
        error_detail(error, "This program reads versions %d.x.", DUMP_FORMAT_MAJOR);
        return error_hint(error, "Use the kv-import that belongs to the kv-export that wrote it.");
    }
    return true;
}

/* Dumps without this member have the digest. */
static bool read_has_stream_sha256(const json_t *json, DumpHeader *header, Error *error)
{
    header->has_stream_sha256 = true;
    return json_object_get(json, "stream_sha256") == NULL ||
           json_member_bool(json, "stream_sha256", &header->has_stream_sha256, error);
}

static bool read_kind(const json_t *source, DumpHeader *header, Error *error)
{
    if (!json_member_text(source, "kind", &header->source.kind, error)) {
        return false;
    }
    return strcmp(header->source.kind, DUMP_SOURCE_LEGACY) == 0 ||
           strcmp(header->source.kind, DUMP_SOURCE_KV) == 0 ||
           error_set(error, EXIT_CODE_DUMP, "the header's source is of an unknown kind");
}

/* Older dumps have neither. */
static bool read_identity(const json_t *source, DumpHeader *header, Error *error)
{
    const json_t *tables = json_object_get(source, "tables");
    uint64_t oid = 0;

    if (json_object_get(source, "database_oid") != NULL &&
        !dump_field_number(source, "database_oid", 1, UINT32_MAX, &oid, error)) {
        return false;
    }
    header->source.database_oid = (uint32_t)oid;
    return tables == NULL || dump_tables_decode(tables, &header->source.tables, error);
}

/* A dump without `store` is from PostgreSQL; older ones have no `time`. */
static bool read_source(const json_t *source, DumpHeader *header, Error *error)
{
    return read_kind(source, header, error) &&
           dump_field_optional(source, "store", &DUMP_FIELD_WORD, &header->source.store, error) &&
           dump_field_text(source, "database", &DUMP_FIELD_NAME, &header->source.database, error) &&
           read_identity(source, header, error) &&
           dump_field_text(source, "schema", &DUMP_FIELD_NAME, &header->source.schema, error) &&
           dump_field_text(source, "server_version", &DUMP_FIELD_VERSION,
                           &header->source.server_version, error) &&
           dump_field_text(source, "system_identifier", &DUMP_FIELD_CLUSTER,
                           &header->source.system_identifier, error) &&
           dump_field_number(source, "schema_version", 0, DUMP_MAX_NUMBER - 1,
                             &header->source.schema_version, error) &&
           dump_field_text(source, "snapshot", &DUMP_FIELD_SNAPSHOT, &header->source.snapshot,
                           error) &&
           dump_field_optional(source, "time", &DUMP_FIELD_TIME, &header->source.time, error);
}

/* Legacy tables are exported at their last version only, and migrated to the next one. */
static bool read_versions(const json_t *json, DumpHeader *header, Error *error)
{
    if (!dump_field_number(json, "kv_version", 1, DUMP_MAX_NUMBER, &header->kv_version, error) ||
        !dump_field_number(json, "kv_migration_version", 1, DUMP_MAX_NUMBER,
                           &header->kv_migration_version, error)) {
        return false;
    }
    return strcmp(header->source.kind, DUMP_SOURCE_LEGACY) != 0 ||
           header->kv_migration_version == header->source.schema_version + 1 ||
           error_set(error, EXIT_CODE_DUMP,
                     "the header's \"kv_migration_version\" does not follow its schema version");
}

/* Reads an array of names that a header need not have; *texts is owned. */
static bool read_optional_texts(const json_t *json, const char *name, const char ***texts,
                                size_t *count, Error *error)
{
    const json_t *array;
    size_t size;

    if (json_object_get(json, name) == NULL) {
        return true;
    }
    if (!json_member_array(json, name, &array, error)) {
        return false;
    }
    size = json_array_size(array);
    *texts = calloc(size + 1, sizeof **texts);
    return *texts == NULL ? error_out_of_memory(error)
                          : read_texts(json, name, &DUMP_FIELD_NAME, *texts, size, count, error);
}

/* Dumps without these members have all rules, or none, and all repositories. */
static bool read_selections(const json_t *json, DumpHeader *header, Error *error)
{
    return read_optional_texts(json, "omitted_settings", &header->omitted_settings,
                               &header->omitted_settings_count, error) &&
           read_optional_texts(json, "repositories", &header->repositories,
                               &header->repository_count, error);
}

static bool has_duplicates(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(texts[i], texts[j]) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool dump_header_decode(Slice text, DumpHeader *header, Error *error)
{
    const json_t *source;
    const json_t *compression;
    json_t *json;

    *header = (DumpHeader){0};
    json = json_parse_object(text, error);
    if (json == NULL) {
        return false;
    }
    header->json = json;
    if (!check_format(json, error) ||
        !dump_field_text(json, "program", &DUMP_FIELD_WORD, &header->program, error) ||
        !dump_field_text(json, "program_version", &DUMP_FIELD_VERSION, &header->program_version,
                         error) ||
        !dump_field_text(json, "created", &DUMP_FIELD_TIME, &header->created, error) ||
        !json_member_object(json, "source", &source, error) ||
        !read_source(source, header, error) || !read_versions(json, header, error) ||
        !read_texts(json, "packages", &DUMP_FIELD_PACKAGE, header->packages, DUMP_MAX_PACKAGES,
                    &header->package_count, error) ||
        !json_member_object(json, "compression", &compression, error) ||
        !json_member_integer(compression, "level", &header->compression_level, error) ||
        !read_has_stream_sha256(json, header, error) ||
        !dump_field_number(json, "estimated_entries", 0, DUMP_MAX_COUNT, &header->estimated_entries,
                           error) ||
        !json_member_bool(json, "redacted", &header->redacted, error) ||
        !read_texts(json, "omitted", &DUMP_FIELD_WORD, header->omitted, DUMP_MAX_OMITTED,
                    &header->omitted_count, error) ||
        !read_selections(json, header, error)) {
        return false;
    }
    if (has_duplicates(header->packages, header->package_count)) {
        return error_set(error, EXIT_CODE_DUMP, "the header names a package twice");
    }
    return true;
}

const char *dump_omitted_package(const char *omitted)
{
    const size_t size = strlen(DUMP_OMITTED_PACKAGE);

    return strncmp(omitted, DUMP_OMITTED_PACKAGE, size) == 0 ? omitted + size : NULL;
}

const char *dump_header_omitted_package(const DumpHeader *header)
{
    const char *package = NULL;

    for (size_t i = 0; package == NULL && i < header->omitted_count; i++) {
        package = dump_omitted_package(header->omitted[i]);
    }
    return package;
}

void dump_header_free(DumpHeader *header)
{
    if (header->json != NULL) {
        dump_tables_free(&header->source.tables);
    }
    json_decref(header->json);
    free(header->omitted_settings);
    free(header->repositories);
    *header = (DumpHeader){0};
}
