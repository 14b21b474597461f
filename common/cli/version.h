/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version of all programs of this project; defined here only.
 */
#ifndef COMMON_CLI_VERSION_H
#define COMMON_CLI_VERSION_H

#define PROGRAM_VERSION "0.1.0"

#endif
