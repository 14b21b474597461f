/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "common/base/base64.h"

static void test_base64_is_decoded(void **state)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: not valid */
    } CASES[] = {{"", ""},        {"Zg==", "f"},          {"Zm8=", "fo"},
                 {"Zm9v", "foo"}, {"Zm9vYg==", "foob"},   {"Zg=", NULL},
                 {"Zg", NULL},    {"Z===", NULL},         {"Zg=g", NULL},
                 {"=g==", NULL},  {"Zm9v\n\n\n\n", NULL}, {" Zm9", NULL},
                 {"Zm9?", NULL},  {"Zg==Zg==", NULL}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Buffer bytes = {0};
        bool valid;
        Error error = {0};

        assert_done(base64_decode(&bytes, slice_text(CASES[i].text), &valid, &error), &error);
        assert_int_equal(valid, CASES[i].bytes != NULL);
        if (valid) {
            assert_true(slice_equal(buffer_slice(&bytes), slice_text(CASES[i].bytes)));
        } else {
            assert_int_equal(bytes.size, 0);
        }
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_is_decoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
