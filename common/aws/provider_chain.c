#include "common/aws/credentials.h"

#include "common/aws/metadata.h"
#include "common/aws/profile.h"
#include "common/aws/profile_credentials.h"
#include "common/aws/role.h"
#include "common/base/buffer.h"
#include "common/base/environment.h"

#include <stdlib.h>
#include <string.h>

static bool copy_text(const char *text, char **copy, Error *error)
{
    *copy = text == NULL ? NULL : strdup(text);
    return text == NULL || *copy != NULL || error_out_of_memory(error);
}

bool aws_credentials_set(AwsCredentials *credentials, const char *access_key_id,
                         const char *secret_access_key, const char *session_token,
                         const char *source, Error *error)
{
    return copy_text(access_key_id, &credentials->access_key_id, error) &&
           copy_text(secret_access_key, &credentials->secret_access_key, error) &&
           copy_text(session_token, &credentials->session_token, error) &&
           copy_text(source, &credentials->source, error);
}

bool aws_environment_credentials(AwsCredentials *credentials, bool *found, Error *error)
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
    return aws_credentials_set(credentials, key, secret, environment_variable("AWS_SESSION_TOKEN"),
                               "the environment", error);
}

/* As pods of EKS get them. */
static bool from_web_identity(HttpClient *client, AwsCredentials *credentials, bool *found,
                              Error *error)
{
    AwsRole role = {.arn = environment_variable("AWS_ROLE_ARN"),
                    .session_name = environment_variable("AWS_ROLE_SESSION_NAME"),
                    .token_file = environment_variable("AWS_WEB_IDENTITY_TOKEN_FILE")};

    *found = role.token_file != NULL;
    if (!*found) {
        return true;
    }
    if (role.arn == NULL) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN");
    }
    return aws_role_assume(client, &role, credentials, error);
}

bool aws_credentials_find(HttpClient *client, AwsCredentials *credentials, Error *error)
{
    bool found = false;

    *credentials = (AwsCredentials){0};
    if (!aws_environment_credentials(credentials, &found, error) ||
        (!found && !from_web_identity(client, credentials, &found, error)) ||
        (!found && !aws_profile_credentials(client, credentials, &found, error)) ||
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

bool aws_credentials_are_in(const AwsCredentials *credentials, const char *text)
{
    return strstr(text, credentials->access_key_id) != NULL ||
           strstr(text, credentials->secret_access_key) != NULL ||
           (credentials->session_token != NULL && strstr(text, credentials->session_token) != NULL);
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
    if (!aws_profile_read(AWS_FILE_CONFIG, aws_profile_name(), &setting, 1, &found, error)) {
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
