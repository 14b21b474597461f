/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/dump_file.h"

#include "common/base/buffer.h"
#include "common/base/interrupt.h"
#include "scripts/session/replay/programs.h"
#include "scripts/session/replay/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DATABASE_DUMP[] = "-- PostgreSQL database dump";
static const char CLUSTER_DUMP[] = "-- PostgreSQL database cluster dump";
static const char DUMP_COMPLETE[] = "-- PostgreSQL database dump complete";

enum { ENDS_SIZE = 4096 }; /* bytes examined at either end */

/* Reads until the buffer is full or the input ends; returns the number of bytes read. */
static size_t read_some(int source, uint8_t *data, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t got = read(source, data + used, size - used);

        if (got < 0 && errno == EINTR && interrupt_signal() == 0) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        used += (size_t)got;
    }
    return used;
}

/* Whether the data has this line. */
static bool has_line(const uint8_t *data, size_t size, const char *line)
{
    size_t length = strlen(line);

    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t here = end == NULL ? size : (size_t)(end - data);

        if (here == length && memcmp(data, line, length) == 0) {
            return true;
        }
        if (end == NULL) {
            break;
        }
        data += here + 1;
        size -= here + 1;
    }
    return false;
}

static bool cannot_copy(const DumpFile *dump, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE,
                     "could not copy what is read from \"%s\" to \"%s\": %s", dump->name,
                     dump->path, strerror(errno));
}

static bool write_all(int target, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(target, data, size);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        data += written;
        size -= (size_t)written;
    }
    return true;
}

static bool copy_all(const DumpFile *dump, int source, int target, Error *error)
{
    static char piece[64 * 1024];

    for (;;) {
        ssize_t got = read(source, piece, sizeof piece);

        if (got < 0 && errno == EINTR) {
            if (!interrupt_check(error)) {
                return false;
            }
            continue;
        }
        if (got == 0) {
            return true;
        }
        if (got < 0 || !write_all(target, piece, (size_t)got)) {
            return cannot_copy(dump, error);
        }
        progress_add(0, (uint64_t)got);
    }
}

