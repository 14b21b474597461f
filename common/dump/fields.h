/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fields of a header and of a manifest may hold.  A dump may come from anybody: a field is
 * checked when it is read, by its type and by its alphabet, before anything is done with it.
 *
 * Source: FORMAT.md, "Header" and "Manifest".
 */
#ifndef COMMON_DUMP_FIELDS_H
#define COMMON_DUMP_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

/* A kind of text. */
typedef struct DumpField {
    bool (*check)(const char *text);
    const char *what; /* for messages: "is not ..." */
} DumpField;

extern const DumpField DUMP_FIELD_NAME;       /* of anything that a user names: 1 to 255 bytes */
extern const DumpField DUMP_FIELD_WORD;       /* of a program or an option: [a-z0-9_:-], 1 to 63 */
extern const DumpField DUMP_FIELD_VERSION;    /* 0 to 127 printable ASCII characters */
extern const DumpField DUMP_FIELD_REASON;     /* 1 to 255 bytes without control characters */
extern const DumpField DUMP_FIELD_TIME;       /* RFC 3339 */
extern const DumpField DUMP_FIELD_CLUSTER;    /* a system identifier: a number of 64 bits, or "" */
extern const DumpField DUMP_FIELD_SNAPSHOT;   /* as pg_current_snapshot() prints it, or "" */
extern const DumpField DUMP_FIELD_TABLE_WORD; /* a legacy table: [a-z0-9_], 1 to 63 */
extern const DumpField DUMP_FIELD_PACKAGE;    /* one of KV_PACKAGE_NAMES */

/* More entries, rows and chunks than a database can hold; the sum of all of a manifest's fits into
 * 64 bits. */
#define DUMP_MAX_COUNT (UINT64_C(1) << 48)
/* The same for the bytes of a package. */
#define DUMP_MAX_BYTES (UINT64_C(1) << 58)
#define DUMP_MAX_NUMBER ((uint64_t)INT64_MAX)

/* Reads the member `name` of `object`; *text is borrowed from it.  EXIT_CODE_DUMP when it is
 * missing or not such a text; the message names the member, and never shows its value. */
bool dump_field_text(const json_t *object, const char *name, const DumpField *field,
                     const char **text, Error *error);

/* The same for a member that may be missing: *text is then NULL. */
bool dump_field_optional(const json_t *object, const char *name, const DumpField *field,
                         const char **text, Error *error);

/* Reads a number from `least` to `most`. */
bool dump_field_number(const json_t *object, const char *name, uint64_t least, uint64_t most,
                       uint64_t *number, Error *error);

#endif
