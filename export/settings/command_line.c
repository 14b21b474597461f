#include "export/settings/command_line.h"

#include <string.h>

static const char PLACE[] = "{}";

/* What can be open in a shell's command, by the character that closes it. */
typedef enum Open {
    OPEN_NOTHING = 0,
    OPEN_SINGLE = '\'',
    OPEN_DOUBLE = '"',
    OPEN_PAREN = ')',
    OPEN_BACKQUOTE = '`'
} Open;

enum { DEPTH_MAX = 64 };

typedef struct Place {
    Open open[DEPTH_MAX]; /* the innermost one last; below it all the others */
    size_t depth;
    bool word_begins;
} Place;

static Open innermost(const Place *place)
{
    return place->depth == 0 ? OPEN_NOTHING : place->open[place->depth - 1];
}

/* A reference to the first argument that is one word, or a part of one. */
static const char *reference(const Place *place)
{
    switch (innermost(place)) {
    case OPEN_SINGLE:
        return "'\"$1\"'";
    case OPEN_DOUBLE:
        return "${1}";
    default:
        return "\"$1\"";
    }
}

bool command_line_has_url(const char *command)
{
    return strstr(command, PLACE) != NULL;
}

static void push(Place *place, Open open)
{
    if (place->depth < DEPTH_MAX) {
        place->open[place->depth++] = open;
    }
}

/* Takes note of a character, which no backslash stands before. */
static void pass(Place *place, char character, char before)
{
    Open open = innermost(place);

    if (open != OPEN_NOTHING && character == (char)open) {
        place->depth--;
    } else if (open == OPEN_SINGLE) {
        return;
    } else if (character == '"' || character == '`') {
        push(place, (Open)character);
    } else if (character == '\'' && open != OPEN_DOUBLE) {
        push(place, OPEN_SINGLE);
    } else if (character == '(' && (open != OPEN_DOUBLE || before == '$')) {
        push(place, OPEN_PAREN);
    }
}

/* How many characters belong together: a comment, or what a backslash stands before. */
static size_t piece_size(const Place *place, const char *text)
{
    Open open = innermost(place);

    if (*text == '#' && place->word_begins && open != OPEN_SINGLE && open != OPEN_DOUBLE) {
        return strcspn(text, "\n");
    }
    return *text == '\\' && open != OPEN_SINGLE && text[1] != '\0' ? 2 : 1;
}

bool command_line_to_script(const char *command, Buffer *script, Error *error)
{
    Place place = {.word_begins = true};
    char before = '\0';

    while (*command != '\0') {
        bool is_place = strncmp(command, PLACE, sizeof PLACE - 1) == 0;
        size_t size = is_place ? sizeof PLACE - 1 : piece_size(&place, command);

        if (is_place ? !buffer_append_text(script, reference(&place), error)
                     : !buffer_append(script, command, size, error)) {
            return false;
        }
        if (size == 1) {
            pass(&place, *command, before);
        }
        before = command[size - 1];
        place.word_begins = strchr(" \t\n;&|()", before) != NULL;
        command += size;
    }
    return true;
}
