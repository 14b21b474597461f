/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redacts entries: partition key, key and value become those of an entry of the same type that
 * contains no secret and no name, and relates to the other entries as before.
 *
 * It knows the entries of the KV model (common/kv), not their source.  Whatever it does not know is
 * an error.  See FORMAT.md, "Redaction".
 */
#ifndef EXPORT_REDACT_ENTRY_H
#define EXPORT_REDACT_ENTRY_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* For one thread at a time.  Redactors with the same key give the same results.  Free accepts NULL.
 */
typedef struct Redactor Redactor;

/* The key is copied. */
bool redactor_new(Slice key, Redactor **redactor, Error *error);

/* A redacted entry; its parts belong to the redactor and are valid until its next use. */
typedef struct RedactedEntry {
    Slice partition_key;
    Slice key;
    Slice value;
} RedactedEntry;

/* Fails with EXIT_CODE_FAILED, naming the original entry, for anything unknown. */
bool redactor_entry(Redactor *redactor, Slice partition_key, Slice key, Slice value,
                    RedactedEntry *entry, Error *error);

/* Appends the pseudonym that the name has in entries. */
bool redactor_name(Redactor *redactor, const char *name, Buffer *pseudonym, Error *error);

void redactor_free(Redactor *redactor);

#endif
