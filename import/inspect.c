#include "import/inspect.h"

#include "common/dump/reader.h"

#include <inttypes.h>
#include <stdio.h>

static void print_header(const DumpHeader *header)
{
    printf("program:               %s %s\n", header->program, header->program_version);
    printf("created:               %s\n", header->created);
    printf("source:                %s, database \"%s\", schema \"%s\", PostgreSQL %s\n",
           header->source.kind, header->source.database, header->source.schema,
           header->source.server_version);
    printf("snapshot:              %s\n", header->source.snapshot);
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
        printf("%s: %" PRIu64 " rows of %s (package %s): %s\n", title, counts->items[i].rows,
               counts->items[i].table, package, counts->items[i].reason);
    }
}

static const char *stream_sha256(const DumpManifest *manifest)
{
    return manifest->stream_sha256[0] == '\0' ? "none" : manifest->stream_sha256;
}

static void print_manifest(const DumpManifest *manifest)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;

    printf("\n%-12s %14s %14s %16s\n", "package", "source rows", "entries", "bytes");
    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];
        uint64_t package_rows = dump_counts_total(&package->source_rows);

        printf("%-12s %14" PRIu64 " %14" PRIu64 " %16" PRIu64 "\n", package->name, package_rows,
               package->totals.entries, package->totals.bytes);
        rows += package_rows;
        bytes += package->totals.bytes;
    }
    printf("%-12s %14" PRIu64 " %14" PRIu64 " %16" PRIu64 "\n\n", "total", rows,
           dump_manifest_entries(manifest), bytes);
    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];

        print_counts("left out", package->name, &package->left_out);
        print_counts("adjusted", package->name, &package->adjusted);
    }
    printf("size:                  %" PRIu64 " bytes, decompressed %" PRIu64 "\n",
           manifest->file_size, manifest->stream_size);
    printf("SHA-256 of the stream: %s\n", stream_sha256(manifest));
}

/* Standard output may be a full disk, too. */
static bool flush_output(Error *error)
{
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           error_set(error, EXIT_CODE_FAILED, "could not write to standard output");
}

/* Reads all chunks; unpacks and accounts for them where a decompressor is given. */
static bool read_chunks(DumpReader *reader, Decompressor *decompressor, Error *error)
{
    DumpChunk chunk = {0};
    Buffer content = {0};
    bool end = false;
    bool done = true;

    while (done && !end) {
        SetDigest digest;

        done = dump_reader_next(reader, &chunk, &end, error);
        if (done && !end && decompressor != NULL) {
            done = dump_chunk_unpack(reader, decompressor, &chunk, &content, &digest, error) &&
                   dump_reader_account(reader, &chunk, buffer_slice(&content), digest, error);
        }
    }
    dump_chunk_free(&chunk);
    buffer_free(&content);
    return done;
}

bool inspect_list(const char *file, Error *error)
{
    DumpReader *reader;
    DumpManifest manifest = {0};
    bool found;
    bool done;

    if (!dump_reader_open(file, &reader, error)) {
        return false;
    }
    done = dump_reader_peek_manifest(reader, &found, &manifest, error);
    if (done && !found) {
        done =
            read_chunks(reader, NULL, error) && dump_reader_finish_unread(reader, &manifest, error);
    }
    if (done) {
        print_header(dump_reader_header(reader));
        print_manifest(&manifest);
        done = flush_output(error);
    }
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}

bool inspect_check(const char *file, Error *error)
{
    DumpReader *reader;
    Decompressor *decompressor = NULL;
    DumpManifest manifest = {0};
    bool done;

    if (!dump_reader_open(file, &reader, error)) {
        return false;
    }
    done = decompressor_new(&decompressor, error) && read_chunks(reader, decompressor, error) &&
           dump_reader_finish(reader, &manifest, error);
    if (done) {
        printf("the dump is whole: %" PRIu64 " entries, SHA-256 of the stream %s\n",
               dump_manifest_entries(&manifest), stream_sha256(&manifest));
        done = flush_output(error);
    }
    dump_manifest_free(&manifest);
    decompressor_free(decompressor);
    dump_reader_free(reader);
    return done;
}
