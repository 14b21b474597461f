/*
 * How texts are redacted, kind by kind: which parts of a text's structure stay, so that it remains
 * a text of its kind, and that names in it have their pseudonyms.
 *
 * What a function does not recognise it takes for a name as a whole: nothing stays by mistake.
 */
#ifndef EXPORT_REDACT_TEXTS_H
#define EXPORT_REDACT_TEXTS_H

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "export/redact/pseudonym.h"

/* Appends the text, redacted; an empty one stays empty. */
typedef bool TextRule(Pseudonyms *names, Slice text, Buffer *redacted, Error *error);

/* A name, a message, anything that people chose: one pseudonym. */
TextRule text_name;

/* Groups and policies: those that every lakeFS begins with keep their names. */
TextRule text_group;
TextRule text_policy;

/* A user's e-mail address: the pseudonym of the whole, so that it is that of a user who is called
 * so, at a host that cannot be (RFC 2606). */
TextRule text_email;

/* Words of lakeFS: where a user comes from, what a run is for, what a statement does.  Any other
 * word is a name. */
TextRule text_user_source;
TextRule text_event_type;
TextRule text_effect;

/* Media types: the common ones stay. */
TextRule text_content_type;

/* An action of a policy, "fs:ReadObject", "fs:List*": stays where lakeFS has such actions. */
TextRule text_action;

/* A resource of a policy: the words and separators of an ARN, wildcards and variables stay. */
TextRule text_resource;

/* A branch's name or a glob pattern of names: the characters of the pattern stay. */
TextRule text_branch_pattern;

/* A path, component by component, so that what has a common prefix keeps one; lakeFS's own folder
 * of actions keeps its name. */
TextRule text_path;

/* A URL, whose scheme stays where it is one of storage, or a path. */
TextRule text_address;

/* SHA-256 in hexadecimal, as lakeFS computes for commits and ranges: stays. */
TextRule text_hash;

/* What leads to a commit: its hash, or a branch or tag, perhaps with "~2" and the like behind. */
TextRule text_ref;

/* An xid keeps its time; the bytes behind may follow from names (FORMAT.md, "Derived ids"). */
TextRule text_xid;

/* The number of a hook in a run, "0000_0001": stays. */
TextRule text_hook_run;

/* "<repository>-<branch>:<UUID>": the UUID stays. */
TextRule text_staging_token;

/* An ETag: as many other hexadecimal digits, with the count of parts "-12" behind; it would tell
 * those who have a file that it is there. */
TextRule text_etag;

/* Bytes of a hash over an object's address, size and content: as many other bytes, likewise. */
TextRule text_identity;

#endif
