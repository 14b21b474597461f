/* SPDX-License-Identifier: Apache-2.0 */
#include "export/dump.h"

#include "common/base/digest.h"
#include "common/base/interrupt.h"
#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/progress.h"
#include "common/cli/version.h"
#include "common/kv/package.h"
#include "export/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes a redactor, with --redact. */
static bool new_redactor(const ExportDump *dump, Redactor **redactor, Error *error)
{
    *redactor = NULL;
    return !dump->options->redact ||
           redactor_new(redact_key_slice(&dump->redact_key), redactor, error);
}

bool export_dump_prepare(ExportDump *dump, Error *error)
{
    return !dump->options->redact ||
           (redact_key_read(dump->options->redact_key_file, &dump->redact_key, error) &&
            distinct_keys_new(&dump->redacted, error) &&
            new_redactor(dump, &dump->redactor, error));
}

bool export_dump_open(ExportDump *dump, Error *error)
{
    const ExportOptions *options = dump->options;

    if (options->dry_run) {
        return dump_output_check(options->file, options->force, error);
    }
    if (!sha256_prepare(error) ||
        !dump_output_open(options->file, options->force, &dump->output, error)) {
        return false;
    }
    dump->is_file = dump_output_is_file(dump->output);
    return true;
}

bool export_dump_add_package(ExportDump *dump, DumpHeader *header, const char *name)
{
    char *omitted = dump->omitted[header->omitted_count];

    if (export_options_choose(dump->options, name)) {
        header->packages[header->package_count++] = name;
        dump->manifest.packages[dump->manifest.package_count++].name = name;
        return true;
    }
    snprintf(omitted, sizeof dump->omitted[0], DUMP_OMITTED_PACKAGE "%s", name);
    header->omitted[header->omitted_count++] = omitted;
    return false;
}

/* Names of repositories in a header, redacted if need be. */
typedef struct NameList {
    Buffer *names;
    const char **texts;
    size_t count;
} NameList;

/* Names that a header has, redacted if need be. */
typedef struct HeaderNames {
    Buffer database;
    Buffer schema;
    NameList without_settings;
    NameList repositories;
} HeaderNames;

static void free_list(NameList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_free(&list->names[i]);
    }
    free(list->names);
    free(list->texts);
}

static void free_names(HeaderNames *names)
{
    free_list(&names->without_settings);
    free_list(&names->repositories);
    buffer_free(&names->database);
    buffer_free(&names->schema);
}

static bool is_repeated(const char *const *ids, size_t index)
{
    size_t i = 0;

    while (strcmp(ids[i], ids[index]) != 0) {
        i++;
    }
    return i < index;
}

/* Fills the list with the ids, each once. */
static bool list_names(const ExportDump *dump, const char *const *ids, size_t count, NameList *list,
                       Error *error)
{
    list->names = calloc(count + 1, sizeof *list->names);
    list->texts = calloc(count + 1, sizeof *list->texts);
    if (list->names == NULL || list->texts == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        Buffer *name = &list->names[list->count];

        if (is_repeated(ids, i)) {
            continue;
        }
        if (dump->options->redact ? !redactor_name(dump->redactor, ids[i], name, error)
                                  : !buffer_append_text(name, ids[i], error)) {
            buffer_free(name);
            return false;
        }
        list->texts[list->count++] = buffer_string(name);
    }
    return true;
}

/* Says to which repositories the dump is limited, and whose branch protection rules are left out,
 * unless all are. */
static bool add_selections(const ExportDump *dump, DumpHeader *header, HeaderNames *names,
                           Error *error)
{
    const ExportOptions *options = dump->options;
    bool lists_settings = !options->no_settings &&
                          export_options_choose(options, KV_PACKAGE_NAMES[KV_PACKAGE_GRAVELER]);

    if (!list_names(dump, options->no_settings_of, lists_settings ? options->no_settings_count : 0,
                    &names->without_settings, error) ||
        !list_names(dump, options->repositories, options->repository_count, &names->repositories,
                    error)) {
        return false;
    }
    header->omitted_settings = names->without_settings.texts;
    header->omitted_settings_count = names->without_settings.count;
    header->repositories = names->repositories.texts;
    header->repository_count = names->repositories.count;
    return true;
}

