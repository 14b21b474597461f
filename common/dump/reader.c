/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/reader.h"

#include "common/base/json.h"
#include "common/base/quantity.h"
#include "common/dump/format.h"
#include "common/dump/frame_reader.h"
#include "common/kv/entry.h"
#include "common/pg/copy_binary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct DumpReader {
    FrameReader *frames;
    Decompressor *decompressor; /* for the COPY header and trailer */
    DumpHeader header;
    bool passes;         /* chunks are read and not kept */
    bool package_chosen; /* chunks of other packages are skipped */
    size_t package;
    uint64_t first_chunk; /* those before it are skipped */
    uint64_t end_chunk;   /* reading ends here */
    uint64_t chunk_count;
    const bool *chosen; /* those that are not are skipped; NULL: none.  Borrowed */
    size_t chosen_count;
    MemoryBudget *budget;   /* for large chunks; NULL: no limit.  Borrowed */
    const Slice *partition; /* chunks without entries of it are skipped; NULL: any.  Borrowed */
    const Slice *prefix;    /* likewise, of keys */
    bool skipped;           /* a chunk was, because of these */
    Sha256 *stream_digest;  /* NULL if the header says there is none */
    uint64_t stream_size;
    DumpPackageTotals totals[DUMP_MAX_PACKAGES];
};

/* What a JSON frame announces about the zstd frame that follows. */
typedef struct Announcement {
    json_t *json; /* owned */
    const char *kind;
    uint64_t size;
    uint64_t compressed_size;
} Announcement;

static bool read_announcement(DumpReader *reader, Announcement *announcement, Error *error)
{
    uint64_t offset = frame_reader_offset(reader->frames);
    Slice text;

    *announcement = (Announcement){0};
    if (!frame_reader_json(reader->frames, &text, error)) {
        return false;
    }
    announcement->json = json_parse_object(text, error);
    if (announcement->json == NULL ||
        !json_member_text(announcement->json, "frame", &announcement->kind, error) ||
        !json_member_count(announcement->json, "size", &announcement->size, error) ||
        !json_member_count(announcement->json, "compressed_size", &announcement->compressed_size,
                           error)) {
        json_decref(announcement->json);
        announcement->json = NULL;
        return frame_reader_error_at(reader->frames, offset, error);
    }
    return true;
}

/* Reads the zstd frame of the COPY header or trailer and compares it with what it must be.  The
 * bytes are accounted for elsewhere: when the trailer is read, chunks before it may not have been
 * yet. */
static bool read_copy_part(DumpReader *reader, const Announcement *announcement, const char *kind,
                           Slice expected, Error *error)
{
    uint64_t offset = frame_reader_offset(reader->frames);
    Buffer frame = {0};
    Buffer content = {0};
    bool done = false;

    if (strcmp(announcement->kind, kind) != 0 || announcement->size != expected.size ||
        announcement->compressed_size > compression_bound(expected.size)) {
        error_set(error, EXIT_CODE_DUMP, "the COPY header or trailer is not where it must be");
        return frame_reader_error_at(reader->frames, offset, error);
    }
    if (frame_reader_data(reader->frames, announcement->compressed_size, expected.size, &frame,
                          error)) {
        done = decompressor_run(reader->decompressor, buffer_slice(&frame), expected.size, &content,
                                error);
        if (done && !slice_equal(buffer_slice(&content), expected)) {
            done =
                error_set(error, EXIT_CODE_DUMP, "the COPY header or trailer is not as it must be");
        }
        if (!done) {
            frame_reader_error_at(reader->frames, offset, error);
        }
    }
    buffer_free(&frame);
    buffer_free(&content);
    return done;
}

static bool account_bytes(DumpReader *reader, Slice bytes, Error *error)
{
    reader->stream_size += bytes.size;
    return reader->stream_digest == NULL || sha256_update(reader->stream_digest, bytes, error);
}

static bool read_header(DumpReader *reader, Error *error)
{
    Announcement announcement;
    Slice text;
    bool done;

    if (!frame_reader_json(reader->frames, &text, error)) {
        if (!error->input_ended) {
            error_hint(error, "Is it a dump that kv-export wrote?");
        }
        return false;
    }
    if (!dump_header_decode(text, &reader->header, error)) {
        return frame_reader_error_at(reader->frames, 0, error);
    }
    if (reader->header.has_stream_sha256 && !sha256_new(&reader->stream_digest, error)) {
        return false;
    }
    if (!read_announcement(reader, &announcement, error)) {
        return false;
    }
    done = read_copy_part(reader, &announcement, DUMP_FRAME_COPY_HEADER,
                          slice_of(COPY_HEADER, COPY_HEADER_SIZE), error) &&
           account_bytes(reader, slice_of(COPY_HEADER, COPY_HEADER_SIZE), error);
    json_decref(announcement.json);
    return done;
}

