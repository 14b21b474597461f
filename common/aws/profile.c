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

/* Tells whether a "[...]" line starts the profile.  In the config file all profiles but the default
 * one have the word "profile" before their name; other words start other kinds of sections. */
static bool begins_profile(AwsFile file, const char *profile, char *line)
{
    static const char WORD[] = "profile";
    char *end = strchr(line, ']');
    char *name;

    if (end == NULL) {
        return false;
    }
    *end = '\0';
    name = trim(line + 1);
    if (file == AWS_FILE_CONFIG && strncmp(name, WORD, sizeof WORD - 1) == 0 &&
        isspace((unsigned char)name[sizeof WORD - 1])) {
        name = trim(name + sizeof WORD);
    } else if (file == AWS_FILE_CONFIG && strcmp(name, DEFAULT_PROFILE) != 0) {
        return false;
    }
    return strcmp(name, profile) == 0;
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

static bool read_lines(FILE *stream, AwsFile file, const char *profile, AwsSetting *settings,
                       size_t count, bool *found, Error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    bool inside = false;
    bool done = true;

    while (done && getline(&line, &capacity, stream) >= 0) {
        /* An indented line belongs to the setting above it. */
        bool nested = isspace((unsigned char)line[0]);
        char *text = trim(line);

        if (text[0] == '[') {
            inside = begins_profile(file, profile, text);
            *found = *found || inside;
        } else if (inside && !nested && text[0] != '#' && text[0] != ';') {
            done = read_setting(text, settings, count, error);
        }
    }
    if (line != NULL) {
        explicit_bzero(line, capacity);
    }
    free(line);
    return done;
}

static bool read_profile_file(const char *path, bool is_named, AwsFile file, const char *profile,
                              AwsSetting *settings, size_t count, bool *found, Error *error)
{
    FILE *stream = fopen(path, "re");
    bool done;

    if (stream == NULL && !is_named && (errno == ENOENT || errno == ENOTDIR)) {
        return true;
    }
    errno = stream == NULL ? errno : 0;
    done = stream != NULL && read_lines(stream, file, profile, settings, count, found, error);
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

bool aws_profile_read(AwsFile file, const char *profile, AwsSetting *settings, size_t count,
                      bool *found, Error *error)
{
    const char *named = environment_variable(FILES[file].variable);
    const char *home = environment_variable("HOME");
    Buffer path = {0};
    bool done;

    *found = false;
    if (named != NULL) {
        return read_profile_file(named, file == AWS_FILE_CREDENTIALS, file, profile, settings,
                                 count, found, error);
    }
    if (home == NULL) {
        return true;
    }
    done = buffer_append_format(&path, error, "%s/%s", home, FILES[file].path) &&
           read_profile_file(buffer_string(&path), false, file, profile, settings, count, found,
                             error);
    buffer_free(&path);
    return done;
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
