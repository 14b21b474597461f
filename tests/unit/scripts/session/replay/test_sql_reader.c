/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dump as SQL is split into the same statements, commands and data as by psql.
 */
#include "tests/unit/support.h"

#include "scripts/session/replay/psql_connect.h"
#include "scripts/session/replay/sql_reader.h"

static SqlReader reader;

static void open_text(Slice text)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
    rewind(file);
    sql_reader_init(&reader, dup(fileno(file)));
    fclose(file);
}

static void close_text(void)
{
    close(reader.source);
    sql_reader_free(&reader);
}

static void next_is(SqlPiece expected, const char *text)
{
    Error error = {0};
    SqlPiece piece;

    assert_done(sql_reader_next(&reader, &piece, &error), &error);
    assert_int_equal(piece, expected);
    if (expected != SQL_END) {
        assert_string_equal(buffer_string(&reader.text), text);
    }
}

static void next_fails(const char *message)
{
    Error error = {0};
    SqlPiece piece;

    assert_false(sql_reader_next(&reader, &piece, &error));
    assert_int_equal(error.code, EXIT_CODE_DUMP);
    assert_non_null(strstr(error.message, message));
}

/* Reads the data of a COPY, which must be this. */
static void data_is(const char *expected)
{
    Buffer data = {0};
    Error error = {0};
    bool end = false;

    while (!end) {
        Slice piece = {0};

        assert_done(sql_reader_data(&reader, &piece, &end, &error), &error);
        if (!end) {
            assert_done(buffer_append(&data, piece.data, piece.size, &error), &error);
        }
    }
    assert_string_equal(buffer_string(&data), expected);
    buffer_free(&data);
}

static void statements_end_at_semicolons(void **state)
{
    (void)state;
    open_text(BYTES("SELECT 1;SELECT 2 ;\n\n;;\nSELECT\n  3;\n"));
    next_is(SQL_STATEMENT, "SELECT 1");
    next_is(SQL_STATEMENT, "SELECT 2 ");
    next_is(SQL_STATEMENT, "SELECT\n  3");
    assert_int_equal(reader.line, 4);
    next_is(SQL_END, NULL);
    next_is(SQL_END, NULL);
    close_text();
}

static void quotes_hide_semicolons(void **state)
{
    static const char *const STATEMENTS[] = {
        "SELECT 'a;b', 'it''s;', '\\'",
        "SELECT E'a\\';b', e'\\\\'",
        "SELECT \"a;\"\"b\\\"",
        "SELECT $$a;'b$$, $tag$;$$;$ta$;$tag$",
        "SELECT $tag$$tag$, $$$;$$",
        "SELECT a$b$c, 1 FROM d$$e",
        "SELECT $1, '$$', 1e'5'",
        "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)",
        "SELECT '--', '/*'",
        "SELECT U&'d\\0061t;a', N';', B'0'",
        "SELECT '\xc3\xa4;', \xc3\xa4'\\'",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(STATEMENTS); i++) {
        char text[256];
        int size = snprintf(text, sizeof text, "%s;SELECT 'next';", STATEMENTS[i]);

        open_text(slice_of(text, (size_t)size));
        next_is(SQL_STATEMENT, STATEMENTS[i]);
        next_is(SQL_STATEMENT, "SELECT 'next'");
        next_is(SQL_END, NULL);
        close_text();
    }
}

static void old_strings_have_escapes(void **state)
{
    (void)state;
    open_text(BYTES("SELECT 'a\\';b';SELECT 2;"));
    reader.escapes = true;
    next_is(SQL_STATEMENT, "SELECT 'a\\';b'");
    next_is(SQL_STATEMENT, "SELECT 2");
    close_text();
}

static void comments_are_left_out(void **state)
{
    (void)state;
    open_text(BYTES("--\n-- Name; \\! x\n--\n\n/* a /* b; */ ' */SELECT/**/1 -- ;\n+ 1;\n-- end"));
    next_is(SQL_STATEMENT, "SELECT 1 \n+ 1");
    assert_int_equal(reader.line, 5);
    next_is(SQL_END, NULL);
    close_text();
    open_text(BYTES("SELECT 1; /* not /* ended */"));
    next_is(SQL_STATEMENT, "SELECT 1");
    next_fails("within a comment");
    close_text();
}

static void functions_have_blocks(void **state)
{
    static const char *const STATEMENTS[] = {
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; "
        "END",
        "create or replace procedure p() begin atomic select 1; end",
        "CREATE TABLE \"begin\" (a int)",
        "CREATE VIEW v AS SELECT 1 AS begin",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(STATEMENTS); i++) {
        char text[256];
        int size = snprintf(text, sizeof text, "%s;SELECT 2;", STATEMENTS[i]);

        open_text(slice_of(text, (size_t)size));
        next_is(SQL_STATEMENT, STATEMENTS[i]);
        next_is(SQL_STATEMENT, "SELECT 2");
        close_text();
    }
}

