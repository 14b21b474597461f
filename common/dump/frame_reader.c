/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/frame_reader.h"

#include "common/base/bytes.h"
#include "common/base/digest.h"
#include "common/base/interrupt.h"
#include "common/dump/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct FrameReader {
    int fd;
    char name[512]; /* for messages */
    bool is_pipe;   /* another program writes it */
    uint64_t offset;
    Xxh64 *digest;
    SeekTable seen;
    Buffer json;
};

/* Memory grows with the actual data, not with the size that a broken dump claims. */
enum { READ_STEP = 1024 * 1024 };

bool frame_reader_error_at(const FrameReader *frames, uint64_t offset, Error *error)
{
    char message[sizeof error->message];

    if (error->code == EXIT_CODE_DUMP) {
        snprintf(message, sizeof message, "%s", error->message);
        snprintf(error->message, sizeof error->message, "%s, offset %" PRIu64 ": %.400s",
                 frames->name, offset, message);
    }
    return false;
}

static bool is_standard_input(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

bool frame_reader_open(const char *path, const char *name, FrameReader **frames, Error *error)
{
    FrameReader *f = calloc(1, sizeof *f);
    struct stat status;

    *frames = NULL;
    if (f == NULL) {
        return error_out_of_memory(error);
    }
    if (is_standard_input(name) || strcmp(name, "/dev/stdin") == 0) {
        snprintf(f->name, sizeof f->name, "dump on standard input");
    } else {
        snprintf(f->name, sizeof f->name, "dump \"%s\"", name);
    }
    f->fd = is_standard_input(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &status) != 0) {
        error_set(error, EXIT_CODE_USAGE, "could not open %s: %s", f->name, strerror(errno));
        frame_reader_free(f);
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        error_set(error, EXIT_CODE_DUMP, "%s is a directory", f->name);
        frame_reader_free(f);
        return false;
    }
    f->is_pipe = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
    if (!xxh64_new(&f->digest, error)) {
        frame_reader_free(f);
        return false;
    }
    *frames = f;
    return true;
}

/* Reads up to `size` bytes; *count is smaller only at the end of the input. */
static bool read_some(FrameReader *frames, uint8_t *data, size_t size, size_t *count, Error *error)
{
    *count = 0;
    while (*count < size) {
        ssize_t n = read(frames->fd, data + *count, size - *count);

        if (n == 0) {
            break;
        }
        if (n < 0 && errno == EINTR) {
            if (!interrupt_check(error)) {
                return false;
            }
            continue;
        }
        if (n < 0) {
            /* Such as a device that cannot be read. */
            return error_set(error, EXIT_CODE_FAILED, "could not read %s: %s", frames->name,
                             strerror(errno));
        }
        *count += (size_t)n;
    }
    xxh64_update(frames->digest, slice_of(data, *count));
    frames->offset += *count;
    return true;
}

static bool truncated(const FrameReader *frames, Error *error)
{
    error_set(error, EXIT_CODE_DUMP, "the dump ends here, before its end");
    error_hint(error, "%s",
               frames->is_pipe
                   ? "The program that writes it ended early: see its message."
                   : "It was not written or copied completely; export or copy it again.");
    error->input_ended = frames->is_pipe;
    return frame_reader_error_at(frames, frames->offset, error);
}

/* Appends exactly `size` bytes to the buffer. */
static bool read_exactly(FrameReader *frames, size_t size, Buffer *buffer, Error *error)
{
    while (size > 0) {
        size_t step = size < READ_STEP ? size : READ_STEP;
        size_t count;

        if (!buffer_reserve(buffer, step, error) ||
            !read_some(frames, buffer->data + buffer->size, step, &count, error)) {
            return false;
        }
        buffer->size += count;
        if (count < step) {
            return truncated(frames, error);
        }
        size -= step;
    }
    return true;
}

/* Verifies a JSON frame's checksum and removes it.  `payload` is what follows the frame header. */
static bool check_json(Slice payload, Slice *json, Error *error)
{
    *json = slice_of(payload.data, payload.size - DUMP_JSON_CHECKSUM_SIZE);
    if (xxh64_of(*json) != load_le64(payload.data + json->size)) {
        return error_set(error, EXIT_CODE_DUMP, "a JSON frame's checksum is wrong");
    }
    return true;
}

