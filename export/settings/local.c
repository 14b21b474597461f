/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local:// storage: objects are files below lakeFS's block store folder.
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

/* Whether a namespace points outside the block store. */
static bool leads_out(const char *location)
{
    for (const char *part = location; part != NULL; part = strchr(part, '/')) {
        part += *part == '/' ? 1 : 0;
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
            return true;
        }
    }
    return false;
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

/* Opens the object.  If there is none, *found is false; that is not an error. */
static bool open_object(const char *path, int *fd, bool *found, Error *error)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *found = *fd >= 0;
    return *found || errno == ENOENT || errno == ENOTDIR || read_failed(path, error);
}

/* Checks whether the namespace's folder exists. */
static bool check_namespace(const char *folder, SettingsObject *object, Error *error)
{
    struct stat status;

    object->namespace_checked = true;
    object->namespace_found = stat(folder, &status) == 0;
    return object->namespace_found || errno == ENOENT || errno == ENOTDIR ||
           read_failed(folder, error);
}

static bool fetch_local(void *state, const SettingsOptions *options, const char *location,
                        const char *path, SettingsObject *object, Error *error)
{
    Buffer name = {0};
    struct stat status;
    int fd = -1;
    bool done;

    (void)state;
    if (options->blockstore_path == NULL) {
        return error_set(error, EXIT_CODE_REFUSED, "no block store folder is given");
    }
    if (leads_out(location)) {
        return error_set(error, EXIT_CODE_REFUSED, "it points outside the block store");
    }
    /* A missing root must not look like repositories without rules. */
    if (stat(options->blockstore_path, &status) != 0) {
        return read_failed(options->blockstore_path, error);
    }
    done = buffer_append_format(&name, error, "%s/%s", options->blockstore_path, location) &&
           check_namespace(buffer_string(&name), object, error) &&
           buffer_append_format(&name, error, "/%s", path) &&
           open_object(buffer_string(&name), &fd, &object->found, error) &&
           (!object->found || read_file(fd, buffer_string(&name), &object->content, error));
    if (fd >= 0) {
        close(fd);
    }
    buffer_free(&name);
    return done;
}

const SettingsStore SETTINGS_LOCAL = {
    .scheme = "local://",
    .hint = "Make the storage readable: --blockstore-path is lakeFS's blockstore.local.path.",
    .fetch = fetch_local,
};
