/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole dump, read in the three ways: the chunks unpacked, passed over, the manifest ahead.  What
 * is refused is refused as a dump is, by name; what one accepts who reads all, the others do.
 *
 * Checksums stop a fuzzer at once.  The first byte of the input says which are made right before:
 *   1   of JSON frames       2   of zstd frames       4   the manifest's XXH64 of the file
 *   8   the seek table, where it has the right length
 * The rest is the dump.
 */
#define _GNU_SOURCE              /* memfd_create */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_d_forceIgnoreChecksum */
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "common/base/bytes.h"
#include "common/base/digest.h"
#include "common/dump/format.h"
#include "common/dump/reader.h"

enum { FIX_JSON = 1, FIX_ZSTD = 2, FIX_FILE = 4, FIX_TABLE = 8 };
enum { MAX_CONTENT = 1024 * 1024 };

static uint8_t content[MAX_CONTENT];

static void fix_json(uint8_t *frame, size_t size)
{
    if (size >= 16) {
        store_le64(frame + size - 8, xxh64_of(slice_of(frame + 8, size - 16)));
    }
}

/* Corrects the content checksum; returns the content's size. */
static size_t fix_zstd(uint8_t *frame, size_t size, bool checksum)
{
    static ZSTD_DCtx *context;
    size_t result;

    if (context == NULL) {
        context = ZSTD_createDCtx();
        FUZZ_CHECK(context != NULL);
        ZSTD_DCtx_setParameter(context, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
    }
    result = ZSTD_decompressDCtx(context, content, sizeof content, frame, size);
    if (ZSTD_isError(result)) {
        return 0;
    }
    /* Bit 2 of the descriptor: the frame has a checksum. */
    if (checksum && size > 8 && (frame[4] & 4) != 0) {
        store_le32(frame + size - 4, (uint32_t)xxh64_of(slice_of(content, result)));
    }
    return result;
}

/* Writes the digest of everything before the manifest into it. */
static void fix_manifest(uint8_t *dump, size_t offset, size_t size)
{
    static const char NAME[] = "\"xxh64\":\"";
    uint8_t *place = memmem(dump + offset, size, NAME, strlen(NAME));
    char digest[XXH64_TEXT_SIZE + 1];

    if (place == NULL || (size_t)(dump + offset + size - place) < strlen(NAME) + XXH64_TEXT_SIZE) {
        return;
    }
    xxh64_to_text(xxh64_of(slice_of(dump, offset)), digest);
    memcpy(place + strlen(NAME), digest, XXH64_TEXT_SIZE);
}

static void fix_dump(uint8_t *dump, size_t size, unsigned what)
{
    Buffer table = {0};
    size_t at = 0;
    size_t last = 0;
    size_t last_size = 0;

    while (at < size) {
        size_t frame = ZSTD_findFrameCompressedSize(dump + at, size - at);
        uint8_t entry[8];

        if (ZSTD_isError(frame) || frame < 8 || load_le32(dump + at) == DUMP_SEEK_TABLE_MAGIC) {
            break;
        }
        store_le32(entry, (uint32_t)frame);
        store_le32(entry + 4, 0);
        if (load_le32(dump + at) == DUMP_JSON_MAGIC) {
            if ((what & FIX_JSON) != 0) {
                fix_json(dump + at, frame);
            }
            last = at;
            last_size = frame;
        } else {
            store_le32(entry + 4, (uint32_t)fix_zstd(dump + at, frame, (what & FIX_ZSTD) != 0));
        }
        fuzz_append(&table, entry, sizeof entry);
        at += frame;
    }
    if ((what & FIX_FILE) != 0 && last_size > 0) {
        fix_manifest(dump, last, last_size);
        fix_json(dump + last, last_size);
    }
    if ((what & FIX_TABLE) != 0 && table.size > 0 && size - at == table.size + 17) {
        memcpy(dump + at + 8, table.data, table.size);
    }
    buffer_free(&table);
}

/* Reads all chunks; decompresses them if there is a decompressor. */
static bool read_chunks(DumpReader *reader, Decompressor *decompressor, Error *error)
{
    DumpChunk chunk = {0};
    Buffer tuples = {0};
    bool end = false;
    bool done = true;

    while (done && !end) {
        SetDigest digest;

        done = dump_reader_next(reader, &chunk, &end, error);
        if (done && !end && decompressor != NULL) {
            done = dump_chunk_unpack(reader, decompressor, &chunk, &tuples, &digest, error) &&
                   dump_reader_account(reader, &chunk, buffer_slice(&tuples), digest, error);
            FUZZ_CHECK(!done || tuples.size == chunk.size);
        }
    }
    dump_chunk_free(&chunk);
    buffer_free(&tuples);
    return done;
}

typedef enum Reading { UNPACKED, UNREAD, AHEAD } Reading;

static bool read_dump(const char *path, Reading reading, Error *error)
{
    Decompressor *decompressor = NULL;
    DumpManifest manifest = {0};
    DumpReader *reader;
    bool found = true;
    bool done;

    if (!dump_reader_open(path, &reader, error)) {
        return false;
    }
    switch (reading) {
    case UNPACKED:
        done = decompressor_new(&decompressor, error) && read_chunks(reader, decompressor, error) &&
               dump_reader_finish(reader, &manifest, error);
        break;
    case UNREAD:
        done =
            read_chunks(reader, NULL, error) && dump_reader_finish_unread(reader, &manifest, error);
        break;
    default:
        done = dump_reader_peek_manifest(reader, &found, &manifest, error);
        FUZZ_CHECK(!done || found);
        break;
    }
    FUZZ_CHECK(!done || manifest.package_count == dump_reader_header(reader)->package_count);
    dump_manifest_free(&manifest);
    decompressor_free(decompressor);
    dump_reader_free(reader);
    return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    Slice input = slice_of(data, size);
    unsigned what = fuzz_byte(&input);
    uint8_t *dump = fuzz_copy(input);
    bool accepted[AHEAD + 1];

    if (fd < 0) {
        fd = memfd_create("dump", MFD_CLOEXEC);
        FUZZ_CHECK(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    fix_dump(dump, input.size, what);
    FUZZ_CHECK(ftruncate(fd, 0) == 0);
    FUZZ_CHECK(pwrite(fd, dump, input.size, 0) == (ssize_t)input.size);
    for (Reading reading = UNPACKED; reading <= AHEAD; reading++) {
        Error error = {0};

        accepted[reading] = read_dump(path, reading, &error);
        if (!accepted[reading]) {
            FUZZ_CHECK(error.code == EXIT_CODE_DUMP);
            FUZZ_CHECK(strstr(error.message, path) != NULL);
            FUZZ_CHECK(strstr(error.message, ", offset ") != NULL);
        }
    }
    FUZZ_CHECK(!accepted[UNPACKED] || accepted[UNREAD]);
    FUZZ_CHECK(!accepted[UNREAD] || accepted[AHEAD]);
    free(dump);
    return 0;
}
