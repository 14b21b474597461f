/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/color.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longest SGR code accepted. */
enum { CODE_MAX = 32 };

static const struct {
    const char *name;
    const char *code;
} DEFAULTS[COLOR_COUNT] = {
    [COLOR_ERROR] = {"error", "01;31"},
    [COLOR_WARNING] = {"warning", "01;35"},
    [COLOR_NOTE] = {"note", "01;36"},
    [COLOR_LOCUS] = {"locus", "01"},
};

/* The escape sequences; "": no color. */
static char sequences[COLOR_COUNT][CODE_MAX + sizeof "\033[m"];

static bool is_enabled(void)
{
    const char *when = getenv("PG_COLOR");

    return when != NULL && (strcmp(when, "always") == 0 ||
                            (strcmp(when, "auto") == 0 && isatty(STDERR_FILENO) == 1));
}

/* Accepts digits and semicolons only, so that the variable cannot send anything else to the
 * terminal. */
static void set_code(Color color, const char *code, size_t size)
{
    sequences[color][0] = '\0';
    if (size > 0 && size <= CODE_MAX && strspn(code, "0123456789;") >= size) {
        snprintf(sequences[color], sizeof sequences[color], "\033[%.*sm", (int)size, code);
    }
}

/* Reads one `name=code` pair of PG_COLORS.  Unknown names are for other programs. */
static void set_pair(const char *pair, size_t size)
{
    for (int color = 0; color < COLOR_COUNT; color++) {
        size_t name = strlen(DEFAULTS[color].name);

        if (size > name && strncmp(pair, DEFAULTS[color].name, name) == 0 && pair[name] == '=') {
            set_code((Color)color, pair + name + 1, size - name - 1);
        }
    }
}

void color_init(void)
{
    const char *pairs = getenv("PG_COLORS");

    if (!is_enabled()) {
        return;
    }
    if (pairs == NULL) {
        for (int color = 0; color < COLOR_COUNT; color++) {
            set_code((Color)color, DEFAULTS[color].code, strlen(DEFAULTS[color].code));
        }
        return;
    }
    while (*pairs != '\0') {
        size_t size = strcspn(pairs, ":");

        set_pair(pairs, size);
        pairs += size + (pairs[size] == ':');
    }
}

const char *color_begin(Color color)
{
    return sequences[color];
}

const char *color_end(Color color)
{
    return sequences[color][0] != '\0' ? "\033[0m" : "";
}
