/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/option_table.h"

#include "common/cli/option_values.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Column of the help text. */
enum { HELP_COLUMN = 29 };

/* getopt_long's codes for long options: FIRST_CODE plus the option's number. */
enum { FIRST_CODE = 256 };

/* Longest option name, including the dashes. */
enum { NAME_SIZE = 64 };

/* The table in the form getopt_long needs; freed by free_parser. */
typedef struct Parser {
    struct option *long_options;
    char *letters;
    const Option **options; /* by code */
    bool *given;            /* likewise: whether it was on the command line */
    size_t count;
} Parser;

static size_t count_options(const OptionTable *table)
{
    size_t count = 0;

    for (const OptionGroup *const *group = table->groups; *group != NULL; group++) {
        for (const Option *option = (*group)->options; option->name != NULL; option++) {
            count++;
        }
    }
    return count;
}

static void free_parser(Parser *parser)
{
    free(parser->long_options);
    free(parser->letters);
    free(parser->options);
    free(parser->given);
}

static void add_option(Parser *parser, const Option *option)
{
    struct option *entry = &parser->long_options[parser->count];

    if (parser->count > 0 && strcmp(entry[-1].name, option->name) == 0) {
        entry[-1].has_arg = optional_argument;
        return;
    }
    entry->name = option->name;
    entry->has_arg = option->argument == NULL ? no_argument : required_argument;
    entry->val = FIRST_CODE + (int)parser->count;
    parser->options[parser->count++] = option;
    /* getopt returns '?' for an unknown letter. */
    if (option->letter != '\0' && option->letter != '?') {
        size_t used = strlen(parser->letters);

        parser->letters[used] = option->letter;
        parser->letters[used + 1] = option->argument == NULL ? '\0' : ':';
    }
}

static bool make_parser(const OptionTable *table, Parser *parser, Error *error)
{
    size_t count = count_options(table);

    *parser = (Parser){.long_options = calloc(count + 1, sizeof *parser->long_options),
                       .letters = calloc(count + 1, 2),
                       .options = calloc(count, sizeof *parser->options),
                       .given = calloc(count, sizeof *parser->given)};
    if (parser->long_options == NULL || parser->letters == NULL || parser->options == NULL ||
        parser->given == NULL) {
        free_parser(parser);
        return error_out_of_memory(error);
    }
    /* Makes getopt return ':' for a missing argument. */
    parser->letters[0] = ':';
    for (const OptionGroup *const *group = table->groups; *group != NULL; group++) {
        for (const Option *option = (*group)->options; option->name != NULL; option++) {
            add_option(parser, option);
        }
    }
    return true;
}

static const Option *option_with_letter(const Parser *parser, int letter)
{
    for (size_t i = 0; i < parser->count; i++) {
        if (parser->options[i]->letter != '\0' && parser->options[i]->letter == letter) {
            return parser->options[i];
        }
    }
    return NULL;
}

/* The option for getopt_long's result; NULL: an error. */
static const Option *find_option(const Parser *parser, int result)
{
    if (result >= FIRST_CODE) {
        return parser->options[result - FIRST_CODE];
    }
    if (result == '?') {
        /* -? looks like an unknown option. */
        return optopt == '?' ? option_with_letter(parser, '?') : NULL;
    }
    return result == ':' ? NULL : option_with_letter(parser, result);
}

static const Option *option_named(const Parser *parser, const char *name)
{
    for (size_t i = 0; i < parser->count; i++) {
        if (strcmp(parser->options[i]->name, name) == 0) {
            return parser->options[i];
        }
    }
    return NULL;
}

/* getopt_long has returned '?' or ':'. optopt is the letter or code of the option, or 0 for an
 * unknown long option. */
