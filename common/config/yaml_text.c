/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/yaml_text.h"

#include "common/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 64 };

/* Parsing -------------------------------------------------------------------------------------- */

static bool count_characters(YamlText *yaml, Error *error)
{
    static const char MARK[] = "\xef\xbb\xbf";
    const uint8_t *data = yaml->text.data;
    size_t start = yaml->text.size >= 3 && memcmp(data, MARK, 3) == 0 ? 3 : 0;

    free(yaml->offsets);
    yaml->characters = 0;
    yaml->offsets = calloc(yaml->text.size + 2, sizeof *yaml->offsets);
    if (yaml->offsets == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = start; i < yaml->text.size; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            yaml->offsets[yaml->characters++] = i;
        }
    }
    yaml->offsets[yaml->characters] = yaml->text.size;
    return true;
}

static bool refuse(const YamlText *yaml, size_t line, const char *problem, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\", line %zu: %s", yaml->name, line,
                     problem);
}

static bool load(YamlText *yaml, yaml_parser_t *parser, Error *error)
{
    yaml_document_t rest;
    const yaml_node_t *root;

    if (yaml_parser_load(parser, &yaml->document) != 1) {
        yaml->document = (yaml_document_t){0};
        return refuse(yaml, parser->problem_mark.line + 1,
                      parser->problem == NULL ? "not valid YAML" : parser->problem, error);
    }
    yaml->parsed = true;
    root = yaml_document_get_root_node(&yaml->document);
    if (root != NULL && root->type != YAML_MAPPING_NODE && !yaml_text_is_null(root)) {
        return refuse(yaml, root->start_mark.line + 1, "not a mapping", error);
    }
    if (yaml_parser_load(parser, &rest) != 1) {
        return refuse(yaml, parser->problem_mark.line + 1,
                      parser->problem == NULL ? "not valid YAML" : parser->problem, error);
    }
    if (yaml_document_get_root_node(&rest) != NULL) {
        yaml_document_delete(&rest);
        return refuse(yaml, parser->mark.line + 1, "a second document, which lakeFS does not read",
                      error);
    }
    yaml_document_delete(&rest);
    return true;
}

/* libyaml gives a scalar without a tag that of a text. */
static void mark_texts(YamlText *yaml)
{
    static const char *const TYPES[] = {YAML_BOOL_TAG, YAML_INT_TAG, YAML_FLOAT_TAG, YAML_NULL_TAG,
                                        YAML_TIMESTAMP_TAG};

    for (yaml_node_t *node = yaml->document.nodes.start; node < yaml->document.nodes.top; node++) {
        bool tagged = false;
        bool typed = false;

        if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
            continue;
        }
        yaml_text_content(yaml, node, &tagged);
        for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
            typed = typed || strcmp((const char *)node->tag, TYPES[i]) == 0;
        }
        if (tagged && !typed) {
            node->data.scalar.style = YAML_SINGLE_QUOTED_SCALAR_STYLE;
        }
    }
}

bool yaml_text_parse(YamlText *yaml, Error *error)
{
    yaml_parser_t parser;
    bool done;

    if (yaml->parsed) {
        yaml_document_delete(&yaml->document);
        yaml->parsed = false;
    }
    if (!count_characters(yaml, error)) {
        return false;
    }
    if (yaml_parser_initialize(&parser) != 1) {
        return error_out_of_memory(error);
    }
    yaml_parser_set_input_string(&parser, yaml->text.data, yaml->text.size);
    done = load(yaml, &parser, error);
    if (done) {
        mark_texts(yaml);
    }
    yaml_parser_delete(&parser);
    return done;
}

bool yaml_text_open(YamlText *yaml, const char *name, Slice text, Error *error)
{
    *yaml = (YamlText){.name = name};
    if (text.size > 0 && (memchr(text.data, '\0', text.size) != NULL || !utf8_is_valid(text))) {
        return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\" is not UTF-8", name);
    }
    return buffer_append(&yaml->text, text.data, text.size, error) &&
           (text.size == 0 || text.data[text.size - 1] == '\n' ||
            buffer_append_text(&yaml->text, "\n", error)) &&
           yaml_text_parse(yaml, error);
}

void yaml_text_close(YamlText *yaml)
{
    if (yaml->parsed) {
        yaml_document_delete(&yaml->document);
    }
    free(yaml->offsets);
    buffer_wipe(&yaml->text);
    *yaml = (YamlText){0};
}

/* Looking -------------------------------------------------------------------------------------- */

const char *yaml_text_scalar(const yaml_node_t *scalar)
{
    return (const char *)scalar->data.scalar.value;
}

