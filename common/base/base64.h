/*
 * Bytes as base64 (RFC 4648, with padding).
 */
#ifndef COMMON_BASE_BASE64_H
#define COMMON_BASE_BASE64_H

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Appends the bytes, encoded. */
bool base64_append(Buffer *text, Slice bytes, Error *error);

/* Appends the bytes that a text stands for; *valid is false, and nothing is appended, where it is
 * no base64. */
bool base64_decode(Buffer *bytes, Slice text, bool *valid, Error *error);

#endif
