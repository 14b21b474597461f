/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/profile_credentials.h"

#include "common/aws/metadata.h"
#include "common/aws/process_credentials.h"
#include "common/aws/profile.h"
#include "common/aws/role.h"
#include "common/base/buffer.h"

#include <stdlib.h>
#include <string.h>

/* The settings of a profile. */
enum {
    KEY,
    SECRET,
    TOKEN,
    ROLE,
    SOURCE_PROFILE,
    CREDENTIAL_SOURCE,
    EXTERNAL_ID,
    SESSION_NAME,
    IDENTITY_TOKEN_FILE,
    PROCESS,
    FIRST_UNSUPPORTED, /* settings of unsupported providers */
    PROFILE_SETTINGS = FIRST_UNSUPPORTED + 3
};

/* Longest chain of source_profile settings. */
enum { LONGEST_CHAIN = 8 };

typedef struct Profile {
    const char *name;
    AwsSetting settings[PROFILE_SETTINGS];
    bool exists;
} Profile;

static const char *value_of(const Profile *profile, size_t setting)
{
    return profile->settings[setting].value;
}

static bool read_profile(const char *name, Profile *profile, Error *error)
{
    static const char *const NAMES[PROFILE_SETTINGS] = {"aws_access_key_id",
                                                        "aws_secret_access_key",
                                                        "aws_session_token",
                                                        "role_arn",
                                                        "source_profile",
                                                        "credential_source",
                                                        "external_id",
                                                        "role_session_name",
                                                        "web_identity_token_file",
                                                        "credential_process",
                                                        "mfa_serial",
                                                        "sso_session",
                                                        "sso_start_url"};
    bool in_credentials = false;
    bool in_config = false;
    bool done;

    *profile = (Profile){.name = name};
    for (size_t i = 0; i < PROFILE_SETTINGS; i++) {
        profile->settings[i].name = NAMES[i];
    }
    done = aws_profile_read(AWS_FILE_CREDENTIALS, name, profile->settings, PROFILE_SETTINGS,
                            &in_credentials, error) &&
           aws_profile_read(AWS_FILE_CONFIG, name, profile->settings, PROFILE_SETTINGS, &in_config,
                            error);
    profile->exists = in_credentials || in_config;
    return done;
}

static bool check_supported(const Profile *profile, Error *error)
{
    for (size_t i = FIRST_UNSUPPORTED; i < PROFILE_SETTINGS; i++) {
        if (profile->settings[i].value != NULL) {
            error_set(error, EXIT_CODE_REFUSED,
                      "profile \"%s\" gets its credentials through %s, which is not supported",
                      profile->name, profile->settings[i].name);
            return error_hint(error,
                              "Let another profile get them: credential_process = aws configure "
                              "export-credentials --profile %s --format process. Or put temporary "
                              "ones into the environment: eval \"$(aws configure "
                              "export-credentials --profile %s --format env)\".",
                              profile->name, profile->name);
        }
    }
    return true;
}

static bool copy_keys(const Profile *profile, AwsCredentials *credentials, Error *error)
{
    Buffer source = {0};
    bool done = buffer_append_format(&source, error, "profile \"%s\"", profile->name) &&
                aws_credentials_set(credentials, value_of(profile, KEY), value_of(profile, SECRET),
                                    value_of(profile, TOKEN), buffer_string(&source), error);

    buffer_free(&source);
    return done;
}

static bool has_keys(const Profile *profile)
{
    return value_of(profile, KEY) != NULL && value_of(profile, SECRET) != NULL;
}

static bool no_credentials(const Profile *profile, Error *error)
{
    return error_set(error, EXIT_CODE_REFUSED,
                     profile->exists ? "profile \"%s\" has no credentials"
                                     : "there is no profile \"%s\"",
                     profile->name);
}

static bool find_in_profile(HttpClient *client, const char *name, unsigned depth,
                            AwsCredentials *credentials, bool *found, Error *error);

