/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/header.h"

#include "common/base/json.h"
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

char *dump_header_encode(const DumpHeader *header, Error *error)
{
    char version[32];

    snprintf(version, sizeof version, "%d.%d", DUMP_FORMAT_MAJOR, DUMP_FORMAT_MINOR);
    return json_encode(
        json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:s,"
            " s:{s:s, s:s*, s:s, s:s, s:s, s:s, s:I, s:s, s:s*}, s:I, s:I, s:o, s:{s:s, s:I}, "
            "s:b, s:I, s:b, s:o}",
            "frame", DUMP_FRAME_HEADER, "format", DUMP_FORMAT_NAME, "version", version, "program",
            header->program, "program_version", header->program_version, "created", header->created,
            "source", "kind", header->source.kind, "store", header->source.store, "database",
            header->source.database, "schema", header->source.schema, "server_version",
            header->source.server_version, "system_identifier", header->source.system_identifier,
            "schema_version", (json_int_t)header->source.schema_version, "snapshot",
            header->source.snapshot, "time", header->source.time, "kv_version",
            (json_int_t)header->kv_version, "kv_migration_version",
            (json_int_t)header->kv_migration_version, "packages",
            text_array(header->packages, header->package_count), "compression", "algorithm", "zstd",
            "level", (json_int_t)header->compression_level, "stream_sha256",
            header->has_stream_sha256, "estimated_entries", (json_int_t)header->estimated_entries,
            "redacted", header->redacted, "omitted",
            text_array(header->omitted, header->omitted_count)),
        error);
}

/* Reads an array of at most `limit` strings. */
static bool read_texts(const json_t *object, const char *name, const char **texts, size_t limit,
                       size_t *count, Error *error)
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
        if (texts[i] == NULL) {
            return error_set(error, EXIT_CODE_DUMP,
                             "the header's \"%s\" contain something other than strings", name);
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

static bool read_source_time(const json_t *source, DumpHeader *header, Error *error)
{
    return json_object_get(source, "time") == NULL ||
           json_member_text(source, "time", &header->source.time, error);
}

/* Dumps without this member are from PostgreSQL. */
static bool read_source_store(const json_t *source, DumpHeader *header, Error *error)
{
    header->source.store = NULL;
    return json_object_get(source, "store") == NULL ||
           json_member_text(source, "store", &header->source.store, error);
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
    if (!check_format(json, error) || !json_member_text(json, "program", &header->program, error) ||
        !json_member_text(json, "program_version", &header->program_version, error) ||
        !json_member_text(json, "created", &header->created, error) ||
        !json_member_object(json, "source", &source, error) ||
        !json_member_text(source, "kind", &header->source.kind, error) ||
        !read_source_store(source, header, error) ||
        !json_member_text(source, "database", &header->source.database, error) ||
        !json_member_text(source, "schema", &header->source.schema, error) ||
        !json_member_text(source, "server_version", &header->source.server_version, error) ||
        !json_member_text(source, "system_identifier", &header->source.system_identifier, error) ||
        !json_member_count(source, "schema_version", &header->source.schema_version, error) ||
        !json_member_text(source, "snapshot", &header->source.snapshot, error) ||
        !read_source_time(source, header, error) ||
        !json_member_count(json, "kv_version", &header->kv_version, error) ||
        !json_member_count(json, "kv_migration_version", &header->kv_migration_version, error) ||
        !read_texts(json, "packages", header->packages, DUMP_MAX_PACKAGES, &header->package_count,
                    error) ||
        !json_member_object(json, "compression", &compression, error) ||
        !json_member_integer(compression, "level", &header->compression_level, error) ||
        !read_has_stream_sha256(json, header, error) ||
        !json_member_count(json, "estimated_entries", &header->estimated_entries, error) ||
        !json_member_bool(json, "redacted", &header->redacted, error) ||
        !read_texts(json, "omitted", header->omitted, DUMP_MAX_OMITTED, &header->omitted_count,
                    error)) {
        return false;
    }
    if (has_duplicates(header->packages, header->package_count)) {
        return error_set(error, EXIT_CODE_DUMP, "the header names a package twice");
    }
    return true;
}

void dump_header_free(DumpHeader *header)
{
    json_decref(header->json);
    *header = (DumpHeader){0};
}
