/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package graveler: repositories, their commits, branches, tags and branch protection rules, and
 * the staged objects of their branches.
 *
 * See LEGACY-SCHEMA.md and common/kv/KV-MODEL.md, "Package graveler".
 */
#include "export/package.h"

#include "common/kv/model.h"
#include "common/store/postgres/index_key.h"
#include "export/emit.h"
#include "export/legacy/branch_token.h"
#include "export/legacy/repositories.h"
#include "export/legacy/rules.h"
#include "export/legacy/source.h"
#include "export/legacy/table_shape.h"

#include <string.h>

#include "graveler.pb-c.h"

static const char REPOSITORIES[] = "graveler_repositories";
static const char COMMITS[] = "graveler_commits";
static const char BRANCHES[] = "graveler_branches";
static const char TAGS[] = "graveler_tags";
static const char STAGING[] = "graveler_staging_kv";

enum { UNIT_REPOSITORIES, UNIT_BRANCHES, UNIT_TAGS, UNIT_COMMITS, UNIT_STAGED };

enum {
    REPOSITORY_ID,
    REPOSITORY_STORAGE_NAMESPACE,
    REPOSITORY_CREATION_DATE,
    REPOSITORY_DEFAULT_BRANCH,
    REPOSITORY_COLUMNS
};

/* Ordered, to determine which of two repositories keeps an instance id that both derive. */
static const SourceQuery REPOSITORY_QUERY = {
    .table = REPOSITORIES,
    .sql = "SELECT id, storage_namespace, creation_date, default_branch"
           " FROM {schema}.graveler_repositories ORDER BY id COLLATE \"C\"",
    .columns =
        (const SourceColumn[]){
            [REPOSITORY_ID] = {.name = "id", .type = SOURCE_TEXT, .is_key = true},
            [REPOSITORY_STORAGE_NAMESPACE] = {.name = "storage_namespace", .type = SOURCE_TEXT},
            [REPOSITORY_CREATION_DATE] = {.name = "creation_date", .type = SOURCE_TIMESTAMPTZ},
            [REPOSITORY_DEFAULT_BRANCH] = {.name = "default_branch", .type = SOURCE_TEXT},
        },
    .column_count = REPOSITORY_COLUMNS,
};

/* What the first pass over repositories collects. */
typedef struct Collection {
    Repositories *repositories;
    RulesList rules;
} Collection;

static bool collect_repository(SourceRow *row, void *state, Error *error)
{
    Collection *collection = state;
    const ExportOptions *options = row->worker->context->options;
    Repository *repository;
    Kv__Timestamp creation_date;
    char *id;
    char *storage_namespace;

    if (!source_text(row, REPOSITORY_ID, &id, error) ||
        !source_text(row, REPOSITORY_STORAGE_NAMESPACE, &storage_namespace, error) ||
        !source_time(row, REPOSITORY_CREATION_DATE, &creation_date, error)) {
        return false;
    }
    /* The ids are unique, but may be the same once invalid UTF-8 in them is replaced. */
    if (!kv_key_repository(&row->worker->key, slice_text(id), error) ||
        !source_check_key(row, slice_text(KV_PARTITION_GRAVELER), buffer_slice(&row->worker->key),
                          false, error) ||
        !repositories_add(collection->repositories, id,
                          (KvTime){creation_date.seconds, creation_date.nanos}, &repository,
                          error)) {
        return false;
    }
    repository->chosen = export_options_choose_repository(options, id);
    return !repository->chosen || !export_options_with_rules(options, id) ||
           rules_add(&collection->rules, repository, storage_namespace, error);
}

