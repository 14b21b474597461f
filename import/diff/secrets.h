/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes secrets out of values that are shown: hashes of passwords, and secret keys of credentials.
 */
#ifndef IMPORT_DIFF_SECRETS_H
#define IMPORT_DIFF_SECRETS_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/kv/entry.h"

/*
 * Sets *shown to the entry, with a text in place of a secret that says whether the other value of
 * the entry (NULL: there is none) has another one.  Fields of such a message that are not known,
 * and the whole value if it is no such message, are left out, too.  *shown is valid as long as the
 * entry and the buffer.
 */
bool secrets_hide(const Entry *entry, const Entry *other, Buffer *buffer, Entry *shown,
                  Error *error);

#endif