bool dump_reader_open_as(const char *path, const char *name, DumpReader **reader, Error *error)
{
    DumpReader *r = calloc(1, sizeof *r);

    *reader = NULL;
    if (r == NULL) {
        return error_out_of_memory(error);
    }
    r->end_chunk = UINT64_MAX;
    if (!frame_reader_open(path, name, &r->frames, error) ||
        !decompressor_new(&r->decompressor, error) || !read_header(r, error)) {
        dump_reader_free(r);
        return false;
    }
    *reader = r;
    return true;
}

uint64_t dump_reader_size(const DumpReader *reader)
{
    return frame_reader_size(reader->frames);
}

const DumpHeader *dump_reader_header(const DumpReader *reader)
{
    return &reader->header;
}

/* Checks that the manifest has what the header promises: these packages, this digest. */
static bool check_promises(const DumpReader *reader, const DumpManifest *manifest, Error *error)
{
    bool equal = manifest->package_count == reader->header.package_count;

    if ((manifest->stream_sha256[0] != '\0') != reader->header.has_stream_sha256) {
        return error_set(
            error, EXIT_CODE_DUMP,
            "manifest and header disagree on whether there is a SHA-256 of the stream");
    }

    for (size_t i = 0; equal && i < manifest->package_count; i++) {
        equal = strcmp(manifest->packages[i].name, reader->header.packages[i]) == 0;
    }
    return equal || error_set(error, EXIT_CODE_DUMP, "manifest and header name different packages");
}

bool dump_reader_peek_manifest(DumpReader *reader, bool *found, DumpManifest *manifest,
                               Error *error)
{
    Buffer json = {0};
    uint64_t offset;
    bool done;

    *manifest = (DumpManifest){0};
    done = frame_reader_last_json(reader->frames, found, &json, &offset, error);
    if (done && *found) {
        done = dump_manifest_decode(buffer_slice(&json), manifest, error) &&
               check_promises(reader, manifest, error);
        if (!done) {
            dump_manifest_free(manifest);
            frame_reader_error_at(reader->frames, offset, error);
        }
    }
    buffer_free(&json);
    return done;
}

static bool find_package(const DumpReader *reader, const char *name, size_t *package, Error *error)
{
    for (size_t i = 0; i < reader->header.package_count; i++) {
        if (strcmp(reader->header.packages[i], name) == 0) {
            *package = i;
            return true;
        }
    }
    return error_set(error, EXIT_CODE_DUMP,
                     "a chunk is of package \"%.64s\", which the header "
                     "does not name",
                     name);
}

/* Checks the announcement of a chunk before memory is allocated for it. */
static bool check_claims(DumpReader *reader, const Announcement *announcement, DumpChunk *chunk,
                         Error *error)
{
    const char *package;
    uint64_t limit;

    if (!json_member_count(announcement->json, "index", &chunk->index, error) ||
        !json_member_text(announcement->json, "package", &package, error) ||
        !json_member_count(announcement->json, "entries", &chunk->entries, error) ||
        !find_package(reader, package, &chunk->package, error)) {
        return false;
    }
    if (chunk->index != reader->chunk_count) {
        return error_set(error, EXIT_CODE_DUMP,
                         "chunk %" PRIu64 " stands where chunk %" PRIu64 " must be", chunk->index,
                         reader->chunk_count);
    }
    limit = chunk->entries == 1 ? DUMP_CHUNK_MAX_SIZE : DUMP_CHUNK_SIZE;
    if (chunk->entries == 0 || announcement->size > limit ||
        announcement->size / entry_tuple_size(0, 0, 0) < chunk->entries ||
        announcement->compressed_size > compression_bound(announcement->size)) {
        return error_set(error, EXIT_CODE_DUMP, "chunk %" PRIu64 " claims an impossible size",
                         chunk->index);
    }
    chunk->size = announcement->size;
    return dump_bounds_decode(announcement->json, &chunk->bounds, error);
}

void dump_reader_choose_package(DumpReader *reader, size_t package)
{
    reader->package_chosen = true;
    reader->package = package;
}

void dump_reader_choose_chunks(DumpReader *reader, uint64_t first, uint64_t count)
{
    reader->first_chunk = first;
    reader->end_chunk = first + count;
}

