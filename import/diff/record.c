/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/record.h"

#include "common/kv/model.h"

#include <string.h>

static const struct {
    const char *partition;
    DiffSection section;
} SECTIONS[] = {
    {KV_PARTITION_AUTH, DIFF_SECTION_AUTH},
    {KV_PARTITION_BASIC_AUTH, DIFF_SECTION_AUTH},
    {KV_PARTITION_ACL_AUTH, DIFF_SECTION_AUTH},
    {KV_PARTITION_GRAVELER, DIFF_SECTION_REPOSITORIES},
    {KV_PARTITION_ACTIONS, DIFF_SECTION_ACTIONS},
    {KV_PARTITION_MULTIPARTS, DIFF_SECTION_MULTIPARTS},
    {KV_PARTITION_PULLS, DIFF_SECTION_OTHER},
    {KV_PARTITION_CLEANUP, DIFF_SECTION_OTHER},
    {KV_PARTITION_OWNERSHIP, DIFF_SECTION_OTHER},
    {KV_PARTITION_CATALOG, DIFF_SECTION_OTHER},
    {KV_PARTITION_USAGE, DIFF_SECTION_OTHER},
    {KV_PARTITION_INTERNAL, DIFF_SECTION_OTHER},
};

DiffSection record_section(Slice partition_key)
{
    Slice repository_id;
    Slice instance_id;

    for (size_t i = 0; i < sizeof SECTIONS / sizeof SECTIONS[0]; i++) {
        if (slice_equal(partition_key, slice_text(SECTIONS[i].partition))) {
            return SECTIONS[i].section;
        }
    }
    return kv_partition_is_repository(partition_key, &repository_id, &instance_id)
               ? DIFF_SECTION_REPOSITORY
               : DIFF_SECTION_STAGED;
}

bool record_append(Buffer *records, DiffSide side, const Entry *entry, Error *error)
{
    RecordHead head = {
        .partition_key_size = (uint32_t)entry->partition_key.size,
        .key_size = (uint32_t)entry->key.size,
        .value_size = (uint32_t)entry->value.size,
        .side = (uint16_t)side,
        .section = (uint16_t)record_section(entry->partition_key),
    };

    return buffer_reserve(records, record_size(&head), error) &&
           buffer_append(records, &head, sizeof head, error) &&
           buffer_append(records, entry->partition_key.data, entry->partition_key.size, error) &&
           buffer_append(records, entry->key.data, entry->key.size, error) &&
           buffer_append(records, entry->value.data, entry->value.size, error);
}

size_t record_size(const RecordHead *head)
{
    return sizeof *head + head->partition_key_size + head->key_size + head->value_size;
}

RecordHead record_parse(const uint8_t *record, Entry *entry)
{
    RecordHead head;
    const uint8_t *bytes = record + sizeof head;

    memcpy(&head, record, sizeof head);
    entry->partition_key = slice_of(bytes, head.partition_key_size);
    bytes += head.partition_key_size;
    entry->key = slice_of(bytes, head.key_size);
    entry->value = slice_of(bytes + head.key_size, head.value_size);
    return head;
}

static int compare_slices(Slice a, Slice b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_entries(const uint8_t *a, const uint8_t *b, int *sides)
{
    Entry x;
    Entry y;
    RecordHead head_x = record_parse(a, &x);
    RecordHead head_y = record_parse(b, &y);
    int order = (head_x.section > head_y.section) - (head_x.section < head_y.section);

    *sides = (head_x.side > head_y.side) - (head_x.side < head_y.side);
    if (order == 0) {
        order = compare_slices(x.partition_key, y.partition_key);
    }
    return order != 0 ? order : compare_slices(x.key, y.key);
}

int record_compare(const uint8_t *a, const uint8_t *b)
{
    int sides;
    int order = compare_entries(a, b, &sides);

    return order != 0 ? order : sides;
}

bool record_same_entry(const uint8_t *a, const uint8_t *b)
{
    int sides;

    return compare_entries(a, b, &sides) == 0;
}
