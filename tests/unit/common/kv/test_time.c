/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time.  Expected values: Python's datetime, (d - 2000-01-01) in microseconds and
 * (d - 1970-01-01) in seconds.
 */
#include "tests/unit/support.h"

#include "common/kv/time.h"

static const int64_t FIRST_SECOND = INT64_C(-62135596800); /* 0001-01-01T00:00:00Z */
static const int64_t LAST_SECOND = INT64_C(253402300799);  /* 9999-12-31T23:59:59Z */

static void test_timestamptz_becomes_seconds_since_1970_and_nanos(void **state)
{
    static const struct {
        int64_t microseconds;
        int64_t seconds;
        int32_t nanos;
    } CASES[] = {
        {0, 946684800, 0},                                       /* 2000-01-01 */
        {1, 946684800, 1000},                                    /* and a microsecond */
        {999999, 946684800, 999999000},                          /* 2000-01-01 00:00:00.999999 */
        {1000000, 946684801, 0},                                 /* 2000-01-01 00:00:01 */
        {INT64_C(708618600000001), 1655303400, 1000},            /* 2022-06-15 14:30:00.000001 */
        {-500000, 946684799, 500000000},                         /* 1999-12-31 23:59:59.5 */
        {INT64_C(-946684800000000), 0, 0},                       /* 1970-01-01 */
        {INT64_C(-946684801000000), -1, 0},                      /* 1969-12-31 23:59:59 */
        {INT64_C(-13165977600000000), INT64_C(-12219292800), 0}, /* 1582-10-15 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        KvTime time = {-1, -1};

        assert_true(kv_time_from_timestamptz(CASES[i].microseconds, &time));
        assert_true(time.seconds == CASES[i].seconds);
        assert_int_equal(time.nanos, CASES[i].nanos);
    }
}

static void test_nanos_count_forward_before_1970(void **state)
{
    KvTime time;

    (void)state;
    /* 1969-12-31 23:59:59.999999 */
    assert_true(kv_time_from_timestamptz(INT64_C(-946684800000001), &time));
    assert_true(time.seconds == -1);
    assert_int_equal(time.nanos, 999999000);
    /* 1969-07-20 20:17:40.123456 */
    assert_true(kv_time_from_timestamptz(INT64_C(-960867739876544), &time));
    assert_true(time.seconds == -14182940);
    assert_int_equal(time.nanos, 123456000);
}

static void test_years_1_to_9999_are_taken_to_the_microsecond(void **state)
{
    KvTime time;

    (void)state;
    assert_true(kv_time_from_timestamptz(INT64_C(-63082281600000000), &time));
    assert_true(time.seconds == FIRST_SECOND);
    assert_int_equal(time.nanos, 0);
    assert_true(kv_time_from_timestamptz(INT64_C(-63082281599999999), &time));
    assert_true(time.seconds == FIRST_SECOND);
    assert_int_equal(time.nanos, 1000);
    assert_true(kv_time_from_timestamptz(INT64_C(252455615999999999), &time));
    assert_true(time.seconds == LAST_SECOND);
    assert_int_equal(time.nanos, 999999000);
}

static void test_times_beyond_are_clamped_and_said_to_be(void **state)
{
    static const int64_t BEFORE[] = {INT64_C(-63082281600000001), INT64_C(-63082281600999999),
                                     INT64_C(-210866803200000000), INT64_MIN + 1, INT64_MIN};
    static const int64_t BEHIND[] = {INT64_C(252455616000000000), INT64_C(252455616000000001),
                                     INT64_C(9223371331199999999), INT64_MAX - 1, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(BEFORE); i++) {
        KvTime time = {-1, -1};

        assert_false(kv_time_from_timestamptz(BEFORE[i], &time));
        assert_true(time.seconds == FIRST_SECOND);
        assert_int_equal(time.nanos, 0);
    }
    for (size_t i = 0; i < COUNT_OF(BEHIND); i++) {
        KvTime time = {-1, -1};

        assert_false(kv_time_from_timestamptz(BEHIND[i], &time));
        assert_true(time.seconds == LAST_SECOND);
        assert_int_equal(time.nanos, 999999999);
    }
}

static void test_run_id_begins_with_its_time_in_utc(void **state)
{
    static const struct {
        const char *run_id;
        int64_t seconds;
    } CASES[] = {
        {"20220615143000", 1655303400},
        {"2022061514300012345", 1655303400},
        {"20220615143000abcdef", 1655303400},
        {"20220615143000\xc3\xa9/x", 1655303400},
        {"19700101000000", 0},
        {"19691231235959", -1},
        {"00010101000000", INT64_C(-62135596800)},
        {"99991231235959", INT64_C(253402300799)},
        {"20000229120000", 951825600},
        {"20240229235959", 1709251199},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        int64_t seconds = 12345;

        assert_true(kv_time_from_run_id(slice_text(CASES[i].run_id), &seconds));
        assert_true(seconds == CASES[i].seconds);
    }
}

/* The machine's time zone must not matter: KvTime is UTC, and so is a run's id. */
static void test_run_id_does_not_depend_on_the_time_zone(void **state)
{
    const char *before = getenv("TZ");
    char *kept = before == NULL ? NULL : strdup(before);
    int64_t seconds = 0;
    bool done;

    (void)state;
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    /* An hour that daylight saving time skips there. */
    done = kv_time_from_run_id(slice_text("20220313023000"), &seconds);
    if (kept == NULL) {
        unsetenv("TZ");
    } else {
        setenv("TZ", kept, 1);
    }
    free(kept);
    assert_true(done);
    assert_true(seconds == 1647138600);
}

static void test_run_id_that_begins_with_no_time_is_refused(void **state)
{
    static const char *const RUN_IDS[] = {
        "",
        "2022061514300",  /* 13 characters */
        "19000229000000", /* no leap year */
        "20230229000000", /* no leap year */
        "20220230000000",
        "20220431000000", /* April */
        "20220132000000",
        "20220100000000",
        "20220001000000",
        "20221301000000", /* month 13 */
        "20220615240000", /* hour 24 */
        "20220615146000", /* minute 60 */
        "20220615143060", /* second 60 */
        "20220615143099",
        "00000101000000", /* year 0 */
        "2022061514300x",
        "x0220615143000",
        "2022 615143000",
        "+0220615143000",
        "-0220615143000",
        "2022-06-15T14:30:00Z",
        "2022061514\xd9\xa3\xd9\xa0",
        "d1cd3f0a-0000-4000-8000-000000000000",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(RUN_IDS); i++) {
        Slice run_id = slice_text(RUN_IDS[i]);
        uint8_t *copy = copy_of(run_id);
        int64_t seconds;

        if (kv_time_from_run_id(slice_of(copy, run_id.size), &seconds)) {
            fail_msg("\"%s\" was taken for a time", RUN_IDS[i]);
        }
        free(copy);
    }
}

static void test_time_as_text_is_rfc_3339(void **state)
{
    static const struct {
        KvTime time;
        const char *text;
    } TIMES[] = {
        {{0, 0}, "1970-01-01T00:00:00Z"},
        {{1643767322, 123000}, "2022-02-02T02:02:02.000123Z"},
        {{1643767322, 120000000}, "2022-02-02T02:02:02.120Z"},
        {{1643767322, 1}, "2022-02-02T02:02:02.000000001Z"},
        {{-1, 999999999}, "1969-12-31T23:59:59.999999999Z"},
        {{-62135596800, 0}, "0001-01-01T00:00:00Z"},
        {{253402300799, 999999999}, "9999-12-31T23:59:59.999999999Z"},
    };
    static const KvTime NO_TIMES[] = {
        {-62135596801, 0}, {253402300800, 0}, {0, -1}, {0, 1000000000}, {INT64_MAX, 0},
    };
    char text[KV_TIME_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TIMES); i++) {
        assert_true(kv_time_to_text(TIMES[i].time, text));
        assert_string_equal(text, TIMES[i].text);
    }
    for (size_t i = 0; i < COUNT_OF(NO_TIMES); i++) {
        assert_false(kv_time_to_text(NO_TIMES[i], text));
    }
}

