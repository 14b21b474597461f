/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config/apply.h"

#include "common/cli/password.h"
#include "common/pg/pgx.h"

#include <stdlib.h>
#include <string.h>

static bool refuse_other_secret(Error *error)
{
    error_set(error, EXIT_CODE_USAGE,
              "lakeFS's connection string holds another secret than the password");
    return error_hint(error, "Put it, such as sslpassword, into a service file.");
}

/* The last of several pairs with one keyword wins. */
static bool take_connection(PgConninfo *conninfo, CommonOptions *options, Error *error)
{
    Buffer text = {0};
    bool done = buffer_append_text(&text, conninfo->public_part, error) &&
                common_options_append_place(&options->pg, &text, error);

    if (done) {
        password_free(options->dbname_copy);
        options->dbname_copy = buffer_take(&text, error);
        options->pg.dbname = options->dbname_copy;
        done = options->dbname_copy != NULL;
    }
    buffer_free(&text);
    if (done && options->pg.password == NULL && conninfo->password[0] != '\0') {
        options->pg.password = conninfo->password;
        conninfo->password = NULL;
    }
    return done;
}

bool lakefs_apply_connection(const char *string, CommonOptions *options, Error *error)
{
    PgConninfo conninfo;
    bool done;

    if (string == NULL || options->pg.dbname != NULL) {
        return true;
    }
    done = pgx_split_public(string, &conninfo, common_options_warn_dropped, error) &&
           (!conninfo.has_others || refuse_other_secret(error)) &&
           take_connection(&conninfo, options, error);
    pg_conninfo_free(&conninfo);
    return done;
}

static bool add_variable(Words *variables, const char *name, const char *value, Error *error)
{
    return words_add_format(variables, error, "%s=%s", name, value == NULL ? "" : value);
}

bool lakefs_apply_s3(const LakefsSettings *settings, Words *variables, Error *error)
{
    static const char *const OTHERS[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                         "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE"};

    if (settings->s3_access_key_id != NULL || settings->s3_secret_access_key != NULL) {
        return add_variable(variables, "AWS_ACCESS_KEY_ID", settings->s3_access_key_id, error) &&
               add_variable(variables, "AWS_SECRET_ACCESS_KEY", settings->s3_secret_access_key,
                            error) &&
               add_variable(variables, "AWS_SESSION_TOKEN", settings->s3_session_token, error);
    }
    if (settings->s3_profile == NULL && settings->s3_credentials_file == NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        if (!words_add(variables, OTHERS[i], error)) {
            return false;
        }
    }
    return (settings->s3_profile == NULL ||
            add_variable(variables, "AWS_PROFILE", settings->s3_profile, error)) &&
           (settings->s3_credentials_file == NULL ||
            add_variable(variables, "AWS_SHARED_CREDENTIALS_FILE", settings->s3_credentials_file,
                         error));
}

bool lakefs_apply_dynamodb(const LakefsSettings *settings, Words *variables, Error *error)
{
    if (settings->dynamodb_access_key_id == NULL && settings->dynamodb_secret_access_key == NULL) {
        return true;
    }
    return words_add(variables, "AWS_SESSION_TOKEN", error) &&
           add_variable(variables, "AWS_ACCESS_KEY_ID", settings->dynamodb_access_key_id, error) &&
           add_variable(variables, "AWS_SECRET_ACCESS_KEY", settings->dynamodb_secret_access_key,
                        error);
}
