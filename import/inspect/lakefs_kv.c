/* SPDX-License-Identifier: Apache-2.0 */
#include "import/inspect/lakefs_kv.h"

#include "common/base/base64.h"
#include "common/base/json_quote.h"
#include "common/base/utf8.h"
#include "common/kv/model.h"

#include <inttypes.h>
#include <stdio.h>

/* Bytes of a key shown in messages. */
enum { SHOWN = 200 };

static Slice shown(Slice text)
{
    return slice_of(text.data, text.size < SHOWN ? text.size : SHOWN);
}

static bool refuse(const Entry *entry, const char *why, Error *error)
{
    Buffer partition = {0};
    Buffer key = {0};

    if (json_quote_bytes(&partition, shown(entry->partition_key), error) &&
        json_quote_bytes(&key, shown(entry->key), error)) {
        error_set(error, EXIT_CODE_FAILED,
                  "partition %s, key %s: lakeFS's JSON cannot hold this entry: %s",
                  buffer_string(&partition), buffer_string(&key), why);
        error_hint(error, "The output is incomplete, and no lakeFS loads any of it. Remove or "
                          "rename what this belongs to, then take another dump.");
    }
    buffer_free(&partition);
    buffer_free(&key);
    return false;
}

static bool check(const Entry *entry, Error *error)
{
    if (entry->partition_key.size == 0 || entry->key.size == 0) {
        return refuse(entry, "the partition or the key is empty", error);
    }
    return (utf8_is_valid(entry->partition_key) && utf8_is_valid(entry->key)) ||
           refuse(entry, "the partition or the key is not UTF-8", error);
}

/* A JSON string; the text is UTF-8. */
static bool quote(Buffer *json, Slice text, Error *error)
{
    size_t plain = 0; /* where what is not yet appended begins */

    if (!buffer_append_text(json, "\"", error)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];

        if (byte >= ' ' && byte != '"' && byte != '\\' && byte != 0x7f) {
            continue;
        }
        if (!buffer_append(json, text.data + plain, i - plain, error) ||
            !buffer_append_format(json, error, "\\u%04x", byte)) {
            return false;
        }
        plain = i + 1;
    }
    return buffer_append(json, text.data + plain, text.size - plain, error) &&
           buffer_append_text(json, "\"", error);
}

bool lakefs_kv_begin(Buffer *json, const char *time, Error *error)
{
    return buffer_append_text(json, "{\"version\":\"1.0\",\"timestamp\":", error) &&
           quote(json, slice_text(time), error) &&
           buffer_append_text(json, ",\"entries\":[\n", error);
}

bool lakefs_kv_entry(Buffer *json, const Entry *entry, Error *error)
{
    return check(entry, error) && buffer_append_text(json, ",{\"partition\":", error) &&
           quote(json, entry->partition_key, error) &&
           buffer_append_text(json, ",\"key\":", error) && quote(json, entry->key, error) &&
           buffer_append_text(json, ",\"value\":\"", error) &&
           base64_append(json, entry->value, error) && buffer_append_text(json, "\"}\n", error);
}

bool lakefs_kv_version(Buffer *json, uint64_t version, Error *error)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, version);
    return lakefs_kv_entry(
        json,
        &(Entry){slice_text(KV_PARTITION_INTERNAL), slice_text(KV_VERSION_KEY), slice_text(text)},
        error);
}

bool lakefs_kv_end(Buffer *json, Error *error)
{
    return buffer_append_text(json, "]}\n", error);
}
