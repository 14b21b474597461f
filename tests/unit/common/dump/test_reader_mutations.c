/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real dump, mutilated: every bit of what frames it altered, a sample of the bits of its data,
 * and cut at every byte of what frames it and in places of its data.  None of it may be accepted,
 * by whoever reads the chunks, passes over them or only looks at the manifest ahead.
 *
 * Two dumps of the same entries: compressed, and stored without a SHA-256 of the stream.
 *
 * All of the table takes minutes, so the usual run takes a part of it at random:
 *   MUTATIONS_SHARE   one in so many; 1 is all of it (`make mutations`)
 *   MUTATIONS_SEED    the seed
 */
#define _GNU_SOURCE /* memfd_create */
#include "tests/unit/dump_forge.h"

#include <inttypes.h>
#include <sys/mman.h>

#include "common/kv/entry.h"

static const char DUMP_PATH[] = "tests/fixtures/esti/esti.dump";

/* Numbers for the whole table; framing is tested completely. */
enum { DATA_BITS = 2000, DATA_CUTS = 500, DEFAULT_SHARE = 10, DEFAULT_SEED = 1 };

/* More than a reader of this dump needs: the table runs in one process. */
enum { MEMORY_BOUND_KILOBYTES = 64 * 1024 };

typedef struct Mutations {
    Buffer dump;
    Frames frames;
    int fd; /* the mutated dump, a file in memory */
    char path[32];
    uint64_t random;
    uint64_t share;
    size_t flips;
    size_t cuts;
} Mutations;

/* splitmix64 */
static uint64_t next_random(Mutations *mutations)
{
    uint64_t z = mutations->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL || text[0] == '\0' ? otherwise : strtoull(text, NULL, 10);
}

static bool chosen(Mutations *mutations)
{
    return next_random(mutations) % mutations->share == 0;
}

/* Writes the original dump from `offset` to its end, and truncates the file there. */
static void restore(const Mutations *mutations, size_t offset)
{
    size_t rest = mutations->dump.size - offset;

    assert_int_equal(pwrite(mutations->fd, mutations->dump.data + offset, rest, (off_t)offset),
                     rest);
    assert_int_equal(ftruncate(mutations->fd, (off_t)mutations->dump.size), 0);
}

static void assert_whole(const Mutations *mutations)
{
    Error error = {0};
    bool found;

    assert_done(read_dump(mutations->path, NULL, &error), &error);
    assert_done(read_dump_unread(mutations->path, &error), &error);
    assert_done(peek_dump(mutations->path, &found, &error), &error);
    assert_true(found);
}

/* Takes ownership of the dump. */
static void begin_table(Mutations *mutations, Buffer dump)
{
    uint64_t seed = setting("MUTATIONS_SEED", DEFAULT_SEED);

    *mutations = (Mutations){.dump = dump, .random = seed};
    mutations->share = setting("MUTATIONS_SHARE", DEFAULT_SHARE);
    assert_true(mutations->share > 0);
    mutations->frames = split_frames(buffer_slice(&dump));
    mutations->fd = memfd_create("mutated-dump", MFD_CLOEXEC);
    assert_true(mutations->fd >= 0);
    snprintf(mutations->path, sizeof mutations->path, "/proc/self/fd/%d", mutations->fd);
    restore(mutations, 0);
    /* The original is accepted, so the refusals below are due to the mutations. */
    assert_whole(mutations);
}

static void end_table(Mutations *mutations)
{
    assert_whole(mutations);
    print_message("%zu flipped bits, %zu cuts, one in %" PRIu64 ", seed %" PRIu64 "\n",
                  mutations->flips, mutations->cuts, mutations->share,
                  setting("MUTATIONS_SEED", DEFAULT_SEED));
    close(mutations->fd);
    buffer_free(&mutations->dump);
}

