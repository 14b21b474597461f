/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Colored messages, as in PostgreSQL's client programs: off unless PG_COLOR asks for them
 * (`always`, or `auto` on a terminal).  PG_COLORS sets the SGR codes, as in
 * "error=01;31:warning=01;35:note=01;36:locus=01", which are the defaults.
 */
#ifndef COMMON_CLI_COLOR_H
#define COMMON_CLI_COLOR_H

typedef enum Color {
    COLOR_ERROR,
    COLOR_WARNING,
    COLOR_NOTE,  /* detail and hint */
    COLOR_LOCUS, /* the program's name */
    COLOR_COUNT
} Color;

/* Reads the environment.  Until then nothing is colored. */
void color_init(void);

/* Escape sequences to write before and after a text of this color; "" when it has none. */
const char *color_begin(Color color);
const char *color_end(Color color);

#endif
