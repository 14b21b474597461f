/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes a YAML text at some keys, and leaves comments and everything else as they are.
 *
 * Each function changes the text once and parses it again, so nodes from before are invalid then.
 * Where the text has a form that they cannot change, such as a value that an alias brings, they set
 * *done to false and leave it as it is.
 */
#ifndef COMMON_CONFIG_YAML_EDIT_H
#define COMMON_CONFIG_YAML_EDIT_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/config/yaml_text.h"

/* Removes a pair, with the comment behind it. */
bool yaml_edit_remove(YamlText *yaml, const YamlPair *pair, bool *done, Error *error);

/* Replaces the text of a key, or of a scalar, behind its anchor and tag. */
bool yaml_edit_replace(YamlText *yaml, const yaml_node_t *scalar, const char *text, bool *done,
                       Error *error);

/* Puts quotes around a plain scalar on one line that has no tag. */
bool yaml_edit_quote(YamlText *yaml, const yaml_node_t *scalar, bool *done, Error *error);

/* Adds a key, a path joined by dots, with a plain scalar as its value. */
bool yaml_edit_add(YamlText *yaml, const char *path, const char *value, bool *done, Error *error);

/* Moves a pair into the section `section` of its mapping, which is made if need be.  The
 * comment right above goes with it. */
bool yaml_edit_move(YamlText *yaml, const YamlPair *pair, const char *section, const char *name,
                    bool *done, Error *error);

#endif
