/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/upgrade.h"

#include "common/config/upgrade_rules.h"
#include "common/config/yaml_edit.h"
#include "common/config/yaml_scalar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLD_BLOCKSTORE_PATH "~/data/lakefs/block"

bool config_upgrade_version(const char *text, int64_t *version)
{
    unsigned major;
    unsigned minor;
    unsigned patch = 0;
    int size = 0;

    *version = LAKEFS_RELEASE(999, 0, 0);
    if (strcmp(text, "latest") == 0) {
        return true;
    }
    text += *text == 'v' ? 1 : 0;
    if (sscanf(text, "%3u.%3u%n.%3u%n", &major, &minor, &size, &patch, &size) < 2 ||
        text[size] != '\0' || strspn(text, "0123456789.") != strlen(text)) {
        return false;
    }
    *version = LAKEFS_RELEASE(major, minor, patch);
    return true;
}

/* Correcting ----------------------------------------------------------------------------------- */

/* Renames a key within its mapping, moves it into a section of that, or removes it where there is
 * the new one. */
static bool replace_key(YamlText *yaml, const Problem *problem, bool *done, Error *error)
{
    const char *rest = problem->rule->replacement;
    size_t size = strlen(problem->section);
    char section[PROBLEM_PATH_SIZE];
    const char *dot;

    if (upgrade_is_set(yaml, problem->rule->replacement) ||
        yaml_text_is_null(problem->pair.value)) {
        return yaml_edit_remove(yaml, &problem->pair, done, error);
    }
    if (size > 0) {
        rest += size + 1;
    }
    dot = strchr(rest, '.');
    if (dot == NULL || strchr(yaml_text_scalar(problem->pair.key), '.') != NULL) {
        return yaml_edit_replace(yaml, problem->pair.key, rest, done, error);
    }
    snprintf(section, sizeof section, "%.*s", (int)(dot - rest), rest);
    return yaml_edit_move(yaml, &problem->pair, section, dot + 1, done, error);
}

static bool correct(YamlText *yaml, const Problem *problem, bool *done, Error *error)
{
    *done = false;
    switch (problem->kind) {
    case PROBLEM_DUPLICATE:
        return yaml_edit_remove(yaml, &problem->pair, done, error);
    case PROBLEM_BOOLEAN:
        return yaml_edit_replace(
            yaml, problem->pair.value,
            yaml_scalar_boolean(yaml_text_scalar(problem->pair.value)) == YAML_TRUE ? "true"
                                                                                    : "false",
            done, error);
    case PROBLEM_DATE:
        return yaml_edit_quote(yaml, problem->pair.value, done, error);
    case PROBLEM_RULE:
        return problem->rule->replacement == NULL
                   ? yaml_edit_remove(yaml, &problem->pair, done, error)
                   : replace_key(yaml, problem, done, error);
    case PROBLEM_TYPE:
        return yaml_edit_add(yaml, problem->path, "postgres", done, error);
    case PROBLEM_PATH:
        return yaml_edit_add(yaml, problem->path, OLD_BLOCKSTORE_PATH, done, error);
    case PROBLEM_ALIAS:
    case PROBLEM_REQUIRED:
    case PROBLEM_ENDPOINT:
        break;
    }
    return true;
}

static bool restore(YamlText *yaml, Buffer *before, Error *error)
{
    Buffer changed = yaml->text;

    yaml->text = *before;
    *before = changed;
    return yaml_text_parse(yaml, error);
}

/* Corrects a problem, and finds those that are left.  A change that does not help is taken back. */
static bool correct_one(YamlText *yaml, Problems *problems, size_t number, int64_t version,
                        bool *done, Error *error)
{
    size_t count = problems->count;
    Buffer before = {0};
    bool good = buffer_append(&before, yaml->text.data, yaml->text.size, error) &&
                correct(yaml, &problems->items[number], done, error) &&
                problems_find(problems, yaml, version, error);

    if (good && *done && problems->count >= count && yaml->text.size >= before.size) {
        *done = false;
        good = restore(yaml, &before, error) && problems_find(problems, yaml, version, error);
    }
    buffer_wipe(&before);
    return good;
}

