/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection strings: the password separated from what may be shown; and the migrators' lock key.
 *
 * The public part is checked with libpq, which has to read it.
 */
#include "tests/unit/support.h"

#include <libpq-fe.h>

#include "common/pg/conninfo.h"
#include "common/pg/lock.h"

/* The value of a keyword in a connection string, to be freed; NULL if missing. */
static char *value_of(const char *conninfo, const char *keyword)
{
    char *problem = NULL;
    char *value = NULL;
    PQconninfoOption *parsed = PQconninfoParse(conninfo, &problem);

    if (parsed == NULL) {
        fail_msg("not a connection string: %s: %s", conninfo, problem);
    }
    for (const PQconninfoOption *option = parsed; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0 && option->val != NULL) {
            value = strdup(option->val);
            assert_non_null(value);
        }
    }
    PQconninfoFree(parsed);
    return value;
}

static void assert_value(const char *conninfo, const char *keyword, const char *expected)
{
    char *value = value_of(conninfo, keyword);

    assert_non_null(value);
    assert_string_equal(value, expected);
    free(value);
}

static void assert_no_value(const char *conninfo, const char *keyword)
{
    char *value = value_of(conninfo, keyword);

    if (value != NULL) {
        fail_msg("%s has a %s", conninfo, keyword);
    }
}

static PgConninfo split(const char *text)
{
    Error error = {0};
    PgConninfo conninfo;

    assert_done(pg_conninfo_split(text, &conninfo, &error), &error);
    assert_no_value(conninfo.public_part, "password");
    return conninfo;
}

static void test_uri_is_decoded_and_split(void **state)
{
    PgConninfo conninfo =
        split("postgresql://us%40er:p%40ss%2Fw%3Ard%27%5C%20%C3%A9@db.example:5433"
              "/my%20d%27b?sslmode=require&application_name=a%5Cb");

    (void)state;
    assert_string_equal(conninfo.password, "p@ss/w:rd'\\ \xc3\xa9");
    assert_value(conninfo.public_part, "user", "us@er");
    assert_value(conninfo.public_part, "host", "db.example");
    assert_value(conninfo.public_part, "port", "5433");
    assert_value(conninfo.public_part, "dbname", "my d'b");
    assert_value(conninfo.public_part, "sslmode", "require");
    assert_value(conninfo.public_part, "application_name", "a\\b");
    assert_lacks(conninfo.public_part, "p@ss");
    assert_lacks(conninfo.public_part, "p%40ss");
    pg_conninfo_free(&conninfo);
}

static void test_pairs_with_quotes_are_split(void **state)
{
    PgConninfo conninfo =
        split("host=/run/pg port=5433 user='o\\'neil' dbname='it\\'s a \\\\ name' "
              "password='it\\'s \\\\ secret = x'");

    (void)state;
    assert_string_equal(conninfo.password, "it's \\ secret = x");
    assert_value(conninfo.public_part, "host", "/run/pg");
    assert_value(conninfo.public_part, "port", "5433");
    assert_value(conninfo.public_part, "user", "o'neil");
    assert_value(conninfo.public_part, "dbname", "it's a \\ name");
    assert_lacks(conninfo.public_part, "secret");
    pg_conninfo_free(&conninfo);
}

static void test_several_hosts_stay(void **state)
{
    PgConninfo conninfo = split("postgres://u:pw@a:1,b:2/d?target_session_attrs=read-write");

    (void)state;
    assert_string_equal(conninfo.password, "pw");
    assert_value(conninfo.public_part, "host", "a,b");
    assert_value(conninfo.public_part, "port", "1,2");
    assert_value(conninfo.public_part, "target_session_attrs", "read-write");
    pg_conninfo_free(&conninfo);
}

static void test_password_is_found_wherever_it_stands(void **state)
{
    static const char *const TEXTS[] = {
        "postgres://u:hunter2@h/d",
        "postgresql://h/d?password=hunter2",
        "postgresql://u:other@h/d?password=hunter2",
        "password=hunter2",
        "password = hunter2 host=h",
        "host=h password='hunter2' user=u",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        PgConninfo conninfo = split(TEXTS[i]);

        assert_string_equal(conninfo.password, "hunter2");
        assert_lacks(conninfo.public_part, "hunter2");
        assert_lacks(conninfo.public_part, "other");
        pg_conninfo_free(&conninfo);
    }
}

static void test_no_password_is_an_empty_one(void **state)
{
    static const char *const TEXTS[] = {"postgres://u@h/d", "host=h user=u", "host=h password=''",
                                        "lakefs", ""};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        PgConninfo conninfo = split(TEXTS[i]);

        assert_string_equal(conninfo.password, "");
        pg_conninfo_free(&conninfo);
    }
}

