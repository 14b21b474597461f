/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/status_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The longest line that is drawn, without its NUL. */
enum { LINE_MAX_SIZE = 255 };

static char status_line[LINE_MAX_SIZE + 1];
static char drawn[LINE_MAX_SIZE + 1]; /* what is on the terminal; "": nothing */
static char erasure[32];
static bool shared; /* see status_line_share */

size_t status_line_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                           : LINE_MAX_SIZE + 1;
}

void status_line_set(const char *line)
{
    snprintf(status_line, sizeof status_line, "%s", line);
}

void status_line_share(void)
{
    shared = isatty(STDERR_FILENO) == 1;
}

const char *status_line_erase(void)
{
    size_t columns = status_line_columns();
    size_t length = strlen(drawn);

    if (length == 0) {
        return shared ? "\r\033[K" : "";
    }
    drawn[0] = '\0';
    if (length <= columns) {
        return "\r\033[K";
    }
    /* To the first row, and clear from there to the end of the screen. */
    snprintf(erasure, sizeof erasure, "\r\033[%zuA\033[J", (length - 1) / columns);
    return erasure;
}

const char *status_line_draw(void)
{
    /* Without the last column: a terminal may wrap when it is filled. */
    snprintf(drawn, sizeof drawn, "%.*s", (int)(status_line_columns() - 1), status_line);
    return drawn;
}
