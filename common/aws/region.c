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

bool aws_region_is_valid(const char *region)
{
    static const char CHARACTERS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t size = strspn(region, CHARACTERS);

    return size > 0 && size < 64 && region[size] == '\0';
}