void dump_reader_choose_listed(DumpReader *reader, const bool *chosen, size_t count)
{
    reader->chosen = chosen;
    reader->chosen_count = count;
}

void dump_reader_choose_entries(DumpReader *reader, const Slice *partition, const Slice *prefix)
{
    if (frame_reader_can_seek(reader->frames)) {
        reader->partition = partition;
        reader->prefix = prefix;
    }
}

bool dump_reader_has_skipped(const DumpReader *reader)
{
    return reader->skipped;
}

static bool is_selected(DumpReader *reader, const DumpChunk *chunk)
{
    bool admitted = dump_bounds_admit(&chunk->bounds, reader->partition, reader->prefix);

    reader->skipped = reader->skipped || !admitted;
    return admitted && chunk->index >= reader->first_chunk &&
           (reader->chosen == NULL ||
            (chunk->index < reader->chosen_count && reader->chosen[chunk->index])) &&
           (!reader->package_chosen || chunk->package == reader->package);
}

void dump_reader_limit_memory(DumpReader *reader, MemoryBudget *budget)
{
    reader->budget = budget;
}

/* Waits until the chunk may be read. */
static void take_memory(const DumpReader *reader, DumpChunk *chunk, size_t compressed_size)
{
    if (reader->budget != NULL && chunk->size > DUMP_CHUNK_SIZE) {
        chunk->budget = reader->budget;
        chunk->taken = chunk->size + compressed_size;
        memory_budget_take(chunk->budget, chunk->taken);
    }
}

/* Reads, passes or skips the chunk; *read tells whether it was kept. */
static bool read_chunk(DumpReader *reader, const Announcement *announcement, uint64_t offset,
                       DumpChunk *chunk, bool *read, Error *error)
{
    if (!check_claims(reader, announcement, chunk, error)) {
        return frame_reader_error_at(reader->frames, offset, error);
    }
    reader->chunk_count++;
    if (reader->passes) {
        *read = false;
        return frame_reader_pass(reader->frames, announcement->compressed_size, chunk->size, error);
    }
    *read = is_selected(reader, chunk);
    if (!*read) {
        return frame_reader_skip(reader->frames, announcement->compressed_size, error);
    }
    take_memory(reader, chunk, announcement->compressed_size);
    chunk->offset = frame_reader_offset(reader->frames);
    return frame_reader_data(reader->frames, announcement->compressed_size, chunk->size,
                             &chunk->frame, error);
}

/* Reads an announcement and what follows: a chunk, which may be skipped, or the end. */
static bool read_next(DumpReader *reader, DumpChunk *chunk, bool *read, bool *end, Error *error)
{
    uint64_t offset = frame_reader_offset(reader->frames);
    Announcement announcement;
    bool done;

    if (!read_announcement(reader, &announcement, error)) {
        return false;
    }
    if (strcmp(announcement.kind, DUMP_FRAME_CHUNK) == 0) {
        done = read_chunk(reader, &announcement, offset, chunk, read, error);
    } else {
        done = read_copy_part(reader, &announcement, DUMP_FRAME_COPY_TRAILER,
                              slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), error);
        *end = true;
    }
    json_decref(announcement.json);
    return done;
}

bool dump_reader_next(DumpReader *reader, DumpChunk *chunk, bool *end, Error *error)
{
    bool read = false;

    *end = false;
    while (!read && !*end) {
        if (reader->chunk_count >= reader->end_chunk) {
            *end = true;
        } else if (!read_next(reader, chunk, &read, end, error)) {
            return false;
        }
    }
    return true;
}

bool dump_reader_pass_chunks(DumpReader *reader, Error *error)
{
    DumpChunk chunk = {0};
    bool end;

    reader->passes = true;
    return dump_reader_next(reader, &chunk, &end, error);
}

/* A reader that looks for some entries relies on the bounds. */
static bool check_bounds(const DumpReader *reader, const DumpChunk *chunk, const DumpBounds *found,
                         Error *error)
{
    if (chunk->bounds.known && !dump_bounds_equal(found, &chunk->bounds)) {
        error_set(error, EXIT_CODE_DUMP, "chunk %" PRIu64 " has entries beyond its bounds",
                  chunk->index);
        return frame_reader_error_at(reader->frames, chunk->offset, error);
    }
    return true;
}

bool dump_chunk_unpack_again(const DumpReader *reader, Decompressor *decompressor,
                             const DumpChunk *chunk, Buffer *content, Error *error)
{
    return decompressor_run(decompressor, buffer_slice(&chunk->frame), chunk->size, content,
                            error) ||
           frame_reader_error_at(reader->frames, chunk->offset, error);
}

