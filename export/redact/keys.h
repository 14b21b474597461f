/*
 * Keys of entries, redacted.
 *
 * An entry's message says what its key must be.  That is compared with the key, so that a name with
 * a "/" in it is taken apart at the right place, and the redacted message then says what the
 * redacted key must be.
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
 * Appends the key of an entry, redacted, whose message is `before`, and `after` once redacted.
 * False, as refused, when the message asks for another key, or when keys of such entries are not
 * known here.
 */
bool key_redact(Pseudonyms *names, Slice key, const ProtobufCMessage *before,
                const ProtobufCMessage *after, Buffer *redacted, Error *error);

/* The key of the entry that an index leads to: a user, a policy or a run. */
TextRule text_primary_key;

/* The name of a repository's own partition, "<repository>-<instance id>".  Any other is refused. */
TextRule text_repository_partition;

#endif
