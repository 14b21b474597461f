/* SPDX-License-Identifier: Apache-2.0 */
#include "common/kv/time.h"

#include <string.h>
#include <time.h>

enum { MICROSECONDS = 1000000 };

static const int64_t POSTGRES_EPOCH = 946684800;          /* 2000-01-01 */
static const int64_t FIRST_SECOND = -62135596800;         /* 0001-01-01T00:00:00Z */
static const int64_t LAST_SECOND = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */

bool kv_time_from_timestamptz(int64_t microseconds, KvTime *time)
{
    int64_t seconds = microseconds / MICROSECONDS;
    int64_t rest = microseconds % MICROSECONDS;

    /* C rounds towards zero, but nanos count forward from the second before. */
    if (rest < 0) {
        rest += MICROSECONDS;
        seconds--;
    }
    /* No overflow: |seconds| is at most 2^63 / 10^6 here. */
    seconds += POSTGRES_EPOCH;
    if (seconds < FIRST_SECOND) {
        *time = (KvTime){FIRST_SECOND, 0};
        return false;
    }
    if (seconds > LAST_SECOND) {
        *time = (KvTime){LAST_SECOND, 999999999};
        return false;
    }
    *time = (KvTime){seconds, (int32_t)rest * 1000};
    return true;
}

/* Parses `width` decimal digits at *offset. */
static bool read_digits(Slice text, size_t *offset, int width, int *number)
{
    *number = 0;
    for (int i = 0; i < width; i++, (*offset)++) {
        if (text.data[*offset] < '0' || text.data[*offset] > '9') {
            return false;
        }
        *number = *number * 10 + (text.data[*offset] - '0');
    }
    return true;
}

/* Converts a calendar date and time, with year and month as people count them, to seconds since
 * 1970; false if there is no such date or time. */
static bool calendar_seconds(struct tm given, int64_t *seconds)
{
    struct tm normal;
    time_t time;

    if (given.tm_year < 1) {
        return false;
    }
    given.tm_year -= 1900;
    given.tm_mon -= 1;
    normal = given;
    time = timegm(&normal);
    /* timegm normalizes February 31 to March: then the date was invalid. */
    if (normal.tm_year != given.tm_year || normal.tm_mon != given.tm_mon ||
        normal.tm_mday != given.tm_mday || normal.tm_hour != given.tm_hour ||
        normal.tm_min != given.tm_min || normal.tm_sec != given.tm_sec) {
        return false;
    }
    *seconds = time;
    return true;
}

bool kv_time_from_run_id(Slice run_id, int64_t *seconds)
{
    struct tm given = {0};
    size_t offset = 0;

    if (run_id.size < 14 || !read_digits(run_id, &offset, 4, &given.tm_year) ||
        !read_digits(run_id, &offset, 2, &given.tm_mon) ||
        !read_digits(run_id, &offset, 2, &given.tm_mday) ||
        !read_digits(run_id, &offset, 2, &given.tm_hour) ||
        !read_digits(run_id, &offset, 2, &given.tm_min) ||
        !read_digits(run_id, &offset, 2, &given.tm_sec)) {
        return false;
    }
    return calendar_seconds(given, seconds);
}

static bool read_character(Slice text, size_t *offset, char character)
{
    return *offset < text.size && text.data[(*offset)++] == (uint8_t)character;
}

/* Parses an optional ".123456"; digits beyond microseconds are dropped. */
static bool read_fraction(Slice text, size_t *offset, int *microseconds)
{
    int weight = MICROSECONDS / 10;
    size_t first;

    *microseconds = 0;
    if (*offset >= text.size || text.data[*offset] != '.') {
        return true;
    }
    first = ++*offset;
    while (*offset < text.size && text.data[*offset] >= '0' && text.data[*offset] <= '9') {
        *microseconds += (text.data[(*offset)++] - '0') * weight;
        weight /= 10;
    }
    return *offset > first;
}

