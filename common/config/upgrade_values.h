/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a configuration as lakeFS finds them: by a dotted path, in any case, behind aliases
 * and merge keys, and in lakeFS's variables.
 *
 * Source: LAKEFS-CONFIG.md, "Where settings come from".
 */
#ifndef COMMON_CONFIG_UPGRADE_VALUES_H
#define COMMON_CONFIG_UPGRADE_VALUES_H

#include <stdbool.h>

#include "common/config/yaml_text.h"

/* The value of a key in the file, which the text owns; NULL if it has none, or null. */
const yaml_node_t *upgrade_value(YamlText *yaml, const char *path);

/* Whether a key has a value in the file, "" included; a value other than "". */
bool upgrade_is_set(YamlText *yaml, const char *path);
bool upgrade_has_content(YamlText *yaml, const char *path);

enum { VARIABLE_SIZE = 300 };

/* The name of a key's variable; whether it is set and not empty. */
void upgrade_variable(const char *path, char name[VARIABLE_SIZE]);
bool upgrade_variable_is_set(const char *path);

/* Whether a key has a value other than "" in the file or its variable. */
bool upgrade_is_filled(YamlText *yaml, const char *path);

/* The scalar that counts, of the variable or the file; NULL if that is empty, or there is none. */
const char *upgrade_text(YamlText *yaml, const char *path);
bool upgrade_is_text(YamlText *yaml, const char *path, const char *text);

/* Whether a boolean key says false; not if it says nothing. */
bool upgrade_is_off(YamlText *yaml, const char *path);

#endif
