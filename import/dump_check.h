/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a whole dump only to check it: its own checksums and counts, and whether a target accepts
 * its entries.
 */
#ifndef IMPORT_DUMP_CHECK_H
#define IMPORT_DUMP_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/dump/manifest.h"
#include "common/dump/reader.h"
#include "common/store/target.h"

/* Reads to the end with `workers` threads, and reports progress towards `expected_entries`.  *units
 * is the target's cost of writing the entries; 0 if it has none.  The caller frees the manifest,
 * even after a failure. */
bool dump_check(DumpReader *reader, size_t workers, const TargetDriver *target,
                uint64_t expected_entries, uint64_t *units, DumpManifest *manifest, Error *error);

/* How many entries the dump has: by its manifest if the input can seek, else as estimated by who
 * made it; 0: unknown.  Call it before anything is read. */
uint64_t dump_expected_entries(DumpReader *reader);

#endif
