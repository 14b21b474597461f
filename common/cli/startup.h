/*
 * What each program does first: nothing that its parent has left in an odd state may break it.
 */
#ifndef COMMON_CLI_STARTUP_H
#define COMMON_CLI_STARTUP_H

/*
 * Readies messages (see message_init), opens standard descriptors that are closed, so that no file
 * or connection of ours becomes one of them (using such a descriptor still fails, as if it were
 * closed), sets SIGCHLD, which a parent may have had ignored, to its default, and unblocks all
 * signals.
 */
void startup(const char *program);

#endif
