/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/pseudonym.h"

#include "common/base/bytes.h"
#include "common/base/digest.h"

#include <stdlib.h>
#include <string.h>

/* Without vowels; letters first. */
static const char ALPHABET[] = "bcdfghjklmnpqrstvwxyz0123456789";

enum { LETTERS = 21, CHARACTERS = sizeof ALPHABET - 1 };

struct Pseudonyms {
    HmacSha256 *hmac;
};

/* A stream of any number of bytes: a hash of (kind, NUL, content), then hashes of that and a
 * counter.
 */
typedef struct Stream {
    Pseudonyms *names;
    uint8_t seed[SHA256_SIZE];
    uint8_t block[SHA256_SIZE]; /* the latest hash */
    size_t used;                /* of the block */
    uint64_t number;            /* of the block; the seed is number 0 */
} Stream;

bool pseudonyms_new(Slice key, Pseudonyms **names, Error *error)
{
    *names = calloc(1, sizeof **names);
    if (*names == NULL) {
        return error_out_of_memory(error);
    }
    if (!hmac_sha256_new(key, &(*names)->hmac, error)) {
        pseudonyms_free(*names);
        *names = NULL;
        return false;
    }
    return true;
}

static bool stream_open(Pseudonyms *names, const char *kind, Slice content, Stream *stream,
                        Error *error)
{
    const Slice parts[] = {slice_of(kind, strlen(kind) + 1), content};

    *stream = (Stream){.names = names};
    if (!hmac_sha256_of(names->hmac, parts, 2, stream->seed, error)) {
        return false;
    }
    memcpy(stream->block, stream->seed, sizeof stream->block);
    return true;
}

static bool stream_byte(Stream *stream, uint8_t *byte, Error *error)
{
    uint8_t number[8];
    const Slice parts[] = {slice_of(stream->seed, sizeof stream->seed),
                           slice_of(number, sizeof number)};

    if (stream->used == sizeof stream->block) {
        store_le64(number, ++stream->number);
        if (!hmac_sha256_of(stream->names->hmac, parts, 2, stream->block, error)) {
            return false;
        }
        stream->used = 0;
    }
    *byte = stream->block[stream->used++];
    return true;
}

/* One of the alphabet's first `characters` characters, all equally likely. */
static bool stream_character(Stream *stream, unsigned characters, uint8_t *character, Error *error)
{
    uint8_t byte;

    do {
        if (!stream_byte(stream, &byte, error)) {
            return false;
        }
    } while (byte >= 256 / characters * characters);
    *character = (uint8_t)ALPHABET[byte % characters];
    return true;
}

static size_t pseudonym_size(size_t size)
{
    static const size_t SIZES[] = {16, 24, 32, 48, 63, 128, 256, 512, 1024};

    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        if (size <= SIZES[i]) {
            return SIZES[i];
        }
    }
    return (size + 1023) / 1024 * 1024;
}

bool pseudonym_append(Pseudonyms *names, Slice name, Buffer *pseudonym, Error *error)
{
    size_t size = pseudonym_size(name.size);
    Stream stream;

    if (name.size == 0) {
        return true;
    }
    if (!stream_open(names, "name", name, &stream, error) ||
        !buffer_reserve(pseudonym, size, error)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!stream_character(&stream, i == 0 ? LETTERS : CHARACTERS,
                              &pseudonym->data[pseudonym->size], error)) {
            return false;
        }
        pseudonym->size++;
    }
    return true;
}

bool pseudonym_fill(Pseudonyms *names, const char *kind, Slice content, uint8_t *bytes, size_t size,
                    Error *error)
{
    Stream stream;
    bool done = stream_open(names, kind, content, &stream, error);

    for (size_t i = 0; done && i < size; i++) {
        done = stream_byte(&stream, &bytes[i], error);
    }
    return done;
}

void pseudonyms_free(Pseudonyms *names)
{
    if (names != NULL) {
        hmac_sha256_free(names->hmac);
        free(names);
    }
}
