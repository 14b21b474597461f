/* SPDX-License-Identifier: Apache-2.0 */
#include "export/settings/interpreters.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* They run their arguments or input, whatever their options are. */
static const char *const ALWAYS[] = {"eval", "source", "trap",   "alias", "xargs", "parallel",
                                     "ssh",  "rsh",    "slogin", "mosh",  "pdsh",  "awk",
                                     "gawk", "mawk",   "nawk",   "at",    "batch", "watch"};

/* They run code that an option gives, or that they read; a script's arguments are only data.  The
 * last ones are variables. */
static const char *const WITH_CODE[] = {
    "sh",   "ash",    "bash",   "dash",  "ksh",    "mksh",    "pdksh",   "zsh",
    "yash", "csh",    "tcsh",   "fish",  "rc",     "busybox", "pwsh",    "python",
    "pypy", "perl",   "ruby",   "node",  "nodejs", "deno",    "bun",     "php",
    "lua",  "luajit", "tclsh",  "wish",  "expect", "guile",   "Rscript", "osascript",
    "psql", "mysql",  "sqlite", "SHELL", "BASH"};

static const char *const CODE_OPTIONS[] = {"--eval", "--exec", "--execute", "--command", "--print"};

typedef struct Word {
    const char *text;
    size_t size;
} Word;

/* The next piece of the command that can be a name or an option; false at the end. */
static bool next_word(const char **command, Word *word)
{
    const char *text = *command;

    while (*text != '\0' && !isalnum((unsigned char)*text) && *text != '-') {
        text++;
    }
    word->text = text;
    while (isalnum((unsigned char)*text) || (*text != '\0' && strchr("-_+.", *text) != NULL)) {
        text++;
    }
    word->size = (size_t)(text - word->text);
    *command = text;
    return word->size > 0;
}

static bool is_one_of(Word word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == word.size && strncmp(names[i], word.text, word.size) == 0) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(word, names) is_one_of(word, names, sizeof(names) / sizeof(names)[0])

/* Without a version: "python3.11" is python. */
static Word name_of(Word word)
{
    while (word.size > 1 && (isdigit((unsigned char)word.text[word.size - 1]) ||
                             strchr(".-", word.text[word.size - 1]) != NULL)) {
        word.size--;
    }
    return word;
}

/* One letter of several behind a dash: "c" in -lc. */
static bool has_letter(Word word, const char *letters)
{
    if (word.size < 2 || word.size > 5 || word.text[0] != '-') {
        return false;
    }
    for (size_t i = 1; i < word.size; i++) {
        if (!isalpha((unsigned char)word.text[i])) {
            return false;
        }
    }
    for (size_t i = 1; i < word.size; i++) {
        if (strchr(letters, word.text[i]) != NULL) {
            return true;
        }
    }
    return false;
}

bool interpreters_named(const char *command, bool is_script)
{
    bool names_one = false;
    bool has_code = is_script;
    Word word;

    while (next_word(&command, &word)) {
        Word name = name_of(word);

        /* -c is that of su, script, flock and others, too. */
        if (IS_ONE_OF(name, ALWAYS) || (word.text[word.size - 1] == 'c' && has_letter(word, "c"))) {
            return true;
        }
        names_one = names_one || IS_ONE_OF(name, WITH_CODE);
        has_code = has_code || has_letter(word, "ceErpn") || IS_ONE_OF(word, CODE_OPTIONS);
    }
    return names_one && has_code;
}
