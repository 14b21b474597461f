/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of options: which command lines are valid, and the output of --help and --list-options.
 */
#include "tests/unit/support.h"

#include "common/cli/message.h"
#include "common/pg/options.h"

typedef enum Mode { MODE_NONE, MODE_LOOK, MODE_CHANGE } Mode;

typedef struct Options {
    CommonOptions common;
    bool force;
    Mode mode;
    const char *file;
    const char *store;
    const char *place;
    bool replace;
    int jobs;
    int64_t limit;
    uint64_t units;
    int wait_ms;
    char names[64]; /* by the handler of --name */
    char seen[128]; /* by `see` */
} Options;

static bool take_name(void *options, char *argument, Error *error)
{
    Options *o = options;
    size_t used = strlen(o->names);

    if (strcmp(argument, "bad") == 0) {
        return error_set(error, EXIT_CODE_USAGE, "bad name");
    }
    snprintf(o->names + used, sizeof o->names - used, "%s ", argument);
    return true;
}

static bool see(void *options, const Option *option, bool is_long, const char *argument,
                Error *error)
{
    Options *o = options;
    size_t used = strlen(o->seen);

    if (strcmp(option->name, "change") == 0) {
        return error_set(error, EXIT_CODE_USAGE, "no change");
    }
    snprintf(o->seen + used, sizeof o->seen - used, "%s%s %s ", is_long ? "--" : "-", option->name,
             argument == NULL ? "" : argument);
    return true;
}

static const Option OWN_OPTIONS[] = {
    {"force", 0, NULL, "replace a file", NULL, NULL, OPTION_FLAG(Options, force)},
    {"look", 'l', NULL, "look only", NULL, NULL, OPTION_CONSTANT(Options, mode, MODE_LOOK)},
    {"mode", 0, NULL, "another mode", NULL, NULL, OPTION_CONSTANT(Options, mode, MODE_CHANGE)},
    {"change", 0, NULL, "change", NULL, NULL, OPTION_CONSTANT(Options, mode, MODE_CHANGE)},
    {"file", 'f', "FILE", "the file", NULL, OPTION_FILES, OPTION_TEXT(Options, file)},
    {"store", 0, "STORE", "the store", NULL, "postgres dynamodb", OPTION_WORD(Options, store)},
    {"invalid", 0, "ACTION", "refuse, or\nreplace", NULL, "refuse replace",
     OPTION_SWITCH(Options, replace)},
    {"jobs", 'j', "NUM", "how many, at most " OPTION_NUMERAL(JOBS_MAX), NULL, NULL,
     OPTION_JOBS(Options, jobs)},
    {"limit", 0, "NUM", "", NULL, NULL, OPTION_NUMBER(Options, limit, 0, INT64_MAX)},
    {"units", 0, "NUM", "a limit, or units", NULL, NULL,
     OPTION_NUMBER(Options, units, -3, INT32_MAX)},
    {"wait-for-a-very-long-time", 0, "T", "a time", NULL, NULL, OPTION_DURATION(Options, wait_ms)},
    {"to", 't', "PLACE", "where", NULL, NULL, OPTION_TEXT(Options, place), .once = true},
    {"name", 'n', "NAME", "a name", take_name, "a b c", .repeats = true},
    {"skip", 0, NULL, "skip all", NULL, NULL, OPTION_FLAG(Options, force)},
    {"skip", 0, "NAME", "skip one", take_name, .repeats = true},
    {"internal", 0, NULL, NULL, NULL, NULL, OPTION_FLAG(Options, force)},
    {0},
};

static const OptionTable TABLE = {
    .program = "test",
    .usage = "Usage:\n  test [OPTION]... [FILE]",
    .groups = (const OptionGroup *const[]){&(const OptionGroup){"Own options", OWN_OPTIONS},
                                           &COMMON_CONNECTION_GROUP, &COMMON_MESSAGE_GROUP, NULL},
    .epilogue = "Example:\n  test",
    .commands = "up down",
    .operands = OPTION_FILES OPTION_THEN_COMMAND,
    .seen = see,
};

enum { MAX_WORDS = 16 };

/* A command line, which a parse may reorder. */
typedef struct Line {
    char text[256];
    char *arguments[MAX_WORDS + 1];
    int count;
    int first; /* operand, after a parse */
} Line;

/* Parses words that are separated by blanks. */
static bool parse(const char *words, Line *line, Options *options, Error *error)
{
    char *rest = line->text;
    char *word;

    *options = (Options){.limit = -1};
    *error = (Error){0};
    line->count = 0;
    snprintf(line->text, sizeof line->text, "test %s", words);
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        assert_in_range(line->count, 0, MAX_WORDS - 1);
        line->arguments[line->count++] = word;
    }
    line->arguments[line->count] = NULL;
    return option_table_parse(&TABLE, options, line->count, line->arguments, &line->first, error);
}

