/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/noted_table.h"

#include "common/config/apply.h"

static const char *or_noted(const char *setting, const Note *note, const char *member)
{
    const char *noted = note->json == NULL ? "" : note_text(note, "store", member);

    return setting != NULL && setting[0] != '\0' ? setting : noted[0] != '\0' ? noted : NULL;
}

/* kv-export and kv-import get these in their environments. */
static bool set_variables(const MigrateOptions *options, Error *error)
{
    Words variables = {0};
    bool done = lakefs_apply_dynamodb(&options->lakefs, &variables, error) &&
                words_set_environment(&variables, error);

    words_free(&variables);
    return done;
}

bool noted_table_open(const MigrateOptions *options, const Note *note, DynamoOptions *table,
                      DynamoClient **client, Error *error)
{
    const LakefsSettings *lakefs = &options->lakefs;

    *table = (DynamoOptions){.table = or_noted(lakefs->dynamodb_table, note, "table"),
                             .endpoint = or_noted(lakefs->dynamodb_endpoint, note, "endpoint"),
                             .region = or_noted(lakefs->dynamodb_region, note, "region")};
    table->table = table->table == NULL ? DYNAMO_TABLE_NAME : table->table;
    *client = NULL;
    return set_variables(options, error) && dynamo_options_check(table, error) &&
           dynamo_client_open(table, "kv-migrate", client, error);
}
