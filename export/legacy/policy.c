/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/policy.h"

#include "common/base/arena_text.h"
#include "common/base/json_memory.h"

#include <jansson.h>

static char *copy_string(const json_t *string, Arena *arena, Error *error)
{
    return arena_text(arena, slice_of(json_string_value(string), json_string_length(string)),
                      error);
}

static bool read_actions(const json_t *actions, Arena *arena, Kv__StatementData *statement,
                         const char **problem, Error *error)
{
    if (json_is_null(actions)) {
        return true; /* an empty list may have been stored as null */
    }
    if (!json_is_array(actions)) {
        *problem = "a policy statement's Action is not an array";
        return false;
    }
    statement->action =
        arena_allocate(arena, (json_array_size(actions) + 1) * sizeof *statement->action, error);
    if (statement->action == NULL) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(actions); i++) {
        const json_t *action = json_array_get(actions, i);

        if (!json_is_string(action)) {
            *problem = "a policy statement's Action contains a value that is not a string";
            return false;
        }
        statement->action[i] = copy_string(action, arena, error);
        if (statement->action[i] == NULL) {
            return false;
        }
        statement->n_action++;
    }
    return true;
}

static bool read_statement(const json_t *object, Arena *arena, Kv__StatementData *statement,
                           const char **problem, Error *error)
{
    const json_t *effect = json_object_get(object, "Effect");
    const json_t *resource = json_object_get(object, "Resource");
    const json_t *actions = json_object_get(object, "Action");

    if (!json_is_string(effect) || !json_is_string(resource) || actions == NULL) {
        *problem = "a policy statement lacks Effect, Action or Resource";
        return false;
    }
    /* Other members would be lost, and they may matter. */
    if (json_object_size(object) != 3) {
        *problem = "a policy statement has unknown members";
        return false;
    }
    statement->effect = copy_string(effect, arena, error);
    statement->resource = copy_string(resource, arena, error);
    return statement->effect != NULL && statement->resource != NULL &&
           read_actions(actions, arena, statement, problem, error);
}

static bool read_statements(const json_t *array, Arena *arena, Kv__PolicyData *policy,
                            const char **problem, Error *error)
{
    if (!json_is_array(array)) {
        *problem = "the policy's statement is not an array";
        return false;
    }
    policy->statement =
        arena_allocate(arena, (json_array_size(array) + 1) * sizeof *policy->statement, error);
    if (policy->statement == NULL) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        Kv__StatementData *statement = arena_allocate(arena, sizeof *statement, error);

        if (statement == NULL) {
            return false;
        }
        kv__statement_data__init(statement);
        policy->statement[i] = statement;
        policy->n_statement++;
        if (!read_statement(json_array_get(array, i), arena, statement, problem, error)) {
            return false;
        }
    }
    return true;
}

bool policy_read(Slice json, Arena *arena, Kv__PolicyData *policy, const char **problem,
                 Error *error)
{
    /* Numbers are refused anyway; read as reals, none is too large to parse. */
    json_t *array;
    bool out_of_memory;
    bool done;

    *problem = NULL;
    array = json_parse(json, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL, &out_of_memory);
    if (out_of_memory) {
        return error_out_of_memory(error);
    }
    if (array == NULL) {
        *problem = "the policy's statement is not valid JSON";
        return false;
    }
    done = read_statements(array, arena, policy, problem, error);
    json_decref(array);
    return done;
}