/* The output of one of the printing functions; malloced. */
static char *printed_by(void (*print)(const OptionTable *table, FILE *output))
{
    char *text = NULL;
    size_t size = 0;
    FILE *output = open_memstream(&text, &size);

    assert_non_null(output);
    print(&TABLE, output);
    assert_int_equal(fclose(output), 0);
    return text;
}

static void test_options_go_to_their_members(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("--force -l -f out --store=dynamodb --invalid replace -j 64 --limit 0 "
                      "--units=-3 -h host -w",
                      &line, &options, &error),
                &error);
    assert_true(options.force && options.replace && options.common.pg.no_password);
    assert_int_equal(options.mode, MODE_LOOK);
    assert_string_equal(options.file, "out");
    assert_string_equal(options.store, "dynamodb");
    assert_int_equal(options.jobs, 64);
    assert_true(options.limit == 0);
    assert_true(options.units == (uint64_t)-3);
    assert_string_equal(options.common.pg.host, "host");
    assert_int_equal(line.first, line.count);

    assert_done(parse("--wait-for-a-very-long-time 10s --limit 9223372036854775807 -lfout", &line,
                      &options, &error),
                &error);
    assert_int_equal(options.wait_ms, 10000);
    assert_true(options.limit == INT64_MAX);
    assert_string_equal(options.file, "out");
}

static void test_the_last_one_counts_and_handlers_see_each(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("--mode --mode --invalid=replace --invalid=refuse -n a -nb --name=c", &line,
                      &options, &error),
                &error);
    assert_int_equal(options.mode, MODE_CHANGE);
    assert_false(options.replace);
    assert_string_equal(options.names, "a b c ");
    assert_refused(parse("-n a -n bad -n c", &line, &options, &error), &error, EXIT_CODE_USAGE);
    assert_string_equal(options.names, "a ");
}

static void test_an_optional_argument_follows_an_equals_sign(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("--skip a", &line, &options, &error), &error);
    assert_true(options.force);
    assert_string_equal(options.names, "");
    assert_int_equal(line.first, 2);
    assert_done(parse("--skip=a --sk=b", &line, &options, &error), &error);
    assert_false(options.force);
    assert_string_equal(options.names, "a b ");
    assert_string_equal(options.seen, "--skip a --skip b ");
    assert_done(parse("--skip= --skip", &line, &options, &error), &error);
    assert_true(options.force);
    assert_string_equal(options.seen, "--skip  --skip  ");
    assert_refused(parse("--skip=bad", &line, &options, &error), &error, EXIT_CODE_USAGE);
}

static void test_operands_stand_anywhere(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("one --force two -j 3 -- -l", &line, &options, &error), &error);
    assert_true(options.force);
    assert_int_equal(options.jobs, 3);
    assert_int_equal(options.mode, MODE_NONE);
    assert_int_equal(line.count - line.first, 3);
    assert_string_equal(line.arguments[line.first], "one");
    assert_string_equal(line.arguments[line.first + 1], "two");
    assert_string_equal(line.arguments[line.first + 2], "-l");
}

static void test_abbreviations_are_taken_unless_ambiguous(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("--fo --sto postgres", &line, &options, &error), &error);
    assert_true(options.force);
    assert_string_equal(options.store, "postgres");
    /* --no-password, --no-progress */
    assert_refused(parse("--no-p", &line, &options, &error), &error, EXIT_CODE_USAGE);
    assert_contains(error.message, "ambiguous option --no-p");
    /* The message for an abbreviation has the option's full name. */
    assert_refused(parse("--sto", &line, &options, &error), &error, EXIT_CODE_USAGE);
    assert_string_equal(error.message, "option --store needs an argument");
    assert_refused(parse("--sto=none", &line, &options, &error), &error, EXIT_CODE_USAGE);
    assert_contains(error.message, "option --store takes");
}

static void test_question_mark_asks_for_help(void **state)
{
    static const char *const LINES[] = {"-?", "--help", "-l?", "--force -?l", "--hel"};
    Line line;
    Options options;
    Error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(LINES); i++) {
        assert_done(parse(LINES[i], &line, &options, &error), &error);
        assert_true(options.common.help);
    }
    assert_refused(parse("-y", &line, &options, &error), &error, EXIT_CODE_USAGE);
    assert_false(options.common.help);
    assert_refused(parse("--?", &line, &options, &error), &error, EXIT_CODE_USAGE);
    assert_false(options.common.help);
}

