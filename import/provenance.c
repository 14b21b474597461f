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

char *provenance_encode(const DumpHeader *header, const DumpManifest *manifest,
                        const char *imported, Error *error)
{
    return dump_json_encode(
        json_pack("{s:s, s:s, s:s, s:s*, s:{s:s, s:s, s:s, s:s}, s:o}", "imported_by",
                  "kv-import " PROGRAM_VERSION, "imported", imported, "dump_created",
                  header->created, "stream_sha256",
                  manifest->stream_sha256[0] == '\0' ? NULL : manifest->stream_sha256, "source",
                  "database", header->source.database, "schema", header->source.schema,
                  "system_identifier", header->source.system_identifier, "snapshot",
                  header->source.snapshot, "source_rows", encode_rows(manifest)),
        error);
}
