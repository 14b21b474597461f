/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/kept_store.h"

#include "common/base/quantity.h"
#include "scripts/session/migrate/report.h"

#include <stdio.h>

void kept_store_print(const KeptStore *kept, int indent)
{
    char size[QUANTITY_SIZE];

    if (kept->name[0] != '\0') {
        quantity_bytes(kept->bytes, size);
        report_field(stdout, indent, "kept store",
                     "%s, about %s: kv-import --undo brings it back, --forget drops it", kept->name,
                     size);
    }
}

json_t *kept_store_encode(const KeptStore *kept)
{
    return kept->name[0] == '\0' ? json_null()
                                 : json_pack("{s:s, s:I}", "table", kept->name, "estimated_bytes",
                                             (json_int_t)kept->bytes);
}