/* The message names the file and an offset in it. */
static void assert_names_place(const Mutations *mutations, const Error *error, const char *reading,
                               const char *mutation)
{
    char before[64];
    const char *offset;
    char *behind = NULL;
    uint64_t value = UINT64_MAX;

    snprintf(before, sizeof before, "dump \"%s\", offset ", mutations->path);
    offset = strstr(error->message, before);
    if (offset != NULL) {
        value = strtoull(offset + strlen(before), &behind, 10);
    }
    if (error->code != EXIT_CODE_DUMP || behind == NULL || *behind != ':' ||
        value > mutations->dump.size) {
        fail_msg("%s, %s: exit code %d, \"%s\"", mutation, reading, (int)error->code,
                 error->message);
    }
}

/* All readers refuse it; `ahead`: so does one that reads only the header, the seek table and the
 * manifest. */
static void assert_mutation_refused(const Mutations *mutations, bool ahead, const char *mutation)
{
    Error error = {0};
    bool found;

    if (read_dump(mutations->path, NULL, &error)) {
        fail_msg("%s: accepted", mutation);
    }
    assert_names_place(mutations, &error, "read", mutation);
    error = (Error){0};
    if (read_dump_unread(mutations->path, &error)) {
        fail_msg("%s: accepted unread", mutation);
    }
    assert_names_place(mutations, &error, "unread", mutation);
    error = (Error){0};
    if (!peek_dump(mutations->path, &found, &error)) {
        assert_names_place(mutations, &error, "ahead", mutation);
    } else if (ahead || !found) {
        fail_msg("%s: accepted ahead", mutation);
    }
}

static void flip(Mutations *mutations, size_t offset, unsigned bit, bool ahead)
{
    uint8_t original = mutations->dump.data[offset];
    uint8_t altered = original ^ (uint8_t)(1u << bit);
    char mutation[64];

    snprintf(mutation, sizeof mutation, "bit %u of byte %zu", bit, offset);
    assert_int_equal(pwrite(mutations->fd, &altered, 1, (off_t)offset), 1);
    assert_mutation_refused(mutations, ahead, mutation);
    assert_int_equal(pwrite(mutations->fd, &original, 1, (off_t)offset), 1);
    mutations->flips++;
}

static void cut(Mutations *mutations, size_t size)
{
    char mutation[64];

    snprintf(mutation, sizeof mutation, "cut to %zu bytes", size);
    assert_int_equal(ftruncate(mutations->fd, (off_t)size), 0);
    assert_mutation_refused(mutations, true, mutation);
    restore(mutations, size);
    mutations->cuts++;
}

/* Calls the function for all frames that are not data. */
static void for_framing(Mutations *mutations,
                        void (*visit)(Mutations *mutations, size_t offset, bool ahead))
{
    size_t last = mutations->frames.count - 1;

    for (size_t i = 0; i <= last; i++) {
        Slice frame = mutations->frames.items[i];
        size_t first = (size_t)(frame.data - mutations->dump.data);

        for (size_t at = 0; is_skippable(frame) && at < frame.size; at++) {
            visit(mutations, first + at, i == 0 || i == last - 1);
        }
    }
}

/* A random byte of a data frame, each with the same probability. */
static size_t place_of_data(Mutations *mutations)
{
    size_t total = 0;
    size_t at;

    for (size_t i = 0; i < mutations->frames.count; i++) {
        total += is_skippable(mutations->frames.items[i]) ? 0 : mutations->frames.items[i].size;
    }
    at = (size_t)(next_random(mutations) % total);
    for (size_t i = 0;; i++) {
        Slice frame = mutations->frames.items[i];

        if (is_skippable(frame)) {
            continue;
        }
        if (at < frame.size) {
            return (size_t)(frame.data - mutations->dump.data) + at;
        }
        at -= frame.size;
    }
}

static void flip_byte_of_framing(Mutations *mutations, size_t offset, bool ahead)
{
    for (unsigned bit = 0; bit < 8; bit++) {
        if (chosen(mutations)) {
            flip(mutations, offset, bit, ahead);
        }
    }
}

static void cut_at_byte_of_framing(Mutations *mutations, size_t offset, bool ahead)
{
    (void)ahead;
    if (chosen(mutations)) {
        cut(mutations, offset);
    }
}

