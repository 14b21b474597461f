/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constants of the dump format.  The specification is FORMAT.md in this folder, which has each
 * constant under the same name or value.
 */
#ifndef COMMON_DUMP_FORMAT_H
#define COMMON_DUMP_FORMAT_H

#include <stdint.h>

#define DUMP_FORMAT_NAME "lakefs-kv-dump"

/* A reader refuses any other major version and reads any minor version of its own. */
enum { DUMP_FORMAT_MAJOR = 1, DUMP_FORMAT_MINOR = 2 };

/* zstd skippable frames: 4 bytes magic, 4 bytes payload size, both little-endian. */
#define DUMP_JSON_MAGIC UINT32_C(0x184D2A57)
#define DUMP_SEEK_TABLE_MAGIC UINT32_C(0x184D2A5E)
#define DUMP_SEEK_TABLE_FOOTER_MAGIC UINT32_C(0x8F92EAB1)

enum {
    DUMP_SKIPPABLE_HEADER_SIZE = 8,
    DUMP_JSON_CHECKSUM_SIZE = 8,           /* XXH64 of the JSON text, which it follows;
                                            * little-endian */
    DUMP_JSON_MAX_SIZE = 1024 * 1024,      /* of a JSON frame's payload */
    DUMP_SEEK_TABLE_ENTRY_SIZE = 8,        /* compressed and decompressed size, 4 bytes each */
    DUMP_SEEK_TABLE_FOOTER_SIZE = 9,       /* frames, descriptor, magic */
    DUMP_SEEK_TABLE_MAX_FRAMES = 0x8000000 /* zstd's own limit */
};

/* The maximum size of a chunk with more than one entry, decompressed ... */
enum { DUMP_CHUNK_SIZE = 4 * 1024 * 1024 };

/* ... and of a chunk with a single entry: PostgreSQL's limit for a value, 1 GiB, plus room for the
 * keys. */
#define DUMP_CHUNK_MAX_SIZE (UINT64_C(1) << 30 | UINT64_C(1) << 24)

/* The "frame" member of each kind of JSON frame. */
#define DUMP_FRAME_HEADER "header"
#define DUMP_FRAME_COPY_HEADER "copy-header"
#define DUMP_FRAME_CHUNK "chunk"
#define DUMP_FRAME_COPY_TRAILER "copy-trailer"
#define DUMP_FRAME_MANIFEST "manifest"

/* The bounds in a chunk's announcement. */
#define DUMP_BOUND_PARTITIONS "partitions"
#define DUMP_BOUND_KEYS "keys"

#endif
