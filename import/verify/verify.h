/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares a KV store with a dump: for --verify, and for a load into a store that is not to be
 * replaced.  Entries are compared as messages where their bytes differ (entry_digest.h).
 */
#ifndef IMPORT_VERIFY_VERIFY_H
#define IMPORT_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/dump/reader.h"
#include "import/options.h"

typedef struct VerifyResult {
    const char *source; /* what the store is compared with, for messages */
    bool equal;
    uint64_t dump_version;
    uint64_t store_version;
    uint64_t dump_entries; /* without the version */
    uint64_t store_entries;
    bool partial;       /* the dump does not hold a whole store */
    bool redacted;      /* the dump is */
    bool counted;       /* these are known: */
    uint64_t missing;   /* entries that only the dump has */
    uint64_t different; /* that both have, with different values; the version counts, too */
    uint64_t extra;     /* that only the store has */
    bool extra_users;   /* some of them are of lakeFS's default mode with one user */
} VerifyResult;

/*
 * Changes nothing.  If they are equal, prints one line.  If not, fails with EXIT_CODE_FAILED and
 * prints the first differences as JSON lines {"difference": "missing" | "extra" | "value",
 * "partition": bytes, "key": bytes, "dump": value, "store": value}, as seen from the dump: an entry
 * that only the dump has is missing.  Values are those of diff/json_line.h.  To name differences
 * the dump is read a second time, from the path of --second-reading if it is given; that path is
 * not opened otherwise.  Standard input and pipes cannot be read again: without
 * --second-reading their differences are not named.
 */
bool verify_store(const ImportOptions *options, Error *error);

/*
 * Compares without printing anything.  The dump comes from `reader`, which has not been read yet
 * and is read to its end; if something differs and the options name a file, that is read once more,
 * to count the differences.  The store is read with a connection of its
 * own.  Call it after signals_start and progress_init.  False only if it could not compare.
 */
bool verify_compare(const ImportOptions *options, DumpReader *reader, VerifyResult *result,
                    Error *error);

/* Sets the error's detail: how many entries differ, or how many there are.  Returns false. */
bool verify_set_detail(const VerifyResult *result, Error *error);

#endif
