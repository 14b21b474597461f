/* SPDX-License-Identifier: Apache-2.0 */
#include "import/inspect/inspect.h"

#include "common/base/buffer.h"
#include "common/base/quantity.h"
#include "common/cli/output.h"
#include "common/cli/progress.h"
#include "common/dump/reader.h"
#include "import/dump_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool print_excluded(const DumpHeader *header, Error *error)
{
    const char *separator = "packages ";
    Buffer names = {0};
    bool done = true;

    for (size_t i = 0; done && i < header->omitted_count; i++) {
        const char *package = dump_omitted_package(header->omitted[i]);

        if (package != NULL) {
            done = buffer_append_format(&names, error, "%s%s", separator, package);
            separator = ", ";
        }
    }
    for (size_t i = 0; done && i < header->omitted_count; i++) {
        if (dump_omitted_package(header->omitted[i]) == NULL) {
            done = buffer_append_format(&names, error, "%s%s", names.size > 0 ? "; " : "",
                                        header->omitted[i]);
        }
    }
    for (size_t i = 0; done && i < header->omitted_settings_count; i++) {
        done = buffer_append_format(&names, error, "%s\"%s\"",
                                    i > 0            ? ", "
                                    : names.size > 0 ? "; settings of "
                                                     : "settings of ",
                                    header->omitted_settings[i]);
    }
    if (done) {
        output_line("excluded:              %s",
                    names.size == 0 ? "nothing" : buffer_string(&names));
    }
    buffer_free(&names);
    return done;
}

/* Of a dump that is limited to some. */
static bool print_repositories(const DumpHeader *header, Error *error)
{
    Buffer names = {0};
    bool done = true;

    for (size_t i = 0; done && i < header->repository_count; i++) {
        done = buffer_append_format(&names, error, "%s\"%s\"", i > 0 ? ", " : "",
                                    header->repositories[i]);
    }
    if (done) {
        output_line("only repositories:     %s", buffer_string(&names));
    }
    buffer_free(&names);
    return done;
}

static bool print_header(const DumpHeader *header, Error *error)
{
    output_line("program:               %s %s", header->program, header->program_version);
    output_line("created:               %s", header->created);
    if (header->source.store == NULL) {
        output_line("source:                %s, database \"%s\", schema \"%s\"",
                    header->source.kind, header->source.database, header->source.schema);
        output_line("server:                PostgreSQL %s", header->source.server_version);
    } else {
        output_line("source:                %s, %s, table \"%s\", region \"%s\"",
                    header->source.kind, header->source.store, header->source.database,
                    header->source.schema);
    }
    output_line("snapshot:              %s",
                header->source.snapshot[0] == '\0' ? "none" : header->source.snapshot);
    output_line("schema version:        %" PRIu64, header->source.schema_version);
    output_line("KV version:            %" PRIu64, header->kv_version);
    output_line("KV migration version:  %" PRIu64, header->kv_migration_version);
    output_line("compression:           zstd, level %" PRId64 "", header->compression_level);
    if (header->repository_count > 0 && !print_repositories(header, error)) {
        return false;
    }
    output_line("redacted:              %s", header->redacted ? "yes" : "no");
    return print_excluded(header, error);
}

static void print_row_counts(const char *title, const char *package, const DumpCounts *counts)
{
    char rows[QUANTITY_SIZE];

    for (size_t i = 0; i < counts->count; i++) {
        const DumpCount *count = &counts->items[i];

        output_line("%s: %s of %s (package %s): %s", title,
                    quantity_noun(count->rows, "row", "rows", rows), count->table, package,
                    count->reason);
    }
}

static const char *stream_sha256(const DumpManifest *manifest)
{
    return manifest->stream_sha256[0] == '\0' ? "none" : manifest->stream_sha256;
}

static void print_package(const char *name, uint64_t rows, uint64_t entries, uint64_t bytes)
{
    output_line("%-12s %14" PRIu64 " %14" PRIu64 " %16" PRIu64, name, rows, entries, bytes);
}

static void print_manifest(const DumpHeader *header, const DumpManifest *manifest, uint64_t size)
{
    char text[QUANTITY_SIZE];
    char digest[SET_DIGEST_TEXT_SIZE + 1];
    uint64_t rows = 0;
    uint64_t bytes = 0;

    output_line("%s", "");
    output_line("%-12s %14s %14s %16s", "package", "source rows", "entries", "bytes");
    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];
        uint64_t package_rows = dump_counts_total(&package->source_rows);

        print_package(package->name, package_rows, package->totals.entries, package->totals.bytes);
        rows += package_rows;
        bytes += package->totals.bytes;
    }
    print_package("total", rows, dump_manifest_entries(manifest), bytes);
    output_line("%s", "");
    for (size_t i = 0; i < manifest->package_count; i++) {
        const DumpPackageSummary *package = &manifest->packages[i];

        print_row_counts("left out", package->name, &package->left_out);
        print_row_counts("adjusted", package->name, &package->adjusted);
    }
    quantity_file_size(size, text);
    output_line("size:                  %s", text);
    quantity_bytes(manifest->stream_size, text);
    output_line("decompressed:          %s (ratio %.2f)", text,
                (double)manifest->stream_size / (double)size);
    set_digest_to_text(dump_manifest_set_digest(manifest), digest);
    /* lakeFS's migrations may raise nothing but the version, which no digest covers. */
    output_line("set digest:            %s, KV version %" PRIu64, digest, header->kv_version);
    output_line("stream SHA-256: %s", stream_sha256(manifest));
}

/* Reads the manifest: at once if the input can seek, else after all chunks. */
static bool find_manifest(DumpReader *reader, DumpManifest *manifest, Error *error)
{
    bool found;

    return dump_reader_peek_manifest(reader, &found, manifest, error) &&
           (found || (dump_reader_pass_chunks(reader, error) &&
                      dump_reader_finish_unread(reader, manifest, error)));
}

static bool print_table(const DumpHeader *header, const DumpManifest *manifest, uint64_t size,
                        Error *error)
{
    if (!print_header(header, error)) {
        return false;
    }
    print_manifest(header, manifest, size);
    return true;
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
        done = output_json(json_pack("{s:O, s:O, s:I}", "header", dump_reader_header(reader)->json,
                                     "manifest", manifest.json, "size",
                                     (json_int_t)dump_reader_size(reader)),
                           error);
    } else if (done) {
        done = print_table(dump_reader_header(reader), &manifest, dump_reader_size(reader), error);
    }
    done = done && output_flush(error);
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}

bool inspect_check(const ImportOptions *options, Error *error)
{
    const TargetDriver *target = target_find(options->target);
    DumpReader *reader = NULL;
    DumpManifest manifest = {0};
    char size[QUANTITY_SIZE];
    char text[QUANTITY_SIZE];
    uint64_t units = 0;
    bool done = dump_reader_open(options->file, &reader, error) &&
                progress_init(options->common.progress, error) &&
                dump_check(reader, (size_t)options->store.jobs, target,
                           dump_expected_entries(reader), &units, &manifest, error);

    progress_stop();
    if (done) {
        quantity_file_size(dump_reader_size(reader), size);
        output_line("the dump is intact: %s, %s, SHA-256 of the stream %s",
                    quantity_noun(dump_manifest_entries(&manifest), "entry", "entries", text), size,
                    stream_sha256(&manifest));
        if (target->check_entries != NULL) {
            output_line("%s accepts every entry: %s", target->name,
                        quantity_noun(units, target->unit_name, target->units_name, text));
        }
        done = output_flush(error);
    }
    dump_manifest_free(&manifest);
    dump_reader_free(reader);
    return done;
}
