/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/yaml_edit.h"

#include <string.h>

enum { INDENT = 2, DEPTH_MAX = 64 };

/* Parses the changed text; if it is no longer YAML, as an anchor is gone for example, takes the
 * change back. */
static bool settle(YamlText *yaml, Buffer *before, bool *done, Error *error)
{
    bool good = yaml_text_parse(yaml, error);

    if (!good && error->code == EXIT_CODE_USAGE) {
        Buffer changed = yaml->text;

        yaml->text = *before;
        *before = changed;
        *done = false;
        good = yaml_text_parse(yaml, error);
    }
    buffer_wipe(before);
    return good;
}

static bool keep_text(const YamlText *yaml, Buffer *before, Error *error)
{
    return buffer_append(before, yaml->text.data, yaml->text.size, error);
}

static bool splice_alone(YamlText *yaml, size_t begin, size_t end, Slice text, Error *error)
{
    Buffer changed = {0};
    bool done = buffer_append(&changed, yaml->text.data, begin, error) &&
                buffer_append(&changed, text.data, text.size, error) &&
                buffer_append(&changed, yaml->text.data + end, yaml->text.size - end, error);

    if (!done) {
        buffer_wipe(&changed);
        return false;
    }
    buffer_wipe(&yaml->text);
    yaml->text = changed;
    return true;
}

static bool splice(YamlText *yaml, size_t begin, size_t end, Slice text, bool *done, Error *error)
{
    Buffer before = {0};

    if (keep_text(yaml, &before, error) && splice_alone(yaml, begin, end, text, error)) {
        return settle(yaml, &before, done, error);
    }
    buffer_wipe(&before);
    return false;
}

/* A pair of a flow mapping: with the comma behind it, else with the one before. */
static void widen_to_comma(const YamlText *yaml, size_t *begin, size_t *end)
{
    const uint8_t *data = yaml->text.data;
    size_t next = *end;
    size_t before = *begin;

    while (next < yaml->text.size && strchr(" \r\n", data[next]) != NULL) {
        next++;
    }
    if (next < yaml->text.size && data[next] == ',') {
        for (next++; next < yaml->text.size && data[next] == ' '; next++) {
        }
        *end = next;
        return;
    }
    while (before > 0 && strchr(" \r\n", data[before - 1]) != NULL) {
        before--;
    }
    if (before > 0 && data[before - 1] == ',') {
        *begin = before - 1;
    }
}

/* What a pair takes up, if it can be taken out. */
static bool extent(YamlText *yaml, const YamlPair *pair, size_t *begin, size_t *end)
{
    *begin = yaml_text_at(yaml, pair->key->start_mark);
    *end = yaml_text_pair_end(yaml, pair);
    if (yaml_text_is_flow(pair->mapping)) {
        widen_to_comma(yaml, begin, end);
        return yaml_text_is_here(pair);
    }
    *begin = yaml_text_line_start(yaml, *begin);
    *end = yaml_text_line_end(yaml, *end);
    return yaml_text_begins_line(yaml, pair->key);
}

bool yaml_edit_remove(YamlText *yaml, const YamlPair *pair, bool *done, Error *error)
{
    size_t begin;
    size_t end;

    *done = extent(yaml, pair, &begin, &end);
    return !*done || splice(yaml, begin, end, slice_text(""), done, error);
}

bool yaml_edit_replace(YamlText *yaml, const yaml_node_t *scalar, const char *text, bool *done,
                       Error *error)
{
    bool tagged;

    *done = true;
    return splice(yaml, yaml_text_content(yaml, scalar, &tagged),
                  yaml_text_node_end(yaml, scalar, 0), slice_text(text), done, error);
}

bool yaml_edit_quote(YamlText *yaml, const yaml_node_t *scalar, bool *done, Error *error)
{
    Buffer quoted = {0};
    bool tagged;
    bool good;

    /* The tag may still make it what it shall not be. */
    yaml_text_content(yaml, scalar, &tagged);
    *done = !tagged;
    good = tagged || (buffer_append_format(&quoted, error, "\"%s\"", yaml_text_scalar(scalar)) &&
                      yaml_edit_replace(yaml, scalar, buffer_string(&quoted), done, error));
    buffer_free(&quoted);
    return good;
}

