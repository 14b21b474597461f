/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries are compared where a dump is limited to some repositories: of the other side only
 * what belongs to these, by what either side says of them.
 *
 * Source: common/kv/KV-MODEL.md, "One repository".
 *
 * Call diff_scope_choose; if the scope `filters` then, learn from both sides before the first
 * diff_scope_covers.
 */
#ifndef IMPORT_DIFF_SCOPE_H
#define IMPORT_DIFF_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/dump/header.h"
#include "common/kv/entry.h"
#include "common/kv/repository.h"
#include "common/store/ranges.h"
#include "import/diff/dump_file.h"
#include "import/diff/record.h"
#include "import/diff/text_line.h"

/* {0} is all; end with diff_scope_free. */
typedef struct DiffScope {
    const DumpHeader *header; /* names the repositories; NULL: all is compared; borrowed */
    bool filters;             /* only one side is limited to them ... */
    DiffSide limited;         /* ... this one */
    KvRepository *items;      /* of both sides; owned */
    size_t count;
} DiffScope;

/* The scope of two dumps, or of a dump and a store (`new_header` is NULL).  EXIT_CODE_REFUSED if
 * both are limited, and to different repositories. */
bool diff_scope_choose(DiffScope *scope, const DumpHeader *old_header, const DumpHeader *new_header,
                       Error *error);

/* Learn what belongs to the repositories.  The dump must have been scanned; all its chunks are
 * chosen afterwards.  EXIT_CODE_REFUSED for a repository whose entries lead to what is another's.
 */
bool diff_scope_learn_dump(DiffScope *scope, DumpFile *file, size_t workers, Error *error);
bool diff_scope_learn_store(DiffScope *scope, const StoreRanges *ranges, Error *error);

/* Whether an entry of that side is compared.  Any thread may call it. */
bool diff_scope_covers(const DiffScope *scope, DiffSide side, const Entry *entry);

/* Warns that not all is compared. */
void diff_scope_warn(const DiffScope *scope);

/* Adds the repositories to a line, as in `repository "a"`. */
void diff_scope_add(const DiffScope *scope, TextLine *line);

void diff_scope_free(DiffScope *scope);

#endif
