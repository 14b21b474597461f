/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches the branch protection rules of all repositories: in parallel, and before anything is
 * written, so that failures come early.
 */
#ifndef EXPORT_LEGACY_RULES_H
#define EXPORT_LEGACY_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "export/legacy/repositories.h"
#include "export/options.h"

typedef struct RulesItem RulesItem;

/* Repositories whose rules to fetch.  {0} is an empty list; end with rules_free. */
typedef struct RulesList {
    RulesItem *items;
    size_t count;
    size_t capacity;
} RulesList;

/* Adds a repository, whose `rules` rules_fetch fills in.  The namespace is copied. */
bool rules_add(RulesList *list, Repository *repository, const char *storage_namespace,
               Error *error);

/* Fetches the rules of all repositories in the list, with as many threads as there are jobs.  Fails
 * with the first failure. */
bool rules_fetch(const RulesList *list, const ExportOptions *options, Error *error);

void rules_free(RulesList *list);

#endif
