/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First call of each program: resets whatever its parent may have left in an unusual state.
 */
#ifndef COMMON_CLI_STARTUP_H
#define COMMON_CLI_STARTUP_H

/*
 * Initializes messages (message_init).  Opens standard descriptors that are closed, so that no file
 * or connection of ours gets one of their numbers (using such a descriptor still fails, as if it
 * were closed).  Resets SIGCHLD, which the parent may ignore, to its default, and unblocks all
 * signals.
 */
void startup(const char *program);

#endif