static void commands_are_lines(void **state)
{
    (void)state;
    open_text(BYTES("\\restrict abc\nSELECT 1;\n  \\! touch x; y\n\\q"));
    next_is(SQL_COMMAND, "\\restrict abc");
    next_is(SQL_STATEMENT, "SELECT 1");
    next_is(SQL_COMMAND, "\\! touch x; y");
    assert_int_equal(reader.line, 3);
    next_is(SQL_COMMAND, "\\q");
    next_is(SQL_END, NULL);
    close_text();
    /* psql runs them there too. */
    open_text(BYTES("SELECT 1 \\g |touch x\n"));
    next_fails("command of psql");
    close_text();
}

static void data_ends_with_a_line(void **state)
{
    (void)state;
    open_text(
        BYTES("COPY t (a) FROM stdin;\n1;\\!\t'\n\\.x\n\\N\n\\.\n\nCOPY u FROM stdin;\r\n\\.\r\n"
              "SELECT 1;\n"));
    next_is(SQL_STATEMENT, "COPY t (a) FROM stdin");
    data_is("1;\\!\t'\n\\.x\n\\N\n");
    next_is(SQL_STATEMENT, "COPY u FROM stdin");
    assert_int_equal(reader.line, 7);
    data_is("");
    next_is(SQL_STATEMENT, "SELECT 1");
    next_is(SQL_END, NULL);
    close_text();
}

static void long_data_comes_in_pieces(void **state)
{
    static char text[3 * SQL_READER_BUFFER];
    size_t size;
    Error error = {0};
    size_t total = 0;
    bool end = false;

    (void)state;
    memset(text, '\\', sizeof text);
    size = (size_t)snprintf(text, sizeof text, "COPY t FROM stdin;\n");
    text[size] = '.'; /* not a line of its own, so not the end */
    memcpy(text + sizeof text - 4, "\n\\.\n", 4);
    open_text(slice_of(text, sizeof text));
    next_is(SQL_STATEMENT, "COPY t FROM stdin");
    while (!end) {
        Slice piece = {0};

        assert_done(sql_reader_data(&reader, &piece, &end, &error), &error);
        total += piece.size;
    }
    assert_int_equal(total, sizeof text - size - 3);
    next_is(SQL_END, NULL);
    close_text();
}

static void what_ends_too_early_is_refused(void **state)
{
    static const char *const TEXTS[] = {"SELECT 1", "SELECT 'a;", "SELECT $$;", "SELECT \"a;\n",
                                        "SELECT E'\\"};
    Slice piece;
    Error error = {0};
    bool end;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        open_text(slice_text(TEXTS[i]));
        next_fails("ends within a statement");
        close_text();
    }
    open_text(BYTES("SELECT '\0';"));
    next_fails("NUL");
    close_text();
    open_text(BYTES("COPY t FROM stdin;\n1\n"));
    next_is(SQL_STATEMENT, "COPY t FROM stdin");
    assert_done(sql_reader_data(&reader, &piece, &end, &error), &error);
    assert_false(sql_reader_data(&reader, &piece, &end, &error));
    assert_int_equal(error.code, EXIT_CODE_DUMP);
    close_text();
    open_text(BYTES("COPY t FROM stdin; SELECT 1;\n"));
    next_is(SQL_STATEMENT, "COPY t FROM stdin");
    assert_false(sql_reader_data(&reader, &piece, &end, &error));
    close_text();
}

static void databases_to_connect_to(void **state)
{
    static const char *const GOOD[][2] = {
        {"\\connect lakefs", "lakefs"},
        {"\\connect \"Lake\"\"FS; \\\"\r", "Lake\"FS; \\"},
        {"\\connect -reuse-previous=on \"dbname='it\\'s \"\"a\"\" = \\\\'\"", "it's \"a\" = \\"},
        {"\\connect -reuse-previous=on \"dbname=plain\"", "plain"},
    };
    static const char *const BAD[] = {
        "\\connect",
        "\\connect ",
        "\\connect a b",
        "\\connect a; \\! x",
        "\\connect a=b",
        "\\connect \"a",
        "\\connect \"\"",
        "\\connect `id`",
        "\\connect :x",
        "\\c a",
        "\\connect -reuse-previous=on \"dbname='a' host=b\"",
        "\\connect -reuse-previous=on \"host=b\"",
        "\\connect -reuse-previous=off \"dbname=a\"",
    };
    char name[PSQL_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        assert_true(psql_connect_database(GOOD[i][0], name));
        assert_string_equal(name, GOOD[i][1]);
    }
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        assert_false(psql_connect_database(BAD[i], name));
    }
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(statements_end_at_semicolons),
        cmocka_unit_test(quotes_hide_semicolons),
        cmocka_unit_test(old_strings_have_escapes),
        cmocka_unit_test(comments_are_left_out),
        cmocka_unit_test(functions_have_blocks),
        cmocka_unit_test(commands_are_lines),
        cmocka_unit_test(data_ends_with_a_line),
        cmocka_unit_test(long_data_comes_in_pieces),
        cmocka_unit_test(what_ends_too_early_is_refused),
        cmocka_unit_test(databases_to_connect_to),
    };

    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
