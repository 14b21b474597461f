/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redacts the keys of entries.
 *
 * An entry's message determines its key.  The key is checked against the message, so that a name
 * that contains "/" is split at the right place; the redacted message then determines the redacted
 * key.
 */
#ifndef EXPORT_REDACT_KEYS_H
#define EXPORT_REDACT_KEYS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "export/redact/pseudonym.h"
#include "export/redact/texts.h"

/*
 * Appends the redacted key of an entry whose message is `before`, and `after` once redacted.
 * Refuses a key that does not match the message, and keys of unknown kinds.
 */
bool key_redact(Pseudonyms *names, Slice partition_key, Slice key, const ProtobufCMessage *before,
                const ProtobufCMessage *after, Buffer *redacted, Error *error);

/* For the modules that know keys: the refusal of a key that does not match its value, and the text
 * between a prefix and a suffix, false if it does not have both. */
bool key_mismatch(Error *error);
bool key_between(Slice text, Slice before, Slice behind, Slice *middle);

/* The key of the entry that an index refers to: a user, a policy, a run or a pull request. */
TextRule text_primary_key;

/* The name of a repository's own partition, "<repository>-<instance id>".  Any other is refused. */
TextRule text_repository_partition;

#endif