/* Credentials from the provider that credential_source names. */
static bool find_in_source(HttpClient *client, const Profile *profile, AwsCredentials *credentials,
                           bool *found, Error *error)
{
    const char *source = value_of(profile, CREDENTIAL_SOURCE);

    if (strcmp(source, "Environment") == 0) {
        return aws_environment_credentials(credentials, found, error);
    }
    if (strcmp(source, "EcsContainer") == 0) {
        return aws_container_credentials(client, credentials, found, error);
    }
    if (strcmp(source, "Ec2InstanceMetadata") == 0) {
        return aws_instance_credentials(client, credentials, found, error);
    }
    return error_set(error, EXIT_CODE_REFUSED,
                     "profile \"%s\" has the unknown credential_source \"%s\"", profile->name,
                     source);
}

/* Credentials with which to assume the profile's role. */
static bool find_source(HttpClient *client, const Profile *profile, unsigned depth,
                        AwsCredentials *source, Error *error)
{
    const char *other = value_of(profile, SOURCE_PROFILE);
    bool found = false;
    bool done;

    if (other == NULL && value_of(profile, CREDENTIAL_SOURCE) == NULL) {
        return error_set(error, EXIT_CODE_REFUSED,
                         "profile \"%s\" has a role_arn, but neither source_profile nor "
                         "credential_source nor web_identity_token_file",
                         profile->name);
    }
    if (other != NULL && strcmp(other, profile->name) == 0 && has_keys(profile)) {
        return copy_keys(profile, source, error);
    }
    done = other != NULL ? find_in_profile(client, other, depth + 1, source, &found, error)
                         : find_in_source(client, profile, source, &found, error);
    return done &&
           (found || error_set(error, EXIT_CODE_REFUSED,
                               "profile \"%s\": there are no credentials to assume its role",
                               profile->name));
}

static bool assume_role(HttpClient *client, const Profile *profile, unsigned depth,
                        AwsCredentials *credentials, Error *error)
{
    AwsRole role = {.arn = value_of(profile, ROLE),
                    .session_name = value_of(profile, SESSION_NAME),
                    .external_id = value_of(profile, EXTERNAL_ID),
                    .token_file = value_of(profile, IDENTITY_TOKEN_FILE)};
    AwsCredentials source = {0};
    bool done = true;

    if (role.token_file == NULL) {
        role.source = &source;
        done = find_source(client, profile, depth, &source, error);
    }
    done = done && aws_role_assume(client, &role, credentials, error);
    aws_credentials_free(&source);
    return done;
}

static bool find_in_profile(HttpClient *client, const char *name, unsigned depth,
                            AwsCredentials *credentials, bool *found, Error *error)
{
    Profile profile;
    bool done = read_profile(name, &profile, error);

    *found = false;
    if (done && depth > LONGEST_CHAIN) {
        done = error_set(error, EXIT_CODE_REFUSED,
                         "profile \"%s\": its chain of source_profile settings is too long", name);
    } else if (done && value_of(&profile, ROLE) != NULL) {
        *found = true;
        done = check_supported(&profile, error) &&
               assume_role(client, &profile, depth, credentials, error);
    } else if (done && has_keys(&profile)) {
        *found = true;
        done = copy_keys(&profile, credentials, error);
    } else if (done && value_of(&profile, PROCESS) != NULL) {
        *found = true;
        done = aws_process_credentials(name, value_of(&profile, PROCESS), credentials, error);
    } else if (done) {
        done = check_supported(&profile, error);
    }
    if (done && !*found && (depth > 0 || aws_profile_is_named())) {
        done = no_credentials(&profile, error);
    }
    aws_settings_free(profile.settings, PROFILE_SETTINGS);
    return done;
}

bool aws_profile_credentials(HttpClient *client, AwsCredentials *credentials, bool *found,
                             Error *error)
{
    return find_in_profile(client, aws_profile_name(), 0, credentials, found, error);
}
