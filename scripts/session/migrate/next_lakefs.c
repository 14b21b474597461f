/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/next_lakefs.h"

#include "common/base/environment.h"
#include "common/config/upgrade.h"
#include "scripts/session/migrate/rehearsal.h"
#include "scripts/session/migrate/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LATEST "1.84.0"
#define TODAY NEXT_LAKEFS_BASIC_AUTH
#define UPGRADE "run \"lakefs migrate up\" of lakeFS " TODAY " or later"

/* What runs on a store, by its version, and the first step from there; NULL: none.  A step that
 * starts lakeFS goes on with the type of the store. */
static const struct {
    int64_t version;
    const char *runs;
    const char *step;
    bool starts;
} VERSIONS[] = {
    {NEXT_LAKEFS_INVALID, "no lakeFS: the version of the store is not a number",
     "find out what wrote it; kv-import --clean loads a dump again", false},
    {NEXT_LAKEFS_BEGUN,
     "no lakeFS with the data of an older one: without a version, lakeFS 0.80.0 and later start "
     "empty on it",
     NULL, false},
    {NEXT_LAKEFS_LEGACY,
     "lakeFS 0.69 and 0.70; 0.80.0 and later would start empty, unless they refuse the old "
     "database.connection_string",
     NULL, false},
    {NEXT_LAKEFS_REFUSED,
     "lakeFS 0.69 and 0.70; 0.80.0 and later refuse the version of the table kv", NULL, false},
    {NEXT_LAKEFS_BEHIND, "the lakeFS before 0.69 that the tables belong to", NULL, false},
    {0, "no lakeFS: version 0 is an unfinished load", NULL, false},
    {1, "lakeFS 0.80.0 to 0.97.x; 0.70 with database.kv_enabled",
     "start lakeFS 0.80.0 to 0.97.x; or " UPGRADE ", then start that (0.101.0 to 0.102.2 cannot "
     "upgrade from version 1)",
     true},
    {2, "lakeFS 0.98.0", UPGRADE ", then start it", true},
    {3, "lakeFS 0.99.0 to 0.100.0", UPGRADE ", then start it", true},
    {NEXT_LAKEFS_LATEST_VERSION, "lakeFS 0.101.0 to " LATEST, "start lakeFS " TODAY " or later",
     true},
};

/* A later version than this program knows. */
static const char RUNS_LATER[] =
    "no lakeFS up to " LATEST " that knows it, though 0.80.0 to 0.100.0 would start";
static const char STEP_LATER[] = "start the lakeFS that has made this version, or a later one";

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool add_version(int64_t version, const char *type, NextLakefs *next, Error *error)
{
    if (version > NEXT_LAKEFS_LATEST_VERSION) {
        next->runs = RUNS_LATER;
        return words_add(&next->steps, STEP_LATER, error);
    }
    for (size_t i = 0; i < sizeof VERSIONS / sizeof VERSIONS[0]; i++) {
        if (VERSIONS[i].version == version) {
            next->runs = VERSIONS[i].runs;
            return VERSIONS[i].step == NULL ||
                   words_add_format(&next->steps, error, "%s%s%s", VERSIONS[i].step,
                                    VERSIONS[i].starts ? ", with database.type: " : "",
                                    VERSIONS[i].starts ? type : "");
        }
    }
    return true;
}

/* The file that was read: the command config corrects it. */
static bool add_config(const Session *session, NextLakefs *next, Error *error)
{
    const char *file = session->options->config;
    ConfigUpgrade upgrade = {0};
    Words words = {0};
    Buffer command = {0};
    Error problem = {0};
    int64_t version;
    bool known = file == NULL || !config_upgrade_version("latest", &version) ||
                 config_upgrade_file(file, version, &upgrade, &problem);
    /* A file that is no YAML has been refused where it is needed. */
    bool done = known || problem.code == EXIT_CODE_USAGE;
    bool wrong = upgrade.corrected.count + upgrade.open.count > 0;

    done =
        done && (!wrong ||
                 (words_add(&words, "kv-migrate", error) && words_add(&words, "config", error) &&
                  words_add(&words, file, error) && report_command(&command, &words, error) &&
                  words_add_format(&next->steps, error,
                                   "all that is to change in the configuration, and the file as it "
                                   "should be:\n%s",
                                   buffer_string(&command))));

    if (!known && problem.code != EXIT_CODE_USAGE) {
        *error = problem;
    }
    config_upgrade_free(&upgrade);
    words_free(&words);
    buffer_free(&command);
    return done;
}

