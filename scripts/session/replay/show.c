/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/replay.h"

#include "common/cli/message.h"

#include <stdio.h>
#include <unistd.h>

static void print_all(const Replay *replay, FILE *output)
{
    const char *uri = replay->uri;

    fprintf(output,
            "connection string:  %s\n"
            "its password is in  %s\n"
            "\n"
            "configuration of lakeFS:\n"
            "  database:\n"
            "    type: postgres\n"
            "    postgres:\n"
            "      connection_string: \"%s\"\n"
            "\n"
            "or its environment:\n"
            "  LAKEFS_DATABASE_TYPE=postgres\n"
            "  LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING='%s'\n",
            uri, replay->passfile, uri, uri);
}

/*
 * To standard output if the replay waits.  Otherwise standard output is the command's, which finds
 * the server by its environment, and only --verbose prints them, to standard error.
 */
void replay_print_settings(const Replay *replay)
{
    if (replay->options.use == USE_WAIT) {
        print_all(replay, stdout);
        printf("\nThe server runs until this is interrupted: ");
        if (isatty(STDERR_FILENO)) {
            printf("press Ctrl-C.\n");
        } else {
            printf("kill %d.\n", (int)replay->script);
        }
        fflush(stdout);
    } else if (message_level() < MESSAGE_VERBOSE) {
        return;
    } else if (message_is_json()) {
        message_info("connection string: %s", replay->uri);
    } else {
        print_all(replay, stderr);
    }
}
