/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/upgrade_values.h"

#include "common/base/environment.h"
#include "common/config/yaml_scalar.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 32, LOOKUPS_MAX = 100000 };

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

const yaml_node_t *upgrade_value(YamlText *yaml, const char *path)
{
    yaml_node_t *root = yaml_text_root(yaml);
    int lookups = 0;

    return root == NULL ? NULL : look_up(yaml, root, path, 0, &lookups);
}

bool upgrade_is_set(YamlText *yaml, const char *path)
{
    return upgrade_value(yaml, path) != NULL;
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

/* A variable comes before the file. */
const char *upgrade_text(YamlText *yaml, const char *path)
{
    const yaml_node_t *value = upgrade_value(yaml, path);
    char name[VARIABLE_SIZE];
    const char *variable;

    upgrade_variable(path, name);
    variable = environment_variable(name);
    if (variable != NULL) {
        return variable;
    }
    return value == NULL || value->type != YAML_SCALAR_NODE || yaml_text_scalar(value)[0] == '\0'
               ? NULL
               : yaml_text_scalar(value);
}

bool upgrade_is_text(YamlText *yaml, const char *path, const char *text)
{
    const char *value = upgrade_text(yaml, path);

    return value != NULL && strcmp(value, text) == 0;
}

bool upgrade_has_content(YamlText *yaml, const char *path)
{
    const yaml_node_t *value = upgrade_value(yaml, path);

    return value != NULL && (value->type != YAML_SCALAR_NODE || yaml_text_scalar(value)[0] != '\0');
}

bool upgrade_is_filled(YamlText *yaml, const char *path)
{
    return upgrade_has_content(yaml, path) || upgrade_variable_is_set(path);
}

bool upgrade_is_off(YamlText *yaml, const char *path)
{
    static const char *const WORDS[] = {"0", "f", "F"};
    const char *value = upgrade_text(yaml, path);

    for (size_t i = 0; value != NULL && i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (strcmp(value, WORDS[i]) == 0) {
            return true;
        }
    }
    return value != NULL && yaml_scalar_boolean(value) == YAML_FALSE;
}
