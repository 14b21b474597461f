/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A difference as what has happened to an entry of a known type.
 */
#ifndef IMPORT_DIFF_CHANGE_H
#define IMPORT_DIFF_CHANGE_H

#include <stdbool.h>

#include "common/base/slice.h"
#include "common/kv/entry_type.h"
#include "import/diff/sorter.h"
#include "import/diff/text_line.h"

typedef enum ChangeKind { CHANGE_ADDED, CHANGE_REMOVED, CHANGE_CHANGED, CHANGE_KINDS } ChangeKind;

/* Points into the difference. */
typedef struct Change {
    ChangeKind kind;
    Slice partition_key;
    Slice key;
    Slice old_value; /* empty if there is none */
    Slice new_value; /* likewise */
    Slice value;     /* the new one if there is one */
    KvEntryType type;
} Change;

Change change_of(const Difference *difference);

/* "added", "removed", "changed". */
const char *change_word(ChangeKind kind);

/* The part of a key behind a prefix, such as KV_USERS; the whole key if it has another one. */
Slice change_key_after(Slice key, const char *prefix);

/* Adds which fields of a message have changed: ": email, password".  Nothing unless the entry
 * was in both. */
void change_fields(TextLine *line, const Change *change);

/* Adds which pairs of the map in field 1 have changed: ": "a" added, "b" removed".  `rules`: their
 * values are lists of actions that are blocked, and are named. */
void change_pairs(TextLine *line, const Change *change, bool rules);

/* Adds which of the values is damaged, so that it can be described in part at most. */
void change_unreadable(TextLine *line, const Change *change);

/* Describes a change in the partitions of users, groups and policies.  Adds a line's text and
 * returns true; or returns false, having added nothing, for what it does not know. */
bool change_describe_auth(TextLine *line, const Change *change);

/* Likewise of repositories and of what belongs to one, but for commits and staged objects. */
bool change_describe_repository(TextLine *line, const Change *change);

#endif
