/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/upgrade.h"

#include "common/config/upgrade_report.h"
#include "common/config/upgrade_rules.h"
#include "common/config/upgrade_values.h"
#include "common/config/yaml_edit.h"
#include "common/config/yaml_scalar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool config_upgrade_version(const char *text, int64_t *version)
{
    unsigned major;
    unsigned minor;
    unsigned patch = 0;
    int size = 0;

    *version = LAKEFS_RELEASE(999, 0, 0);
    if (strcmp(text, "latest") == 0) {
        return true;
    }
    text += *text == 'v' ? 1 : 0;
    if (sscanf(text, "%3u.%3u%n.%3u%n", &major, &minor, &size, &patch, &size) < 2 ||
        text[size] != '\0' || strspn(text, "0123456789.") != strlen(text)) {
        return false;
    }
    *version = LAKEFS_RELEASE(major, minor, patch);
    return true;
}

/* Correcting ----------------------------------------------------------------------------------- */

/* Finds a pair by its path, its last part in whatever section has it, but not behind an alias. */
static bool find_pair(YamlText *yaml, yaml_node_t *mapping, const char *path, YamlPair *pair)
{
    for (size_t size = strlen(path); size > 0;) {
        if (yaml_text_find(yaml, mapping, path, size, pair) &&
            (path[size] == '\0' ||
             (pair->value->type == YAML_MAPPING_NODE && yaml_text_is_here(pair) &&
              find_pair(yaml, pair->value, path + size + 1, pair)))) {
            return true;
        }
        do {
            size--;
        } while (size > 0 && path[size] != '.');
    }
    return false;
}

static bool is_empty(const yaml_node_t *value)
{
    return value->type == YAML_SCALAR_NODE && yaml_text_scalar(value)[0] == '\0';
}

/* Renames a key within its mapping, moves it into a section of that, or removes it where there is
 * the new one.  A new one that says nothing goes first, and the next round does the rest. */
static bool replace_key(YamlText *yaml, const Problem *problem, bool *done, Error *error)
{
    const char *replacement = upgrade_replacement(problem->rule, yaml);
    const char *rest = replacement;
    size_t size = strlen(problem->section);
    char section[PROBLEM_PATH_SIZE];
    const char *dot;
    YamlPair there;

    if (replacement == NULL || upgrade_has_content(yaml, replacement) ||
        yaml_text_is_null(problem->pair.value) ||
        (upgrade_is_set(yaml, replacement) && is_empty(problem->pair.value))) {
        return yaml_edit_remove(yaml, &problem->pair, done, error);
    }
    if (find_pair(yaml, yaml_text_root(yaml), replacement, &there)) {
        return yaml_edit_remove(yaml, &there, done, error);
    }
    if (upgrade_is_set(yaml, replacement)) {
        return true;
    }
    if (size > 0) {
        rest += size + 1;
    }
    dot = strchr(rest, '.');
    if (dot == NULL || strchr(yaml_text_scalar(problem->pair.key), '.') != NULL) {
        return yaml_edit_replace(yaml, problem->pair.key, rest, done, error);
    }
    snprintf(section, sizeof section, "%.*s", (int)(dot - rest), rest);
    return yaml_edit_move(yaml, &problem->pair, section, dot + 1, done, error);
}

/* A type that is empty, or is not there. */
static bool set_type(YamlText *yaml, const Problem *problem, bool *done, Error *error)
{
    yaml_node_t *root = yaml_text_root(yaml);
    YamlPair pair;

    if (root != NULL && find_pair(yaml, root, problem->path, &pair) &&
        !yaml_text_is_null(pair.value)) {
        return !yaml_text_is_here(&pair) ||
               yaml_edit_replace(yaml, pair.value, "\"postgres\"", done, error);
    }
    return yaml_edit_add(yaml, problem->path, "postgres", done, error);
}

static bool correct(YamlText *yaml, const Problem *problem, bool *done, Error *error)
{
    *done = false;
    switch (problem->kind) {
    case PROBLEM_DUPLICATE:
        return yaml_edit_remove(yaml, &problem->pair, done, error);
    case PROBLEM_BOOLEAN:
        return yaml_edit_replace(
            yaml, problem->pair.value,
            yaml_scalar_boolean(yaml_text_scalar(problem->pair.value)) == YAML_TRUE ? "true"
                                                                                    : "false",
            done, error);
    case PROBLEM_DATE:
    case PROBLEM_NUMBER:
        return yaml_edit_quote(yaml, problem->pair.value, done, error);
    case PROBLEM_RULE:
        return replace_key(yaml, problem, done, error);
    case PROBLEM_TYPE:
        return set_type(yaml, problem, done, error);
    case PROBLEM_PATH:
        return yaml_edit_add(yaml, problem->path, OLD_BLOCKSTORE_PATH, done, error);
    case PROBLEM_CASE:
    case PROBLEM_CONFLICT:
    case PROBLEM_ALIAS:
    case PROBLEM_STORE:
    case PROBLEM_REQUIRED:
    case PROBLEM_ENDPOINT:
        break;
    }
    return true;
}

