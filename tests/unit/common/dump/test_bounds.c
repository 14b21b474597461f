/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds of a chunk: what they are, how they are announced, and which entries they admit.
 */
#include "tests/unit/support.h"

#include "common/dump/bounds.h"
#include "common/kv/entry.h"

static void add(Buffer *tuples, Slice partition_key, Slice key)
{
    Error error = {0};
    uint8_t *value;

    assert_done(entry_append(tuples, partition_key, key, 0, &value, &error), &error);
}

static DumpBounds bounds_of(const Buffer *tuples)
{
    DumpScan scan;
    size_t offset;
    const char *problem;

    assert_true(dump_scan(buffer_slice(tuples), &scan, &offset, &problem));
    return scan.bounds;
}

static DumpBounds bounds_of_sample(void)
{
    Buffer tuples = {0};
    DumpBounds bounds;

    add(&tuples, BYTES("m"), BYTES("b/2"));
    add(&tuples, BYTES("k\xff"), BYTES("b"));
    add(&tuples, BYTES("k"), BYTES("c/1"));
    bounds = bounds_of(&tuples);
    buffer_free(&tuples);
    return bounds;
}

/* NULL: any. */
static bool admits(const DumpBounds *bounds, const char *partition, const char *prefix)
{
    Slice partition_key = slice_text(partition == NULL ? "" : partition);
    Slice beginning = slice_text(prefix == NULL ? "" : prefix);

    return dump_bounds_admit(bounds, partition == NULL ? NULL : &partition_key,
                             prefix == NULL ? NULL : &beginning);
}

static void test_bounds_admit_what_may_be_there(void **state)
{
    static const struct {
        const char *partition;
        const char *prefix;
        bool admitted;
    } WANTED[] = {
        {NULL, NULL, true},    {"k", NULL, true},   {"l", NULL, true},   {"m", NULL, true},
        {"j", NULL, false},    {"", NULL, false},   {"ma", NULL, false}, {NULL, "", true},
        {NULL, "b", true},     {NULL, "b/3", true}, {NULL, "c", true},   {NULL, "c/1", true},
        {NULL, "c/12", false}, {NULL, "a", false},  {NULL, "d", false},  {"k", "d", false},
        {"j", "b", false},     {"k", "b", true},
    };
    DumpBounds bounds = bounds_of_sample();
    DumpBounds unknown = {.known = false};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        if (admits(&bounds, WANTED[i].partition, WANTED[i].prefix) != WANTED[i].admitted) {
            fail_msg("partition %s, prefix %s", WANTED[i].partition, WANTED[i].prefix);
        }
        assert_true(admits(&unknown, WANTED[i].partition, WANTED[i].prefix));
    }
}

/* All keys begin with more bytes than count. */
static void test_long_keys_are_cut(void **state)
{
    char text[DUMP_BOUND_SIZE + 3];
    Buffer tuples = {0};
    DumpBounds bounds;

    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    add(&tuples, slice_text(text), slice_text(text));
    bounds = bounds_of(&tuples);
    assert_int_equal(bounds.keys.last_size, DUMP_BOUND_SIZE);
    assert_true(admits(&bounds, text, text));
    /* Beyond what counts, nothing is told. */
    text[DUMP_BOUND_SIZE + 1] = 'a';
    assert_true(admits(&bounds, text, text));
    text[DUMP_BOUND_SIZE - 1] = 'a';
    assert_false(admits(&bounds, text, NULL));
    assert_false(admits(&bounds, NULL, text));
    buffer_free(&tuples);
}

static void test_bounds_are_announced(void **state)
{
    DumpBounds bounds = bounds_of_sample();
    DumpBounds read;
    json_t *announcement = dump_bounds_encode(&bounds, json_object());
    char *text = json_dumps(announcement, JSON_COMPACT);
    Error error = {0};

    (void)state;
    assert_string_equal(text, "{\"partitions\":[\"aw==\",\"bQ==\"],\"keys\":[\"Yg==\",\"Yy8x\"]}");
    assert_done(dump_bounds_decode(announcement, &read, &error), &error);
    assert_true(read.known);
    assert_true(dump_bounds_equal(&bounds, &read));
    assert_null(dump_bounds_encode(&bounds, NULL));
    free(text);
    json_decref(announcement);
    /* Dumps of version 1.0 have none. */
    announcement = json_object();
    assert_done(dump_bounds_decode(announcement, &read, &error), &error);
    assert_false(read.known);
    json_decref(announcement);
}

static void test_bounds_that_cannot_be_right_are_refused(void **state)
{
    static const char *const ANNOUNCEMENTS[] = {
        "{\"partitions\":[\"aw==\",\"bQ==\"]}",
        "{\"keys\":[\"aw==\",\"bQ==\"]}",
        "{\"partitions\":\"aw==\",\"keys\":[\"\",\"\"]}",
        "{\"partitions\":[\"\"],\"keys\":[\"\",\"\"]}",
        "{\"partitions\":[\"\",\"\",\"\"],\"keys\":[\"\",\"\"]}",
        "{\"partitions\":[1,\"\"],\"keys\":[\"\",\"\"]}",
        "{\"partitions\":[\"bQ==\",\"aw==\"],\"keys\":[\"\",\"\"]}",
        "{\"partitions\":[\"\",\"b\"],\"keys\":[\"\",\"\"]}",
        "{\"partitions\":[\"\",\"b===\"],\"keys\":[\"\",\"\"]}",
    };
    char text[600] = "{\"partitions\":[\"\",\"";

    (void)state;
    for (size_t i = 0; i <= COUNT_OF(ANNOUNCEMENTS); i++) {
        DumpBounds read;
        Error error = {0};
        json_t *json;

        if (i == COUNT_OF(ANNOUNCEMENTS)) {
            /* 129 bytes. */
            memset(text + strlen(text), 'A', 129 / 3 * 4);
            strcat(text, "\"],\"keys\":[\"\",\"\"]}");
        }
        json = json_loads(i < COUNT_OF(ANNOUNCEMENTS) ? ANNOUNCEMENTS[i] : text, 0, NULL);
        assert_non_null(json);
        assert_refused(dump_bounds_decode(json, &read, &error), &error, EXIT_CODE_DUMP);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_admit_what_may_be_there),
        cmocka_unit_test(test_long_keys_are_cut),
        cmocka_unit_test(test_bounds_are_announced),
        cmocka_unit_test(test_bounds_that_cannot_be_right_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
