/*
 * The files in which AWS's tools keep profiles: ~/.aws/credentials and ~/.aws/config, or those that
 * AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name.
 *
 * Source of their form: the AWS SDKs and Tools Reference Guide, "Shared config and credentials
 * files".
 */
#ifndef COMMON_AWS_PROFILE_H
#define COMMON_AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

typedef enum AwsFile { AWS_FILE_CREDENTIALS, AWS_FILE_CONFIG } AwsFile;

/* A setting that is looked for, and what was found: owned text, or NULL. */
typedef struct AwsSetting {
    const char *name;
    char *value;
} AwsSetting;

/* The name of the profile that is meant: AWS_PROFILE, or "default". */
const char *aws_profile_name(void);

/* Whether the environment names the profile. */
bool aws_profile_is_named(void);

/*
 * Reads settings of a profile.  A value that is set already stays; it is the caller's to free,
 * also after a failure.  *found: whether the file has the profile.  A file that is not there has
 * none; but one of credentials that the environment names is an error then, as is any file that
 * cannot be read (EXIT_CODE_REFUSED).
 */
bool aws_profile_read(AwsFile file, const char *profile, AwsSetting *settings, size_t count,
                      bool *found, Error *error);

/* Wipes and frees the values. */
void aws_settings_free(AwsSetting *settings, size_t count);

#endif
