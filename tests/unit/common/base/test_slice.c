/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "common/base/slice.h"

static void test_slices_are_equal_by_bytes(void **state)
{
    (void)state;
    assert_true(slice_equal(BYTES("a\0b"), BYTES("a\0b")));
    assert_false(slice_equal(BYTES("a\0b"), BYTES("a\0c")));
    assert_false(slice_equal(BYTES("ab"), BYTES("abc")));
    assert_true(slice_equal(slice_of(NULL, 0), slice_text("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_are_equal_by_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
