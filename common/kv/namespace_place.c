/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/namespace_place.h"

#include "common/kv/storage_namespace.h"

#include <string.h>

/* The schemes of lakeFS's adapters; Azure's is that of its server. */
static const char *const SCHEMES[] = {"s3", "gs", "https", "http", "local", "mem"};

static bool is_scheme(const char *scheme)
{
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
        if (strcmp(scheme, SCHEMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* local:///a and local://a are the same folder; elsewhere the host is a place of its own. */
static bool has_host(const StorageNamespace *space)
{
    return strcmp(space->scheme, "local") != 0;
}

/* Appends the path without empty parts, "." and "..": local storage and the AWS SDK up to lakeFS
 * 0.109 resolve them. */
static bool append_path(Buffer *path, const StorageNamespace *space, Error *error)
{
    Buffer joined = {0};
    bool done = buffer_append_format(&joined, error, "%s%s", has_host(space) ? "" : space->host,
                                     space->path) &&
                storage_path_append_clean(
                    buffer_string(&joined) + strspn(buffer_string(&joined), "/"), path, error);

    buffer_free(&joined);
    return done;
}

static bool refuse(const char *url, const char *why, Error *error)
{
    error_set(error, EXIT_CODE_USAGE, "\"%.200s\" is no storage namespace: %s", url, why);
    return error_hint(error, "It is a URL, such as s3://bucket/prefix. lakeFS knows the schemes "
                             "s3, gs, https (Azure), local and mem.");
}

static bool check_path(const char *url, const StorageNamespace *space, Slice path, Error *error)
{
    bool needs_path = !has_host(space) || strncmp(space->scheme, "http", 4) == 0;

    if (storage_path_leads_out((const char *)path.data)) {
        return refuse(url, "its path leads out of the storage", error);
    }
    if ((has_host(space) && space->host[0] == '\0') || (needs_path && path.size == 0)) {
        return refuse(url, "it names no place in the storage", error);
    }
    return true;
}

bool namespace_place_check(const char *url, Error *error)
{
    StorageNamespace space = {0};
    Buffer path = {0};
    Error reason = {0};
    bool done;

    if (!storage_namespace_parse(url, &space, &reason)) {
        return reason.code == EXIT_CODE_REFUSED
                   ? refuse(url, reason.message, error)
                   : error_set(error, reason.code, "%s", reason.message);
    }
    done = is_scheme(space.scheme)
               ? append_path(&path, &space, error) && buffer_append(&path, "", 1, error) &&
                     check_path(url, &space, slice_of(path.data, path.size - 1), error)
               : refuse(url, "its scheme is unknown", error);
    buffer_free(&path);
    storage_namespace_free(&space);
    return done;
}

bool namespace_place_append(Buffer *place, Slice url, Error *error)
{
    StorageNamespace space = {0};
    Buffer text = {0};
    Error reason = {0};
    bool done;

    if (!buffer_append(&text, url.data, url.size, error)) {
        return false;
    }
    if (memchr(url.data == NULL ? "" : (const char *)url.data, '\0', url.size) != NULL ||
        !storage_namespace_parse(buffer_string(&text), &space, &reason)) {
        done = buffer_append(place, url.data, url.size, error);
    } else {
        Buffer path = {0};

        done = append_path(&path, &space, error) &&
               buffer_append_format(place, error, "%s://", space.scheme) &&
               (!has_host(&space) || buffer_append_format(place, error, "%s/", space.host)) &&
               buffer_append(place, path.data, path.size, error);
        buffer_free(&path);
        storage_namespace_free(&space);
    }
    buffer_free(&text);
    return done;
}

/* Whether the place is below the other one. */
static bool is_below(Slice place, Slice other)
{
    return place.size > other.size && memcmp(place.data, other.data, other.size) == 0 &&
           (place.data[other.size] == '/' || other.data[other.size - 1] == '/');
}

NamespaceRelation namespace_place_relation(Slice a, Slice b)
{
    if (slice_equal(a, b)) {
        return NAMESPACE_SAME;
    }
    if (b.size > 0 && is_below(a, b)) {
        return NAMESPACE_INSIDE;
    }
    return a.size > 0 && is_below(b, a) ? NAMESPACE_AROUND : NAMESPACE_APART;
}
