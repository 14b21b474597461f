/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/entry_json.h"

#include "common/base/base64.h"
#include "common/base/json_quote.h"
#include "common/kv/entry_type.h"
#include "common/kv/message_json.h"

static bool append_typed(Buffer *line, const char *type, Error *error)
{
    return buffer_append_text(line, ",\"type\":\"", error) &&
           buffer_append_text(line, type, error) &&
           buffer_append_text(line, "\",\"value\":", error);
}

static bool append_undecoded(Buffer *json, const KvEntryType *type, Slice value, Error *error)
{
    return type->form == KV_VALUE_TEXT ? message_json_append_text(json, value, error)
                                       : message_json_append_bytes(json, value, error);
}

/* Appends the members "type" and "value". */
static bool append_value(Buffer *line, const Entry *entry, Error *error)
{
    KvEntryType type = kv_entry_type(entry->partition_key, entry->key, entry->value);
    size_t size = line->size;
    bool valid = false;

    if (type.form != KV_VALUE_MESSAGE) {
        return append_typed(line, type.name, error) &&
               append_undecoded(line, &type, entry->value, error);
    }
    if (!append_typed(line, type.name, error) ||
        !message_json_append(line, type.message, entry->value, &valid, error)) {
        return false;
    }
    if (valid) {
        return true;
    }
    line->size = size;
    return append_typed(line, "bytes", error) &&
           message_json_append_bytes(line, entry->value, error);
}

bool entry_json_append_value(Buffer *json, const Entry *entry, const char **type, Error *error)
{
    KvEntryType found = kv_entry_type(entry->partition_key, entry->key, entry->value);
    bool valid = false;

    *type = found.name;
    if (found.form == KV_VALUE_MESSAGE) {
        if (!message_json_append(json, found.message, entry->value, &valid, error)) {
            return false;
        }
        if (valid) {
            return true;
        }
        *type = "bytes";
    }
    return append_undecoded(json, &found, entry->value, error);
}

bool entry_json_append(Buffer *line, const char *package, const Entry *entry, Error *error)
{
    return buffer_append_text(line, "{\"package\":", error) &&
           json_quote_text(line, slice_text(package), error) &&
           buffer_append_text(line, ",\"partition\":", error) &&
           json_quote_bytes(line, entry->partition_key, error) &&
           buffer_append_text(line, ",\"key\":", error) &&
           json_quote_bytes(line, entry->key, error) && append_value(line, entry, error) &&
           buffer_append_text(line, "}", error);
}

bool entry_json_append_raw(Buffer *line, const Entry *entry, Error *error)
{
    return buffer_append_text(line, "{\"partition_key\":\"", error) &&
           base64_append(line, entry->partition_key, error) &&
           buffer_append_text(line, "\",\"key\":\"", error) &&
           base64_append(line, entry->key, error) &&
           buffer_append_text(line, "\",\"value\":\"", error) &&
           base64_append(line, entry->value, error) && buffer_append_text(line, "\"}", error);
}