static bool usage_error(const Parser *parser, int result, char *const *arguments, Error *error)
{
    bool is_long = optopt >= FIRST_CODE;
    const char *name = is_long ? parser->options[optopt - FIRST_CODE]->name : NULL;

    if (result == ':' && is_long) {
        error_set(error, EXIT_CODE_USAGE, "option --%s needs an argument", name);
    } else if (result == ':') {
        error_set(error, EXIT_CODE_USAGE, "option -%c needs an argument", optopt);
    } else if (is_long) {
        error_set(error, EXIT_CODE_USAGE, "option --%s takes no argument", name);
    } else if (optopt != 0) {
        error_set(error, EXIT_CODE_USAGE, "unknown option -%c", optopt);
    } else {
        /* The value is not shown: it may be a secret. */
        const char *argument = arguments[optind - 1];

        error_set(error, EXIT_CODE_USAGE, "unknown or ambiguous option %.*s",
                  (int)strcspn(argument, "="), argument);
    }
    return error_hint(error, "Try --help.");
}

/* Stores an argument that must be one of Option.values. */
static bool store_word(const Option *option, const char *name, void *place, const char *argument,
                       Error *error)
{
    size_t index;

    if (!option_word(name, argument, option->values, &index, error)) {
        return false;
    }
    if (option->field.kind == OPTION_KIND_SWITCH) {
        *(bool *)place = index == 1;
    } else {
        *(const char **)place = argument;
    }
    return true;
}

static bool store_number(const OptionField *field, const char *name, void *place,
                         const char *argument, Error *error)
{
    long number;

    if (!option_number(name, argument, field->lowest, field->highest, &number, error)) {
        return false;
    }
    if (field->size == sizeof(int)) {
        *(int *)place = (int)number;
    } else {
        *(int64_t *)place = number;
    }
    return true;
}

static bool apply_option(const Option *option, void *options, char *argument, Error *error)
{
    void *place = (char *)options + option->field.offset;
    char name[NAME_SIZE];

    snprintf(name, sizeof name, "--%s", option->name);
    switch (option->field.kind) {
    case OPTION_KIND_FLAG:
        *(bool *)place = true;
        return true;
    case OPTION_KIND_CONSTANT:
        *(unsigned *)place = (unsigned)option->field.lowest;
        return true;
    case OPTION_KIND_TEXT:
        *(const char **)place = argument;
        return true;
    case OPTION_KIND_WORD:
    case OPTION_KIND_SWITCH:
        return store_word(option, name, place, argument, error);
    case OPTION_KIND_NUMBER:
        return store_number(&option->field, name, place, argument, error);
    case OPTION_KIND_DURATION:
        return option_duration(name, argument, place, error);
    case OPTION_KIND_NONE:
        break;
    }
    return option->set(options, argument, error);
}

static bool set_same_member(const Option *a, const Option *b)
{
    return a->field.kind == OPTION_KIND_CONSTANT && b->field.kind == OPTION_KIND_CONSTANT &&
           a->field.offset == b->field.offset && a->field.lowest != b->field.lowest;
}

/* Refuses an option that would silently override an earlier one, and notes it. */
static bool note_given(Parser *parser, const Option *option, Error *error)
{
    for (size_t i = 0; i < parser->count; i++) {
        const Option *other = parser->options[i];

        if (other == option && option->once && parser->given[i]) {
            error_set(error, EXIT_CODE_USAGE, "option --%s is given twice", option->name);
            return error_hint(error, "It takes one argument. Run the program once for each.");
        }
        if (parser->given[i] && set_same_member(option, other)) {
            return error_set(error, EXIT_CODE_USAGE, "options --%s and --%s exclude each other",
                             other->name, option->name);
        }
        parser->given[i] |= other == option;
    }
    return true;
}

static bool handle_option(const OptionTable *table, void *options, const Option *option,
                          bool is_long, Error *error)
{
    /* The second row of an option with an optional argument. */
    const Option *row = option->argument == NULL && optarg != NULL ? option + 1 : option;
    char *argument = row->argument == NULL ? NULL : optarg;

    return apply_option(row, options, argument, error) &&
           (table->seen == NULL || table->seen(options, row, is_long, argument, error));
}

/* One pass over the command line.  With `only`, handles just that option and reports no errors. */
static bool parse_pass(const OptionTable *table, Parser *parser, void *options, int count,
                       char **arguments, const Option *only, Error *error)
{
    int result;

    optind = 0; /* glibc: restart */
    while ((result = getopt_long(count, arguments, parser->letters, parser->long_options, NULL)) !=
           -1) {
        const Option *option = find_option(parser, result);

        if (only != NULL) {
            if (option == only) {
                apply_option(option, options, optarg, error);
            }
        } else if (option == NULL) {
            return usage_error(parser, result, arguments, error);
        } else if (!note_given(parser, option, error) ||
                   !handle_option(table, options, option, result >= FIRST_CODE, error)) {
            return false;
        }
    }
    return true;
}

