/* SPDX-License-Identifier: Apache-2.0 */
#include "export/settings/command_line.h"

#include <string.h>

static const char PLACEHOLDER[] = "{}";

/* Shell constructs that can be open, by their closing characters. */
typedef enum Open {
    OPEN_NOTHING = 0,
    OPEN_SINGLE = '\'',
    OPEN_DOUBLE = '"',
    OPEN_PAREN = ')',
    OPEN_BACKQUOTE = '`'
} Open;

enum { DEPTH_MAX = 64 };

typedef struct ShellState {
    Open open[DEPTH_MAX]; /* innermost last */
    size_t depth;
    bool word_begins;
} ShellState;

static Open innermost(const ShellState *state)
{
    return state->depth == 0 ? OPEN_NOTHING : state->open[state->depth - 1];
}

/* A reference to the first argument that expands to one word, or to part of one. */
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

/* Updates the state for a character that is not escaped. */
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

/* The number of characters to copy as a unit: a comment, an escaped character, or one. */
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