/* One problem after the other; those that cannot be corrected stay at the front. */
static bool correct_all(YamlText *yaml, Problems *problems, int64_t version, Error *error)
{
    size_t next = 0;

    if (!problems_find(problems, yaml, version, error)) {
        return false;
    }
    while (next < problems->count) {
        bool done = false;

        if (!correct_one(yaml, problems, next, version, &done, error)) {
            return false;
        }
        next += done ? 0 : 1;
    }
    return true;
}

/* Reporting ------------------------------------------------------------------------------------ */

static bool describe_rule(const Problem *problem, YamlText *yaml, Buffer *text, Error *error)
{
    const UpgradeRule *rule = problem->rule;

    if (!buffer_append_format(text, error,
                              rule->no_effect ? "%s has no effect in lakeFS %s and later"
                                              : "%s is refused by lakeFS %s and later",
                              problem->path, rule->since_text)) {
        return false;
    }
    if (rule->replacement == NULL) {
        return buffer_append_text(text, ": removed", error);
    }
    return upgrade_is_set(yaml, rule->replacement)
               ? buffer_append_format(text, error, ": removed, since there is %s",
                                      rule->replacement)
               : buffer_append_format(text, error, ": now %s", rule->replacement);
}

static bool describe(const Problem *problem, YamlText *yaml, Buffer *text, Error *error)
{
    const char *path = problem->path;
    const yaml_node_t *node = problem->pair.key != NULL ? problem->pair.key : problem->pair.value;

    text->size = 0;
    if (node != NULL &&
        !buffer_append_format(text, error, "line %zu: ", node->start_mark.line + 1)) {
        return false;
    }
    switch (problem->kind) {
    case PROBLEM_DUPLICATE:
        return buffer_append_format(text, error,
                                    "%s comes again below, which lakeFS 0.84.0 and later refuse: "
                                    "the last one, which counted, is kept",
                                    path);
    case PROBLEM_BOOLEAN:
        return buffer_append_format(text, error,
                                    "%s is a word that is a boolean no longer, from lakeFS 0.84.0 "
                                    "on: now true or false",
                                    path);
    case PROBLEM_DATE:
        return buffer_append_format(text, error,
                                    "%s is a text that lakeFS 0.84.0 and later take for a date, "
                                    "and refuse: now in quotes",
                                    path);
    case PROBLEM_RULE:
    case PROBLEM_ALIAS:
        return describe_rule(problem, yaml, text, error);
    case PROBLEM_TYPE:
        return buffer_append_format(text, error,
                                    "%s is missing, which lakeFS 0.85.0 and later require: now "
                                    "postgres",
                                    path);
    case PROBLEM_PATH:
        return buffer_append_format(text, error,
                                    "%s is missing, and its default is another one from lakeFS "
                                    "0.81.0 on, where all objects would be out of sight: now the "
                                    "old one, " OLD_BLOCKSTORE_PATH,
                                    path);
    case PROBLEM_REQUIRED:
        return buffer_append_format(text, error,
                                    "%s is missing, without which lakeFS does not start: set it as "
                                    "it was for lakeFS 0.70",
                                    path);
    case PROBLEM_ENDPOINT:
        return buffer_append_format(text, error,
                                    "%s has a value that needs auth.api.endpoint: set it, or "
                                    "remove this",
                                    path);
    }
    return true;
}

static bool is_left(const Problem *problem, const Problems *left)
{
    for (size_t i = 0; i < left->count; i++) {
        if (left->items[i].kind == problem->kind &&
            strcmp(left->items[i].path, problem->path) == 0) {
            return true;
        }
    }
    return false;
}

/* What was corrected. */
static bool report_found(ConfigUpgrade *upgrade, YamlText *yaml, const Problems *problems,
                         const Problems *left, Error *error)
{
    Buffer text = {0};
    bool done = true;

    for (size_t i = 0; done && i < problems->count; i++) {
        const Problem *problem = &problems->items[i];
        const char *advice = problem->rule == NULL ? NULL : problem->rule->advice;

        done = is_left(problem, left) ||
               (describe(problem, yaml, &text, error) &&
                words_add(&upgrade->corrected, buffer_string(&text), error) &&
                (advice == NULL || words_add_format(&upgrade->open, error, "without %s %s",
                                                    problem->rule->key, advice)));
    }
    buffer_free(&text);
    return done;
}

