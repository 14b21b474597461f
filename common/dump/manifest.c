/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/manifest.h"

#include "common/base/json.h"
#include "common/base/quantity.h"
#include "common/dump/fields.h"
#include "common/dump/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Far more than there are tables and reasons. */
enum { MAX_COUNTS = 4096 };

bool dump_counts_add(DumpCounts *counts, const char *table, const char *reason, uint64_t rows,
                     Error *error)
{
    DumpCount *items;

    for (size_t i = 0; i < counts->count; i++) {
        if (strcmp(counts->items[i].table, table) == 0 &&
            strcmp(counts->items[i].reason, reason) == 0) {
            counts->items[i].rows += rows;
            return true;
        }
    }
    items = realloc(counts->items, (counts->count + 1) * sizeof *items);
    if (items == NULL) {
        return error_out_of_memory(error);
    }
    items[counts->count] = (DumpCount){table, reason, rows};
    counts->items = items;
    counts->count++;
    return true;
}

bool dump_counts_merge(DumpCounts *counts, const DumpCounts *more, Error *error)
{
    for (size_t i = 0; i < more->count; i++) {
        if (!dump_counts_add(counts, more->items[i].table, more->items[i].reason,
                             more->items[i].rows, error)) {
            return false;
        }
    }
    return true;
}

uint64_t dump_counts_total(const DumpCounts *counts)
{
    uint64_t total = 0;

    for (size_t i = 0; i < counts->count; i++) {
        total += counts->items[i].rows;
    }
    return total;
}

void dump_counts_free(DumpCounts *counts)
{
    free(counts->items);
    *counts = (DumpCounts){0};
}

void dump_totals_add(DumpPackageTotals *totals, uint64_t entries, uint64_t bytes, SetDigest digest)
{
    totals->chunks++;
    totals->entries += entries;
    totals->bytes += bytes;
    set_digest_add(&totals->set_digest, digest);
}

uint64_t dump_manifest_entries(const DumpManifest *manifest)
{
    uint64_t entries = 0;

    for (size_t i = 0; i < manifest->package_count; i++) {
        entries += manifest->packages[i].totals.entries;
    }
    return entries;
}

SetDigest dump_manifest_set_digest(const DumpManifest *manifest)
{
    SetDigest digest = {0};

    for (size_t i = 0; i < manifest->package_count; i++) {
        set_digest_add(&digest, manifest->packages[i].totals.set_digest);
    }
    return digest;
}

/* Sorts by table, then reason: the text must not depend on which worker counted first. */
static int compare_counts(const void *a, const void *b)
{
    const DumpCount *x = a;
    const DumpCount *y = b;
    int order = strcmp(x->table, y->table);

    return order != 0 ? order : strcmp(x->reason, y->reason);
}

json_t *dump_counts_encode(const DumpCounts *counts, bool with_reasons)
{
    json_t *array = json_array();
    DumpCount *sorted = malloc((counts->count + 1) * sizeof *sorted);

    if (array == NULL || sorted == NULL) {
        goto failed;
    }
    if (counts->count > 0) {
        memcpy(sorted, counts->items, counts->count * sizeof *sorted);
        qsort(sorted, counts->count, sizeof *sorted, compare_counts);
    }
    for (size_t i = 0; i < counts->count; i++) {
        json_t *item =
            json_pack("{s:s, s:I}", "table", sorted[i].table, "rows", (json_int_t)sorted[i].rows);

        if (with_reasons &&
            json_object_set_new(item, "reason", json_string(sorted[i].reason)) != 0) {
            json_decref(item);
            goto failed;
        }
        if (json_array_append_new(array, item) != 0) {
            goto failed;
        }
    }
    free(sorted);
    return array;

failed:
    free(sorted);
    json_decref(array);
    return NULL;
}

