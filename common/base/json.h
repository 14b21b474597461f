/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the JSON frames of a dump: members of a given type, or an error that names the member.
 */
#ifndef COMMON_BASE_JSON_H
#define COMMON_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* Parses a JSON object, owned by the caller.  NULL with EXIT_CODE_DUMP when the text is not one. */
json_t *json_parse_object(Slice text, Error *error);

/* Each returns the member `name` of `object`.  False with EXIT_CODE_DUMP when it is missing or of
 * another type.  Strings, arrays and objects are borrowed from `object`. */
bool json_member_text(const json_t *object, const char *name, const char **text, Error *error);
bool json_member_count(const json_t *object, const char *name, uint64_t *count, Error *error);
bool json_member_integer(const json_t *object, const char *name, int64_t *value, Error *error);
bool json_member_bool(const json_t *object, const char *name, bool *value, Error *error);
bool json_member_array(const json_t *object, const char *name, const json_t **array, Error *error);
bool json_member_object(const json_t *object, const char *name, const json_t **value, Error *error);

/* Encodes a value as compact JSON and drops the reference.  `json` may be NULL, for a value whose
 * construction ran out of memory.  The caller frees the text; NULL with the error set. */
char *json_encode(json_t *json, Error *error);

#endif
