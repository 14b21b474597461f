/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/basic_auth_writer.h"

#include "common/kv/model.h"
#include "common/store/basic_auth.h"
#include "export/emit.h"

#include <stdlib.h>
#include <string.h>

enum { WRITTEN_USER = 1, WRITTEN_CREDENTIAL = 2, WRITTEN_BOTH = 3 };

struct BasicAuthWriter {
    BasicAuth chosen;
    int written;
};

bool basic_auth_writer_open(Worker *worker, BasicAuthWriter **writer, Error *error)
{
    const char *wanted = worker->context->options->basic_auth_user;

    *writer = NULL;
    if (wanted == NULL) {
        return true;
    }
    *writer = calloc(1, sizeof **writer);
    if (*writer == NULL) {
        return error_out_of_memory(error);
    }
    return basic_auth_find_legacy(&(*writer)->chosen, wanted, worker->connection,
                                  worker->context->schema.quoted, error);
}

/* The key is in worker->key. */
static bool write(SourceRow *row, const ProtobufCMessage *message, Error *error)
{
    return emit_message(&row->worker->emitter, slice_text(KV_PARTITION_BASIC_AUTH),
                        buffer_slice(&row->worker->key), message, error);
}

bool basic_auth_write_user(BasicAuthWriter *writer, SourceRow *row, const Kv__UserData *data,
                           Error *error)
{
    if (writer == NULL || strcmp(writer->chosen.user, data->username) != 0) {
        return true;
    }
    writer->written |= WRITTEN_USER;
    return kv_key_user(&row->worker->key, slice_text(KV_SUPER_ADMIN), error) &&
           write(row, &data->base, error);
}

bool basic_auth_write_credential(BasicAuthWriter *writer, SourceRow *row, const char *user,
                                 const Kv__CredentialData *data, Error *error)
{
    if (writer == NULL || strcmp(writer->chosen.user, user) != 0 ||
        strcmp(writer->chosen.key_id, data->access_key_id) != 0) {
        return true;
    }
    writer->written |= WRITTEN_CREDENTIAL;
    return kv_key_credential(&row->worker->key, slice_text(KV_SUPER_ADMIN),
                             slice_text(data->access_key_id), error) &&
           write(row, &data->base, error);
}

/* Of text that is not UTF-8 the entries have another form. */
bool basic_auth_writer_check(const BasicAuthWriter *writer, const Worker *worker, Error *error)
{
    return writer == NULL || worker->checks_only || writer->written == WRITTEN_BOTH ||
           error_set(error, EXIT_CODE_FAILED,
                     "user \"%s\" and credential \"%s\" are not among the entries as they are "
                     "written in the tables",
                     writer->chosen.user, writer->chosen.key_id);
}

void basic_auth_writer_free(void *state)
{
    BasicAuthWriter *writer = state;

    if (writer != NULL) {
        basic_auth_free(&writer->chosen);
        free(writer);
    }
}
