/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pseudonyms for names: a keyed hash, so that nobody without the key can verify a guess at the name
 * behind a pseudonym.
 *
 * The same bytes always get the same pseudonym, which preserves relations.  For texts with a
 * structure, see texts.h.
 */
#ifndef EXPORT_REDACT_PSEUDONYM_H
#define EXPORT_REDACT_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* For one thread at a time.  The same key gives the same pseudonyms.  Free accepts NULL. */
typedef struct Pseudonyms Pseudonyms;

/* The key is copied. */
bool pseudonyms_new(Slice key, Pseudonyms **names, Error *error);

/*
 * Appends the pseudonym of a name; nothing for an empty name.  It consists of digits and lower-case
 * consonants and begins with a letter, so it is valid for every kind of name in lakeFS (repository
 * ids have the strictest rules) and spells no word.  Its length reveals only a range for the length
 * of the name: 16, 24, 32, 48, 63 (the limit for repository ids), then powers of 2 up to 1024, then
 * multiples of that.  16 characters are 79 bits.
 */
bool pseudonym_append(Pseudonyms *names, Slice name, Buffer *pseudonym, Error *error);

/* Fills `bytes` with a keyed hash of the content, to replace hashes rather than names.  `kind` (a
 * constant) separates different kinds of hashes. */
bool pseudonym_fill(Pseudonyms *names, const char *kind, Slice content, uint8_t *bytes, size_t size,
                    Error *error);

void pseudonyms_free(Pseudonyms *names);

#endif