static bool write_repository(SourceRow *row, void *state, Error *error)
{
    Kv__RepositoryData data = KV__REPOSITORY_DATA__INIT;
    Worker *worker = row->worker;
    const Repository *repository;
    Kv__Timestamp creation_date;

    if (!source_text(row, REPOSITORY_ID, &data.id, error) ||
        !source_text(row, REPOSITORY_STORAGE_NAMESPACE, &data.storage_namespace, error) ||
        !source_time(row, REPOSITORY_CREATION_DATE, &creation_date, error) ||
        !source_text(row, REPOSITORY_DEFAULT_BRANCH, &data.default_branch_id, error) ||
        !kv_key_repository(&worker->key, slice_text(data.id), error)) {
        return false;
    }
    repository = repositories_find(state, data.id);
    if (repository == NULL) {
        return source_refused(row, error, "it did not exist when the export began");
    }
    if (!repository->chosen) {
        return source_left_out(row, LEFT_OUT_NOT_CHOSEN, error);
    }
    data.creation_date = &creation_date;
    data.state = KV__REPOSITORY_STATE__ACTIVE;
    data.instance_uid = (char *)(uintptr_t)repository->instance_id;
    return emit_message(&worker->emitter, slice_text(KV_PARTITION_GRAVELER),
                        buffer_slice(&worker->key), &data.base, error) &&
           (!repository->rules.found ||
            emit_bytes(&worker->emitter, repository->partition,
                       slice_text(KV_BRANCH_PROTECTION_KEY),
                       buffer_slice(&repository->rules.content), error));
}

/* Branches, tags and commits have the same first columns. */
enum { OWNED_REPOSITORY_ID, OWNED_ID, OWNED_COMMON_COLUMNS };

/* Finds the repository of a row.  If it is gone or not chosen, leaves the row out and sets it to
 * NULL; that is not an error. */
static bool find_row_repository(SourceRow *row, const Repositories *repositories,
                                const Repository **repository, Error *error)
{
    char *id;

    if (!source_text(row, OWNED_REPOSITORY_ID, &id, error)) {
        return false;
    }
    *repository = repositories_find(repositories, id);
    if (*repository != NULL && !(*repository)->chosen) {
        *repository = NULL;
        return source_left_out(row, LEFT_OUT_NOT_CHOSEN, error);
    }
    return *repository != NULL || source_left_out(row, LEFT_OUT_NO_REPOSITORY, error);
}

enum { BRANCH_STAGING_TOKEN = OWNED_COMMON_COLUMNS, BRANCH_COMMIT_ID, BRANCH_COLUMNS };

static const SourceQuery BRANCH_QUERY = {
    .table = BRANCHES,
    .sql = "SELECT repository_id, id, staging_token, commit_id FROM {range}",
    .columns =
        (const SourceColumn[]){
            [OWNED_REPOSITORY_ID] = {.name = "repository_id", .type = SOURCE_TEXT, .is_key = true},
            [OWNED_ID] = {.name = "id", .type = SOURCE_TEXT, .is_key = true},
            [BRANCH_STAGING_TOKEN] = {.name = "staging_token",
                                      .type = SOURCE_TEXT,
                                      .nullable = true},
            [BRANCH_COMMIT_ID] = {.name = "commit_id", .type = SOURCE_TEXT, .nullable = true},
        },
    .column_count = BRANCH_COLUMNS,
};

/* Staged objects are migrated if their token is on a branch that is migrated. */
static bool collect_token(SourceRow *row, void *state, Error *error)
{
    const Repository *repository;
    char *repository_id;
    char *token;

    if (!source_text(row, OWNED_REPOSITORY_ID, &repository_id, error) ||
        !source_text(row, BRANCH_STAGING_TOKEN, &token, error)) {
        return false;
    }
    repository = repositories_find(state, repository_id);
    if (token[0] == '\0' || repository == NULL) {
        return true;
    }
    return branch_token_add(row, state, repository, source_bytes(row, BRANCH_STAGING_TOKEN), token,
                            error);
}

static bool write_branch(SourceRow *row, void *state, Error *error)
{
    Kv__BranchData data = KV__BRANCH_DATA__INIT;
    Worker *worker = row->worker;
    const Repository *repository;

    if (!find_row_repository(row, state, &repository, error)) {
        return false;
    }
    return repository == NULL ||
           (source_text(row, OWNED_ID, &data.id, error) &&
            source_text(row, BRANCH_STAGING_TOKEN, &data.staging_token, error) &&
            source_text(row, BRANCH_COMMIT_ID, &data.commit_id, error) &&
            kv_key_branch(&worker->key, slice_text(data.id), error) &&
            source_check_key(row, repository->partition, buffer_slice(&worker->key), false,
                             error) &&
            emit_message(&worker->emitter, repository->partition, buffer_slice(&worker->key),
                         &data.base, error));
}