/* libpq hides more than the password when it displays options. */
static void test_password_of_the_client_key_is_not_public(void **state)
{
    PgConninfo conninfo = split("host=h sslkey=client.key sslpassword=hunter2");

    (void)state;
    assert_lacks(conninfo.public_part, "hunter2");
    assert_string_equal(conninfo.password, "");
    assert_true(conninfo.has_others);
    pg_conninfo_free(&conninfo);
    conninfo = split("host=h password=hunter2");
    assert_false(conninfo.has_others);
    pg_conninfo_free(&conninfo);
}

static void test_text_with_any_secret_is_known_as_such(void **state)
{
    static const struct {
        const char *text;
        bool has_secrets;
    } CASES[] = {
        {"postgres://u:hunter2@h/d", true},
        {"host=h password=hunter2", true},
        {"host=h sslpassword=hunter2", true},
        {"postgresql://h/d?password=hunter2", true},
        {"postgres://u@h/d", false},
        {"host=h user=u", false},
        {"lakefs", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        PgConninfo conninfo = split(CASES[i].text);

        assert_int_equal(conninfo.has_secrets, CASES[i].has_secrets);
        pg_conninfo_free(&conninfo);
    }
}

static void test_database_name_alone_is_unchanged(void **state)
{
    static const char *const NAMES[] = {"lakefs", "it's a \\ name", "postgres",
                                        "gr\303\266\303\237e", "a/b:c@d%20"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        PgConninfo conninfo = split(NAMES[i]);

        assert_value(conninfo.public_part, "dbname", NAMES[i]);
        assert_no_value(conninfo.public_part, "host");
        assert_no_value(conninfo.public_part, "user");
        pg_conninfo_free(&conninfo);
    }
}

static void test_nothing_becomes_nothing(void **state)
{
    PgConninfo conninfo = split("");

    (void)state;
    assert_string_equal(conninfo.public_part, "");
    pg_conninfo_free(&conninfo);
    conninfo = split("postgresql://");
    assert_no_value(conninfo.public_part, "dbname");
    pg_conninfo_free(&conninfo);
}

static void test_connection_strings_are_distinguished_from_names(void **state)
{
    (void)state;
    assert_true(pg_conninfo_is_string("postgres://h/d"));
    assert_true(pg_conninfo_is_string("postgresql://"));
    assert_true(pg_conninfo_is_string("dbname=d"));
    assert_false(pg_conninfo_is_string("lakefs"));
    assert_false(pg_conninfo_is_string(""));
    assert_false(pg_conninfo_is_string("postgres"));
    /* A name would be repeated in messages. */
    assert_true(pg_conninfo_is_string("mysql://h/d"));
}

/* Refuses the text without repeating any of its words (separated by spaces in `words`). */
static void assert_refused_silently(const char *text, const char *words)
{
    Error errors[2] = {0};
    PgConninfo conninfo;
    char *copy = strdup(words);
    char *rest = NULL;

    assert_non_null(copy);
    assert_refused(pg_conninfo_split(text, &conninfo, &errors[0]), &errors[0], EXIT_CODE_USAGE);
    pg_conninfo_free(&conninfo);
    assert_refused(pg_conninfo_check(text, &errors[1]), &errors[1], EXIT_CODE_USAGE);
    for (const char *word = strtok_r(copy, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        for (size_t i = 0; i < COUNT_OF(errors); i++) {
            assert_lacks(errors[i].message, word);
            assert_lacks(errors[i].detail, word);
            assert_lacks(errors[i].hint, word);
        }
    }
    free(copy);
}

static void test_broken_strings_are_refused_without_their_text(void **state)
{
    static const char *const TEXTS[] = {
        "postgres://zebra:hunter2@[::1/quokka",
        "postgres://zebra:hunter2@[]/quokka",
        "postgres://zebra:hunter2@[::1]quokka/x",
        "postgres://zebra:hunter2%zz@host/quokka",
        "postgres://zebra:hunter2%00@host/quokka",
        "postgres://zebra:hunter2@host/quokka%2",
        "postgres://zebra:hunter2@host/x?quokka",
        "postgres://zebra:hunter2@host/x?quokka=a=b",
        "postgres://zebra:hunter2@host/x?unknown=quokka",
        "host=zebra password='hunter2 quokka",
        "host=zebra password=hunter2 quokka",
        "host=zebra password=hunter2 = quokka",
        "host=zebra passwrd=hunter2",
        "quokka=hunter2",
        "=hunter2",
        "zebra hunter2 = quokka",
        "mysql://zebra:hunter2@quokka/x",
        "postgre://zebra:hunter2@quokka/x?a=b",
        "Postgres://zebra:hunter2@quokka/x",
        "jdbc:postgresql://zebra:hunter2@quokka/x",
        "://hunter2",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_refused_silently(TEXTS[i], "zebra hunter2 quokka");
    }
}

/* The password is "hunter/2?quokka=okapi": to libpq an unencoded slash ends the host, and the text
 * after the question mark is the name of a parameter. */
static void test_password_that_libpq_takes_for_a_parameter_is_not_repeated(void **state)
{
    (void)state;
    assert_refused_silently("postgres://zebra:hunter/2?quokka=okapi@host/x",
                            "zebra hunter quokka okapi");
}

/* libpq accepts these: it takes the text after the first "@", or before the "/", for the host. */
static void test_password_with_an_at_or_a_slash_is_not_taken_for_a_host(void **state)
{
    static const char *const TEXTS[] = {
        "postgres://zebra:hunter@quokka:okapi@host/x",
        "postgres://zebra:hunter@quokka/okapi@host/x",
        "postgresql://zebra:hunter/quokka@host/x",
        "postgres://zebra@quokka:hunter@host/okapi",
        "postgres://zebra:hunter/okapi@host",
        "postgres://host/zebra@quokka",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_refused_silently(TEXTS[i], "zebra hunter quokka okapi");
    }
}

static void test_at_is_accepted_if_unambiguous(void **state)
{
    static const char *const TEXTS[] = {
        "postgres://u:p%40ss@h/d", "postgres://u:p@h/d%40e",  "postgres://h/d?user=u@server",
        "postgres://u:p?w@h/d",    "postgres://u@/d?host=/s", "host=h user=u@server password=a@b@c",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        PgConninfo conninfo = split(TEXTS[i]);

        pg_conninfo_free(&conninfo);
    }
}

static void test_good_strings_and_any_name_pass_the_check(void **state)
{
    static const char *const TEXTS[] = {"postgres://u:p@h:1/d?sslmode=disable", "host=h user=u",
                                        "lakefs", "it's a \\ name", ""};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        Error error = {0};

        assert_done(pg_conninfo_check(TEXTS[i], &error), &error);
    }
}

static void test_freed_parts_are_gone(void **state)
{
    PgConninfo conninfo = split("host=h password=x");

    (void)state;
    pg_conninfo_free(&conninfo);
    assert_null(conninfo.public_part);
    assert_null(conninfo.password);
    pg_conninfo_free(&conninfo);
}

/* golang-migrate's own: for "public" and "lakefs" the design's; the others in Python,
 * zlib.crc32(b'schema\0schema_migrations\0/database') * 1486364155 % 2**32. */
static void test_lock_key_is_that_of_golang_migrate(void **state)
{
    (void)state;
    assert_int_equal(pg_lock_key("public", "lakefs"), UINT32_C(1236895002));
    assert_int_equal(pg_lock_key("schema", "database"), UINT32_C(1245921592));
    assert_int_equal(pg_lock_key("lake fs", "gr\303\266\303\237e"), UINT32_C(688780608));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uri_is_decoded_and_split),
        cmocka_unit_test(test_pairs_with_quotes_are_split),
        cmocka_unit_test(test_several_hosts_stay),
        cmocka_unit_test(test_password_is_found_wherever_it_stands),
        cmocka_unit_test(test_no_password_is_an_empty_one),
        cmocka_unit_test(test_password_of_the_client_key_is_not_public),
        cmocka_unit_test(test_text_with_any_secret_is_known_as_such),
        cmocka_unit_test(test_database_name_alone_is_unchanged),
        cmocka_unit_test(test_nothing_becomes_nothing),
        cmocka_unit_test(test_connection_strings_are_distinguished_from_names),
        cmocka_unit_test(test_broken_strings_are_refused_without_their_text),
        cmocka_unit_test(test_password_that_libpq_takes_for_a_parameter_is_not_repeated),
        cmocka_unit_test(test_password_with_an_at_or_a_slash_is_not_taken_for_a_host),
        cmocka_unit_test(test_at_is_accepted_if_unambiguous),
        cmocka_unit_test(test_good_strings_and_any_name_pass_the_check),
        cmocka_unit_test(test_freed_parts_are_gone),
        cmocka_unit_test(test_lock_key_is_that_of_golang_migrate),
    };

    return cmocka_run_group_tests_name("connection strings", tests, NULL, NULL);
}
