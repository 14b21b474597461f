/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/entry.h"

#include "common/base/arena.h"
#include "common/base/buffer.h"
#include "common/base/printable.h"
#include "common/kv/entry_type.h"
#include "common/kv/model.h"
#include "common/kv/package.h"
#include "export/redact/fields.h"
#include "export/redact/keys.h"
#include "export/redact/refusal.h"
#include "export/redact/text_entry.h"
#include "export/redact/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graveler.pb-c.h"

struct Redactor {
    Pseudonyms *names;
    Arena arena; /* for one entry */
    Buffer partition_key;
    Buffer key;
    Buffer value;
};

bool redactor_new(Slice key, Redactor **redactor, Error *error)
{
    *redactor = calloc(1, sizeof **redactor);
    if (*redactor == NULL) {
        return error_out_of_memory(error);
    }
    if (!pseudonyms_new(key, &(*redactor)->names, error)) {
        redactor_free(*redactor);
        *redactor = NULL;
        return false;
    }
    return true;
}

static bool is_text(Slice bytes, const char *text)
{
    return slice_equal(bytes, slice_text(text));
}

/* Whether it is a partition whose name is lakeFS's own. */
static bool is_common_partition(Slice partition_key)
{
    static const char *const NAMES[] = {
        KV_PARTITION_AUTH,     KV_PARTITION_BASIC_AUTH, KV_PARTITION_ACL_AUTH,
        KV_PARTITION_ACTIONS,  KV_PARTITION_MULTIPARTS, KV_PARTITION_GRAVELER,
        KV_PARTITION_INTERNAL, KV_PARTITION_PULLS,      KV_PARTITION_CLEANUP,
        KV_PARTITION_CATALOG,  KV_PARTITION_OWNERSHIP,  KV_PARTITION_USAGE};

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (is_text(partition_key, NAMES[i])) {
            return true;
        }
    }
    return false;
}

static bool append_unchanged(Buffer *redacted, Slice bytes, Error *error)
{
    return buffer_append(redacted, bytes.data, bytes.size, error);
}

static bool redact_partition(Redactor *redactor, Slice partition_key,
                             const ProtobufCMessageDescriptor *message, Error *error)
{
    if (is_common_partition(partition_key)) {
        return append_unchanged(&redactor->partition_key, partition_key, error);
    }
    return (message == &kv__staged_entry_data__descriptor ? text_staging_token
                                                          : text_repository_partition)(
        redactor->names, partition_key, &redactor->partition_key, error);
}

/* Redacts a message.  The key needs the message before and after. */
static bool redact_value(Redactor *redactor, const ProtobufCMessageDescriptor *descriptor,
                         Slice value, ProtobufCMessage **before, ProtobufCMessage **after,
                         Error *error)
{
    Slice packed;

    return fields_read_message(descriptor, value, &redactor->arena, before, error) &&
           fields_read_message(descriptor, value, &redactor->arena, after, error) &&
           fields_redact_message(redactor->names, *after, &redactor->arena, error) &&
           fields_write_message(*after, &redactor->arena, &packed, error) &&
           append_unchanged(&redactor->value, packed, error);
}

static bool redact_message(Redactor *redactor, Slice partition_key,
                           const ProtobufCMessageDescriptor *descriptor, Slice key, Slice value,
                           Error *error)
{
    ProtobufCMessage *before;
    ProtobufCMessage *after;

    return redact_partition(redactor, partition_key, descriptor, error) &&
           redact_value(redactor, descriptor, value, &before, &after, error) &&
           key_redact(redactor->names, partition_key, key, before, after, &redactor->key, error);
}

static bool redact_text_entry(Redactor *redactor, Slice partition_key, Slice key, Slice value,
                              Error *error)
{
    return redact_partition(redactor, partition_key, NULL, error) &&
           text_entry_redact(redactor->names, partition_key, key, value, &redactor->key,
                             &redactor->value, error);
}

static bool redact(Redactor *redactor, const KvEntryType *type, Slice partition_key, Slice key,
                   Slice value, Error *error)
{
    switch (type->form) {
    case KV_VALUE_MESSAGE:
        return redact_message(redactor, partition_key, type->message, key, value, error);
    case KV_VALUE_TEXT:
        return redact_text_entry(redactor, partition_key, key, value, error);
    case KV_VALUE_BYTES:
        break;
    }
    return redact_refused(error, "unknown kind of entry");
}

/* --package names what is exported, so a package is left out by naming the others. */
static bool hint_at_package(Error *error, KvPackage package)
{
    char others[100] = "";
    size_t used = 0;

    for (KvPackage other = 0; other < KV_PACKAGE_OTHER; other++) {
        if (other != package) {
            used += (size_t)snprintf(others + used, sizeof others - used, " --package=%s",
                                     KV_PACKAGE_NAMES[other]);
        }
    }
    return error_hint(error,
                      "Only known kinds of content can be redacted. Fix the row, or leave out its "
                      "package, %s, by naming the others:%s%s.%s",
                      KV_PACKAGE_NAMES[package], others,
                      package == KV_PACKAGE_OTHER ? "" : " (with --source=kv also --package=other)",
                      package == KV_PACKAGE_GRAVELER
                          ? " Branch protection rules of legacy tables: --no-settings."
                          : "");
}

/* Names the entry; the operator may see what the dump must not contain. */
static bool explain(Error *error, Slice partition_key, Slice key, Slice value)
{
    if (error->hint[0] != '\0') {
        hint_at_package(error, kv_package_of(partition_key, key, value));
    }
    return error_detail(error, "Partition \"%s\", key \"%s\".", PRINTABLE_NAME(partition_key),
                        PRINTABLE_NAME(key));
}

bool redactor_entry(Redactor *redactor, Slice partition_key, Slice key, Slice value,
                    RedactedEntry *entry, Error *error)
{
    KvEntryType type = kv_entry_type(partition_key, key, value);

    arena_reset(&redactor->arena);
    redactor->partition_key.size = 0;
    redactor->key.size = 0;
    redactor->value.size = 0;
    if (!redact(redactor, &type, partition_key, key, value, error)) {
        return explain(error, partition_key, key, value);
    }
    *entry = (RedactedEntry){buffer_slice(&redactor->partition_key), buffer_slice(&redactor->key),
                             buffer_slice(&redactor->value)};
    if (strcmp(kv_entry_type(entry->partition_key, entry->key, entry->value).name, type.name) !=
        0) {
        redact_refused(error, "once redacted it would no longer be a %s", type.name);
        return explain(error, partition_key, key, value);
    }
    return true;
}

bool redactor_name(Redactor *redactor, const char *name, Buffer *pseudonym, Error *error)
{
    return text_name(redactor->names, slice_text(name), pseudonym, error);
}

void redactor_free(Redactor *redactor)
{
    if (redactor != NULL) {
        pseudonyms_free(redactor->names);
        arena_free(&redactor->arena);
        buffer_free(&redactor->partition_key);
        buffer_free(&redactor->key);
        buffer_free(&redactor->value);
        free(redactor);
    }
}
