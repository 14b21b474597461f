/* SPDX-License-Identifier: Apache-2.0 */
#include "common/http/xml_texts.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

enum { PATH_SIZE = 256 };

typedef struct Parser {
    const XmlText *wanted;
    size_t count;
    const XmlText *open;  /* the element being read; NULL: none wanted */
    char path[PATH_SIZE]; /* path of the current element, truncated */
    size_t path_size;     /* untruncated */
} Parser;

static void append_to_path(Parser *parser, const char *text)
{
    for (; *text != '\0'; text++) {
        if (parser->path_size + 1 < PATH_SIZE) {
            parser->path[parser->path_size] = *text;
        }
        parser->path_size++;
    }
    parser->path[parser->path_size < PATH_SIZE ? parser->path_size : PATH_SIZE - 1] = '\0';
}

static void on_element_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    Parser *parser = data;

    (void)attributes;
    if (parser->path_size > 0) {
        append_to_path(parser, "/");
    }
    append_to_path(parser, name);
    parser->open = NULL;
    for (size_t i = 0; i < parser->count; i++) {
        if (strcmp(parser->wanted[i].path, parser->path) == 0) {
            parser->open = &parser->wanted[i];
            parser->open->text[0] = '\0';
        }
    }
}

static void on_element_end(void *data, const XML_Char *name)
{
    Parser *parser = data;
    size_t size = strlen(name);

    parser->path_size -= size;
    if (parser->path_size > 0) {
        parser->path_size--; /* the slash */
    }
    if (parser->path_size < PATH_SIZE) {
        parser->path[parser->path_size] = '\0';
    }
    parser->open = NULL;
}

static void on_text(void *data, const XML_Char *text, int size)
{
    const Parser *parser = data;
    size_t used;

    if (parser->open == NULL) {
        return;
    }
    used = strlen(parser->open->text);
    for (int i = 0; i < size && used + 1 < parser->open->capacity; i++) {
        unsigned char byte = (unsigned char)text[i];

        parser->open->text[used++] = byte < 0x20 || byte == 0x7f ? ' ' : text[i];
    }
    parser->open->text[used] = '\0';
}

bool xml_texts_read(Slice document, const XmlText *wanted, size_t count, bool *valid, Error *error)
{
    XML_Parser xml = XML_ParserCreate(NULL);
    Parser parser = {.wanted = wanted, .count = count};
    bool lacked;

    for (size_t i = 0; i < count; i++) {
        wanted[i].text[0] = '\0';
    }
    if (xml == NULL) {
        return error_out_of_memory(error);
    }
    XML_SetUserData(xml, &parser);
    XML_SetElementHandler(xml, on_element_start, on_element_end);
    XML_SetCharacterDataHandler(xml, on_text);
    *valid = document.size <= INT_MAX &&
             XML_Parse(xml, (const char *)document.data, (int)document.size, 1) == XML_STATUS_OK;
    lacked = XML_GetErrorCode(xml) == XML_ERROR_NO_MEMORY;
    XML_ParserFree(xml);
    return !lacked || error_out_of_memory(error);
}