/* Removes from the header what identifies the database. */
static bool redact_header(const ExportDump *dump, DumpHeader *header, HeaderNames *names,
                          Error *error)
{
    header->redacted = true;
    header->source.system_identifier = "";
    header->source.database_oid = 0;
    header->source.tables = (DumpTables){0};
    if (!redactor_name(dump->redactor, header->source.database, &names->database, error) ||
        !redactor_name(dump->redactor, header->source.schema, &names->schema, error)) {
        return false;
    }
    header->source.database = buffer_string(&names->database);
    /* The default schema identifies nobody. */
    if (strcmp(header->source.schema, "public") != 0) {
        header->source.schema = buffer_string(&names->schema);
    }
    return true;
}

bool export_dump_begin(ExportDump *dump, DumpHeader *header, Error *error)
{
    HeaderNames names = {0};
    bool done;

    header->program = "kv-export";
    header->program_version = PROGRAM_VERSION;
    header->compression_level = dump->options->compression_level;
    header->has_stream_sha256 = !dump->options->no_sha256;
    done = (!dump->options->redact || redact_header(dump, header, &names, error)) &&
           add_selections(dump, header, &names, error);
    if (done) {
        DumpOutput *output = dump->output;

        dump->output = NULL;
        done = dump_writer_new(output, header, (size_t)dump->options->jobs, &dump->writer, error);
    }
    free_names(&names);
    return done;
}

/* The only phase, unless kv-migrate loads the dump next. */
void export_dump_begin_progress(uint64_t rows)
{
    static const ProgressPhase PHASE = {"export", 1};

    progress_plan(&PHASE, 1);
    progress_begin(PHASE.name, rows);
}

bool export_dump_new_emitter(ExportDump *dump, Emitter *emitter, Error *error)
{
    *emitter = (Emitter){.redacted = dump->redacted};
    return chunk_writer_new(dump->writer, &emitter->chunks, error) &&
           new_redactor(dump, &emitter->redactor, error);
}

static void log_result(const ExportDump *dump)
{
    uint64_t entries = dump_manifest_entries(&dump->manifest);
    char size[QUANTITY_SIZE];
    char text[QUANTITY_SIZE];
    char from[QUANTITY_SIZE];

    for (size_t i = 0; i < dump->manifest.package_count; i++) {
        const DumpPackageSummary *package = &dump->manifest.packages[i];
        uint64_t rows = dump_counts_total(&package->source_rows);

        report_warn(package);
        message_verbose("package %s: %s from %s", package->name,
                        quantity_noun(package->totals.entries, "entry", "entries", text),
                        quantity_noun(rows, "row", "rows", from));
    }
    quantity_file_size(dump_writer_size(dump->writer), size);
    message_info("exported %s%s%s%s%s", quantity_noun(entries, "entry", "entries", text),
                 dump->is_file ? ", " : "", dump->is_file ? size : "",
                 dump->options->no_sha256 ? "" : ", SHA-256 of the stream ",
                 dump->manifest.stream_sha256);
}

bool export_dump_finish(ExportDump *dump, Error *error)
{
    if (!interrupt_check(error) || !dump_writer_finish(dump->writer, &dump->manifest, error)) {
        return false;
    }
    progress_stop();
    log_result(dump);
    return true;
}

void export_dump_free(ExportDump *dump)
{
    dump_writer_free(dump->writer);
    dump_output_discard(dump->output);
    dump_manifest_free(&dump->manifest);
    distinct_keys_free(dump->redacted);
    redactor_free(dump->redactor);
    redact_key_wipe(&dump->redact_key);
}
