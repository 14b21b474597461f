/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection strings: separates the secret parts from those that anybody may see.
 */
#ifndef COMMON_PG_CONNINFO_H
#define COMMON_PG_CONNINFO_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct PgConninfo {
    char *public_part; /* keyword=value pairs without secrets; owned */
    char *password;    /* "" if there is none; owned */
    bool has_secrets;  /* the string contained a password or another secret */
    bool has_others;   /* it contained a secret other than the password, which is in neither part */
} PgConninfo;

/* Tells whether the text is a connection string rather than a database name.  Any text with "://"
 * counts as one, since as a database name it would be repeated in messages. */
bool pg_conninfo_is_string(const char *text);

/* Tells whether libpq would parse the text as a URI. */
bool pg_conninfo_is_uri(const char *text);

/* Appends keyword='value', quoted for libpq, after a space if `text` is not empty. */
bool pg_conninfo_append(Buffer *text, const char *keyword, const char *value, Error *error);

/* Checks a connection string; accepts any database name.  EXIT_CODE_USAGE, without the text, which
 * may contain a password, when libpq cannot parse it. */
bool pg_conninfo_check(const char *text, Error *error);

/* Splits a connection string.  A secret other than the password (sslpassword) is left out of both
 * parts: no environment variable can carry it, so it must come from a service file.  End with
 * pg_conninfo_free, also after a failure. */
bool pg_conninfo_split(const char *text, PgConninfo *conninfo, Error *error);

void pg_conninfo_free(PgConninfo *conninfo);

#endif
