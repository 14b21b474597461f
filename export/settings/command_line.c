/* SPDX-License-Identifier: Apache-2.0 */
#include "export/settings/command_line.h"

#include "export/settings/interpreters.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char PLACEHOLDER[] = "{}";
static const char BLANKS[] = " \t";

/* Characters that nothing interprets wherever they stand in a word, in commands and in URLs. */
static const char PLAIN_MARKS[] = "-_./:@%+,=";

/* What only a shell knows, or does in another way than the program of that name. */
static const char *const SHELL_WORDS[] = {"!",     "if",      "while",   "until", "for",  "case",
                                          "exec",  "command", "builtin", "eval",  ".",    "source",
                                          "set",   "export",  "trap",    "exit",  "time", "{",
                                          "unset", "cd",      "umask",   "ulimit"};

/* Shell constructs that can be open, by their closing characters. */
typedef enum Open {
    OPEN_NOTHING = 0,
    OPEN_SINGLE = '\'',
    OPEN_DOUBLE = '"',
    OPEN_PAREN = ')',
    OPEN_BACKQUOTE = '`'
} Open;

enum { DEPTH_MAX = 64 };

/* The current word of a command, or of a command in $(...) or `...`. */
typedef struct ScriptWord {
    bool has_url;
    bool has_marks; /* characters that mean something to an interpreter */
} ScriptWord;

typedef struct ShellState {
    Open open[DEPTH_MAX]; /* innermost last */
    ScriptWord words[DEPTH_MAX + 1];
    size_t depth;
    bool word_begins;
    bool has_url;    /* anywhere */
    bool interprets; /* the URL is within a word that can be a command of its own */
} ShellState;

static bool is_plain(char character)
{
    unsigned char byte = (unsigned char)character;

    return byte >= 0x80 || isalnum(byte) ||
           (byte != '\0' && strchr(PLAIN_MARKS, character) != NULL);
}

static Open innermost(const ShellState *state)
{
    return state->depth == 0 ? OPEN_NOTHING : state->open[state->depth - 1];
}

/* Quotes belong to the word that they are in. */
static ScriptWord *current_word(ShellState *state)
{
    size_t depth = state->depth;

    while (depth > 0 &&
           (state->open[depth - 1] == OPEN_SINGLE || state->open[depth - 1] == OPEN_DOUBLE)) {
        depth--;
    }
    return &state->words[depth];
}

