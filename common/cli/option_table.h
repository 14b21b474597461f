/*
 * The options of a program, written down once: --help, the completions of bash and zsh, and the
 * check of the manual page are made from the table that parses them.
 *
 * A program has groups of options, each an array that ends with {0}.  The structure that they fill
 * is the program's own; groups that programs share expect it to begin with what they fill (see
 * common/pg/options.h).
 */
#ifndef COMMON_CLI_OPTION_TABLE_H
#define COMMON_CLI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/error.h"

/* Takes an option in.  `argument` is NULL for an option without one; it is the command line's own
 * text, which a handler may overwrite.  False with EXIT_CODE_USAGE. */
typedef bool OptionHandler(void *options, char *argument, Error *error);

/* Where an option without a handler goes, and what it may be.  Made by the macros below. */
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
    size_t size; /* of a number, as are: */
    long lowest; /* or the constant */
    long highest;
} OptionField;

typedef struct Option {
    const char *name;     /* without dashes */
    char letter;          /* '\0': none */
    const char *argument; /* its name in --help, such as "FILE"; NULL: it takes none */
    const char *help;     /* lines of at most HELP_WIDTH characters; "": those of the next option;
                             NULL: not for users */
    OptionHandler *set;   /* NULL: the argument goes to `field` */
    /* What completes the argument: words separated by blanks, or one of OPTION_FILES and so on;
     * NULL: nothing. */
    const char *values;
    OptionField field;
    bool repeats; /* completions offer it again */
} Option;

#define OPTION_FILES "FILES"
#define OPTION_FOLDERS "FOLDERS"
#define OPTION_COMMANDS "COMMANDS" /* programs that the shell finds */
#define OPTION_DATABASES "DATABASES"
#define OPTION_HOSTS "HOSTS"

/* Appended to OptionTable.operands: behind "--" stands a command with its arguments. */
#define OPTION_THEN_COMMAND " -- COMMANDS"

enum { HELP_WIDTH = 51 };

/* A number from a macro, as part of a help line. */
#define OPTION_NUMERAL(macro) OPTION_NUMERAL_TEXT(macro)
#define OPTION_NUMERAL_TEXT(number) #number

/* The members of the program's structure that an option goes to, as the last field of its row.  A
 * member of another type than a macro is for does not compile. */
/* clang-format off */
#define OPTION_MEMBER(Type, member) (((Type *)0)->member)
#define OPTION_OFFSET(Type, member, MemberType) \
    _Generic(OPTION_MEMBER(Type, member), MemberType: offsetof(Type, member))

/* bool: set to true. */
#define OPTION_FLAG(Type, member) \
    {.kind = OPTION_KIND_FLAG, .offset = OPTION_OFFSET(Type, member, bool)}

/* An enumeration: set to `constant`. */
#define OPTION_CONSTANT(Type, member, constant) \
    {.kind = OPTION_KIND_CONSTANT, .offset = OPTION_OFFSET(Type, member, unsigned), \
     .lowest = (constant)}

/* const char *: the argument itself. */
#define OPTION_TEXT(Type, member) \
    {.kind = OPTION_KIND_TEXT, .offset = OPTION_OFFSET(Type, member, const char *)}

/* const char *: the argument, which must be one of Option.values. */
#define OPTION_WORD(Type, member) \
    {.kind = OPTION_KIND_WORD, .offset = OPTION_OFFSET(Type, member, const char *)}

/* bool: the argument must be one of the two words of Option.values; true for the second. */
#define OPTION_SWITCH(Type, member) \
    {.kind = OPTION_KIND_SWITCH, .offset = OPTION_OFFSET(Type, member, bool)}

/* int, int64_t or uint64_t: a whole number between two limits. */
#define OPTION_NUMBER(Type, member, least, most) \
    {.kind = OPTION_KIND_NUMBER, .offset = offsetof(Type, member), \
     .size = _Generic(OPTION_MEMBER(Type, member), \
                      int: sizeof(int), int64_t: sizeof(int64_t), uint64_t: sizeof(uint64_t)), \
     .lowest = (least), .highest = (most)}

/* int: a time such as 10s (see option_duration), in milliseconds. */
#define OPTION_DURATION(Type, member) \
    {.kind = OPTION_KIND_DURATION, .offset = OPTION_OFFSET(Type, member, int)}
/* clang-format on */

typedef struct OptionGroup {
    const char *title;     /* one line, without colon */
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
 * "option", group, long name, letter, argument, values, help and "repeats" or nothing, separated by
 * tabs (lines of the help by " "); before them "commands" and "operands" with theirs.  A field may
 * be empty.
 */
void option_table_list(const OptionTable *table, FILE *output);

#endif
