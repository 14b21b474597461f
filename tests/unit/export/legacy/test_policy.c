/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: which kinds of statements are accepted, and which are not.
 */
#include "tests/unit/support.h"

#include "export/legacy/policy.h"

static bool adjusted; /* by the latest policy */

/* Reads the text and writes "Effect(action,action)Resource;" of all statements to `seen`. */
static bool read_policy(Slice json, Buffer *seen, const char **problem)
{
    uint8_t *copy = copy_of(json);
    Kv__PolicyData policy = KV__POLICY_DATA__INIT;
    Arena arena = {0};
    Error error = {0};
    bool done = policy_read(slice_of(copy, json.size), &arena, &policy, &adjusted, problem, &error);

    free(copy);
    seen->size = 0;
    for (size_t i = 0; done && i < policy.n_statement; i++) {
        const Kv__StatementData *statement = policy.statement[i];

        assert_done(buffer_append_format(seen, &error, "%s(", statement->effect), &error);
        for (size_t j = 0; j < statement->n_action; j++) {
            assert_done(
                buffer_append_format(seen, &error, "%s%s", j > 0 ? "," : "", statement->action[j]),
                &error);
        }
        assert_done(buffer_append_format(seen, &error, ")%s;", statement->resource), &error);
    }
    arena_free(&arena);
    return done;
}

static void assert_policy(const char *json, const char *expected)
{
    Buffer seen = {0};
    const char *problem = NULL;

    if (!read_policy(slice_text(json), &seen, &problem)) {
        fail_msg("refused: %s: %s", json, problem == NULL ? "no problem told" : problem);
    }
    assert_slice_equal(buffer_slice(&seen), slice_text(expected));
    buffer_free(&seen);
}

static void assert_policy_refused(Slice json)
{
    Buffer seen = {0};
    const char *problem = NULL;

    if (read_policy(json, &seen, &problem)) {
        fail_msg("taken: %.*s", (int)json.size, (const char *)json.data);
    }
    assert_non_null(problem);
    assert_string_not_equal(problem, "");
    buffer_free(&seen);
}

static void test_statements_are_taken_in_order(void **state)
{
    (void)state;
    assert_policy("[{\"Action\": [\"fs:ReadObject\", \"fs:List*\"], \"Effect\": \"allow\","
                  " \"Resource\": \"arn:lakefs:fs:::repository/*\"},"
                  " {\"Effect\": \"deny\", \"Action\": [\"auth:*\"], \"Resource\": \"*\"}]",
                  "allow(fs:ReadObject,fs:List*)arn:lakefs:fs:::repository/*;deny(auth:*)*;");
}

static void test_policy_may_have_no_statements(void **state)
{
    (void)state;
    assert_policy("[]", "");
    assert_policy(" [ ] ", "");
}

static void test_statement_may_have_no_actions(void **state)
{
    (void)state;
    assert_policy("[{\"Action\": [], \"Effect\": \"allow\", \"Resource\": \"*\"}]", "allow()*;");
    assert_policy("[{\"Action\": null, \"Effect\": \"allow\", \"Resource\": \"*\"}]", "allow()*;");
}

static void test_texts_are_taken_as_they_are(void **state)
{
    (void)state;
    assert_policy("[{\"Action\": [\"\"], \"Effect\": \"\", \"Resource\": \"\"}]", "();");
    assert_policy("[{\"Action\": [\"a\\\"\\u00e9\"], \"Effect\": \"ALLOW\","
                  " \"Resource\": \"\xf0\x9f\x90\x98\\n\"}]",
                  "ALLOW(a\"\xc3\xa9)\xf0\x9f\x90\x98\n;");
}

static void test_value_that_is_not_an_array_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "{}",
        "null",
        "true",
        "1",
        "\"[]\"",
        "{\"Action\": [\"a\"], \"Effect\": \"allow\", \"Resource\": \"*\"}",
        "{\"statement\": []}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_policy_refused(slice_text(TEXTS[i]));
    }
}

static void test_statement_that_is_not_an_object_is_refused(void **state)
{
    static const char *const TEXTS[] = {"[null]", "[[]]",    "[\"allow\"]",
                                        "[1]",    "[1e400]", "[123456789012345678901234567890]",
                                        "[{}]"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_policy_refused(slice_text(TEXTS[i]));
    }
}

