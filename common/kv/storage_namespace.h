/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository's storage namespace, read as lakeFS reads it: as a URL.
 *
 * Source: lakeFS 0.70, pkg/block/namespace.go, which uses ParseRequestURI of Go's net/url.  See
 * KV-MODEL.md, "Package graveler".
 */
#ifndef COMMON_KV_STORAGE_NAMESPACE_H
#define COMMON_KV_STORAGE_NAMESPACE_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

/* Texts are owned, and percent-decoded; the query and a user are left out.  {0} is empty; end with
 * storage_namespace_free. */
typedef struct StorageNamespace {
    char *scheme; /* in lower case, without "://" */
    char *host;   /* with its port; may be "" */
    char *path;   /* "", or begins with "/" */
} StorageNamespace;

/* Fails with EXIT_CODE_REFUSED where lakeFS's URL parser does, and for anything without "://". */
bool storage_namespace_parse(const char *text, StorageNamespace *space, Error *error);
void storage_namespace_free(StorageNamespace *space);

/* Appends the key of the object `path`: the namespace's path without slashes at either end, a
 * slash, `path`; just `path` if the former is empty. */
bool storage_namespace_append_key(const StorageNamespace *space, const char *path, Buffer *key,
                                  Error *error);

/*
 * Appends a path without empty parts, "." and "..", as Go's path.Clean does, but nothing for "." or
 * "/" alone.  Symbolic links are not looked at.  A relative path that leads out of where it begins
 * keeps a ".." as its first part; at the root, ".." means the root.
 */
bool storage_path_append_clean(const char *path, Buffer *clean, Error *error);

/* Whether a clean, relative path begins with "..". */
bool storage_path_leads_out(const char *clean);

#endif
