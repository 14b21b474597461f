/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a restore has done, and what is left to do for the operator: as messages, or as JSON.
 */
#ifndef IMPORT_RESTORE_REPORT_H
#define IMPORT_RESTORE_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/kv/repository.h"

/* {0} is empty; end with restore_report_free. */
typedef struct RestoreReport {
    const char *id; /* of the repository in the dump; borrowed, like the next three */
    const KvRepository *source;
    const KvRepository *target;
    const KvRepository *replaced; /* NULL: none */
    uint64_t parts[KV_PARTS];     /* entries, by part; those that are left out, too */
    uint64_t multiparts;          /* uploads restored */
    uint64_t full_addresses;      /* staged objects whose address does not depend on the
                                   * storage namespace */
    uint64_t removed;             /* entries that stood in the way */
    uint64_t renewed_tokens;
    json_t *policies; /* an array of {"policy", "resource"}; owned */
} RestoreReport;

/* Prints messages, or (`json`) an object to standard output. */
bool restore_report_print(const RestoreReport *report, bool json, Error *error);

/* The repository existed, and was left as it is. */
bool restore_report_skipped(const char *id, bool json, Error *error);

void restore_report_free(RestoreReport *report);

#endif
