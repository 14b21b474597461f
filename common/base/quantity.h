/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as people read them.
 */
#ifndef COMMON_BASE_QUANTITY_H
#define COMMON_BASE_QUANTITY_H

#include <stdint.h>

/* The size of each text, with its NUL. */
enum { QUANTITY_SIZE = 48 };

/* 1234567 is "1,234,567". */
void quantity_count(uint64_t count, char text[QUANTITY_SIZE]);

/*
 * "1 entry", "0 entries", "101046 entries": plain digits, as messages are searched and read by
 * programs, too.  The nouns have at most 24 characters.  Returns the text.
 */
const char *quantity_noun(uint64_t count, const char *one, const char *many,
                          char text[QUANTITY_SIZE]);

/* 73400000 is "73.4 MB"; units are powers of 1000. */
void quantity_bytes(uint64_t bytes, char text[QUANTITY_SIZE]);

/* The size of a file, by which it is found in a listing: "73.4 MB (73,412,345 bytes)". */
void quantity_file_size(uint64_t bytes, char text[QUANTITY_SIZE]);

/* "0.44 s" below a second, "4.4 s" below 10, then "12 s", "2 min 05 s", "3 h 07 min". Not negative.
 */
void quantity_seconds(double seconds, char text[QUANTITY_SIZE]);

#endif
