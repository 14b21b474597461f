/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dump's JSON with members altered.
 */
#ifndef TESTS_UNIT_DUMP_JSON_H
#define TESTS_UNIT_DUMP_JSON_H

#include "tests/unit/dump_support.h"

#include <jansson.h>

/* The JSON text with a member, "object/member" or "array/number/member", set to JSON text, or
 * removed if `value` is NULL.  The caller frees it. */
static inline char *altered(const char *text, const char *path, const char *value)
{
    json_t *root = json_loads(text, 0, NULL);
    json_t *object = root;
    char *copy = strdup(path);
    char *name = copy;
    char *slash;
    char *result;

    assert_non_null(root);
    assert_non_null(copy);
    while ((slash = strchr(name, '/')) != NULL) {
        *slash = '\0';
        object = json_is_array(object) ? json_array_get(object, (size_t)atoi(name))
                                       : json_object_get(object, name);
        name = slash + 1;
    }
    if (value == NULL) {
        assert_int_equal(json_object_del(object, name), 0);
    } else {
        json_t *json = json_loads(value, JSON_DECODE_ANY, NULL);

        assert_non_null(json);
        assert_int_equal(json_object_set_new(object, name, json), 0);
    }
    result = json_dumps(root, JSON_COMPACT);
    assert_non_null(result);
    json_decref(root);
    free(copy);
    return result;
}

#endif
