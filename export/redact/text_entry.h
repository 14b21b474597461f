/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redacts entries whose value is text rather than a message: what an installation notes about
 * itself, the version, tokens to clean up, usage.
 */
#ifndef EXPORT_REDACT_TEXT_ENTRY_H
#define EXPORT_REDACT_TEXT_ENTRY_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "export/redact/pseudonym.h"

/* Appends the redacted key and value of an entry of one of lakeFS's own partitions.  Refuses what
 * it does not know. */
bool text_entry_redact(Pseudonyms *names, Slice partition_key, Slice key, Slice value,
                       Buffer *redacted_key, Buffer *redacted_value, Error *error);

#endif
