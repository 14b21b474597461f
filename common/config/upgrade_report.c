/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/upgrade_report.h"

#include "common/config/upgrade_values.h"

#include <string.h>

static bool describe_rule(const Problem *problem, YamlText *yaml, Buffer *text, Error *error)
{
    const UpgradeRule *rule = problem->rule;
    const char *replacement = upgrade_replacement(rule, yaml);

    if (!buffer_append_format(text, error,
                              rule->no_effect ? "%s has no effect in lakeFS %s"
                                              : "%s is refused by lakeFS %s",
                              problem->path, rule->versions)) {
        return false;
    }
    if (replacement == NULL) {
        return buffer_append_text(
            text,
            rule->replacement == NULL ? ": removed" : ": removed, since database.type is dynamodb",
            error);
    }
    return buffer_append_format(
        text, error,
        upgrade_has_content(yaml, replacement) ? ": removed, since there is %s" : ": now %s",
        replacement);
}

static bool describe(const Problem *problem, YamlText *yaml, Buffer *text, Error *error)
{
    const char *path = problem->path;
    const char *lacks = upgrade_is_set(yaml, path) ? "empty" : "missing";
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
    case PROBLEM_CASE:
        return buffer_append_format(text, error,
                                    "%s comes again in line %zu, in other letters, and which of "
                                    "the two counts can change whenever lakeFS starts: keep one, "
                                    "then run this again",
                                    path, problem->again);
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
    case PROBLEM_NUMBER:
        return buffer_append_format(text, error,
                                    "%s is a text that lakeFS 0.84.0 and later take for a number: "
                                    "now in quotes",
                                    path);
    case PROBLEM_CONFLICT:
        return buffer_append_format(text, error,
                                    "%s, which is refused by lakeFS %s, differs from %s: if both "
                                    "name one database, remove it; else the migration serves only "
                                    "one of them, and both must name that of the legacy tables",
                                    path, problem->rule->versions, problem->rule->replacement);
    case PROBLEM_RULE:
    case PROBLEM_ALIAS:
        return describe_rule(problem, yaml, text, error);
    case PROBLEM_TYPE:
        return buffer_append_format(text, error,
                                    "%s is %s, which lakeFS 0.85.0 and later require: now "
                                    "postgres",
                                    path, lacks);
    case PROBLEM_STORE:
        return buffer_append_format(text, error,
                                    "%s is neither postgres nor dynamodb, where a migration puts "
                                    "the KV store: set the one that has it",
                                    path);
    case PROBLEM_PATH:
        return buffer_append_format(text, error,
                                    "%s is missing, and its default is another one from lakeFS "
                                    "0.81.0 on, where all objects would be out of sight: now the "
                                    "old one, " OLD_BLOCKSTORE_PATH,
                                    path);
    case PROBLEM_REQUIRED:
        return buffer_append_format(text, error,
                                    "%s is %s, without which lakeFS does not start: set it as "
                                    "it was for lakeFS 0.70",
                                    path, lacks);
    case PROBLEM_ENDPOINT:
        return buffer_append_format(text, error,
                                    "%s has a value that needs auth.api.endpoint: set it, or "
                                    "remove this",
                                    path);
    }
    return true;
}

