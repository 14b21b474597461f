/*
 * Names and what stands for them: a keyed hash, so that nobody without the key can tell whether a
 * pseudonym is that of a name that he thinks of.
 *
 * The same bytes have the same pseudonym wherever they stand, so that relations hold.  Not for the
 * parts of a text that has a structure: texts.h.
 */
#ifndef EXPORT_REDACT_PSEUDONYM_H
#define EXPORT_REDACT_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* For one thread at a time; two of the same key are equal.  Free takes NULL. */
typedef struct Pseudonyms Pseudonyms;

/* The key is copied. */
bool pseudonyms_new(Slice key, Pseudonyms **names, Error *error);

/*
 * Appends the pseudonym of a name; nothing for an empty one.  It is of digits and lower case
 * consonants and begins with a letter: valid wherever lakeFS wants a name of its own kind (a
 * repository's id is the narrowest), and it spells no word.  Its length tells only a range of the
 * name's: 16, 24, 32, 48, 63 (the most that a repository's id may have), then powers of 2 up to
 * 1024 and multiples of that.  16 characters are 79 bits.
 */
bool pseudonym_append(Pseudonyms *names, Slice name, Buffer *pseudonym, Error *error);

/* Fills `bytes` with a keyed hash of the content, for what is a hash and not a name: `kind` (a
 * constant) keeps those of different kinds apart. */
bool pseudonym_fill(Pseudonyms *names, const char *kind, Slice content, uint8_t *bytes, size_t size,
                    Error *error);

void pseudonyms_free(Pseudonyms *names);

#endif
