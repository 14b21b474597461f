/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/upgrade_rules.h"

#include "common/base/environment.h"
#include "common/config/yaml_scalar.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SINCE(major, minor, patch) LAKEFS_RELEASE(major, minor, patch), #major "." #minor "." #patch

const UpgradeRule UPGRADE_RULES[] = {
    {"database.connection_string", SINCE(0, 81, 0), "database.postgres.connection_string"},
    {"database.max_open_connections", SINCE(0, 81, 0), "database.postgres.max_open_connections"},
    {"database.max_idle_connections", SINCE(0, 81, 0), "database.postgres.max_idle_connections"},
    {"database.connection_max_lifetime", SINCE(0, 81, 0),
     "database.postgres.connection_max_lifetime"},
    {"database.kv_enabled", SINCE(0, 80, 0), NULL},
    {"database.drop_tables", SINCE(0, 81, 0), NULL, true},
    {"database.dynamodb.read_capacity_units", SINCE(0, 90, 0), NULL},
    {"database.dynamodb.write_capacity_units", SINCE(0, 90, 0), NULL},
    {"blockstore.s3.streaming_chunk_size", SINCE(0, 110, 0), NULL},
    {"blockstore.s3.streaming_chunk_timeout", SINCE(0, 110, 0), NULL},
    {"blockstore.s3.credentials.access_secret_key", SINCE(0, 110, 0),
     "blockstore.s3.credentials.secret_access_key"},
    {"auth.oidc", SINCE(0, 94, 0), NULL, false,
     "users who log in by OpenID Connect need another way in"},
    {"auth.ldap", SINCE(0, 95, 0), NULL, false,
     "users who log in by LDAP need another way in, such as auth.remote_authenticator"},
    {"email", SINCE(0, 111, 0), NULL},
    {"auth.basic", SINCE(1, 33, 0), NULL},
};
const size_t UPGRADE_RULE_COUNT = sizeof UPGRADE_RULES / sizeof UPGRADE_RULES[0];

/* yaml.v3 instead of yaml.v2. */
#define STRICT_YAML LAKEFS_RELEASE(0, 84, 0)

enum { DEPTH_MAX = 32, LOOKUPS_MAX = 100000 };

/* Looking keys up ------------------------------------------------------------------------------ */

static yaml_node_t *look_up(YamlText *yaml, yaml_node_t *mapping, const char *path, int depth,
                            int *lookups);

static yaml_node_t *look_up_merged(YamlText *yaml, yaml_node_t *merged, const char *path, int depth,
                                   int *lookups)
{
    yaml_node_t *found = NULL;

    if (merged->type == YAML_MAPPING_NODE) {
        return look_up(yaml, merged, path, depth, lookups);
    }
    if (merged->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *item = merged->data.sequence.items.start;
             found == NULL && item < merged->data.sequence.items.top; item++) {
            yaml_node_t *element = yaml_document_get_node(&yaml->document, *item);

            found = element->type == YAML_MAPPING_NODE
                        ? look_up(yaml, element, path, depth, lookups)
                        : NULL;
        }
    }
    return found;
}

/* The last of several keys of a name counts, the longest name first; see config_file.c. */
static yaml_node_t *look_up(YamlText *yaml, yaml_node_t *mapping, const char *path, int depth,
                            int *lookups)
{
    if (depth > DEPTH_MAX || ++*lookups > LOOKUPS_MAX) {
        return NULL;
    }
    for (size_t size = strlen(path); size > 0;) {
        yaml_node_t *member = NULL;
        yaml_node_t *found = NULL;

        for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
             pair < mapping->data.mapping.pairs.top; pair++) {
            if (yaml_text_is_named(yaml_document_get_node(&yaml->document, pair->key), path,
                                   size)) {
                member = yaml_document_get_node(&yaml->document, pair->value);
            }
        }
        if (member != NULL && path[size] == '\0') {
            found = yaml_text_is_null(member) ? NULL : member;
        } else if (member != NULL && member->type == YAML_MAPPING_NODE) {
            found = look_up(yaml, member, path + size + 1, depth + 1, lookups);
        }
        if (found != NULL) {
            return found;
        }
        do {
            size--;
        } while (size > 0 && path[size] != '.');
    }
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        yaml_node_t *found = NULL;

        if (yaml_text_is_named(yaml_document_get_node(&yaml->document, pair->key), "<<", 2)) {
            found = look_up_merged(yaml, yaml_document_get_node(&yaml->document, pair->value), path,
                                   depth + 1, lookups);
        }
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static const yaml_node_t *value_of(YamlText *yaml, const char *path)
{
    yaml_node_t *root = yaml_text_root(yaml);
    int lookups = 0;

    return root == NULL ? NULL : look_up(yaml, root, path, 0, &lookups);
}

