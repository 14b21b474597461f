/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lakeFS's settings made into what programs use: a connection, and the variables of AWS.
 */
#ifndef COMMON_CONFIG_APPLY_H
#define COMMON_CONFIG_APPLY_H

#include <stdbool.h>

#include "common/base/error.h"
#include "common/base/words.h"
#include "common/config/settings.h"
#include "common/pg/options.h"

/*
 * Takes the database from one of lakeFS's connection strings, NULL for none, where no option names
 * it; host, port and user of the options beat those of the string.  EXIT_CODE_USAGE for a string
 * that cannot be parsed, or that holds another secret than the password.
 */
bool lakefs_apply_connection(const char *string, CommonOptions *options, Error *error);

/* Adds the variables (NAME=VALUE to set, NAME to unset) by which AWS's credentials are found as
 * lakeFS finds them for objects in S3, for its store in DynamoDB.  As in lakeFS, keys beat a
 * profile, and both beat what AWS's own variables say. */
bool lakefs_apply_s3(const LakefsSettings *settings, Words *variables, Error *error);
bool lakefs_apply_dynamodb(const LakefsSettings *settings, Words *variables, Error *error);

#endif