/* What is left when everything else is corrected. */
static bool report_left(ConfigUpgrade *upgrade, YamlText *yaml, const Problems *problems,
                        Error *error)
{
    Buffer text = {0};
    bool done = true;

    for (size_t i = 0; done && i < problems->count; i++) {
        const Problem *problem = &problems->items[i];

        if (problem->kind == PROBLEM_REQUIRED || problem->kind == PROBLEM_ENDPOINT) {
            done = describe(problem, yaml, &text, error) &&
                   words_add(&upgrade->open, buffer_string(&text), error);
        } else {
            done = words_add_format(
                &upgrade->open, error,
                "%s could not be corrected where it stands%s: change it by "
                "hand, then run this again",
                problem->path,
                problem->kind == PROBLEM_ALIAS ? ", behind an alias or a merge key" : "");
        }
    }
    buffer_free(&text);
    return done;
}

/* A variable of a key that is no longer known is ignored without a word. */
static bool report_variables(ConfigUpgrade *upgrade, YamlText *yaml, int64_t version, Error *error)
{
    bool done = true;

    for (size_t i = 0; done && i < UPGRADE_RULE_COUNT; i++) {
        const UpgradeRule *rule = &UPGRADE_RULES[i];
        char name[VARIABLE_SIZE];
        char replacement[VARIABLE_SIZE];

        upgrade_variable(rule->key, name);
        if (version < rule->since || !upgrade_variable_is_set(rule->key)) {
            continue;
        }
        if (rule->replacement == NULL) {
            done = words_add_format(&upgrade->open, error,
                                    "variable %s is ignored by lakeFS %s and later: unset it", name,
                                    rule->since_text);
        } else if (!upgrade_variable_is_set(rule->replacement)) {
            upgrade_variable(rule->replacement, replacement);
            done = words_add_format(
                &upgrade->open, error,
                "variable %s is ignored by lakeFS %s and later%s: set %s "
                "instead",
                name, rule->since_text,
                upgrade_is_set(yaml, rule->replacement) ? ", so that the file would count" : "",
                replacement);
        }
    }
    return done;
}

bool config_upgrade(const char *name, Slice text, int64_t version, ConfigUpgrade *upgrade,
                    Error *error)
{
    YamlText found = {0};
    YamlText corrected = {0};
    Problems problems = {0};
    Problems left = {0};
    bool done = yaml_text_open(&found, name, text, error) &&
                yaml_text_open(&corrected, name, text, error) &&
                problems_find(&problems, &found, version, error) &&
                correct_all(&corrected, &left, version, error) &&
                report_found(upgrade, &found, &problems, &left, error) &&
                report_variables(upgrade, &corrected, version, error) &&
                report_left(upgrade, &corrected, &left, error) &&
                buffer_append(&upgrade->text, corrected.text.data, corrected.text.size, error);

    problems_free(&problems);
    problems_free(&left);
    yaml_text_close(&found);
    yaml_text_close(&corrected);
    return done;
}

static bool read_file(const char *path, Buffer *text, Error *error)
{
    char block[4096];
    FILE *file = fopen(path, "r");
    bool done = file != NULL;
    size_t got;

    while (done && (got = fread(block, 1, sizeof block, file)) > 0) {
        done = buffer_append(text, block, got, error);
    }
    explicit_bzero(block, sizeof block);
    if (file == NULL || ferror(file)) {
        done = error_set(error, EXIT_CODE_USAGE, "could not read configuration \"%s\": %s", path,
                         strerror(errno));
    }
    if (file != NULL) {
        fclose(file);
    }
    return done;
}

bool config_upgrade_file(const char *path, int64_t version, ConfigUpgrade *upgrade, Error *error)
{
    Buffer text = {0};
    bool done = read_file(path, &text, error) &&
                config_upgrade(path, buffer_slice(&text), version, upgrade, error);

    buffer_wipe(&text);
    return done;
}

void config_upgrade_free(ConfigUpgrade *upgrade)
{
    words_free(&upgrade->corrected);
    words_free(&upgrade->open);
    buffer_wipe(&upgrade->text);
}
