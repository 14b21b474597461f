/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/upgrade_rules.h"

#include "common/config/upgrade_values.h"
#include "common/config/yaml_scalar.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SINCE(major, minor, patch)                                                                 \
    .since = LAKEFS_RELEASE(major, minor, patch),                                                  \
    .versions = #major "." #minor "." #patch " and later"

const UpgradeRule UPGRADE_RULES[] = {
    {"database.connection_string", SINCE(0, 81, 0),
     .replacement = "database.postgres.connection_string", .must_agree = true},
    {"database.max_open_connections", SINCE(0, 81, 0),
     .replacement = "database.postgres.max_open_connections"},
    {"database.max_idle_connections", SINCE(0, 81, 0),
     .replacement = "database.postgres.max_idle_connections"},
    {"database.connection_max_lifetime", SINCE(0, 81, 0),
     .replacement = "database.postgres.connection_max_lifetime"},
    {"database.kv_enabled", SINCE(0, 80, 0)},
    {"database.drop_tables", SINCE(0, 81, 0), .no_effect = true},
    {"database.dynamodb.read_capacity_units", SINCE(0, 90, 0)},
    {"database.dynamodb.write_capacity_units", SINCE(0, 90, 0)},
    {"blockstore.s3.streaming_chunk_size", SINCE(0, 110, 0)},
    {"blockstore.s3.streaming_chunk_timeout", SINCE(0, 110, 0)},
    {"blockstore.s3.credentials.access_secret_key", SINCE(0, 110, 0),
     .replacement = "blockstore.s3.credentials.secret_access_key"},
    {"auth.oidc", SINCE(0, 94, 0), .section = true, .enabled = "auth.oidc.enabled",
     .advice = "users who log in by OpenID Connect need another way in"},
    {"auth.ldap", SINCE(0, 95, 0), .section = true,
     .advice = "users who log in by LDAP need another way in, such as auth.remote_authenticator"},
    {"email", SINCE(0, 111, 0), .section = true, .not_section = "email_subscription"},
    {"auth.ui_config.rbac", .since = LAKEFS_RELEASE(0, 80, 0), .until = LAKEFS_RELEASE(0, 92, 0),
     .versions = "before 0.92.0"},
    {"auth.ui_config.rbac", .since = LAKEFS_RELEASE(0, 98, 0), .until = LAKEFS_RELEASE(0, 99, 0),
     .versions = "0.98.0"},
    {"auth.basic", .since = LAKEFS_RELEASE(0, 80, 0), .until = LAKEFS_RELEASE(1, 32, 0),
     .versions = "before 1.32.0"},
    {"auth.basic", SINCE(1, 33, 0)},
};
const size_t UPGRADE_RULE_COUNT = sizeof UPGRADE_RULES / sizeof UPGRADE_RULES[0];

/* yaml.v3 instead of yaml.v2. */
#define STRICT_YAML LAKEFS_RELEASE(0, 84, 0)

enum { DEPTH_MAX = 32 };

bool upgrade_rule_applies(const UpgradeRule *rule, int64_t version)
{
    return version >= rule->since && (rule->until == 0 || version < rule->until);
}

const char *upgrade_replacement(const UpgradeRule *rule, YamlText *yaml)
{
    static const char POSTGRES[] = "database.postgres.";

    return rule->replacement != NULL &&
                   strncmp(rule->replacement, POSTGRES, sizeof POSTGRES - 1) == 0 &&
                   upgrade_is_text(yaml, "database.type", "dynamodb")
               ? NULL
               : rule->replacement;
}

bool upgrade_disagrees(const UpgradeRule *rule, YamlText *yaml)
{
    const char *replacement = upgrade_replacement(rule, yaml);
    const char *old = upgrade_text(yaml, rule->key);
    const char *new = replacement == NULL ? NULL : upgrade_text(yaml, replacement);

    return rule->must_agree && old != NULL && new != NULL &&strcmp(old, new) != 0;
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
    if (yaml_scalar_is_newer_number(text)) {
        return add(search, PROBLEM_NUMBER, NULL, pair, section, path, error);
    }
    return !is_date(text) || add(search, PROBLEM_DATE, NULL, pair, section, path, error);
}

/* Whether a key has the name of another one in its mapping, in the same or in other letters. */
static bool is_like(const Search *search, const yaml_node_pair_t *pair,
                    const yaml_node_pair_t *other, bool same)
{
    yaml_document_t *document = &search->yaml->document;
    const yaml_node_t *key = yaml_document_get_node(document, other->key);
    const char *name = yaml_text_scalar(yaml_document_get_node(document, pair->key));

    return yaml_text_is_named(key, name, strlen(name)) &&
           (strcmp(yaml_text_scalar(key), name) == 0) == same;
}

static bool comes_again(const Search *search, const yaml_node_t *mapping,
                        const yaml_node_pair_t *pair)
{
    for (const yaml_node_pair_t *other = pair + 1; other < mapping->data.mapping.pairs.top;
         other++) {
        if (is_like(search, pair, other, true)) {
            return true;
        }
    }
    return false;
}