static bool append_spaces(Buffer *text, size_t count, Error *error)
{
    return buffer_append_format(text, error, "%*s", (int)count, "");
}

/* Appends "a:\n  b:\n" from a path, and its last part with the value, indented from `column`. */
static bool append_nested(Buffer *text, const char *path, const char *value, size_t column,
                          Error *error)
{
    const char *dot;
    bool done = true;

    for (; done && (dot = strchr(path, '.')) != NULL; path = dot + 1, column += INDENT) {
        done = append_spaces(text, column, error) &&
               buffer_append_format(text, error, "%.*s:\n", (int)(dot - path), path);
    }
    return done && append_spaces(text, column, error) &&
           buffer_append_format(text, error, "%s: %s\n", path, value);
}

/* The same within braces, in quotes, since the file may be JSON. */
static bool append_flow(Buffer *text, const char *path, const char *value, Error *error)
{
    const char *dot;
    size_t depth = 0;
    bool done = true;

    for (; done && (dot = strchr(path, '.')) != NULL; path = dot + 1, depth++) {
        done = buffer_append_format(text, error, "\"%.*s\": {", (int)(dot - path), path);
    }
    done = done && buffer_append_format(text, error, "\"%s\": \"%s\"", path, value);
    while (done && depth-- > 0) {
        done = buffer_append_text(text, "}", error);
    }
    return done;
}

