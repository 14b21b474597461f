/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared files of AWS's tools: ~/.aws/credentials and ~/.aws/config, or those named by
 * AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
 */
#ifndef COMMON_AWS_PROFILE_H
#define COMMON_AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

typedef enum AwsFile { AWS_FILE_CREDENTIALS, AWS_FILE_CONFIG } AwsFile;

/* A setting to look for and the value found: owned, NULL if none. */
typedef struct AwsSetting {
    const char *name;
    char *value;
} AwsSetting;

/* The profile to use: AWS_PROFILE, or "default". */
const char *aws_profile_name(void);

/* Tells whether the environment names a profile. */
bool aws_profile_is_named(void);

/*
 * Reads settings of a profile.  Values that are already set are kept; the caller frees them, also
 * after a failure.  *found tells whether the file has the profile.  A missing file has none, unless
 * it is a credentials file named by the environment: that, and any file that cannot be read, is an
 * error (EXIT_CODE_REFUSED).
 */
bool aws_profile_read(AwsFile file, const char *profile, AwsSetting *settings, size_t count,
                      bool *found, Error *error);

/* Reads settings of a service, such as "s3", from the section [services NAME] of the config file,
 * where they are indented below "s3 =". As aws_profile_read. */
bool aws_services_read(const char *services, const char *service, AwsSetting *settings,
                       size_t count, Error *error);

/* Wipes and frees the values. */
void aws_settings_free(AwsSetting *settings, size_t count);

#endif
