/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/text_entry.h"

#include "common/base/base64.h"
#include "common/kv/model.h"
#include "common/kv/time.h"
#include "export/redact/keys.h"
#include "export/redact/refusal.h"
#include "export/redact/texts.h"

#include <string.h>

static bool is_text(Slice bytes, const char *text)
{
    return slice_equal(bytes, slice_text(text));
}

static bool append(Buffer *redacted, Slice bytes, Error *error)
{
    return buffer_append(redacted, bytes.data, bytes.size, error);
}

static bool is_number(Slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.size > 0;
}

static bool text_kept(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    (void)names;
    return append(redacted, text, error);
}

/* Keeps "true", "false" and times. */
static bool text_flag(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    int64_t ignored;

    return is_text(text, "true") || is_text(text, "false") ||
                   kv_timestamptz_from_text(text, &ignored)
               ? append(redacted, text, error)
               : text_name(names, text, redacted, error);
}

static bool text_store(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    static const char *const STORES[] = {"postgres", "dynamodb", "local",
                                         "mem",      "cosmosdb", "redis"};

    for (size_t i = 0; i < sizeof STORES / sizeof STORES[0]; i++) {
        if (is_text(text, STORES[i])) {
            return append(redacted, text, error);
        }
    }
    return text_name(names, text, redacted, error);
}

/* Redacts what base64 holds by a rule, and encodes it again. */
static bool text_encoded(Pseudonyms *names, Slice text, TextRule *rule, Buffer *redacted,
                         Error *error)
{
    Buffer decoded = {0};
    Buffer pseudonym = {0};
    bool valid;
    bool done = base64_decode(&decoded, text, &valid, error);

    if (done && valid) {
        done = rule(names, buffer_slice(&decoded), &pseudonym, error) &&
               base64_append(redacted, buffer_slice(&pseudonym), error);
    } else if (done) {
        done = text_name(names, text, redacted, error);
    }
    buffer_free(&decoded);
    buffer_free(&pseudonym);
    return done;
}

static bool text_encoded_name(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return text_encoded(names, text, text_name, redacted, error);
}

static bool text_encoded_email(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return text_encoded(names, text, text_email, redacted, error);
}

/* Metadata of an installation whose names are lakeFS's own, and what becomes of their values. */
static const struct {
    const char *name;
    TextRule *value;
} METADATA[] = {
    {KV_INSTALLATION_ID_KEY, text_name},
    {"setup_timestamp", text_kept},
    {"lakefs_version", text_kept},
    {"golang_version", text_kept},
    {"architecture", text_kept},
    {"os", text_kept},
    {"lakefs_kv_type", text_store},
    {"is_k8s", text_flag},
    {"is_docker", text_flag},
    {"instrumentation", text_name},
    {"comm_prefs_set", text_flag},
    {"feature_updates", text_flag},
    {"setup_auth_none", text_flag},
    {"setup_auth_simplified", text_flag},
    {"setup_auth_external", text_flag},
    {"setup_auth_internal", text_flag},
    {"encoded_user_email", text_encoded_email},
    {"encoded_user_first_name", text_encoded_name},
    {"encoded_user_last_name", text_encoded_name},
    {"encoded_user_company_name", text_encoded_name},
};

static bool redact_installation(Pseudonyms *names, Slice key, Slice value, Buffer *redacted_key,
                                Buffer *redacted_value, Error *error)
{
    Slice name;

    if (is_text(key, KV_INSTALLATION_ID_KEY)) {
        return append(redacted_key, key, error) && text_name(names, value, redacted_value, error);
    }
    if (!key_between(key, slice_text(KV_INSTALLATION_METADATA), (Slice){0}, &name)) {
        return redact_refused(error, "unknown kind of entry");
    }
    for (size_t i = 0; i < sizeof METADATA / sizeof METADATA[0]; i++) {
        if (is_text(name, METADATA[i].name)) {
            return append(redacted_key, key, error) &&
                   METADATA[i].value(names, value, redacted_value, error);
        }
    }
    return buffer_append_text(redacted_key, KV_INSTALLATION_METADATA, error) &&
           text_name(names, name, redacted_key, error) &&
           text_name(names, value, redacted_value, error);
}

/* Keeps the version of the KV store. */
static bool redact_version(Pseudonyms *names, Slice key, Slice value, Buffer *redacted_key,
                           Buffer *redacted_value, Error *error)
{
    (void)names;
    return is_number(value) && is_text(key, KV_VERSION_KEY)
               ? append(redacted_key, key, error) && append(redacted_value, value, error)
               : redact_refused(error, "its value is not a version");
}

/* The key is a staging token; the value has no meaning. */
static bool redact_cleanup(Pseudonyms *names, Slice key, Slice value, Buffer *redacted_key,
                           Buffer *redacted_value, Error *error)
{
    return text_staging_token(names, key, redacted_key, error) &&
           (is_text(value, "stub-value") ? text_kept : text_name)(names, value, redacted_value,
                                                                  error);
}

/* "usage/monthly/<installation id>/<YYYYMM>", and a count. */
static bool redact_usage(Pseudonyms *names, Slice key, Slice value, Buffer *redacted_key,
                         Buffer *redacted_value, Error *error)
{
    enum { MONTH_SIZE = 6 };
    Slice installation;
    Slice month;
    Slice rest;

    if (!is_number(value) || !key_between(key, slice_text(KV_MONTHLY_USAGE), (Slice){0}, &rest) ||
        rest.size <= MONTH_SIZE + 1) {
        return redact_refused(error, "it is not the usage of a month");
    }
    installation = slice_of(rest.data, rest.size - MONTH_SIZE - 1);
    month = slice_of(rest.data + rest.size - MONTH_SIZE, MONTH_SIZE);
    if (month.data[-1] != '/' || !is_number(month)) {
        return redact_refused(error, "it is not the usage of a month");
    }
    return buffer_append_text(redacted_key, KV_MONTHLY_USAGE, error) &&
           text_name(names, installation, redacted_key, error) &&
           buffer_append_text(redacted_key, "/", error) && append(redacted_key, month, error) &&
           append(redacted_value, value, error);
}

bool text_entry_redact(Pseudonyms *names, Slice partition_key, Slice key, Slice value,
                       Buffer *redacted_key, Buffer *redacted_value, Error *error)
{
    if (is_text(partition_key, KV_PARTITION_INTERNAL)) {
        return redact_version(names, key, value, redacted_key, redacted_value, error);
    }
    if (is_text(partition_key, KV_PARTITION_CLEANUP)) {
        return redact_cleanup(names, key, value, redacted_key, redacted_value, error);
    }
    if (is_text(partition_key, KV_PARTITION_USAGE)) {
        return redact_usage(names, key, value, redacted_key, redacted_value, error);
    }
    return redact_installation(names, key, value, redacted_key, redacted_value, error);
}
