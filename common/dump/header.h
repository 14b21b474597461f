/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first frame of a dump: what it is, where it comes from, and what was left out.  FORMAT.md,
 * "Header".
 */
#ifndef COMMON_DUMP_HEADER_H
#define COMMON_DUMP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/dump/tables.h"

enum { DUMP_MAX_PACKAGES = 32, DUMP_MAX_OMITTED = 64 };

/* Prefix of a package's name in `omitted`: left out on request. */
#define DUMP_OMITTED_PACKAGE "package:"
/* Branch protection rules left out on request. */
#define DUMP_OMITTED_SETTINGS "settings"

/* Where the entries come from: the legacy tables or a KV store. */
#define DUMP_SOURCE_LEGACY "legacy"
#define DUMP_SOURCE_KV "kv"

/* All strings are borrowed: from the caller for writing, from `json` after reading.  The same goes
 * for the tables, which dump_header_free frees after reading. */
typedef struct DumpHeader {
    const char *program;
    const char *program_version;
    const char *created; /* RFC 3339, UTC */
    struct {
        const char *kind;  /* DUMP_SOURCE_... */
        const char *store; /* type of the store; NULL: PostgreSQL */
        const char *database;
        uint32_t database_oid; /* 0: unknown, as in older dumps */
        const char *schema;
        const char *server_version;
        const char *system_identifier; /* of the cluster, from pg_control_system() */
        uint64_t schema_version;       /* of the legacy tables; 0: none */
        DumpTables tables;    /* that were read; empty for a KV store, and in older dumps */
        const char *snapshot; /* as pg_current_snapshot() prints it */
        /* The time used to decide what had expired: RFC 3339, to the microsecond.  NULL if nothing
         * can expire, and in dumps by older programs, which do not state it. */
        const char *time;
    } source;
    uint64_t kv_version;           /* the version that the import stamps the KV store with */
    uint64_t kv_migration_version; /* the version that the import writes to schema_migrations */
    const char *packages[DUMP_MAX_PACKAGES];
    size_t package_count;
    int64_t compression_level;  /* informational: frames describe themselves */
    bool has_stream_sha256;     /* the manifest contains it */
    uint64_t estimated_entries; /* for progress reports; 0: unknown */
    bool redacted;
    const char *omitted[DUMP_MAX_OMITTED];
    size_t omitted_count;
    /* Ids of repositories whose branch protection rules were left out on request.  After reading,
     * the array is owned, too. */
    const char **omitted_settings;
    size_t omitted_settings_count;
    /* Ids of the repositories that the dump was limited to; none: it holds all.  Likewise owned. */
    const char **repositories;
    size_t repository_count;
    void *json; /* owns the strings after reading */
} DumpHeader;

/* The package that one of `omitted` names; NULL if it is anything else that was left out. */
const char *dump_omitted_package(const char *omitted);

/* The first package that was left out; NULL: none. */
const char *dump_header_omitted_package(const DumpHeader *header);

/* The JSON text, malloced; NULL when out of memory. */
char *dump_header_encode(const DumpHeader *header, Error *error);

/* Parses the JSON text.  False with EXIT_CODE_DUMP when it is not a header or has another major
 * format version.  End with dump_header_free, also after a failure. */
bool dump_header_decode(Slice text, DumpHeader *header, Error *error);

void dump_header_free(DumpHeader *header);

#endif