enum { TAG_COMMIT_ID = OWNED_COMMON_COLUMNS, TAG_COLUMNS };

static const SourceQuery TAG_QUERY = {
    .table = TAGS,
    .sql = "SELECT repository_id, id, commit_id FROM {range}",
    .columns =
        (const SourceColumn[]){
            [OWNED_REPOSITORY_ID] = {.name = "repository_id", .type = SOURCE_TEXT, .is_key = true},
            [OWNED_ID] = {.name = "id", .type = SOURCE_TEXT, .is_key = true},
            [TAG_COMMIT_ID] = {.name = "commit_id", .type = SOURCE_TEXT, .nullable = true},
        },
    .column_count = TAG_COLUMNS,
};

static bool write_tag(SourceRow *row, void *state, Error *error)
{
    Kv__TagData data = KV__TAG_DATA__INIT;
    Worker *worker = row->worker;
    const Repository *repository;

    if (!find_row_repository(row, state, &repository, error)) {
        return false;
    }
    return repository == NULL || (source_text(row, OWNED_ID, &data.id, error) &&
                                  source_text(row, TAG_COMMIT_ID, &data.commit_id, error) &&
                                  kv_key_tag(&worker->key, slice_text(data.id), error) &&
                                  source_check_key(row, repository->partition,
                                                   buffer_slice(&worker->key), false, error) &&
                                  emit_message(&worker->emitter, repository->partition,
                                               buffer_slice(&worker->key), &data.base, error));
}

enum {
    COMMIT_COMMITTER = OWNED_COMMON_COLUMNS,
    COMMIT_MESSAGE,
    COMMIT_CREATION_DATE,
    COMMIT_META_RANGE_ID,
    COMMIT_METADATA,
    COMMIT_PARENTS,
    COMMIT_VERSION,
    COMMIT_GENERATION,
    COMMIT_COLUMNS
};

static const SourceQuery COMMIT_QUERY = {
    .table = COMMITS,
    .sql = "SELECT repository_id, id, committer, message, creation_date, meta_range_id, metadata,"
           " parents, version, generation FROM {range}",
    .columns =
        (const SourceColumn[]){
            [OWNED_REPOSITORY_ID] = {.name = "repository_id", .type = SOURCE_TEXT, .is_key = true},
            [OWNED_ID] = {.name = "id", .type = SOURCE_TEXT, .is_key = true},
            [COMMIT_COMMITTER] = {.name = "committer", .type = SOURCE_TEXT},
            [COMMIT_MESSAGE] = {.name = "message", .type = SOURCE_TEXT},
            [COMMIT_CREATION_DATE] = {.name = "creation_date", .type = SOURCE_TIMESTAMPTZ},
            [COMMIT_META_RANGE_ID] = {.name = "meta_range_id", .type = SOURCE_TEXT},
            [COMMIT_METADATA] = {.name = "metadata", .type = SOURCE_JSONB, .nullable = true},
            [COMMIT_PARENTS] = {.name = "parents", .type = SOURCE_TEXT_ARRAY, .nullable = true},
            [COMMIT_VERSION] = {.name = "version", .type = SOURCE_INT4},
            [COMMIT_GENERATION] = {.name = "generation", .type = SOURCE_INT4, .nullable = true},
        },
    .column_count = COMMIT_COLUMNS,
};

static bool write_commit(SourceRow *row, void *state, Error *error)
{
    Kv__CommitData data = KV__COMMIT_DATA__INIT;
    Worker *worker = row->worker;
    const Repository *repository;
    Kv__Timestamp creation_date;
    JsonMap metadata;

    if (!find_row_repository(row, state, &repository, error)) {
        return false;
    }
    if (repository == NULL) {
        return true;
    }
    if (!source_text(row, OWNED_ID, &data.id, error) ||
        !source_text(row, COMMIT_COMMITTER, &data.committer, error) ||
        !source_text(row, COMMIT_MESSAGE, &data.message, error) ||
        !source_time(row, COMMIT_CREATION_DATE, &creation_date, error) ||
        !source_text(row, COMMIT_META_RANGE_ID, &data.meta_range_id, error) ||
        !source_map(row, COMMIT_METADATA, &metadata, error) ||
        !source_texts(row, COMMIT_PARENTS, &data.parents, &data.n_parents, error) ||
        !source_int32(row, COMMIT_VERSION, &data.version, error) ||
        !source_int32(row, COMMIT_GENERATION, &data.generation, error) ||
        !kv_key_commit(&worker->key, slice_text(data.id), error) ||
        !source_check_key(row, repository->partition, buffer_slice(&worker->key), false, error)) {
        return false;
    }
    data.creation_date = &creation_date;
    data.n_metadata = metadata.count;
    data.metadata = metadata.entries;
    return emit_message(&worker->emitter, repository->partition, buffer_slice(&worker->key),
                        &data.base, error);
}

