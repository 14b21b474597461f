/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that the caller has open besides the standard ones.  One of them may be the dump
 * (/dev/fd/63), but the programs run here must not inherit them.
 */
#ifndef SCRIPTS_SESSION_REPLAY_DESCRIPTORS_H
#define SCRIPTS_SESSION_REPLAY_DESCRIPTORS_H

/* Sets close-on-exec for all but the standard descriptors. */
void descriptors_keep(void);

/* Closes all but the standard descriptors and `except`: a process that outlives its caller must not
 * keep the caller's pipes open. */
void descriptors_close(int except);

#endif
