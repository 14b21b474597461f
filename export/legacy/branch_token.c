/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/branch_token.h"

/* Remembers the branches whose tokens may become the same, under a partition that no entry has. */
static bool claim_token(SourceRow *row, const char *token, const char **other, Error *error)
{
    *other = NULL;
    return !source_has_replacement(slice_text(token)) ||
           source_claim_key(row, slice_text(""), slice_text(token), other, error);
}

static bool refuse_token(SourceRow *row, const char *token, Error *error)
{
    const char *other;

    if (!claim_token(row, token, &other, error)) {
        return false;
    }
    if (other == NULL) {
        return source_refused(
            row, error, "its staging token \"%s\" is the name of another partition of the KV store",
            token);
    }
    source_refused(row, error, "its staging token becomes \"%s\", as that of another branch does",
                   token);
    error_detail(error, "The other is %s.", other);
    return error_hint(error, "Nothing was migrated. Change one of the two, and its objects in "
                             "graveler_staging_kv, then run again.");
}

/* Whether a repository that is exported shares the token with one that is not. */
static bool is_shared(const Repositories *repositories, Slice token, const Repository *repository)
{
    const StagingToken *known = repositories_find_token(repositories, token);

    return known != NULL && known->chosen != repository->chosen;
}

bool branch_token_add(SourceRow *row, Repositories *repositories, const Repository *repository,
                      Slice token, const char *text, Error *error)
{
    const char *other;
    bool clash;
    bool is_new;

    if (is_shared(repositories, token, repository)) {
        source_refused(row, error,
                       "its staging token \"%s\" is that of a branch of another repository, too",
                       text);
        return error_hint(error,
                          "The two share their staged objects. Export both, or change one of "
                          "the tokens.");
    }
    if (!repositories_add_token(repositories, token, text, repository->chosen, &clash, &is_new,
                                error)) {
        return false;
    }
    return clash ? refuse_token(row, text, error)
                 : !is_new || claim_token(row, text, &other, error);
}
