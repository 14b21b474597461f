/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests: SHA-256, HMAC-SHA-256, XXH64, and the set digest of entries.
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
 * Makes OpenSSL load what it needs for SHA-256.  OpenSSL may crash when memory runs out while it
 * does, so call this before creating anything that a crash must not leave behind.
 */
bool sha256_prepare(Error *error);

/* Incremental SHA-256.  Free takes NULL. */
typedef struct Sha256 Sha256;

bool sha256_new(Sha256 **sha256, Error *error);
bool sha256_update(Sha256 *sha256, Slice bytes, Error *error);
/* Finishes the digest; `text` receives 64 hexadecimal digits and a NUL. */
bool sha256_finish(Sha256 *sha256, char text[SHA256_TEXT_SIZE + 1], Error *error);
void sha256_free(Sha256 *sha256);

/* SHA-256 of a buffer in one call. */
bool sha256_of(Slice bytes, uint8_t digest[SHA256_SIZE], Error *error);

/*
 * HMAC-SHA-256 (RFC 2104).  The key is copied; hmac_sha256_free wipes the copy, and takes NULL.
 * Not thread-safe.
 */
typedef struct HmacSha256 HmacSha256;

bool hmac_sha256_new(Slice key, HmacSha256 **hmac, Error *error);
/* Computes the HMAC of the concatenated parts. */
bool hmac_sha256_of(HmacSha256 *hmac, const Slice *parts, size_t count, uint8_t digest[SHA256_SIZE],
                    Error *error);
void hmac_sha256_free(HmacSha256 *hmac);

/* Overwrites a secret, in a way the compiler cannot optimize out. */
void memory_wipe(void *secret, size_t size);

/* Incremental XXH64 with seed 0.  Free takes NULL. */
typedef struct Xxh64 Xxh64;

bool xxh64_new(Xxh64 **xxh64, Error *error);
void xxh64_update(Xxh64 *xxh64, Slice bytes);
uint64_t xxh64_value(const Xxh64 *xxh64);
void xxh64_free(Xxh64 *xxh64);

/* XXH64 with seed 0 of a buffer in one call. */
uint64_t xxh64_of(Slice bytes);

/* XXH3 (64 bits, seed 0) of a buffer.  Not part of the dump format; for hash tables, as it is
 * fast. */
uint64_t xxh3_of(Slice bytes);

/* Writes 16 hexadecimal digits, most significant first, and a NUL. */
void xxh64_to_text(uint64_t value, char text[XXH64_TEXT_SIZE + 1]);

/*
 * A digest of a set of entries, independent of their order: the sum modulo 2^128 of XXH3-128 (seed
 * 0) over each entry's tuple in COPY BINARY form.  {0} is the digest of the empty set.
 */
typedef struct SetDigest {
    uint64_t high;
    uint64_t low;
} SetDigest;

void set_digest_add_tuple(SetDigest *digest, Slice tuple);
void set_digest_add(SetDigest *digest, SetDigest other);
bool set_digest_equal(SetDigest a, SetDigest b);
/* Writes 32 hexadecimal digits, most significant first, and a NUL. */
void set_digest_to_text(SetDigest digest, char text[SET_DIGEST_TEXT_SIZE + 1]);
/* Reads what set_digest_to_text has written; false for any other text. */
bool set_digest_from_text(const char *text, SetDigest *digest);

#endif
