/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The staging token of a branch's row: whether it can name the partition of its objects.
 */
#ifndef EXPORT_LEGACY_BRANCH_TOKEN_H
#define EXPORT_LEGACY_BRANCH_TOKEN_H

#include <stdbool.h>

#include "common/base/error.h"
#include "export/legacy/repositories.h"
#include "export/legacy/source_row.h"

/* Adds the token of a branch of `repository`: `token` as it is in the database, `text` as valid
 * UTF-8.  Refuses the row if the partition is another one's, or if a repository that is exported
 * would share it with one that is not. */
bool branch_token_add(SourceRow *row, Repositories *repositories, const Repository *repository,
                      Slice token, const char *text, Error *error);

#endif
