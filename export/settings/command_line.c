#include "export/settings/command_line.h"

#include <string.h>

static const char PLACEHOLDER[] = "{}";

/* What can be open in a shell's command, by the character that closes it. */
typedef enum Open {
    OPEN_NOTHING = 0,
    OPEN_SINGLE = '\'',
    OPEN_DOUBLE = '"',
    OPEN_PAREN = ')',
    OPEN_BACKQUOTE = '`'
} Open;

enum { DEPTH_MAX = 64 };

typedef struct ShellState {
    Open open[DEPTH_MAX]; /* the innermost one last; below it all the others */
    size_t depth;
    bool word_begins;
} ShellState;

static Open innermost(const ShellState *state)
{
    return state->depth == 0 ? OPEN_NOTHING : state->open[state->depth - 1];
}

/* A reference to the first argument that is one word, or a part of one. */
static const char *reference(const ShellState *state)
{
    switch (innermost(state)) {
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
    return strstr(command, PLACEHOLDER) != NULL;
}

static void push(ShellState *state, Open open)
{
    if (state->depth < DEPTH_MAX) {
        state->open[state->depth++] = open;
    }
}

/* Takes note of a character, which no backslash stands before. */
static void update_state(ShellState *state, char character, char before)
{
    Open open = innermost(state);

    if (open != OPEN_NOTHING && character == (char)open) {
        state->depth--;
    } else if (open == OPEN_SINGLE) {
        return;
    } else if (character == '"' || character == '`') {
        push(state, (Open)character);
    } else if (character == '\'' && open != OPEN_DOUBLE) {
        push(state, OPEN_SINGLE);
    } else if (character == '(' && (open != OPEN_DOUBLE || before == '$')) {
        push(state, OPEN_PAREN);
    }
}

/* How many characters belong together: a comment, or what a backslash stands before. */
static size_t piece_size(const ShellState *state, const char *text)
{
    Open open = innermost(state);

    if (*text == '#' && state->word_begins && open != OPEN_SINGLE && open != OPEN_DOUBLE) {
        return strcspn(text, "\n");
    }
    return *text == '\\' && open != OPEN_SINGLE && text[1] != '\0' ? 2 : 1;
}

bool command_line_to_script(const char *command, Buffer *script, Error *error)
{
    ShellState state = {.word_begins = true};
    char before = '\0';

    while (*command != '\0') {
        bool is_placeholder = strncmp(command, PLACEHOLDER, sizeof PLACEHOLDER - 1) == 0;
        size_t size = is_placeholder ? sizeof PLACEHOLDER - 1 : piece_size(&state, command);

        if (is_placeholder ? !buffer_append_text(script, reference(&state), error)
                           : !buffer_append(script, command, size, error)) {
            return false;
        }
        if (size == 1) {
            update_state(&state, *command, before);
        }
        before = command[size - 1];
        state.word_begins = strchr(" \t\n;&|()", before) != NULL;
        command += size;
    }
    return true;
}
