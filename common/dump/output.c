/* SPDX-License-Identifier: Apache-2.0 */
/* For F_SETPIPE_SZ and sync_file_range, on systems that have them. */
#define _GNU_SOURCE
#include "common/dump/output.h"

#include "common/base/interrupt.h"
#include "common/dump/output_path.h"
#include "common/dump/partial_file.h"

#include <errno.h>
#include <fcntl.h>
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
    OutputPath path;  /* of the file; path.file is NULL if written directly */
    char *partial;    /* its name until it is complete; owned */
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
    output_path_free(&output->path);
    free(output->partial);
    free(output);
}

static bool is_standard_output(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

static bool refuse_terminal(Error *error)
{
    error_set(error, EXIT_CODE_USAGE, "a dump is not written to a terminal");
    return error_hint(error, "Name a file with --file, or pipe into kv-import.");
}

/* Opens a pipe or a device. */
static bool open_stream(DumpOutput *output, const char *path, Error *error)
{
    struct stat status;

    output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (output->fd < 0 || fstat(output->fd, &status) != 0) {
        return file_failed("open", path, EXIT_CODE_USAGE, error);
    }
    /* What was there when it was looked at may have been exchanged. */
    if (S_ISREG(status.st_mode)) {
        return error_set(error, EXIT_CODE_USAGE, "\"%s\" is no longer a pipe or device", path);
    }
    return !isatty(output->fd) || refuse_terminal(error);
}

/* Creates the partial file. */
static bool open_file(DumpOutput *output, Error *error)
{
    output->name = output->path.file;
    output->partial = partial_file_name(output->path.file, error);
    return output->partial != NULL && output_path_check_folder(&output->path, error) &&
           partial_file_create(output->partial, &output->fd, error);
}

static bool open_any(DumpOutput *output, const char *path, Error *error)
{
    if (is_standard_output(path)) {
        output->name = "standard output";
        output->fd = STDOUT_FILENO;
        return !isatty(STDOUT_FILENO) || refuse_terminal(error);
    }
    output->name = path;
    return output_path_find(path, output->replace, &output->path, error) &&
           (output->path.file == NULL ? open_stream(output, path, error)
                                      : open_file(output, error));
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

bool dump_output_check(const char *path, bool replace, Error *error)
{
    OutputPath found = {0};
    char *partial = NULL;
    bool done;

    if (is_standard_output(path)) {
        return true;
    }
    done = output_path_find(path, replace, &found, error);
    if (done && found.file != NULL) {
        partial = partial_file_name(found.file, error);
        done = partial != NULL && output_path_check_folder(&found, error) &&
               partial_file_check(partial, error);
    }
    free(partial);
    output_path_free(&found);
    return done;
}

bool dump_output_folder(const char *path, char **folder, Error *error)
{
    OutputPath found;
    bool done = output_path_find(path, true, &found, error);

    *folder = found.folder;
    found.folder = NULL;
    output_path_free(&found);
    return done;
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
        if (o->fd > STDOUT_FILENO) {
            close(o->fd);
        }
        free_output(o);
        return false;
    }
    widen_pipe(o->fd);
    *output = o;
    return true;
}

bool dump_output_is_file(const DumpOutput *output)
{
    struct stat status;

    return fstat(output->fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* Makes the kernel start writing to disk, without waiting, so that the final flush has less to do.
 * Only an optimization: the final flush is what counts. */
static void begin_flush(DumpOutput *output)
{
#ifdef SYNC_FILE_RANGE_WRITE
    if (output->path.file != NULL && output->written - output->flushing >= FLUSH_SIZE) {
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
    const char *name = output->path.file;

    if (!output->replace) {
        if (link(output->partial, name) == 0) {
            if (unlink(output->partial) != 0) {
                file_failed("remove", output->partial, EXIT_CODE_FAILED, error);
                unlink(name);
                return false;
            }
            return true;
        }
        if (errno == EEXIST) {
            return file_failed("create", name, EXIT_CODE_FAILED, error);
        }
    }
    return rename(output->partial, name) == 0 ||
           file_failed("create", name, EXIT_CODE_FAILED, error);
}

/* Another user of the folder can put a file of their own in the place of this one. */
static bool check_name(const DumpOutput *output, const char *name, Error *error)
{
    return partial_file_has_name(output->fd, name) ||
           error_set(error, EXIT_CODE_FAILED,
                     "\"%s\" was renamed, removed or replaced while the dump was written", name);
}

/* Without this a power failure may lose the new name although the contents are on disk. */
static bool sync_directory(const OutputPath *path, Error *error)
{
    int fd = open(path->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems do not support it (EINVAL): that is as safe as they get. */
    bool done = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

    if (!done) {
        file_failed("flush the directory of", path->file, EXIT_CODE_FAILED, error);
    }
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

/* A pipe cannot be flushed to disk; close reports late write errors. */
static bool commit_stream(DumpOutput *output, Error *error)
{
    bool done =
        close(output->fd) == 0 || file_failed("write to", output->name, EXIT_CODE_FAILED, error);

    free_output(output);
    return done;
}

bool dump_output_commit(DumpOutput *output, Error *error)
{
    const char *name = output->path.file;
    bool ours;
    bool done;

    if (name == NULL) {
        return commit_stream(output, error);
    }
    if (fsync(output->fd) != 0) {
        file_failed("flush", output->partial, EXIT_CODE_FAILED, error);
        dump_output_discard(output);
        return false;
    }
    if (!check_name(output, output->partial, error) || !rename_partial(output, error)) {
        dump_output_discard(output);
        return false;
    }
    done = check_name(output, name, error) && sync_directory(&output->path, error);
    ours = partial_file_has_name(output->fd, name);
    if (close(output->fd) != 0 && done) {
        done = file_failed("write to", name, EXIT_CODE_FAILED, error);
    }
    if (!done && ours && !output->path.exists) {
        /* So that the next run finds no file in its way.  A replaced file cannot be restored. */
        unlink(name);
    }
    free_output(output);
    return done;
}

void dump_output_discard(DumpOutput *output)
{
    if (output == NULL) {
        return;
    }
    if (output->partial != NULL && partial_file_has_name(output->fd, output->partial)) {
        unlink(output->partial);
    }
    if (output->fd >= 0) {
        close(output->fd);
    }
    free_output(output);
}
