#include "common/http/aws_credentials.h"

#include "common/base/buffer.h"
#include "common/base/environment.h"
#include "common/http/aws_metadata.h"
#include "common/http/aws_profile.h"

#include <stdlib.h>
#include <string.h>

static bool copy_text(const char *text, char **copy, Error *error)
{
    *copy = text == NULL ? NULL : strdup(text);
    return text == NULL || *copy != NULL || error_out_of_memory(error);
}

static bool from_environment(AwsCredentials *credentials, bool *found, Error *error)
{
    const char *key = environment_variable("AWS_ACCESS_KEY_ID");
    const char *secret = environment_variable("AWS_SECRET_ACCESS_KEY");

    *found = key != NULL && secret != NULL;
    if (!*found) {
        return (key == NULL && secret == NULL) ||
               error_set(error, EXIT_CODE_REFUSED, "%s is set, but not %s",
                         key != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                         key != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    }
    return copy_text(key, &credentials->access_key_id, error) &&
           copy_text(secret, &credentials->secret_access_key, error) &&
           copy_text(environment_variable("AWS_SESSION_TOKEN"), &credentials->session_token,
                     error) &&
           copy_text("the environment", &credentials->source, error);
}

/* What a profile may have; the first three are credentials, the others ways to get some. */
enum { KEY, SECRET, TOKEN, FIRST_OTHER_WAY, PROFILE_SETTINGS = 8 };

static void profile_settings(AwsSetting settings[PROFILE_SETTINGS])
{
    static const char *const NAMES[PROFILE_SETTINGS] = {
        "aws_access_key_id",  "aws_secret_access_key",
        "aws_session_token",  "role_arn",
        "sso_session",        "sso_start_url",
        "credential_process", "web_identity_token_file"};

    for (size_t i = 0; i < PROFILE_SETTINGS; i++) {
        settings[i] = (AwsSetting){.name = NAMES[i]};
    }
}

static bool other_way(const AwsSetting *settings, Error *error)
{
    for (size_t i = FIRST_OTHER_WAY; i < PROFILE_SETTINGS; i++) {
        if (settings[i].value != NULL) {
            error_set(error, EXIT_CODE_REFUSED,
                      "profile \"%s\" gets its credentials by %s, which is not known here",
                      aws_profile_name(), settings[i].name);
            return error_hint(error,
                              "Put temporary credentials into the environment: eval \"$(aws "
                              "configure export-credentials --profile %s --format env)\".",
                              aws_profile_name());
        }
    }
    return true;
}

static bool take_profile(AwsSetting *settings, AwsCredentials *credentials, Error *error)
{
    Buffer source = {0};
    bool done = buffer_append_format(&source, error, "profile \"%s\"", aws_profile_name()) &&
                buffer_text(&source, error) != NULL &&
                copy_text((const char *)source.data, &credentials->source, error) &&
                copy_text(settings[KEY].value, &credentials->access_key_id, error) &&
                copy_text(settings[SECRET].value, &credentials->secret_access_key, error) &&
                copy_text(settings[TOKEN].value, &credentials->session_token, error);

    buffer_free(&source);
    return done;
}

static bool from_profile(AwsCredentials *credentials, bool *found, Error *error)
{
    AwsSetting settings[PROFILE_SETTINGS];
    bool in_credentials = false;
    bool in_config = false;
    bool done;

    profile_settings(settings);
    *found = false;
    done = aws_profile_read(AWS_FILE_CREDENTIALS, settings, PROFILE_SETTINGS, &in_credentials,
                            error) &&
           aws_profile_read(AWS_FILE_CONFIG, settings, PROFILE_SETTINGS, &in_config, error);
    if (done && settings[KEY].value != NULL && settings[SECRET].value != NULL) {
        *found = true;
        done = take_profile(settings, credentials, error);
    } else if (done) {
        done = other_way(settings, error);
    }
    if (done && !*found && aws_profile_is_named()) {
        done = error_set(error, EXIT_CODE_REFUSED,
                         in_credentials || in_config ? "profile \"%s\" has no credentials"
                                                     : "there is no profile \"%s\"",
                         aws_profile_name());
    }
    aws_settings_free(settings, PROFILE_SETTINGS);
    return done;
}

bool aws_credentials_find(HttpClient *client, AwsCredentials *credentials, Error *error)
{
    bool found = false;

    *credentials = (AwsCredentials){0};
    if (!from_environment(credentials, &found, error) ||
        (!found && !from_profile(credentials, &found, error)) ||
        (!found && !aws_container_credentials(client, credentials, &found, error)) ||
        (!found && !aws_instance_credentials(client, credentials, &found, error))) {
        aws_credentials_free(credentials);
        return false;
    }
    if (!found) {
        error_set(error, EXIT_CODE_REFUSED, "no credentials were found");
        return error_hint(error,
                          "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile "
                          "of ~/.aws/credentials by AWS_PROFILE.");
    }
    return true;
}

static bool equal_texts(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

bool aws_credentials_equal(const AwsCredentials *one, const AwsCredentials *other)
{
    return equal_texts(one->access_key_id, other->access_key_id) &&
           equal_texts(one->secret_access_key, other->secret_access_key) &&
           equal_texts(one->session_token, other->session_token);
}

bool aws_region_find(char **region, Error *error)
{
    AwsSetting setting = {.name = "region"};
    const char *value = environment_variable("AWS_REGION");
    bool found;

    *region = NULL;
    value = value != NULL ? value : environment_variable("AWS_DEFAULT_REGION");
    if (value != NULL) {
        return copy_text(value, region, error);
    }
    if (!aws_profile_read(AWS_FILE_CONFIG, &setting, 1, &found, error)) {
        aws_settings_free(&setting, 1);
        return false;
    }
    *region = setting.value;
    return true;
}

bool aws_region_is_valid(const char *region)
{
    static const char CHARACTERS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t size = strspn(region, CHARACTERS);

    return size > 0 && size < 64 && region[size] == '\0';
}

static void free_secret(char **text)
{
    if (*text != NULL) {
        explicit_bzero(*text, strlen(*text));
    }
    free(*text);
    *text = NULL;
}

void aws_credentials_free(AwsCredentials *credentials)
{
    free_secret(&credentials->access_key_id);
    free_secret(&credentials->secret_access_key);
    free_secret(&credentials->session_token);
    free_secret(&credentials->source);
}