enum { STAGED_TOKEN, STAGED_KEY, STAGED_IDENTITY, STAGED_DATA, STAGED_COLUMNS };

static const SourceQuery STAGED_QUERY = {
    .table = STAGING,
    .sql = "SELECT staging_token, key, identity, data FROM {range}",
    .columns =
        (const SourceColumn[]){
            [STAGED_TOKEN] = {.name = "staging_token", .type = SOURCE_TEXT, .is_key = true},
            [STAGED_KEY] = {.name = "key", .type = SOURCE_BYTEA, .is_key = true},
            [STAGED_IDENTITY] = {.name = "identity", .type = SOURCE_BYTEA, .nullable = true},
            [STAGED_DATA] = {.name = "data", .type = SOURCE_BYTEA, .nullable = true},
        },
    .column_count = STAGED_COLUMNS,
};

/* Reads staged rows.  Neighbours mostly have the same token. */
typedef struct StagedReader {
    const Repositories *repositories;
    const StagingToken *latest; /* NULL: none yet */
} StagedReader;

/* The partition of the token's entries, and whether they are exported; false if the token is on no
 * branch. */
static bool find_partition(StagedReader *reader, Slice token, Slice *partition, bool *chosen)
{
    if (reader->latest == NULL || !slice_equal(reader->latest->token, token)) {
        const StagingToken *found = repositories_find_token(reader->repositories, token);

        if (found == NULL) {
            return false;
        }
        reader->latest = found;
    }
    *partition = reader->latest->partition;
    *chosen = reader->latest->chosen;
    return true;
}

static bool write_staged(SourceRow *row, void *state, Error *error)
{
    StagedEntry entry;
    StagedReader *reader = state;
    Slice token = source_bytes(row, STAGED_TOKEN);
    Slice partition;
    bool chosen;
    char *text;

    if (!find_partition(reader, token, &partition, &chosen)) {
        /* Invalid UTF-8 is refused even in a row that is left out. */
        return source_text(row, STAGED_TOKEN, &text, error) &&
               source_left_out(row,
                               token.size == 0 ? LEFT_OUT_EMPTY_TOKEN : LEFT_OUT_TOKEN_ON_NO_BRANCH,
                               error);
    }
    if (!chosen) {
        return source_left_out(row, LEFT_OUT_NOT_CHOSEN, error);
    }
    if (!slice_equal(token, partition)) {
        source_adjusted(row, ADJUSTED_UTF8);
    }
    if (!source_is_null(row, STAGED_IDENTITY) && source_bytes(row, STAGED_IDENTITY).size == 0) {
        return source_refused(row, error,
                              "its identity is empty, not NULL: as a KV entry it would be a "
                              "tombstone");
    }
    /* Tokens have partitions of their own, so the key is unique as it is in the table. */
    if (!index_key_fits(partition, source_bytes(row, STAGED_KEY)) &&
        !source_check_key(row, partition, source_bytes(row, STAGED_KEY), false, error)) {
        return false;
    }
    entry = (StagedEntry){.key = source_bytes(row, STAGED_KEY),
                          .identity = source_bytes(row, STAGED_IDENTITY),
                          .data = source_bytes(row, STAGED_DATA)};
    return emit_staged(&row->worker->emitter, partition, &entry, error);
}

