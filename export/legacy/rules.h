/*
 * The branch protection rules of all repositories, fetched at the beginning of an export: several
 * at a time, and before anything is written, so that a failure comes early.
 */
#ifndef EXPORT_LEGACY_RULES_H
#define EXPORT_LEGACY_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "export/legacy/repositories.h"
#include "export/options.h"

typedef struct RulesItem RulesItem;

/* The repositories whose rules are to be fetched.  {0} is an empty list; end with rules_free. */
typedef struct RulesList {
    RulesItem *items;
    size_t count;
    size_t capacity;
} RulesList;

/* Notes a repository, whose `rules` are to be filled.  The namespace is copied. */
bool rules_add(RulesList *list, Repository *repository, const char *storage_namespace,
               Error *error);

/* Fetches the rules of all noted repositories, by as many threads as there are jobs.  False with
 * the first failure. */
bool rules_fetch(const RulesList *list, const ExportOptions *options, Error *error);

void rules_free(RulesList *list);

#endif