static json_t *encode_package(const DumpPackageSummary *package)
{
    char digest[SET_DIGEST_TEXT_SIZE + 1];

    set_digest_to_text(package->totals.set_digest, digest);
    return json_pack("{s:s, s:I, s:I, s:I, s:s, s:o, s:o, s:o}", "name", package->name, "entries",
                     (json_int_t)package->totals.entries, "bytes",
                     (json_int_t)package->totals.bytes, "chunks",
                     (json_int_t)package->totals.chunks, "set_digest", digest, "source_rows",
                     dump_counts_encode(&package->source_rows, false), "left_out",
                     dump_counts_encode(&package->left_out, true), "adjusted",
                     dump_counts_encode(&package->adjusted, true));
}

char *dump_manifest_encode(const DumpManifest *manifest, Error *error)
{
    json_t *packages = json_array();

    for (size_t i = 0; i < manifest->package_count; i++) {
        if (json_array_append_new(packages, encode_package(&manifest->packages[i])) != 0) {
            json_decref(packages);
            error_out_of_memory(error);
            return NULL;
        }
    }
    /* A NULL string is omitted. */
    return json_encode(
        json_pack("{s:s, s:o, s:I, s:{s:I, s:s*}, s:{s:I, s:s}}", "frame", DUMP_FRAME_MANIFEST,
                  "packages", packages, "entries", (json_int_t)dump_manifest_entries(manifest),
                  "stream", "size", (json_int_t)manifest->stream_size, "sha256",
                  manifest->stream_sha256[0] == '\0' ? NULL : manifest->stream_sha256, "file",
                  "size", (json_int_t)manifest->file_size, "xxh64", manifest->file_xxh64),
        error);
}

/* Copies a string of exactly `size` hexadecimal digits. */
static bool read_digest(const json_t *object, const char *name, size_t size, char *digest,
                        Error *error)
{
    const char *text;

    if (!json_member_text(object, name, &text, error)) {
        return false;
    }
    if (strlen(text) != size || strspn(text, "0123456789abcdef") != size) {
        return error_set(error, EXIT_CODE_DUMP, "the manifest's \"%s\" is not a digest", name);
    }
    memcpy(digest, text, size + 1);
    return true;
}

static bool read_stream_sha256(const json_t *stream, DumpManifest *manifest, Error *error)
{
    return json_object_get(stream, "sha256") == NULL ||
           read_digest(stream, "sha256", SHA256_TEXT_SIZE, manifest->stream_sha256, error);
}

static bool read_set_digest(const json_t *object, SetDigest *digest, Error *error)
{
    char text[SET_DIGEST_TEXT_SIZE + 1];

    if (!read_digest(object, "set_digest", SET_DIGEST_TEXT_SIZE, text, error)) {
        return false;
    }
    digest->low = strtoull(text + 16, NULL, 16);
    text[16] = '\0';
    digest->high = strtoull(text, NULL, 16);
    return true;
}

static bool read_counts(const json_t *object, const char *name, bool with_reasons,
                        DumpCounts *counts, Error *error)
{
    const json_t *array;

    if (!json_member_array(object, name, &array, error)) {
        return false;
    }
    if (json_array_size(array) > MAX_COUNTS) {
        return error_set(error, EXIT_CODE_DUMP, "the manifest's \"%s\" are too many", name);
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        const char *table;
        const char *reason = "";
        uint64_t rows;

        if (!dump_field_text(item, "table", &DUMP_FIELD_NAME, &table, error) ||
            !dump_field_number(item, "rows", 0, DUMP_MAX_COUNT, &rows, error) ||
            (with_reasons &&
             !dump_field_text(item, "reason", &DUMP_FIELD_REASON, &reason, error)) ||
            !dump_counts_add(counts, table, reason, rows, error)) {
            return false;
        }
        if (counts->count != i + 1) {
            return error_set(error, EXIT_CODE_DUMP, "the manifest's \"%s\" list a table twice",
                             name);
        }
    }
    return true;
}

