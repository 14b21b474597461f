/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one user of lakeFS's basic authentication, which is the default since lakeFS 1.33.0: chooses
 * him and one of his credentials among the users of a legacy database or a KV store.
 *
 * His two entries are copies of his own with other keys, see KV-MODEL.md, "What later versions
 * added".  The secret in them stays encrypted as it is.
 *
 *   basic_auth_begin; basic_auth_see for each user and credential; basic_auth_choose.
 */
#ifndef COMMON_STORE_BASIC_AUTH_H
#define COMMON_STORE_BASIC_AUTH_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/words.h"
#include "common/pg/connection.h"

/* Users who may be meant by the text USER[:ACCESS_KEY]: the colon may be part of the name. */
enum { BASIC_AUTH_WHOLE, BASIC_AUTH_BEFORE_COLON, BASIC_AUTH_CANDIDATES };

typedef struct BasicAuthCandidate {
    char *name;    /* owned; NULL: none */
    bool found;    /* there is such a user */
    Words key_ids; /* his access key ids */
} BasicAuthCandidate;

/* {0} is empty; end with basic_auth_free. */
typedef struct BasicAuth {
    BasicAuthCandidate candidates[BASIC_AUTH_CANDIDATES];
    const char *key_id_given; /* what follows the last colon; in `wanted` */
    const char *user;         /* chosen; in the candidates, like the next */
    const char *key_id;
} BasicAuth;

/* `wanted` must outlive it.  EXIT_CODE_USAGE for an empty name. */
bool basic_auth_begin(BasicAuth *basic, const char *wanted, Error *error);

/* Takes a user, or one of his credentials (NULL: none); ignores those who are not meant. */
bool basic_auth_see(BasicAuth *basic, const char *user, const char *key_id, Error *error);

/* Chooses; the text's meaning as USER:ACCESS_KEY goes first.  EXIT_CODE_REFUSED if there is no such
 * user, if he has no credential or not this one, or if he has several and none was named. */
bool basic_auth_choose(BasicAuth *basic, Error *error);

/* Sees what a query finds, whose rows are a user's name and the id of one of his credentials (null:
 * he has none), and chooses.  $1 and $2 are the names that may be meant; null: none. */
bool basic_auth_query(BasicAuth *basic, PgConnection *connection, const char *sql, Error *error);

/* All of this for the legacy tables in a schema, quoted, within the connection's transaction. */
bool basic_auth_find_legacy(BasicAuth *basic, const char *wanted, PgConnection *connection,
                            const char *schema, Error *error);

/* Appends names, separated by commas; of many only the first ones. */
enum { BASIC_AUTH_SHOWN = 10 };
bool basic_auth_append_names(const Words *names, Buffer *list, Error *error);

void basic_auth_free(BasicAuth *basic);

#endif
