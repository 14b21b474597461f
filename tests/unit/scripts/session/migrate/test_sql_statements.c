/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a migration's SQL controls transactions itself.
 */
#include "tests/unit/support.h"

#include "scripts/session/migrate/sql_statements.h"

static void assert_all(const char *const *texts, size_t count, bool expected)
{
    for (size_t i = 0; i < count; i++) {
        if (sql_controls_transactions(texts[i]) != expected) {
            fail_msg("%s: %s", expected ? "not seen" : "wrongly seen", texts[i]);
        }
    }
}

static void test_statements_about_transactions_are_seen(void **state)
{
    static const char *const TEXTS[] = {
        "BEGIN",
        "begin;",
        "  \n\tBegin Work ;",
        "BEGIN ISOLATION LEVEL SERIALIZABLE;",
        "START TRANSACTION; SELECT 1; COMMIT;",
        "SELECT 1; COMMIT",
        "SELECT 1;\nEND;",
        "ROLLBACK;",
        "ABORT;",
        "SELECT 1;-- a comment\nCOMMIT",
        "/* BEGIN */ COMMIT",
        "VACUUM auth_users;",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "CREATE UNIQUE INDEX\nconcurrently i ON t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX TABLE CONCURRENTLY t",
        "CREATE DATABASE d",
        "DROP TABLESPACE s",
        "ALTER SYSTEM SET work_mem = 1",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; COMMIT;",
        "SELECT 'it''s'; COMMIT;",
        "SELECT E'it\\'s'; COMMIT;",
        "SELECT $$a;b$$; COMMIT;",
        "SELECT \"a;b\"; COMMIT;",
    };

    (void)state;
    assert_all(TEXTS, COUNT_OF(TEXTS), true);
}

static void test_the_same_words_elsewhere_are_not(void **state)
{
    static const char *const TEXTS[] = {
        "",
        ";;",
        "SELECT 1",
        "-- BEGIN; COMMIT;\nSELECT 1;",
        "/* BEGIN; /* nested */ COMMIT; */ SELECT 1;",
        "SELECT 'BEGIN; COMMIT;';",
        "SELECT E'\\'; COMMIT; ';",
        "SELECT $$; BEGIN; COMMIT; $$;",
        "SELECT $tag$; COMMIT; $$ $tag $tag$;",
        "CREATE TABLE \"begin\" (\"; COMMIT; \" int);",
        "DO $$ BEGIN PERFORM 1; END $$;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$\nBEGIN\n RETURN "
        "2;\nEND;\n$body$;",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;",
        "CREATE TABLE t (\"commit\" int, \"end\" int)",
        "UPDATE t SET a = 1 WHERE b = 'COMMIT'",
        "SELECT a$b, $1; SELECT 2",
        "CREATE TABLE begins (a int)",
        "SELECT 1 AS rollback",
        "ALTER TABLE t ADD COLUMN vacuum int",
    };

    (void)state;
    assert_all(TEXTS, COUNT_OF(TEXTS), false);
}

/* Unterminated text must not be read beyond its end. */
static void test_text_that_is_cut_off(void **state)
{
    static const char *const TEXTS[] = {"'",          "\"", "$$",   "$a", "/*",
                                        "/* /* */",   "--", "E'\\", "$",  "SELECT 'COMMIT;",
                                        "$x$ COMMIT;"};

    (void)state;
    assert_all(TEXTS, COUNT_OF(TEXTS), false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_about_transactions_are_seen),
        cmocka_unit_test(test_the_same_words_elsewhere_are_not),
        cmocka_unit_test(test_text_that_is_cut_off),
    };

    return cmocka_run_group_tests_name("sql_statements", tests, NULL, NULL);
}
