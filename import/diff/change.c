/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/change.h"

#include "common/kv/wire.h"
#include "import/diff/fields.h"

#include <string.h>

#include "graveler.pb-c.h"

/* Of a map, changed pairs that are named, and pairs that are looked at. */
enum { MAX_PAIRS_NAMED = 8, MAX_PAIRS = 1000 };

Change change_of(const Difference *difference)
{
    const Entry *entry = difference_entry(difference);
    const Slice nothing = slice_text("");

    return (Change){
        .kind = difference->has_old && difference->has_new ? CHANGE_CHANGED
                : difference->has_new                      ? CHANGE_ADDED
                                                           : CHANGE_REMOVED,
        .partition_key = entry->partition_key,
        .key = entry->key,
        .old_value = difference->has_old ? difference->old_entry.value : nothing,
        .new_value = difference->has_new ? difference->new_entry.value : nothing,
        .value = entry->value,
        .type = kv_entry_type(entry->partition_key, entry->key, entry->value),
    };
}

const char *change_word(ChangeKind kind)
{
    static const char *const WORDS[CHANGE_KINDS] = {"added", "removed", "changed"};

    return WORDS[kind];
}

Slice change_key_after(Slice key, const char *prefix)
{
    size_t size = strlen(prefix);

    return key.size >= size && memcmp(key.data, prefix, size) == 0
               ? slice_of(key.data + size, key.size - size)
               : key;
}

/* The word for a field: its name, without underscores. */
static void add_field_name(TextLine *line, const char *name)
{
    if (strcmp(name, "encrypted_password") == 0) {
        name = "password";
    } else if (strcmp(name, "secret_access_key_encrypted_bytes") == 0) {
        name = "secret key";
    }
    for (const char *c = name; *c != '\0'; c++) {
        text_add(line, "%c", *c == '_' ? ' ' : *c);
    }
}

void change_fields(TextLine *line, const Change *change)
{
    const ProtobufCMessageDescriptor *message = change->type.message;
    const char *separator = ": ";

    if (change->kind != CHANGE_CHANGED || message == NULL) {
        return;
    }
    for (unsigned i = 0; i < message->n_fields; i++) {
        if (field_differs(change->old_value, change->new_value, &message->fields[i])) {
            text_add(line, "%s", separator);
            add_field_name(line, message->fields[i].name);
            separator = ", ";
        }
    }
}

static bool is_readable(const Change *change, Slice value)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(change->type.message, NULL, value.size, value.data);

    if (message != NULL) {
        protobuf_c_message_free_unpacked(message, NULL);
    }
    return message != NULL;
}

void change_unreadable(TextLine *line, const Change *change)
{
    bool was;
    bool is;

    if (change->type.message == NULL) {
        return;
    }
    was = change->kind != CHANGE_ADDED && !is_readable(change, change->old_value);
    is = change->kind != CHANGE_REMOVED && !is_readable(change, change->new_value);
    if (was || is) {
        text_add(line, was && is ? " (neither value can be read)"
                       : is      ? " (the new value cannot be read)"
                                 : " (the old value could not be read)");
    }
}

/* Finds the value of a pair of the map in field 1. */
static bool find_pair(Slice message, Slice key, Slice *value)
{
    Slice pair;
    size_t count = 0;

    while (count++ < MAX_PAIRS && field_next(&message, 1, &pair)) {
        if (slice_equal(field_bytes(pair, 1), key)) {
            *value = field_bytes(pair, 2);
            return true;
        }
    }
    return false;
}

static void add_blocked(TextLine *line, Slice actions)
{
    const ProtobufCFieldDescriptor *field = &kv__blocked_actions__descriptor.fields[0];
    const char *separator = " blocks ";
    WireField found;
    uint64_t action;

    while (actions.size > 0 && wire_next(&actions, &found)) {
        Slice packed = found.bytes;

        if (found.number != field->id || found.type != WIRE_BYTES) {
            continue;
        }
        while (packed.size > 0 && wire_next_packed(&packed, &action)) {
            text_add(line, "%s%s", separator,
                     action == KV__BLOCKED_ACTION__STAGING_WRITE ? "writes"
                     : action == KV__BLOCKED_ACTION__COMMIT      ? "commits"
                                                                 : "other actions");
            separator = " and ";
        }
    }
}

/* The pairs that are being told. */
typedef struct PairList {
    TextLine *line;
    bool rules;
    size_t count;
} PairList;

static void add_pair(PairList *list, Slice key, ChangeKind kind, Slice value)
{
    if (++list->count > MAX_PAIRS_NAMED) {
        return;
    }
    text_add(list->line, "%s", list->count == 1 ? ": " : ", ");
    text_name(list->line, key);
    if (list->rules && kind != CHANGE_REMOVED) {
        add_blocked(list->line, value);
    } else {
        text_add(list->line, " %s", change_word(kind));
    }
}

void change_pairs(TextLine *line, const Change *change, bool rules)
{
    PairList list = {.line = line, .rules = rules};
    Slice rest = change->new_value;
    Slice pair;
    Slice other;
    size_t count = 0;

    while (count++ < MAX_PAIRS && field_next(&rest, 1, &pair)) {
        Slice key = field_bytes(pair, 1);
        Slice value = field_bytes(pair, 2);

        if (!find_pair(change->old_value, key, &other)) {
            add_pair(&list, key, CHANGE_ADDED, value);
        } else if (!slice_equal(value, other)) {
            add_pair(&list, key, CHANGE_CHANGED, value);
        }
    }
    rest = change->old_value;
    count = 0;
    while (count++ < MAX_PAIRS && field_next(&rest, 1, &pair)) {
        Slice key = field_bytes(pair, 1);

        if (!find_pair(change->new_value, key, &other)) {
            add_pair(&list, key, CHANGE_REMOVED, field_bytes(pair, 2));
        }
    }
    if (list.count > MAX_PAIRS_NAMED) {
        text_add(line, " and %zu more", list.count - MAX_PAIRS_NAMED);
    }
}
