/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit codes, shared by all programs.
 *
 * Where two apply, the more specific one is used.  A program ended by SIGINT or SIGTERM exits with
 * 128 + the signal number instead.
 */
#ifndef COMMON_BASE_EXIT_CODE_H
#define COMMON_BASE_EXIT_CODE_H

typedef enum ExitCode {
    EXIT_CODE_DONE = 0,         /* done, or nothing to do */
    EXIT_CODE_USAGE = 1,        /* usage or environment; nothing was touched */
    EXIT_CODE_CONNECTION = 2,   /* database or storage unreachable, or the connection was lost */
    EXIT_CODE_FAILED = 3,       /* failed before the stamp: a new run starts from scratch */
    EXIT_CODE_DUMP = 4,         /* dump corrupt, truncated or of an unknown format */
    EXIT_CODE_REFUSED = 5,      /* needs a human decision: dirty, unknown kv, newer version, lock
                                 * held */
    EXIT_CODE_CLEANUP = 6,      /* migrated and stamped, but the cleanup failed */
    EXIT_CODE_BROKEN_PIPE = 141 /* standard output was closed: as if killed by SIGPIPE */
} ExitCode;

#endif
