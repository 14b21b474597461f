/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dump/fields.h"

#include "common/base/json.h"
#include "common/kv/package.h"
#include "common/kv/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char DIGITS[] = "0123456789";

/* `least` to `most` characters, all of them from `alphabet`. */
static bool consists_of(const char *text, const char *alphabet, size_t least, size_t most)
{
    size_t size = strlen(text);

    return size >= least && size <= most && strspn(text, alphabet) == size;
}

static bool is_name(const char *text)
{
    size_t size = strlen(text);

    return size >= 1 && size <= 255;
}

static bool is_word(const char *text)
{
    return consists_of(text, "abcdefghijklmnopqrstuvwxyz0123456789_:-", 1, 63);
}

static bool is_table_word(const char *text)
{
    return consists_of(text, "abcdefghijklmnopqrstuvwxyz0123456789_", 1, 63);
}

/* Without control characters; bytes beyond ASCII if `ascii` is false. */
static bool is_printable(const char *text, bool ascii)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < ' ' || *c == 127 || (ascii && *c > 127)) {
            return false;
        }
    }
    return true;
}

static bool is_version(const char *text)
{
    return strlen(text) <= 127 && is_printable(text, true);
}

static bool is_reason(const char *text)
{
    return is_name(text) && is_printable(text, false);
}

static bool is_time(const char *text)
{
    int64_t ignored;

    return strlen(text) <= 64 && kv_timestamptz_from_text(slice_text(text), &ignored);
}

/* A decimal number without a sign and leading zeros, of at most `most`. */
static bool read_number(const char *text, size_t size, uint64_t most, uint64_t *number)
{
    char copy[24];

    if (size == 0 || size >= sizeof copy || strspn(text, DIGITS) < size ||
        (text[0] == '0' && size > 1)) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    errno = 0;
    *number = strtoull(copy, NULL, 10);
    return errno == 0 && *number <= most;
}

static bool is_cluster(const char *text)
{
    uint64_t ignored;

    return text[0] == '\0' || read_number(text, strlen(text), UINT64_MAX, &ignored);
}

/* xmin:xmax:xip,xip..., where each xip is in progress: xmin <= xip < xmax, in ascending order. */
static bool is_snapshot(const char *text)
{
    uint64_t xmin;
    uint64_t xmax;
    uint64_t last = 0;
    size_t size = strspn(text, DIGITS);

    if (text[0] == '\0') {
        return true;
    }
    if (!read_number(text, size, DUMP_MAX_NUMBER, &xmin) || text[size] != ':') {
        return false;
    }
    text += size + 1;
    size = strspn(text, DIGITS);
    if (!read_number(text, size, DUMP_MAX_NUMBER, &xmax) || text[size] != ':' || xmin == 0 ||
        xmax < xmin) {
        return false;
    }
    text += size + 1;
    if (*text == '\0') {
        return true;
    }
    for (;; text += size + 1) {
        uint64_t xip;

        size = strspn(text, DIGITS);
        if (!read_number(text, size, DUMP_MAX_NUMBER, &xip) || xip < xmin || xip >= xmax ||
            xip <= last) {
            return false;
        }
        last = xip;
        if (text[size] != ',') {
            return text[size] == '\0';
        }
    }
}

static bool is_package(const char *text)
{
    for (KvPackage package = 0; package < KV_PACKAGES; package++) {
        if (strcmp(text, KV_PACKAGE_NAMES[package]) == 0) {
            return true;
        }
    }
    return false;
}

const DumpField DUMP_FIELD_NAME = {is_name, "a name"};
const DumpField DUMP_FIELD_WORD = {is_word, "a word of lower-case letters and digits"};
const DumpField DUMP_FIELD_VERSION = {is_version, "a version"};
const DumpField DUMP_FIELD_REASON = {is_reason, "a reason"};
const DumpField DUMP_FIELD_TIME = {is_time, "a time as in RFC 3339"};
const DumpField DUMP_FIELD_CLUSTER = {is_cluster, "the number of a cluster"};
const DumpField DUMP_FIELD_SNAPSHOT = {is_snapshot, "a snapshot"};
const DumpField DUMP_FIELD_TABLE_WORD = {is_table_word, "the name of a legacy table"};
const DumpField DUMP_FIELD_PACKAGE = {is_package, "a known package"};

static bool wrong(const char *name, const char *what, Error *error)
{
    return error_set(error, EXIT_CODE_DUMP, "a JSON frame's member \"%s\" is not %s", name, what);
}

bool dump_field_text(const json_t *object, const char *name, const DumpField *field,
                     const char **text, Error *error)
{
    return json_member_text(object, name, text, error) &&
           (field->check(*text) || wrong(name, field->what, error));
}

bool dump_field_optional(const json_t *object, const char *name, const DumpField *field,
                         const char **text, Error *error)
{
    *text = NULL;
    return json_object_get(object, name) == NULL ||
           dump_field_text(object, name, field, text, error);
}

bool dump_field_number(const json_t *object, const char *name, uint64_t least, uint64_t most,
                       uint64_t *number, Error *error)
{
    return json_member_count(object, name, number, error) &&
           ((*number >= least && *number <= most) || wrong(name, "in its range", error));
}
