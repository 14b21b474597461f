/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/json.h"

#include "common/base/json_memory.h"

#include <stdlib.h>

json_t *json_parse_object(Slice text, Error *error)
{
    json_error_t problem;
    json_t *json;
    bool lacked;

    json = json_parse(text, JSON_REJECT_DUPLICATES, &problem, &lacked);
    if (lacked) {
        error_out_of_memory(error);
        return NULL;
    }
    if (json == NULL) {
        error_set(error, EXIT_CODE_DUMP, "a JSON frame cannot be parsed");
        error_detail(error, "%s", problem.text);
        return NULL;
    }
    if (!json_is_object(json)) {
        json_decref(json);
        error_set(error, EXIT_CODE_DUMP, "a JSON frame holds no object");
        return NULL;
    }
    return json;
}

static bool wrong_member(const char *name, const char *type, Error *error)
{
    return error_set(error, EXIT_CODE_DUMP, "a JSON frame's member \"%s\" is missing or not %s",
                     name, type);
}

bool json_member_text(const json_t *object, const char *name, const char **text, Error *error)
{
    *text = json_string_value(json_object_get(object, name));
    return *text != NULL || wrong_member(name, "a text", error);
}

bool json_member_count(const json_t *object, const char *name, uint64_t *count, Error *error)
{
    const json_t *member = json_object_get(object, name);

    if (!json_is_integer(member) || json_integer_value(member) < 0) {
        return wrong_member(name, "a whole number", error);
    }
    *count = (uint64_t)json_integer_value(member);
    return true;
}

bool json_member_integer(const json_t *object, const char *name, int64_t *value, Error *error)
{
    const json_t *member = json_object_get(object, name);

    *value = json_integer_value(member);
    return json_is_integer(member) || wrong_member(name, "an integer", error);
}

bool json_member_bool(const json_t *object, const char *name, bool *value, Error *error)
{
    const json_t *member = json_object_get(object, name);

    *value = json_is_true(member);
    return json_is_boolean(member) || wrong_member(name, "true or false", error);
}

bool json_member_array(const json_t *object, const char *name, const json_t **array, Error *error)
{
    *array = json_object_get(object, name);
    return json_is_array(*array) || wrong_member(name, "an array", error);
}

bool json_member_object(const json_t *object, const char *name, const json_t **value, Error *error)
{
    *value = json_object_get(object, name);
    return json_is_object(*value) || wrong_member(name, "an object", error);
}

char *json_encode(json_t *json, Error *error)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    /* A value that is missing a part must not be used. */
    if (json_memory_lacked() || text == NULL) {
        free(text);
        error_out_of_memory(error);
        return NULL;
    }
    return text;
}
