#include "import/inspect/print.h"

#include "common/cli/output.h"
#include "common/dump/reader.h"
#include "common/kv/entry.h"
#include "common/kv/entry_json.h"

#include <string.h>

typedef struct Printing {
    const PrintOptions *options;
    DumpReader *reader;
    Decompressor *decompressor;
    DumpChunk chunk;
    Buffer content;
    uint64_t printed;
} Printing;

/* Whether the options leave entries out before the last one is reached. */
static bool is_partial(const PrintOptions *options)
{
    return options->package != NULL || options->limit >= 0;
}

static bool limit_reached(const Printing *printing)
{
    return printing->options->limit >= 0 && printing->printed >= (uint64_t)printing->options->limit;
}

static bool choose_package(Printing *printing, Error *error)
{
    const DumpHeader *header = dump_reader_header(printing->reader);
    const char *name = printing->options->package;

    if (name == NULL) {
        return true;
    }
    for (size_t i = 0; i < header->package_count; i++) {
        if (strcmp(header->packages[i], name) == 0) {
            dump_reader_choose_package(printing->reader, i);
            return true;
        }
    }
    error_set(error, EXIT_CODE_USAGE, "the dump holds no package \"%s\"", name);
    return error_hint(error, "kv-import --list names the packages of a dump.");
}

static bool is_chosen(const PrintOptions *options, const Entry *entry)
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

/* The line's object: the package comes first, as the entry itself does not say it. */
static json_t *make_line(const Printing *printing, const Entry *entry, Error *error)
{
    const DumpHeader *header = dump_reader_header(printing->reader);
    json_t *line;
    json_t *members;
    bool done;

    if (printing->options->raw) {
        return entry_json_raw(entry->partition_key, entry->key, entry->value, error);
    }
    members = entry_json_decoded(entry->partition_key, entry->key, entry->value, error);
    if (members == NULL) {
        return NULL;
    }
    line = json_pack("{s:s}", "package", header->packages[printing->chunk.package]);
    done = line != NULL && json_object_update(line, members) == 0;
    json_decref(members);
    if (!done) {
        json_decref(line);
        error_out_of_memory(error);
        return NULL;
    }
    return line;
}

static bool print_entry(Printing *printing, const Entry *entry, Error *error)
{
    json_t *line = make_line(printing, entry, error);

    printing->printed++;
    return line != NULL && output_json(line, error);
}

static bool print_chunk(Printing *printing, Error *error)
{
    Slice rest = buffer_slice(&printing->content);
    const char *problem;
    Entry entry;

    /* dump_chunk_unpack has made sure that the entries are whole. */
    while (rest.size > 0 && !limit_reached(printing) && entry_next(&rest, &entry, &problem)) {
        if (is_chosen(printing->options, &entry) && !print_entry(printing, &entry, error)) {
            return false;
        }
    }
    /* A pager wants to see them now. */
    return output_flush(error);
}

static bool print_chunks(Printing *printing, Error *error)
{
    bool end = false;

    while (!limit_reached(printing)) {
        SetDigest digest;

        if (!dump_reader_next(printing->reader, &printing->chunk, &end, error)) {
            return false;
        }
        if (end) {
            break;
        }
        if (!dump_chunk_unpack(printing->reader, printing->decompressor, &printing->chunk,
                               &printing->content, &digest, error) ||
            (!is_partial(printing->options) &&
             !dump_reader_account(printing->reader, &printing->chunk,
                                  buffer_slice(&printing->content), digest, error)) ||
            !print_chunk(printing, error)) {
            return false;
        }
    }
    return true;
}

bool print_entries(const ImportOptions *options, Error *error)
{
    Printing printing = {.options = &options->print};
    DumpManifest manifest = {0};
    bool done =
        dump_reader_open(options->file, &printing.reader, error) &&
        decompressor_new(&printing.decompressor, error) && choose_package(&printing, error) &&
        print_chunks(&printing, error) &&
        (is_partial(&options->print) || dump_reader_finish(printing.reader, &manifest, error));

    dump_manifest_free(&manifest);
    dump_chunk_free(&printing.chunk);
    buffer_free(&printing.content);
    decompressor_free(printing.decompressor);
    dump_reader_free(printing.reader);
    return done;
}
