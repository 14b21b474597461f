/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of rules for fields: it covers all fields, and each rule suits its field.  A new field
 * in a .proto file fails here until the table has it.
 */
#include "tests/unit/support.h"

#include <glob.h>

#include "export/redact/fields.h"

#include "actions.pb-c.h"
#include "auth.pb-c.h"
#include "catalog.pb-c.h"
#include "graveler.pb-c.h"
#include "metadata.pb-c.h"
#include "multiparts.pb-c.h"
#include "secondary_index.pb-c.h"
#include "task.pb-c.h"
#include "timestamp.pb-c.h"

/* From the top folder, where the tests run. */
static const char PROTOS[] = "common/kv/*.proto";

static const ProtobufCMessageDescriptor *const MESSAGES[] = {
    &kv__timestamp__descriptor,
    &kv__metadata_entry__descriptor,
    &kv__secondary_index__descriptor,
    &kv__run_result_data__descriptor,
    &kv__task_result_data__descriptor,
    &kv__user_data__descriptor,
    &kv__group_data__descriptor,
    &kv__policy_data__descriptor,
    &kv__statement_data__descriptor,
    &kv__credential_data__descriptor,
    &kv__token_data__descriptor,
    &kv__multipart_upload_data__descriptor,
    &kv__repository_data__descriptor,
    &kv__commit_data__descriptor,
    &kv__branch_data__descriptor,
    &kv__tag_data__descriptor,
    &kv__staged_entry_data__descriptor,
    &kv__catalog_entry__descriptor,
    &kv__branch_protection_rules__descriptor,
    &kv__branch_protection_rule__descriptor,
    &kv__blocked_actions__descriptor,
    &kv__condition_operator_entry__descriptor,
    &kv__condition_operator__descriptor,
    &kv__condition_entry__descriptor,
    &kv__condition_values__descriptor,
    &kv__acldata__descriptor,
    &kv__repo_metadata__descriptor,
    &kv__import_status_data__descriptor,
    &kv__pull_request_data__descriptor,
    &kv__link_address_data__descriptor,
    &kv__branch_ownership_data__descriptor,
    &kv__task__descriptor,
    &kv__task_msg__descriptor,
    &kv__repository_dump_info__descriptor,
    &kv__repository_dump_status__descriptor,
    &kv__repository_restore_status__descriptor,
    &kv__garbage_collection_prepare_commits_info__descriptor,
    &kv__garbage_collection_prepare_status__descriptor,
    &kv__commit_async_status__descriptor,
    &kv__merge_async_info__descriptor,
    &kv__merge_async_status__descriptor,
    &kv__instance_data__descriptor,
};

static const ProtobufCMessageDescriptor *find_message(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(MESSAGES); i++) {
        if (strcmp(MESSAGES[i]->short_name, name) == 0) {
            return MESSAGES[i];
        }
    }
    fail_msg("message %s is not in this test's list, nor perhaps in the table", name);
    return NULL;
}

/* The list above is checked against the .proto files themselves. */
static size_t count_messages(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[512];
    char name[256];
    size_t count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, " message %255[A-Za-z0-9_]", name) == 1) {
            assert_non_null(message_rule_find(find_message(name)));
            count++;
        }
    }
    assert_int_equal(fclose(file), 0);
    return count;
}

static void test_every_message_is_in_the_table(void **state)
{
    glob_t paths;
    size_t count = 0;

    (void)state;
    assert_int_equal(glob(PROTOS, 0, NULL, &paths), 0);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        count += count_messages(paths.gl_pathv[i]);
    }
    globfree(&paths);
    assert_int_equal(count, COUNT_OF(MESSAGES));
}

static bool is_number(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_INT32 || type == PROTOBUF_C_TYPE_INT64 ||
           type == PROTOBUF_C_TYPE_BOOL || type == PROTOBUF_C_TYPE_ENUM;
}

static bool is_text(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES;
}

/* Text and bytes are never kept without a rule that examines them. */
static bool suits(const FieldRule *rule, const ProtobufCFieldDescriptor *field)
{
    switch (rule->treatment) {
    case FIELD_KEPT:
        return is_number(field->type);
    case FIELD_EMPTIED:
        return is_text(field->type) && field->label != PROTOBUF_C_LABEL_REPEATED;
    case FIELD_TEXT:
        return is_text(field->type) && rule->text != NULL;
    case FIELD_MESSAGE:
        return field->type == PROTOBUF_C_TYPE_MESSAGE;
    case FIELD_MAP:
        return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label == PROTOBUF_C_LABEL_REPEATED;
    case FIELD_EMBEDDED:
        return field->type == PROTOBUF_C_TYPE_BYTES && message_rule_find(rule->message) != NULL;
    }
    return false;
}

