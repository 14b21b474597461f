/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/endpoint.h"

#include "common/aws/profile.h"
#include "common/base/environment.h"
#include "common/base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The settings of a profile. */
enum { URL, SERVICES, IGNORE, SETTINGS };

static bool is_true(const char *text)
{
    return text != NULL && strcasecmp(text, "true") == 0;
}

/* In the environment. */
static bool find_in_variables(const char *service, char **endpoint, Error *error)
{
    char variable[64] = "AWS_ENDPOINT_URL_";
    size_t size = strlen(variable);
    const char *value;

    for (; *service != '\0' && size < sizeof variable - 1; service++) {
        variable[size++] = (char)toupper((unsigned char)*service);
    }
    variable[size] = '\0';
    value = environment_variable(variable);
    return text_copy(value != NULL ? value : environment_variable("AWS_ENDPOINT_URL"), endpoint,
                     error);
}

/* In what was read of the profile. */
static bool find_in_settings(AwsSetting *settings, const char *service, char **endpoint,
                             Error *error)
{
    AwsSetting of_service = {.name = settings[URL].name};
    AwsSetting *chosen = &settings[URL];

    if (settings[SERVICES].value != NULL) {
        if (!aws_services_read(settings[SERVICES].value, service, &of_service, 1, error)) {
            aws_settings_free(&of_service, 1);
            return false;
        }
        chosen = of_service.value != NULL ? &of_service : chosen;
    }
    *endpoint = chosen->value;
    chosen->value = NULL;
    aws_settings_free(&of_service, 1);
    return true;
}

bool aws_endpoint_find(const char *option, const char *service, char **endpoint, Error *error)
{
    AwsSetting settings[SETTINGS] = {{.name = "endpoint_url"},
                                     {.name = "services"},
                                     {.name = "ignore_configured_endpoint_urls"}};
    const char *ignore = environment_variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    bool found;
    bool done;

    *endpoint = NULL;
    if (option != NULL) {
        return text_copy(option, endpoint, error);
    }
    if (is_true(ignore)) {
        return true;
    }
    done = aws_profile_read(AWS_FILE_CONFIG, aws_profile_name(), settings, SETTINGS, &found, error);
    if (done && (ignore != NULL || !is_true(settings[IGNORE].value))) {
        done = find_in_variables(service, endpoint, error) &&
               (*endpoint != NULL || find_in_settings(settings, service, endpoint, error));
    }
    aws_settings_free(settings, SETTINGS);
    return done;
}

bool aws_endpoint_split(const char *endpoint, const char *names, const char *example,
                        UrlParts *parts, Error *error)
{
    return url_split(endpoint, parts, error) ||
           (error->code != EXIT_CODE_USAGE
                ? false
                : error_hint(error,
                             "%s takes a URL that begins with https:// or http://, such as %s.",
                             names, example));
}

bool aws_endpoint_append_host(Buffer *url, const char *service, const char *region, Error *error)
{
    return buffer_append_format(url, error, "%s.%s.amazonaws.com%s", service, region,
                                strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}