static void test_each_member_must_exist_and_have_its_type(void **state)
{
    static const char *const TEXTS[] = {
        "[{\"Effect\": \"allow\", \"Resource\": \"*\"}]",
        "[{\"Action\": [\"a\"], \"Resource\": \"*\"}]",
        "[{\"Action\": [\"a\"], \"Effect\": \"allow\"}]",
        "[{\"Action\": \"a\", \"Effect\": \"allow\", \"Resource\": \"*\"}]",
        "[{\"Action\": {\"a\": 1}, \"Effect\": \"allow\", \"Resource\": \"*\"}]",
        "[{\"Action\": false, \"Effect\": \"allow\", \"Resource\": \"*\"}]",
        "[{\"Action\": [\"a\", 1], \"Effect\": \"allow\", \"Resource\": \"*\"}]",
        "[{\"Action\": [[\"a\"]], \"Effect\": \"allow\", \"Resource\": \"*\"}]",
        "[{\"Action\": [\"a\"], \"Effect\": [\"allow\"], \"Resource\": \"*\"}]",
        "[{\"Action\": [\"a\"], \"Effect\": \"allow\", \"Resource\": [\"*\"]}]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        assert_policy_refused(slice_text(TEXTS[i]));
    }
}

/* Checks a policy of one statement, which is not as lakeFS writes it. */
static void assert_adjusted(const char *statement, const char *expected)
{
    char json[512];

    snprintf(json, sizeof json, "[%s]", statement);
    assert_policy(json, expected);
    assert_true(adjusted);
}

/* As Go's encoding/json does, which lakeFS reads the column with. */
static void test_members_are_found_in_any_case_and_others_dropped(void **state)
{
    (void)state;
    assert_policy("[{\"Action\": [\"a\"], \"Effect\": \"allow\", \"Resource\": \"*\"}]",
                  "allow(a)*;");
    assert_false(adjusted);
    assert_adjusted("{\"action\": [\"a\"], \"EFFECT\": \"allow\", \"rESOURCe\": \"*\"}",
                    "allow(a)*;");
    assert_adjusted("{\"Action\": [\"a\"], \"Effect\": \"allow\", \"Re\u017fource\": \"*\"}",
                    "allow(a)*;");
    assert_adjusted("{\"Action\": [\"a\"], \"Effect\": \"allow\", \"Re\\u017fource\": \"*\"}",
                    "allow(a)*;");
    assert_adjusted(
        "{\"Sid\": 1e4000, \"Action\": [\"a\"], \"Effect\": \"allow\", \"Resource\": \"*\","
        " \"Condition\": {\"a\": [1, {\"Effect\": \"deny\"}], \"b\": \"}]\"}, \"Effects\": "
        "\"deny\", \"\": null}",
        "allow(a)*;");
    /* The last one wins. */
    assert_adjusted("{\"Action\": [\"a\", \"b\"], \"Effect\": \"allow\", \"Resource\": \"*\","
                    " \"action\": [\"c\"], \"effect\": \"deny\", \"resource\": \"r\"}",
                    "deny(c)r;");
    assert_adjusted(
        "{\"effect\": \"deny\", \"Action\": [], \"Effect\": \"allow\", \"Resource\": \"*\"}",
        "allow()*;");
    /* Null leaves a text as it was, and empties a list. */
    assert_adjusted("{\"Action\": [\"a\"], \"Effect\": null, \"Resource\": null}", "(a);");
    assert_adjusted("{\"Action\": [\"a\"], \"Effect\": \"deny\", \"Resource\": \"*\", \"effect\": "
                    "null, \"action\": null}",
                    "deny()*;");
    assert_adjusted("{\"Action\": [\"a\", null, \"b\"], \"Effect\": \"deny\", \"Resource\": \"*\"}",
                    "deny(a,,b)*;");
}

static void test_one_bad_statement_refuses_the_policy(void **state)
{
    (void)state;
    assert_policy_refused(
        slice_text("[{\"Action\": [\"a\"], \"Effect\": \"allow\", \"Resource\": \"*\"}, {}]"));
    assert_policy_refused(
        slice_text("[{}, {\"Action\": [\"a\"], \"Effect\": \"allow\", \"Resource\": \"*\"}]"));
}

static void test_text_that_is_not_json_is_refused(void **state)
{
    static const char WHOLE[] =
        "[{\"Action\": [\"a\", \"b\"], \"Effect\": \"allow\", \"Resource\": \"*\"}]";

    (void)state;
    for (size_t size = 0; size < sizeof WHOLE - 1; size++) {
        assert_policy_refused(slice_of(WHOLE, size));
    }
    assert_policy_refused(slice_text("[] []"));
    assert_policy_refused(slice_text("[{\"Action\": [\"\\u0000\"], \"Effect\": \"allow\","
                                     " \"Resource\": \"*\"}]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_are_taken_in_order),
        cmocka_unit_test(test_policy_may_have_no_statements),
        cmocka_unit_test(test_statement_may_have_no_actions),
        cmocka_unit_test(test_texts_are_taken_as_they_are),
        cmocka_unit_test(test_value_that_is_not_an_array_is_refused),
        cmocka_unit_test(test_statement_that_is_not_an_object_is_refused),
        cmocka_unit_test(test_each_member_must_exist_and_have_its_type),
        cmocka_unit_test(test_members_are_found_in_any_case_and_others_dropped),
        cmocka_unit_test(test_one_bad_statement_refuses_the_policy),
        cmocka_unit_test(test_text_that_is_not_json_is_refused),
    };

    return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
