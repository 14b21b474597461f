/*
 * Reading all of a dump for its checks alone: its own, and whether a target takes what is in it.
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

/* Reads to the end, by so many threads, with progress towards `expected_entries`.  *units is what
 * the target says that it costs to write the entries; 0 where it does not care.  The manifest is to
 * be freed, also after a failure. */
bool dump_check(DumpReader *reader, size_t workers, const TargetDriver *target,
                uint64_t expected_entries, uint64_t *units, DumpManifest *manifest, Error *error);

#endif