static bool restore(YamlText *yaml, Buffer *before, Error *error)
{
    Buffer changed = yaml->text;

    yaml->text = *before;
    *before = changed;
    return yaml_text_parse(yaml, error);
}

/* Corrects a problem, and finds those that are left.  A change that does not help is taken back. */
static bool correct_one(YamlText *yaml, Problems *problems, size_t number, int64_t version,
                        bool *done, Error *error)
{
    size_t count = problems->count;
    Buffer before = {0};
    bool good = buffer_append(&before, yaml->text.data, yaml->text.size, error) &&
                correct(yaml, &problems->items[number], done, error) &&
                problems_find(problems, yaml, version, error);

    if (good && *done && problems->count >= count && yaml->text.size >= before.size) {
        *done = false;
        good = restore(yaml, &before, error) && problems_find(problems, yaml, version, error);
    }
    buffer_wipe(&before);
    return good;
}

/* One problem after the other; those that cannot be corrected stay at the front. */
static bool correct_all(YamlText *yaml, Problems *problems, int64_t version, Error *error)
{
    size_t next = 0;

    if (!problems_find(problems, yaml, version, error)) {
        return false;
    }
    while (next < problems->count) {
        bool done = false;

        if (!correct_one(yaml, problems, next, version, &done, error)) {
            return false;
        }
        next += done ? 0 : 1;
    }
    return true;
}

static bool has_windows_lines(Slice text)
{
    const uint8_t *end = text.size == 0 ? NULL : memchr(text.data, '\n', text.size);

    return end != NULL && end > text.data && end[-1] == '\r';
}

/* Lines that were added end as the first line of the original does. */
static bool append_lines(Buffer *lines, Slice text, Slice original, Error *error)
{
    bool windows = has_windows_lines(original);
    bool done = true;

    while (done && text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end == NULL ? text.size : (size_t)(end - text.data);

        done = buffer_append(lines, text.data, size, error) &&
               (end == NULL ||
                buffer_append_text(lines, windows && (size == 0 || end[-1] != '\r') ? "\r\n" : "\n",
                                   error));
        size += end == NULL ? 0 : 1;
        text = slice_of(text.data + size, text.size - size);
    }
    return done;
}

bool config_upgrade(const char *name, Slice text, int64_t version, ConfigUpgrade *upgrade,
                    Error *error)
{
    YamlText found = {0};
    YamlText corrected = {0};
    Problems problems = {0};
    Problems left = {0};
    bool done =
        yaml_text_open(&found, name, text, error) &&
        yaml_text_open(&corrected, name, text, error) &&
        problems_find(&problems, &found, version, error) &&
        correct_all(&corrected, &left, version, error) &&
        upgrade_report(upgrade, &(UpgradeResult){&found, &problems, &corrected, &left, version},
                       error) &&
        append_lines(&upgrade->text, buffer_slice(&corrected.text), text, error);

    problems_free(&problems);
    problems_free(&left);
    yaml_text_close(&found);
    yaml_text_close(&corrected);
    return done;
}

static bool read_all(FILE *file, Buffer *text, Error *error)
{
    char block[4096];
    bool done = true;
    size_t got;

    while (done && (got = fread(block, 1, sizeof block, file)) > 0) {
        done = buffer_append(text, block, got, error);
    }
    explicit_bzero(block, sizeof block);
    return done;
}

static bool cannot_read(const char *name, Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "could not read configuration \"%s\": %s", name,
                     strerror(errno));
}

bool config_upgrade_stream(const char *name, FILE *file, int64_t version, ConfigUpgrade *upgrade,
                           Error *error)
{
    Buffer text = {0};
    bool done = read_all(file, &text, error) && (!ferror(file) || cannot_read(name, error)) &&
                config_upgrade(name, buffer_slice(&text), version, upgrade, error);

    buffer_wipe(&text);
    return done;
}

bool config_upgrade_file(const char *path, int64_t version, ConfigUpgrade *upgrade, Error *error)
{
    FILE *file = fopen(path, "r");
    bool done = file == NULL ? cannot_read(path, error)
                             : config_upgrade_stream(path, file, version, upgrade, error);

    if (file != NULL) {
        fclose(file);
    }
    return done;
}

void config_upgrade_free(ConfigUpgrade *upgrade)
{
    words_free(&upgrade->corrected);
    words_free(&upgrade->open);
    buffer_wipe(&upgrade->text);
}
