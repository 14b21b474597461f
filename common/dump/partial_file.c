/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/partial_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *partial_file_name(const char *file, Error *error)
{
    size_t size = strlen(file) + sizeof ".partial";
    char *name = malloc(size);

    if (name == NULL) {
        error_out_of_memory(error);
        return NULL;
    }
    snprintf(name, size, "%s.partial", file);
    return name;
}

static bool file_failed(const char *what, const char *name, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "could not %s \"%s\": %s", what, name,
                     strerror(errno));
}

static bool in_use(const char *name, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "another program is writing \"%s\"", name);
}

static bool is_locked_elsewhere(int reason)
{
    return reason == EACCES || reason == EAGAIN;
}

bool partial_file_has_name(int fd, const char *name)
{
    struct stat opened;
    struct stat named;

    return fstat(fd, &opened) == 0 && lstat(name, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

/* Only what this user's own kv-export can have left may be removed. */
static bool check_leftover(const char *name, const struct stat *status, Error *error)
{
    if (!S_ISREG(status->st_mode)) {
        error_set(error, EXIT_CODE_USAGE, "\"%s\" is not a regular file", name);
    } else if (status->st_uid != geteuid()) {
        error_set(error, EXIT_CODE_USAGE, "\"%s\" belongs to another user", name);
    } else {
        return true;
    }
    return error_hint(error, "The dump is written there until it is complete. Remove it, or choose "
                             "another name.");
}

/* Opens a file that is in the way; *fd is -1 if there is none. */
static bool open_leftover(const char *name, int *fd, Error *error)
{
    struct stat status;

    *fd = -1;
    if (lstat(name, &status) != 0) {
        return errno == ENOENT || file_failed("create", name, error);
    }
    if (!check_leftover(name, &status, error)) {
        return false;
    }
    *fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0) {
        return errno == ENOENT || file_failed("open", name, error);
    }
    if (fstat(*fd, &status) != 0 || !check_leftover(name, &status, error)) {
        close(*fd);
        return false;
    }
    return true;
}

/* With the lock nobody else removes the file, so what has the name is what was opened. */
static bool remove_locked(int fd, const char *name, Error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_SETLK, &lock) != 0) {
        return is_locked_elsewhere(errno) ? in_use(name, error) : file_failed("lock", name, error);
    }
    return !partial_file_has_name(fd, name) || unlink(name) == 0 ||
           file_failed("remove", name, error);
}

static bool remove_leftover(const char *name, Error *error)
{
    int fd;
    bool done = open_leftover(name, &fd, error);

    if (done && fd >= 0) {
        done = remove_locked(fd, name, error);
        close(fd);
    }
    return done;
}

bool partial_file_check(const char *name, Error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd;
    bool done = open_leftover(name, &fd, error);

    if (done && fd >= 0) {
        done = fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || in_use(name, error);
        close(fd);
    }
    return done;
}

/* Locks the new file.  *ours: the name is still this file's; another program that found it before
 * it was locked takes it for a leftover. */
static bool lock_new(int fd, const char *name, bool *ours, Error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_SETLK, &lock) != 0) {
        *ours = !is_locked_elsewhere(errno);
        return *ours ? file_failed("lock", name, error) : in_use(name, error);
    }
    *ours = partial_file_has_name(fd, name);
    /* The umask may have taken away what the owner needs. */
    return !*ours || fchmod(fd, 0600) == 0 || file_failed("write to", name, error);
}

bool partial_file_create(const char *name, int *fd, Error *error)
{
    for (;;) {
        bool ours = false;
        bool done;

        *fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (*fd < 0) {
            if (errno != EEXIST) {
                return file_failed("create", name, error);
            }
            if (!remove_leftover(name, error)) {
                return false;
            }
            continue;
        }
        done = lock_new(*fd, name, &ours, error);
        if (done && ours) {
            return true;
        }
        if (ours) {
            unlink(name);
        }
        close(*fd);
        *fd = -1;
        if (!done) {
            return false;
        }
    }
}
