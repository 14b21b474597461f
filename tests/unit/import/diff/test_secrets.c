/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values are shown without secrets, whatever is in them.
 */
#include "tests/unit/support.h"

#include "import/diff/json_line.h"

#define SECRET "deep-secret"
#define NAME                                                                                       \
    "\x12\x03"                                                                                     \
    "eve"
#define PASSWORD(secret) "\x2a\x0b" secret
#define KEY_ID                                                                                     \
    "\x0a\x02"                                                                                     \
    "K1"
#define SECRET_KEY(secret) "\x12\x0b" secret

/* The line for a change of an entry. */
static char *line_of(const char *partition_key, const char *key, Slice old_value, Slice new_value)
{
    Difference difference = {
        .has_old = old_value.data != NULL,
        .has_new = new_value.data != NULL,
        .old_entry = {slice_text(partition_key), slice_text(key), old_value},
        .new_entry = {slice_text(partition_key), slice_text(key), new_value},
    };
    Buffer line = {0};
    Error error = {0};
    char *text;

    assert_done(json_line_append(&line, &difference, &error), &error);
    text = buffer_take(&line, &error);
    assert_non_null(text);
    return text;
}

static void assert_line(const char *partition_key, const char *key, Slice old_value,
                        Slice new_value, const char *expected)
{
    char *line = line_of(partition_key, key, old_value, new_value);

    assert_contains(line, expected);
    assert_lacks(line, SECRET);
    assert_lacks(line, "ZGVlcC1zZWNyZXQ"); /* the same in base64 */
    free(line);
}

static void test_secrets_are_replaced(void **state)
{
    const Slice none = {0};

    (void)state;
    assert_line("auth", "users/eve", none, BYTES(NAME PASSWORD(SECRET)),
                "\"new\":{\"username\":\"eve\",\"encrypted_password\":\"(hidden)\"}");
    assert_line("basicAuth", "users/superAdmin", BYTES(NAME PASSWORD(SECRET)), none,
                "\"old\":{\"username\":\"eve\",\"encrypted_password\":\"(hidden)\"}");
    assert_line("auth", "uCredentials/eve/credentials/K1", none, BYTES(KEY_ID SECRET_KEY(SECRET)),
                "\"new\":{\"access_key_id\":\"K1\",\"secret_access_key_encrypted_bytes\":"
                "\"(hidden)\"}");
    /* Of several fields the last counts; all of them are secrets. */
    assert_line("auth", "users/eve", none, BYTES(PASSWORD(SECRET) PASSWORD(SECRET)), "(hidden)");
}

static void test_whether_they_differ_is_shown(void **state)
{
    (void)state;
    assert_line("auth", "users/eve", BYTES(NAME PASSWORD(SECRET)),
                BYTES(NAME PASSWORD("other-secre")),
                "\"old\":{\"username\":\"eve\",\"encrypted_password\":\"(hidden, differs)\"},"
                "\"new\":{\"username\":\"eve\",\"encrypted_password\":\"(hidden, differs)\"}");
    assert_line("auth", "users/eve", BYTES(PASSWORD(SECRET)), BYTES(NAME PASSWORD(SECRET)),
                "\"new\":{\"username\":\"eve\",\"encrypted_password\":\"(hidden)\"}");
    assert_line("auth", "users/eve", BYTES(NAME), BYTES(NAME PASSWORD(SECRET)),
                "\"old\":{\"username\":\"eve\"},\"new\":{\"username\":\"eve\","
                "\"encrypted_password\":\"(hidden, differs)\"}");
}

static void test_what_is_no_such_message_is_hidden(void **state)
{
    const Slice none = {0};

    (void)state;
    assert_line("auth", "users/eve", none, BYTES(NAME PASSWORD(SECRET) "\x0a"),
                "\"type\":\"bytes\",\"new\":\"(hidden)\"");
    assert_line("auth", "users/eve", none, BYTES(SECRET), "\"new\":\"(hidden)\"");
    /* The number of a secret field with another type, and fields of a later version. */
    assert_line("auth", "users/eve", none,
                BYTES("\x2d"
                      "1234" PASSWORD(SECRET)),
                "\"new\":\"(hidden)\"");
    assert_line("auth", "users/eve", none, BYTES(NAME "\x7a\x0b" SECRET),
                "\"new\":{\"username\":\"eve\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_are_replaced),
        cmocka_unit_test(test_whether_they_differ_is_shown),
        cmocka_unit_test(test_what_is_no_such_message_is_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