static bool add_connection_string(const LakefsSettings *lakefs, const char *type, NextLakefs *next,
                                  Error *error)
{
    bool wanted = strcmp(type, "postgres") == 0 && !is_set(lakefs->newer_connection_string);

    if (!is_set(lakefs->connection_string)) {
        return true;
    }
    if (lakefs->connection_string_is_variable) {
        return words_add(&next->steps,
                         wanted ? "set LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING instead of "
                                  "LAKEFS_DATABASE_CONNECTION_STRING, which lakeFS 0.81.0 and "
                                  "later ignore"
                                : "unset LAKEFS_DATABASE_CONNECTION_STRING, which lakeFS 0.81.0 "
                                  "and later ignore",
                         error);
    }
    return words_add_format(&next->steps, error,
                            "in the configuration, %s database.connection_string, which lakeFS "
                            "0.81.0 and later refuse",
                            wanted ? "set database.postgres.connection_string instead of"
                                   : "remove");
}

/* What today's lakeFS refuses, or silently takes otherwise, of the settings that are known. */
static bool add_settings(const Session *session, const char *type, NextLakefs *next, Error *error)
{
    const LakefsSettings *lakefs = &session->options->lakefs;

    return add_connection_string(lakefs, type, next, error) &&
           (!lakefs->blockstore_path_is_default ||
            words_add_format(&next->steps, error,
                             "set blockstore.local.path: %s, which is not the default of lakeFS "
                             "0.81.0 and later: all objects would be out of sight",
                             lakefs->blockstore_path));
}

static bool append_basic_auth(const Session *session, Buffer *text, Error *error)
{
    Words words = {0};
    bool done = words_add(&words, "kv-migrate", error) && words_add(&words, "basic-auth", error) &&
                words_add(&words, "USER", error) &&
                (environment_variable(REHEARSAL_COPY_VARIABLE) != NULL
                     /* The rehearsal's own server is gone by then. */
                     ? words_add(&words, "-d", error) && words_add(&words, "DATABASE", error)
                     : words_add_all(&words, &session->options->place, error)) &&
                report_command(text, &words, error);

    words_free(&words);
    return done;
}

#define PLURAL(count) (count), (count) == 1 ? "" : "s"

static bool is_taken_over(const Accounts *accounts)
{
    return accounts->users == 1 && accounts->credentials == 1;
}

/* Whether the settings leave users to an external service. */
static bool has_service(const Session *session)
{
    const char *rbac = session->options->lakefs.auth_rbac;

    return is_set(rbac) && strcmp(rbac, "none") != 0;
}

static bool add_service(const Session *session, NextLakefs *next, Error *error)
{
    return is_set(session->options->lakefs.auth_api_endpoint)
               ? words_add(&next->steps,
                           "lakeFS " TODAY " and later keep all users, as configured, with the "
                           "service at auth.api.endpoint, lakeFS's ACL server, 1.53.0 or later",
                           error)
               : words_add_format(&next->steps, error,
                                  "set auth.api.endpoint, to lakeFS's ACL server, 1.53.0 or later: "
                                  "lakeFS " TODAY " and later refuse auth.ui_config.rbac: %s "
                                  "without it",
                                  session->options->lakefs.auth_rbac);
}

/* Nobody could log in, and there is nobody to choose. */
static bool add_nobody(const Accounts *accounts, NextLakefs *next, Error *error)
{
    return words_add_format(&next->steps, error,
                            "lakeFS " TODAY " and later refuse to start as they are, since there "
                            "%s %" PRId64 " user%s with 0 credentials: let a lakeFS before 0.98.0 "
                            "make a user with a credential first, by \"lakefs superuser\"",
                            accounts->users == 1 ? "is" : "are", PLURAL(accounts->users));
}

/* lakeFS 1.33.0 and later have one user, unless an external service manages users. */
static bool add_users(const Session *session, NextLakefs *next, Error *error)
{
    const Accounts *accounts = &next->accounts;
    Buffer command = {0};
    bool done;

    if (has_service(session)) {
        return add_service(session, next, error);
    }
    if (!accounts->known) {
        return words_add(&next->steps,
                         "lakeFS " TODAY " and later start by themselves with exactly one user who "
                         "has exactly one credential; for others see \"Which lakeFS next\" in "
                         "kv-migrate(1)",
                         error);
    }
    if (accounts->basic || !accounts->set_up) {
        return true;
    }
    if (is_taken_over(accounts)) {
        return words_add(&next->steps,
                         "lakeFS " TODAY " and later take over the one user and its credential by "
                         "themselves",
                         error);
    }
    if (accounts->credentials == 0) {
        return add_nobody(accounts, next, error);
    }
    done =
        append_basic_auth(session, &command, error) &&
        words_add_format(&next->steps, error,
                         "lakeFS " TODAY " and later refuse to start as they are, since there %s "
                         "%" PRId64 " user%s with %" PRId64 " credential%s. Either keep all, with "
                         "lakeFS's ACL server, 1.53.0 or later, and auth.ui_config.rbac: "
                         "simplified and auth.api.endpoint; or start with one of them:\n%s",
                         accounts->users == 1 ? "is" : "are", PLURAL(accounts->users),
                         PLURAL(accounts->credentials), buffer_string(&command));
    buffer_free(&command);
    return done;
}

