/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/json_line.h"

#include "common/base/base64.h"
#include "common/base/json_quote.h"
#include "common/kv/entry_json.h"
#include "common/kv/package.h"
#include "import/diff/secrets.h"

static const char *operation(const Difference *difference)
{
    if (difference->has_old && difference->has_new) {
        return "changed";
    }
    return difference->has_new ? "added" : "removed";
}

bool json_line_append_value(Buffer *line, const char *member, const Entry *entry,
                            const Entry *other, const char **type, Error *error)
{
    Buffer hidden = {0};
    Entry shown;
    bool done = secrets_hide(entry, other, &hidden, &shown, error) &&
                buffer_append_format(line, error, ",\"%s\":", member) &&
                entry_json_append_value(line, &shown, type, error);

    buffer_free(&hidden);
    return done;
}

/* Appends the members "old" and "new". */
static bool append_values(Buffer *line, const Difference *difference, const char **type,
                          Error *error)
{
    const Entry *old_entry = difference->has_old ? &difference->old_entry : NULL;
    const Entry *new_entry = difference->has_new ? &difference->new_entry : NULL;

    return (old_entry == NULL ||
            json_line_append_value(line, "old", old_entry, new_entry, type, error)) &&
           (new_entry == NULL ||
            json_line_append_value(line, "new", new_entry, old_entry, type, error));
}

bool json_line_append(Buffer *line, const Difference *difference, Error *error)
{
    const Entry *entry = difference_entry(difference);
    KvPackage package = kv_package_of(entry->partition_key, entry->key, entry->value);
    const char *type = "";
    Buffer values = {0};
    bool done =
        append_values(&values, difference, &type, error) &&
        buffer_append_format(line, error, "{\"op\":\"%s\",\"package\":\"%s\",\"partition\":",
                             operation(difference), KV_PACKAGE_NAMES[package]) &&
        json_quote_bytes(line, entry->partition_key, error) &&
        buffer_append_text(line, ",\"key\":", error) && json_quote_bytes(line, entry->key, error) &&
        buffer_append_format(line, error, ",\"type\":\"%s\"", type) &&
        buffer_append(line, values.data, values.size, error) &&
        buffer_append_text(line, "}\n", error);

    buffer_free(&values);
    return done;
}

static bool append_base64(Buffer *line, const char *member, Slice bytes, Error *error)
{
    return buffer_append_format(line, error, ",\"%s\":\"", member) &&
           base64_append(line, bytes, error) && buffer_append_text(line, "\"", error);
}

bool json_line_append_raw(Buffer *line, const Difference *difference, Error *error)
{
    const Entry *entry = difference_entry(difference);

    return buffer_append_format(line, error, "{\"op\":\"%s\"", operation(difference)) &&
           append_base64(line, "partition_key", entry->partition_key, error) &&
           append_base64(line, "key", entry->key, error) &&
           (!difference->has_old ||
            append_base64(line, "old", difference->old_entry.value, error)) &&
           (!difference->has_new ||
            append_base64(line, "new", difference->new_entry.value, error)) &&
           buffer_append_text(line, "}\n", error);
}
