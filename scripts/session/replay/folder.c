/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/folder.h"

#include "common/base/environment.h"
#include "scripts/session/replay/server.h"
#include "scripts/session/replay/spawn.h"
#include "scripts/session/replay/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char NAME[] = "kv-replay.XXXXXX";

static bool tmpdir_hint(Error *error)
{
    return error_hint(error, "TMPDIR says where temporary folders are made: choose another one.");
}

/* A comma separates hosts in libpq, and lakeFS's driver has special characters of its own. */
static bool check_characters(const char *path, Error *error)
{
    static const char GOOD[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-";

    if (path[strspn(path, GOOD)] == '\0') {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "the path of the temporary folder \"%s\" cannot be used",
              path);
    error_detail(error, "It may hold only A-Z a-z 0-9 _ . / + -, as it becomes part of a "
                        "connection string.");
    return tmpdir_hint(error);
}

static bool check_length(const char *path, Error *error)
{
    size_t size = strlen(path) + strlen("/") + strlen(NAME) + strlen(SERVER_SOCKET_LONGEST);

    if (size < FOLDER_SIZE) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "the path of the temporary folder \"%s\" is too long", path);
    error_detail(error, "A socket in it would have a path of %zu bytes; the limit is %d.", size,
                 FOLDER_SIZE - 1);
    return tmpdir_hint(error);
}

/* Whether only root, or with the sticky bit (as in /tmp) only a file's owner, can replace its
 * files. */
static bool is_safe(const struct stat *status)
{
    return status->st_uid == 0 &&
           ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status->st_mode & S_ISVTX) != 0);
}

/* Refuses a place where another user could replace root's folder. */
static bool check_owners(const char *path, Error *error)
{
    char above[PATH_MAX];
    struct stat status;
    size_t size = strlen(path);

    if (geteuid() != 0 || size >= sizeof above) {
        return true;
    }
    memcpy(above, path, size + 1);
    for (;;) {
        char *slash = strrchr(above, '/');

        if (stat(above[0] == '\0' ? "/" : above, &status) != 0 || !is_safe(&status)) {
            error_set(error, EXIT_CODE_USAGE,
                      "the temporary folder \"%s\" is not safe for root to use", path);
            error_detail(error, "Another user can replace what is in \"%s\".",
                         above[0] == '\0' ? "/" : above);
            return tmpdir_hint(error);
        }
        if (slash == NULL) {
            return true;
        }
        *slash = '\0';
    }
}

static bool make_failed(const char *where, Error *error)
{
    error_set(error, EXIT_CODE_USAGE, "could not make a folder in \"%s\": %s", where,
              strerror(errno));
    return tmpdir_hint(error);
}

static bool make_parts(const Identity *identity, const char *folder, Error *error)
{
    static const char *const NAMES[] = {"postgres", "socket"};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool done = fd >= 0 && (!identity->differs || fchmod(fd, 0711) == 0);

    for (size_t i = 0; done && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        done = mkdirat(fd, NAMES[i], 0700) == 0 &&
               (!identity->differs ||
                fchownat(fd, NAMES[i], identity->uid, identity->gid, AT_SYMLINK_NOFOLLOW) == 0);
    }
    if (!done) {
        make_failed(folder, error);
    }
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

static bool can_write(const void *folder, void *nothing, Error *error)
{
    (void)nothing;
    (void)error;
    return access(folder, W_OK | X_OK) == 0;
}

/* Checks that the server's user can enter the folder: a parent may be closed to it. */
static bool check_reach(const Identity *identity, const char *folder, Error *error)
{
    char path[FOLDER_SIZE + 16];

    snprintf(path, sizeof path, "%s/postgres", folder);
    if (worker_run(identity, can_write, path, NULL, 0, error)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE,
              "user %s, which the server runs as, cannot reach \"%s\": a folder above it is closed",
              identity->name, folder);
    return tmpdir_hint(error);
}

bool folder_make(const Identity *identity, char folder[FOLDER_SIZE], Error *error)
{
    const char *wanted = environment_variable("TMPDIR");
    char path[PATH_MAX];

    if (wanted == NULL) {
        wanted = "/tmp";
    }
    if (realpath(wanted, path) == NULL) {
        return make_failed(wanted, error);
    }
    if (strcmp(path, "/") == 0) {
        path[0] = '\0';
    }
    if (!check_characters(path, error) || !check_length(path, error) ||
        !check_owners(path, error)) {
        return false;
    }
    snprintf(folder, FOLDER_SIZE, "%.80s/%s", path, NAME);
    if (mkdtemp(folder) == NULL) {
        make_failed(wanted, error);
        folder[0] = '\0';
        return false;
    }
    return make_parts(identity, folder, error) && check_reach(identity, folder, error);
}

bool folder_close_socket(const Identity *identity, const char *folder, Error *error)
{
    char path[FOLDER_SIZE + 16];

    if (!identity->differs) {
        return true;
    }
    snprintf(path, sizeof path, "%s/socket", folder);
    /* The socket's own permissions admit only its owner and root.  The parent folder is root's, so
     * this is still the folder we made. */
    if (lchown(path, 0, 0) != 0 || chmod(path, 0711) != 0) {
        return error_set(error, EXIT_CODE_USAGE, "could not take over \"%s\": %s", path,
                         strerror(errno));
    }
    return true;
}

/* Runs a program in the folder as the server's user. */
static void run_in(const Identity *identity, const char *folder, const Words *command)
{
    const SpawnOptions options = {.identity = identity,
                                  .command = command,
                                  .folder = folder,
                                  .input = -1,
                                  .output = -1,
                                  .errors = -1};
    Error ignored;
    pid_t child;

    if (spawn(&options, &child, &ignored)) {
        spawn_wait(child);
    }
}

static void remove_parts(const Identity *identity, const char *folder)
{
    static char *words[] = {"rm", "-rf", "--", "postgres", "socket", NULL};
    const Words command = {.items = words, .count = 5};

    run_in(identity, folder, &command);
}

/* Opens subfolders that the server's user has closed to itself. */
static void open_parts(const Identity *identity, const char *folder)
{
    static char *words[] = {"chmod", "-R", "--", "u+rwx", "postgres", "socket", NULL};
    const Words command = {.items = words, .count = 6};

    run_in(identity, folder, &command);
}

/* Removes the socket and its lock file from root's folder socket/. */
static void empty_socket(int folder)
{
    int fd = openat(folder, "socket", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (entries == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    while ((entry = readdir(entries)) != NULL) {
        unlinkat(fd, entry->d_name, 0);
    }
    closedir(entries);
}

/* Removes the caller's own files, after the server's user has removed its own. */
static bool remove_rest(const char *folder)
{
    static const Identity caller = {.differs = false};
    char *words[] = {(char *)"rm", (char *)"-rf", (char *)"--", (char *)folder, NULL};
    const Words command = {.items = words, .count = 4};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool empty;

    if (fd < 0) {
        return errno == ENOENT;
    }
    empty_socket(fd);
    empty = (unlinkat(fd, "socket", AT_REMOVEDIR) == 0 || errno == ENOENT) &&
            (unlinkat(fd, "postgres", AT_REMOVEDIR) == 0 || errno == ENOENT);
    close(fd);
    if (empty) {
        run_in(&caller, "/", &command);
    }
    return access(folder, F_OK) != 0;
}

bool folder_remove(const Identity *identity, const char *folder)
{
    if (folder[0] == '\0') {
        return true;
    }
    remove_parts(identity, folder);
    if (remove_rest(folder)) {
        return true;
    }
    open_parts(identity, folder);
    remove_parts(identity, folder);
    return remove_rest(folder);
}