bool upgrade_is_set(YamlText *yaml, const char *path)
{
    return value_of(yaml, path) != NULL;
}

void upgrade_variable(const char *path, char name[VARIABLE_SIZE])
{
    snprintf(name, VARIABLE_SIZE, "LAKEFS_%s", path);
    for (char *p = name; *p != '\0'; p++) {
        *p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
    }
}

bool upgrade_variable_is_set(const char *path)
{
    char name[VARIABLE_SIZE];

    upgrade_variable(path, name);
    return environment_variable(name) != NULL;
}

static bool is_text(YamlText *yaml, const char *path, const char *text)
{
    const yaml_node_t *value = value_of(yaml, path);
    char name[VARIABLE_SIZE];
    const char *variable;

    upgrade_variable(path, name);
    variable = environment_variable(name);
    return variable != NULL ? strcmp(variable, text) == 0
                            : value != NULL && value->type == YAML_SCALAR_NODE &&
                                  strcmp(yaml_text_scalar(value), text) == 0;
}

/* What stands in the text ---------------------------------------------------------------------- */

typedef struct Search {
    Problems *problems;
    YamlText *yaml;
    int64_t version;
} Search;

static bool add(Search *search, ProblemKind kind, const UpgradeRule *rule, const YamlPair *pair,
                const char *section, const char *path, Error *error)
{
    Problems *problems = search->problems;
    Problem *longer = reallocarray(problems->items, problems->count + 1, sizeof *problems->items);

    if (longer == NULL) {
        return error_out_of_memory(error);
    }
    problems->items = longer;
    longer += problems->count++;
    *longer = (Problem){.kind = kind, .rule = rule};
    if (pair != NULL) {
        longer->pair = *pair;
    }
    snprintf(longer->section, sizeof longer->section, "%s", section);
    snprintf(longer->path, sizeof longer->path, "%s", path);
    return true;
}

/* "2022-12-01", and what may follow in a time. */
static bool is_date(const char *plain)
{
    int digits = 0;

    while (isdigit((unsigned char)plain[digits])) {
        digits++;
    }
    if (digits != 4) {
        return false;
    }
    plain += digits;
    for (int part = 0; part < 2; part++) {
        if (*plain++ != '-' || !isdigit((unsigned char)*plain)) {
            return false;
        }
        plain += isdigit((unsigned char)plain[1]) ? 2 : 1;
    }
    return *plain == '\0' || strchr("Tt ", *plain) != NULL;
}

static bool look_at_scalar(Search *search, const YamlPair *pair, const char *section,
                           const char *path, Error *error)
{
    const yaml_node_t *scalar = pair->value;
    const char *text = yaml_text_scalar(scalar);

    if (search->version < STRICT_YAML || scalar->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return true;
    }
    if (yaml_scalar_boolean(text) != YAML_NO_BOOLEAN && strcasecmp(text, "true") != 0 &&
        strcasecmp(text, "false") != 0) {
        return add(search, PROBLEM_BOOLEAN, NULL, pair, section, path, error);
    }
    return !is_date(text) || add(search, PROBLEM_DATE, NULL, pair, section, path, error);
}

static bool comes_again(const Search *search, const yaml_node_t *mapping,
                        const yaml_node_pair_t *pair)
{
    const char *name = yaml_text_scalar(yaml_document_get_node(&search->yaml->document, pair->key));

    for (const yaml_node_pair_t *other = pair + 1; other < mapping->data.mapping.pairs.top;
         other++) {
        if (yaml_text_is_named(yaml_document_get_node(&search->yaml->document, other->key), name,
                               strlen(name))) {
            return true;
        }
    }
    return false;
}

static const UpgradeRule *rule_of(const Search *search, const char *path)
{
    for (size_t i = 0; i < UPGRADE_RULE_COUNT; i++) {
        const UpgradeRule *rule = &UPGRADE_RULES[i];
        size_t size = strlen(rule->key);

        if (search->version >= rule->since && strncmp(path, rule->key, size) == 0 &&
            (path[size] == '\0' || path[size] == '.')) {
            return rule;
        }
    }
    return NULL;
}

static bool walk(Search *search, yaml_node_t *mapping, const char *section, int depth,
                 Error *error);

static bool walk_list(Search *search, const yaml_node_t *list, const char *section, int depth,
                      Error *error)
{
    for (yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        YamlPair element = {.value = yaml_document_get_node(&search->yaml->document, *item)};

        if (element.value->type == YAML_MAPPING_NODE &&
            !walk(search, element.value, section, depth + 1, error)) {
            return false;
        }
        if (element.value->type == YAML_SCALAR_NODE &&
            !look_at_scalar(search, &element, section, section, error)) {
            return false;
        }
    }
    return true;
}

