/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's dump: its type, whether it is complete, and reading it as SQL.
 *
 * The caller opens the file, once.  Programs that read its contents (gzip, zstd, pg_restore) run as
 * the server's user.
 */
#ifndef SCRIPTS_SESSION_REPLAY_DUMP_FILE_H
#define SCRIPTS_SESSION_REPLAY_DUMP_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"
#include "common/cli/progress.h"
#include "scripts/session/replay/identity.h"

typedef enum DumpKind {
    DUMP_KV,     /* of kv-export */
    DUMP_CUSTOM, /* of pg_dump, in the custom format */
    DUMP_SQL     /* of pg_dump, as SQL */
} DumpKind;

typedef struct DumpFile {
    const char *name;         /* as the user gave it, for messages */
    char path[PATH_MAX];      /* a file that can be read again: the dump or a copy */
    int file;                 /* the same, open; -1: not open */
    const char *decompressor; /* "gzip", "zstd"; NULL: not compressed */
    const char *restorer;     /* path of pg_restore; set by the caller */
    const Identity *identity;
    DumpKind kind;
    ProgressMode progress; /* of copies */
} DumpFile;

/* Opens the file and finds out its type.  An input that can be read only once is copied into the
 * folder.  EXIT_CODE_DUMP if it is not a dump, EXIT_CODE_USAGE if it cannot be read. */
bool dump_file_open(DumpFile *dump, const char *name, const Identity *identity, const char *folder,
                    ProgressMode progress, Error *error);

/* Checks that an SQL dump has its last lines: psql would not notice a truncated one. */
bool dump_file_check_end(const DumpFile *dump, Error *error);

/* Decompresses a compressed dump into the folder; from then on `dump` is the result. */
bool dump_file_unpack(DumpFile *dump, const char *folder, Error *error);

void dump_file_close(DumpFile *dump);

/* A dump being read through other programs. */
typedef struct DumpStream {
    int output;        /* the dump's data, to read from */
    int errors;        /* messages of the programs */
    pid_t children[2]; /* 0: none */
} DumpStream;

/* Starts reading the dump, decompressed or as SQL.  Call dump_stream_close also after a failure. */
bool dump_stream_open(const DumpFile *dump, bool as_sql, DumpStream *stream, Error *error);

/* Ends the programs.  Call it after reading enough.  False if one of them failed, unless it failed
 * only because its output was no longer read. */
bool dump_stream_close(const DumpFile *dump, DumpStream *stream, Error *error);

#endif
