/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/output_path.h"

#include "common/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many as Linux follows. */
enum { MAX_LINKS = 40 };

static bool path_failed(const char *what, const char *path, int reason, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "could not %s \"%s\": %s", what, path,
                     strerror(reason));
}

/* Root's files are as safe as one's own. */
static bool is_foreign(const struct stat *status)
{
    return status->st_uid != geteuid() && status->st_uid != 0;
}

static bool check_pipe(const char *name, const struct stat *status, Error *error)
{
    if (!S_ISFIFO(status->st_mode) || !is_foreign(status)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "the pipe \"%s\" belongs to another user", name);
    return error_hint(error, "That user could read the dump. Choose another name.");
}

/* The name that a link leads to; malloced, NULL with the error set. */
static char *read_link(const char *link, Error *error)
{
    char target[PATH_MAX];
    char *copy = strdup(link);
    char *name = NULL;
    const char *folder;
    ssize_t length = readlink(link, target, sizeof target - 1);
    size_t size;

    if (length < 0 || copy == NULL) {
        path_failed("follow the symbolic link", link, length < 0 ? errno : ENOMEM, error);
        free(copy);
        return NULL;
    }
    target[length] = '\0';
    folder = target[0] == '/' ? "" : dirname(copy);
    size = strlen(folder) + strlen("/") + (size_t)length + 1;
    name = malloc(size);
    if (name == NULL) {
        error_out_of_memory(error);
    } else {
        snprintf(name, size, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", target);
    }
    free(copy);
    return name;
}

static bool check_link(const char *link, const struct stat *status, Error *error)
{
    if (!is_foreign(status)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "the symbolic link \"%s\" belongs to another user", link);
    return error_hint(error, "That user could lead the dump elsewhere. Name the file itself.");
}

/* Follows links from *name, which is malloced, to what is none.  status->st_mode is 0 if nothing
 * exists there. */
static bool follow_links(char **name, struct stat *status, Error *error)
{
    for (int links = 0; links < MAX_LINKS; links++) {
        char *next;

        if (lstat(*name, status) != 0) {
            *status = (struct stat){0};
            return errno == ENOENT || path_failed("create", *name, errno, error);
        }
        if (!S_ISLNK(status->st_mode)) {
            return true;
        }
        next = check_link(*name, status, error) ? read_link(*name, error) : NULL;
        if (next == NULL) {
            return false;
        }
        free(*name);
        *name = next;
    }
    return path_failed("create", *name, ELOOP, error);
}

static bool set_folder(OutputPath *path, Error *error)
{
    char *copy = strdup(path->file);
    bool done =
        copy == NULL ? error_out_of_memory(error) : text_copy(dirname(copy), &path->folder, error);

    free(copy);
    return done;
}

/* A name that nothing has yet must be one that a file can have. */
static bool check_new(const OutputPath *path, Error *error)
{
    size_t length = strlen(path->file);

    if (length == 0) {
        return path_failed("create", path->file, ENOENT, error);
    }
    return path->file[length - 1] != '/' || path_failed("create", path->file, EISDIR, error);
}

static bool refuse_existing(const char *path, const OutputPath *found, Error *error)
{
    error_set(error, EXIT_CODE_USAGE, "file \"%s\" exists already", found->file);
    if (strcmp(path, found->file) != 0) {
        error_detail(error, "The symbolic link \"%s\" leads there.", path);
    }
    return error_hint(error, "Choose another name, or replace the file with --force.");
}

/* `named` is what has the final name, `status` what the system finds by `path`.  They differ where
 * a link in /proc leads to something that has no name, such as a pipe. */
static bool check_existing(const char *path, bool replace, const struct stat *named,
                           const struct stat *status, OutputPath *found, Error *error)
{
    if (S_ISDIR(status->st_mode)) {
        return error_set(error, EXIT_CODE_USAGE, "\"%s\" is a directory", path);
    }
    if (!S_ISREG(status->st_mode)) {
        bool done = check_pipe(path, named, error);

        free(found->file);
        found->file = NULL;
        return done;
    }
    if (named->st_dev != status->st_dev || named->st_ino != status->st_ino) {
        return path_failed("follow the symbolic link", path, ENOENT, error);
    }
    found->exists = true;
    return replace || refuse_existing(path, found, error);
}

bool output_path_find(const char *path, bool replace, OutputPath *found, Error *error)
{
    struct stat named;
    struct stat status;

    *found = (OutputPath){0};
    if (!text_copy(path, &found->file, error) || !follow_links(&found->file, &named, error)) {
        return false;
    }
    if (stat(path, &status) != 0) {
        if (errno != ENOENT) {
            return path_failed("create", path, errno, error);
        }
        return check_new(found, error) && set_folder(found, error);
    }
    return check_existing(path, replace, &named, &status, found, error) &&
           (found->file == NULL || set_folder(found, error));
}

/* In a folder such as /tmp only the owner of a file, or of the folder, may replace the file. */
static bool may_replace(const OutputPath *path)
{
    struct stat folder;
    struct stat file;
    uid_t user = geteuid();

    return user == 0 || stat(path->folder, &folder) != 0 || (folder.st_mode & S_ISVTX) == 0 ||
           folder.st_uid == user || lstat(path->file, &file) != 0 || file.st_uid == user;
}

bool output_path_check_folder(const OutputPath *path, Error *error)
{
    if (faccessat(AT_FDCWD, path->folder, W_OK | X_OK, AT_EACCESS) != 0) {
        return path_failed("create", path->file, errno, error);
    }
    return !path->exists || may_replace(path) || path_failed("replace", path->file, EPERM, error);
}

void output_path_free(OutputPath *path)
{
    free(path->file);
    free(path->folder);
    *path = (OutputPath){0};
}
