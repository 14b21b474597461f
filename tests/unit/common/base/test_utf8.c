/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which bytes are UTF-8, wherever in a text they are.
 */
#include "tests/unit/support.h"

#include "common/base/utf8.h"

/* RFC 3629: the shortest and longest characters of each length, and sequences that are none. */
static void test_characters_are_told_from_other_bytes_at_any_place(void **state)
{
    static const struct {
        const char *bytes;
        bool valid;
    } WANTED[] = {
        {"", true},
        {"a", true},
        {"\x7f", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\x80", false},
        {"\xc2", false},
        {"\xc1\xbf", false},         /* overlong */
        {"\xe0\x9f\xbf", false},     /* overlong */
        {"\xed\xa0\x80", false},     /* a surrogate */
        {"\xf4\x90\x80\x80", false}, /* beyond U+10FFFF */
        {"\xff", false},
    };
    char text[40];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        size_t size = strlen(WANTED[i].bytes);

        for (size_t before = 0; before <= 17; before++) {
            for (size_t after = 0; after <= 9; after++) {
                uint8_t *copy;

                memset(text, 'x', sizeof text);
                memcpy(text + before, WANTED[i].bytes, size);
                /* In an allocation of its own, so that no byte behind it is read. */
                copy = copy_of(slice_of(text, before + size + after));
                if (utf8_is_valid(slice_of(copy, before + size + after)) != WANTED[i].valid) {
                    fail_msg("case %zu, after %zu and before %zu bytes", i, before, after);
                }
                free(copy);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_characters_are_told_from_other_bytes_at_any_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
