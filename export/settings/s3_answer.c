#include "export/settings/s3_answer.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

typedef struct Parser {
    S3Answer *answer;
    unsigned depth;
    bool is_error; /* the document is <Error> */
    char *text;    /* of the element that is open; NULL where it is of no interest */
    size_t capacity;
} Parser;

static void begin_element(void *data, const XML_Char *name, const XML_Char **attributes)
{
    Parser *parser = data;
    S3Answer *answer = parser->answer;

    (void)attributes;
    parser->depth++;
    parser->text = NULL;
    if (parser->depth == 1) {
        parser->is_error = strcmp(name, "Error") == 0;
    }
    if (parser->depth != 2 || !parser->is_error) {
        return;
    }
    if (strcmp(name, "Code") == 0) {
        parser->text = answer->code;
        parser->capacity = sizeof answer->code;
    } else if (strcmp(name, "Message") == 0) {
        parser->text = answer->message;
        parser->capacity = sizeof answer->message;
    } else if (strcmp(name, "Region") == 0) {
        parser->text = answer->region;
        parser->capacity = sizeof answer->region;
    }
}

static void end_element(void *data, const XML_Char *name)
{
    Parser *parser = data;

    (void)name;
    parser->depth--;
    parser->text = NULL;
}

static void take_text(void *data, const XML_Char *text, int size)
{
    Parser *parser = data;
    size_t used;

    if (parser->text == NULL) {
        return;
    }
    used = strlen(parser->text);
    for (int i = 0; i < size && used + 1 < parser->capacity; i++) {
        unsigned char byte = (unsigned char)text[i];

        parser->text[used++] = byte < 0x20 || byte == 0x7f ? ' ' : text[i];
    }
    parser->text[used] = '\0';
}

bool s3_answer_parse(Slice document, S3Answer *answer)
{
    XML_Parser xml = XML_ParserCreate(NULL);
    Parser parser = {.answer = answer};
    bool lacked = xml == NULL;
    bool done;

    *answer = (S3Answer){.lacked_memory = lacked};
    if (lacked || document.size > INT_MAX) {
        XML_ParserFree(xml);
        return false;
    }
    XML_SetUserData(xml, &parser);
    XML_SetElementHandler(xml, begin_element, end_element);
    XML_SetCharacterDataHandler(xml, take_text);
    done = XML_Parse(xml, (const char *)document.data, (int)document.size, XML_TRUE) ==
               XML_STATUS_OK &&
           parser.is_error && answer->code[0] != '\0';
    lacked = XML_GetErrorCode(xml) == XML_ERROR_NO_MEMORY;
    XML_ParserFree(xml);
    if (!done) {
        *answer = (S3Answer){.lacked_memory = lacked};
    }
    return done;
}
