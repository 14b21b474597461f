/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's own words, to be shown in a message.
 */
#ifndef COMMON_HTTP_SERVER_WORDS_H
#define COMMON_HTTP_SERVER_WORDS_H

#include "common/base/slice.h"

/* Room for a server's explanation, and for the beginning of a body that is none. */
enum { SERVER_WORDS_SIZE = 1024, SERVER_WORDS_BODY_SIZE = 256 };

/* Copies the text into `capacity` bytes, at least 8.  Blanks, line breaks and control characters in
 * a row become one blank.  What does not fit is cut between two characters of UTF-8, and replaced
 * with "...". */
void server_words_copy(Slice text, char *words, size_t capacity);

#endif
