/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/policy.h"

#include "export/legacy/json_text.h"

#include <string.h>

/*
 * As Go's encoding/json reads a list of struct{Effect string; Action []string; Resource string}:
 * members are found without regard to case, the last of several wins, others are dropped, and null
 * leaves a text as it is.
 */
enum { EFFECT, ACTION, RESOURCE, MEMBERS };

static const char *const NAMES[MEMBERS] = {"Effect", "Action", "Resource"};

typedef struct Reader {
    Slice json;
    Arena *arena;
    bool *adjusted;
    const char **problem;
    Error *error;
} Reader;

static bool fail(const Reader *reader, const char *problem)
{
    *reader->problem = problem;
    return false;
}

/* Decodes a string into the arena; `problem` if it is something else. */
static bool read_string(const Reader *reader, Slice value, char **text, const char *problem)
{
    if (value.size == 0 || value.data[0] != '"') {
        return fail(reader, problem);
    }
    *text = arena_allocate(reader->arena, value.size, reader->error);
    return *text != NULL && (json_text_decode(value, *text) ||
                             fail(reader, "the policy's statement is not valid JSON"));
}

/* Takes the value at *at, and the separator behind it; advances past both. */
static bool next_value(const Reader *reader, size_t *at, char close, Slice *value, bool *last)
{
    size_t end = json_text_skip_value(reader->json, *at);

    if (end >= reader->json.size ||
        (reader->json.data[end] != ',' && reader->json.data[end] != (uint8_t)close)) {
        return fail(reader, "the policy's statement is not valid JSON");
    }
    *value = json_text_value(reader->json, *at, end);
    *last = reader->json.data[end] != ',';
    *at = json_text_skip_spaces(reader->json, end + 1);
    return true;
}

/* Steps into the array or object at *at; *empty if nothing is in it. */
static void open_value(const Reader *reader, size_t *at, char close, bool *empty)
{
    *at = json_text_skip_spaces(reader->json, *at + 1);
    *empty = *at < reader->json.size && reader->json.data[*at] == (uint8_t)close;
    if (*empty) {
        *at = json_text_skip_spaces(reader->json, *at + 1);
    }
}

/* The number of values from `at` to the end. */
static size_t count_values(Slice json, size_t at)
{
    size_t count = 0;

    for (; at < json.size; count++) {
        at = json_text_skip_value(json, at) + 1;
    }
    return count;
}

static bool read_actions(Reader reader, Slice value, Kv__StatementData *statement)
{
    static const char NO_STRING[] =
        "a policy statement's Action contains a value that is not a string";
    char **actions;
    size_t at = 0;
    bool last;

    reader.json = value;
    if (value.size == 0 || value.data[0] != '[') {
        return fail(&reader, "a policy statement's Action is not an array");
    }
    open_value(&reader, &at, ']', &last);
    actions =
        arena_allocate(reader.arena, (count_values(value, at) + 1) * sizeof *actions, reader.error);
    if (actions == NULL) {
        return false;
    }
    for (size_t i = 0; !last; i++) {
        Slice action;

        if (!next_value(&reader, &at, ']', &action, &last)) {
            return false;
        }
        if (slice_equal(action, slice_text("null"))) {
            *reader.adjusted = true;
            actions[i] = i < statement->n_action ? statement->action[i] : (char *)(uintptr_t) "";
        } else if (!read_string(&reader, action, &actions[i], NO_STRING)) {
            return false;
        }
        if (last) {
            statement->n_action = i + 1;
        }
    }
    if (value.size > 0 && json_text_skip_spaces(value, at) != value.size) {
        return fail(&reader, "the policy's statement is not valid JSON");
    }
    statement->action = actions;
    return true;
}

/* Whether two names are the same but for case.  As in Go, U+017F is an s. */
static bool same_name(const char *name, const char *other)
{
    for (; *name != '\0'; name++) {
        char c = *other == '\xc5' && other[1] == '\xbf' ? 's' : *other;

        if ((*name | 0x20) != (c | 0x20) || *other == '\0') {
            return false;
        }
        other += *other == '\xc5' ? 2 : 1;
    }
    return *other == '\0';
}

