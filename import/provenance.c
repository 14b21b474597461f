#include "import/provenance.h"

#include "common/cli/version.h"
#include "common/dump/json.h"

#include <jansson.h>

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

/* The counts of all packages in one list each; a table belongs to one package. */
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
                        const char *imported, Error *error)
{
    DumpCounts left_out = {0};
    DumpCounts adjusted = {0};
    char *text = NULL;

    if (gather_counts(manifest, &left_out, &adjusted, error)) {
        text = dump_json_encode(
            json_pack("{s:s, s:s, s:s, s:s*, s:{s:s, s:s, s:s, s:s, s:s*}, s:o, s:o, s:o, s:o}",
                      "imported_by", "kv-import " PROGRAM_VERSION, "imported", imported,
                      "dump_created", header->created, "stream_sha256",
                      manifest->stream_sha256[0] == '\0' ? NULL : manifest->stream_sha256, "source",
                      "database", header->source.database, "schema", header->source.schema,
                      "system_identifier", header->source.system_identifier, "snapshot",
                      header->source.snapshot, "time", header->source.time, "source_rows",
                      encode_rows(manifest), "entries", encode_entries(manifest), "left_out",
                      dump_counts_encode(&left_out, true), "adjusted",
                      dump_counts_encode(&adjusted, true)),
            error);
    }
    dump_counts_free(&left_out);
    dump_counts_free(&adjusted);
    return text;
}
