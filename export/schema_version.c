/* SPDX-License-Identifier: Apache-2.0 */
#include "export/schema_version.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The build determines it from the migrations folder. */
#ifndef LAST_SCHEMA_VERSION
#error "LAST_SCHEMA_VERSION is not defined: build with make"
#endif

/* The number in the file name of a migration; 0 for any other name. */
static int64_t migration_number(const char *name)
{
    static const char SUFFIX[] = ".up.sql";
    long long number;
    size_t size = strlen(name);
    size_t digits = strspn(name, "0123456789");

    if (digits == 0 || name[digits] != '_' || size < digits + sizeof SUFFIX ||
        strcmp(name + size - strlen(SUFFIX), SUFFIX) != 0) {
        return 0;
    }
    errno = 0;
    number = strtoll(name, NULL, 10);
    return errno == 0 ? number : 0;
}

bool schema_version_last(const char *folder, int64_t *version, Error *error)
{
    const struct dirent *entry;
    DIR *directory;

    *version = LAST_SCHEMA_VERSION;
    if (folder == NULL) {
        return true;
    }
    directory = opendir(folder);
    if (directory == NULL) {
        return error_set(error, EXIT_CODE_USAGE, "could not read the migrations folder \"%s\": %s",
                         folder, strerror(errno));
    }
    *version = 0;
    while ((entry = readdir(directory)) != NULL) {
        int64_t number = migration_number(entry->d_name);

        *version = number > *version ? number : *version;
    }
    closedir(directory);
    return *version > 0 ||
           error_set(error, EXIT_CODE_USAGE,
                     "folder \"%s\" holds no migrations (NUMBER_title.up.sql)", folder);
}
