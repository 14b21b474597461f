/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/key_file.h"

#include "common/base/digest.h"
#include "common/cli/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RANDOM_KEY_SIZE = 32 };

static bool read_failed(const char *file, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "could not read the key file \"%s\": %s", file,
                     strerror(errno));
}

/* Reads to the end of the file, or until the key is full. */
static bool read_bytes(int fd, const char *file, RedactKey *key, Error *error)
{
    while (key->size < sizeof key->bytes) {
        ssize_t size = read(fd, key->bytes + key->size, sizeof key->bytes - key->size);

        if (size == 0) {
            return true;
        }
        if (size < 0 && errno != EINTR) {
            return read_failed(file, error);
        }
        key->size += size > 0 ? (size_t)size : 0;
    }
    return true;
}

static bool check_size(const char *file, const RedactKey *key, Error *error)
{
    if (key->size >= REDACT_KEY_MIN_SIZE && key->size < sizeof key->bytes) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "the key file \"%s\" has %s", file,
              key->size < REDACT_KEY_MIN_SIZE ? "too few bytes" : "too many bytes");
    return error_hint(error,
                      "A key has at least %d bytes and fewer than %d, all random: openssl rand "
                      "-out FILE 32",
                      REDACT_KEY_MIN_SIZE, REDACT_KEY_MAX_SIZE);
}

/* Root reads every file anyway. */
static void warn_of_readers(int fd, const char *file)
{
    struct stat status;
    Error warning;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0 &&
         (status.st_uid == geteuid() || status.st_uid == 0))) {
        return;
    }
    error_set(&warning, EXIT_CODE_DONE, "other users can read or change the key file \"%s\"", file);
    error_hint(&warning, "Whoever knows the key can verify guesses at names. Make it yours alone: "
                         "chmod 600");
    message_warning_error(&warning);
}

bool redact_key_read(const char *file, RedactKey *key, Error *error)
{
    int fd;
    bool done;

    *key = (RedactKey){0};
    if (file == NULL) {
        key->size = RANDOM_KEY_SIZE;
        return getentropy(key->bytes, RANDOM_KEY_SIZE) == 0 ||
               error_set(error, EXIT_CODE_USAGE, "could not get random bytes: %s", strerror(errno));
    }
    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return read_failed(file, error);
    }
    done = read_bytes(fd, file, key, error) && check_size(file, key, error);
    if (done) {
        warn_of_readers(fd, file);
    }
    close(fd);
    return done;
}

void redact_key_wipe(RedactKey *key)
{
    memory_wipe(key, sizeof *key);
}
