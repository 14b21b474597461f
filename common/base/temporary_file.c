/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#include "common/base/temporary_file.h"

#include "common/base/environment.h"
#include "common/base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *temporary_folder(void)
{
    const char *folder = environment_variable("TMPDIR");

    return folder == NULL ? "/tmp" : folder;
}

static bool failed(ExitCode code, const char *action, int number, Error *error)
{
    error_set(error, code, "could not %s a temporary file in \"%s\": %s", action,
              temporary_folder(), strerror(number));
    return error_hint(error, "Point TMPDIR to a folder with more room.");
}

/* Not all file systems have files without a name from the start. */
static int create_and_unlink(const char *folder)
{
    static const char NAME[] = "lakefs-kv.XXXXXX";
    size_t size = strlen(folder) + sizeof "/" + sizeof NAME;
    char *path = malloc(size);
    int fd;

    if (path == NULL) {
        return -1;
    }
    snprintf(path, size, "%s/%s", folder, NAME);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    free(path);
    return fd;
}

bool temporary_file_open(int *fd, Error *error)
{
    const char *folder = temporary_folder();

    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        *fd = create_and_unlink(folder);
    }
    /* It may be opened again, and the umask may have taken the owner's rights away. */
    if (*fd < 0 || fchmod(*fd, 0600) != 0) {
        failed(EXIT_CODE_USAGE, "create", errno, error);
        return error_hint(error, "Point TMPDIR to a folder that exists and may be written to.");
    }
    return true;
}

/* `offset`: -1 for the file's position. */
static bool write_all(int fd, off_t offset, Slice bytes, Error *error)
{
    while (bytes.size > 0) {
        ssize_t n = offset < 0 ? write(fd, bytes.data, bytes.size)
                               : pwrite(fd, bytes.data, bytes.size, offset);

        if (n < 0 && errno == EINTR) {
            if (!interrupt_check(error)) {
                return false;
            }
            continue;
        }
        if (n < 0) {
            return failed(EXIT_CODE_FAILED, "write to", errno, error);
        }
        bytes = slice_of(bytes.data + n, bytes.size - (size_t)n);
        offset = offset < 0 ? offset : offset + n;
    }
    return true;
}

bool temporary_file_write(int fd, Slice bytes, Error *error)
{
    return write_all(fd, -1, bytes, error);
}

bool temporary_file_write_at(int fd, uint64_t offset, Slice bytes, Error *error)
{
    return write_all(fd, (off_t)offset, bytes, error);
}

bool temporary_file_read(int fd, uint64_t offset, void *data, size_t size, Error *error)
{
    uint8_t *position = data;

    while (size > 0) {
        ssize_t n = pread(fd, position, size, (off_t)offset);

        if (n < 0 && errno == EINTR) {
            if (!interrupt_check(error)) {
                return false;
            }
            continue;
        }
        if (n <= 0) {
            return failed(EXIT_CODE_FAILED, "read", n == 0 ? EIO : errno, error);
        }
        position += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}
