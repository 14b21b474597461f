/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Reads one line, without its newline. */
static char *read_line(FILE *terminal)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size = getline(&line, &capacity, terminal);

    if (size < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

char *password_ask(Error *error)
{
    struct termios before;
    struct termios silent;
    FILE *terminal = fopen("/dev/tty", "r+");
    char *password;

    if (terminal == NULL || tcgetattr(fileno(terminal), &before) != 0) {
        error_set(error, EXIT_CODE_CONNECTION,
                  "the server requires a password, and there is no terminal to ask on");
        error_hint(error, "Set PGPASSWORD or use a password file.");
        if (terminal != NULL) {
            fclose(terminal);
        }
        return NULL;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    /* Turns echo off before prompting: input typed earlier is discarded, and what is typed after
     * the prompt must be neither shown nor lost. */
    tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    fputs("Password: ", terminal);
    fflush(terminal);
    password = read_line(terminal);
    tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    fputs("\n", terminal);
    fclose(terminal);
    if (password == NULL) {
        error_set(error, EXIT_CODE_CONNECTION, "no password was given");
    }
    return password;
}

void password_free(char *password)
{
    if (password != NULL) {
        explicit_bzero(password, strlen(password));
        free(password);
    }
}