/* What only a person can settle. */
static bool is_by_hand(ProblemKind kind)
{
    return kind == PROBLEM_REQUIRED || kind == PROBLEM_ENDPOINT || kind == PROBLEM_STORE ||
           kind == PROBLEM_CONFLICT || kind == PROBLEM_CASE;
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
static bool report_found(ConfigUpgrade *upgrade, const UpgradeResult *result, Error *error)
{
    Buffer text = {0};
    bool done = true;

    for (size_t i = 0; done && i < result->problems->count; i++) {
        const Problem *problem = &result->problems->items[i];

        done = is_left(problem, result->left) ||
               (describe(problem, result->found, &text, error) &&
                words_add(&upgrade->corrected, buffer_string(&text), error));
    }
    buffer_free(&text);
    return done;
}

/* What is left when everything else is corrected. */
static bool report_left(ConfigUpgrade *upgrade, const UpgradeResult *result, Error *error)
{
    Buffer text = {0};
    bool done = true;

    for (size_t i = 0; done && i < result->left->count; i++) {
        const Problem *problem = &result->left->items[i];

        if (is_by_hand(problem->kind)) {
            done = describe(problem, result->corrected, &text, error) &&
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

/* Variables ------------------------------------------------------------------------------------ */

extern char **environ;

/* Whether an entry of the environment is a variable, set and not empty, of a member of a section,
 * and has a name that lakeFS could look for. */
static bool is_of_section(const char *entry, const UpgradeRule *rule, size_t *size)
{
    char section[VARIABLE_SIZE];
    char other[VARIABLE_SIZE] = "";

    upgrade_variable(rule->key, section);
    if (rule->not_section != NULL) {
        upgrade_variable(rule->not_section, other);
    }
    *size = strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return strncmp(entry, section, strlen(section)) == 0 && entry[strlen(section)] == '_' &&
           entry[*size] == '=' && entry[*size + 1] != '\0' &&
           (other[0] == '\0' || strncmp(entry, other, strlen(other)) != 0);
}

static bool report_section(ConfigUpgrade *upgrade, const UpgradeRule *rule, bool *found,
                           Error *error)
{
    bool done = true;
    size_t size;

    *found = false;
    for (char **entry = environ; done && rule->section && entry != NULL && *entry != NULL;
         entry++) {
        if (is_of_section(*entry, rule, &size)) {
            *found = true;
            done = words_add_format(&upgrade->open, error,
                                    "variable %.*s is ignored by lakeFS %s: unset it", (int)size,
                                    *entry, rule->versions);
        }
    }
    return done;
}

static bool report_variable(ConfigUpgrade *upgrade, const UpgradeRule *rule, YamlText *yaml,
                            Error *error)
{
    const char *replacement = upgrade_replacement(rule, yaml);
    char name[VARIABLE_SIZE];
    char other[VARIABLE_SIZE];

    upgrade_variable(rule->key, name);
    if (!upgrade_variable_is_set(rule->key)) {
        return true;
    }
    if (replacement == NULL) {
        return words_add_format(&upgrade->open, error,
                                "variable %s is ignored by lakeFS %s: unset it", name,
                                rule->versions);
    }
    upgrade_variable(replacement, other);
    if (upgrade_disagrees(rule, yaml)) {
        return words_add_format(&upgrade->open, error,
                                "variable %s, which is ignored by lakeFS %s, differs from %s: if "
                                "both name one database, unset it; else the migration serves only "
                                "one of them, and both must name that of the legacy tables",
                                name, rule->versions,
                                upgrade_variable_is_set(replacement) ? other : replacement);
    }
    return upgrade_variable_is_set(replacement) ||
           words_add_format(
               &upgrade->open, error, "variable %s is ignored by lakeFS %s%s: set %s instead", name,
               rule->versions,
               upgrade_has_content(yaml, replacement) ? ", so that the file would count" : "",
               other);
}

/* Whether the file had something of a rule, other than an empty section. */
static bool was_in_file(const UpgradeResult *result, const UpgradeRule *rule)
{
    const yaml_node_t *value = upgrade_value(result->found, rule->key);

    for (size_t i = 0; i < result->problems->count; i++) {
        const Problem *problem = &result->problems->items[i];

        if (problem->rule == rule &&
            (strlen(problem->path) > strlen(rule->key) ||
             (value != NULL && (value->type != YAML_MAPPING_NODE ||
                                yaml_text_first_key(result->found, value) != NULL)))) {
            return true;
        }
    }
    return false;
}

/* A variable of a key that is not known is ignored without a word.  Then what goes with a key. */
static bool report_rules(ConfigUpgrade *upgrade, const UpgradeResult *result, Error *error)
{
    bool done = true;

    for (size_t i = 0; done && i < UPGRADE_RULE_COUNT; i++) {
        const UpgradeRule *rule = &UPGRADE_RULES[i];
        bool set = false;

        if (!upgrade_rule_applies(rule, result->version)) {
            continue;
        }
        done = report_section(upgrade, rule, &set, error) &&
               report_variable(upgrade, rule, result->corrected, error);
        if (done && rule->advice != NULL && (set || was_in_file(result, rule)) &&
            !(rule->enabled != NULL && upgrade_is_off(result->found, rule->enabled))) {
            done =
                words_add_format(&upgrade->open, error, "without %s %s", rule->key, rule->advice);
        }
    }
    return done;
}

bool upgrade_report(ConfigUpgrade *upgrade, const UpgradeResult *result, Error *error)
{
    return report_found(upgrade, result, error) && report_rules(upgrade, result, error) &&
           report_left(upgrade, result, error);
}
