/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials that a program of the user's prints: credential_process of a profile.  Part of
 * common/aws/provider_chain.h.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Process credential provider": a JSON object on
 * standard output with Version (1), AccessKeyId, SecretAccessKey, SessionToken and Expiration, of
 * which the last two may be missing.  The command is run by the shell, as by AWS's SDK for Go,
 * which lakeFS uses.
 */
#ifndef COMMON_AWS_PROCESS_CREDENTIALS_H
#define COMMON_AWS_PROCESS_CREDENTIALS_H

#include <stdbool.h>

#include "common/aws/credentials.h"
#include "common/base/error.h"

/* Runs the command and fills the credentials, which the caller frees even after a failure.  What
 * the command writes to standard error is a warning, or the error's detail.  EXIT_CODE_REFUSED
 * when it fails, or what it prints are no valid credentials; nothing of its output is part of a
 * message. */
bool aws_process_credentials(const char *profile, const char *command, AwsCredentials *credentials,
                             Error *error);

#endif