/* Runs the table.  Takes ownership of the dump. */
static void run_mutations(Buffer dump)
{
    Mutations mutations;
    long before;

    begin_table(&mutations, dump);
    before = resident_kilobytes();
    for_framing(&mutations, flip_byte_of_framing);
    for (size_t i = 0; i < DATA_BITS / mutations.share; i++) {
        size_t offset = place_of_data(&mutations);

        flip(&mutations, offset, (unsigned)(next_random(&mutations) % 8), false);
    }
    for_framing(&mutations, cut_at_byte_of_framing);
    for (size_t i = 0; i < DATA_CUTS / mutations.share; i++) {
        cut(&mutations, place_of_data(&mutations));
    }
    /* There are at least 4,000 bytes of framing. */
    assert_true(mutations.flips > (4000 * 8 / 2 + DATA_BITS / 2) / mutations.share);
    assert_true(mutations.cuts > (4000 / 2 + DATA_CUTS / 2) / mutations.share);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed */
    assert_true(resident_kilobytes() - before < MEMORY_BOUND_KILOBYTES);
#else
    (void)before;
#endif
    end_table(&mutations);
}

static void test_no_mutation_of_a_real_dump_is_accepted(void **state)
{
    Buffer dump = {0};

    (void)state;
    file_read(DUMP_PATH, &dump);
    run_mutations(dump);
}

/* Adds the entries of a chunk as a unit. */
static void copy_chunk(ChunkWriter *chunks, size_t unit, const DumpChunk *chunk, Slice content)
{
    Error error = {0};

    assert_done(chunk_writer_begin(chunks, unit, chunk->package, &error), &error);
    while (content.size > 0) {
        const char *problem = "";
        Entry entry;

        assert_true(entry_next(&content, &entry, &problem));
        add_entry(chunks, entry.partition_key, entry.key, entry.value);
    }
    assert_done(chunk_writer_end(chunks, &error), &error);
}

static void copy_chunks(DumpReader *reader, DumpWriter *writer)
{
    Decompressor *decompressor;
    ChunkWriter *chunks;
    DumpChunk chunk = {0};
    Buffer content = {0};
    Error error = {0};
    bool end = false;

    assert_done(decompressor_new(&decompressor, &error), &error);
    assert_done(chunk_writer_new(writer, &chunks, &error), &error);
    for (size_t unit = 0;; unit++) {
        SetDigest digest;

        assert_done(dump_reader_next(reader, &chunk, &end, &error), &error);
        if (end) {
            break;
        }
        assert_done(dump_chunk_unpack(reader, decompressor, &chunk, &content, &digest, &error),
                    &error);
        copy_chunk(chunks, unit, &chunk, buffer_slice(&content));
    }
    chunk_writer_free(chunks);
    decompressor_free(decompressor);
    dump_chunk_free(&chunk);
    buffer_free(&content);
}

/* Writes the real dump's entries again, uncompressed and without the SHA-256. */
static void write_stored(const char *path)
{
    DumpManifest manifest = {0};
    DumpReader *reader;
    DumpWriter *writer;
    DumpHeader header;
    Error error = {0};

    assert_done(dump_reader_open(DUMP_PATH, &reader, &error), &error);
    header = *dump_reader_header(reader);
    header.compression_level = COMPRESSION_LEVEL_STORE;
    header.has_stream_sha256 = false;
    writer = new_writer(path, &header);
    copy_chunks(reader, writer);
    manifest.package_count = header.package_count;
    for (size_t i = 0; i < header.package_count; i++) {
        manifest.packages[i].name = header.packages[i];
    }
    assert_done(dump_writer_finish(writer, &manifest, &error), &error);
    dump_manifest_free(&manifest);
    dump_writer_free(writer);
    dump_reader_free(reader);
}

static void test_no_mutation_of_a_stored_dump_without_sha256_is_accepted(void **state)
{
    const char *path = folder_path(state, "stored");
    Buffer dump = {0};

    write_stored(path);
    file_read(path, &dump);
    assert_true(dump.size > 250 * 1000);
    run_mutations(dump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_mutation_of_a_real_dump_is_accepted),
        cmocka_unit_test_setup_teardown(
            test_no_mutation_of_a_stored_dump_without_sha256_is_accepted, folder_setup,
            folder_teardown),
    };

    return cmocka_run_group_tests_name("mutated dumps", tests, NULL, NULL);
}
