/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's connection strings, as libpq takes them.
 */
#include "tests/unit/support.h"

#include "common/pg/pgx.h"

static char dropped[256];

static void note_dropped(const char *name)
{
    strcat(strcat(dropped, name), " ");
}

static void assert_translated(const char *text, const char *expected, const char *expected_dropped)
{
    Buffer libpq = {0};
    Error error = {0};

    dropped[0] = '\0';
    assert_done(pgx_to_libpq(text, &libpq, note_dropped, &error), &error);
    assert_string_equal(buffer_string(&libpq), expected);
    assert_string_equal(dropped, expected_dropped);
    buffer_free(&libpq);
}

static void test_what_libpq_knows_stays_as_it_is(void **state)
{
    static const char *const TEXTS[] = {
        "lakefs",
        "",
        "postgres://db/lakefs",
        "postgresql://u:p%40w@a:1,b:2/lakefs?sslmode=disable&target_session_attrs=read-write",
        "postgres://db/lakefs?ssl=true",
        "postgres://db/lakefs?nosuch=1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_translated(TEXTS[i], TEXTS[i], "");
    }
    assert_translated("host=db  port = 5433 password='it''s'",
                      "host=db  port = 5433 password='it''s'", "");
    assert_translated("host=db port = 5433", "host='db' port='5433'", "");
    assert_translated("password='a b\\'c\\\\d'", "password='a b\\'c\\\\d'", "");
}

static void test_parameters_of_the_pool_are_dropped_by_name(void **state)
{
    (void)state;
    assert_translated("postgres://db/lakefs?pool_max_conns=5", "postgres://db/lakefs",
                      "pool_max_conns ");
    assert_translated(
        "postgres://db/lakefs?pool_max_conns=5&sslmode=disable&statement_cache_mode=x",
        "postgres://db/lakefs?sslmode=disable", "pool_max_conns statement_cache_mode ");
    assert_translated("host=db pool_min_conns=1 dbname=x pool_max_conn_lifetime = 1h",
                      "host='db' dbname='x'", "pool_min_conns pool_max_conn_lifetime ");
}

static void test_run_time_parameters_become_options(void **state)
{
    (void)state;
    assert_translated("postgres://db/x?search_path=a%2Cb&TimeZone=UTC",
                      "postgres://db/x?options=-c%20search_path%3Da%2Cb%20-c%20TimeZone%3DUTC", "");
    assert_translated("dbname=x search_path='a, \\\\b'",
                      "dbname='x' options='-c search_path=a,\\\\ \\\\\\\\b'", "");
    /* Beside options that are there already. */
    assert_translated("postgres://db/x?options=-c%20geqo%3Doff&search_path=a",
                      "postgres://db/x?options=-c%20geqo%3Doff%20-c%20search_path%3Da", "");
}

/* libpq is to say what is wrong; nothing must get lost on the way there. */
static void test_what_is_broken_stays_as_it_is(void **state)
{
    static const char *const TEXTS[] = {
        "host=db password='open", "host = ", "host db=x", "pool_max_conns=5 host=db password", "=x",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        Buffer libpq = {0};
        Error error = {0};

        assert_done(pgx_to_libpq(TEXTS[i], &libpq, NULL, &error), &error);
        assert_true(libpq.size > 0);
        buffer_free(&libpq);
    }
    assert_translated("host=db password='open", "host=db password='open", "");
    assert_translated("host db=x", "host db=x", "");
    assert_translated("postgres://db/x?search_path", "postgres://db/x?search_path", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_libpq_knows_stays_as_it_is),
        cmocka_unit_test(test_parameters_of_the_pool_are_dropped_by_name),
        cmocka_unit_test(test_run_time_parameters_become_options),
        cmocka_unit_test(test_what_is_broken_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
