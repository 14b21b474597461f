/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redacts texts, kind by kind: each function keeps the structure of its kind and replaces the names
 * in it with pseudonyms.
 *
 * A text that a function does not recognise is replaced as a whole, so nothing is kept by mistake.
 */
#ifndef EXPORT_REDACT_TEXTS_H
#define EXPORT_REDACT_TEXTS_H

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "export/redact/pseudonym.h"

/* Appends the redacted text; an empty text stays empty. */
typedef bool TextRule(Pseudonyms *names, Slice text, Buffer *redacted, Error *error);

/* A name, a message, anything chosen by people: one pseudonym. */
TextRule text_name;

/* Groups and policies: those that lakeFS creates at setup keep their names.  A policy that lakeFS
 * made of a group's rights is named after the group. */
TextRule text_group;
TextRule text_policy;

/* An e-mail address: the pseudonym of the whole address, which matches that of a user of that name,
 * at a host that cannot exist (RFC 2606). */
TextRule text_email;

/* Words of lakeFS: the source of a user, the event of a run, the effect of a statement, what a
 * condition looks at and how, the permission of an ACL, the operation of a task.  Any other word is
 * a name. */
TextRule text_user_source;
TextRule text_event_type;
TextRule text_effect;
TextRule text_condition_operator;
TextRule text_condition;
TextRule text_permission;
TextRule text_operation;

/* Media types: common ones are kept. */
TextRule text_content_type;

/* An action of a policy, "fs:ReadObject", "fs:List*": kept if it has the form of lakeFS's actions.
 */
TextRule text_action;

/* A resource of a policy: words and separators of an ARN, wildcards and variables are kept. */
TextRule text_resource;

/* A branch's name or a glob pattern: the characters of the pattern are kept. */
TextRule text_branch_pattern;

/* A path, component by component, so that common prefixes remain; lakeFS's own folder for actions
 * keeps its name. */
TextRule text_path;

/* A path, or a URL, whose scheme is kept if it is one of storage. */
TextRule text_address;

/* SHA-256 in hexadecimal, as lakeFS computes for commits and ranges: kept. */
TextRule text_hash;

/* A reference to a commit: a hash, branch or tag, perhaps followed by "~2" and the like. */
TextRule text_ref;

/* An xid: its time is kept; the other bytes may derive from names (FORMAT.md, "Derived ids"). */
TextRule text_xid;

/* The id of a task: its kind, which is kept, and an xid. */
TextRule text_task;

/* The number of a hook in a run, "0000_0001": kept. */
TextRule text_hook_run;

/* "<repository>-<branch>:<UUID>": the UUID is kept. */
TextRule text_staging_token;

/* An ETag: as many other hexadecimal digits; the count of parts, "-12", is kept.  The original
 * would tell whoever has a file that the store has it, too. */
TextRule text_etag;

/* A hash of an object's address, size and content: as many other bytes, for the same reason. */
TextRule text_identity;

#endif
