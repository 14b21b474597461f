/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests.  Expected values: FIPS 180-2's examples; Python's hashlib; Python's xxhash, as
 * xxhash.xxh64_hexdigest(b) and xxhash.xxh3_128_hexdigest(b), and sums modulo 2**128 of the latter.
 */
#include "tests/unit/support.h"

#include "common/base/digest.h"

static const char FOX[] = "The quick brown fox jumps over the lazy dog";

/* Entries as in a chunk. */
#define TUPLE_A                                                                                    \
    BYTES("\0\3"                                                                                   \
          "\0\0\0\4"                                                                               \
          "auth"                                                                                   \
          "\0\0\0\13"                                                                              \
          "users/admin"                                                                            \
          "\0\0\0\7"                                                                               \
          "\22\5admin")
#define TUPLE_REPOSITORY(id)                                                                       \
    BYTES("\0\3"                                                                                   \
          "\0\0\0\10"                                                                              \
          "graveler"                                                                               \
          "\0\0\0\10"                                                                              \
          "repos/" id "\0\0\0\0")

#define DIGEST_A "4c0320e6e05a341e8d9d61293fa8ae13"

/* bytes(range(256)) * 4 */
static void make_kilobyte(uint8_t bytes[1024])
{
    for (size_t i = 0; i < 1024; i++) {
        bytes[i] = (uint8_t)i;
    }
}

/* SHA-256 of the bytes, passed in pieces of `step`. */
static void assert_sha256(Slice bytes, size_t step, const char *expected)
{
    Error error = {0};
    Sha256 *sha256;
    char text[SHA256_TEXT_SIZE + 1];

    assert_done(sha256_new(&sha256, &error), &error);
    while (bytes.size > 0) {
        size_t size = step < bytes.size ? step : bytes.size;

        assert_done(sha256_update(sha256, slice_of(bytes.data, size), &error), &error);
        bytes = slice_of(bytes.data + size, bytes.size - size);
    }
    assert_done(sha256_finish(sha256, text, &error), &error);
    assert_string_equal(text, expected);
    sha256_free(sha256);
}

static void test_sha256_is_that_of_the_standard(void **state)
{
    static const uint8_t ABC[SHA256_SIZE] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                             0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                             0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                             0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    Error error = {0};
    uint8_t digest[SHA256_SIZE];

    (void)state;
    assert_sha256(slice_text(""), 1,
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256(slice_text("abc"), 3,
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_done(sha256_of(slice_text("abc"), digest, &error), &error);
    assert_memory_equal(digest, ABC, sizeof digest);
}

static void test_sha256_does_not_depend_on_the_pieces(void **state)
{
    static const size_t STEPS[] = {1, 7, 63, 64, 65, 1000, 1024};
    uint8_t bytes[1024];

    (void)state;
    make_kilobyte(bytes);
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        assert_sha256(slice_of(bytes, sizeof bytes), STEPS[i],
                      "785b0751fc2c53dc14a4ce3d800e69ef9ce1009eb327ccf458afe09c242c26c9");
        assert_sha256(slice_text(FOX), STEPS[i],
                      "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592");
    }
}

/* The vectors of RFC 4231, 4.3 and 4.7: a short key, and one that is longer than a block. */
static void test_hmac_sha256_is_that_of_the_standard(void **state)
{
    static const uint8_t SHORT_KEY[SHA256_SIZE] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                                                   0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
                                                   0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
                                                   0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    static const uint8_t LONG_KEY[SHA256_SIZE] = {0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f,
                                                  0x0d, 0x8a, 0x26, 0xaa, 0xcb, 0xf5, 0xb7, 0x7f,
                                                  0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28, 0xc5, 0x14,
                                                  0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54};
    const Slice question[] = {BYTES("what do ya want "), BYTES(""), BYTES("for nothing?")};
    const Slice text[] = {BYTES("Test Using Larger Than Block-Size Key - Hash Key First")};
    uint8_t key[131];
    uint8_t digest[SHA256_SIZE];
    HmacSha256 *hmac;
    Error error = {0};

    (void)state;
    assert_done(hmac_sha256_new(BYTES("Jefe"), &hmac, &error), &error);
    /* The second call gives the same result. */
    for (unsigned i = 0; i < 2; i++) {
        assert_done(hmac_sha256_of(hmac, question, COUNT_OF(question), digest, &error), &error);
        assert_memory_equal(digest, SHORT_KEY, SHA256_SIZE);
    }
    hmac_sha256_free(hmac);
    memset(key, 0xaa, sizeof key);
    assert_done(hmac_sha256_new(slice_of(key, sizeof key), &hmac, &error), &error);
    memory_wipe(key, sizeof key);
    assert_int_equal(key[0], 0);
    assert_int_equal(key[sizeof key - 1], 0);
    assert_done(hmac_sha256_of(hmac, text, COUNT_OF(text), digest, &error), &error);
    assert_memory_equal(digest, LONG_KEY, SHA256_SIZE);
    hmac_sha256_free(hmac);
    hmac_sha256_free(NULL);
}

static void test_xxh64_is_that_of_other_implementations(void **state)
{
    uint8_t bytes[1024];

    (void)state;
    make_kilobyte(bytes);
    assert_true(xxh64_of(slice_text("")) == UINT64_C(0xef46db3751d8e999));
    assert_true(xxh64_of(slice_of(NULL, 0)) == UINT64_C(0xef46db3751d8e999));
    assert_true(xxh64_of(slice_text("abc")) == UINT64_C(0x44bc2cf5ad770999));
    assert_true(xxh64_of(slice_text(FOX)) == UINT64_C(0x0b242d361fda71bc));
    assert_true(xxh64_of(slice_of(bytes, sizeof bytes)) == UINT64_C(0x6f3914f18fe4df57));
}

static void test_xxh64_does_not_depend_on_the_pieces(void **state)
{
    static const size_t STEPS[] = {1, 7, 31, 32, 33, 1000, 1024};
    uint8_t bytes[1024];

    (void)state;
    make_kilobyte(bytes);
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        Error error = {0};
        Xxh64 *xxh64;

        assert_done(xxh64_new(&xxh64, &error), &error);
        assert_true(xxh64_value(xxh64) == UINT64_C(0xef46db3751d8e999));
        for (size_t at = 0; at < sizeof bytes; at += STEPS[i]) {
            size_t size = sizeof bytes - at < STEPS[i] ? sizeof bytes - at : STEPS[i];

            xxh64_update(xxh64, slice_of(bytes + at, size));
        }
        assert_true(xxh64_value(xxh64) == UINT64_C(0x6f3914f18fe4df57));
        xxh64_free(xxh64);
    }
}