/* Creates a file of the caller's in the folder. */
static int make_file(DumpFile *dump, const char *folder, const char *name)
{
    snprintf(dump->path, sizeof dump->path, "%s/%s", folder, name);
    return open(dump->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Copies an input that can be read only once. */
static bool copy_input(DumpFile *dump, int source, const char *folder, Error *error)
{
    bool done;

    dump->file = make_file(dump, folder, "input");
    done = (dump->file >= 0 || cannot_copy(dump, error)) && progress_init(dump->progress, error);
    if (done) {
        progress_begin_bytes("copy", 0);
        done = copy_all(dump, source, dump->file, error);
    }
    if (done) {
        progress_end();
    }
    progress_stop();
    return done;
}

static bool cannot_open(const DumpFile *dump, const Identity *identity, Error *error)
{
    if (errno == ENOENT) {
        return error_set(error, EXIT_CODE_USAGE, "there is no file \"%s\"", dump->name);
    }
    if (errno == EACCES && !identity->differs) {
        return error_set(error, EXIT_CODE_USAGE, "\"%s\" cannot be read by user %s", dump->name,
                         identity->name);
    }
    return error_set(error, EXIT_CODE_USAGE, "could not open \"%s\": %s", dump->name,
                     strerror(errno));
}

/* Prefixes a path that a program would take for an option. */
static bool set_path(DumpFile *dump, Error *error)
{
    int size = snprintf(dump->path, sizeof dump->path, "%s%s", dump->name[0] == '-' ? "./" : "",
                        dump->name);

    if (size < 0 || (size_t)size >= sizeof dump->path) {
        errno = ENAMETOOLONG;
        return cannot_open(dump, dump->identity, error);
    }
    return true;
}

static bool open_named(DumpFile *dump, const char *folder, Error *error)
{
    struct stat status;
    int file;
    bool done;

    if (!set_path(dump, error)) {
        return false;
    }
    file = open(dump->path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        return cannot_open(dump, dump->identity, error);
    }
    dump->file = file;
    if (S_ISREG(status.st_mode)) {
        return true;
    }
    if (S_ISDIR(status.st_mode)) {
        error_set(error, EXIT_CODE_DUMP, "\"%s\" is a folder", dump->name);
        return error_hint(error, "The supported formats of pg_dump are SQL and custom (-Fc).");
    }
    done = copy_input(dump, file, folder, error);
    close(file);
    return done;
}

static bool no_dump(const DumpFile *dump, bool of_cluster, Error *error)
{
    error_set(error, EXIT_CODE_DUMP, "\"%s\" is not a dump of a known type", dump->name);
    if (of_cluster) {
        return error_hint(
            error, "It was made by pg_dumpall. Make a dump of lakeFS's database with pg_dump.");
    }
    return error_hint(
        error,
        "Supported are dumps of kv-export, and of pg_dump as SQL or in the custom format (-Fc).");
}

/* Reads the beginning of the dump.  Damage further on does not matter here. */
static bool read_beginning(const DumpFile *dump, uint8_t *data, size_t *size, Error *error)
{
    DumpStream stream;
    Error ignored;
    bool done = dump_stream_open(dump, false, &stream, error);

    *size = done ? read_some(stream.output, data, ENDS_SIZE) : 0;
    dump_stream_close(dump, &stream, &ignored);
    return done && interrupt_check(error);
}

static bool find_compression(DumpFile *dump, Error *error)
{
    uint8_t magic[4] = {0};

    (void)!pread(dump->file, magic, sizeof magic, 0);
    if (magic[0] == 0x1f && magic[1] == 0x8b) {
        dump->decompressor = "gzip";
    } else if (memcmp(magic, "\x28\xb5\x2f\xfd", sizeof magic) == 0) {
        dump->decompressor = "zstd";
    }
    return dump->decompressor == NULL ||
           programs_require(dump->decompressor, dump->decompressor, error);
}

static bool find_kind(DumpFile *dump, Error *error)
{
    static uint8_t data[ENDS_SIZE];
    size_t size;

    if (!find_compression(dump, error) || !read_beginning(dump, data, &size, error)) {
        return false;
    }
    if (size >= 5 && memcmp(data, "PGDMP", 5) == 0) {
        dump->kind = DUMP_CUSTOM;
        return true;
    }
    /* The zstd frame at the beginning of a dump of kv-export. */
    if (size >= 5 && (data[0] & 0xf0) == 0x50 && memcmp(data + 1, "\x2a\x4d\x18", 3) == 0) {
        dump->kind = DUMP_KV;
        return true;
    }
    dump->kind = DUMP_SQL;
    /* A pg_dumpall dump also contains database dumps, so check for it first. */
    if (has_line(data, size, CLUSTER_DUMP)) {
        return no_dump(dump, true, error);
    }
    return has_line(data, size, DATABASE_DUMP) || no_dump(dump, false, error);
}

bool dump_file_open(DumpFile *dump, const char *name, const Identity *identity, const char *folder,
                    ProgressMode progress, Error *error)
{
    *dump = (DumpFile){.name = name, .file = -1, .identity = identity, .progress = progress};
    if (strcmp(name, "-") == 0) {
        dump->name = "standard input";
        return copy_input(dump, STDIN_FILENO, folder, error) && find_kind(dump, error);
    }
    return open_named(dump, folder, error) && find_kind(dump, error);
}

void dump_file_close(DumpFile *dump)
{
    if (dump->file >= 0) {
        close(dump->file);
        dump->file = -1;
    }
}

/* Reads to the end, and keeps the last bytes. */
static size_t read_end(int source, uint8_t *data)
{
    size_t size = read_some(source, data, 2 * (size_t)ENDS_SIZE);

    while (size == 2 * (size_t)ENDS_SIZE) {
        memcpy(data, data + ENDS_SIZE, ENDS_SIZE);
        size = ENDS_SIZE + read_some(source, data + ENDS_SIZE, ENDS_SIZE);
    }
    return size;
}

bool dump_file_check_end(const DumpFile *dump, Error *error)
{
    static uint8_t data[2 * ENDS_SIZE];
    DumpStream stream;
    size_t size = 0;
    bool opened;

    if (dump->kind != DUMP_SQL) {
        return true;
    }
    opened = dump_stream_open(dump, false, &stream, error);
    if (opened) {
        size = read_end(stream.output, data);
    }
    if (!dump_stream_close(dump, &stream, opened ? error : &(Error){0}) || !opened) {
        return false;
    }
    if (has_line(data, size, DUMP_COMPLETE)) {
        return true;
    }
    error_set(error, EXIT_CODE_DUMP, "\"%s\" could not be read to its end", dump->name);
    error_detail(error, "Its last lines are missing.");
    return error_hint(error, "Make the dump, or copy it, again.");
}

bool dump_file_unpack(DumpFile *dump, const char *folder, Error *error)
{
    DumpStream stream;
    int target;
    bool done;

    if (dump->decompressor == NULL) {
        return true;
    }
    target = make_file(dump, folder, "unpacked");
    if (target < 0) {
        return cannot_copy(dump, error);
    }
    done = dump_stream_open(dump, false, &stream, error) &&
           copy_all(dump, stream.output, target, error);
    done = dump_stream_close(dump, &stream, done ? error : &(Error){0}) && done;
    dump_file_close(dump);
    dump->file = target;
    dump->decompressor = NULL;
    return done;
}
