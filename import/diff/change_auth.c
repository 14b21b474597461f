/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users, groups, policies and credentials.  Secrets are not shown.
 */
#include "import/diff/change.h"

#include "common/kv/model.h"
#include "import/diff/fields.h"

#include <string.h>

#include "auth.pb-c.h"
#include "secondary_index.pb-c.h"

enum { USER_NAME = 2, CREDENTIAL_ID = 1, CREDENTIAL_USER = 4, INDEX_KEY = 1 };

static bool begins_with(Slice bytes, const char *text)
{
    return bytes.size >= strlen(text) && memcmp(bytes.data, text, strlen(text)) == 0;
}

static void describe_named(TextLine *line, const Change *change, const char *what, Slice name)
{
    text_add(line, "%s ", what);
    text_name(line, name);
    text_add(line, " %s", change_word(change->kind));
    change_fields(line, change);
}

static void describe_credential(TextLine *line, const Change *change)
{
    text_add(line, "credentials ");
    text_name(line, field_bytes(change->value, CREDENTIAL_ID));
    text_add(line, " of user ");
    text_name(line, field_bytes(change->value, CREDENTIAL_USER));
    text_add(line, " %s", change_word(change->kind));
    change_fields(line, change);
}

/* The name before "/" and the key that the index entry leads to. */
static Slice index_owner(const Change *change, const char *prefix)
{
    Slice target = field_bytes(change->value, INDEX_KEY);
    Slice name = change_key_after(change->key, prefix);

    if (name.size > target.size + 1) {
        name.size -= target.size + 1;
    }
    return name;
}

static void describe_membership(TextLine *line, const Change *change)
{
    text_add(line, "user ");
    text_name(line, change_key_after(field_bytes(change->value, INDEX_KEY), KV_USERS));
    text_add(line, change->kind == CHANGE_REMOVED ? " removed from group " : " added to group ");
    text_name(line, index_owner(change, KV_GROUP_USERS));
}

static void describe_attachment(TextLine *line, const Change *change, const char *prefix,
                                const char *what)
{
    text_add(line, "policy ");
    text_name(line, change_key_after(field_bytes(change->value, INDEX_KEY), KV_POLICIES));
    text_add(line, " %s %s ", change->kind == CHANGE_REMOVED ? "detached from" : "attached to",
             what);
    text_name(line, index_owner(change, prefix));
}

static bool describe_index(TextLine *line, const Change *change)
{
    if (begins_with(change->key, KV_GROUP_USERS)) {
        describe_membership(line, change);
    } else if (begins_with(change->key, KV_USER_POLICIES)) {
        describe_attachment(line, change, KV_USER_POLICIES, "user");
    } else if (begins_with(change->key, KV_GROUP_POLICIES)) {
        describe_attachment(line, change, KV_GROUP_POLICIES, "group");
    } else {
        return false;
    }
    return true;
}

static void add_values(TextLine *line, const Change *change)
{
    text_add(line, " %s", change_word(change->kind));
    if (change->kind == CHANGE_CHANGED) {
        text_add(line, " from ");
        text_name(line, change->old_value);
        text_add(line, " to ");
    } else {
        text_add(line, ": ");
    }
    text_name(line, change->value);
}

/* What people typed in at the setup is not shown. */
static bool describe_text(TextLine *line, const Change *change)
{
    Slice name = change_key_after(change->key, KV_INSTALLATION_METADATA);

    if (slice_equal(change->key, slice_text(KV_INSTALLATION_ID_KEY))) {
        text_add(line, "installation id");
        add_values(line, change);
    } else if (slice_equal(name, slice_text("lakefs_version"))) {
        text_add(line, "version of lakeFS");
        add_values(line, change);
    } else if (name.size < change->key.size) {
        text_add(line, "installation metadata ");
        text_name(line, name);
        text_add(line, " %s", change_word(change->kind));
    } else {
        return false;
    }
    return true;
}

bool change_describe_auth(TextLine *line, const Change *change)
{
    const ProtobufCMessageDescriptor *message = change->type.message;
    /* Its key is that of any such user. */
    const bool basic = slice_equal(change->partition_key, slice_text(KV_PARTITION_BASIC_AUTH));

    if (message == &kv__user_data__descriptor) {
        describe_named(line, change, basic ? "user of basic authentication" : "user",
                       basic ? field_bytes(change->value, USER_NAME)
                             : change_key_after(change->key, KV_USERS));
    } else if (message == &kv__group_data__descriptor) {
        describe_named(line, change, "group", change_key_after(change->key, KV_GROUPS));
    } else if (message == &kv__policy_data__descriptor) {
        describe_named(line, change, "policy", change_key_after(change->key, KV_POLICIES));
    } else if (message == &kv__credential_data__descriptor) {
        describe_credential(line, change);
    } else if (message == &kv__secondary_index__descriptor) {
        return describe_index(line, change);
    } else {
        return change->type.form == KV_VALUE_TEXT && describe_text(line, change);
    }
    return true;
}
