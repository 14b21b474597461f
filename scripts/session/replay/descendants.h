/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that a program leaves behind.  They are reparented to the nearest ancestor that has
 * asked for them (a subreaper) instead of process 1.
 */
#ifndef SCRIPTS_SESSION_REPLAY_DESCENDANTS_H
#define SCRIPTS_SESSION_REPLAY_DESCENDANTS_H

/* Makes this process a subreaper. */
void descendants_adopt(void);

/* Waits up to `timeout_ms` for all children of this process, then kills them and the descendants
 * that are reparented to it, until none is left or they fork faster than they can be killed. */
void descendants_end(int timeout_ms);

#endif