/* The manifest has the digest of all bytes before it, and reading continues after it. */
static void test_xxh64_can_be_asked_on_the_way(void **state)
{
    Error error = {0};
    Xxh64 *xxh64;

    (void)state;
    assert_done(xxh64_new(&xxh64, &error), &error);
    xxh64_update(xxh64, slice_text("ab"));
    xxh64_value(xxh64);
    xxh64_update(xxh64, slice_text("c"));
    assert_true(xxh64_value(xxh64) == UINT64_C(0x44bc2cf5ad770999));
    assert_true(xxh64_value(xxh64) == UINT64_C(0x44bc2cf5ad770999));
    xxh64_free(xxh64);
}

static void test_xxh64_has_16_digits(void **state)
{
    char text[XXH64_TEXT_SIZE + 1];

    (void)state;
    xxh64_to_text(UINT64_C(0x0b242d361fda71bc), text);
    assert_string_equal(text, "0b242d361fda71bc");
    xxh64_to_text(0, text);
    assert_string_equal(text, "0000000000000000");
    xxh64_to_text(UINT64_MAX, text);
    assert_string_equal(text, "ffffffffffffffff");
}

static void assert_set(SetDigest digest, const char *expected)
{
    char text[SET_DIGEST_TEXT_SIZE + 1];

    set_digest_to_text(digest, text);
    assert_string_equal(text, expected);
}

static void test_empty_set_has_zeros(void **state)
{
    (void)state;
    assert_set((SetDigest){0}, "00000000000000000000000000000000");
}

static void test_set_of_one_entry_has_its_xxh3(void **state)
{
    SetDigest digest = {0};

    (void)state;
    set_digest_add_tuple(&digest, TUPLE_A);
    assert_set(digest, DIGEST_A);
    digest = (SetDigest){0};
    set_digest_add_tuple(&digest, TUPLE_REPOSITORY("r0"));
    assert_set(digest, "95a4f4604ba7e075d905e85562da684e");
}

static void test_sum_carries_from_the_low_word_to_the_high_one(void **state)
{
    SetDigest digest = {0};

    (void)state;
    set_digest_add_tuple(&digest, TUPLE_A);
    set_digest_add_tuple(&digest, TUPLE_REPOSITORY("r0"));
    assert_set(digest, "e1a815472c02149466a3497ea2831661");

    digest = (SetDigest){0, UINT64_MAX};
    set_digest_add(&digest, (SetDigest){0, 1});
    assert_set(digest, "00000000000000010000000000000000");
    digest = (SetDigest){0, UINT64_MAX};
    set_digest_add(&digest, (SetDigest){0, UINT64_MAX});
    assert_set(digest, "0000000000000001fffffffffffffffe");
}