static void end_word(ShellState *state)
{
    ScriptWord *word = current_word(state);

    state->interprets = state->interprets || (word->has_url && word->has_marks);
    *word = (ScriptWord){0};
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

static void push(ShellState *state, Open open)
{
    if (state->depth == DEPTH_MAX) {
        state->interprets = true; /* the state is not known any more */
        return;
    }
    state->open[state->depth++] = open;
    if (open == OPEN_PAREN || open == OPEN_BACKQUOTE) {
        state->words[state->depth] = (ScriptWord){0};
    }
}

/* Updates the state for a character that is not escaped. */
static void update_state(ShellState *state, char character, char before)
{
    Open open = innermost(state);

    if (open != OPEN_NOTHING && character == (char)open) {
        if (open == OPEN_PAREN || open == OPEN_BACKQUOTE) {
            end_word(state);
        }
        state->depth--;
    } else if (open == OPEN_SINGLE) {
        current_word(state)->has_marks |= !is_plain(character);
    } else if (character == '"' || character == '`') {
        push(state, (Open)character);
    } else if (character == '\'' && open != OPEN_DOUBLE) {
        push(state, OPEN_SINGLE);
    } else if (character == '(' && (open != OPEN_DOUBLE || before == '$')) {
        push(state, OPEN_PAREN);
    } else if (open != OPEN_DOUBLE && strchr(" \t\n;&|<>()", character) != NULL) {
        end_word(state);
    } else {
        /* The "$" of "$(" is no mark: what the command in it prints is data. */
        current_word(state)->has_marks |= !is_plain(character) && character != '$';
    }
}

static void note_url(ShellState *state)
{
    state->has_url = true;
    current_word(state)->has_url = true;
}

/* The size of a reference to the variable that the shell would expand here; 0: there is none. */
static size_t variable_size(const ShellState *state, const char *text)
{
    static const char NAME[] = COMMAND_LINE_VARIABLE;
    size_t brace = text[0] == '$' && text[1] == '{' ? 1 : 0;

    if (text[0] != '$' || innermost(state) == OPEN_SINGLE ||
        strncmp(text + 1 + brace, NAME, sizeof NAME - 1) != 0) {
        return 0;
    }
    return 1 + brace + sizeof NAME - 1;
}

/* The number of characters to copy as a unit: a comment, an escaped character, the variable, or one
 * character. */
static size_t piece_size(ShellState *state, const char *text)
{
    Open open = innermost(state);
    size_t size = variable_size(state, text);

    if (size > 0) {
        note_url(state);
        /* Without quotes the shell splits it: a part of it could be an option of the program. */
        state->interprets = state->interprets || open != OPEN_DOUBLE;
        return size;
    }
    if (*text == '#' && state->word_begins && open != OPEN_SINGLE && open != OPEN_DOUBLE) {
        return strcspn(text, "\n");
    }
    if (*text == '\\' && open != OPEN_SINGLE && text[1] != '\0') {
        current_word(state)->has_marks = true;
        return 2;
    }
    return 1;
}

static bool make_script(const char *command, Buffer *script, ShellState *state, Error *error)
{
    char before = '\0';

    state->word_begins = true;
    while (*command != '\0') {
        bool is_placeholder = strncmp(command, PLACEHOLDER, sizeof PLACEHOLDER - 1) == 0;
        size_t size = is_placeholder ? sizeof PLACEHOLDER - 1 : piece_size(state, command);

        if (is_placeholder ? !buffer_append_text(script, reference(state), error)
                           : !buffer_append(script, command, size, error)) {
            return false;
        }
        if (is_placeholder) {
            note_url(state);
        } else if (size == 1) {
            update_state(state, *command, before);
        }
        before = command[size - 1];
        state->word_begins = strchr(" \t\n;&|()", before) != NULL;
        command += size;
    }
    while (state->depth > 0) {
        end_word(state);
        state->depth--;
    }
    end_word(state);
    return true;
}

/* Whether a command needs no shell. */
static bool is_simple(const char *command)
{
    const char *first = command + strspn(command, BLANKS);
    size_t first_size = strcspn(first, BLANKS);
    bool has_url = false;

    if (memchr(first, '=', first_size) != NULL || first[0] == '{') {
        return false;
    }
    for (size_t i = 0; i < sizeof SHELL_WORDS / sizeof SHELL_WORDS[0]; i++) {
        if (strlen(SHELL_WORDS[i]) == first_size &&
            strncmp(SHELL_WORDS[i], first, first_size) == 0) {
            return false;
        }
    }
    for (const char *word = first; *word != '\0'; word += strspn(word, BLANKS)) {
        size_t size = strcspn(word, BLANKS);

        if (size == sizeof PLACEHOLDER - 1 && strncmp(word, PLACEHOLDER, size) == 0) {
            has_url = true;
        } else {
            for (size_t i = 0; i < size; i++) {
                if (!is_plain(word[i])) {
                    return false;
                }
            }
        }
        word += size;
    }
    return has_url;
}

static bool split(const char *command, CommandLine *line, Error *error)
{
    line->text = strdup(command);
    line->words = calloc(strlen(command) / 2 + 2, sizeof *line->words);
    if (line->text == NULL || line->words == NULL) {
        return error_out_of_memory(error);
    }
    for (char *word = line->text + strspn(line->text, BLANKS); *word != '\0';) {
        line->words[line->word_count++] = word;
        word += strcspn(word, BLANKS);
        if (*word != '\0') {
            *word++ = '\0';
            word += strspn(word, BLANKS);
        }
    }
    return true;
}

bool command_line_has_url(const char *command)
{
    return strstr(command, PLACEHOLDER) != NULL || strstr(command, COMMAND_LINE_VARIABLE) != NULL;
}

bool command_line_parse(const char *command, CommandLine *line, Error *error)
{
    ShellState state = {0};
    Buffer script = {0};
    bool done;

    *line = (CommandLine){0};
    if (is_simple(command)) {
        line->interprets = interpreters_named(command, false);
        return split(command, line, error);
    }
    done = make_script(command, &script, &state, error) &&
           (line->text = buffer_take(&script, error)) != NULL;
    buffer_free(&script);
    /* Where only a command inside of single quotes names the variable, it takes it as data. */
    line->interprets = state.has_url && (state.interprets || interpreters_named(command, true));
    return done;
}

void command_line_free(CommandLine *line)
{
    free(line->text);
    free(line->words);
    *line = (CommandLine){0};
}

bool command_line_accepts(const CommandLine *line, const char *url)
{
    if (line->interprets) {
        for (; *url != '\0'; url++) {
            if (!is_plain(*url)) {
                return false;
            }
        }
    }
    return true;
}

const char **command_line_arguments(const CommandLine *line, const char *url, Error *error)
{
    const char *const script[] = {"/bin/sh", "-c", line->text, "sh", url};
    bool is_script = line->words == NULL;
    size_t count = is_script ? sizeof script / sizeof script[0] : line->word_count;
    const char **arguments = calloc(count + 1, sizeof *arguments);

    if (arguments == NULL) {
        error_out_of_memory(error);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        arguments[i] = is_script                                  ? script[i]
                       : strcmp(line->words[i], PLACEHOLDER) == 0 ? url
                                                                  : line->words[i];
    }
    return arguments;
}
