/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/commands.h"

#include "common/base/quantity.h"
#include "common/cli/message.h"
#include "common/cli/output.h"
#include "common/store/legacy_tree.h"
#include "scripts/session/child.h"
#include "scripts/session/migrate/checks.h"
#include "scripts/session/migrate/estimate.h"
#include "scripts/session/migrate/legacy_tables.h"
#include "scripts/session/migrate/programs.h"
#include "scripts/session/migrate/report.h"
#include "scripts/session/migrate/schema_migrations.h"
#include "scripts/session/migrate/up.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 17 };

/* A legacy table as the plan shows it. */
typedef struct TableSize {
    char *name;
    uint64_t bytes;
    int64_t rows; /* estimated; -1: unknown */
} TableSize;

typedef struct Plan {
    Checks checks;
    TableSize *tables; /* largest first; owned */
    size_t table_count;
    Estimate estimate;
    bool not_checked; /* storage and table columns, below the last version */
    FILE *output;     /* NULL: nothing is shown */
} Plan;

static void free_plan(Plan *plan)
{
    for (size_t i = 0; i < plan->table_count; i++) {
        free(plan->tables[i].name);
    }
    free(plan->tables);
    checks_free(&plan->checks);
}

static bool take_sizes(Plan *plan, const PgRows *rows, Error *error)
{
    int count = pg_rows_count(rows);

    plan->tables = calloc((size_t)count + 1, sizeof *plan->tables);
    if (plan->tables == NULL) {
        return error_out_of_memory(error);
    }
    for (int i = 0; i < count; i++) {
        TableSize *table = &plan->tables[plan->table_count];

        table->name = strdup(pg_rows_text(rows, i, 0));
        if (table->name == NULL) {
            return error_out_of_memory(error);
        }
        plan->table_count++;
        table->bytes = strtoull(pg_rows_text(rows, i, 1), NULL, 10);
        table->rows = strtoll(pg_rows_text(rows, i, 2), NULL, 10);
    }
    return true;
}

static bool measure_tables(Plan *plan, Error *error)
{
    static const char QUERY[] =
        LEGACY_TREE "SELECT t.relname, sum(pg_table_size(c.oid)) AS bytes,"
                    " CASE WHEN bool_or(c.reltuples <= 0 AND pg_relation_size(c.oid) > 0)"
                    "  AND sum(greatest(c.reltuples, 0)) = 0 THEN -1"
                    "  ELSE sum(greatest(c.reltuples, 0))::int8 END"
                    " FROM tree t JOIN pg_class c ON c.oid = t.oid WHERE c.relkind <> 'p'"
                    " GROUP BY t.relname ORDER BY bytes DESC, t.relname::text COLLATE \"C\"";
    PgRows *rows = NULL;
    bool done = legacy_tables_query(plan->checks.session, QUERY, NULL, &rows, error) &&
                take_sizes(plan, rows, error);

    pg_rows_free(rows);
    return done;
}

static void show_migrations(const Plan *plan)
{
    const Migrations *migrations = &plan->checks.session->migrations;

    if (plan->checks.pending == 0) {
        report_field(plan->output, INDENT, "migrations", "none would run");
        return;
    }
    report_field(plan->output, INDENT, "migrations", "%zu would run", plan->checks.pending);
    for (size_t i = migrations->count - plan->checks.pending; i < migrations->count; i++) {
        report_line(plan->output, INDENT, "", migrations->items[i].name);
    }
}

static void show_tables(const Plan *plan)
{
    report_field(plan->output, INDENT, "legacy tables", "%zu, with sizes and estimated rows",
                 plan->checks.session->legacy.found.count);
    for (size_t i = 0; i < plan->table_count; i++) {
        const TableSize *table = &plan->tables[i];
        char size[QUANTITY_SIZE];
        char rows[QUANTITY_SIZE] = "unknown";
        char line[160];

        quantity_bytes(table->bytes, size);
        if (table->rows >= 0) {
            quantity_count((uint64_t)table->rows, rows);
        }
        snprintf(line, sizeof line, "%-27s %10s %12s", table->name, size, rows);
        report_line(plan->output, INDENT, "", line);
    }
}

/* Where the estimate of a size comes from; `more` is what the ratio does not cover. */
static void write_basis(const Plan *plan, int ratio, const char *more,
                        char basis[ESTIMATE_BASIS_SIZE])
{
    if (plan->estimate.known) {
        estimate_basis(&plan->estimate, basis);
    } else {
        snprintf(basis, ESTIMATE_BASIS_SIZE, "%d.%02d x table size%s", ratio / 100, ratio % 100,
                 more);
    }
}

