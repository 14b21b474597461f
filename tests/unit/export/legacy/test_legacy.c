/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packages' tables: what else knows their names knows all of them.
 */
#include "tests/unit/support.h"

#include "common/store/legacy_oids.h"
#include "export/legacy/legacy.h"
#include "export/package.h"

/* LEGACY_TABLE_NAMES has no spaces and needs no quotes. */
static void test_tables_of_all_packages_are_legacy_tables(void **state)
{
    size_t commas = 0;
    size_t tables = 0;

    (void)state;
    for (const Package *const *package = ALL_PACKAGES; *package != NULL; package++) {
        for (const char *const *table = (*package)->tables; *table != NULL; table++) {
            const char *found = strstr(LEGACY_TABLE_NAMES, *table);

            while (found != NULL && (strchr("{,", found[-1]) == NULL ||
                                     strchr(",}", found[strlen(*table)]) == NULL)) {
                found = strstr(found + 1, *table);
            }
            if (found == NULL) {
                fail_msg("%s is missing", *table);
            }
            tables++;
        }
    }
    for (const char *c = LEGACY_TABLE_NAMES; *c != '\0'; c++) {
        commas += *c == ',';
    }
    assert_int_equal(tables, commas + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_of_all_packages_are_legacy_tables),
    };

    return cmocka_run_group_tests_name("legacy", tests, NULL, NULL);
}
