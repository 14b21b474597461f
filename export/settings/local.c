/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local:// storage: objects are files below lakeFS's block store folder.
 *
 * The path is cleaned and then opened, as lakeFS does (0.70, pkg/block/local/adapter.go): ".." is
 * resolved in the text, and symbolic links are followed, wherever they lead.
 */
#include "export/settings/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_failed(const char *path, Error *error)
{
    return error_set(error, EXIT_CODE_REFUSED, "could not read \"%s\": %s", path, strerror(errno));
}

static bool read_file(int fd, const char *path, Buffer *content, Error *error)
{
    enum { STEP = 4096 };

    while (content->size <= MAX_RULES_SIZE) {
        ssize_t size;

        if (!buffer_reserve(content, STEP, error)) {
            return false;
        }
        size = read(fd, content->data + content->size, STEP);
        if (size == 0) {
            return true;
        }
        if (size < 0 && errno != EINTR) {
            return read_failed(path, error);
        }
        content->size += size > 0 ? (size_t)size : 0;
    }
    return error_set(error, EXIT_CODE_REFUSED, "\"%s\" is too large for branch protection rules",
                     path);
}

static bool leads_out(Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "it leads out of the block store");
    return error_hint(error, "lakeFS refuses it, too, if --blockstore-path is its "
                             "blockstore.local.path: then look for a mistake in the repository's "
                             "row.");
}

/* Whether a clean path is in the block store.  As lakeFS, which compares texts: "/data/block2" is
 * in
 * "/data/block". */
static bool is_inside(const char *root, Buffer *clean_root, Buffer *path)
{
    if (clean_root->size == 0) {
        return root[0] == '/' || !storage_path_leads_out(buffer_string(path));
    }
    return strncmp(buffer_string(path), buffer_string(clean_root), clean_root->size) == 0;
}

/* The path of something in the block store, cleaned. */
static bool resolve(const char *root, const StorageNamespace *space, const char *path,
                    Buffer *resolved, Error *error)
{
    Buffer joined = {0};
    Buffer clean_root = {0};
    bool done =
        buffer_append_format(&joined, error, "%s/%s%s/%s", root, space->host, space->path, path) &&
        storage_path_append_clean(root, &clean_root, error) &&
        storage_path_append_clean(buffer_string(&joined), resolved, error) &&
        (is_inside(root, &clean_root, resolved) || leads_out(error));

    if (done && resolved->size == 0) {
        done = buffer_append_text(resolved, root[0] == '/' ? "/" : ".", error);
    }
    buffer_free(&joined);
    buffer_free(&clean_root);
    return done;
}

/* lakeFS writes an object to a namespace before it makes a repository of it.  So where there is no
 * folder, the storage is not the right one, or is not mounted. */
static bool check_namespace(const char *root, const StorageNamespace *space, Error *error)
{
    struct stat status;
    Buffer folder = {0};
    bool done;

    /* A missing root is the first thing to say. */
    if (stat(root, &status) != 0) {
        return read_failed(root, error);
    }
    done = resolve(root, space, "", &folder, error);
    if (done && stat(buffer_string(&folder), &status) != 0) {
        done = errno == ENOENT ? error_set(error, EXIT_CODE_REFUSED, "there is no folder \"%s\"",
                                           buffer_string(&folder))
                               : read_failed(buffer_string(&folder), error);
    } else if (done && !S_ISDIR(status.st_mode)) {
        done =
            error_set(error, EXIT_CODE_REFUSED, "\"%s\" is not a folder", buffer_string(&folder));
    }
    buffer_free(&folder);
    return done;
}

/* A symbolic link that leads nowhere, in a path that was not found, may lead to storage that is not
 * mounted. */
static bool check_links(const char *path, Error *error)
{
    Buffer part = {0};
    bool done = true;

    for (size_t size = 0; done && path[size] != '\0';) {
        struct stat status;

        size += path[size] == '/' ? 1 : 0;
        size += strcspn(path + size, "/");
        part.size = 0;
        done = buffer_append(&part, path, size, error);
        if (done && lstat(buffer_string(&part), &status) != 0) {
            done = errno == ENOENT || read_failed(buffer_string(&part), error);
            break;
        }
        if (done && S_ISLNK(status.st_mode) && stat(buffer_string(&part), &status) != 0) {
            done = read_failed(buffer_string(&part), error);
        }
    }
    buffer_free(&part);
    return done;
}

/* A pipe or a device would read as no rules at all. */
static bool check_regular(int fd, const char *path, Error *error)
{
    struct stat status;

    if (fstat(fd, &status) != 0) {
        return read_failed(path, error);
    }
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ||
           error_set(error, EXIT_CODE_REFUSED, "\"%s\" is not a regular file", path);
}

static bool read_object(const char *path, SettingsObject *object, Error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool done;

    if (fd < 0) {
        return errno == ENOENT ? check_links(path, error) : read_failed(path, error);
    }
    object->found = true;
    done = check_regular(fd, path, error) && read_file(fd, path, &object->content, error);
    close(fd);
    return done;
}

static bool fetch_local(void *state, const SettingsOptions *options, const StorageNamespace *space,
                        const char *path, SettingsObject *object, Error *error)
{
    Buffer name = {0};
    bool done;

    (void)state;
    if (options->blockstore_path == NULL) {
        return error_set(error, EXIT_CODE_REFUSED, "no block store folder is given");
    }
    done = check_namespace(options->blockstore_path, space, error) &&
           resolve(options->blockstore_path, space, path, &name, error) &&
           read_object(buffer_string(&name), object, error);
    buffer_free(&name);
    return done;
}

const SettingsStore SETTINGS_LOCAL = {
    .scheme = "local",
    .hint = "Make the storage readable, and mount it if it is a volume: --blockstore-path is "
            "lakeFS's blockstore.local.path.",
    .fetch = fetch_local,
};