static bool read_package(const json_t *object, DumpPackageSummary *package, Error *error)
{
    return dump_field_text(object, "name", &DUMP_FIELD_PACKAGE, &package->name, error) &&
           dump_field_number(object, "entries", 0, DUMP_MAX_COUNT, &package->totals.entries,
                             error) &&
           dump_field_number(object, "bytes", 0, DUMP_MAX_BYTES, &package->totals.bytes, error) &&
           dump_field_number(object, "chunks", 0, DUMP_MAX_COUNT, &package->totals.chunks, error) &&
           read_set_digest(object, &package->totals.set_digest, error) &&
           read_counts(object, "source_rows", false, &package->source_rows, error) &&
           read_counts(object, "left_out", true, &package->left_out, error) &&
           read_counts(object, "adjusted", true, &package->adjusted, error);
}

static bool check_package(const DumpPackageSummary *package, const DumpPackageTotals *found,
                          Error *error)
{
    const DumpPackageTotals *said = &package->totals;
    char entries[QUANTITY_SIZE];
    char bytes[QUANTITY_SIZE];
    char chunks[QUANTITY_SIZE];

    if (said->entries != found->entries || said->bytes != found->bytes ||
        said->chunks != found->chunks) {
        error_set(error, EXIT_CODE_DUMP, "the manifest counts %s of package %s in %s and %s",
                  quantity_noun(said->entries, "entry", "entries", entries), package->name,
                  quantity_noun(said->bytes, "byte", "bytes", bytes),
                  quantity_noun(said->chunks, "chunk", "chunks", chunks));
        return error_detail(error, "The dump holds %s in %s and %s.",
                            quantity_noun(found->entries, "entry", "entries", entries),
                            quantity_noun(found->bytes, "byte", "bytes", bytes),
                            quantity_noun(found->chunks, "chunk", "chunks", chunks));
    }
    return set_digest_equal(said->set_digest, found->set_digest) ||
           error_set(error, EXIT_CODE_DUMP, "the set digest of package %s is wrong", package->name);
}

bool dump_manifest_check_totals(const DumpManifest *manifest, const DumpPackageTotals *totals,
                                Error *error)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        if (!check_package(&manifest->packages[i], &totals[i], error)) {
            return false;
        }
    }
    return true;
}

bool dump_manifest_decode(Slice text, DumpManifest *manifest, Error *error)
{
    const json_t *packages;
    const json_t *stream;
    const json_t *file;
    const char *frame;
    uint64_t entries;
    json_t *json;

    *manifest = (DumpManifest){0};
    json = json_parse_object(text, error);
    if (json == NULL) {
        return false;
    }
    manifest->json = json;
    if (!json_member_text(json, "frame", &frame, error) ||
        !json_member_array(json, "packages", &packages, error) ||
        !json_member_count(json, "entries", &entries, error) ||
        !json_member_object(json, "stream", &stream, error) ||
        !json_member_count(stream, "size", &manifest->stream_size, error) ||
        !read_stream_sha256(stream, manifest, error) ||
        !json_member_object(json, "file", &file, error) ||
        !json_member_count(file, "size", &manifest->file_size, error) ||
        !read_digest(file, "xxh64", XXH64_TEXT_SIZE, manifest->file_xxh64, error)) {
        return false;
    }
    if (strcmp(frame, DUMP_FRAME_MANIFEST) != 0) {
        return error_set(error, EXIT_CODE_DUMP, "a frame is no manifest but \"%.32s\"", frame);
    }
    if (json_array_size(packages) > DUMP_MAX_PACKAGES) {
        return error_set(error, EXIT_CODE_DUMP, "the manifest's packages are too many");
    }
    for (size_t i = 0; i < json_array_size(packages); i++) {
        manifest->package_count++;
        if (!read_package(json_array_get(packages, i), &manifest->packages[i], error)) {
            return false;
        }
    }
    if (entries != dump_manifest_entries(manifest)) {
        return error_set(error, EXIT_CODE_DUMP,
                         "the manifest's entries are not the sum of its packages' entries");
    }
    return true;
}

void dump_manifest_free(DumpManifest *manifest)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        dump_counts_free(&manifest->packages[i].source_rows);
        dump_counts_free(&manifest->packages[i].left_out);
        dump_counts_free(&manifest->packages[i].adjusted);
    }
    json_decref(manifest->json);
    *manifest = (DumpManifest){0};
}
