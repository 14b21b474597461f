/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/digest.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct Sha256 {
    EVP_MD_CTX *context;
};

static bool openssl_failed(Error *error)
{
    return error_set(error, EXIT_CODE_FAILED, "could not compute a SHA-256 digest");
}

bool sha256_prepare(Error *error)
{
    uint8_t digest[SHA256_SIZE];

    return sha256_of(slice_of(NULL, 0), digest, error);
}

bool sha256_new(Sha256 **sha256, Error *error)
{
    *sha256 = calloc(1, sizeof **sha256);
    if (*sha256 == NULL) {
        return error_out_of_memory(error);
    }
    (*sha256)->context = EVP_MD_CTX_new();
    if ((*sha256)->context == NULL ||
        EVP_DigestInit_ex((*sha256)->context, EVP_sha256(), NULL) != 1) {
        sha256_free(*sha256);
        *sha256 = NULL;
        return openssl_failed(error);
    }
    return true;
}

bool sha256_update(Sha256 *sha256, Slice bytes, Error *error)
{
    return EVP_DigestUpdate(sha256->context, bytes.data, bytes.size) == 1 || openssl_failed(error);
}

bool sha256_finish(Sha256 *sha256, char text[SHA256_TEXT_SIZE + 1], Error *error)
{
    uint8_t digest[SHA256_SIZE];
    unsigned size = 0;

    if (EVP_DigestFinal_ex(sha256->context, digest, &size) != 1 || size != SHA256_SIZE) {
        return openssl_failed(error);
    }
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    return true;
}

void sha256_free(Sha256 *sha256)
{
    if (sha256 != NULL) {
        EVP_MD_CTX_free(sha256->context);
        free(sha256);
    }
}

bool sha256_of(Slice bytes, uint8_t digest[SHA256_SIZE], Error *error)
{
    unsigned size = 0;

    if (EVP_Digest(bytes.data, bytes.size, digest, &size, EVP_sha256(), NULL) != 1 ||
        size != SHA256_SIZE) {
        return openssl_failed(error);
    }
    return true;
}

struct HmacSha256 {
    EVP_MAC_CTX *context;
};

static EVP_MAC_CTX *new_hmac_context(Slice key)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

    EVP_MAC_free(mac);
    if (context != NULL && EVP_MAC_init(context, key.data, key.size, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    return context;
}

bool hmac_sha256_new(Slice key, HmacSha256 **hmac, Error *error)
{
    *hmac = calloc(1, sizeof **hmac);
    if (*hmac == NULL) {
        return error_out_of_memory(error);
    }
    (*hmac)->context = new_hmac_context(key);
    if ((*hmac)->context == NULL) {
        hmac_sha256_free(*hmac);
        *hmac = NULL;
        return openssl_failed(error);
    }
    return true;
}

bool hmac_sha256_of(HmacSha256 *hmac, const Slice *parts, size_t count, uint8_t digest[SHA256_SIZE],
                    Error *error)
{
    size_t size = 0;
    /* Without a key: reuse the one the context already has. */
    bool done = EVP_MAC_init(hmac->context, NULL, 0, NULL) == 1;

    for (size_t i = 0; done && i < count; i++) {
        done = EVP_MAC_update(hmac->context, parts[i].data, parts[i].size) == 1;
    }
    return (done && EVP_MAC_final(hmac->context, digest, &size, SHA256_SIZE) == 1 &&
            size == SHA256_SIZE) ||
           openssl_failed(error);
}

void hmac_sha256_free(HmacSha256 *hmac)
{
    if (hmac != NULL) {
        EVP_MAC_CTX_free(hmac->context);
        free(hmac);
    }
}

void memory_wipe(void *secret, size_t size)
{
    OPENSSL_cleanse(secret, size);
}

struct Xxh64 {
    XXH64_state_t *state;
};

bool xxh64_new(Xxh64 **xxh64, Error *error)
{
    *xxh64 = calloc(1, sizeof **xxh64);
    if (*xxh64 == NULL) {
        return error_out_of_memory(error);
    }
    (*xxh64)->state = XXH64_createState();
    if ((*xxh64)->state == NULL) {
        xxh64_free(*xxh64);
        *xxh64 = NULL;
        return error_out_of_memory(error);
    }
    XXH64_reset((*xxh64)->state, 0);
    return true;
}

void xxh64_update(Xxh64 *xxh64, Slice bytes)
{
    XXH64_update(xxh64->state, bytes.data, bytes.size);
}

uint64_t xxh64_value(const Xxh64 *xxh64)
{
    return XXH64_digest(xxh64->state);
}

void xxh64_free(Xxh64 *xxh64)
{
    if (xxh64 != NULL) {
        XXH64_freeState(xxh64->state);
        free(xxh64);
    }
}

uint64_t xxh64_of(Slice bytes)
{
    return XXH64(bytes.data, bytes.size, 0);
}

uint64_t xxh3_of(Slice bytes)
{
    return XXH3_64bits(bytes.data, bytes.size);
}

void xxh64_to_text(uint64_t value, char text[XXH64_TEXT_SIZE + 1])
{
    snprintf(text, XXH64_TEXT_SIZE + 1, "%016" PRIx64, value);
}

void set_digest_add(SetDigest *digest, SetDigest other)
{
    uint64_t low = digest->low + other.low;

    digest->high += other.high + (low < other.low ? 1 : 0);
    digest->low = low;
}

void set_digest_add_tuple(SetDigest *digest, Slice tuple)
{
    XXH128_hash_t hash = XXH3_128bits(tuple.data, tuple.size);

    set_digest_add(digest, (SetDigest){hash.high64, hash.low64});
}

bool set_digest_equal(SetDigest a, SetDigest b)
{
    return a.high == b.high && a.low == b.low;
}

void set_digest_to_text(SetDigest digest, char text[SET_DIGEST_TEXT_SIZE + 1])
{
    snprintf(text, SET_DIGEST_TEXT_SIZE + 1, "%016" PRIx64 "%016" PRIx64, digest.high, digest.low);
}

bool set_digest_from_text(const char *text, SetDigest *digest)
{
    if (strlen(text) != SET_DIGEST_TEXT_SIZE ||
        strspn(text, "0123456789abcdef") != SET_DIGEST_TEXT_SIZE) {
        return false;
    }
    return sscanf(text, "%16" SCNx64 "%16" SCNx64, &digest->high, &digest->low) == 2;
}
