#include "import/load.h"

#include "common/base/interrupt.h"
#include "common/cli/message.h"
#include "common/cli/signals.h"
#include "common/dump/reader.h"
#include "common/pg/connection.h"
#include "import/target.h"

#include <inttypes.h>
#include <string.h>

typedef struct Load {
    ImportOptions *options;
    const TargetDriver *driver;
    Target *target;
    DumpReader *reader;
    Decompressor *decompressor;
    DumpChunk chunk;
    Buffer content;
    DumpManifest manifest;
} Load;

/* A dump that does not hold everything must not end a migration by accident. */
static bool check_whole(const Load *load, Error *error)
{
    const DumpHeader *header = dump_reader_header(load->reader);

    if (load->options->allow_redacted) {
        return true;
    }
    if (header->redacted) {
        error_set(error, EXIT_CODE_REFUSED,
                  "the dump was redacted: names and secrets are not "
                  "the real ones");
        return error_hint(error, "To look into it in a scratch database use --allow-redacted.");
    }
    for (size_t i = 0; i < header->omitted_count; i++) {
        const char *omitted = header->omitted[i];

        if (strncmp(omitted, DUMP_OMITTED_PACKAGE, strlen(DUMP_OMITTED_PACKAGE)) == 0) {
            error_set(error, EXIT_CODE_REFUSED, "the dump lacks package %s",
                      omitted + strlen(DUMP_OMITTED_PACKAGE));
            return error_hint(error, "Take a dump without --package; to look into this one in a "
                                     "scratch database use --allow-redacted.");
        }
    }
    return true;
}

/* A file that was cut is known before the target is touched. */
static bool check_complete(Load *load, Error *error)
{
    DumpManifest manifest;
    bool found;

    if (!dump_reader_peek_manifest(load->reader, &found, &manifest, error)) {
        return false;
    }
    dump_manifest_free(&manifest);
    return true;
}

static bool load_chunks(Load *load, Error *error)
{
    bool end = false;

    while (!end) {
        SetDigest digest;

        if (!interrupt_check(error) || !dump_reader_next(load->reader, &load->chunk, &end, error)) {
            return false;
        }
        if (!end && (!dump_chunk_unpack(load->reader, load->decompressor, &load->chunk,
                                        &load->content, &digest, error) ||
                     !dump_reader_account(load->reader, &load->chunk, buffer_slice(&load->content),
                                          digest, error) ||
                     !load->driver->load(load->target, buffer_slice(&load->content),
                                         load->chunk.entries, error))) {
            return false;
        }
    }
    return dump_reader_finish(load->reader, &load->manifest, error);
}

/* From the empty store to the stamp. */
static bool fill_target(Load *load, Error *error)
{
    const TargetDriver *driver = load->driver;

    if (!driver->prepare(load->target, error) || !load_chunks(load, error) ||
        !driver->complete(load->target, &load->manifest, error) || !interrupt_check(error) ||
        !driver->stamp(load->target, dump_reader_header(load->reader), &load->manifest, error)) {
        return false;
    }
    message_info("loaded %" PRIu64 " entries and stamped version %" PRIu64,
                 dump_manifest_entries(&load->manifest),
                 dump_reader_header(load->reader)->kv_version);
    return true;
}

bool load_dump(ImportOptions *options, Error *error)
{
    Load load = {.options = options, .driver = &TARGET_POSTGRES};
    uint64_t stamped = 0;
    bool done;

    done = dump_reader_open(options->file, &load.reader, error) && check_whole(&load, error) &&
           check_complete(&load, error) && decompressor_new(&load.decompressor, error) &&
           load.driver->open(options, dump_reader_header(load.reader), &load.target, &stamped,
                             error) &&
           signals_start(pg_cancel_all, error);
    if (done && stamped > 0) {
        message_info("the KV store is at version %" PRIu64 " already: nothing to do", stamped);
    } else {
        done = done && fill_target(&load, error);
    }
    load.driver->close(load.target);
    dump_manifest_free(&load.manifest);
    dump_chunk_free(&load.chunk);
    buffer_free(&load.content);
    decompressor_free(load.decompressor);
    dump_reader_free(load.reader);
    return done;
}
