/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of entries that are equal for equal entries.  lakeFS writes the pairs of a map in random
 * order, so entries can be equal though their bytes are not.
 */
#ifndef IMPORT_VERIFY_ENTRY_DIGEST_H
#define IMPORT_VERIFY_ENTRY_DIGEST_H

#include <protobuf-c/protobuf-c.h>

#include "common/base/digest.h"
#include "common/base/slice.h"
#include "common/kv/entry.h"

/*
 * Adds the digest of an entry, given with its tuple in COPY BINARY form: of its bytes, or, if its
 * value is a message in which a map has several pairs, of its keys and the message, whatever the
 * order of the pairs.  Takes no memory.
 */
void entry_digest_add(SetDigest *digest, const Entry *entry, Slice tuple);

/* The digest of the value alone. */
SetDigest entry_value_digest(const Entry *entry);

/* The digest of what a message has in one field. */
SetDigest entry_field_digest(Slice message, const ProtobufCFieldDescriptor *field);

#endif