static void show_dump(const Plan *plan)
{
    const MigrateOptions *options = plan->checks.session->options;
    char basis[ESTIMATE_BASIS_SIZE];
    char size[QUANTITY_SIZE];
    char there[QUANTITY_SIZE];
    uint64_t bytes;

    if (options->dump == NULL) {
        return;
    }
    report_line(plan->output, INDENT, "dump", options->dump);
    write_basis(plan, checks_dump_ratio(&plan->checks), "", basis);
    quantity_bytes(checks_dump_bytes(&plan->checks), size);
    if (checks_free_bytes(plan->checks.session, &bytes)) {
        quantity_bytes(bytes, there);
        report_field(plan->output, INDENT, "", "about %s (estimate: %s); %s free", size, basis,
                     there);
    } else {
        report_field(plan->output, INDENT, "", "about %s (estimate: %s)", size, basis);
    }
}

static void show_kv(const Plan *plan)
{
    const MigrateOptions *options = plan->checks.session->options;

    report_field(plan->output, INDENT, "KV migration", "to version %" PRId64,
                 migrations_kv(&plan->checks.session->migrations));
    show_tables(plan);
    report_field(plan->output, INDENT, "would drop", "%s",
                 migrate_options_drop_tables(options) ? "all legacy tables"
                                                      : "no table: --keep-tables");
}

static void show_table(const Plan *plan)
{
    char basis[ESTIMATE_BASIS_SIZE];
    char size[QUANTITY_SIZE];
    char there[QUANTITY_SIZE + 32];

    if (!migrate_options_in_dynamodb(plan->checks.session->options)) {
        write_basis(plan, checks_kv_ratio(), " + its empty partitions", basis);
        quantity_bytes(checks_kv_bytes(&plan->checks), size);
        snprintf(there, sizeof there, "free space there is unknown");
        if (plan->checks.room_known) {
            quantity_bytes(plan->checks.room_bytes, there);
            snprintf(there + strlen(there), sizeof there - strlen(there), " free there");
        }
        report_field(plan->output, INDENT, "table kv", "about %s on the server (estimate: %s; %s)",
                     size, basis, there);
    }
}

static void show_plan(const Plan *plan)
{
    const Session *session = plan->checks.session;

    if (plan->output == NULL) {
        return;
    }
    report_field(plan->output, INDENT, "database", "%s, schema %s", session->schema.database,
                 session->schema.name);
    if (session->has_version) {
        report_field(plan->output, INDENT, "schema version", "%" PRId64, session->version);
    } else {
        report_field(plan->output, INDENT, "schema version", "none");
    }
    show_migrations(plan);
    if (migrate_options_kv_enabled(session->options)) {
        show_kv(plan);
    } else {
        report_field(plan->output, INDENT, "KV migration", "no: --kv-enabled is not given");
    }
    fflush(plan->output);
}

static bool run_export(Plan *plan, Error *error)
{
    const Session *session = plan->checks.session;
    Program program = {0};
    const ChildOptions child = child_options(&program.command, &program.environment);
    Buffer printed = {0};
    int status = 0;
    bool done = program_export(session, &program, error) &&
                words_add(&program.command, "--quiet", error) &&
                words_add(&program.command, "--dry-run", error) &&
                child_capture(&child, &printed, &status, error);

    if (done && status != 0) {
        checks_child_problem(&plan->checks, status);
    } else if (done) {
        estimate_take(&plan->estimate, buffer_string(&printed));
    }
    buffer_free(&printed);
    program_free(&program);
    return done;
}

/* Lets kv-export make the checks of a real export, and estimate it. */
static bool check_export(Plan *plan, Error *error)
{
    if (plan->checks.pending == 0) {
        return run_export(plan, error);
    }
    plan->not_checked = true;
    if (plan->output != NULL) {
        report_field(plan->output, INDENT, "not checked",
                     "the storage of the branch protection rules, and the tables' columns: needs "
                     "schema version %" PRId64,
                     migrations_last(&plan->checks.session->migrations));
        fflush(plan->output);
    }
    return true;
}

static json_t *encode_migrations(const Plan *plan)
{
    const Migrations *migrations = &plan->checks.session->migrations;
    json_t *names = json_array();

    for (size_t i = migrations->count - plan->checks.pending; i < migrations->count; i++) {
        json_array_append_new(names, json_string(migrations->items[i].name));
    }
    return names;
}

static json_t *encode_tables(const Plan *plan)
{
    json_t *tables = json_array();

    for (size_t i = 0; i < plan->table_count; i++) {
        const TableSize *table = &plan->tables[i];

        json_array_append_new(tables,
                              json_pack("{s:s, s:I, s:o}", "table", table->name, "bytes",
                                        (json_int_t)table->bytes, "estimated_rows",
                                        table->rows < 0 ? json_null() : json_integer(table->rows)));
    }
    return tables;
}

