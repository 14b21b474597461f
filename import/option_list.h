/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of kv-import: names, help and where their values go.  options.h has what they mean
 * together.
 */
#ifndef IMPORT_OPTION_LIST_H
#define IMPORT_OPTION_LIST_H

#include <stdint.h>

#include "common/cli/option_table.h"

/* Macros, as the help has them. */
#define DEFAULT_REQUESTS 16

/* The most DynamoDB capacity units. */
#define UNITS_MAX INT32_MAX

/* For an ImportOptions. */
extern const OptionTable IMPORT_OPTION_TABLE;

#endif
