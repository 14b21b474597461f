/* SPDX-License-Identifier: Apache-2.0 */
#include "import/inspect/print.h"

#include "common/base/unescape.h"
#include "common/base/workers.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/cli/progress.h"
#include "common/dump/format.h"
#include "common/dump/reader.h"
#include "common/kv/entry.h"
#include "common/kv/entry_json.h"
#include "import/dump_check.h"
#include "import/inspect/lakefs_kv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One worker at a time reads a chunk, and one at a time writes the lines of its chunk, in the
 * file's order.  In between, each makes lines of its own chunk. */
typedef struct Printer {
    const PrintOptions *options;
    const char *package; /* NULL: all */
    Buffer partition;    /* what the options name, without escapes */
    Buffer prefix;
    Slice partition_key;
    Slice key_prefix;
    DumpReader *reader;

    atomic_bool end; /* there is nothing more to read */
    pthread_mutex_t read_mutex;
    uint64_t turns; /* handed out: one for each chunk read */

    pthread_mutex_t write_mutex;
    pthread_cond_t written;
    uint64_t turn; /* the next to write */
    bool stopped;  /* nothing more is to be written */
    uint64_t printed;
} Printer;

typedef struct PrintWorker {
    Printer *printer;
    Decompressor *decompressor;
    DumpChunk chunk;
    Buffer content;
    SetDigest digest;
    Buffer lines;
    uint64_t line_count;
    bool alone; /* holds the read mutex: while it has a large chunk, nobody reads another */
} PrintWorker;

/* Whether the options skip entries so that the dump is not read as a whole. */
static bool is_partial(const Printer *printer)
{
    return printer->package != NULL || printer->options->limit >= 0;
}

/* Whether a number of lines is all that the options want. */
static bool limit_reached(const PrintOptions *options, uint64_t lines)
{
    return options->limit >= 0 && lines >= (uint64_t)options->limit;
}

/* The text of an option, as --print shows partitions and keys. */
static bool unescape_option(const char *name, const char *text, Buffer *bytes, Slice *slice,
                            Error *error)
{
    bool valid = true;

    if (text != NULL && !unescape_append(bytes, text, &valid, error)) {
        return false;
    }
    *slice = buffer_slice(bytes);
    if (valid) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "%s has a backslash that begins no escape: \"%s\"", name,
              text);
    return error_hint(error, "A backslash is written as two, and a byte that is no text as a "
                             "backslash and three octal digits, as --print shows them.");
}

static bool unescape_options(Printer *printer, Error *error)
{
    return unescape_option("--partition", printer->options->partition, &printer->partition,
                           &printer->partition_key, error) &&
           unescape_option("--prefix", printer->options->prefix, &printer->prefix,
                           &printer->key_prefix, error);
}

