/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks for a password on the terminal.
 */
#ifndef COMMON_CLI_PASSWORD_H
#define COMMON_CLI_PASSWORD_H

#include "common/base/error.h"

/* Asks on the controlling terminal, without echo.  Returns malloced text; free it with
 * password_free.  NULL with the error set when there is no terminal. */
char *password_ask(Error *error);

/* Wipes and frees.  Takes NULL. */
void password_free(char *password);

#endif
