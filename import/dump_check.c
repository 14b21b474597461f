/* SPDX-License-Identifier: Apache-2.0 */
#include "import/dump_check.h"

#include "common/cli/progress.h"
#include "import/sequential_read.h"

#include <stdatomic.h>

typedef struct DumpCheck {
    const TargetDriver *target;
    atomic_uint_fast64_t units;
} DumpCheck;

static bool check_chunk(void *state, void *worker, Slice tuples, uint64_t entries, Error *error)
{
    DumpCheck *check = state;
    uint64_t units = 0;

    (void)worker;
    (void)entries;
    if (check->target->check_entries != NULL &&
        !check->target->check_entries(tuples, &units, error)) {
        return false;
    }
    atomic_fetch_add(&check->units, units);
    return true;
}

uint64_t dump_expected_entries(DumpReader *reader)
{
    uint64_t entries = dump_reader_header(reader)->estimated_entries;
    DumpManifest manifest = {0};
    Error ignored = {0};
    bool found = false;

    if (dump_reader_peek_manifest(reader, &found, &manifest, &ignored) && found) {
        entries = dump_manifest_entries(&manifest);
    }
    dump_manifest_free(&manifest);
    return entries;
}

bool dump_check(DumpReader *reader, size_t workers, const TargetDriver *target,
                uint64_t expected_entries, uint64_t *units, DumpManifest *manifest, Error *error)
{
    static const DumpVisitor CHECKING = {.visit = check_chunk};
    DumpCheck check = {.target = target};

    atomic_init(&check.units, 0);
    progress_begin("check", expected_entries);
    if (!sequential_read_dump(reader, workers, &CHECKING, &check, manifest, error)) {
        return false;
    }
    progress_end();
    *units = atomic_load(&check.units);
    return true;
}
