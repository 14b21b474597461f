/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/version.h"

#include "common/kv/package.h"

#include <inttypes.h>
#include <string.h>

static bool refuse(uint64_t dump, uint64_t store, Error *error)
{
    return error_set(error, EXIT_CODE_REFUSED,
                     "the dump is of KV version %" PRIu64 ", the store of %" PRIu64, dump, store);
}

bool restore_version_check_repository(uint64_t dump, uint64_t store, Error *error)
{
    if (dump <= store) {
        return true;
    }
    refuse(dump, store, error);
    return error_hint(error,
                      "A lakeFS that works with this store does not know all that a newer one "
                      "has written. Bring the store to the dump's version first, with "
                      "\"lakefs migrate up\".");
}

bool restore_version_check_package(const char *package, uint64_t dump, uint64_t store, Error *error)
{
    if (strcmp(package, KV_PACKAGE_NAMES[KV_PACKAGE_AUTH]) != 0) {
        return restore_version_check_repository(dump, store, error);
    }
    if (dump == store) {
        return true;
    }
    refuse(dump, store, error);
    return error_hint(error,
                      "Between the two, lakeFS has changed policies. Load the dump into a new "
                      "store, bring that to the version with \"lakefs migrate up\", and take "
                      "a dump of it.");
}
