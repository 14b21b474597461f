/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/provenance.h"

#include "common/base/digest.h"
#include "common/base/json.h"
#include "common/base/json_memory.h"
#include "common/cli/version.h"

#include <string.h>

static json_t *encode_rows(const DumpManifest *manifest)
{
    json_t *rows = json_object();

    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpCounts *counts = &manifest->packages[i].source_rows;

        for (size_t n = 0; n < counts->count; n++) {
            if (json_object_set_new(rows, counts->items[n].table,
                                    json_integer((json_int_t)counts->items[n].rows)) != 0) {
                json_decref(rows);
                return NULL;
            }
        }
    }
    return rows;
}

static json_t *encode_entries(const DumpManifest *manifest)
{
    json_t *entries = json_object();

    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];

        if (json_object_set_new(entries, package->name,
                                json_integer((json_int_t)package->totals.entries)) != 0) {
            json_decref(entries);
            return NULL;
        }
    }
    return entries;
}

/* Only packages with entries: a dump by another version may not know the others. */
static json_t *encode_digests(const DumpManifest *manifest)
{
    json_t *digests = json_object();

    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];
        char text[SET_DIGEST_TEXT_SIZE + 1];

        set_digest_to_text(package->totals.set_digest, text);
        if (package->totals.entries > 0 &&
            json_object_set_new(digests, package->name, json_string(text)) != 0) {
            json_decref(digests);
            return NULL;
        }
    }
    return digests;
}

/* NULL: the dump does not tell. */
static json_t *encode_oid(const DumpHeader *header)
{
    return header->source.database_oid == 0 ? NULL : json_integer(header->source.database_oid);
}

static json_t *encode_tables(const DumpHeader *header)
{
    return header->source.tables.count == 0 ? NULL : dump_tables_encode(&header->source.tables);
}

/* *json is NULL if there is no store. */
static bool encode_store(const ProvenanceStore *store, json_t **json, Error *error)
{
    *json = store == NULL ? NULL
                          : json_pack("{s:s, s:s, s:s, s:s, s:I}", "type", "dynamodb", "table",
                                      store->table, "region", store->region, "endpoint",
                                      store->endpoint, "kv_version", (json_int_t)store->version);
    return store == NULL || *json != NULL || error_out_of_memory(error);
}

/* Merges the counts of all packages; a table belongs to one package only. */
static bool gather_counts(const DumpManifest *manifest, DumpCounts *left_out, DumpCounts *adjusted,
                          Error *error)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];

        if (!dump_counts_merge(left_out, &package->left_out, error) ||
            !dump_counts_merge(adjusted, &package->adjusted, error)) {
            return false;
        }
    }
    return true;
}

char *provenance_encode(const DumpHeader *header, const DumpManifest *manifest,
                        const char *imported, const ProvenanceStore *store, Error *error)
{
    json_t *store_json = NULL;
    DumpCounts left_out = {0};
    DumpCounts adjusted = {0};
    char *text = NULL;

    if (gather_counts(manifest, &left_out, &adjusted, error) &&
        encode_store(store, &store_json, error)) {
        text = json_encode(
            json_pack("{s:s, s:s, s:s, s:s*, s:{s:s, s:o*, s:s, s:s, s:o*, s:s, s:s*}, s:o, s:o, "
                      "s:o, s:o, "
                      "s:o, s:o*}",
                      "imported_by", "kv-import " PROGRAM_VERSION, "imported", imported,
                      "dump_created", header->created, "stream_sha256",
                      manifest->stream_sha256[0] == '\0' ? NULL : manifest->stream_sha256, "source",
                      "database", header->source.database, "database_oid", encode_oid(header),
                      "schema", header->source.schema, "system_identifier",
                      header->source.system_identifier, "tables", encode_tables(header), "snapshot",
                      header->source.snapshot, "time", header->source.time, "source_rows",
                      encode_rows(manifest), "entries", encode_entries(manifest), "set_digests",
                      encode_digests(manifest), "left_out", dump_counts_encode(&left_out, true),
                      "adjusted", dump_counts_encode(&adjusted, true), "store", store_json),
            error);
    }
    dump_counts_free(&left_out);
    dump_counts_free(&adjusted);
    return text;
}

static bool same_text(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value != NULL && strcmp(value, text) == 0;
}

/* Compares a member that is missing where `value` is NULL, and drops that. */
static bool same_member(const json_t *object, const char *name, json_t *value)
{
    json_t *member = json_object_get(object, name);
    bool same = value == NULL ? member == NULL : json_equal(member, value) == 1;

    json_decref(value);
    return same;
}

/* Names do not count where OIDs are known: a database may have been renamed. */
static bool same_source(const json_t *source, const DumpHeader *header)
{
    if (header->source.database_oid == 0 &&
        (!same_text(source, "database", header->source.database) ||
         !same_text(source, "schema", header->source.schema))) {
        return false;
    }
    return same_text(source, "system_identifier", header->source.system_identifier) &&
           same_member(source, "database_oid", encode_oid(header)) &&
           same_member(source, "tables", encode_tables(header));
}

bool provenance_matches(const char *text, const DumpHeader *header, const DumpManifest *manifest)
{
    bool lacked;
    json_t *note = text == NULL ? NULL : json_parse(slice_text(text), 0, NULL, &lacked);
    json_t *digests = encode_digests(manifest);
    bool same = same_source(json_object_get(note, "source"), header) && digests != NULL &&
                same_member(note, "set_digests", json_incref(digests));

    json_decref(digests);
    json_decref(note);
    return same;
}

bool provenance_is_reverted(const char *text, const ProvenanceStore *store)
{
    bool lacked;
    json_t *mark = text == NULL ? NULL : json_parse(slice_text(text), 0, NULL, &lacked);
    const json_t *place = json_object_get(mark, "store");
    bool reverted = json_is_string(json_object_get(mark, "reverted_by")) &&
                    same_text(place, "table", store->table) &&
                    same_text(place, "region", store->region) &&
                    same_text(place, "endpoint", store->endpoint);

    json_decref(mark);
    return reverted;
}
