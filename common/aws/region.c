/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/region.h"

#include "common/aws/profile.h"
#include "common/base/environment.h"
#include "common/base/text.h"

#include <string.h>

bool aws_region_find(char **region, Error *error)
{
    AwsSetting setting = {.name = "region"};
    const char *value = environment_variable("AWS_REGION");
    bool found;

    *region = NULL;
    value = value != NULL ? value : environment_variable("AWS_DEFAULT_REGION");
    if (value != NULL) {
        return text_copy(value, region, error);
    }
    if (!aws_profile_read(AWS_FILE_CONFIG, aws_profile_name(), &setting, 1, &found, error)) {
        aws_settings_free(&setting, 1);
        return false;
    }
    *region = setting.value;
    return true;
}

bool aws_region_choose(const char *wanted, const char *option, const char *fallback, char **region,
                       Error *error)
{
    *region = NULL;
    if (wanted != NULL ? !text_copy(wanted, region, error) : !aws_region_find(region, error)) {
        return false;
    }
    if (*region == NULL && fallback != NULL && !text_copy(fallback, region, error)) {
        return false;
    }
    if (*region == NULL) {
        error_set(error, EXIT_CODE_REFUSED, "the region is unknown");
        return error_hint(error, "Set it with %s, AWS_REGION or the profile.", option);
    }
    if (!aws_region_is_valid(*region)) {
        error_set(error, EXIT_CODE_REFUSED, "\"%s\" is not the name of a region", *region);
        return error_hint(error, "Name the region with %s.", option);
    }
    return true;
}

bool aws_region_check(const char *region, const char *option, Error *error)
{
    return region == NULL || aws_region_is_valid(region) ||
           error_set(error, EXIT_CODE_USAGE, "option %s takes the name of a region, not \"%s\"",
                     option, region);
}

bool aws_region_is_valid(const char *region)
{
    static const char CHARACTERS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t size = strspn(region, CHARACTERS);

    return size > 0 && size < 64 && region[size] == '\0';
}