/* Whether a value ends with lines that are text as they are, line breaks at the end included. */
static bool ends_with_lines(YamlText *yaml, const yaml_node_t *node)
{
    int depth = 0;

    while (node->type != YAML_SCALAR_NODE && depth++ < DEPTH_MAX) {
        const yaml_node_pair_t *pairs = node->data.mapping.pairs.top;
        const yaml_node_item_t *items = node->data.sequence.items.top;

        if (node->type == YAML_MAPPING_NODE ? pairs == node->data.mapping.pairs.start
                                            : items == node->data.sequence.items.start) {
            return false;
        }
        node = yaml_document_get_node(
            &yaml->document, node->type == YAML_MAPPING_NODE ? pairs[-1].value : items[-1]);
    }
    return node->type == YAML_SCALAR_NODE &&
           (node->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
            node->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
}

/* Where a member of a mapping goes, and from which column; false if there is no good place. */
static bool find_room(YamlText *yaml, yaml_node_t *mapping, size_t *offset, size_t *column)
{
    const yaml_node_t *first = yaml_text_first_key(yaml, mapping);
    YamlPair last;

    if (yaml_text_is_flow(mapping)) {
        *offset = yaml_text_at(yaml, mapping->start_mark);
        *column = 0;
        return yaml->text.data[(*offset)++] == '{';
    }
    if (first == NULL || !yaml_text_begins_line(yaml, first)) {
        return false;
    }
    *column = first->start_mark.column;
    last = yaml_text_last_pair(yaml, mapping);
    *offset = ends_with_lines(yaml, last.value)
                  ? yaml_text_line_start(yaml, yaml_text_at(yaml, first->start_mark))
                  : yaml_text_line_end(yaml, yaml_text_pair_end(yaml, &last));
    return true;
}

/* Adds what is missing of a path to a mapping; NULL: to an empty document. */
static bool add_to(YamlText *yaml, yaml_node_t *mapping, const char *path, const char *value,
                   bool *done, Error *error)
{
    Buffer text = {0};
    size_t offset = yaml->text.size;
    size_t column = 0;
    bool good;

    *done = mapping == NULL || find_room(yaml, mapping, &offset, &column);
    if (!*done) {
        return true;
    }
    if (mapping != NULL && yaml_text_is_flow(mapping)) {
        good =
            append_flow(&text, path, value, error) &&
            (yaml_text_first_key(yaml, mapping) == NULL || buffer_append_text(&text, ", ", error));
    } else {
        good = append_nested(&text, path, value, column, error);
    }
    good = good && splice(yaml, offset, offset, buffer_slice(&text), done, error);
    buffer_wipe(&text);
    return good;
}

bool yaml_edit_add(YamlText *yaml, const char *path, const char *value, bool *done, Error *error)
{
    yaml_node_t *mapping = yaml_text_root(yaml);
    const char *rest = path;
    YamlPair pair;

    while (mapping != NULL && yaml_text_find(yaml, mapping, rest, strcspn(rest, "."), &pair)) {
        const char *dot = strchr(rest, '.');

        if (yaml_text_is_null(pair.value)) {
            return yaml_edit_remove(yaml, &pair, done, error) &&
                   (!*done || yaml_edit_add(yaml, path, value, done, error));
        }
        if (dot == NULL || pair.value->type != YAML_MAPPING_NODE || !yaml_text_is_here(&pair)) {
            *done = false;
            return true;
        }
        mapping = pair.value;
        rest = dot + 1;
    }
    /* A new section goes to the end, a new key to the beginning of its section. */
    if (rest == path && mapping != NULL && !yaml_text_is_flow(mapping) &&
        mapping->start_mark.column == 0) {
        mapping = NULL;
    }
    return add_to(yaml, mapping, rest, value, done, error);
}

/* Whether a line is indented as deep as a key, and a comment. */
static bool is_comment_at(const YamlText *yaml, size_t line, size_t column)
{
    const uint8_t *data = yaml->text.data;

    return line + column < yaml->text.size && data[line + column] == '#' &&
           strspn((const char *)data + line, " ") == column;
}

/* The start of the comment right above a pair, whose first line starts at `begin`. */
static size_t comment_start(YamlText *yaml, const YamlPair *pair, size_t begin)
{
    size_t top = 0;
    size_t column = pair->key->start_mark.column;

    /* What comes before in the mapping is no comment, whatever it looks like. */
    for (yaml_node_pair_t *other = pair->mapping->data.mapping.pairs.start;
         other < pair->mapping->data.mapping.pairs.top; other++) {
        YamlPair sibling = {.mapping = pair->mapping,
                            .key = yaml_document_get_node(&yaml->document, other->key),
                            .value = yaml_document_get_node(&yaml->document, other->value)};

        if (sibling.key->start_mark.index < pair->key->start_mark.index) {
            top = yaml_text_pair_end(yaml, &sibling);
        }
    }
    while (begin > top) {
        size_t above = yaml_text_line_start(yaml, begin - 1);

        if (above < top || !is_comment_at(yaml, above, column)) {
            break;
        }
        begin = above;
    }
    return begin;
}

/* Appends lines, indented by `more`; the first of them may have begun before. */
static bool append_indented(const YamlText *yaml, size_t begin, size_t end, size_t more,
                            Buffer *text, Error *error)
{
    const uint8_t *data = yaml->text.data;
    bool done = true;

    for (size_t line = begin; done && line < end;) {
        size_t next = yaml_text_line_end(yaml, line);

        next = next > end ? end : next;
        done = (line != yaml_text_line_start(yaml, line) || data[line] == '\n' ||
                data[line] == '\r' || append_spaces(text, more, error)) &&
               buffer_append(text, data + line, next - line, error);
        line = next;
    }
    return done;
}

/* Appends the lines of a pair, indented by `more`, under another name; comments are above it. */
static bool append_lines(const YamlText *yaml, const YamlPair *pair, size_t begin, size_t end,
                         size_t more, const char *name, Buffer *text, Error *error)
{
    size_t key_end = yaml_text_at(yaml, pair->key->end_mark);
    size_t line = yaml_text_line_start(yaml, yaml_text_at(yaml, pair->key->start_mark));

    return append_indented(yaml, begin, line, more, text, error) &&
           append_spaces(text, pair->key->start_mark.column + more, error) &&
           buffer_append_text(text, name, error) &&
           append_indented(yaml, key_end, end, more, text, error);
}

/* Takes begin to end out, and puts the text at another place, outside of them. */
static bool transplant(YamlText *yaml, size_t begin, size_t end, size_t place, const Buffer *text,
                       bool *done, Error *error)
{
    const Slice none = slice_text("");
    const Slice moved = buffer_slice(text);
    Buffer before = {0};
    bool good = keep_text(yaml, &before, error);

    /* What comes later first, as it moves what is behind it. */
    if (place <= begin) {
        good = good && splice_alone(yaml, begin, end, none, error) &&
               splice_alone(yaml, place, place, moved, error);
    } else {
        good = good && splice_alone(yaml, place, place, moved, error) &&
               splice_alone(yaml, begin, end, none, error);
    }
    if (good) {
        return settle(yaml, &before, done, error);
    }
    buffer_wipe(&before);
    return false;
}

/* Into a section that there is: lines into lines, and one value into braces. */
static bool move_into(YamlText *yaml, const YamlPair *pair, yaml_node_t *section, const char *name,
                      bool *done, Error *error)
{
    size_t value_begin = yaml_text_at(yaml, pair->value->start_mark);
    size_t value_end = yaml_text_node_end(yaml, pair->value, 0);
    size_t begin;
    size_t end;
    size_t place;
    size_t column;
    Buffer text = {0};
    bool good;

    *done = extent(yaml, pair, &begin, &end) && find_room(yaml, section, &place, &column) &&
            yaml_text_is_here(pair) &&
            (yaml_text_is_flow(section)
                 ? pair->value->type == YAML_SCALAR_NODE &&
                       pair->value->data.scalar.style != YAML_LITERAL_SCALAR_STYLE &&
                       pair->value->data.scalar.style != YAML_FOLDED_SCALAR_STYLE
                 : column >= pair->key->start_mark.column);
    if (!*done) {
        return true;
    }
    if (!yaml_text_is_flow(section)) {
        begin = comment_start(yaml, pair, begin);
    }
    good = yaml_text_is_flow(section)
               ? buffer_append_format(&text, error, "\"%s\": ", name) &&
                     buffer_append(&text, yaml->text.data + value_begin, value_end - value_begin,
                                   error) &&
                     (yaml_text_first_key(yaml, section) == NULL ||
                      buffer_append_text(&text, ", ", error))
               : append_lines(yaml, pair, begin, end, column - pair->key->start_mark.column, name,
                              &text, error);
    good = good && transplant(yaml, begin, end, place, &text, done, error);
    buffer_wipe(&text);
    return good;
}

/* Into a section that is made in its place. */
static bool move_down(YamlText *yaml, const YamlPair *pair, const char *section, const char *name,
                      bool *done, Error *error)
{
    size_t value_begin = yaml_text_at(yaml, pair->value->start_mark);
    size_t end = yaml_text_pair_end(yaml, pair);
    size_t begin = yaml_text_at(yaml, pair->key->start_mark);
    Buffer text = {0};
    bool good;

    *done = yaml_text_is_here(pair) &&
            (yaml_text_is_flow(pair->mapping) || yaml_text_begins_line(yaml, pair->key));
    if (!*done) {
        return true;
    }
    if (yaml_text_is_flow(pair->mapping)) {
        good = buffer_append_format(&text, error, "\"%s\": {\"%s\": ", section, name) &&
               buffer_append(&text, yaml->text.data + value_begin, end - value_begin, error) &&
               buffer_append_text(&text, "}", error);
    } else {
        begin = yaml_text_line_start(yaml, begin);
        end = yaml_text_line_end(yaml, end);
        good = append_spaces(&text, pair->key->start_mark.column, error) &&
               buffer_append_format(&text, error, "%s:\n", section) &&
               append_lines(yaml, pair, begin, end, INDENT, name, &text, error);
    }
    good = good && splice(yaml, begin, end, buffer_slice(&text), done, error);
    buffer_wipe(&text);
    return good;
}

bool yaml_edit_move(YamlText *yaml, const YamlPair *pair, const char *section, const char *name,
                    bool *done, Error *error)
{
    YamlPair there;

    if (!yaml_text_find(yaml, pair->mapping, section, strlen(section), &there)) {
        return move_down(yaml, pair, section, name, done, error);
    }
    if (yaml_text_is_null(there.value)) {
        /* It says nothing; the next round makes it anew. */
        return yaml_edit_remove(yaml, &there, done, error);
    }
    *done = there.value->type == YAML_MAPPING_NODE && yaml_text_is_here(&there);
    return !*done || move_into(yaml, pair, there.value, name, done, error);
}