/* Expected: Python's datetime.fromisoformat, less 2000-01-01, in microseconds. */
static void test_rfc_3339_is_read_to_the_microsecond(void **state)
{
    static const struct {
        const char *text;
        int64_t microseconds;
    } TIMES[] = {
        {"2000-01-01T00:00:00Z", 0},
        {"2024-02-29T12:00:00Z", 762523200000000},
        {"2024-02-29T12:00:00.5z", 762523200500000},
        {"2024-02-29T12:00:00.000001Z", 762523200000001},
        {"2024-02-29T12:00:00.1234569Z", 762523200123456},
        {"2024-02-29T13:30:00+01:30", 762523200000000},
        {"2024-02-29T00:00:00.25-12:00", 762523200250000},
        {"1999-12-31T23:59:59.999999Z", -1},
        {"0001-01-01T00:00:00Z", -63082281600000000},
        {"9999-12-31T23:59:59.999999Z", 252455615999999999},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TIMES); i++) {
        int64_t microseconds = 1;

        assert_true(kv_timestamptz_from_text(slice_text(TIMES[i].text), &microseconds));
        assert_int_equal(microseconds, TIMES[i].microseconds);
    }
}

static void test_invalid_rfc_3339_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "now",
        "2024-02-29",
        "2024-02-29T12:00:00",
        "2024-02-29 12:00:00Z",
        "2024-02-29T12:00:00ZZ",
        "2024-02-29T12:00:00.Z",
        "2024-02-29T12:00:00.5",
        "2024-02-29T12:00:00+0130",
        "2024-02-29T12:00:00+01:3",
        "2024-02-29T12:00:00+24:00",
        "2024-02-29T12:00:00+01:60",
        "2024-02-29T12:00:00+01:30Z",
        "2023-02-29T12:00:00Z",
        "2024-13-01T12:00:00Z",
        "2024-02-29T24:00:00Z",
        "0000-01-01T00:00:00Z",
        "2024-2-29T12:00:000Z",
        "+024-02-29T12:00:00Z",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        Slice text = slice_text(TEXTS[i]);
        uint8_t *copy = copy_of(text);
        int64_t microseconds;

        if (kv_timestamptz_from_text(slice_of(copy, text.size), &microseconds)) {
            fail_msg("\"%s\" was taken for a time", TEXTS[i]);
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_as_text_is_rfc_3339),
        cmocka_unit_test(test_rfc_3339_is_read_to_the_microsecond),
        cmocka_unit_test(test_invalid_rfc_3339_is_refused),
        cmocka_unit_test(test_timestamptz_becomes_seconds_since_1970_and_nanos),
        cmocka_unit_test(test_nanos_count_forward_before_1970),
        cmocka_unit_test(test_years_1_to_9999_are_taken_to_the_microsecond),
        cmocka_unit_test(test_times_beyond_are_clamped_and_said_to_be),
        cmocka_unit_test(test_run_id_begins_with_its_time_in_utc),
        cmocka_unit_test(test_run_id_does_not_depend_on_the_time_zone),
        cmocka_unit_test(test_run_id_that_begins_with_no_time_is_refused),
    };

    return cmocka_run_group_tests_name("KV time", tests, NULL, NULL);
}
