/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advice where the server denies something (SQLSTATE 42501): the statement that grants what is
 * missing.
 *
 * The server's message names the object, without its schema, and the statement that failed tells
 * the schema and the privilege.  A message in another language than English gets no advice.
 */
#ifndef COMMON_PG_DENIED_H
#define COMMON_PG_DENIED_H

#include <stdbool.h>

enum { DENIED_ADVICE_SIZE = 768 };

/* Writes the advice for the role `denied`; false if there is none. */
bool denied_advice(const char *message, const char *statement, const char *denied,
                   char advice[DENIED_ADVICE_SIZE]);

#endif