static void test_sum_without_a_carry_between_halves(void **state)
{
    SetDigest digest = {0};

    (void)state;
    set_digest_add_tuple(&digest, TUPLE_A);
    set_digest_add_tuple(&digest, TUPLE_REPOSITORY("r3"));
    assert_set(digest, "c21cc7560a990ba6e480f20a6cbfbaf7");
}

static void test_sum_is_taken_modulo_2_to_the_128(void **state)
{
    SetDigest digest = {0};

    (void)state;
    set_digest_add_tuple(&digest, TUPLE_A);
    set_digest_add_tuple(&digest, TUPLE_REPOSITORY("r5"));
    assert_set(digest, "4805df15cdfe43cf8dfbb48a2cb0b14c");
}

static void test_order_of_entries_does_not_matter(void **state)
{
    SetDigest forward = {0};
    SetDigest backward = {0};

    (void)state;
    set_digest_add_tuple(&forward, TUPLE_A);
    set_digest_add_tuple(&forward, TUPLE_REPOSITORY("r0"));
    set_digest_add_tuple(&forward, TUPLE_REPOSITORY("r5"));
    set_digest_add_tuple(&backward, TUPLE_REPOSITORY("r5"));
    set_digest_add_tuple(&backward, TUPLE_REPOSITORY("r0"));
    set_digest_add_tuple(&backward, TUPLE_A);
    assert_true(set_digest_equal(forward, backward));
}

static void test_sets_of_several_workers_add_up(void **state)
{
    SetDigest whole = {0};
    SetDigest first = {0};
    SetDigest second = {0};

    (void)state;
    set_digest_add_tuple(&whole, TUPLE_A);
    set_digest_add_tuple(&whole, TUPLE_REPOSITORY("r0"));
    set_digest_add_tuple(&first, TUPLE_REPOSITORY("r0"));
    set_digest_add_tuple(&second, TUPLE_A);
    set_digest_add(&first, second);
    assert_true(set_digest_equal(whole, first));
    set_digest_add(&first, (SetDigest){0});
    assert_true(set_digest_equal(whole, first));
}

static void test_different_sets_have_different_digests(void **state)
{
    SetDigest once = {0};
    SetDigest twice = {0};
    SetDigest other = {0};

    (void)state;
    set_digest_add_tuple(&once, TUPLE_A);
    set_digest_add_tuple(&twice, TUPLE_A);
    set_digest_add_tuple(&twice, TUPLE_A);
    set_digest_add_tuple(&other, TUPLE_REPOSITORY("r0"));
    assert_false(set_digest_equal(once, twice));
    assert_false(set_digest_equal(once, other));
    assert_false(set_digest_equal((SetDigest){1, 2}, (SetDigest){1, 3}));
    assert_false(set_digest_equal((SetDigest){1, 2}, (SetDigest){0, 2}));
}

static void test_set_digest_is_read_as_it_was_written(void **state)
{
    static const char *const OTHERS[] = {"",
                                         "0123456789abcdef0123456789abcde",
                                         "0123456789abcdef0123456789abcdef0",
                                         "0123456789abcdef 123456789abcdef",
                                         "-123456789abcdef0123456789abcdef",
                                         "0123456789ABCDEF0123456789abcdef"};
    SetDigest digest = {0};

    (void)state;
    assert_true(set_digest_from_text("0123456789abcdeffedcba9876543210", &digest));
    assert_int_equal(digest.high, 0x0123456789abcdef);
    assert_int_equal(digest.low, 0xfedcba9876543210);
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        assert_false(set_digest_from_text(OTHERS[i], &digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_is_that_of_the_standard),
        cmocka_unit_test(test_sha256_does_not_depend_on_the_pieces),
        cmocka_unit_test(test_hmac_sha256_is_that_of_the_standard),
        cmocka_unit_test(test_xxh64_is_that_of_other_implementations),
        cmocka_unit_test(test_xxh64_does_not_depend_on_the_pieces),
        cmocka_unit_test(test_xxh64_can_be_asked_on_the_way),
        cmocka_unit_test(test_xxh64_has_16_digits),
        cmocka_unit_test(test_empty_set_has_zeros),
        cmocka_unit_test(test_set_of_one_entry_has_its_xxh3),
        cmocka_unit_test(test_sum_carries_from_the_low_word_to_the_high_one),
        cmocka_unit_test(test_sum_without_a_carry_between_halves),
        cmocka_unit_test(test_sum_is_taken_modulo_2_to_the_128),
        cmocka_unit_test(test_order_of_entries_does_not_matter),
        cmocka_unit_test(test_sets_of_several_workers_add_up),
        cmocka_unit_test(test_different_sets_have_different_digests),
        cmocka_unit_test(test_set_digest_is_read_as_it_was_written),
    };

    return cmocka_run_group_tests_name("digests", tests, NULL, NULL);
}
