/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dry run expects of the export, from a sample of the rows.
 */
#ifndef EXPORT_ESTIMATE_H
#define EXPORT_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

typedef struct ExportEstimate {
    bool whole;           /* the sample had all rows: only the time is an estimate */
    uint64_t sample_rows; /* rows in the sample */
    uint64_t left_out;    /* of them, for a reason that is warned about */
    double rows;          /* of the export, like all that follows */
    double entries;
    double entry_bytes; /* as tuples, uncompressed */
    double key_bytes;   /* of them, in partition keys and keys */
    double write_units; /* to write the entries into DynamoDB */
    double dump_bytes;
    double seconds;
} ExportEstimate;

/* Tells the estimate as a message and, to the program that supervises this one, as a JSON object on
 * standard output, whose members are those above. */
bool export_estimate_tell(const ExportEstimate *estimate, bool supervised, Error *error);

/* Warns that there is none, and why. */
void export_estimate_failed(const Error *cause);

#endif