/* Matters only for who wants ACLs: lakeFS 1.33.0 and later convert nothing. */
static bool add_groups(const Session *session, int64_t version, NextLakefs *next, Error *error)
{
    const Accounts *accounts = &next->accounts;

    return !accounts->known || accounts->groups_without_policy == 0 || version > 1 ||
           accounts->basic || is_taken_over(accounts) || has_service(session) ||
           words_add_format(&next->steps, error,
                            "to turn policies into ACLs, by \"lakefs migrate up\" of 1.32.1, first "
                            "give a policy to the %" PRId64 " group%s without one: it would stop "
                            "with the groups half converted",
                            PLURAL(accounts->groups_without_policy));
}

bool next_lakefs_find(const Session *session, int64_t version, const char *type,
                      const Accounts *accounts, NextLakefs *next, Error *error)
{
    bool has_data = version >= 1 || version == NEXT_LAKEFS_LEGACY ||
                    version == NEXT_LAKEFS_REFUSED || version == NEXT_LAKEFS_BEHIND;

    *next = (NextLakefs){.accounts = *accounts};
    return add_version(version, type, next, error) &&
           (!has_data ||
            (add_settings(session, type, next, error) && add_config(session, next, error) &&
             add_users(session, next, error) && add_groups(session, version, next, error)));
}

static json_t *encode_count(const Accounts *accounts, int64_t count)
{
    return accounts->known ? json_integer((json_int_t)count) : json_null();
}

void next_lakefs_print(const NextLakefs *next, FILE *output, int indent, const char *label)
{
    const char *bullet = next->steps.count > 1 ? "- " : "";

    for (size_t i = 0; i < next->steps.count; i++) {
        const char *step = next->steps.items[i];
        const char *line = strchr(step, '\n');
        int size = line == NULL ? (int)strlen(step) : (int)(line - step);

        report_field(output, indent, i == 0 ? label : "", "%s%.*s", bullet, size, step);
        if (line != NULL) {
            report_line(output, indent, "", line + 1);
        }
    }
}

/* A step on one line. */
static bool append_step(const char *step, Buffer *text, Error *error)
{
    const char *line = strchr(step, '\n');

    return line == NULL ? buffer_append_text(text, step, error)
                        : buffer_append_format(text, error, "%.*s %s", (int)(line - step), step,
                                               line + 1 + strspn(line + 1, " "));
}

bool next_lakefs_append(const NextLakefs *next, Buffer *text, Error *error)
{
    bool done = true;

    for (size_t i = 0; done && i < next->steps.count; i++) {
        done = (i == 0 || buffer_append_text(text, "; ", error)) &&
               append_step(next->steps.items[i], text, error);
    }
    return done;
}

/* NULL: out of memory. */
static json_t *encode_steps(const Words *words)
{
    json_t *steps = json_array();
    Buffer text = {0};
    Error ignored;
    bool done = true;

    for (size_t i = 0; done && i < words->count; i++) {
        text.size = 0;
        done = append_step(words->items[i], &text, &ignored) &&
               json_array_append_new(steps, json_string(buffer_string(&text))) == 0;
    }
    buffer_free(&text);
    if (!done) {
        json_decref(steps);
    }
    return done ? steps : NULL;
}

json_t *next_lakefs_encode(const NextLakefs *next)
{
    const Accounts *accounts = &next->accounts;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "runs",
                     next->runs == NULL ? json_null() : json_string(next->runs), "next",
                     encode_steps(&next->steps), "users", encode_count(accounts, accounts->users),
                     "credentials", encode_count(accounts, accounts->credentials),
                     "groups_without_policy",
                     encode_count(accounts, accounts->groups_without_policy), "basic_auth",
                     accounts->known ? json_boolean(accounts->basic) : json_null());
}

void next_lakefs_free(NextLakefs *next)
{
    words_free(&next->steps);
}
