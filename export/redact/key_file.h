/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key for pseudonyms: random for each run, or from --redact-key-file.
 */
#ifndef EXPORT_REDACT_KEY_FILE_H
#define EXPORT_REDACT_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

enum { REDACT_KEY_MIN_SIZE = 16, REDACT_KEY_MAX_SIZE = 4096 };

typedef struct RedactKey {
    uint8_t bytes[REDACT_KEY_MAX_SIZE];
    size_t size;
} RedactKey;

/* Uses all bytes of the file as the key; NULL: generates a random key.  Fails with EXIT_CODE_USAGE
 * if the file cannot be read or has too few or too many bytes.  Warns where other users can read or
 * change it. */
bool redact_key_read(const char *file, RedactKey *key, Error *error);

/* Overwrites the key. */
void redact_key_wipe(RedactKey *key);

static inline Slice redact_key_slice(const RedactKey *key)
{
    return slice_of(key->bytes, key->size);
}

#endif
