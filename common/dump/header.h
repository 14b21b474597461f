/*
 * The dump's first frame: what the dump is, where it comes from, what it was told to leave out.
 * FORMAT.md, "Header".
 */
#ifndef COMMON_DUMP_HEADER_H
#define COMMON_DUMP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

enum { DUMP_MAX_PACKAGES = 32, DUMP_MAX_OMITTED = 64 };

/* A package that the dump leaves out on request stands in `omitted` as this and its name. */
#define DUMP_OMITTED_PACKAGE "package:"
/* The rules of branch protection, left out on request. */
#define DUMP_OMITTED_SETTINGS "settings"

/* Where a dump's entries are from: the legacy tables, or a KV store. */
#define DUMP_SOURCE_LEGACY "legacy"
#define DUMP_SOURCE_KV "kv"

/* All texts are borrowed: from the caller when it is written, from `json` when it was read. */
typedef struct DumpHeader {
    const char *program;
    const char *program_version;
    const char *created; /* RFC 3339, UTC */
    struct {
        const char *kind;  /* DUMP_SOURCE_… */
        const char *store; /* what it is kept in; NULL: PostgreSQL */
        const char *database;
        const char *schema;
        const char *server_version;
        const char *system_identifier; /* of the cluster, as pg_control_system() tells it */
        uint64_t schema_version;       /* of the legacy tables; 0: there were none */
        const char *snapshot;          /* as pg_current_snapshot() prints it */
        /* By which it was judged what had expired, RFC 3339, to the microsecond; NULL where nothing
         * does, and in a dump of an older program, which did not tell. */
        const char *time;
    } source;
    uint64_t kv_version;           /* what the import stamps into the KV store */
    uint64_t kv_migration_version; /* what the import stamps into schema_migrations */
    const char *packages[DUMP_MAX_PACKAGES];
    size_t package_count;
    int64_t compression_level;  /* for people: the frames say how they are to be read */
    bool has_stream_sha256;     /* the manifest states it */
    uint64_t estimated_entries; /* for a progress display; 0: not known */
    bool redacted;
    const char *omitted[DUMP_MAX_OMITTED];
    size_t omitted_count;
    void *json; /* owner of what was read */
} DumpHeader;

/* The JSON text, malloced; NULL when out of memory. */
char *dump_header_encode(const DumpHeader *header, Error *error);

/* Reads the JSON text.  False with EXIT_CODE_DUMP when it is no header or of another major format
 * version.  End with dump_header_free, also after a failure. */
bool dump_header_decode(Slice text, DumpHeader *header, Error *error);

void dump_header_free(DumpHeader *header);

#endif