bool yaml_text_is_null(const yaml_node_t *node)
{
    static const char *const NULLS[] = {"", "~", "null", "Null", "NULL"};

    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return false;
    }
    for (size_t i = 0; i < sizeof NULLS / sizeof NULLS[0]; i++) {
        if (strcmp(yaml_text_scalar(node), NULLS[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool yaml_text_is_named(const yaml_node_t *key, const char *name, size_t size)
{
    return key->type == YAML_SCALAR_NODE && strlen(yaml_text_scalar(key)) == size &&
           strncasecmp(yaml_text_scalar(key), name, size) == 0;
}

yaml_node_t *yaml_text_root(YamlText *yaml)
{
    yaml_node_t *root = yaml_document_get_root_node(&yaml->document);

    return root == NULL || root->type != YAML_MAPPING_NODE ? NULL : root;
}

bool yaml_text_is_here(const YamlPair *pair)
{
    return pair->value->start_mark.index >= pair->key->end_mark.index;
}

bool yaml_text_find(YamlText *yaml, yaml_node_t *mapping, const char *name, size_t size,
                    YamlPair *pair)
{
    *pair = (YamlPair){.mapping = mapping};
    for (yaml_node_pair_t *item = mapping->data.mapping.pairs.start;
         item < mapping->data.mapping.pairs.top; item++) {
        pair->key = yaml_document_get_node(&yaml->document, item->key);
        pair->value = yaml_document_get_node(&yaml->document, item->value);
        if (yaml_text_is_named(pair->key, name, size)) {
            return true;
        }
    }
    return false;
}

bool yaml_text_is_flow(const yaml_node_t *mapping)
{
    return mapping->data.mapping.style == YAML_FLOW_MAPPING_STYLE;
}

yaml_node_t *yaml_text_first_key(YamlText *yaml, const yaml_node_t *mapping)
{
    const yaml_node_pair_t *pairs = mapping->data.mapping.pairs.start;

    return pairs == mapping->data.mapping.pairs.top
               ? NULL
               : yaml_document_get_node(&yaml->document, pairs->key);
}

YamlPair yaml_text_last_pair(YamlText *yaml, yaml_node_t *mapping)
{
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.top - 1;

    return (YamlPair){.mapping = mapping,
                      .key = yaml_document_get_node(&yaml->document, pair->key),
                      .value = yaml_document_get_node(&yaml->document, pair->value)};
}

/* Positions ------------------------------------------------------------------------------------ */

size_t yaml_text_at(const YamlText *yaml, yaml_mark_t mark)
{
    return yaml->offsets[mark.index < yaml->characters ? mark.index : yaml->characters];
}

size_t yaml_text_line_start(const YamlText *yaml, size_t offset)
{
    while (offset > 0 && yaml->text.data[offset - 1] != '\n') {
        offset--;
    }
    return offset;
}

/* Behind the end of the line that `offset` is in. */
size_t yaml_text_line_end(const YamlText *yaml, size_t offset)
{
    while (offset < yaml->text.size && yaml->text.data[offset] != '\n') {
        offset++;
    }
    return offset < yaml->text.size ? offset + 1 : offset;
}

size_t yaml_text_content(const YamlText *yaml, const yaml_node_t *scalar, bool *tagged)
{
    const uint8_t *data = yaml->text.data;
    size_t begin = yaml_text_at(yaml, scalar->start_mark);
    size_t end = yaml_text_at(yaml, scalar->end_mark);

    *tagged = false;
    while (begin < end && (data[begin] == '&' || data[begin] == '!')) {
        *tagged = *tagged || data[begin] == '!';
        while (begin < end && strchr(" \t\r\n", data[begin]) == NULL) {
            begin++;
        }
        while (begin < end && strchr(" \t\r\n", data[begin]) != NULL) {
            begin++;
        }
    }
    return begin;
}

/* Whether nothing but indentation stands before a key. */
bool yaml_text_begins_line(const YamlText *yaml, const yaml_node_t *key)
{
    size_t offset = yaml_text_at(yaml, key->start_mark);
    size_t start = yaml_text_line_start(yaml, offset);

    while (start < offset && yaml->text.data[start] == ' ') {
        start++;
    }
    return start == offset;
}

/* Behind the last character of a node; libyaml's end of a block is where the next token begins. */
size_t yaml_text_node_end(YamlText *yaml, const yaml_node_t *node, int depth)
{
    size_t end = yaml_text_at(yaml, node->start_mark);
    size_t inner;

    if (node->type == YAML_SCALAR_NODE || depth > DEPTH_MAX ||
        (node->type == YAML_MAPPING_NODE && yaml_text_is_flow(node)) ||
        (node->type == YAML_SEQUENCE_NODE &&
         node->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE)) {
        end = yaml_text_at(yaml, node->end_mark);
        while (end > yaml_text_at(yaml, node->start_mark) &&
               strchr(" \r\n", yaml->text.data[end - 1])) {
            end--;
        }
        return end;
    }
    if (node->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++) {
            inner =
                yaml_text_node_end(yaml, yaml_document_get_node(&yaml->document, *item), depth + 1);
            end = inner > end ? inner : end;
        }
        return end;
    }
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        inner = yaml_text_at(yaml, yaml_document_get_node(&yaml->document, pair->key)->end_mark);
        end = inner > end ? inner : end;
        inner = yaml_text_node_end(yaml, yaml_document_get_node(&yaml->document, pair->value),
                                   depth + 1);
        end = inner > end ? inner : end;
    }
    return end;
}

size_t yaml_text_pair_end(YamlText *yaml, const YamlPair *pair)
{
    size_t key = yaml_text_at(yaml, pair->key->end_mark);
    size_t value = yaml_text_is_here(pair) ? yaml_text_node_end(yaml, pair->value, 0) : key;

    return value > key ? value : key;
}
