/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries on their way into a dump: unchanged, or redacted and then all distinct.
 */
#include "tests/unit/dump_support.h"

#include "common/kv/model.h"
#include "export/emit.h"

#include "auth.pb-c.h"

typedef struct Emitting {
    DumpWriter *writer;
    DistinctKeys *redacted;
    Emitter emitter;
} Emitting;

static void begin(Emitting *emitting, const char *path, bool redact)
{
    DumpHeader header = sample_header();
    Error error = {0};

    *emitting = (Emitting){.writer = new_writer(path, &header)};
    assert_done(chunk_writer_new(emitting->writer, &emitting->emitter.chunks, &error) &&
                    chunk_writer_begin(emitting->emitter.chunks, 0, 0, &error),
                &error);
    if (redact) {
        assert_done(
            distinct_keys_new(&emitting->redacted, &error) &&
                redactor_new(BYTES("0123456789abcdef"), &emitting->emitter.redactor, &error),
            &error);
        emitting->emitter.redacted = emitting->redacted;
    }
}

static void end(Emitting *emitting)
{
    emitter_free(&emitting->emitter);
    dump_writer_free(emitting->writer);
    distinct_keys_free(emitting->redacted);
}

/* Completes the dump, and reads its entries. */
static void finish(Emitting *emitting, const char *path, Buffer *tuples)
{
    DumpManifest manifest;
    Error error = {0};

    sample_manifest(&manifest);
    assert_done(chunk_writer_end(emitting->emitter.chunks, &error) &&
                    dump_writer_finish(emitting->writer, &manifest, &error),
                &error);
    dump_manifest_free(&manifest);
    assert_done(read_dump(path, tuples, &error), &error);
}

static bool emit_user(Emitting *emitting, const char *name, Error *error)
{
    Kv__UserData user = KV__USER_DATA__INIT;
    Buffer key = {0};
    bool done;

    user.username = (char *)(uintptr_t)name;
    done =
        kv_key_user(&key, slice_text(name), error) &&
        emit_message(&emitting->emitter, BYTES("auth"), buffer_slice(&key), &user.base, error) &&
        emit_bytes(&emitting->emitter, BYTES("auth"), BYTES("installation_id"), BYTES("id"), error);
    buffer_free(&key);
    return done;
}

static bool holds(const Buffer *bytes, const char *text)
{
    const size_t size = strlen(text);

    for (size_t i = 0; i + size <= bytes->size; i++) {
        if (memcmp(bytes->data + i, text, size) == 0) {
            return true;
        }
    }
    return false;
}

static void test_messages_and_bytes_are_written_as_they_are(void **state)
{
    const char *path = folder_path(state, "dump");
    Emitting emitting;
    Buffer tuples = {0};
    Error error = {0};

    begin(&emitting, path, false);
    assert_done(emit_user(&emitting, "wilhelmina", &error), &error);
    finish(&emitting, path, &tuples);
    assert_true(holds(&tuples, "users/wilhelmina"));
    end(&emitting);
    buffer_free(&tuples);
}

static void test_messages_and_bytes_are_redacted(void **state)
{
    const char *path = folder_path(state, "dump");
    Emitting emitting;
    Buffer tuples = {0};
    Error error = {0};

    begin(&emitting, path, true);
    assert_done(emit_user(&emitting, "wilhelmina", &error), &error);
    finish(&emitting, path, &tuples);
    assert_true(holds(&tuples, "users/"));
    assert_true(holds(&tuples, "installation_id"));
    assert_false(holds(&tuples, "wilhelmina"));
    end(&emitting);
    buffer_free(&tuples);
}

/* As for two keys with the same pseudonym. */
static void test_two_redacted_entries_with_one_key_are_an_error(void **state)
{
    const char *path = folder_path(state, "dump");
    Emitting emitting;
    Error error = {0};

    begin(&emitting, path, true);
    assert_done(emit_user(&emitting, "wilhelmina", &error), &error);
    assert_refused(emit_user(&emitting, "wilhelmina", &error), &error, EXIT_CODE_FAILED);
    assert_contains(error.message, "same key");
    end(&emitting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_messages_and_bytes_are_written_as_they_are,
                                        folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_messages_and_bytes_are_redacted, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(test_two_redacted_entries_with_one_key_are_an_error,
                                        folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests_name("emitted entries", tests, NULL, NULL);
}