static bool look_at_pair(Search *search, const YamlPair *pair, const char *section, bool again,
                         int depth, Error *error)
{
    const char *name = yaml_text_scalar(pair->key);
    bool merged = strcmp(name, "<<") == 0;
    char path[PROBLEM_PATH_SIZE];
    const UpgradeRule *rule;

    snprintf(path, sizeof path, "%s%s%s", section, section[0] == '\0' || merged ? "" : ".",
             merged ? "" : name);
    for (char *p = path; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    if (again && search->version >= STRICT_YAML) {
        return add(search, PROBLEM_DUPLICATE, NULL, pair, section, path, error);
    }
    rule = rule_of(search, path);
    if (rule != NULL) {
        return add(search, PROBLEM_RULE, rule, pair, section, path, error);
    }
    if (!yaml_text_is_here(pair)) {
        return true;
    }
    switch (pair->value->type) {
    case YAML_MAPPING_NODE:
        return walk(search, pair->value, path, depth + 1, error);
    case YAML_SEQUENCE_NODE:
        return walk_list(search, pair->value, path, depth + 1, error);
    case YAML_SCALAR_NODE:
        return look_at_scalar(search, pair, section, path, error);
    case YAML_NO_NODE:
        break;
    }
    return true;
}

static bool walk(Search *search, yaml_node_t *mapping, const char *section, int depth, Error *error)
{
    if (depth > DEPTH_MAX) {
        return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\" is nested too deeply",
                         search->yaml->name);
    }
    for (yaml_node_pair_t *item = mapping->data.mapping.pairs.start;
         item < mapping->data.mapping.pairs.top; item++) {
        YamlPair pair = {.mapping = mapping,
                         .key = yaml_document_get_node(&search->yaml->document, item->key),
                         .value = yaml_document_get_node(&search->yaml->document, item->value)};

        if (pair.key->type == YAML_SCALAR_NODE &&
            !look_at_pair(search, &pair, section, comes_again(search, mapping, item), depth,
                          error)) {
            return false;
        }
    }
    return true;
}

/* What does not stand in the text -------------------------------------------------------------- */

static bool add_missing(Search *search, ProblemKind kind, const char *path, Error *error)
{
    return add(search, kind, NULL, NULL, "", path, error);
}

static bool is_anywhere(Search *search, const char *path)
{
    return upgrade_is_set(search->yaml, path) || upgrade_variable_is_set(path);
}

static bool has_problem(const Problems *problems, const UpgradeRule *rule)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (problems->items[i].rule == rule || problems->items[i].kind == PROBLEM_DUPLICATE) {
            return true;
        }
    }
    return false;
}

static bool find_missing(Search *search, Error *error)
{
    static const char *const REQUIRED[] = {"blockstore.type", "auth.encrypt.secret_key"};
    int64_t version = search->version;

    for (size_t i = 0; i < UPGRADE_RULE_COUNT; i++) {
        const UpgradeRule *rule = &UPGRADE_RULES[i];

        if (version >= rule->since && !has_problem(search->problems, rule) &&
            upgrade_is_set(search->yaml, rule->key) &&
            !add(search, PROBLEM_ALIAS, rule, NULL, "", rule->key, error)) {
            return false;
        }
    }
    if (!is_anywhere(search, "database.type") &&
        !add_missing(search, PROBLEM_TYPE, "database.type", error)) {
        return false;
    }
    if (version >= LAKEFS_RELEASE(0, 81, 0) && is_text(search->yaml, "blockstore.type", "local") &&
        !is_anywhere(search, "blockstore.local.path") &&
        !add_missing(search, PROBLEM_PATH, "blockstore.local.path", error)) {
        return false;
    }
    for (size_t i = 0; i < sizeof REQUIRED / sizeof REQUIRED[0]; i++) {
        if (!is_anywhere(search, REQUIRED[i]) &&
            !add_missing(search, PROBLEM_REQUIRED, REQUIRED[i], error)) {
            return false;
        }
    }
    return version < LAKEFS_RELEASE(0, 99, 0) || !is_anywhere(search, "auth.ui_config.rbac") ||
           is_text(search->yaml, "auth.ui_config.rbac", "none") ||
           (version < LAKEFS_RELEASE(1, 33, 0) &&
            is_text(search->yaml, "auth.ui_config.rbac", "simplified")) ||
           is_anywhere(search, "auth.api.endpoint") ||
           add_missing(search, PROBLEM_ENDPOINT, "auth.ui_config.rbac", error);
}

bool problems_find(Problems *problems, YamlText *yaml, int64_t version, Error *error)
{
    Search search = {.problems = problems, .yaml = yaml, .version = version};
    yaml_node_t *root = yaml_text_root(yaml);

    problems->count = 0;
    return (root == NULL || walk(&search, root, "", 0, error)) && find_missing(&search, error);
}

void problems_free(Problems *problems)
{
    free(problems->items);
    *problems = (Problems){0};
}