static void test_error_names_the_cause(void **state)
{
    static const struct {
        const char *line;
        const char *message;
    } CASES[] = {
        {"--unknown", "unknown or ambiguous option --unknown"},
        {"--unknown=secret", "unknown or ambiguous option --unknown"},
        {"-y", "unknown option -y"},
        {"-ly", "unknown option -y"},
        {"--force -yl", "unknown option -y"},
        {"operand --force -yl", "unknown option -y"},
        {"-:", "unknown option -:"},
        {"--file", "option --file needs an argument"},
        {"-f", "option -f needs an argument"},
        {"-lf", "option -f needs an argument"},
        {"--force -f", "option -f needs an argument"},
        {"--force=yes", "option --force takes no argument"},
        {"--force=yes operand", "option --force takes no argument"},
        {"--store=", "option --store takes postgres or dynamodb, not \"\""},
        {"--store=post", "option --store takes postgres or dynamodb, not \"post\""},
        {"--store=dynamodb2", "option --store takes postgres or dynamodb, not \"dynamodb2\""},
        {"--invalid=guess", "option --invalid takes refuse or replace, not \"guess\""},
        {"-j 0", "option --jobs takes a number from 1 to 64, not \"0\""},
        {"--jobs 65", "option --jobs takes a number from 1 to 64, not \"65\""},
        {"--wait-for-a-very-long-time=x",
         "option --wait-for-a-very-long-time takes a time, not \"x\""},
        {"--log-format=xml", "option --log-format takes text or json, not \"xml\""},
        {"-n bad", "bad name"},
        {"--look --mode", "options --look and --mode exclude each other"},
        {"--mode -fout -l", "options --mode and --look exclude each other"},
        {"--progress --no-progress", "options --progress and --no-progress exclude each other"},
        {"--to=a --to=b", "option --to is given twice"},
        {"-ta operand --to a", "option --to is given twice"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Line line;
        Options options;
        Error error;

        assert_refused(parse(CASES[i].line, &line, &options, &error), &error, EXIT_CODE_USAGE);
        assert_string_equal(error.message, CASES[i].message);
    }
}

static void test_what_is_repeated_without_contradiction_is_taken(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("-l --look --force --force -fa --file=b -j2 -j3 -na -nb --to=c", &line,
                      &options, &error),
                &error);
    assert_int_equal(options.mode, MODE_LOOK);
    assert_string_equal(options.file, "b");
    assert_int_equal(options.jobs, 3);
    assert_string_equal(options.names, "a b ");
    assert_string_equal(options.place, "c");
}

static void test_words_are_listed_as_a_sentence(void **state)
{
    Error error = {0};
    size_t index;

    (void)state;
    assert_done(option_word("-x", "c", "a b c", &index, &error), &error);
    assert_int_equal(index, 2);
    assert_refused(option_word("-x", "a b", "a b c", &index, &error), &error, EXIT_CODE_USAGE);
    assert_string_equal(error.message, "option -x takes a, b or c, not \"a b\"");
    assert_refused(option_word("-x", "b", "a", &index, &error), &error, EXIT_CODE_USAGE);
    assert_string_equal(error.message, "option -x takes a, not \"b\"");
}

/* The format of messages while the options before --log-format are parsed. */
static void test_log_format_comes_first_wherever_it_stands(void **state)
{
    static const char *const LINES[] = {
        "--log-format=json --unknown",
        "--unknown --log-format json",
        "-y operand --log-format=json",
        "--file=x --force=yes --log-f=json",
        "-n bad --log-format text --log-format json",
    };
    Line line;
    Options options;
    Error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(LINES); i++) {
        message_set_json(false);
        assert_refused(parse(LINES[i], &line, &options, &error), &error, EXIT_CODE_USAGE);
        assert_true(message_is_json());
    }
    message_set_json(false);
    /* After "--" it is an operand; as another option's argument it is just that. */
    assert_done(parse("-- --log-format=json", &line, &options, &error), &error);
    assert_false(message_is_json());
    assert_done(parse("--file --log-format=json", &line, &options, &error), &error);
    assert_false(message_is_json());
}

static void test_other_options_are_taken_once(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("-n a --log-format=text -n b", &line, &options, &error), &error);
    assert_string_equal(options.names, "a b ");
}

static void test_see_gets_options_as_written(void **state)
{
    Line line;
    Options options;
    Error error;

    (void)state;
    assert_done(parse("-lf x --log-format=text --fo -n a --name b", &line, &options, &error),
                &error);
    assert_string_equal(options.seen,
                        "-look  -file x --log-format text --force  -name a --name b ");
    assert_refused(parse("--force --change -l", &line, &options, &error), &error, EXIT_CODE_USAGE);
    assert_string_equal(error.message, "no change");
    assert_string_equal(options.seen, "--force  ");
}

