/* SPDX-License-Identifier: Apache-2.0 */
/* For F_SETPIPE_SZ and sync_file_range, on systems that have them. */
#define _GNU_SOURCE
#include "common/dump/output.h"

#include "common/base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The maximum for an unprivileged process on Linux. */
enum { PIPE_SIZE = 1024 * 1024 };

/* Bytes after which the kernel is asked to start writing to disk. */
enum { FLUSH_SIZE = 8 * 1024 * 1024 };

struct DumpOutput {
    int fd;
    bool replace;
    bool exists;      /* the file existed when the output was opened */
    char *path;       /* final name of the file; NULL if written directly */
    char *partial;    /* name until then */
    const char *name; /* for messages */
    off_t written;
    off_t flushing; /* up to here the kernel was asked to start writing to disk */
};

static bool file_failed(const char *what, const char *name, ExitCode code, Error *error)
{
    return error_set(error, code, "could not %s \"%s\": %s", what, name, strerror(errno));
}

static void free_output(DumpOutput *output)
{
    free(output->path);
    free(output->partial);
    free(output);
}

/* Tells whether the open file still has this name: another program may have completed its dump
 * between our open and our lock; then the file was renamed and is not ours. */
static bool has_name(int fd, const char *name)
{
    struct stat opened;
    struct stat named;

    return fstat(fd, &opened) == 0 && lstat(name, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static bool lock_failed(const DumpOutput *output, Error *error)
{
    if (errno == EACCES || errno == EAGAIN) {
        error_set(error, EXIT_CODE_USAGE, "another program is writing \"%s\"", output->partial);
    } else {
        /* Where locking does not work, nobody else holds a lock. */
        file_failed("lock", output->partial, EXIT_CODE_USAGE, error);
        unlink(output->partial);
    }
    close(output->fd);
    return false;
}

/* Creates or takes over NAME.partial and locks it, so that no two programs write it. */
static bool open_partial(DumpOutput *output, Error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    for (;;) {
        output->fd = open(output->partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (output->fd < 0) {
            return file_failed("create", output->partial, EXIT_CODE_USAGE, error);
        }
        if (fcntl(output->fd, F_SETLK, &lock) != 0) {
            return lock_failed(output, error);
        }
        if (has_name(output->fd, output->partial)) {
            break;
        }
        close(output->fd);
    }
    if (fchmod(output->fd, 0600) != 0 || ftruncate(output->fd, 0) != 0) {
        file_failed("write to", output->partial, EXIT_CODE_USAGE, error);
        unlink(output->partial);
        close(output->fd);
        return false;
    }
    return true;
}

/* Opens a new regular file, or an existing one to replace. */
static bool open_file(DumpOutput *output, const char *path, Error *error)
{
    size_t size = strlen(path) + sizeof ".partial";

    output->path = strdup(path);
    output->partial = malloc(size);
    if (output->path == NULL || output->partial == NULL) {
        return error_out_of_memory(error);
    }
    snprintf(output->partial, size, "%s.partial", path);
    output->name = output->path;
    return open_partial(output, error);
}

static bool is_standard_output(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

/* Determines what exists at `path`; *kind is 0 if nothing does.  Refuses what must not be
 * replaced. */
static bool inspect_path(const char *path, bool replace, mode_t *kind, Error *error)
{
    struct stat status;

    *kind = 0;
    if (stat(path, &status) != 0) {
        return errno == ENOENT || file_failed("create", path, EXIT_CODE_USAGE, error);
    }
    *kind = status.st_mode & S_IFMT;
    if (S_ISDIR(*kind)) {
        return error_set(error, EXIT_CODE_USAGE, "\"%s\" is a directory", path);
    }
    if (S_ISREG(*kind) && !replace) {
        error_set(error, EXIT_CODE_USAGE, "file \"%s\" exists already", path);
        return error_hint(error, "Choose another name, or replace the file with --force.");
    }
    return true;
}

static bool open_any(DumpOutput *output, const char *path, Error *error)
{
    mode_t kind;

    if (is_standard_output(path)) {
        output->name = "standard output";
        output->fd = STDOUT_FILENO;
        if (isatty(STDOUT_FILENO)) {
            error_set(error, EXIT_CODE_USAGE, "a dump is not written to a terminal");
            return error_hint(error, "Name a file with --file, or pipe into kv-import.");
        }
        return true;
    }
    output->name = path;
    if (!inspect_path(path, output->replace, &kind, error)) {
        return false;
    }
    output->exists = S_ISREG(kind);
    if (kind == 0 || output->exists) {
        return open_file(output, path, error);
    }
    output->fd = open(path, O_WRONLY | O_CLOEXEC);
    return output->fd >= 0 || file_failed("open", path, EXIT_CODE_USAGE, error);
}

/* A larger pipe makes writer and reader wait less for each other.  If that is impossible, the pipe
 * stays as it is. */
static void widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
    struct stat status;

    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) {
        fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
    }
#else
    (void)fd;
#endif
}

/* Tells whether a file can be created in the directory of `path`. */
static bool check_folder(const char *path, Error *error)
{
    char *copy = strdup(path);
    const char *folder;
    bool done;

    if (copy == NULL) {
        return error_out_of_memory(error);
    }
    folder = dirname(copy);
    done = access(folder, W_OK | X_OK) == 0 ||
           file_failed("write to folder", folder, EXIT_CODE_USAGE, error);
    free(copy);
    return done;
}

bool dump_output_check(const char *path, bool replace, Error *error)
{
    mode_t kind;

    if (is_standard_output(path)) {
        return true;
    }
    return inspect_path(path, replace, &kind, error) &&
           ((kind != 0 && !S_ISREG(kind)) || check_folder(path, error));
}

bool dump_output_open(const char *path, bool replace, DumpOutput **output, Error *error)
{
    DumpOutput *o = calloc(1, sizeof *o);

    *output = NULL;
    if (o == NULL) {
        return error_out_of_memory(error);
    }
    o->fd = -1;
    o->replace = replace;
    if (!open_any(o, path, error)) {
        free_output(o);
        return false;
    }
    widen_pipe(o->fd);
    *output = o;
    return true;
}

/* Makes the kernel start writing to disk, without waiting, so that the final flush has less to do.
 * Only an optimization: the final flush is what counts. */
static void begin_flush(DumpOutput *output)
{
#ifdef SYNC_FILE_RANGE_WRITE
    if (output->path != NULL && output->written - output->flushing >= FLUSH_SIZE) {
        sync_file_range(output->fd, output->flushing, output->written - output->flushing,
                        SYNC_FILE_RANGE_WRITE);
        output->flushing = output->written;
    }
#else
    (void)output;
#endif
}

bool dump_output_write(DumpOutput *output, Slice bytes, Error *error)
{
    while (bytes.size > 0) {
        ssize_t written = write(output->fd, bytes.data, bytes.size);

        if (written < 0 && errno == EINTR) {
            if (!interrupt_check(error)) {
                return false;
            }
            continue;
        }
        if (written < 0) {
            return file_failed("write to", output->name, EXIT_CODE_FAILED, error);
        }
        bytes = slice_of(bytes.data + written, bytes.size - (size_t)written);
        output->written += written;
    }
    begin_flush(output);
    return true;
}

/* Renames the partial file.  Unlike rename, link fails if the name has been created in the
 * meantime; file systems without links get a rename. */
static bool rename_partial(const DumpOutput *output, Error *error)
{
    if (!output->replace) {
        if (link(output->partial, output->path) == 0) {
            if (unlink(output->partial) != 0) {
                file_failed("remove", output->partial, EXIT_CODE_FAILED, error);
                unlink(output->path);
                return false;
            }
            return true;
        }
        if (errno == EEXIST) {
            return file_failed("create", output->path, EXIT_CODE_FAILED, error);
        }
    }
    return rename(output->partial, output->path) == 0 ||
           file_failed("create", output->path, EXIT_CODE_FAILED, error);
}

/* Without this a power failure may lose the new name although the contents are on disk. */
static bool sync_directory(const char *path, Error *error)
{
    char *copy = strdup(path);
    int fd;
    bool done;

    if (copy == NULL) {
        return error_out_of_memory(error);
    }
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems do not support it (EINVAL): that is as safe as they get. */
    done = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    if (!done) {
        file_failed("flush the directory of", path, EXIT_CODE_FAILED, error);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(copy);
    return done;
}

bool dump_output_commit(DumpOutput *output, Error *error)
{
    bool done = true;
    int fd = output->fd;

    if (output->path == NULL) {
        /* A pipe cannot be flushed to disk; close reports late write errors. */
        done = close(fd) == 0 || file_failed("write to", output->name, EXIT_CODE_FAILED, error);
        free_output(output);
        return done;
    }
    if (fsync(fd) != 0) {
        file_failed("flush", output->partial, EXIT_CODE_FAILED, error);
        dump_output_discard(output);
        return false;
    }
    if (!rename_partial(output, error)) {
        dump_output_discard(output);
        return false;
    }
    done = sync_directory(output->path, error);
    if (close(fd) != 0 && done) {
        done = file_failed("write to", output->path, EXIT_CODE_FAILED, error);
    }
    if (!done && !output->exists) {
        /* So that the next run finds no file in its way.  A replaced file cannot be restored. */
        unlink(output->path);
    }
    free_output(output);
    return done;
}

void dump_output_discard(DumpOutput *output)
{
    if (output == NULL) {
        return;
    }
    if (output->partial != NULL) {
        unlink(output->partial);
    }
    if (output->fd >= 0) {
        close(output->fd);
    }
    free_output(output);
}
