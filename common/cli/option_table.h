/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table of a program's options.  The table drives parsing, --help, the completions for bash and
 * zsh, and the check of the man page.
 *
 * A program has groups of options, each an array that ends with {0}.  The options fill a structure
 * of the program's own; groups that programs share expect it to start with the structure that they
 * fill (see common/pg/options.h).
 */
#ifndef COMMON_CLI_OPTION_TABLE_H
#define COMMON_CLI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/error.h"

/* Handles an option.  `argument` is NULL for an option without one; it points into the command
 * line, and a handler may overwrite it.  False with EXIT_CODE_USAGE. */
typedef bool OptionHandler(void *options, char *argument, Error *error);

/* Where an option without a handler is stored and what it accepts.  Set by the macros below. */
typedef struct OptionField {
    enum {
        OPTION_KIND_NONE, /* the option has a handler */
        OPTION_KIND_FLAG,
        OPTION_KIND_CONSTANT,
        OPTION_KIND_TEXT,
        OPTION_KIND_WORD,
        OPTION_KIND_SWITCH,
        OPTION_KIND_NUMBER,
        OPTION_KIND_DURATION
    } kind;
    size_t offset;
    size_t size; /* of a number, as are the limits: */
    long lowest; /* or the constant */
    long highest;
} OptionField;

typedef struct Option {
    /* Without dashes.  Two rows in succession may have the same one, the first without an argument:
     * then the argument is optional, and the second row is for the option with it. */
    const char *name;
    char letter;          /* '\0': none */
    const char *argument; /* placeholder in --help, such as "FILE"; NULL: no argument */
    const char *help;     /* lines of at most HELP_WIDTH characters; "": the help of the next option
                           * covers it; NULL: internal */
    OptionHandler *set;   /* NULL: the argument is stored in `field` */
    /* Completions of the argument: words separated by spaces, or one of OPTION_FILES and so on;
     * NULL: none. */
    const char *values;
    OptionField field;
    bool repeats; /* may be given several times */
    bool once;    /* names what is worked on: a second one is an error.  Of other options, the last
                   * one counts */
} Option;

#define OPTION_FILES "FILES"
#define OPTION_FOLDERS "FOLDERS"
#define OPTION_COMMANDS "COMMANDS" /* programs on the PATH */
#define OPTION_DATABASES "DATABASES"
#define OPTION_HOSTS "HOSTS"

/* Appended to OptionTable.operands: a command with arguments follows "--". */
#define OPTION_THEN_COMMAND " -- COMMANDS"

enum { HELP_WIDTH = 51 };

/* The value of a numeric macro as a string, for use in a help line. */
#define OPTION_NUMERAL(macro) OPTION_NUMERAL_TEXT(macro)
#define OPTION_NUMERAL_TEXT(number) #number

/* Initializers for Option.field: the member of the program's structure that the option sets.  Using
 * a macro with a member of another type does not compile. */
/* clang-format off */
#define OPTION_MEMBER(Type, member) (((Type *)0)->member)
#define OPTION_OFFSET(Type, member, MemberType) \
    _Generic(OPTION_MEMBER(Type, member), MemberType: offsetof(Type, member))

/* bool: set to true. */
#define OPTION_FLAG(Type, member) \
    {.kind = OPTION_KIND_FLAG, .offset = OPTION_OFFSET(Type, member, bool)}

/* An enumeration: set to `constant`.  Options that set the same member to different constants exclude
 * each other. */
#define OPTION_CONSTANT(Type, member, constant) \
    {.kind = OPTION_KIND_CONSTANT, .offset = OPTION_OFFSET(Type, member, unsigned), \
     .lowest = (constant)}

/* const char *: set to the argument. */
#define OPTION_TEXT(Type, member) \
    {.kind = OPTION_KIND_TEXT, .offset = OPTION_OFFSET(Type, member, const char *)}

/* const char *: the argument must be one of Option.values. */
#define OPTION_WORD(Type, member) \
    {.kind = OPTION_KIND_WORD, .offset = OPTION_OFFSET(Type, member, const char *)}

/* bool: the argument must be one of the two words in Option.values; true for the second. */
#define OPTION_SWITCH(Type, member) \
    {.kind = OPTION_KIND_SWITCH, .offset = OPTION_OFFSET(Type, member, bool)}

/* int, int64_t or uint64_t: a whole number between two limits. */
#define OPTION_NUMBER(Type, member, least, most) \
    {.kind = OPTION_KIND_NUMBER, .offset = offsetof(Type, member), \
     .size = _Generic(OPTION_MEMBER(Type, member), \
                      int: sizeof(int), int64_t: sizeof(int64_t), uint64_t: sizeof(uint64_t)), \
     .lowest = (least), .highest = (most)}

/* int: a duration such as 10s (see option_duration), in milliseconds. */
#define OPTION_DURATION(Type, member) \
    {.kind = OPTION_KIND_DURATION, .offset = OPTION_OFFSET(Type, member, int)}
/* clang-format on */

typedef struct OptionGroup {
    const char *title;     /* one line, without colon */
    const Option *options; /* ends with {0} */
} OptionGroup;

typedef struct OptionTable {
    const char *program;              /* name of the program */
    const char *usage;                /* first lines of --help, without the last newline */
    const OptionGroup *const *groups; /* in the order of --help, ending with NULL */
    const char *epilogue;             /* last lines of --help, likewise; may be NULL */
    const char *commands;             /* words accepted as first operand; NULL: none */
    const char *operands;             /* completions of the (other) operands, like Option.values */

    /* Called for each option after its handler.  `is_long`: it was given as --name.  May be
     * NULL. */
    bool (*seen)(void *options, const Option *option, bool is_long, const char *argument,
                 Error *error);
} OptionTable;

/*
 * Parses the command line.  Operands are moved behind the options; *first is the index of the first
 * one.  The option log-format is handled before all others, so that every error has the requested
 * format.  False with EXIT_CODE_USAGE for an unknown or ambiguous option, a missing or superfluous
 * argument, an argument that a handler refuses, and options that would override each other.
 */
bool option_table_parse(const OptionTable *table, void *options, int count, char **arguments,
                        int *first, Error *error);

/* Prints --help. */
void option_table_help(const OptionTable *table, FILE *output);

/*
 * Prints the table for other programs: a line per public option with the tab-separated fields
 * "option", group, long name, letter, argument, values, help (on one line) and "repeats" or
 * nothing; before them a line each for "commands" and "operands".  Fields may be empty.
 */
void option_table_list(const OptionTable *table, FILE *output);

#endif
