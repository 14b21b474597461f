/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's connection strings, converted for libpq.
 */
#include "tests/unit/support.h"

#include "common/pg/pgx.h"

static char dropped[256];

static void note_dropped(const char *name)
{
    strcat(strcat(dropped, name), " ");
}

/* `settings`: name=value and a line break for each. */
static void assert_split(const char *text, const char *libpq, const char *settings,
                         const char *expected_dropped)
{
    PgxConninfo conninfo;
    char found[256] = "";
    Error error = {0};

    dropped[0] = '\0';
    assert_done(pgx_split(text, &conninfo, note_dropped, &error), &error);
    assert_string_equal(conninfo.libpq, libpq);
    assert_int_equal(conninfo.settings.count % 2, 0);
    for (size_t i = 0; i < conninfo.settings.count; i += 2) {
        strcat(strcat(found, conninfo.settings.items[i]), "=");
        strcat(strcat(found, conninfo.settings.items[i + 1]), "\n");
    }
    assert_string_equal(found, settings);
    assert_string_equal(dropped, expected_dropped);
    pgx_free(&conninfo);
}

static void assert_translated(const char *text, const char *expected, const char *expected_dropped)
{
    assert_split(text, expected, "", expected_dropped);
}

static void test_parameters_known_to_libpq_are_unchanged(void **state)
{
    static const char *const TEXTS[] = {
        "lakefs",
        "",
        "postgres://db/lakefs",
        "postgresql://u:p%40w@a:1,b:2/lakefs?sslmode=disable&target_session_attrs=read-write",
        "postgres://db/lakefs?ssl=true",
        "postgres://db/lakefs?sslmode",
        "postgres://db/lakefs?no-such=1",
        "postgres://db/lakefs?.a=1",
        "postgres://db/lakefs?a..b=1",
        "postgres://db/lakefs?a.=1",
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

static void test_what_neither_knows_is_a_run_time_parameter(void **state)
{
    (void)state;
    assert_split("postgres://db/x?search_path=a%2Cb&TimeZone=UTC", "postgres://db/x",
                 "search_path=a,b\nTimeZone=UTC\n", "");
    assert_split("dbname=x search_path='a, \\\\b'", "dbname='x'", "search_path=a, \\b\n", "");
    assert_split("postgres://db/x?nosuch=1&my.own=&sslmode=disable",
                 "postgres://db/x?sslmode=disable", "nosuch=1\nmy.own=\n", "");
    /* What the user wants at start-up stays there. */
    assert_split("postgres://db/x?options=-c%20geqo%3Doff&search_path=a",
                 "postgres://db/x?options=-c%20geqo%3Doff", "search_path=a\n", "");
    /* As Go reads it: the value begins at the first "=". */
    assert_split("postgres://db/x?options=-c%20geqo=off%20-c%20jit=off&search_path=a=b",
                 "postgres://db/x?options=-c%20geqo%3Doff%20-c%20jit%3Doff", "search_path=a=b\n",
                 "");
    assert_split("options='-c geqo=off' work_mem=1MB", "options='-c geqo=off'", "work_mem=1MB\n",
                 "");
}

static void test_public_part_has_run_time_parameters_and_no_secret(void **state)
{
    PgConninfo conninfo;
    Error error = {0};

    (void)state;
    assert_done(pgx_split_public("postgres://u:hunter2@db/x?search_path=it%27s&pool_max_conns=3",
                                 &conninfo, NULL, &error),
                &error);
    assert_string_equal(conninfo.password, "hunter2");
    assert_lacks(conninfo.public_part, "hunter2");
    assert_lacks(conninfo.public_part, "pool_max_conns");
    assert_contains(conninfo.public_part, "search_path='it\\'s'");
    /* It can be read again. */
    assert_split(conninfo.public_part, "user='u' dbname='x' host='db'", "search_path=it's\n", "");
    pg_conninfo_free(&conninfo);
}

/* libpq reports what is wrong; the conversion must not lose it. */
static void test_malformed_string_is_unchanged(void **state)
{
    static const char *const TEXTS[] = {
        "host=db password='open", "host = ", "host db=x", "pool_max_conns=5 host=db password", "=x",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        PgxConninfo conninfo;
        Error error = {0};

        assert_done(pgx_split(TEXTS[i], &conninfo, NULL, &error), &error);
        assert_true(strlen(conninfo.libpq) > 0);
        pgx_free(&conninfo);
    }
    assert_translated("host=db password='open", "host=db password='open", "");
    assert_translated("host db=x", "host db=x", "");
    assert_translated("postgres://db/x?search_path", "postgres://db/x?search_path", "");
}

/* The server would refuse it as a setting, and a table of another name would not be looked at. */
static void test_table_of_lakefs_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "postgres://u:hunter2@db/x?lakefskv_table=other",
        "postgres://db/x?sslmode=disable&lakefskv%5Ftable=other",
        "host=db lakefskv_table = 'other' password=hunter2",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        PgConninfo conninfo;
        Error error = {0};

        assert_refused(pgx_split_public(TEXTS[i], &conninfo, NULL, &error), &error,
                       EXIT_CODE_USAGE);
        assert_contains(error.message, "lakefskv_table");
        assert_contains(error.hint, "--table");
        assert_lacks(error.message, "hunter2");
        pg_conninfo_free(&conninfo);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters_known_to_libpq_are_unchanged),
        cmocka_unit_test(test_parameters_of_the_pool_are_dropped_by_name),
        cmocka_unit_test(test_what_neither_knows_is_a_run_time_parameter),
        cmocka_unit_test(test_public_part_has_run_time_parameters_and_no_secret),
        cmocka_unit_test(test_malformed_string_is_unchanged),
        cmocka_unit_test(test_table_of_lakefs_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
