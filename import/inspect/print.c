/* SPDX-License-Identifier: Apache-2.0 */
#include "import/inspect/print.h"

#include "common/cli/output.h"
#include "common/dump/reader.h"
#include "common/kv/entry.h"
#include "common/kv/entry_json.h"

#include <string.h>

typedef struct Printer {
    const PrintOptions *options;
    DumpReader *reader;
    Decompressor *decompressor;
    DumpChunk chunk;
    Buffer content;
    uint64_t printed;
} Printer;

/* Whether the options skip entries so that the dump is not read as a whole. */
static bool is_partial(const PrintOptions *options)
{
    return options->package != NULL || options->limit >= 0;
}

static bool limit_reached(const Printer *printer)
{
    return printer->options->limit >= 0 && printer->printed >= (uint64_t)printer->options->limit;
}

static bool choose_package(Printer *printer, Error *error)
{
    const DumpHeader *header = dump_reader_header(printer->reader);
    const char *name = printer->options->package;

    if (name == NULL) {
        return true;
    }
    for (size_t i = 0; i < header->package_count; i++) {
        if (strcmp(header->packages[i], name) == 0) {
            dump_reader_choose_package(printer->reader, i);
            return true;
        }
    }
    error_set(error, EXIT_CODE_USAGE, "the dump has no package \"%s\"", name);
    return error_hint(error, "kv-import --list shows the packages of a dump.");
}

static bool matches_options(const PrintOptions *options, const Entry *entry)
{
    Slice prefix;

    if (options->partition != NULL &&
        !slice_equal(entry->partition_key, slice_text(options->partition))) {
        return false;
    }
    if (options->prefix == NULL) {
        return true;
    }
    prefix = slice_text(options->prefix);
    return entry->key.size >= prefix.size &&
           slice_equal(slice_of(entry->key.data, prefix.size), prefix);
}

/* The object of a line.  The package comes first; the entry itself does not have it. */
static json_t *make_line(const Printer *printer, const Entry *entry, Error *error)
{
    const DumpHeader *header = dump_reader_header(printer->reader);
    json_t *line;
    json_t *members;
    bool done;

    if (printer->options->raw) {
        return entry_json_raw(entry->partition_key, entry->key, entry->value, error);
    }
    members = entry_json_decoded(entry->partition_key, entry->key, entry->value, error);
    if (members == NULL) {
        return NULL;
    }
    line = json_pack("{s:s}", "package", header->packages[printer->chunk.package]);
    done = line != NULL && json_object_update(line, members) == 0;
    json_decref(members);
    if (!done) {
        json_decref(line);
        error_out_of_memory(error);
        return NULL;
    }
    return line;
}

static bool print_entry(Printer *printer, const Entry *entry, Error *error)
{
    json_t *line = make_line(printer, entry, error);

    printer->printed++;
    return line != NULL && output_json(line, error);
}

static bool print_chunk(Printer *printer, Error *error)
{
    Slice rest = buffer_slice(&printer->content);
    const char *problem;
    Entry entry;

    /* dump_chunk_unpack has checked that the entries are complete. */
    while (rest.size > 0 && !limit_reached(printer) && entry_next(&rest, &entry, &problem)) {
        if (matches_options(printer->options, &entry) && !print_entry(printer, &entry, error)) {
            return false;
        }
    }
    /* So that a pager shows them now. */
    return output_flush(error);
}

static bool print_chunks(Printer *printer, Error *error)
{
    bool end = false;

    while (!limit_reached(printer)) {
        SetDigest digest;

        if (!dump_reader_next(printer->reader, &printer->chunk, &end, error)) {
            return false;
        }
        if (end) {
            break;
        }
        if (!dump_chunk_unpack(printer->reader, printer->decompressor, &printer->chunk,
                               &printer->content, &digest, error) ||
            (!is_partial(printer->options) &&
             !dump_reader_account(printer->reader, &printer->chunk, buffer_slice(&printer->content),
                                  digest, error)) ||
            !print_chunk(printer, error)) {
            return false;
        }
    }
    return true;
}

bool inspect_print(const ImportOptions *options, Error *error)
{
    Printer printer = {.options = &options->print};
    DumpManifest manifest = {0};
    bool done =
        dump_reader_open(options->file, &printer.reader, error) &&
        decompressor_new(&printer.decompressor, error) && choose_package(&printer, error) &&
        print_chunks(&printer, error) &&
        (is_partial(&options->print) || dump_reader_finish(printer.reader, &manifest, error));

    dump_manifest_free(&manifest);
    dump_chunk_free(&printer.chunk);
    buffer_free(&printer.content);
    decompressor_free(printer.decompressor);
    dump_reader_free(printer.reader);
    return done;
}
