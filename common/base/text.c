/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/text.h"

#include <stddef.h>
#include <string.h>

bool text_copy(const char *text, char **copy, Error *error)
{
    *copy = text == NULL ? NULL : strdup(text);
    return text == NULL || *copy != NULL || error_out_of_memory(error);
}
