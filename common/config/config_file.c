/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/config_file.h"

#include "common/base/buffer.h"
#include "common/base/words.h"
#include "common/config/yaml_scalar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <yaml.h>

/* Limits: a mapping may be merged into itself, and a few lines can merge one a million times. */
enum { DEPTH_MAX = 32, LOOKUPS_MAX = 100000 };

struct ConfigFile {
    const char *path;
    yaml_document_t document;
    Words texts; /* returned by config_file_text() */
    int lookups;
};

/* A part of a mapping's key, not NUL-terminated. */
typedef struct Name {
    const char *text;
    size_t size;
} Name;

static const Name MERGE = {"<<", 2};

static const char *text_of(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static bool is_null(const yaml_node_t *node)
{
    static const char *const NULLS[] = {"", "~", "null", "Null", "NULL"};

    if (node->type != YAML_SCALAR_NODE) {
        return false;
    }
    if (strcmp((const char *)node->tag, YAML_NULL_TAG) == 0) {
        return true;
    }
    for (size_t i = 0;
         node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && i < sizeof NULLS / sizeof NULLS[0];
         i++) {
        if (strcmp(text_of(node), NULLS[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The value is not shown: it may be a password. */
static bool bad(const ConfigFile *config, const yaml_node_t *node, Name name, const char *problem,
                Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\", line %zu: %.*s %s",
                     config->path, node->start_mark.line + 1, (int)name.size, name.text, problem);
}

static bool too_deep(const ConfigFile *config, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\" is nested too deeply",
                     config->path);
}

static bool is_named(const yaml_node_t *key, Name name)
{
    return key->type == YAML_SCALAR_NODE && strlen(text_of(key)) == name.size &&
           strncasecmp(text_of(key), name.text, name.size) == 0;
}

static bool find_member(ConfigFile *config, const yaml_node_t *mapping, Name name, int depth,
                        yaml_node_t **value, Error *error);

/* Looks in the value of "<<": a mapping, or a list of mappings, the first of which wins. */
static bool find_merged(ConfigFile *config, yaml_node_t *merged, Name name, int depth,
                        yaml_node_t **value, Error *error)
{
    if (merged->type == YAML_MAPPING_NODE) {
        return find_member(config, merged, name, depth + 1, value, error);
    }
    if (merged->type != YAML_SEQUENCE_NODE) {
        return bad(config, merged, MERGE, "takes a mapping, or a list of mappings", error);
    }
    for (yaml_node_item_t *item = merged->data.sequence.items.start;
         *value == NULL && item < merged->data.sequence.items.top; item++) {
        yaml_node_t *element = yaml_document_get_node(&config->document, *item);

        if (element->type != YAML_MAPPING_NODE) {
            return bad(config, element, MERGE, "takes a mapping, or a list of mappings", error);
        }
        if (!find_member(config, element, name, depth + 1, value, error)) {
            return false;
        }
    }
    return true;
}

/* A mapping's own members take precedence over merged ones. */
static bool find_member(ConfigFile *config, const yaml_node_t *mapping, Name name, int depth,
                        yaml_node_t **value, Error *error)
{
    yaml_node_t *merged = NULL;
    const yaml_node_t *first = NULL;

    if (depth > DEPTH_MAX || ++config->lookups > LOOKUPS_MAX) {
        return too_deep(config, error);
    }
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(&config->document, pair->key);

        if (is_named(key, name)) {
            if (first != NULL) {
                return bad(config, key, name, "occurs twice", error);
            }
            first = key;
            *value = yaml_document_get_node(&config->document, pair->value);
        } else if (is_named(key, MERGE)) {
            merged = yaml_document_get_node(&config->document, pair->value);
        }
    }
    return *value != NULL || merged == NULL ||
           find_merged(config, merged, name, depth, value, error);
}

/* The longest name wins, as in lakeFS: "a.b: {c: 1}" before "a: {b: {c: 1}}". */
static bool find_path(ConfigFile *config, const yaml_node_t *mapping, const char *path, int depth,
                      yaml_node_t **value, Error *error)
{
    Name name = {path, strlen(path)};

    while (name.size > 0) {
        yaml_node_t *member = NULL;
        const char *rest = path + name.size;

        if (!find_member(config, mapping, name, depth, &member, error)) {
            return false;
        }
        if (member != NULL && !is_null(member)) {
            if (*rest == '\0') {
                *value = member;
                return true;
            }
            if (member->type != YAML_MAPPING_NODE) {
                return bad(config, member, name, "is not a mapping", error);
            }
            if (!find_path(config, member, rest + 1, depth + 1, value, error) || *value != NULL) {
                return *value != NULL;
            }
        }
        do {
            name.size--;
        } while (name.size > 0 && path[name.size] != '.');
    }
    return true;
}

static bool find_scalar(ConfigFile *config, const char *key, const yaml_node_t **scalar,
                        Error *error)
{
    yaml_node_t *root = yaml_document_get_root_node(&config->document);
    yaml_node_t *value = NULL;

    *scalar = NULL;
    config->lookups = 0;
    if (root == NULL || is_null(root)) {
        return true;
    }
    if (!find_path(config, root, key, 0, &value, error)) {
        return false;
    }
    if (value != NULL && value->type != YAML_SCALAR_NODE) {
        return bad(config, value, (Name){key, strlen(key)}, "is not a string", error);
    }
    *scalar = value;
    return true;
}

static bool is_plain(const yaml_node_t *scalar)
{
    return scalar->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* Stores a copy, valid as long as the file, in *text. */
static bool keep(ConfigFile *config, const yaml_node_t *scalar, const char **text, Error *error)
{
    Buffer copy = {0};
    bool done = (is_plain(scalar) ? yaml_scalar_append(text_of(scalar), &copy, error)
                                  : buffer_append_text(&copy, text_of(scalar), error)) &&
                words_add(&config->texts, buffer_string(&copy), error);

    if (done) {
        *text = config->texts.items[config->texts.count - 1];
    }
    buffer_wipe(&copy);
    return done;
}

bool config_file_text(ConfigFile *config, const char *key, const char **text, Error *error)
{
    const yaml_node_t *scalar;

    *text = NULL;
    return find_scalar(config, key, &scalar, error) &&
           (scalar == NULL || keep(config, scalar, text, error));
}

bool config_file_switch(ConfigFile *config, const char *key, const char **text, Error *error)
{
    const yaml_node_t *scalar;

    *text = NULL;
    if (!find_scalar(config, key, &scalar, error)) {
        return false;
    }
    if (scalar == NULL) {
        return true;
    }
    *text = text_of(scalar);
    if (is_plain(scalar) && yaml_scalar_boolean(*text) != YAML_NO_BOOLEAN) {
        *text = yaml_scalar_boolean(*text) == YAML_TRUE ? "true" : "false";
    }
    return true;
}

static bool load(ConfigFile *config, yaml_parser_t *parser, Error *error)
{
    const yaml_node_t *root;

    if (yaml_parser_load(parser, &config->document) != 1) {
        config->document = (yaml_document_t){0};
        return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\", line %zu: %s", config->path,
                         parser->problem_mark.line + 1,
                         parser->problem == NULL ? "not valid YAML" : parser->problem);
    }
    root = yaml_document_get_root_node(&config->document);
    return root == NULL || is_null(root) || root->type == YAML_MAPPING_NODE ||
           error_set(error, EXIT_CODE_USAGE, "configuration \"%s\", line %zu: not a mapping",
                     config->path, root->start_mark.line + 1);
}

static bool read_file(ConfigFile *config, FILE *file, Error *error)
{
    yaml_parser_t parser;
    bool done;

    if (yaml_parser_initialize(&parser) != 1) {
        return error_out_of_memory(error);
    }
    yaml_parser_set_input_file(&parser, file);
    done = load(config, &parser, error);
    yaml_parser_delete(&parser);
    return done;
}

bool config_file_open(const char *path, ConfigFile **config, Error *error)
{
    FILE *file = fopen(path, "r");
    struct stat status;
    bool done;

    *config = NULL;
    if (file == NULL) {
        return error_set(error, EXIT_CODE_USAGE, "could not open configuration \"%s\": %s", path,
                         strerror(errno));
    }
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        fclose(file);
        return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\" is a directory", path);
    }
    *config = calloc(1, sizeof **config);
    if (*config == NULL) {
        fclose(file);
        return error_out_of_memory(error);
    }
    (*config)->path = path;
    done = read_file(*config, file, error);
    fclose(file);
    if (!done) {
        config_file_close(*config);
        *config = NULL;
    }
    return done;
}

void config_file_close(ConfigFile *config)
{
    if (config != NULL) {
        yaml_document_delete(&config->document);
        words_free(&config->texts);
        free(config);
    }
}