/* The other key is NULL if there is none. */
static const yaml_node_pair_t *in_other_letters(const Search *search, const yaml_node_t *mapping,
                                                const yaml_node_pair_t *pair)
{
    for (const yaml_node_pair_t *other = mapping->data.mapping.pairs.start;
         other < mapping->data.mapping.pairs.top; other++) {
        if (is_like(search, pair, other, false)) {
            return other;
        }
    }
    return NULL;
}

static const UpgradeRule *rule_of(const Search *search, const char *path)
{
    for (size_t i = 0; i < UPGRADE_RULE_COUNT; i++) {
        const UpgradeRule *rule = &UPGRADE_RULES[i];
        size_t size = strlen(rule->key);

        if (upgrade_rule_applies(rule, search->version) && strncmp(path, rule->key, size) == 0 &&
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

static void path_of(const YamlPair *pair, const char *section, char path[PROBLEM_PATH_SIZE])
{
    const char *name = yaml_text_scalar(pair->key);
    bool merged = strcmp(name, "<<") == 0;

    snprintf(path, PROBLEM_PATH_SIZE, "%s%s%s", section, section[0] == '\0' || merged ? "" : ".",
             merged ? "" : name);
    for (char *p = path; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
}

static bool look_at_pair(Search *search, const YamlPair *pair, const char *section, int depth,
                         Error *error)
{
    char path[PROBLEM_PATH_SIZE];
    const UpgradeRule *rule;

    path_of(pair, section, path);
    rule = rule_of(search, path);
    if (rule != NULL) {
        return add(search, upgrade_disagrees(rule, search->yaml) ? PROBLEM_CONFLICT : PROBLEM_RULE,
                   rule, pair, section, path, error);
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

/* A key that stands there more than once: it is a problem, but nothing below it is. */
static bool look_at_likes(Search *search, const yaml_node_pair_t *item, const YamlPair *pair,
                          const char *section, bool *found, Error *error)
{
    const yaml_node_pair_t *other = in_other_letters(search, pair->mapping, item);
    bool again = search->version >= STRICT_YAML && comes_again(search, pair->mapping, item);
    char path[PROBLEM_PATH_SIZE];

    *found = again || other != NULL;
    path_of(pair, section, path);
    if (again) {
        return add(search, PROBLEM_DUPLICATE, NULL, pair, section, path, error);
    }
    /* Both at once, with the first of them. */
    if (other == NULL || other < item) {
        return true;
    }
    if (!add(search, PROBLEM_CASE, NULL, pair, section, path, error)) {
        return false;
    }
    search->problems->items[search->problems->count - 1].again =
        yaml_document_get_node(&search->yaml->document, other->key)->start_mark.line + 1;
    return true;
}

static bool walk(Search *search, yaml_node_t *mapping, const char *section, int depth, Error *error)
{
    bool found = false;

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
            (!look_at_likes(search, item, &pair, section, &found, error) ||
             (!found && !look_at_pair(search, &pair, section, depth, error)))) {
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
        ProblemKind kind = problems->items[i].kind;

        if (problems->items[i].rule == rule || kind == PROBLEM_DUPLICATE || kind == PROBLEM_CASE) {
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

        if (upgrade_rule_applies(rule, version) && !has_problem(search->problems, rule) &&
            upgrade_is_set(search->yaml, rule->key) &&
            !add(search, PROBLEM_ALIAS, rule, NULL, "", rule->key, error)) {
            return false;
        }
    }
    if (!upgrade_is_filled(search->yaml, "database.type")) {
        if (!add_missing(search, PROBLEM_TYPE, "database.type", error)) {
            return false;
        }
    } else if (!upgrade_is_text(search->yaml, "database.type", "postgres") &&
               !upgrade_is_text(search->yaml, "database.type", "dynamodb") &&
               !add_missing(search, PROBLEM_STORE, "database.type", error)) {
        return false;
    }
    if (version >= LAKEFS_RELEASE(0, 81, 0) &&
        upgrade_is_text(search->yaml, "blockstore.type", "local") &&
        !is_anywhere(search, "blockstore.local.path") &&
        !add_missing(search, PROBLEM_PATH, "blockstore.local.path", error)) {
        return false;
    }
    for (size_t i = 0; i < sizeof REQUIRED / sizeof REQUIRED[0]; i++) {
        if (!upgrade_is_filled(search->yaml, REQUIRED[i]) &&
            !add_missing(search, PROBLEM_REQUIRED, REQUIRED[i], error)) {
            return false;
        }
    }
    return version < LAKEFS_RELEASE(0, 99, 0) || !is_anywhere(search, "auth.ui_config.rbac") ||
           upgrade_is_text(search->yaml, "auth.ui_config.rbac", "none") ||
           (version < LAKEFS_RELEASE(1, 33, 0) &&
            upgrade_is_text(search->yaml, "auth.ui_config.rbac", "simplified")) ||
           upgrade_is_filled(search->yaml, "auth.api.endpoint") ||
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
