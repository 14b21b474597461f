/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/exclusions.h"

#include "common/cli/message.h"
#include "common/kv/model.h"

#include <string.h>

void exclusions_add(Exclusions *exclusions, const DumpHeader *header)
{
    for (size_t i = 0; i < header->omitted_count; i++) {
        const char *omitted = header->omitted[i];
        const char *package = dump_omitted_package(omitted);

        exclusions->settings = exclusions->settings || strcmp(omitted, DUMP_OMITTED_SETTINGS) == 0;
        for (size_t k = 0; k < KV_PACKAGES; k++) {
            if (package != NULL && strcmp(package, KV_PACKAGE_NAMES[k]) == 0) {
                exclusions->packages[k] = true;
                exclusions->any_package = true;
            }
        }
    }
    exclusions->headers[exclusions->header_count++] = header;
}

bool exclusions_of_package(const Exclusions *exclusions, const char *package)
{
    for (size_t i = 0; i < KV_PACKAGES; i++) {
        if (exclusions->packages[i] && strcmp(package, KV_PACKAGE_NAMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_no_rules(const DumpHeader *header, Slice repository_id)
{
    for (size_t i = 0; i < header->omitted_settings_count; i++) {
        if (slice_equal(slice_text(header->omitted_settings[i]), repository_id)) {
            return true;
        }
    }
    return false;
}

static bool is_excluded_rule(const Exclusions *exclusions, const Entry *entry)
{
    Slice repository_id;
    Slice instance_id;

    if (!slice_equal(entry->key, slice_text(KV_BRANCH_PROTECTION_KEY)) ||
        !kv_partition_is_repository(entry->partition_key, &repository_id, &instance_id)) {
        return false;
    }
    for (size_t i = 0; i < exclusions->header_count; i++) {
        if (has_no_rules(exclusions->headers[i], repository_id)) {
            return true;
        }
    }
    return exclusions->settings;
}

bool exclusions_of_entry(const Exclusions *exclusions, const Entry *entry)
{
    return (exclusions->any_package &&
            exclusions->packages[kv_package_of(entry->partition_key, entry->key, entry->value)]) ||
           is_excluded_rule(exclusions, entry);
}

void exclusions_warn(const Exclusions *exclusions)
{
    for (size_t i = 0; i < KV_PACKAGES; i++) {
        if (exclusions->packages[i]) {
            message_warning("package %s is not compared: a dump leaves it out",
                            KV_PACKAGE_NAMES[i]);
        }
    }
    if (exclusions->settings) {
        message_warning("branch protection rules are not compared: a dump leaves them out");
    }
    for (size_t i = 0; i < exclusions->header_count; i++) {
        for (size_t k = 0; k < exclusions->headers[i]->omitted_settings_count; k++) {
            message_warning("the branch protection rules of \"%s\" are not compared: a dump leaves "
                            "them out",
                            exclusions->headers[i]->omitted_settings[k]);
        }
    }
}
