/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* strptime, timegm */
#include "common/aws/process_credentials.h"

#include "common/base/captured_program.h"
#include "common/base/interrupt.h"
#include "common/base/json_memory.h"
#include "common/cli/message.h"

#include <jansson.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { OUTPUT_LIMIT = 64 * 1024 };

static bool is_stopped(const void *state, Error *error)
{
    (void)state;
    return !interrupt_check(error);
}

static bool refuse(const char *profile, const char *why, Error *error)
{
    return error_set(error, EXIT_CODE_REFUSED, "credential_process of profile \"%s\" %s", profile,
                     why);
}

static bool check_status(const CapturedProgram *program, const char *profile, Error *error)
{
    if (program->output_too_large) {
        return refuse(profile, "prints more than credentials", error);
    }
    if (WIFEXITED(program->status) && WEXITSTATUS(program->status) == 0) {
        return true;
    }
    error_set(error, EXIT_CODE_REFUSED, "credential_process of profile \"%s\" failed with %s %d",
              profile, WIFEXITED(program->status) ? "exit code" : "signal",
              WIFEXITED(program->status) ? WEXITSTATUS(program->status)
                                         : WTERMSIG(program->status));
    if (program->error_output[0] != '\0') {
        error_detail(error, "Its standard error: %s", program->error_output);
    }
    return error_hint(error, "Run it by hand; where it asks for a login, log in first.");
}

/* NULL: missing, or no text. */
static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* An RFC 3339 time in UTC that is past.  Of one in another form the server will tell. */
static bool is_past(const char *expiration)
{
    struct tm broken = {0};
    const char *rest = expiration == NULL ? NULL : strptime(expiration, "%Y-%m-%dT%T", &broken);

    if (rest == NULL) {
        return false;
    }
    if (*rest == '.') {
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    return (strcmp(rest, "Z") == 0 || strcmp(rest, "+00:00") == 0) && timegm(&broken) <= time(NULL);
}

static bool take(const char *profile, const json_t *object, AwsCredentials *credentials,
                 Error *error)
{
    const char *key = member(object, "AccessKeyId");
    const char *secret = member(object, "SecretAccessKey");
    Buffer source = {0};
    bool done;

    if (!json_is_object(object)) {
        return refuse(profile, "does not print a JSON object", error);
    }
    if (json_integer_value(json_object_get(object, "Version")) != 1) {
        return refuse(profile, "prints credentials whose Version is not 1", error);
    }
    if (key == NULL || secret == NULL) {
        return refuse(profile, "prints no AccessKeyId, or no SecretAccessKey", error);
    }
    if (is_past(member(object, "Expiration"))) {
        return refuse(profile, "prints credentials that have expired", error);
    }
    done = buffer_append_format(&source, error, "credential_process of profile \"%s\"", profile) &&
           aws_credentials_set(credentials, key, secret, member(object, "SessionToken"),
                               buffer_string(&source), error);
    buffer_free(&source);
    return done;
}

static bool parse(const char *profile, Slice text, AwsCredentials *credentials, Error *error)
{
    bool lacked = false;
    json_t *object = json_parse(text, 0, NULL, &lacked);
    bool done = lacked ? error_out_of_memory(error) : take(profile, object, credentials, error);

    json_decref(object);
    return done;
}

static void pass_on(const CapturedProgram *program, const char *profile,
                    const AwsCredentials *credentials)
{
    if (program->error_output[0] != '\0' &&
        !aws_credentials_occur_in(credentials, program->error_output)) {
        message_warning("credential_process of profile \"%s\" says: %s", profile,
                        program->error_output);
    }
}

bool aws_process_credentials(const char *profile, const char *command, AwsCredentials *credentials,
                             Error *error)
{
    const char *const arguments[] = {"sh", "-c", command, NULL};
    CapturedProgram program = {
        .arguments = arguments, .output_limit = OUTPUT_LIMIT, .is_stopped = is_stopped};
    Buffer output = {0};
    bool done = buffer_reserve(&output, OUTPUT_LIMIT, error) &&
                captured_program_run(&program, &output, error) &&
                check_status(&program, profile, error) &&
                parse(profile, buffer_slice(&output), credentials, error);

    if (done) {
        pass_on(&program, profile, credentials);
    }
    buffer_wipe(&output);
    return done;
}