/* Checks a JSON frame's header; *size is the size of the payload. */
static bool check_json_header(const uint8_t *header, size_t *size, Error *error)
{
    if (load_le32(header) != DUMP_JSON_MAGIC) {
        return error_set(error, EXIT_CODE_DUMP, "there is no JSON frame where one must be");
    }
    *size = load_le32(header + 4);
    if (*size < DUMP_JSON_CHECKSUM_SIZE || *size > DUMP_JSON_MAX_SIZE) {
        return error_set(error, EXIT_CODE_DUMP, "a JSON frame has an impossible size");
    }
    return true;
}

bool frame_reader_json(FrameReader *frames, Slice *json, Error *error)
{
    uint64_t begin = frames->offset;
    size_t size;
    Slice payload;

    frames->json.size = 0;
    if (!read_exactly(frames, DUMP_SKIPPABLE_HEADER_SIZE, &frames->json, error)) {
        return false;
    }
    if (!check_json_header(frames->json.data, &size, error)) {
        return frame_reader_error_at(frames, begin, error);
    }
    frames->json.size = 0;
    if (!read_exactly(frames, size, &frames->json, error)) {
        return false;
    }
    payload = buffer_slice(&frames->json);
    if (!check_json(payload, json, error)) {
        return frame_reader_error_at(frames, begin, error);
    }
    return seek_table_add(&frames->seen, frames->offset - begin, 0, error);
}

bool frame_reader_data(FrameReader *frames, size_t compressed_size, size_t content_size,
                       Buffer *frame, Error *error)
{
    frame->size = 0;
    return read_exactly(frames, compressed_size, frame, error) &&
           seek_table_add(&frames->seen, compressed_size, content_size, error);
}

/* Reads bytes without keeping them. */
static bool pass_bytes(FrameReader *frames, size_t size, Error *error)
{
    uint8_t passed[64 * 1024];

    while (size > 0) {
        size_t step = size < sizeof passed ? size : sizeof passed;
        size_t count;

        if (!read_some(frames, passed, step, &count, error)) {
            return false;
        }
        if (count < step) {
            return truncated(frames, error);
        }
        size -= step;
    }
    return true;
}

bool frame_reader_pass(FrameReader *frames, size_t compressed_size, size_t content_size,
                       Error *error)
{
    return pass_bytes(frames, compressed_size, error) &&
           seek_table_add(&frames->seen, compressed_size, content_size, error);
}

bool frame_reader_skip(FrameReader *frames, size_t compressed_size, Error *error)
{
    if (lseek(frames->fd, (off_t)compressed_size, SEEK_CUR) >= 0) {
        frames->offset += compressed_size;
        return true;
    }
    return pass_bytes(frames, compressed_size, error);
}

bool frame_reader_can_seek(const FrameReader *frames)
{
    return lseek(frames->fd, 0, SEEK_CUR) >= 0;
}

bool frame_reader_finish(FrameReader *frames, Error *error)
{
    uint64_t begin = frames->offset;
    Buffer expected = {0};
    Buffer found = {0};
    uint8_t extra;
    size_t count = 0;
    bool done = false;

    if (!seek_table_encode(&frames->seen, &expected, error) ||
        !read_exactly(frames, expected.size, &found, error)) {
        goto finished;
    }
    if (!slice_equal(buffer_slice(&expected), buffer_slice(&found))) {
        error_set(error, EXIT_CODE_DUMP, "the seek table does not agree with the frames");
        frame_reader_error_at(frames, begin, error);
        goto finished;
    }
    if (!read_some(frames, &extra, 1, &count, error)) {
        goto finished;
    }
    if (count != 0) {
        error_set(error, EXIT_CODE_DUMP, "there is data after the end of the dump");
        frame_reader_error_at(frames, frames->offset - 1, error);
        goto finished;
    }
    done = true;

finished:
    buffer_free(&expected);
    buffer_free(&found);
    return done;
}

uint64_t frame_reader_offset(const FrameReader *frames)
{
    return frames->offset;
}

uint64_t frame_reader_size(const FrameReader *frames)
{
    struct stat status;

    return fstat(frames->fd, &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size
                                                                      : frames->offset;
}

uint64_t frame_reader_digest(const FrameReader *frames)
{
    return xxh64_value(frames->digest);
}

/* Replaces the buffer's contents with `size` bytes at `offset`. */
static bool read_at(const FrameReader *frames, uint64_t offset, size_t size, Buffer *buffer,
                    Error *error)
{
    buffer->size = 0;
    if (!buffer_reserve(buffer, size, error)) {
        return false;
    }
    while (buffer->size < size) {
        ssize_t n = pread(frames->fd, buffer->data + buffer->size, size - buffer->size,
                          (off_t)(offset + buffer->size));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return error_set(error, EXIT_CODE_FAILED, "could not read %s: %s", frames->name,
                             n == 0 ? "the file was truncated while it was being read"
                                    : strerror(errno));
        }
        buffer->size += (size_t)n;
    }
    return true;
}