static bool choose_chunks(Printer *printer, Error *error)
{
    const DumpHeader *header = dump_reader_header(printer->reader);
    const char *name = printer->package;

    dump_reader_choose_entries(printer->reader,
                               printer->options->partition == NULL ? NULL : &printer->partition_key,
                               printer->options->prefix == NULL ? NULL : &printer->key_prefix);
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

static bool matches_options(const Printer *printer, const Entry *entry)
{
    const Slice prefix = printer->key_prefix;

    if (printer->options->partition != NULL &&
        !slice_equal(entry->partition_key, printer->partition_key)) {
        return false;
    }
    return entry->key.size >= prefix.size &&
           slice_equal(slice_of(entry->key.data, prefix.size), prefix);
}

static bool append_line(PrintWorker *worker, const Entry *entry, Error *error)
{
    const Printer *printer = worker->printer;
    const char *package = dump_reader_header(printer->reader)->packages[worker->chunk.package];

    worker->line_count++;
    if (printer->options->lakefs_kv) {
        return lakefs_kv_entry(&worker->lines, entry, error);
    }
    return (printer->options->raw ? entry_json_append_raw(&worker->lines, entry, error)
                                  : entry_json_append(&worker->lines, package, entry, error)) &&
           buffer_append_text(&worker->lines, "\n", error);
}

/* Makes the lines of a chunk. */
static bool make_lines(PrintWorker *worker, Error *error)
{
    const PrintOptions *options = worker->printer->options;
    Slice rest;
    const char *problem;
    Entry entry;

    if (!dump_chunk_unpack(worker->printer->reader, worker->decompressor, &worker->chunk,
                           &worker->content, &worker->digest, error)) {
        return false;
    }
    if (worker->alone) {
        /* The lines of a large entry take as much again. */
        buffer_free(&worker->chunk.frame);
    }
    worker->lines.size = 0;
    worker->line_count = 0;
    rest = buffer_slice(&worker->content);
    /* dump_chunk_unpack has checked that the entries are complete. */
    while (rest.size > 0 && !limit_reached(options, worker->line_count) &&
           entry_next(&rest, &entry, &problem)) {
        if (matches_options(worker->printer, &entry) && !append_line(worker, &entry, error)) {
            return false;
        }
    }
    return true;
}

/* The size of the first lines. */
static size_t size_of_lines(Slice lines, uint64_t count)
{
    size_t size = 0;

    for (uint64_t i = 0; i < count && size < lines.size; i++) {
        const uint8_t *end = memchr(lines.data + size, '\n', lines.size - size);

        size = end == NULL ? lines.size : (size_t)(end - lines.data) + 1;
    }
    return size;
}

static bool write_lines(PrintWorker *worker, Error *error)
{
    Printer *printer = worker->printer;
    Slice lines = buffer_slice(&worker->lines);
    uint64_t count = worker->line_count;

    if (!is_partial(printer) &&
        !dump_reader_account(printer->reader, &worker->chunk, buffer_slice(&worker->content),
                             worker->digest, error)) {
        return false;
    }
    if (limit_reached(printer->options, printer->printed + count)) {
        count = (uint64_t)printer->options->limit - printer->printed;
        lines.size = size_of_lines(lines, count);
    }
    if (printer->options->lakefs_kv && printer->printed == 0 && lines.size > 0) {
        lines = slice_of(lines.data + 1, lines.size - 1);
    }
    printer->printed += count;
    progress_add(count, lines.size);
    /* Flushed, so that a pager shows them now. */
    return output_text(lines, error) && output_flush(error);
}

static void stop_workers(void *shared)
{
    Printer *printer = shared;

    atomic_store(&printer->end, true);
    pthread_mutex_lock(&printer->write_mutex);
    printer->stopped = true;
    pthread_cond_broadcast(&printer->written);
    pthread_mutex_unlock(&printer->write_mutex);
}

static bool read_chunk(PrintWorker *worker, uint64_t *turn, bool *end, Error *error)
{
    Printer *printer = worker->printer;
    bool done = true;

    pthread_mutex_lock(&printer->read_mutex);
    *end = atomic_load(&printer->end);
    *turn = printer->turns;
    if (!*end) {
        done = dump_reader_next(printer->reader, &worker->chunk, end, error);
        printer->turns++;
    }
    if (*end || !done) {
        atomic_store(&printer->end, true);
    }
    worker->alone = done && !*end && worker->chunk.size > DUMP_CHUNK_SIZE;
    if (!worker->alone) {
        pthread_mutex_unlock(&printer->read_mutex);
    }
    return done;
}

/* After a large chunk: others may read, and its memory is not kept. */
static void release_chunk(PrintWorker *worker)
{
    if (worker->alone) {
        dump_chunk_free(&worker->chunk);
        buffer_free(&worker->content);
        buffer_free(&worker->lines);
        pthread_mutex_unlock(&worker->printer->read_mutex);
    }
    worker->alone = false;
}

/* Waits for the chunk's turn and writes its lines, or, if it could not be read, fails: then what
 * comes before it has been written.  Once the limit is reached, a failure does not matter. */
static bool take_turn(PrintWorker *worker, uint64_t turn, bool read, Error *error)
{
    Printer *printer = worker->printer;
    bool done = true;

    pthread_mutex_lock(&printer->write_mutex);
    while (printer->turn != turn && !printer->stopped) {
        pthread_cond_wait(&printer->written, &printer->write_mutex);
    }
    if (!printer->stopped) {
        done = read && write_lines(worker, error);
        printer->stopped = !done || limit_reached(printer->options, printer->printed);
        printer->turn++;
        pthread_cond_broadcast(&printer->written);
    }
    if (printer->stopped) {
        atomic_store(&printer->end, true);
    }
    pthread_mutex_unlock(&printer->write_mutex);
    return done;
}

static bool print_chunks(PrintWorker *worker, Error *error)
{
    for (;;) {
        uint64_t turn;
        bool end;
        bool done = read_chunk(worker, &turn, &end, error);

        if (end) {
            return true;
        }
        done = done && make_lines(worker, error);
        done = take_turn(worker, turn, done, error);
        release_chunk(worker);
        if (!done) {
            return false;
        }
    }
}

static bool run_worker(void *shared, size_t number, Error *error)
{
    PrintWorker worker = {.printer = shared};
    bool done = decompressor_new(&worker.decompressor, error) && print_chunks(&worker, error);

    (void)number;
    dump_chunk_free(&worker.chunk);
    buffer_free(&worker.content);
    buffer_free(&worker.lines);
    decompressor_free(worker.decompressor);
    return done;
}

static bool write_beginning(const Printer *printer, Error *error)
{
    Buffer json = {0};
    bool done = !printer->options->lakefs_kv ||
                (lakefs_kv_begin(&json, dump_reader_header(printer->reader)->created, error) &&
                 output_text(buffer_slice(&json), error));

    buffer_free(&json);
    return done;
}

/* A store with a version is one that lakeFS uses as a whole. */
static bool is_whole_store(const Printer *printer)
{
    const PrintOptions *options = printer->options;
    const DumpHeader *header = dump_reader_header(printer->reader);

    return !is_partial(printer) && options->partition == NULL && options->prefix == NULL &&
           !header->redacted && header->repository_count == 0 &&
           dump_header_omitted_package(header) == NULL;
}

static bool write_end(const Printer *printer, Error *error)
{
    Buffer json = {0};
    Slice text;
    bool done = true;

    if (!printer->options->lakefs_kv) {
        return true;
    }
    if (is_whole_store(printer)) {
        done = lakefs_kv_version(&json, dump_reader_header(printer->reader)->kv_version, error);
    } else {
        message_warning("these are not all entries of a store: its version is left out");
    }
    done = done && lakefs_kv_end(&json, error);
    text = buffer_slice(&json);
    if (done && printer->printed == 0 && text.data[0] == ',') {
        text = slice_of(text.data + 1, text.size - 1);
    }
    done = done && output_text(text, error) && output_flush(error);
    buffer_free(&json);
    return done;
}

static bool is_regular_file(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/* A line of progress would spoil a terminal, or a pager's screen, to which entries go. */
static bool begin_progress(const ImportOptions *options, const Printer *printer, Error *error)
{
    const PrintOptions *print = &options->print;
    bool skips = is_partial(printer) || print->partition != NULL || print->prefix != NULL;

    if (options->common.progress == PROGRESS_AUTOMATIC && !is_regular_file(STDOUT_FILENO)) {
        return true;
    }
    if (!progress_init(options->common.progress, error)) {
        return false;
    }
    /* How many entries a part has is not known before. */
    progress_begin("print", skips ? 0 : dump_expected_entries(printer->reader));
    return true;
}

bool inspect_print(const ImportOptions *options, Error *error)
{
    Printer printer = {.options = &options->print, .package = options->package};
    DumpManifest manifest = {0};
    bool done;

    atomic_init(&printer.end, false);
    pthread_mutex_init(&printer.read_mutex, NULL);
    pthread_mutex_init(&printer.write_mutex, NULL);
    pthread_cond_init(&printer.written, NULL);
    done = unescape_options(&printer, error) &&
           dump_reader_open(options->file, &printer.reader, error) &&
           choose_chunks(&printer, error) && begin_progress(options, &printer, error) &&
           write_beginning(&printer, error) &&
           (limit_reached(printer.options, 0) ||
            workers_run((size_t)options->store.jobs, run_worker, &printer, stop_workers, error)) &&
           (is_partial(&printer) || dump_reader_has_skipped(printer.reader) ||
            dump_reader_finish(printer.reader, &manifest, error));
    if (done) {
        progress_end();
    }
    progress_stop();
    done = done && write_end(&printer, error);
    dump_manifest_free(&manifest);
    dump_reader_free(printer.reader);
    buffer_free(&printer.partition);
    buffer_free(&printer.prefix);
    pthread_mutex_destroy(&printer.read_mutex);
    pthread_mutex_destroy(&printer.write_mutex);
    pthread_cond_destroy(&printer.written);
    return done;
}