/* Parses "Z" or "+01:30", which must end the text: the offset from UTC. */
static bool read_offset(Slice text, size_t *offset, int *seconds)
{
    int hours;
    int minutes;
    int sign;

    *seconds = 0;
    if (*offset + 1 == text.size) {
        return text.data[*offset] == 'Z' || text.data[*offset] == 'z';
    }
    if (*offset + strlen("+00:00") != text.size ||
        (text.data[*offset] != '+' && text.data[*offset] != '-')) {
        return false;
    }
    sign = text.data[(*offset)++] == '+' ? 1 : -1;
    if (!read_digits(text, offset, 2, &hours) || !read_character(text, offset, ':') ||
        !read_digits(text, offset, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *seconds = sign * (hours * 60 + minutes) * 60;
    return true;
}

bool kv_timestamptz_from_text(Slice text, int64_t *microseconds)
{
    struct tm given = {0};
    size_t offset = 0;
    int64_t seconds;
    int fraction;
    int ahead;

    if (text.size < strlen("2000-01-01T00:00:00Z") ||
        !read_digits(text, &offset, 4, &given.tm_year) || !read_character(text, &offset, '-') ||
        !read_digits(text, &offset, 2, &given.tm_mon) || !read_character(text, &offset, '-') ||
        !read_digits(text, &offset, 2, &given.tm_mday) || !read_character(text, &offset, 'T') ||
        !read_digits(text, &offset, 2, &given.tm_hour) || !read_character(text, &offset, ':') ||
        !read_digits(text, &offset, 2, &given.tm_min) || !read_character(text, &offset, ':') ||
        !read_digits(text, &offset, 2, &given.tm_sec) || !read_fraction(text, &offset, &fraction) ||
        !read_offset(text, &offset, &ahead) || !calendar_seconds(given, &seconds)) {
        return false;
    }
    *microseconds = (seconds - ahead - POSTGRES_EPOCH) * MICROSECONDS + fraction;
    return true;
}

/* Writes digits, with leading zeros. */
static char *write_digits(char *text, unsigned width, uint32_t number)
{
    for (unsigned i = width; i > 0; i--) {
        text[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return text + width;
}

/* The date of a day since 0000-03-01, from which every leap day is the last of a year.  Not
 * gmtime_r, which takes a lock of the C library. */
static char *write_date(char *text, uint32_t day)
{
    enum { ERA = 146097, CENTURY = 36524, LEAP_CYCLE = 1461, YEAR = 365 };
    uint32_t of_era = day % ERA;
    uint32_t year_of_era =
        (of_era - of_era / (LEAP_CYCLE - 1) + of_era / CENTURY - of_era / (ERA - 1)) / YEAR;
    uint32_t of_year = of_era - (YEAR * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month = (5 * of_year + 2) / 153; /* 0 is March */
    uint32_t year = day / ERA * 400 + year_of_era + (month >= 10 ? 1 : 0);

    text = write_digits(text, 4, year);
    *text++ = '-';
    text = write_digits(text, 2, month < 10 ? month + 3 : month - 9);
    *text++ = '-';
    return write_digits(text, 2, of_year - (153 * month + 2) / 5 + 1);
}

static char *write_fraction(char *text, uint32_t nanos)
{
    if (nanos == 0) {
        return text;
    }
    *text++ = '.';
    if (nanos % 1000 != 0) {
        return write_digits(text, 9, nanos);
    }
    return nanos % 1000000 != 0 ? write_digits(text, 6, nanos / 1000)
                                : write_digits(text, 3, nanos / 1000000);
}

bool kv_time_to_text(KvTime time, char text[KV_TIME_TEXT_SIZE])
{
    enum { DAY = 86400, DAYS_TO_1970 = 719468 };
    uint32_t of_day;
    uint64_t second;

    if (time.seconds < FIRST_SECOND || time.seconds > LAST_SECOND || time.nanos < 0 ||
        time.nanos > 999999999) {
        return false;
    }
    second = (uint64_t)(time.seconds + (int64_t)DAYS_TO_1970 * DAY);
    of_day = (uint32_t)(second % DAY);
    text = write_date(text, (uint32_t)(second / DAY));
    *text++ = 'T';
    text = write_digits(text, 2, of_day / 3600);
    *text++ = ':';
    text = write_digits(text, 2, of_day / 60 % 60);
    *text++ = ':';
    text = write_digits(text, 2, of_day % 60);
    text = write_fraction(text, (uint32_t)time.nanos);
    *text++ = 'Z';
    *text = '\0';
    return true;
}
