/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internals of the DynamoDB target, shared by its files.  Others use TARGET_DYNAMODB.
 *
 *   target.c   checks, the empty table, the stamp
 *   compare.c  what a table lacks of a dump, and has besides
 *   clear.c    emptying a table
 *   load.c     writing entries
 *   sum.c      what the table holds in the end
 *   senders.c  parallel requests
 *   batch.c    the entries of a request
 */
#ifndef COMMON_STORE_DYNAMODB_TARGET_H
#define COMMON_STORE_DYNAMODB_TARGET_H

#include "common/store/dynamodb/client.h"
#include "common/store/dynamodb/rate_limit.h"
#include "common/store/dynamodb/senders.h"
#include "common/store/dynamodb/table.h"
#include "common/store/legacy_database.h"
#include "common/store/target.h"

enum { LOAD_ID_SIZE = 32 };

/* The state of compare.c. */
typedef struct DynamoComparison DynamoComparison;

/* Entries, and their set digest. */
typedef struct EntriesSum {
    uint64_t entries;
    SetDigest digest;
} EntriesSum;

struct Target {
    const TargetOptions *options;
    DynamoClient *client;
    LegacyDatabase database; /* {0} if there is no legacy database */
    DynamoTableInfo info;    /* as found by `open` */
    RateLimit rate;
    DynamoComparison *comparison;   /* NULL: all entries are written */
    DynamoSenders *senders;         /* NULL until `prepare` */
    bool unfinished;                /* the store that was compared is at version 0 for now */
    char load_id[LOAD_ID_SIZE + 1]; /* random */
};

/* load.c: whether an entry is the version's, which the load itself writes. */
bool dynamodb_is_version(const Entry *entry);

/* compare.c: whether a load compares the table with the dump. */
bool dynamodb_compares(const Target *target);

/* compare.c; see TargetDriver. */
bool dynamodb_expect(Target *target, uint64_t entries, bool *compared, Error *error);
bool dynamodb_remember(Target *target, Slice tuples, Error *error);
bool dynamodb_compare(Target *target, uint64_t version, bool *equal, Error *error);

/* Whether the table had an equal entry; false if nothing was compared. */
bool dynamodb_has_equal(Target *target, const Entry *entry, bool *equal, Error *error);

/* Deletes the items that the dump lacks, through the senders. */
bool dynamodb_delete_extra(Target *target, Error *error);

/* Takes NULL. */
void dynamodb_comparison_free(DynamoComparison *comparison);

/* sum.c: reads the table; `expected` entries are for the progress reports. */
bool dynamodb_sum(Target *target, uint64_t expected, EntriesSum *sum, Error *error);

/* clear.c: deletes all items except the version's, through the senders. */
bool dynamodb_clear(Target *target, Error *error);

/* load.c; see TargetDriver. */
bool dynamodb_check_entries(Slice tuples, uint64_t *units, Error *error);
bool dynamodb_begin_load(Target *target, Loader **loader, Error *error);
bool dynamodb_load(Loader *loader, Slice tuples, uint64_t entries, Error *error);
bool dynamodb_end_load(Loader *loader, bool keep, Error *error);

#endif
