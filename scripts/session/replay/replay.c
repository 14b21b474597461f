/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/replay.h"

#include "common/base/interrupt.h"
#include "common/base/printable.h"
#include "common/cli/message.h"
#include "scripts/session/protocol.h"
#include "scripts/session/replay/programs.h"
#include "scripts/session/replay/server.h"
#include "scripts/session/replay/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static const char DONE[] = "done";

/* How long to wait for the supervisor's report about a server that does not respond. */
enum { LOSS_MS = 2000 };

/* The exit code of a shell for a command that there is not. */
enum { NO_COMMAND = 127 };

static bool check_own_programs(const Replay *replay, Error *error)
{
    static const char *const NAMES[] = {"kv-import", "kv-migrate"};
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", replay->programs, NAMES[i]);
        if (access(path, X_OK) != 0) {
            error_set(error, EXIT_CODE_USAGE, "there is no %s in \"%s\"", NAMES[i],
                      replay->programs);
            return error_hint(error, "Build it: make.");
        }
    }
    return true;
}

/* A dump of kv-export is loaded as it is. */
static bool begin_kv(Replay *replay, Error *error)
{
    const ReplayOptions *options = &replay->options;

    if (options->blockstore_path != NULL || options->block_storage_prefix != NULL ||
        options->keep_dump != NULL) {
        error_set(error, EXIT_CODE_USAGE,
                  "\"%s\" is a dump of kv-export: there is nothing to migrate", replay->dump.name);
        return error_hint(error, "Leave out --blockstore-path, --block-storage-prefix and "
                                 "--keep-dump.");
    }
    if (options->no_migration) {
        error_set(error, EXIT_CODE_USAGE, "\"%s\" is a dump of kv-export: it is a KV store already",
                  replay->dump.name);
        return error_hint(error, "Give a dump by pg_dump of the legacy database.");
    }
    return dump_file_unpack(&replay->dump, replay->supervisor.folder, error);
}

static bool end(Replay *replay, int code)
{
    replay->has_ended = true;
    replay->exit_code = code;
    return true;
}

/* Before the dump is loaded, which may take long. */
static bool check_command(Replay *replay, Error *error)
{
    const char *name = replay->options.use == USE_COMMAND ? replay->options.command[0] : NULL;

    if (name == NULL || programs_has(name)) {
        return true;
    }
    end(replay, NO_COMMAND);
    return error_set(error, EXIT_CODE_USAGE, "there is no program \"%s\" to run", name);
}

bool replay_begin(Replay *replay, const char **answer, Error *error)
{
    if (!check_own_programs(replay, error) ||
        (replay->options.use == USE_PSQL &&
         !programs_require("psql", "postgresql-client", error)) ||
        !identity_find(&replay->identity, error) ||
        !supervisor_begin(&replay->supervisor, &replay->identity, error) ||
        !dump_file_open(&replay->dump, replay->options.dump, &replay->identity,
                        replay->supervisor.folder, replay->options.progress, error)) {
        return false;
    }
    if (replay->dump.kind == DUMP_KV) {
        *answer = "kv";
        return begin_kv(replay, error);
    }
    *answer = replay->options.no_migration ? "unmigrated" : "legacy";
    return dump_file_check_end(&replay->dump, error);
}

