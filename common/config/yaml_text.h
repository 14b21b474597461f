/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML text with its nodes, and where they stand in it.  yaml_edit.h changes it.
 */
#ifndef COMMON_CONFIG_YAML_TEXT_H
#define COMMON_CONFIG_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* {0} is empty; end with yaml_text_close. */
typedef struct YamlText {
    const char *name; /* for errors; borrowed */
    Buffer text;
    yaml_document_t document;
    bool parsed;
    size_t *offsets; /* of each character, in bytes; libyaml counts characters */
    size_t characters;
} YamlText;

/*
 * A scalar whose tag makes it a text, such as !!str yes, has the style of one in quotes here: plain
 * scalars are those that get their type by what they look like, or by a tag that says it.
 */

/* A key and its value in a mapping. */
typedef struct YamlPair {
    yaml_node_t *mapping;
    yaml_node_t *key;
    yaml_node_t *value;
} YamlPair;

/* Takes a text.  EXIT_CODE_USAGE if it is not UTF-8, no YAML, no mapping, or not one document. */
bool yaml_text_open(YamlText *yaml, const char *name, Slice text, Error *error);

/* Parses again what is in yaml->text; nodes from before are invalid then. */
bool yaml_text_parse(YamlText *yaml, Error *error);
void yaml_text_close(YamlText *yaml);

/* The mapping at the top; NULL if the document is empty. */
yaml_node_t *yaml_text_root(YamlText *yaml);

const char *yaml_text_scalar(const yaml_node_t *scalar);
bool yaml_text_is_null(const yaml_node_t *node);
bool yaml_text_is_flow(const yaml_node_t *mapping);

/* Whether a key has this name, whatever its case. */
bool yaml_text_is_named(const yaml_node_t *key, const char *name, size_t size);

/* Whether the value stands behind its key, and does not come by an alias. */
bool yaml_text_is_here(const YamlPair *pair);

/* Finds the first member of this name. */
bool yaml_text_find(YamlText *yaml, yaml_node_t *mapping, const char *name, size_t size,
                    YamlPair *pair);

/* NULL: there is none. */
yaml_node_t *yaml_text_first_key(YamlText *yaml, const yaml_node_t *mapping);

/* Of a mapping that is not empty. */
YamlPair yaml_text_last_pair(YamlText *yaml, yaml_node_t *mapping);

/* Offsets into the text: of a mark, of the start of its line, and behind the end of its line. */
size_t yaml_text_at(const YamlText *yaml, yaml_mark_t mark);
size_t yaml_text_line_start(const YamlText *yaml, size_t offset);
size_t yaml_text_line_end(const YamlText *yaml, size_t offset);

/* Where a scalar begins behind its anchor and its tag; whether it has a tag. */
size_t yaml_text_content(const YamlText *yaml, const yaml_node_t *scalar, bool *tagged);

/* Whether nothing but indentation stands before a key. */
bool yaml_text_begins_line(const YamlText *yaml, const yaml_node_t *key);

/* Behind the last character of a node (`depth` is 0), and of a pair. */
size_t yaml_text_node_end(YamlText *yaml, const yaml_node_t *node, int depth);
size_t yaml_text_pair_end(YamlText *yaml, const YamlPair *pair);

#endif