bool dump_chunk_unpack(const DumpReader *reader, Decompressor *decompressor, const DumpChunk *chunk,
                       Buffer *content, SetDigest *digest, Error *error)
{
    const char *problem;
    DumpScan scan;
    size_t offset;
    char text[QUANTITY_SIZE];

    if (!dump_chunk_unpack_again(reader, decompressor, chunk, content, error)) {
        return false;
    }
    if (!dump_scan(buffer_slice(content), &scan, &offset, &problem)) {
        error_set(error, EXIT_CODE_DUMP, "chunk %" PRIu64 ", decompressed offset %zu: %s",
                  chunk->index, offset, problem);
        return frame_reader_error_at(reader->frames, chunk->offset, error);
    }
    if (scan.entries != chunk->entries) {
        error_set(error, EXIT_CODE_DUMP, "chunk %" PRIu64 " holds %s instead of %" PRIu64,
                  chunk->index, quantity_noun(scan.entries, "entry", "entries", text),
                  chunk->entries);
        return frame_reader_error_at(reader->frames, chunk->offset, error);
    }
    *digest = scan.digest;
    return check_bounds(reader, chunk, &scan.bounds, error);
}

bool dump_reader_account(DumpReader *reader, const DumpChunk *chunk, Slice content,
                         SetDigest digest, Error *error)
{
    dump_totals_add(&reader->totals[chunk->package], chunk->entries, content.size, digest);
    return account_bytes(reader, content, error);
}

/* Compares the manifest with what was read. */
static bool compare_contents(DumpReader *reader, const DumpManifest *manifest, Error *error)
{
    char sha256[SHA256_TEXT_SIZE + 1];

    if (!dump_manifest_check_totals(manifest, reader->totals, error)) {
        return false;
    }
    if (manifest->stream_size != reader->stream_size) {
        return error_set(error, EXIT_CODE_DUMP, "the manifest states another size of the stream");
    }
    if (reader->stream_digest == NULL) {
        return true;
    }
    if (!sha256_finish(reader->stream_digest, sha256, error)) {
        return false;
    }
    return strcmp(sha256, manifest->stream_sha256) == 0 ||
           error_set(error, EXIT_CODE_DUMP, "the SHA-256 of the stream is wrong");
}

static bool compare_file(uint64_t size, uint64_t digest, const DumpManifest *manifest, Error *error)
{
    char text[XXH64_TEXT_SIZE + 1];

    xxh64_to_text(digest, text);
    if (manifest->file_size != size) {
        return error_set(error, EXIT_CODE_DUMP, "the manifest states another size of the file");
    }
    return strcmp(text, manifest->file_xxh64) == 0 ||
           error_set(error, EXIT_CODE_DUMP, "the XXH64 of the file is wrong");
}

static bool finish_reading(DumpReader *reader, bool contents, DumpManifest *manifest, Error *error)
{
    uint64_t offset = frame_reader_offset(reader->frames);
    uint64_t digest = frame_reader_digest(reader->frames);
    Slice text;

    *manifest = (DumpManifest){0};
    if (!account_bytes(reader, slice_of(COPY_TRAILER, COPY_TRAILER_SIZE), error) ||
        !frame_reader_json(reader->frames, &text, error)) {
        return false;
    }
    if (!dump_manifest_decode(text, manifest, error) || !check_promises(reader, manifest, error) ||
        (contents && !compare_contents(reader, manifest, error)) ||
        !compare_file(offset, digest, manifest, error)) {
        return frame_reader_error_at(reader->frames, offset, error);
    }
    return frame_reader_finish(reader->frames, error);
}

bool dump_reader_finish(DumpReader *reader, DumpManifest *manifest, Error *error)
{
    return finish_reading(reader, true, manifest, error);
}

bool dump_reader_finish_unread(DumpReader *reader, DumpManifest *manifest, Error *error)
{
    return finish_reading(reader, false, manifest, error);
}

void dump_chunk_free(DumpChunk *chunk)
{
    buffer_free(&chunk->frame);
    if (chunk->taken > 0) {
        memory_budget_give(chunk->budget, chunk->taken);
        chunk->taken = 0;
    }
}

void dump_reader_free(DumpReader *reader)
{
    if (reader == NULL) {
        return;
    }
    frame_reader_free(reader->frames);
    decompressor_free(reader->decompressor);
    sha256_free(reader->stream_digest);
    dump_header_free(&reader->header);
    free(reader);
}
