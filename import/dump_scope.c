/* SPDX-License-Identifier: Apache-2.0 */
#include "import/dump_scope.h"

#include "common/kv/package.h"

#include <string.h>

static bool check_redacted(const DumpHeader *header, const ImportOptions *options, Error *error)
{
    if (!header->redacted || options->allow_redacted) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "the dump is redacted: its names and secrets are not real");
    return error_hint(error, "To inspect it in a scratch database, use --allow-redacted.");
}

static bool lists(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_package(const DumpHeader *header, const char *name)
{
    return lists(header->packages, header->package_count, name);
}

static bool refuse_partial(const DumpHeader *header, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "the dump does not hold a whole KV store: only %s\"%s\"",
              header->repository_count == 1 ? "repository " : "repositories such as ",
              header->repositories[0]);
    return error_hint(error, "Restore a repository from it into a KV store in use: --repository. "
                             "To inspect the dump in a scratch database, use --allow-incomplete.");
}

bool dump_scope_check_store(const DumpHeader *header, const ImportOptions *options, Error *error)
{
    const char *package = dump_header_omitted_package(header);

    if (!check_redacted(header, options, error)) {
        return false;
    }
    if (options->allow_incomplete) {
        return true;
    }
    if (header->repository_count > 0) {
        return refuse_partial(header, error);
    }
    if (package != NULL) {
        error_set(error, EXIT_CODE_REFUSED, "the dump lacks package %s", package);
        return error_hint(error, "Take a dump without --package; to inspect this one in a scratch "
                                 "database, use --allow-incomplete.");
    }
    return true;
}

static bool check_selected(const DumpHeader *header, const char *id, Error *error)
{
    if (header->repository_count == 0 ||
        lists(header->repositories, header->repository_count, id)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "the dump was limited to other repositories than \"%s\"", id);
    return error_hint(error, "kv-import --list shows which it holds.");
}

/* A part of the repository that was left out. */
static bool refuse_part(const char *id, const char *part, Error *error)
{
    error_set(error, EXIT_CODE_REFUSED, "the dump lacks %s of repository \"%s\"", part, id);
    return error_hint(error, "Take a complete dump, or restore without them: --allow-incomplete.");
}

bool dump_scope_check_repository(const DumpHeader *header, const ImportOptions *options,
                                 Error *error)
{
    const char *id = options->restore.repository;

    if (!check_redacted(header, options, error) || !check_selected(header, id, error)) {
        return false;
    }
    if (!has_package(header, KV_PACKAGE_NAMES[KV_PACKAGE_GRAVELER])) {
        error_set(error, EXIT_CODE_REFUSED, "the dump holds no repositories");
        return error_hint(error, "Take a dump that has package %s.",
                          KV_PACKAGE_NAMES[KV_PACKAGE_GRAVELER]);
    }
    if (options->restore.multiparts &&
        !has_package(header, KV_PACKAGE_NAMES[KV_PACKAGE_MULTIPARTS])) {
        return error_set(error, EXIT_CODE_USAGE, "the dump holds no multipart uploads");
    }
    if (options->allow_incomplete) {
        return true;
    }
    if (!has_package(header, KV_PACKAGE_NAMES[KV_PACKAGE_ACTIONS])) {
        return refuse_part(id, "the runs of hooks", error);
    }
    /* Without them, branches that were protected would not be. */
    return (!lists(header->omitted, header->omitted_count, DUMP_OMITTED_SETTINGS) &&
            !lists(header->omitted_settings, header->omitted_settings_count, id)) ||
           refuse_part(id, "the branch protection rules", error);
}

bool dump_scope_check_package(const DumpHeader *header, const ImportOptions *options, Error *error)
{
    if (!check_redacted(header, options, error)) {
        return false;
    }
    if (!has_package(header, options->package)) {
        error_set(error, EXIT_CODE_USAGE, "the dump has no package \"%s\"", options->package);
        return error_hint(error, "kv-import --list shows the packages of a dump.");
    }
    if (header->repository_count > 0 && !options->allow_incomplete) {
        error_set(error, EXIT_CODE_REFUSED, "the dump holds package %s of some repositories only",
                  options->package);
        return error_hint(error, "Restore these with --repository, or what there is with "
                                 "--allow-incomplete.");
    }
    return true;
}
