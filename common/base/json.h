/*
 * Reading the dump's JSON frames: members of a given type, or an error that names them.
 */
#ifndef COMMON_BASE_JSON_H
#define COMMON_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/slice.h"

/* Parses an object; NULL with EXIT_CODE_DUMP when the text is none.  The caller owns it. */
json_t *json_parse_object(Slice text, Error *error);

/* The member `name` of `object`, which must be there and of the type; false with EXIT_CODE_DUMP.
 * Texts, arrays and objects are borrowed from `object`. */
bool json_member_text(const json_t *object, const char *name, const char **text, Error *error);
bool json_member_count(const json_t *object, const char *name, uint64_t *count, Error *error);
bool json_member_integer(const json_t *object, const char *name, int64_t *value, Error *error);
bool json_member_bool(const json_t *object, const char *name, bool *value, Error *error);
bool json_member_array(const json_t *object, const char *name, const json_t **array, Error *error);
bool json_member_object(const json_t *object, const char *name, const json_t **value, Error *error);

/* The compact text of a value whose construction may have failed (`json` NULL: out of memory).
 * Takes over the reference.  The caller frees the text; NULL with the error set. */
char *json_encode(json_t *json, Error *error);

#endif
