/*
 * Connection strings: telling the secret parts from those that anybody may see.
 */
#ifndef COMMON_PG_CONNINFO_H
#define COMMON_PG_CONNINFO_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef struct PgConninfo {
    char *public_part; /* keyword=value pairs without secrets; owned */
    char *password;    /* "" where there is none; owned */
    bool has_secrets;  /* the text held a password, or another secret */
    bool has_others;   /* it held a secret other than the password, which is in neither part */
} PgConninfo;

/* Whether the text is a connection string, and not the name of a database.  What looks like a URI
 * of another kind is one, too, if a broken one: as a name it would be repeated in messages. */
bool pg_conninfo_is_string(const char *text);

/* Whether the text is a URI that libpq takes for one. */
bool pg_conninfo_is_uri(const char *text);

/* Appends keyword='value', quoted as libpq reads it, behind a blank where `text` is not empty. */
bool pg_conninfo_append(Buffer *text, const char *keyword, const char *value, Error *error);

/* Checks a connection string, or takes a database name as it is.  EXIT_CODE_USAGE for one that
 * libpq cannot parse, without its text, which may hold a password. */
bool pg_conninfo_check(const char *text, Error *error);

/* Splits it.  A secret other than the password (sslpassword) is left out of both parts: no variable
 * of the environment takes it, so it has to come from a service file.  End with pg_conninfo_free,
 * also after a failure. */
bool pg_conninfo_split(const char *text, PgConninfo *conninfo, Error *error);

void pg_conninfo_free(PgConninfo *conninfo);

#endif