static void test_every_field_has_a_suitable_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(MESSAGES); i++) {
        const MessageRule *message = message_rule_find(MESSAGES[i]);

        assert_non_null(message);
        for (unsigned n = 0; n < MESSAGES[i]->n_fields; n++) {
            const ProtobufCFieldDescriptor *field = &MESSAGES[i]->fields[n];
            const FieldRule *rule = field_rule_find(message, field->name);

            if (rule == NULL || !suits(rule, field)) {
                fail_msg("field %s of %s", field->name, MESSAGES[i]->short_name);
            }
            if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
                assert_non_null(message_rule_find(field->descriptor));
            }
        }
    }
}

static void test_the_table_knows_no_field_that_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(MESSAGES); i++) {
        const FieldRule *rule = message_rule_find(MESSAGES[i])->fields;

        for (; rule->field != NULL; rule++) {
            if (protobuf_c_message_descriptor_get_field_by_name(MESSAGES[i], rule->field) == NULL) {
                fail_msg("%s has no field %s", MESSAGES[i]->short_name, rule->field);
            }
        }
    }
}

static void test_secrets_are_emptied(void **state)
{
    static const struct {
        const ProtobufCMessageDescriptor *message;
        const char *field;
    } SECRETS[] = {
        {&kv__user_data__descriptor, "encrypted_password"},
        {&kv__credential_data__descriptor, "secret_access_key_encrypted_bytes"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(SECRETS); i++) {
        const FieldRule *rule =
            field_rule_find(message_rule_find(SECRETS[i].message), SECRETS[i].field);

        assert_int_equal(rule->treatment, FIELD_EMPTIED);
    }
}

/* As if it had been added to the model. */
static void test_a_message_that_is_not_known_is_refused(void **state)
{
    ProtobufCMessageDescriptor stranger = kv__tag_data__descriptor;
    Kv__TagData tag = KV__TAG_DATA__INIT;
    Pseudonyms *names;
    Arena arena = {0};
    Error error = {0};

    (void)state;
    assert_done(pseudonyms_new(BYTES("0123456789abcdef"), &names, &error), &error);
    tag.base.descriptor = &stranger;
    assert_refused(fields_redact_message(names, &tag.base, &arena, &error), &error,
                   EXIT_CODE_FAILED);
    assert_contains(error.message, "TagData");
    assert_contains(error.hint, "Fix the row");
    pseudonyms_free(names);
    arena_free(&arena);
}

static void test_a_field_that_the_descriptor_does_not_have_is_refused(void **state)
{
    static const struct {
        const ProtobufCMessageDescriptor *message;
        Slice bytes;
        const char *named;
    } VALUES[] = {
        /* Field 3 of a tag, and field 3 of the time in a group. */
        {&kv__tag_data__descriptor, {(const uint8_t *)"\x0a\x01t\x1a\x01x", 6}, "field 3"},
        {&kv__group_data__descriptor,
         {(const uint8_t *)"\x0a\x04\x08\x01\x18\x02\x12\x01g", 9},
         "Timestamp"},
        /* Field 8 of the object in a staged entry. */
        {&kv__staged_entry_data__descriptor,
         {(const uint8_t *)"\x0a\x01k\x1a\x05\x0a\x01p\x40\x01", 10},
         "field 8 of its CatalogEntry"},
        /* An invalid object. */
        {&kv__staged_entry_data__descriptor,
         {(const uint8_t *)"\x0a\x01k\x1a\x02\x0a\x7f", 7},
         "is not a CatalogEntry"},
    };
    Pseudonyms *names;
    Arena arena = {0};
    Error error = {0};

    (void)state;
    assert_done(pseudonyms_new(BYTES("0123456789abcdef"), &names, &error), &error);
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        ProtobufCMessage *message;

        assert_done(
            fields_read_message(VALUES[i].message, VALUES[i].bytes, &arena, &message, &error),
            &error);
        assert_refused(fields_redact_message(names, message, &arena, &error), &error,
                       EXIT_CODE_FAILED);
        assert_contains(error.message, VALUES[i].named);
    }
    pseudonyms_free(names);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_message_is_in_the_table),
        cmocka_unit_test(test_every_field_has_a_suitable_rule),
        cmocka_unit_test(test_the_table_knows_no_field_that_is_gone),
        cmocka_unit_test(test_secrets_are_emptied),
        cmocka_unit_test(test_a_message_that_is_not_known_is_refused),
        cmocka_unit_test(test_a_field_that_the_descriptor_does_not_have_is_refused),
    };

    return cmocka_run_group_tests_name("table of redaction", tests, NULL, NULL);
}
