/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --basic-auth-user: a second copy of a user and of one of his credentials, as the one user of
 * lakeFS's basic authentication.  A part of package auth, which passes it what it has written.
 */
#ifndef EXPORT_LEGACY_BASIC_AUTH_WRITER_H
#define EXPORT_LEGACY_BASIC_AUTH_WRITER_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/legacy/source_row.h"
#include "export/worker.h"

#include "auth.pb-c.h"

typedef struct BasicAuthWriter BasicAuthWriter;

/* Finds user and credential in the snapshot; see basic_auth_choose.  *writer is NULL if the option
 * is not given.  End with basic_auth_writer_free, also after a failure. */
bool basic_auth_writer_open(Worker *worker, BasicAuthWriter **writer, Error *error);

/* Write the copy if it is the user, or the credential.  Take NULL. */
bool basic_auth_write_user(BasicAuthWriter *writer, SourceRow *row, const Kv__UserData *data,
                           Error *error);
bool basic_auth_write_credential(BasicAuthWriter *writer, SourceRow *row, const char *user,
                                 const Kv__CredentialData *data, Error *error);

/* Whether both were written, once all rows have been read.  Takes NULL. */
bool basic_auth_writer_check(const BasicAuthWriter *writer, const Worker *worker, Error *error);

/* Takes NULL. */
void basic_auth_writer_free(void *writer);

#endif
