/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package multiparts: multipart uploads in progress.
 *
 * See LEGACY-SCHEMA.md and common/kv/KV-MODEL.md, "Package multiparts".
 */
#include "export/package.h"

#include "common/kv/model.h"
#include "export/emit.h"
#include "export/legacy/json_map.h"
#include "export/legacy/source.h"

#include "multiparts.pb-c.h"

static const char MULTIPARTS[] = "gateway_multiparts";

enum {
    COLUMN_UPLOAD_ID,
    COLUMN_PATH,
    COLUMN_CREATION_DATE,
    COLUMN_PHYSICAL_ADDRESS,
    COLUMN_METADATA,
    COLUMN_CONTENT_TYPE,
    COLUMNS
};

/* Rows from before schema version 35 have neither metadata nor content_type. */
static const SourceQuery QUERY = {
    .table = MULTIPARTS,
    .sql = "SELECT upload_id, path, creation_date, physical_address, metadata, content_type"
           " FROM {schema}.gateway_multiparts",
    .columns =
        (const SourceColumn[]){
            [COLUMN_UPLOAD_ID] = {.name = "upload_id", .type = SOURCE_TEXT, .is_key = true},
            [COLUMN_PATH] = {.name = "path", .type = SOURCE_TEXT},
            [COLUMN_CREATION_DATE] = {.name = "creation_date", .type = SOURCE_TIMESTAMPTZ},
            [COLUMN_PHYSICAL_ADDRESS] = {.name = "physical_address",
                                         .type = SOURCE_TEXT,
                                         .nullable = true},
            [COLUMN_METADATA] = {.name = "metadata", .type = SOURCE_JSONB, .nullable = true},
            [COLUMN_CONTENT_TYPE] = {.name = "content_type", .type = SOURCE_TEXT, .nullable = true},
        },
    .column_count = COLUMNS,
};

static bool write_multipart(SourceRow *row, void *state, Error *error)
{
    Kv__MultipartUploadData data = KV__MULTIPART_UPLOAD_DATA__INIT;
    Kv__Timestamp creation_date;
    JsonMap metadata;

    (void)state;
    if (!source_text(row, COLUMN_UPLOAD_ID, &data.upload_id, error) ||
        !source_text(row, COLUMN_PATH, &data.path, error) ||
        !source_time(row, COLUMN_CREATION_DATE, &creation_date, error) ||
        !source_text(row, COLUMN_PHYSICAL_ADDRESS, &data.physical_address, error) ||
        !source_map(row, COLUMN_METADATA, &metadata, error) ||
        !source_text(row, COLUMN_CONTENT_TYPE, &data.content_type, error)) {
        return false;
    }
    data.creation_date = &creation_date;
    data.n_metadata = metadata.count;
    data.metadata = metadata.entries;
    return source_check_key(row, slice_text(KV_PARTITION_MULTIPARTS), slice_text(data.upload_id),
                            false, error) &&
           emit_message(&row->worker->emitter, slice_text(KV_PARTITION_MULTIPARTS),
                        slice_text(data.upload_id), &data.base, error);
}

static bool prepare(Worker *worker, void **state, UnitList *units, Error *error)
{
    *state = NULL;
    return source_check_unique(worker, MULTIPARTS, "upload_id", error) &&
           unit_list_add(units, 0, error);
}

static bool run(Worker *worker, const Unit *unit, Error *error)
{
    (void)unit;
    return source_read(worker, &QUERY, NULL, write_multipart, NULL, error);
}

const Package PACKAGE_MULTIPARTS = {
    .name = "multiparts",
    .tables = (const char *const[]){MULTIPARTS, NULL},
    .prepare = prepare,
    .run = run,
};
