/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 (RFC 4648, with padding).
 */
#ifndef COMMON_BASE_BASE64_H
#define COMMON_BASE_BASE64_H

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"

/* Appends the encoded bytes. */
bool base64_append(Buffer *text, Slice bytes, Error *error);

/* Decodes `text` and appends the bytes.  When the text is not valid base64, *valid is false and
 * nothing is appended. */
bool base64_decode(Buffer *bytes, Slice text, bool *valid, Error *error);

#endif