/* Adds units for a table: for each of its partitions, if it has any. */
static bool add_table_units(Worker *worker, UnitList *units, int kind, const char *table,
                            Error *error)
{
    PgRows *leaves;
    bool done = true;

    if (!table_shape_leaves(worker->connection, &worker->context->schema, table, &leaves, error)) {
        return false;
    }
    for (int i = 0; done && i < pg_rows_count(leaves); i++) {
        done = unit_list_add_relation(units, kind, worker, pg_rows_text(leaves, i, 0), error);
    }
    pg_rows_free(leaves);
    return done;
}

/* Collects the staging tokens of all branches. */
static bool collect_tokens(Worker *worker, Repositories *repositories, Error *error)
{
    UnitList ranges = {0};
    bool done = add_table_units(worker, &ranges, UNIT_BRANCHES, BRANCHES, error);

    for (size_t i = 0; done && i < ranges.count; i++) {
        done = source_read(worker, &BRANCH_QUERY, &ranges.items[i].range, collect_token,
                           repositories, error);
    }
    unit_list_free(&ranges);
    return done;
}

/* A repository that an option names must exist: else another one was meant. */
static bool check_named(const Repositories *repositories, const ExportOptions *options,
                        Error *error)
{
    for (size_t i = 0; i < options->repository_count; i++) {
        if (repositories_find(repositories, options->repositories[i]) == NULL) {
            error_set(error, EXIT_CODE_USAGE, "there is no repository \"%s\"",
                      options->repositories[i]);
            return error_hint(error, "--repository takes the id of a repository.");
        }
    }
    for (size_t i = 0; i < options->no_settings_count; i++) {
        if (repositories_find(repositories, options->no_settings_of[i]) == NULL) {
            error_set(error, EXIT_CODE_USAGE, "there is no repository \"%s\"",
                      options->no_settings_of[i]);
            return error_hint(error, "--no-settings=REPOSITORY takes the id of a repository.");
        }
    }
    return true;
}

static bool prepare(Worker *worker, void **state, UnitList *units, Error *error)
{
    Collection collection = {0};
    bool done;

    *state = NULL;
    if (!repositories_new(&collection.repositories, error)) {
        return false;
    }
    *state = collection.repositories;
    done = source_check_unique(worker, REPOSITORIES, "id", error) &&
           source_check_unique(worker, BRANCHES, "repository_id, id", error) &&
           source_check_unique(worker, TAGS, "repository_id, id", error) &&
           source_check_unique(worker, COMMITS, "repository_id, id", error) &&
           source_check_unique(worker, STAGING, "staging_token, key", error) &&
           source_read(worker, &REPOSITORY_QUERY, NULL, collect_repository, &collection, error) &&
           check_named(collection.repositories, worker->context->options, error) &&
           rules_fetch(&collection.rules, worker->context->options, error) &&
           collect_tokens(worker, collection.repositories, error) &&
           unit_list_add(units, UNIT_REPOSITORIES, error) &&
           add_table_units(worker, units, UNIT_BRANCHES, BRANCHES, error) &&
           add_table_units(worker, units, UNIT_TAGS, TAGS, error) &&
           add_table_units(worker, units, UNIT_COMMITS, COMMITS, error) &&
           add_table_units(worker, units, UNIT_STAGED, STAGING, error);
    rules_free(&collection.rules);
    return done;
}

static bool run(Worker *worker, const Unit *unit, Error *error)
{
    StagedReader reader = {.repositories = unit->state};

    switch (unit->kind) {
    case UNIT_REPOSITORIES:
        return source_read(worker, &REPOSITORY_QUERY, NULL, write_repository, unit->state, error);
    case UNIT_BRANCHES:
        return source_read(worker, &BRANCH_QUERY, &unit->range, write_branch, unit->state, error);
    case UNIT_TAGS:
        return source_read(worker, &TAG_QUERY, &unit->range, write_tag, unit->state, error);
    case UNIT_COMMITS:
        return source_read(worker, &COMMIT_QUERY, &unit->range, write_commit, unit->state, error);
    default:
        return source_read(worker, &STAGED_QUERY, &unit->range, write_staged, &reader, error);
    }
}

static void free_state(void *state)
{
    repositories_free(state);
}

const Package PACKAGE_GRAVELER = {
    .name = "graveler",
    .tables = (const char *const[]){STAGING, COMMITS, TAGS, BRANCHES, REPOSITORIES, NULL},
    .prepare = prepare,
    .run = run,
    .free_state = free_state,
};
