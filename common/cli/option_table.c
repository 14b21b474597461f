#include "common/cli/option_table.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Where the text behind an option begins in --help. */
enum { HELP_COLUMN = 29 };

/* getopt_long's codes: from here on the number of the option. */
enum { FIRST_CODE = 256 };

/* What getopt_long wants, made of a table; freed by free_parser. */
typedef struct Parser {
    struct option *long_options;
    char *letters;
    const Option **options; /* by code */
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
}

static void add_option(Parser *parser, const Option *option)
{
    struct option *entry = &parser->long_options[parser->count];

    entry->name = option->name;
    entry->has_arg = option->argument == NULL ? no_argument : required_argument;
    entry->val = FIRST_CODE + (int)parser->count;
    parser->options[parser->count++] = option;
    if (option->letter != '\0') {
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
                       .options = calloc(count, sizeof *parser->options)};
    if (parser->long_options == NULL || parser->letters == NULL || parser->options == NULL) {
        free_parser(parser);
        return error_out_of_memory(error);
    }
    /* getopt tells a missing argument from an unknown option by it. */
    parser->letters[0] = ':';
    for (const OptionGroup *const *group = table->groups; *group != NULL; group++) {
        for (const Option *option = (*group)->options; option->name != NULL; option++) {
            add_option(parser, option);
        }
    }
    return true;
}

/* The option of an answer of getopt_long; NULL: none. */
static const Option *find_option(const Parser *parser, int code)
{
    if (code >= FIRST_CODE) {
        return parser->options[code - FIRST_CODE];
    }
    for (size_t i = 0; i < parser->count; i++) {
        if (parser->options[i]->letter != '\0' && parser->options[i]->letter == code) {
            return parser->options[i];
        }
    }
    return NULL;
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

/* getopt_long has answered '?' or ':'; optopt is the letter or code of the option, 0 where it knows
 * none. */
static bool complain(int answer, char *const *arguments, Error *error)
{
    const char *argument = arguments[optind - 1];
    bool is_long = strncmp(argument, "--", 2) == 0;
    int length = (int)strcspn(argument, "=");

    if (answer == ':' && is_long) {
        error_set(error, EXIT_CODE_USAGE, "option %s needs an argument", argument);
    } else if (answer == ':') {
        error_set(error, EXIT_CODE_USAGE, "option -%c needs an argument", optopt);
    } else if (optopt == 0) {
        error_set(error, EXIT_CODE_USAGE, "unknown or ambiguous option %.*s", length, argument);
    } else if (is_long) {
        error_set(error, EXIT_CODE_USAGE, "option %.*s takes no argument", length, argument);
    } else {
        error_set(error, EXIT_CODE_USAGE, "unknown option -%c", optopt);
    }
    return error_hint(error, "Try --help.");
}

static bool handle(const OptionTable *table, void *options, const Option *option, bool is_long,
                   Error *error)
{
    char *argument = option->argument == NULL ? NULL : optarg;

    return option->set(options, argument, error) &&
           (table->seen == NULL || table->seen(options, option, is_long, argument, error));
}

/* One pass over the command line; with `only`, the others are passed over, and nothing is
 * complained of. */
static bool pass(const OptionTable *table, const Parser *parser, void *options, int count,
                 char **arguments, const Option *only, Error *error)
{
    const Option *help = option_named(parser, "help");
    Error ignored;
    int answer;

    optind = 0; /* glibc: begin anew */
    while ((answer = getopt_long(count, arguments, parser->letters, parser->long_options, NULL)) !=
           -1) {
        const Option *option = find_option(parser, answer);

        if (option == NULL && answer == '?' && optopt == '?' &&
            strncmp(arguments[optind - 1], "--", 2) != 0) {
            option = help; /* -? is an unknown option to getopt */
        }
        if (only != NULL) {
            if (option == only) {
                option->set(options, optarg, &ignored);
            }
        } else if (option == NULL) {
            return complain(answer, arguments, error);
        } else if (!handle(table, options, option, answer >= FIRST_CODE, error)) {
            return false;
        }
    }
    return true;
}

bool option_table_parse(const OptionTable *table, void *options, int count, char **arguments,
                        int *first, Error *error)
{
    Parser parser;
    const Option *log_format;
    bool done;

    if (!make_parser(table, &parser, error)) {
        return false;
    }
    opterr = 0;
    log_format = option_named(&parser, "log-format");
    if (log_format != NULL) {
        pass(table, &parser, options, count, arguments, log_format, error);
    }
    done = pass(table, &parser, options, count, arguments, NULL, error);
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

    /* The help of an option may be that of the next one, too. */
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
    fprintf(output, "option\t%s\t%s\t", group, option->name);
    if (option->letter != '\0') {
        fputc(option->letter, output);
    }
    fprintf(output, "\t%s\t%s\t", text_or_nothing(option->argument),
            text_or_nothing(option->values));
    for (const char *p = option->help; *p != '\0'; p++) {
        fputc(*p == '\n' ? ' ' : *p, output);
    }
    fputc('\n', output);
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
