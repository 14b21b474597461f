/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/denied.h"

#include "tests/unit/support.h"

static void expect(const char *advice, const char *message, const char *statement)
{
    char text[DENIED_ADVICE_SIZE];

    assert_true(denied_advice(message, statement, "bob", text));
    assert_string_equal(text, advice);
}

static void test_tables(void **state)
{
    (void)state;
    expect("Run as its owner, or: GRANT SELECT ON public.auth_users TO bob",
           "permission denied for table auth_users", "SELECT id FROM public.auth_users");
    expect("Run as its owner, or: GRANT SELECT ON public.kv TO bob",
           "permission denied for table kv",
           "LOCK TABLE public.kv_1, public.kv IN ACCESS SHARE MODE");
    expect("Run as its owner, or: GRANT UPDATE ON a.b TO bob", "permission denied for relation b",
           "LOCK TABLE a.b IN SHARE MODE");
    expect("Run as its owner, or: GRANT INSERT ON a.b TO bob", "permission denied for table b",
           "COPY a.b FROM STDIN (FORMAT binary)");
    expect("Run as its owner, or: GRANT SELECT ON a.b TO bob", "permission denied for table b",
           "COPY (SELECT c FROM a.b) TO STDOUT");
    expect("Run as its owner, or: GRANT TRIGGER ON a.b TO bob", "permission denied for table b",
           "CREATE TRIGGER t BEFORE INSERT ON a.b");
    expect("Run as its owner, or: ALTER TABLE a.b OWNER TO bob", "must be owner of table b",
           "DROP TABLE a.b");
}

static void test_quoted_names(void **state)
{
    char text[DENIED_ADVICE_SIZE];

    (void)state;
    expect("Run as its owner, or: GRANT DELETE ON \"a \"\"A\"\".b\".\"K v\" TO bob",
           "permission denied for table K v", "DELETE FROM \"a \"\"A\"\".b\".\"K v\"");
    expect("Run as its owner, or: GRANT UPDATE ON public.b TO bob", "permission denied for table b",
           "UPDATE public.\"b\" SET c = 1");
    /* A statement that does not name it: the name alone. */
    expect("Run as its owner, or: GRANT ALL ON audit TO bob", "permission denied for table audit",
           "DROP TABLE public.x");
    expect("GRANT CREATE ON SCHEMA \"Lake\" TO bob", "permission denied for schema Lake",
           "CREATE TABLE \"Lake\".kv ()");
    assert_true(
        denied_advice("permission denied for schema s", "SELECT FROM s.t", "Bob \"B\"", text));
    assert_string_equal(text, "GRANT USAGE ON SCHEMA s TO \"Bob \"\"B\"\"\"");
}

static void test_others(void **state)
{
    char text[DENIED_ADVICE_SIZE];

    (void)state;
    expect("Run as its owner, or as a role that bypasses it: ALTER ROLE bob BYPASSRLS",
           "query would be affected by row-level security policy for table \"t\"", "SELECT 1");
    assert_false(denied_advice("must be superuser", "SELECT 1", "bob", text));
    assert_false(denied_advice("keine Berechtigung f\xc3\xbcr Tabelle t", "SELECT 1", "bob", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_quoted_names),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