/* The member of that name; MEMBERS if there is none. */
static size_t find_member(const char *name)
{
    size_t member = 0;

    while (member < MEMBERS && !same_name(NAMES[member], name)) {
        member++;
    }
    return member;
}

static bool take_member(const Reader *reader, size_t member, Slice value,
                        Kv__StatementData *statement)
{
    bool is_null = slice_equal(value, slice_text("null"));

    switch (member) {
    case ACTION:
        if (is_null) {
            statement->n_action = 0; /* an empty list may have been stored as null */
            return true;
        }
        return read_actions(*reader, value, statement);
    case EFFECT:
    case RESOURCE:
        *reader->adjusted = *reader->adjusted || is_null;
        return is_null || read_string(reader, value,
                                      member == EFFECT ? &statement->effect : &statement->resource,
                                      "a policy statement's Effect or Resource is not a string");
    default:
        *reader->adjusted = true;
        return true;
    }
}

static bool read_statement(Reader reader, Slice value, Kv__StatementData *statement)
{
    bool found[MEMBERS + 1] = {false};
    size_t at = 0;
    bool last;

    reader.json = value;
    if (value.size == 0 || value.data[0] != '{') {
        return fail(&reader, "a policy statement is not an object");
    }
    open_value(&reader, &at, '}', &last);
    while (!last) {
        size_t key = at;
        size_t key_end = json_text_skip_key(value, key);
        char *name;
        size_t member;
        Slice taken;

        if (!read_string(&reader, slice_of(value.data + key, key_end - key), &name,
                         "the policy's statement is not valid JSON")) {
            return false;
        }
        at = json_text_skip_spaces(value, key_end);
        if (at >= value.size || value.data[at] != ':') {
            return fail(&reader, "the policy's statement is not valid JSON");
        }
        at = json_text_skip_spaces(value, at + 1);
        member = find_member(name);
        *reader.adjusted =
            *reader.adjusted || (member < MEMBERS && strcmp(name, NAMES[member]) != 0);
        if (!next_value(&reader, &at, '}', &taken, &last) || taken.size == 0 ||
            !take_member(&reader, member, taken, statement)) {
            return *reader.problem == NULL && taken.size == 0
                       ? fail(&reader, "the policy's statement is not valid JSON")
                       : false;
        }
        found[member] = true;
    }
    if (at != value.size) {
        return fail(&reader, "the policy's statement is not valid JSON");
    }
    return (found[EFFECT] && found[ACTION] && found[RESOURCE]) ||
           fail(&reader, "a policy statement lacks Effect, Action or Resource");
}

bool policy_read(Slice json, Arena *arena, Kv__PolicyData *policy, bool *adjusted,
                 const char **problem, Error *error)
{
    Reader reader = {json, arena, adjusted, problem, error};
    size_t at = json_text_skip_spaces(json, 0);
    bool last;

    *adjusted = false;
    *problem = NULL;
    if (at >= json.size || json.data[at] != '[') {
        return fail(&reader, "the policy's statement is not an array");
    }
    open_value(&reader, &at, ']', &last);
    policy->statement =
        arena_allocate(arena, (count_values(json, at) + 1) * sizeof *policy->statement, error);
    if (policy->statement == NULL) {
        return false;
    }
    while (!last) {
        Kv__StatementData *statement = arena_allocate(arena, sizeof *statement, error);
        Slice value;

        if (statement == NULL) {
            return false;
        }
        kv__statement_data__init(statement);
        if (!next_value(&reader, &at, ']', &value, &last) ||
            !read_statement(reader, value, statement)) {
            return false;
        }
        policy->statement[policy->n_statement++] = statement;
    }
    return at == json.size || fail(&reader, "the policy's statement is not valid JSON");
}
