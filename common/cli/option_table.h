/*
 * The options of a program, written down once: --help, the completions of bash and zsh, and the
 * check of the manual page are made from the table that parses them.
 *
 * A program has groups of options, each an array that ends with {0}.  The structure that handlers
 * fill is the program's own; groups that programs share expect it to begin with what they fill (see
 * common/cli/options.h).
 */
#ifndef COMMON_CLI_OPTION_TABLE_H
#define COMMON_CLI_OPTION_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/base/error.h"

/* Takes an option in.  `argument` is NULL for an option without one; it is the command line's own
 * text, which a handler may overwrite.  False with EXIT_CODE_USAGE. */
typedef bool OptionHandler(void *options, char *argument, Error *error);

typedef struct Option {
    const char *name;     /* without dashes */
    char letter;          /* '\0': none */
    const char *argument; /* its name in --help, such as "FILE"; NULL: it takes none */
    const char *help;     /* lines of at most HELP_WIDTH characters; NULL: not for users */
    OptionHandler *set;
    /* What completes the argument: words separated by blanks, OPTION_FILES or OPTION_FOLDERS; NULL:
     * nothing. */
    const char *values;
} Option;

#define OPTION_FILES "FILES"
#define OPTION_FOLDERS "FOLDERS"

enum { HELP_WIDTH = 51 };

typedef struct OptionGroup {
    const char *title;     /* without colon */
    const Option *options; /* ends with {0} */
} OptionGroup;

typedef struct OptionTable {
    const char *program;              /* as users call it */
    const char *usage;                /* what --help begins with, without the last newline */
    const OptionGroup *const *groups; /* ends with NULL, in the order of --help */
    const char *epilogue;             /* what --help ends with, likewise; may be NULL */
    const char *commands;             /* the words that the first operand may be; NULL: none */
    const char *operands;             /* what completes (other) operands, as Option.values */

    /* Called for each option behind its handler; `is_long`: it was written as --name.  May be
     * NULL. */
    bool (*seen)(void *options, const Option *option, bool is_long, const char *argument,
                 Error *error);
} OptionTable;

/*
 * Reads the command line.  Operands are moved behind the options; *first is the index of the first
 * one.  An option named log-format is handled before all others, so that every error has the form
 * that was asked for.  False with EXIT_CODE_USAGE for an unknown or ambiguous option, a missing
 * argument, one too many, or what a handler refuses.
 */
bool option_table_parse(const OptionTable *table, void *options, int count, char **arguments,
                        int *first, Error *error);

/* Prints --help. */
void option_table_help(const OptionTable *table, FILE *output);

/*
 * Prints the table for other programs: a line for each option that users may give, with the fields
 * "option", group, long name, letter, argument, values and help, separated by tabs (lines of the
 * help by " "); before them "commands" and "operands" with theirs.  A field may be empty.
 */
void option_table_list(const OptionTable *table, FILE *output);

#endif