/* 256 random bits. */
static bool make_password(char password[PASSWORD_SIZE], Error *error)
{
    unsigned char bytes[(PASSWORD_SIZE - 1) / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return error_set(error, EXIT_CODE_USAGE, "could not make a password: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(password + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

/* Writes the password file, where the server's user cannot replace it. */
static bool write_passfile(Replay *replay, Error *error)
{
    char line[256];
    int size = snprintf(line, sizeof line, "127.0.0.1:%s:*:" SERVER_SUPERUSER ":%s\n",
                        replay->address.port, replay->address.password);
    int file;
    bool done;

    snprintf(replay->passfile, sizeof replay->passfile, "%s/pgpass", replay->supervisor.folder);
    file = open(replay->passfile, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    done = file >= 0 && write(file, line, (size_t)size) == size;
    if (!done) {
        error_set(error, EXIT_CODE_USAGE, "could not write \"%s\": %s", replay->passfile,
                  strerror(errno));
    }
    if (file >= 0) {
        close(file);
    }
    explicit_bzero(line, sizeof line);
    return done;
}

/* Gets the reason for the loss from the supervisor. */
static bool explain_loss(Replay *replay, Error *error)
{
    Error loss = {0};

    if (error->code == EXIT_CODE_CONNECTION && interrupt_signal() == 0) {
        supervisor_await_loss(&replay->supervisor, -1, LOSS_MS, &loss);
        if (loss.code != EXIT_CODE_DONE) {
            *error = loss;
        }
    }
    return false;
}

/* Prefers pg_restore of the server's version, which may not be installed. */
static void find_restorer(Replay *replay, const char *bindir)
{
    int size = snprintf(replay->restorer, sizeof replay->restorer, "%s/pg_restore", bindir);

    replay->dump.restorer =
        size > 0 && (size_t)size < sizeof replay->restorer && access(replay->restorer, X_OK) == 0
            ? replay->restorer
            : "pg_restore";
}

static bool run_server(Replay *replay, const char *bindir, Error *error)
{
    Address *address = &replay->address;
    int port;

    if (!make_password(address->password, error) ||
        !supervisor_start_server(&replay->supervisor, bindir, &port, error)) {
        return false;
    }
    snprintf(address->port, sizeof address->port, "%d", port);
    snprintf(address->socket, sizeof address->socket, "%s/socket", replay->supervisor.folder);
    /* lakeFS's driver supports these parameters of libpq too.  With a password file, the password
     * is in no argument list. */
    snprintf(replay->uri, sizeof replay->uri,
             "postgresql://" SERVER_SUPERUSER "@127.0.0.1:%d/" REPLAY_DATABASE
             "?sslmode=disable&passfile=%s/pgpass",
             port, replay->supervisor.folder);
    return write_passfile(replay, error);
}

static bool tell_version(const Replay *replay, const char *version, Error *error)
{
    Buffer text = {0};
    bool done = printable_append(&text, slice_text(version), error);

    if (done) {
        message_info("%s runs in \"%s\"", buffer_string(&text), replay->supervisor.folder);
    }
    buffer_free(&text);
    return done;
}

bool replay_start_server(Replay *replay, const char **answer, Error *error)
{
    char bindir[PATH_MAX];
    char version[VERSION_SIZE];

    *answer = DONE;
    if (!programs_find_server(replay->options.bindir, bindir, error) ||
        !check_command(replay, error)) {
        return false;
    }
    find_restorer(replay, bindir);
    if (replay->dump.kind == DUMP_CUSTOM && strchr(replay->dump.restorer, '/') == NULL &&
        !programs_require("pg_restore", "postgresql-client", error)) {
        return false;
    }
    if (!run_server(replay, bindir, error)) {
        return false;
    }
    if (!worker_run(&replay->identity, restore_prepare, &replay->address, version, sizeof version,
                    error)) {
        return explain_loss(replay, error);
    }
    version[sizeof version - 1] = '\0';
    return tell_version(replay, version, error);
}

static void warn_of_rules(void)
{
    Error warning = {0};

    error_set(&warning, EXIT_CODE_DONE, "branch protection rules are skipped");
    error_detail(&warning, "They are not in the database, but in the repositories' storage.");
    error_hint(&warning, "For local:// storage, name its root with --blockstore-path.");
    message_warning_error(&warning);
}

bool replay_restore(Replay *replay, const char **answer, Error *error)
{
    const Restore restore = {.address = &replay->address, .dump = &replay->dump};
    const WorkerProgress progress = {
        .phase = "restore", .file = replay->dump.file, .mode = replay->options.progress};

    *answer = DONE;
    message_info("restoring \"%s\"", replay->dump.name);
    if (!worker_run_reading(&replay->identity, restore_dump, &restore, &progress, error)) {
        return explain_loss(replay, error);
    }
    if (replay->options.blockstore_path == NULL && !replay->options.no_migration) {
        warn_of_rules();
    }
    return true;
}

bool replay_ran(Replay *replay, int code, const char **answer, Error *error)
{
    const char *program = replay->running;

    *answer = DONE;
    replay->running = NULL;
    if (program == NULL) {
        return end(replay, code); /* the exit code of the user's program */
    }
    if (code == 0) {
        return replay->dump.kind != DUMP_KV || replay_tell_contents(replay, error);
    }
    if (replay->dump.kind == DUMP_KV) {
        return end(replay, code); /* it has reported why */
    }
    end(replay, code);
    return error_set(error, EXIT_CODE_FAILED,
                     "the restored database could not be migrated: kv-migrate ended with exit "
                     "code %d",
                     code);
}

bool replay_show(Replay *replay, const char **answer, Error *error)
{
    (void)error;
    replay_print_settings(replay);
    if (replay->options.use == USE_WAIT) {
        *answer = "wait";
    } else if (replay->options.use == USE_COMMAND) {
        *answer = "command";
    } else {
        *answer = strcmp(replay->options.dump, "-") == 0 ? "psql-on-terminal" : "psql";
    }
    return true;
}

bool replay_wait(Replay *replay, const char **answer, Error *error)
{
    (void)answer;
    replay->is_waiting = true;
    supervisor_await_loss(&replay->supervisor, PROTOCOL_REQUESTS, -1, error);
    if (error->code != EXIT_CODE_DONE) {
        return false;
    }
    return interrupt_check(error) && end(replay, 0);
}

void replay_free(Replay *replay)
{
    supervisor_end(&replay->supervisor);
    dump_file_close(&replay->dump);
    replay_options_free(&replay->options);
    explicit_bzero(&replay->address, sizeof replay->address);
}
