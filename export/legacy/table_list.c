/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/table_list.h"

bool table_list_append(const Package *const *packages, size_t package_count, Buffer *list,
                       Error *error)
{
    const char *separator = "{";

    for (size_t i = 0; i < package_count; i++) {
        for (const char *const *table = packages[i]->tables; *table != NULL; table++) {
            /* Their names need no quotes. */
            if (!buffer_append_format(list, error, "%s%s", separator, *table)) {
                return false;
            }
            separator = ",";
        }
    }
    return buffer_append_text(list, "}", error);
}
