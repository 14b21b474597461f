/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the caller has open besides the standard descriptors: it may be the dump (/dev/fd/63), but
 * it is no business of the programs that are run.
 */
#ifndef SCRIPTS_SESSION_REPLAY_DESCRIPTORS_H
#define SCRIPTS_SESSION_REPLAY_DESCRIPTORS_H

/* No program that this one runs gets any but the standard ones. */
void descriptors_keep(void);

/* Closes all but the standard ones and this one: a process that outlives its caller must not be
 * waited for by who reads the caller's pipes. */
void descriptors_close(int except);

#endif