static json_t *encode_dump(const Plan *plan)
{
    const char *dump = plan->checks.session->options->dump;
    uint64_t bytes;

    if (dump == NULL) {
        return json_null();
    }
    return json_pack("{s:s, s:I, s:o}", "path", dump, "estimated_bytes",
                     (json_int_t)checks_dump_bytes(&plan->checks), "free_bytes",
                     checks_free_bytes(plan->checks.session, &bytes)
                         ? json_integer((json_int_t)bytes)
                         : json_null());
}

static bool print_json(const Plan *plan, Error *error)
{
    const Session *session = plan->checks.session;
    const MigrateOptions *options = session->options;
    bool kv = migrate_options_kv_enabled(options);
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o, s:b, s:I, s:o, s:b, s:o, s:o, s:I, s:o, s:b, s:I, s:i}", "database",
        session->schema.database, "schema", session->schema.name, "schema_version",
        session->has_version ? json_integer(session->version) : json_null(), "schema_migrations",
        encode_migrations(plan), "kv_enabled", kv, "kv_migration_version",
        (json_int_t)migrations_kv(&session->migrations), "legacy_tables", encode_tables(plan),
        "would_drop_tables", kv && migrate_options_drop_tables(options), "dump", encode_dump(plan),
        "kv_store", plan->checks.store == NULL ? json_null() : json_string(plan->checks.store),
        "kv_table_estimated_bytes", (json_int_t)checks_kv_bytes(&plan->checks), "server_free_bytes",
        plan->checks.room_known ? json_integer((json_int_t)plan->checks.room_bytes) : json_null(),
        "all_checked", !plan->not_checked, "problems", (json_int_t)plan->checks.problems,
        "exit_code", (int)plan->checks.code);

    if (object != NULL) {
        estimate_encode(&plan->estimate, session, object);
    }
    return output_json(object, error) && report_flush(error);
}

static bool print_result(const Plan *plan, Error *error)
{
    if (plan->checks.session->options->json) {
        return print_json(plan, error);
    }
    if (plan->output != NULL && plan->checks.problems == 0) {
        report_field(plan->output, INDENT, "result", "no problems found; nothing was changed");
    } else if (plan->output != NULL) {
        report_field(plan->output, INDENT, "result",
                     "%zu problem%s found; up would exit with code %d; nothing was changed",
                     plan->checks.problems, plan->checks.problems == 1 ? "" : "s",
                     (int)plan->checks.code);
    }
    return report_flush(error);
}

/* Has the export tried, then shows what dump and store will need, and how long it will take. */
static bool look_at_export(Plan *plan, Error *error)
{
    Checks *checks = &plan->checks;
    Estimate *estimate = &plan->estimate;

    if (checks->readable &&
        (!check_export(plan, error) || !estimate_load(estimate, checks->session, error))) {
        return false;
    }
    if (estimate->known) {
        checks_take_sample(checks, (uint64_t)estimate->dump_bytes, (uint64_t)estimate->entry_bytes);
    }
    checks_warn_of_room(checks);
    if (plan->output != NULL) {
        show_dump(plan);
        show_table(plan);
        estimate_print(estimate, checks->session, plan->output, INDENT);
    }
    return true;
}

static bool look(Plan *plan, Session *session, Error *error)
{
    Checks *checks = &plan->checks;
    bool kv = migrate_options_kv_enabled(session->options);

    if (!checks_init(checks, session, error) || !measure_tables(plan, error)) {
        return false;
    }
    checks->defers_room = true;
    show_plan(plan);
    if (!checks_run(checks, error)) {
        return false;
    }
    checks_report(checks);
    if (kv && checks->store != NULL && plan->output != NULL) {
        report_field(plan->output, INDENT, "KV store", "%s", checks->store);
    }
    return (!kv || look_at_export(plan, error)) && print_result(plan, error);
}

bool dry_run_command(Session *session, MigrateOptions *options, const char *programs,
                     ExitCode *code, Error *error)
{
    Plan plan = {.output = NULL};
    bool ended = false;
    bool done;

    /* -q leaves warnings and errors only. */
    if (!options->json && message_level() != MESSAGE_QUIET) {
        plan.output = stdout;
    }
    if (!session_open_locked(session, options, programs, PG_READ_LATEST, error) ||
        !up_check_database(session, false, &ended, error)) {
        return false;
    }
    if (ended) {
        plan.checks.session = session;
        return !options->json || print_json(&plan, error);
    }
    done = look(&plan, session, error);
    *code = plan.checks.code;
    free_plan(&plan);
    return done;
}
