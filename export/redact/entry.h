/*
 * Entries, redacted: partition, key and value become those of an entry of the same type that holds
 * no secret and no name, and has its place among the others as before.
 *
 * It knows entries of the KV model (common/kv), not where they come from.  What it does not know is
 * an error.  FORMAT.md, "Redaction", tells what becomes of what.
 */
#ifndef EXPORT_REDACT_ENTRY_H
#define EXPORT_REDACT_ENTRY_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* For one thread at a time; those of the same key redact alike.  Free takes NULL. */
typedef struct Redactor Redactor;

/* The key is copied. */
bool redactor_new(Slice key, Redactor **redactor, Error *error);

/* An entry; its parts lie in the redactor, until its next use. */
typedef struct RedactedEntry {
    Slice partition_key;
    Slice key;
    Slice value;
} RedactedEntry;

/* False with EXIT_CODE_FAILED, naming the entry as it is, for what is not known. */
bool redactor_entry(Redactor *redactor, Slice partition_key, Slice key, Slice value,
                    RedactedEntry *entry, Error *error);

/* Appends the pseudonym that a name in entries gets. */
bool redactor_name(Redactor *redactor, const char *name, Buffer *pseudonym, Error *error);

void redactor_free(Redactor *redactor);

#endif
