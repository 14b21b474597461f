/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void quantity_count(uint64_t count, char text[QUANTITY_SIZE])
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t used = 0;

    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            text[used++] = ',';
        }
        text[used++] = digits[i];
    }
    text[used] = '\0';
}

const char *quantity_noun(uint64_t count, const char *one, const char *many,
                          char text[QUANTITY_SIZE])
{
    snprintf(text, QUANTITY_SIZE, "%" PRIu64 " %s", count, count == 1 ? one : many);
    return text;
}

void quantity_bytes(uint64_t bytes, char text[QUANTITY_SIZE])
{
    static const char *const UNITS[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes / 1000;
    size_t unit = 0;

    if (bytes < 1000) {
        snprintf(text, QUANTITY_SIZE, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
        return;
    }
    /* What would be rounded to 1000.0 belongs to the next unit. */
    while (value >= 999.95 && unit + 1 < sizeof UNITS / sizeof UNITS[0]) {
        value /= 1000;
        unit++;
    }
    snprintf(text, QUANTITY_SIZE, "%.1f %s", value, UNITS[unit]);
}

void quantity_file_size(uint64_t bytes, char text[QUANTITY_SIZE])
{
    char count[QUANTITY_SIZE];
    size_t used;

    quantity_bytes(bytes, text);
    if (bytes >= 1000) {
        quantity_count(bytes, count);
        used = strlen(text);
        snprintf(text + used, QUANTITY_SIZE - used, " (%.26s bytes)", count);
    }
}

void quantity_seconds(double seconds, char text[QUANTITY_SIZE])
{
    enum { MINUTE = 60, HOUR = 3600 };
    /* A number that no duration comes near, and that fits. */
    uint64_t whole = seconds < 1e15 ? (uint64_t)(seconds + 0.5) : (uint64_t)1e15;

    if (seconds < 0.995) {
        snprintf(text, QUANTITY_SIZE, "%.2f s", seconds);
    } else if (seconds < 9.95) {
        snprintf(text, QUANTITY_SIZE, "%.1f s", seconds);
    } else if (whole < MINUTE) {
        snprintf(text, QUANTITY_SIZE, "%" PRIu64 " s", whole);
    } else if (whole < HOUR) {
        snprintf(text, QUANTITY_SIZE, "%" PRIu64 " min %02" PRIu64 " s", whole / MINUTE,
                 whole % MINUTE);
    } else {
        snprintf(text, QUANTITY_SIZE, "%" PRIu64 " h %02" PRIu64 " min", whole / HOUR,
                 whole % HOUR / MINUTE);
    }
}