/* Handles log-format alone.  It works on a copy of the array, as getopt moves operands behind the
 * options, where one could be taken for the missing argument of a later option. */
static bool parse_log_format(const OptionTable *table, Parser *parser, void *options, int count,
                             char **arguments, Error *error)
{
    const Option *log_format = option_named(parser, "log-format");
    char **copy;
    Error ignored; /* the next pass reports it */

    if (log_format == NULL) {
        return true;
    }
    copy = calloc((size_t)count + 1, sizeof *copy);
    if (copy == NULL) {
        return error_out_of_memory(error);
    }
    memcpy(copy, arguments, (size_t)count * sizeof *copy);
    parse_pass(table, parser, options, count, copy, log_format, &ignored);
    free(copy);
    return true;
}

bool option_table_parse(const OptionTable *table, void *options, int count, char **arguments,
                        int *first, Error *error)
{
    Parser parser;
    bool done;

    if (!make_parser(table, &parser, error)) {
        return false;
    }
    opterr = 0;
    done = parse_log_format(table, &parser, options, count, arguments, error) &&
           parse_pass(table, &parser, options, count, arguments, NULL, error);
    *first = optind;
    free_parser(&parser);
    return done;
}

/* "  -f, --file=FILE"; returns its length. */
static int print_name(const Option *option, FILE *output)
{
    int used = option->letter != '\0' ? fprintf(output, "  -%c, --%s", option->letter, option->name)
                                      : fprintf(output, "      --%s", option->name);

    if (option->argument != NULL) {
        used += fprintf(output, "=%s", option->argument);
    }
    return used;
}

static void print_option(const Option *option, FILE *output)
{
    const char *line = option->help;
    int used = print_name(option, output);

    if (used + 1 > HELP_COLUMN || line[0] == '\0') {
        fputc('\n', output);
        used = 0;
    }
    while (line[0] != '\0') {
        size_t size = strcspn(line, "\n");

        fprintf(output, "%*s%.*s\n", HELP_COLUMN - used, "", (int)size, line);
        line += size + (line[size] == '\n');
        used = 0;
    }
}

void option_table_help(const OptionTable *table, FILE *output)
{
    fprintf(output, "%s\n", table->usage);
    for (const OptionGroup *const *group = table->groups; *group != NULL; group++) {
        fprintf(output, "\n%s:\n", (*group)->title);
        for (const Option *option = (*group)->options; option->name != NULL; option++) {
            if (option->help != NULL) {
                print_option(option, output);
            }
        }
    }
    if (table->epilogue != NULL) {
        fprintf(output, "\n%s\n", table->epilogue);
    }
}

static const char *text_or_nothing(const char *text)
{
    return text == NULL ? "" : text;
}

static void list_option(const char *group, const Option *option, FILE *output)
{
    const Option *explained = option;

    while (explained->help[0] == '\0') {
        explained++;
    }
    fprintf(output, "option\t%s\t%s\t", group, option->name);
    if (option->letter != '\0') {
        fputc(option->letter, output);
    }
    fprintf(output, "\t%s\t%s\t", text_or_nothing(option->argument),
            text_or_nothing(option->values));
    for (const char *p = explained->help; *p != '\0'; p++) {
        fputc(*p == '\n' ? ' ' : *p, output);
    }
    fprintf(output, "\t%s\n", option->repeats ? "repeats" : "");
}

void option_table_list(const OptionTable *table, FILE *output)
{
    fprintf(output, "commands\t%s\n", text_or_nothing(table->commands));
    fprintf(output, "operands\t%s\n", text_or_nothing(table->operands));
    for (const OptionGroup *const *group = table->groups; *group != NULL; group++) {
        for (const Option *option = (*group)->options; option->name != NULL; option++) {
            if (option->help != NULL) {
                list_option((*group)->title, option, output);
            }
        }
    }
}
