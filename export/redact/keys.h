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
bool key_redact(Pseudonyms *names, Slice key, const ProtobufCMessage *before,
                const ProtobufCMessage *after, Buffer *redacted, Error *error);

/* The key of the entry that an index refers to: a user, a policy or a run. */
TextRule text_primary_key;

/* The name of a repository's own partition, "<repository>-<instance id>".  Any other is refused. */
TextRule text_repository_partition;

#endif
