/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memrchr */
#include "common/kv/storage_namespace.h"

#include "common/http/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool refused(const char *why, Error *error)
{
    return error_set(error, EXIT_CODE_REFUSED, "it is not a valid URL: %s", why);
}

/* The size of the scheme; 0: there is none. */
static size_t scheme_size(const char *text)
{
    size_t size = 0;

    if (strchr(LETTERS, text[0]) != NULL) {
        while (isascii(text[size]) && (isalnum((unsigned char)text[size]) ||
                                       (text[size] != '\0' && strchr("+-.", text[size]) != NULL))) {
            size++;
        }
    }
    return strncmp(text + size, "://", 3) == 0 ? size : 0;
}

static bool is_user(Slice user)
{
    for (size_t i = 0; i < user.size; i++) {
        uint8_t byte = user.data[i];

        if (byte >= 0x80 || byte == 0 ||
            (!isalnum(byte) && strchr("-._:~!$&'()*+,;=%@", byte) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool is_port(Slice port)
{
    size_t i = 1;

    while (i < port.size && isdigit(port.data[i])) {
        i++;
    }
    return port.size == 0 || (port.data[0] == ':' && i == port.size);
}

/* The part of a host that must be a port, or nothing. */
static Slice port_of(Slice host)
{
    const char end = host.size > 0 && host.data[0] == '[' ? ']' : ':';
    const uint8_t *found = memrchr(host.data, end, host.size);
    size_t first = found == NULL ? host.size : (size_t)(found - host.data);

    return end == ']' && found != NULL ? slice_of(found + 1, host.size - first - 1)
                                       : slice_of(host.data + first, host.size - first);
}

/* In a host, only bytes that are not ASCII and "%" itself may be percent-encoded. */
static bool is_host(Slice host)
{
    for (size_t i = 0; i < host.size; i++) {
        uint8_t byte = host.data[i];

        if (byte == '%') {
            if (host.size - i < 3 || (memcmp(host.data + i, "%25", 3) != 0 &&
                                      strchr("89abcdefABCDEF", host.data[i + 1]) == NULL)) {
                return false;
            }
        } else if (byte < 0x80 && !isalnum(byte) &&
                   strchr("!$&'()*+,;=:[]<>\"-_.~", byte) == NULL) {
            return false;
        }
    }
    return true;
}

/* Copies a part of the URL, decoded. */
static bool decode(Slice part, char **text, Error *error)
{
    Buffer decoded = {0};
    bool valid = true;
    bool done = url_append_decoded(&decoded, part, &valid, error) &&
                (valid || refused("its percent-encoding is invalid", error)) &&
                (*text = buffer_take(&decoded, error)) != NULL;

    buffer_free(&decoded);
    return done;
}

static bool parse_host(Slice authority, StorageNamespace *space, Error *error)
{
    const uint8_t *at = memrchr(authority.data, '@', authority.size);
    size_t user_size = at == NULL ? 0 : (size_t)(at - authority.data);
    Slice host = at == NULL ? authority : slice_of(at + 1, authority.size - user_size - 1);
    char *user = NULL;
    bool done;

    if (!is_user(slice_of(authority.data, user_size))) {
        return refused("its user is invalid", error);
    }
    if (!is_host(host) || !is_port(port_of(host)) ||
        (host.size > 0 && host.data[0] == '[' && memchr(host.data, ']', host.size) == NULL)) {
        return refused("its host is invalid", error);
    }
    done = decode(slice_of(authority.data, user_size), &user, error) &&
           decode(host, &space->host, error);
    free(user);
    return done;
}

bool storage_namespace_parse(const char *text, StorageNamespace *space, Error *error)
{
    size_t size = scheme_size(text);
    const char *authority = text + size + 3;
    const char *path;

    *space = (StorageNamespace){0};
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            return refused("it has a control character", error);
        }
    }
    if (size == 0) {
        return refused("it has no scheme", error);
    }
    space->scheme = strndup(text, size);
    if (space->scheme == NULL) {
        return error_out_of_memory(error);
    }
    for (char *p = space->scheme; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    path = authority + strcspn(authority, "/?");
    if (!parse_host(slice_of(authority, (size_t)(path - authority)), space, error) ||
        !decode(slice_of(path, strcspn(path, "?")), &space->path, error)) {
        storage_namespace_free(space);
        return false;
    }
    return true;
}

void storage_namespace_free(StorageNamespace *space)
{
    free(space->scheme);
    free(space->host);
    free(space->path);
    *space = (StorageNamespace){0};
}

bool storage_namespace_append_key(const StorageNamespace *space, const char *path, Buffer *key,
                                  Error *error)
{
    const char *prefix = space->path + strspn(space->path, "/");
    size_t size = strlen(prefix);

    while (size > 0 && prefix[size - 1] == '/') {
        size--;
    }
    return buffer_append(key, prefix, size, error) &&
           (size == 0 || buffer_append_text(key, "/", error)) &&
           buffer_append_text(key, path + (size == 0 && path[0] == '/' ? 1 : 0), error);
}

/* Removes the last part of a path that has grown from `start`; false if there is none to remove. */
static bool remove_part(Buffer *clean, size_t start)
{
    const char *text = (const char *)clean->data;
    size_t size = clean->size;

    while (size > start && text[size - 1] != '/') {
        size--;
    }
    if (clean->size == start || (clean->size - size == 2 && memcmp(text + size, "..", 2) == 0)) {
        return false;
    }
    clean->size = size > start ? size - 1 : start;
    return true;
}

bool storage_path_append_clean(const char *path, Buffer *clean, Error *error)
{
    bool rooted = path[0] == '/';
    size_t start = clean->size;

    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        bool is_parent = size == 2 && memcmp(path, "..", 2) == 0;
        bool is_nothing = size == 0 || (size == 1 && path[0] == '.');

        if (!is_nothing && !(is_parent && (remove_part(clean, start) || rooted)) &&
            (((rooted || clean->size > start) && !buffer_append_text(clean, "/", error)) ||
             !buffer_append(clean, path, size, error))) {
            return false;
        }
        path += size;
        path += *path == '/' ? 1 : 0;
    }
    return true;
}

bool storage_path_leads_out(const char *clean)
{
    return strncmp(clean, "..", 2) == 0 && (clean[2] == '/' || clean[2] == '\0');
}
