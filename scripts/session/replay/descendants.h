/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that a program leaves behind: they become children of the nearest process above
 * that has asked for them, instead of those of process 1.
 */
#ifndef SCRIPTS_SESSION_REPLAY_DESCENDANTS_H
#define SCRIPTS_SESSION_REPLAY_DESCENDANTS_H

/* Asks for them. */
void descendants_adopt(void);

/* Waits for the end of all children of this process for so many milliseconds, then kills them, and
 * their own ones, which it then gets, until there is none or they are made faster than they can be
 * killed. */
void descendants_end(int timeout_ms);

#endif
