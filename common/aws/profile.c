/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/profile.h"

#include "common/base/buffer.h"
#include "common/base/environment.h"
#include "common/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How the two files differ. */
static const struct {
    const char *variable;
    const char *path; /* below the home directory */
} FILES[] = {[AWS_FILE_CREDENTIALS] = {"AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"},
             [AWS_FILE_CONFIG] = {"AWS_CONFIG_FILE", ".aws/config"}};

static const char DEFAULT_PROFILE[] = "default";
static const char PROFILE_WORD[] = "profile";

const char *aws_profile_name(void)
{
    return aws_profile_is_named() ? environment_variable("AWS_PROFILE") : DEFAULT_PROFILE;
}

bool aws_profile_is_named(void)
{
    return environment_variable("AWS_PROFILE") != NULL;
}

/* Strips white space from both ends. */
static char *trim(char *text)
{
    size_t size;

    while (isspace((unsigned char)*text)) {
        text++;
    }
    for (size = strlen(text); size > 0 && isspace((unsigned char)text[size - 1]); size--) {
        text[size - 1] = '\0';
    }
    return text;
}

/* Where the settings are. */
typedef struct Section {
    AwsFile file;
    const char *word;   /* "profile" or "services" */
    const char *name;   /* of the section */
    const char *parent; /* the setting in which they are nested; NULL: in none */
} Section;

/* Tells whether a "[...]" line starts the section.  In the config file all sections but the default
 * profile have a word for their kind before their name. */
static bool begins_section(const Section *section, char *line)
{
    size_t size = strlen(section->word);
    char *end = strchr(line, ']');
    char *name;

    if (end == NULL) {
        return false;
    }
    *end = '\0';
    name = trim(line + 1);
    if (section->file == AWS_FILE_CONFIG && strncmp(name, section->word, size) == 0 &&
        isspace((unsigned char)name[size])) {
        name = trim(name + size + 1);
    } else if (section->file == AWS_FILE_CONFIG &&
               (strcmp(section->word, PROFILE_WORD) != 0 || strcmp(name, DEFAULT_PROFILE) != 0)) {
        return false;
    }
    return strcmp(name, section->name) == 0;
}

/* Tells whether lines that are nested in this one have the settings. */
static bool is_parent(const Section *section, const char *line)
{
    size_t size = section->parent == NULL ? 0 : strlen(section->parent);

    return size > 0 && strncmp(line, section->parent, size) == 0 &&
           line[size + strspn(line + size, " \t")] == '=';
}

static bool read_setting(char *line, AwsSetting *settings, size_t count, Error *error)
{
    char *equals = strchr(line, '=');
    const char *name;

    if (equals == NULL) {
        return true;
    }
    *equals = '\0';
    name = trim(line);
    for (size_t i = 0; i < count; i++) {
        const char *value = trim(equals + 1);

        if (strcmp(name, settings[i].name) == 0 && settings[i].value == NULL && value[0] != '\0') {
            return text_copy(value, &settings[i].value, error);
        }
    }
    return true;
}

static bool read_lines(FILE *stream, const Section *section, AwsSetting *settings, size_t count,
                       bool *found, Error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    bool inside = false;
    bool in_parent = false;
    bool done = true;

    while (done && getline(&line, &capacity, stream) >= 0) {
        /* An indented line belongs to the setting above it. */
        bool nested = isspace((unsigned char)line[0]);
        char *text = trim(line);

        if (text[0] == '[') {
            inside = begins_section(section, text);
            in_parent = false;
            *found = *found || inside;
        } else if (inside && text[0] != '\0' && text[0] != '#' && text[0] != ';') {
            in_parent = nested ? in_parent : is_parent(section, text);
            done = nested != (section->parent != NULL) || (nested && !in_parent) ||
                   read_setting(text, settings, count, error);
        }
    }
    if (line != NULL) {
        explicit_bzero(line, capacity);
    }
    free(line);
    return done;
}

static bool read_path(const char *path, bool must_exist, const Section *section,
                      AwsSetting *settings, size_t count, bool *found, Error *error)
{
    FILE *stream = fopen(path, "re");
    bool done;

    if (stream == NULL && !must_exist && (errno == ENOENT || errno == ENOTDIR)) {
        return true;
    }
    errno = stream == NULL ? errno : 0;
    done = stream != NULL && read_lines(stream, section, settings, count, found, error);
    if (stream == NULL || (done && ferror(stream) != 0)) {
        done = errno == ENOMEM ? error_out_of_memory(error)
                               : error_set(error, EXIT_CODE_REFUSED, "could not read \"%s\": %s",
                                           path, strerror(errno));
    }
    if (stream != NULL) {
        fclose(stream);
    }
    return done;
}

static bool read_section(const Section *section, AwsSetting *settings, size_t count, bool *found,
                         Error *error)
{
    const char *named = environment_variable(FILES[section->file].variable);
    const char *home = environment_variable("HOME");
    Buffer path = {0};
    bool done;

    *found = false;
    if (named != NULL) {
        return read_path(named, section->file == AWS_FILE_CREDENTIALS, section, settings, count,
                         found, error);
    }
    if (home == NULL) {
        return true;
    }
    done = buffer_append_format(&path, error, "%s/%s", home, FILES[section->file].path) &&
           read_path(buffer_string(&path), false, section, settings, count, found, error);
    buffer_free(&path);
    return done;
}

bool aws_profile_read(AwsFile file, const char *profile, AwsSetting *settings, size_t count,
                      bool *found, Error *error)
{
    const Section section = {.file = file, .word = PROFILE_WORD, .name = profile};

    return read_section(&section, settings, count, found, error);
}

bool aws_services_read(const char *services, const char *service, AwsSetting *settings,
                       size_t count, Error *error)
{
    const Section section = {
        .file = AWS_FILE_CONFIG, .word = "services", .name = services, .parent = service};
    bool found;

    return read_section(&section, settings, count, &found, error);
}

void aws_settings_free(AwsSetting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (settings[i].value != NULL) {
            explicit_bzero(settings[i].value, strlen(settings[i].value));
        }
        free(settings[i].value);
        settings[i].value = NULL;
    }
}
