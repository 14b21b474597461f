/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain scalars of YAML 1.1 as lakeFS gets them: those that are numbers or booleans are read as
 * such, then made text again.
 *
 * Source: the Go packages yaml.v2 (resolve.go), which gives them a type, and mapstructure, which
 * makes them text; lakeFS 0.70 uses both.
 */
#ifndef COMMON_CONFIG_YAML_SCALAR_H
#define COMMON_CONFIG_YAML_SCALAR_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"

typedef enum YamlBoolean { YAML_NO_BOOLEAN, YAML_FALSE, YAML_TRUE } YamlBoolean;

/* What a plain scalar is as a boolean: y, yes, on, true and their opposites, in three spellings. */
YamlBoolean yaml_scalar_boolean(const char *plain);

/* Whether a plain scalar is a text for yaml.v2 and a number for yaml.v3: 0o-17, an octal number
 * with its sign behind the prefix. */
bool yaml_scalar_is_newer_number(const char *plain);

/* Appends a plain scalar as lakeFS's text: 0123 as 83, 1e3 as 1000, yes as 1; any other as it is.
 */
bool yaml_scalar_append(const char *plain, Buffer *text, Error *error);

#endif
