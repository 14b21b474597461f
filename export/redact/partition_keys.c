/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/partition_keys.h"

#include "common/kv/model.h"
#include "export/redact/keys.h"
#include "export/redact/refusal.h"
#include "export/redact/texts.h"

#include <inttypes.h>

#include "auth.pb-c.h"

/* Splits a text at the first "/"; false if it has none. */
static bool split(Slice text, Slice *first, Slice *rest)
{
    const uint8_t *slash = text.size == 0 ? NULL : memchr(text.data, '/', text.size);

    if (slash == NULL) {
        return false;
    }
    *first = slice_of(text.data, (size_t)(slash - text.data));
    *rest = slice_of(slash + 1, text.size - first->size - 1);
    return true;
}

static bool has_slash(Slice text)
{
    Slice first;
    Slice rest;

    return split(text, &first, &rest);
}

/* "users/superAdmin" and "uCredentials/superAdmin/credentials/<key>": the user's own name is in the
 * value only. */
static bool basic_auth_key(Pseudonyms *names, Slice key, const ProtobufCMessage *before,
                           const ProtobufCMessage *after, Buffer *redacted, Error *error)
{
    static const char CREDENTIAL[] = KV_USER_CREDENTIALS KV_SUPER_ADMIN "/credentials/";
    Slice id;

    (void)names;
    if (before->descriptor == &kv__user_data__descriptor) {
        return slice_equal(key, slice_text(KV_USERS KV_SUPER_ADMIN))
                   ? buffer_append(redacted, key.data, key.size, error)
                   : key_mismatch(error);
    }
    if (before->descriptor != &kv__credential_data__descriptor ||
        !key_between(key, slice_text(CREDENTIAL), (Slice){0}, &id) ||
        !slice_equal(id, slice_text(((const Kv__CredentialData *)before)->access_key_id))) {
        return key_mismatch(error);
    }
    return buffer_append_text(redacted, CREDENTIAL, error) &&
           buffer_append_text(redacted, ((const Kv__CredentialData *)after)->access_key_id, error);
}

/* "repos/<repository's partition>/<source branch>/<destination branch>".  Names of branches hold no
 * "/". */
static bool pull_index_key(Pseudonyms *names, Slice key, const ProtobufCMessage *before,
                           const ProtobufCMessage *after, Buffer *redacted, Error *error)
{
    Slice partition;
    Slice source;
    Slice destination;
    Slice rest;

    (void)before;
    (void)after;
    if (!key_between(key, slice_text(KV_REPOSITORIES), (Slice){0}, &rest) ||
        !split(rest, &partition, &rest) || !split(rest, &source, &destination) ||
        has_slash(destination)) {
        return redact_refused(error, "unknown kind of key for a pull request");
    }
    return buffer_append_text(redacted, KV_REPOSITORIES, error) &&
           text_repository_partition(names, partition, redacted, error) &&
           buffer_append_text(redacted, "/", error) && text_name(names, source, redacted, error) &&
           buffer_append_text(redacted, "/", error) &&
           text_name(names, destination, redacted, error);
}

/* The number before ":"; what follows it is *rest. */
static bool read_length(Slice text, uint64_t *length, Slice *rest)
{
    enum { DIGITS_MAX = 9 };
    size_t i = 0;

    *length = 0;
    for (; i < text.size && i < DIGITS_MAX && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        *length = *length * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (i == 0 || i == text.size || text.data[i] != ':') {
        return false;
    }
    *rest = slice_of(text.data + i + 1, text.size - i - 1);
    return true;
}

/* "<length of the repository's id>:<repository id>/<branch>" */
static bool owner_key(Pseudonyms *names, Slice key, const ProtobufCMessage *before,
                      const ProtobufCMessage *after, Buffer *redacted, Error *error)
{
    Buffer repository = {0};
    uint64_t length;
    Slice branch;
    Slice rest;
    bool done;

    (void)before;
    (void)after;
    if (!key_between(key, slice_text(KV_BRANCH_OWNERS), (Slice){0}, &rest) ||
        !read_length(rest, &length, &rest) || length >= rest.size || rest.data[length] != '/') {
        return redact_refused(error, "unknown kind of key for the owner of a branch");
    }
    branch = slice_of(rest.data + length + 1, rest.size - (size_t)length - 1);
    done = text_name(names, slice_of(rest.data, (size_t)length), &repository, error) &&
           buffer_append_format(redacted, error, KV_BRANCH_OWNERS "%zu:", repository.size) &&
           buffer_append(redacted, repository.data, repository.size, error) &&
           buffer_append_text(redacted, "/", error) && text_name(names, branch, redacted, error);
    buffer_free(&repository);
    return done;
}

/* "instances/<xid>" */
static bool instance_key(Pseudonyms *names, Slice key, const ProtobufCMessage *before,
                         const ProtobufCMessage *after, Buffer *redacted, Error *error)
{
    Slice id;

    (void)before;
    (void)after;
    if (!key_between(key, slice_text(KV_INSTANCES), (Slice){0}, &id)) {
        return key_mismatch(error);
    }
    return buffer_append_text(redacted, KV_INSTANCES, error) &&
           text_xid(names, id, redacted, error);
}

PartitionKeyFunction *partition_key_find(Slice partition_key)
{
    static const struct {
        const char *partition;
        PartitionKeyFunction *function;
    } PARTITIONS[] = {
        {KV_PARTITION_BASIC_AUTH, basic_auth_key},
        {KV_PARTITION_PULLS, pull_index_key},
        {KV_PARTITION_OWNERSHIP, owner_key},
        {KV_PARTITION_CATALOG, instance_key},
    };

    for (size_t i = 0; i < sizeof PARTITIONS / sizeof PARTITIONS[0]; i++) {
        if (slice_equal(partition_key, slice_text(PARTITIONS[i].partition))) {
            return PARTITIONS[i].function;
        }
    }
    return NULL;
}
