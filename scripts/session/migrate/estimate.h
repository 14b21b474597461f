/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large the dump will be, and how long the downtime, from a sample that kv-export exports and
 * from one that is loaded.
 */
#ifndef SCRIPTS_SESSION_MIGRATE_ESTIMATE_H
#define SCRIPTS_SESSION_MIGRATE_ESTIMATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/error.h"
#include "scripts/session/migrate/session.h"

typedef struct Estimate {
    bool known; /* kv-export has told it */
    bool whole; /* from all rows */
    int64_t sample_rows;
    int64_t entries;
    int64_t entry_bytes; /* uncompressed */
    int64_t key_bytes;   /* of them, in keys */
    int64_t write_units; /* of DynamoDB */
    int64_t dump_bytes;
    double export_seconds;
    bool load_known;
    double load_seconds;
    Error load_problem; /* why it is not known */
} Estimate;

/* Takes what kv-export's dry run has printed; nothing is known if that is nothing. */
void estimate_take(Estimate *estimate, const char *printed);

/* If the export's estimate is known, estimates the load as well.  False only if this program is
 * asked to stop. */
bool estimate_load(Estimate *estimate, const Session *session, Error *error);

/* Where an estimate comes from: "measured on all 396 rows" or "on a sample of 56,125 rows". */
enum { ESTIMATE_BASIS_SIZE = 80 };
void estimate_basis(const Estimate *estimate, char text[ESTIMATE_BASIS_SIZE]);

/* Prints the estimate for people; sets its members of the dry run's object. */
void estimate_print(const Estimate *estimate, const Session *session, FILE *output, int indent);
void estimate_encode(const Estimate *estimate, const Session *session, json_t *object);

#endif
