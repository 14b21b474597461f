/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources of policies that refer to a repository.
 *
 * Source: KV-MODEL.md, "One repository".
 */
#include "tests/unit/support.h"

#include "import/restore/resource.h"

static void test_resources_that_refer_to_a_repository(void **state)
{
    static const char *const YES[] = {
        "arn:lakefs:fs:::repository/repo",
        "arn:lakefs:fs:::repository/repo/object/data/*",
        "arn:lakefs:fs:::repository/repo/branch/main",
        "arn:lakefs:fs:::repository/repo/*",
        "arn:lakefs:fs:::repository/*",
        "arn:lakefs:fs:::repository/r*",
        "arn:lakefs:fs:::repository/*o",
        "arn:lakefs:fs:::repository/re?o",
        "arn:lakefs:fs:::repository/????",
        "arn:lakefs:fs:::repository/*/object/x",
        "arn:lakefs:fs:::*",
        "*",
        "**",
        "arn:*/repo",
        "arn:lakefs:fs:::repository/*e*p*",
        "arn:lakefs:fs:::namespace/s3://b/x",
        "arn:lakefs:fs:::namespace/s3://*",
        "arn:lakefs:fs:::namespace/s3://b/x/y",
        "arn:lakefs:catalog:::namespace/repo/main/ns",
        "arn:lakefs:catalog:::table/repo/*",
        "arn:lakefs:catalog:::view/re*",
    };
    static const char *const NO[] = {
        "",
        "arn:lakefs:fs:::repository/repo2",
        "arn:lakefs:fs:::repository/repo2/*",
        "arn:lakefs:fs:::repository/rep",
        "arn:lakefs:fs:::repository/rep/*",
        "arn:lakefs:fs:::repository/???",
        "arn:lakefs:fs:::repository",
        "arn:lakefs:fs:::repository/x*",
        "arn:lakefs:fs:::namespace/s3://b/x2",
        "arn:lakefs:fs:::namespace/s3://b",
        "arn:lakefs:auth:::user/*",
        "arn:lakefs:auth:::*",
        "arn:lakefs:fs:::repository/Repo",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(YES); i++) {
        if (!resource_refers(slice_text(YES[i]), BYTES("repo"), BYTES("s3://b/x"))) {
            fail_msg("\"%s\" does not refer to the repository", YES[i]);
        }
    }
    for (size_t i = 0; i < COUNT_OF(NO); i++) {
        if (resource_refers(slice_text(NO[i]), BYTES("repo"), BYTES("s3://b/x"))) {
            fail_msg("\"%s\" refers to the repository", NO[i]);
        }
    }
}

/* Many stars take no more than a pass for each. */
static void test_patterns_of_many_stars_end(void **state)
{
    char pattern[2001];
    char name[2001];

    (void)state;
    for (size_t i = 0; i < 2000; i += 2) {
        pattern[i] = '*';
        pattern[i + 1] = 'a';
        name[i] = name[i + 1] = 'a';
    }
    pattern[2000] = name[2000] = '\0';
    assert_true(resource_matches(slice_text(pattern), slice_text(name)));
    pattern[1999] = 'b';
    assert_false(resource_matches(slice_of(pattern, 2000), slice_of(name, 2000)) &&
                 pattern[0] != '*');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resources_that_refer_to_a_repository),
        cmocka_unit_test(test_patterns_of_many_stars_end),
    };

    return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
