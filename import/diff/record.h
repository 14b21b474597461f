/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry of one of two stores as a run of bytes, and the order in which entries are compared: by
 * the part of lakeFS that they belong to, then by partition key and key, the old one first.
 */
#ifndef IMPORT_DIFF_RECORD_H
#define IMPORT_DIFF_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

typedef enum DiffSide { DIFF_OLD, DIFF_NEW } DiffSide;

/* The sections, in the order of the output.  The section depends on the partition key alone. */
typedef enum DiffSection {
    DIFF_SECTION_AUTH,
    DIFF_SECTION_REPOSITORIES, /* the list of all */
    DIFF_SECTION_STAGED,       /* and whatever has no other section */
    DIFF_SECTION_REPOSITORY,   /* what belongs to one */
    DIFF_SECTION_ACTIONS,
    DIFF_SECTION_MULTIPARTS,
    DIFF_SECTION_OTHER
} DiffSection;

/* What the bytes of a record begin with; partition key, key and value follow. */
typedef struct RecordHead {
    uint32_t partition_key_size;
    uint32_t key_size;
    uint32_t value_size;
    uint16_t side;    /* a DiffSide */
    uint16_t section; /* a DiffSection */
} RecordHead;

/* The section of a partition. */
DiffSection record_section(Slice partition_key);

/* Appends an entry. */
bool record_append(Buffer *records, DiffSide side, const Entry *entry, Error *error);

/* The size of the record that the head begins. */
size_t record_size(const RecordHead *head);

/* Takes a record apart; the entry points into it. */
RecordHead record_parse(const uint8_t *record, Entry *entry);

/* Compares two records: first which entry they are of, then the sides. */
int record_compare(const uint8_t *a, const uint8_t *b);

/* Whether two records are of the same entry. */
bool record_same_entry(const uint8_t *a, const uint8_t *b);

#endif