static void test_help_has_80_columns(void **state)
{
    char *help = printed_by(option_table_help);
    char *rest = help;
    char *text;

    (void)state;
    assert_ptr_equal(strstr(help, "Usage:\n  test [OPTION]... [FILE]\n\nOwn options:\n"), help);
    assert_contains(help, "\n      --force                replace a file\n");
    assert_contains(help, "\n  -f, --file=FILE            the file\n");
    assert_contains(help, "\n      --invalid=ACTION       refuse, or\n"
                          "                             replace\n");
    assert_contains(help, "\n      --wait-for-a-very-long-time=T\n"
                          "                             a time\n");
    assert_contains(help, "at most 64\n"
                          "      --limit=NUM\n"
                          "      --units=NUM            a limit, or units\n");
    assert_contains(help, "\n      --skip                 skip all\n"
                          "      --skip=NAME            skip one\n");
    assert_contains(help, "\n\nConnection options:\n  -d, --dbname=DBNAME ");
    assert_contains(help, "\n  -?, --help                 print this help, then exit\n"
                          "\nExample:\n  test\n");
    assert_lacks(help, "internal");
    assert_lacks(help, "list-options");
    while ((text = strsep(&rest, "\n")) != NULL) {
        assert_in_range(strlen(text), 0, 80);
        assert_true(text[0] == '\0' || text[strlen(text) - 1] != ' ');
    }
    free(help);
}

static void test_list_is_for_programs(void **state)
{
    char *list = printed_by(option_table_list);
    char *rest = list;
    char *text;

    (void)state;
    assert_ptr_equal(strstr(list, "commands\tup down\noperands\tFILES -- COMMANDS\n"), list);
    assert_contains(list, "\noption\tOwn options\tforce\t\t\t\treplace a file\t\n");
    assert_contains(list, "\noption\tOwn options\tfile\tf\tFILE\tFILES\tthe file\t\n");
    assert_contains(
        list, "\noption\tOwn options\tinvalid\t\tACTION\trefuse replace\trefuse, or replace\t\n");
    assert_contains(list, "\noption\tOwn options\tname\tn\tNAME\ta b c\ta name\trepeats\n");
    assert_contains(list, "\noption\tOwn options\tlimit\t\tNUM\t\ta limit, or units\t\n");
    assert_contains(list, "\noption\tOwn options\tunits\t\tNUM\t\ta limit, or units\t\n");
    assert_contains(list, "\noption\tMessages\thelp\t?\t\t\tprint this help, then exit\t\n");
    assert_lacks(list, "internal");
    assert_lacks(list, "list-options");
    while ((text = strsep(&rest, "\n")) != NULL) {
        size_t tabs = 0;

        for (const char *p = text; *p != '\0'; p++) {
            tabs += *p == '\t';
        }
        assert_int_equal(tabs, strncmp(text, "option\t", 7) == 0 ? 7 : text[0] != '\0');
    }
    free(list);
}

/* The pass for log-format alone must not move operands: an operand would be taken for a missing
 * argument. */
static void test_leading_operand_is_not_an_argument(void **state)
{
    Options options;
    Error error = {0};
    Line line;

    (void)state;
    assert_false(parse("up --file", &line, &options, &error));
    assert_int_equal(error.code, EXIT_CODE_USAGE);
    assert_contains(error.message, "--file needs an argument");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leading_operand_is_not_an_argument),
        cmocka_unit_test(test_options_go_to_their_members),
        cmocka_unit_test(test_the_last_one_counts_and_handlers_see_each),
        cmocka_unit_test(test_an_optional_argument_follows_an_equals_sign),
        cmocka_unit_test(test_operands_stand_anywhere),
        cmocka_unit_test(test_abbreviations_are_taken_unless_ambiguous),
        cmocka_unit_test(test_question_mark_asks_for_help),
        cmocka_unit_test(test_error_names_the_cause),
        cmocka_unit_test(test_what_is_repeated_without_contradiction_is_taken),
        cmocka_unit_test(test_words_are_listed_as_a_sentence),
        cmocka_unit_test(test_log_format_comes_first_wherever_it_stands),
        cmocka_unit_test(test_other_options_are_taken_once),
        cmocka_unit_test(test_see_gets_options_as_written),
        cmocka_unit_test(test_help_has_80_columns),
        cmocka_unit_test(test_list_is_for_programs),
    };

    return cmocka_run_group_tests_name("option_table", tests, NULL, NULL);
}