/* The last frame before the seek table. */
typedef struct LastFrame {
    uint64_t offset;
    uint32_t size;
} LastFrame;

/* Adds up the frames of a seek table whose entries are at `begin` to `end`.  Reads piece by piece:
 * the end of a file can claim a table of a gigabyte. */
static bool add_up_frames(const FrameReader *frames, uint64_t begin, uint64_t end, Buffer *buffer,
                          LastFrame *last, Error *error)
{
    *last = (LastFrame){0};
    while (begin < end) {
        size_t step = end - begin < READ_STEP ? (size_t)(end - begin) : READ_STEP;

        if (!read_at(frames, begin, step, buffer, error)) {
            return false;
        }
        for (size_t at = 0; at < step; at += DUMP_SEEK_TABLE_ENTRY_SIZE) {
            last->offset += last->size;
            last->size = seek_table_entry(buffer->data + at).compressed_size;
        }
        begin += step;
    }
    return true;
}

/* Reads the seek table from the end of a file of this size and checks that its frames add up to the
 * file. */
static bool read_seek_table(const FrameReader *frames, uint64_t file_size, Buffer *buffer,
                            LastFrame *last, Error *error)
{
    uint8_t footer[DUMP_SEEK_TABLE_FOOTER_SIZE] = {0};
    uint64_t end = file_size - DUMP_SEEK_TABLE_FOOTER_SIZE;
    uint64_t size;

    if (file_size >= DUMP_SEEK_TABLE_FOOTER_SIZE) {
        if (!read_at(frames, end, sizeof footer, buffer, error)) {
            return false;
        }
        memcpy(footer, buffer->data, sizeof footer);
    }
    size = seek_table_frame_size(footer);
    if (file_size < size || load_le32(footer + 5) != DUMP_SEEK_TABLE_FOOTER_MAGIC) {
        error_set(error, EXIT_CODE_DUMP, "the dump does not end in a seek table");
        return error_hint(error,
                          "It was not written or copied completely; export or copy it again.");
    }
    if (!read_at(frames, file_size - size, DUMP_SKIPPABLE_HEADER_SIZE, buffer, error) ||
        !seek_table_check(buffer->data, footer, error) ||
        !add_up_frames(frames, file_size - size + DUMP_SKIPPABLE_HEADER_SIZE, end, buffer, last,
                       error)) {
        return false;
    }
    return (last->size > 0 && last->offset + last->size + size == file_size) ||
           error_set(error, EXIT_CODE_DUMP, "the frames of the seek table do not fill the dump");
}

bool frame_reader_last_json(FrameReader *frames, bool *found, Buffer *json, uint64_t *offset,
                            Error *error)
{
    LastFrame last = {0};
    struct stat status;
    size_t size;
    Slice text;
    bool done;

    *found = false;
    *offset = 0;
    json->size = 0;
    if (fstat(frames->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return true;
    }
    if (!read_seek_table(frames, (uint64_t)status.st_size, json, &last, error)) {
        return frame_reader_error_at(frames, (uint64_t)status.st_size, error);
    }
    *offset = last.offset;
    size = last.size;
    if (size < DUMP_SKIPPABLE_HEADER_SIZE ||
        size > DUMP_SKIPPABLE_HEADER_SIZE + DUMP_JSON_MAX_SIZE) {
        error_set(error, EXIT_CODE_DUMP, "the last frame is no manifest");
        return frame_reader_error_at(frames, *offset, error);
    }
    if (!read_at(frames, *offset, size, json, error)) {
        return false;
    }
    done = check_json_header(json->data, &size, error);
    if (done && size + DUMP_SKIPPABLE_HEADER_SIZE != json->size) {
        done = error_set(error, EXIT_CODE_DUMP, "the last frame does not have the size it states");
    }
    done =
        done && check_json(slice_of(json->data + DUMP_SKIPPABLE_HEADER_SIZE, size), &text, error);
    if (!done) {
        return frame_reader_error_at(frames, *offset, error);
    }
    memmove(json->data, text.data, text.size);
    json->size = text.size;
    *found = true;
    return true;
}

void frame_reader_free(FrameReader *frames)
{
    if (frames == NULL) {
        return;
    }
    if (frames->fd > STDIN_FILENO) {
        close(frames->fd);
    }
    xxh64_free(frames->digest);
    seek_table_free(&frames->seen);
    buffer_free(&frames->json);
    free(frames);
}
