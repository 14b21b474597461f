/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/programs.h"

#include "common/base/environment.h"
#include "scripts/session/child.h"

#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_program(const char *folder, const char *name)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);

    return size > 0 && (size_t)size < sizeof path && access(path, X_OK) == 0;
}

/* Whether the folder has the server's programs; if so, `bindir` gets its real path. */
static bool has_server(const char *folder, char bindir[PATH_MAX])
{
    return has_program(folder, "initdb") && has_program(folder, "postgres") &&
           realpath(folder, bindir) != NULL;
}

/* Finds a program in PATH. */
static bool find_in_path(const char *name, char path[PATH_MAX])
{
    const char *rest = environment_variable("PATH");

    while (rest != NULL) {
        int length = (int)strcspn(rest, ":");
        int size = snprintf(path, PATH_MAX, "%.*s/%s", length, length == 0 ? "." : rest, name);

        if (size > 0 && size < PATH_MAX && access(path, X_OK) == 0) {
            return true;
        }
        rest = rest[length] == ':' ? rest + length + 1 : NULL;
    }
    return false;
}

static bool of_pg_config(char bindir[PATH_MAX])
{
    char *words[] = {(char *)"pg_config", (char *)"--bindir", NULL};
    const Words command = {.items = words, .count = 2};
    const ChildOptions options = child_options(&command, NULL);
    char path[PATH_MAX];
    Buffer printed = {0};
    Error ignored;
    int status;
    bool found = false;

    if (find_in_path("pg_config", path) && child_capture(&options, &printed, &status, &ignored) &&
        status == 0 && printed.size > 0) {
        printed.size = strcspn(buffer_string(&printed), "\n");
        found = has_server(buffer_string(&printed), bindir);
    }
    buffer_free(&printed);
    return found;
}

/* Highest version first: 10 is newer than 9. */
static bool of_debian(char bindir[PATH_MAX])
{
    static const char PATTERN[] = "/usr/lib/postgresql/*/bin";
    glob_t folders;
    double newest = -1;
    char found[PATH_MAX];

    if (glob(PATTERN, GLOB_NOSORT, NULL, &folders) != 0) {
        return false;
    }
    for (size_t i = 0; i < folders.gl_pathc; i++) {
        double version = atof(folders.gl_pathv[i] + strlen("/usr/lib/postgresql/"));

        if (version > newest && has_server(folders.gl_pathv[i], found)) {
            memcpy(bindir, found, PATH_MAX);
            newest = version;
        }
    }
    globfree(&folders);
    return newest >= 0;
}

/* Resolves links: postgres is in the real folder of initdb. */
static bool of_path(char bindir[PATH_MAX])
{
    char initdb[PATH_MAX];
    char real[PATH_MAX];

    return find_in_path("initdb", initdb) && realpath(initdb, real) != NULL &&
           has_server(dirname(real), bindir);
}

bool programs_find_server(const char *wanted, char bindir[PATH_MAX], Error *error)
{
    if (wanted != NULL) {
        if (has_server(wanted, bindir)) {
            return true;
        }
        error_set(error, EXIT_CODE_USAGE, "no PostgreSQL server in %s", wanted);
        return error_hint(error, "Name the folder of initdb and postgres.");
    }
    if (of_pg_config(bindir) || of_debian(bindir) || of_path(bindir)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "there is no PostgreSQL server on this machine");
    error_detail(error, "Neither pg_config, /usr/lib/postgresql nor PATH leads to initdb and "
                        "postgres.");
    return error_hint(error, "Install the package postgresql (elsewhere than on Debian it may be "
                             "postgresql-server), or name the folder of initdb and postgres with "
                             "--bindir or PG_BINDIR.");
}

bool programs_has(const char *name)
{
    char path[PATH_MAX];

    return strchr(name, '/') != NULL ? access(name, X_OK) == 0 : find_in_path(name, path);
}

bool programs_require(const char *name, const char *package, Error *error)
{
    char path[PATH_MAX];

    if (find_in_path(name, path)) {
        return true;
    }
    error_set(error, EXIT_CODE_USAGE, "%s is needed, but is not in PATH", name);
    return error_hint(error, "Install the package %s.", package);
}
