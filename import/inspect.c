#include "import/inspect.h"

#include "common/cli/progress.h"
#include "common/dump/json.h"
#include "common/dump/reader.h"
#include "import/dump_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_header(const DumpHeader *header)
{
    printf("program:               %s %s\n", header->program, header->program_version);
    printf("created:               %s\n", header->created);
    if (header->source.store == NULL) {
        printf("source:                %s, database \"%s\", schema \"%s\"\n", header->source.kind,
               header->source.database, header->source.schema);
        printf("server:                PostgreSQL %s\n", header->source.server_version);
    } else {
        printf("source:                %s, %s, table \"%s\", region \"%s\"\n", header->source.kind,
               header->source.store, header->source.database, header->source.schema);
    }
    printf("snapshot:              %s\n",
           header->source.snapshot[0] == '\0' ? "none" : header->source.snapshot);
    printf("schema version:        %" PRIu64 "\n", header->source.schema_version);
    printf("KV version:            %" PRIu64 "\n", header->kv_version);
    printf("KV migration version:  %" PRIu64 "\n", header->kv_migration_version);
    printf("compression:           zstd, level %" PRId64 "\n", header->compression_level);
    printf("redacted:              %s\n", header->redacted ? "yes" : "no");
    printf("left out on request:  ");
    for (size_t i = 0; i < header->omitted_count; i++) {
        printf(" %s", header->omitted[i]);
    }
    printf("%s\n", header->omitted_count == 0 ? " nothing" : "");
}

static void print_counts(const char *title, const char *package, const DumpCounts *counts)
{
    for (size_t i = 0; i < counts->count; i++) {
        const DumpCount *count = &counts->items[i];

        printf("%s: %" PRIu64 " row%s of %s (package %s): %s\n", title, count->rows,
               count->rows == 1 ? "" : "s", count->table, package, count->reason);
    }
}

static const char *stream_sha256(const DumpManifest *manifest)
{
    return manifest->stream_sha256[0] == '\0' ? "none" : manifest->stream_sha256;
}

static void print_package(const char *name, uint64_t rows, uint64_t entries, uint64_t bytes)
{
    printf("%-12s %14" PRIu64 " %14" PRIu64 " %16" PRIu64 "\n", name, rows, entries, bytes);
}

static void print_manifest(const DumpManifest *manifest)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;

    printf("\n%-12s %14s %14s %16s\n", "package", "source rows", "entries", "bytes");
    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];
        uint64_t package_rows = dump_counts_total(&package->source_rows);

        print_package(package->name, package_rows, package->totals.entries, package->totals.bytes);
        rows += package_rows;
        bytes += package->totals.bytes;
    }
    print_package("total", rows, dump_manifest_entries(manifest), bytes);
    putchar('\n');
    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];

        print_counts("left out", package->name, &package->left_out);
        print_counts("adjusted", package->name, &package->adjusted);
    }
    printf("size:                  %" PRIu64 " bytes, decompressed %" PRIu64 " (ratio %.2f)\n",
           manifest->file_size, manifest->stream_size,
           (double)manifest->stream_size / (double)manifest->file_size);
    printf("stream SHA-256: %s\n", stream_sha256(manifest));
}

bool inspect_output_failed(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED, "could not write to standard output");
}

bool inspect_flush_output(Error *error)
{
    return (fflush(stdout) == 0 && !ferror(stdout)) || inspect_output_failed(error);
}

/* Passes over all chunks. */
static bool pass_chunks(DumpReader *reader, Error *error)
{
    DumpChunk chunk = {0};
    bool end = false;
    bool done = true;

    while (done && !end) {
        done = dump_reader_next(reader, &chunk, &end, error);
    }
    dump_chunk_free(&chunk);
    return done;
}

/* The manifest, ahead where the input can seek, else behind all chunks. */
static bool find_manifest(DumpReader *reader, DumpManifest *manifest, Error *error)
{
    bool found;

    return dump_reader_peek_manifest(reader, &found, manifest, error) &&
           (found ||
            (pass_chunks(reader, error) && dump_reader_finish_unread(reader, manifest, error)));
}

static void print_table(const DumpHeader *header, const DumpManifest *manifest)
{
    print_header(header);
    print_manifest(manifest);
}

static bool print_json(const DumpHeader *header, const DumpManifest *manifest, Error *error)
{
    char *text = dump_json_encode(
        json_pack("{s:O, s:O}", "header", header->json, "manifest", manifest->json), error);
    bool done = text != NULL;

    if (done) {
        puts(text);
    }
    free(text);
    return done;
}

bool inspect_list(const char *file, bool json, Error *error)
{
    DumpReader *reader;
    DumpManifest manifest = {0};
    bool done;

    if (!dump_reader_open(file, &reader, error)) {
        return false;
    }
    done = find_manifest(reader, &manifest, error);
    if (done && json) {
        done = print_json(dump_reader_header(reader), &manifest, error);
    } else if (done) {
        print_table(dump_reader_header(reader), &manifest);
    }
    done = done && inspect_flush_output(error);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}

/* How many entries there will be, for the progress display. */
static uint64_t expected_entries(DumpReader *reader)
{
    uint64_t entries = dump_reader_header(reader)->estimated_entries;
    DumpManifest manifest = {0};
    Error ignored = {0};
    bool found = false;

    if (dump_reader_peek_manifest(reader, &found, &manifest, &ignored) && found) {
        entries = dump_manifest_entries(&manifest);
    }
    dump_manifest_free(&manifest);
    return entries;
}

bool inspect_check(const ImportOptions *options, Error *error)
{
    const TargetDriver *target = target_named(options->target);
    DumpReader *reader = NULL;
    DumpManifest manifest = {0};
    uint64_t units = 0;
    bool done = dump_reader_open(options->file, &reader, error) &&
                progress_init(options->common.progress, error) &&
                dump_check(reader, (size_t)options->jobs, target, expected_entries(reader), &units,
                           &manifest, error);

    progress_stop();
    if (done) {
        printf("the dump is whole: %" PRIu64 " entries, SHA-256 of the stream %s\n",
               dump_manifest_entries(&manifest), stream_sha256(&manifest));
        if (target->check_entries != NULL) {
            printf("%s takes every entry: %" PRIu64 " %s\n", target->name, units,
                   target->unit_name);
        }
        done = inspect_flush_output(error);
    }
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}
