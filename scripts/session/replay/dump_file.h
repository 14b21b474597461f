/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dump that is handed in: what kind it is of, whether it is whole, and reading it as SQL.
 *
 * The file is opened once, by the caller.  Programs that look into it (gzip, zstd, pg_restore) run
 * as the server's user.
 */
#ifndef SCRIPTS_SESSION_REPLAY_DUMP_FILE_H
#define SCRIPTS_SESSION_REPLAY_DUMP_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "scripts/session/replay/identity.h"

typedef enum DumpKind {
    DUMP_KV,     /* of kv-export */
    DUMP_CUSTOM, /* of pg_dump, in the custom format */
    DUMP_SQL     /* of pg_dump, as SQL */
} DumpKind;

typedef struct DumpFile {
    const char *name;         /* as the user gave it; "-" is standard input */
    char path[PATH_MAX];      /* a file that can be read again, such as a copy */
    int file;                 /* the same, open; -1: not yet */
    const char *decompressor; /* "gzip", "zstd"; NULL: it is not compressed */
    const char *restorer;     /* which pg_restore; set by the caller */
    const Identity *identity;
    DumpKind kind;
} DumpFile;

/* Opens the file, or copies what can be read only once into the folder, and finds out its kind.
 * EXIT_CODE_DUMP where it is no dump, EXIT_CODE_USAGE where it cannot be read. */
bool dump_file_open(DumpFile *dump, const char *name, const Identity *identity, const char *folder,
                    Error *error);

/* Checks that a dump as SQL has its last lines: what is missing would be missing silently. */
bool dump_file_check_end(const DumpFile *dump, Error *error);

/* Decompresses it into the folder, if it is compressed; it is the result from then on. */
bool dump_file_unpack(DumpFile *dump, const char *folder, Error *error);

void dump_file_close(DumpFile *dump);

/* A dump that is being read, by way of other programs. */
typedef struct DumpStream {
    int output;        /* to be read */
    int errors;        /* what the programs complain of */
    pid_t children[2]; /* 0: none */
} DumpStream;

/* Begins to read it without compression, or as SQL.  dump_stream_close also after a failure. */
bool dump_stream_open(const DumpFile *dump, bool as_sql, DumpStream *stream, Error *error);

/* Whether the programs came to a good end, or at least to none of their own making because nobody
 * read on; to be called when enough was read. */
bool dump_stream_close(const DumpFile *dump, DumpStream *stream, Error *error);

#endif
