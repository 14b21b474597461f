/*
 * Digests: SHA-256 of a stream, HMAC-SHA-256, XXH64 of a file's bytes, and the set digest of
 * entries.
 *
 * This folder is the only place that includes a digest library.
 */
#ifndef COMMON_BASE_DIGEST_H
#define COMMON_BASE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

enum { SHA256_SIZE = 32, SHA256_TEXT_SIZE = 64, SET_DIGEST_TEXT_SIZE = 32, XXH64_TEXT_SIZE = 16 };

/*
 * Makes OpenSSL get what it needs for SHA-256.  It does not survive a lack of memory while it does
 * so; whoever is about to make something that a crash must not leave behind calls this before.
 */
bool sha256_prepare(Error *error);

/* SHA-256 of bytes that come piece by piece.  Free takes NULL. */
typedef struct Sha256 Sha256;

bool sha256_new(Sha256 **sha256, Error *error);
bool sha256_update(Sha256 *sha256, Slice bytes, Error *error);
/* Ends the computation; `text` is 64 hexadecimal digits and a NUL. */
bool sha256_finish(Sha256 *sha256, char text[SHA256_TEXT_SIZE + 1], Error *error);
void sha256_free(Sha256 *sha256);

/* SHA-256 of bytes in memory. */
bool sha256_of(Slice bytes, uint8_t digest[SHA256_SIZE], Error *error);

/*
 * HMAC-SHA-256 (RFC 2104) with one key, which is copied, and wiped by the free; that takes NULL.
 * For one thread at a time.
 */
typedef struct HmacSha256 HmacSha256;

bool hmac_sha256_new(Slice key, HmacSha256 **hmac, Error *error);
/* Of the parts, one behind the other. */
bool hmac_sha256_of(HmacSha256 *hmac, const Slice *parts, size_t count, uint8_t digest[SHA256_SIZE],
                    Error *error);
void hmac_sha256_free(HmacSha256 *hmac);

/* Overwrites a secret that is no longer needed, which a compiler would leave out. */
void memory_wipe(void *secret, size_t size);

/* XXH64, seed 0, of bytes that come piece by piece.  Free takes NULL. */
typedef struct Xxh64 Xxh64;

bool xxh64_new(Xxh64 **xxh64, Error *error);
void xxh64_update(Xxh64 *xxh64, Slice bytes);
uint64_t xxh64_value(const Xxh64 *xxh64);
void xxh64_free(Xxh64 *xxh64);

/* XXH64, seed 0, of bytes in memory. */
uint64_t xxh64_of(Slice bytes);

/* XXH3, 64 bits, seed 0, of bytes in memory: no part of the format, but quick. */
uint64_t xxh3_of(Slice bytes);

/* 16 hexadecimal digits, the most significant first, and a NUL. */
void xxh64_to_text(uint64_t value, char text[XXH64_TEXT_SIZE + 1]);

/*
 * A digest of a set of entries that does not depend on their order: the sum modulo 2^128 of
 * XXH3-128 (seed 0) over each entry's tuple in COPY BINARY form.  {0} is the empty set's.
 */
typedef struct SetDigest {
    uint64_t high;
    uint64_t low;
} SetDigest;

void set_digest_add_tuple(SetDigest *digest, Slice tuple);
void set_digest_add(SetDigest *digest, SetDigest other);
bool set_digest_equal(SetDigest a, SetDigest b);
/* 32 hexadecimal digits, the most significant first, and a NUL. */
void set_digest_to_text(SetDigest digest, char text[SET_DIGEST_TEXT_SIZE + 1]);

#endif
