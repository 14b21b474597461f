/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the entries of a repository into those of another one: another name, instance, storage
 * namespace, or other staging tokens.  Whatever else a message holds stays as it is, byte by byte,
 * fields of later versions of lakeFS too.
 *
 * Source: common/kv/KV-MODEL.md, "One repository".
 *
 * Call kv_repository_copy_begin; kv_repository_renew_token for each token that needs another name;
 * then kv_repository_copy_entry for each entry.
 */
#ifndef COMMON_KV_REPOSITORY_COPY_H
#define COMMON_KV_REPOSITORY_COPY_H

#include <stdbool.h>

#include "common/base/buffer.h"
#include "common/base/error.h"
#include "common/base/slice.h"
#include "common/kv/repository.h"

/* What a copy changes of the record. */
typedef struct KvRepositoryChange {
    const char *id;                /* NULL: the same */
    const char *storage_namespace; /* NULL: the same */
    bool new_instance;             /* a new instance id, so another partition */
} KvRepositoryChange;

/* Sets `to` to the copy of `from`; it has no tokens yet.  End with kv_repository_free, also after a
 * failure.  EXIT_CODE_USAGE if no repository can have the id. */
bool kv_repository_copy_begin(const KvRepository *from, const KvRepositoryChange *change,
                              KvRepository *to, Error *error);

/* Gives the token, one of `from`, a new and unique name in the copy. */
bool kv_repository_renew_token(KvRepository *from, const KvRepository *to, Slice token,
                               Error *error);

/* The name of a token of `from` in the copy: the new one if it has one. */
Slice kv_repository_copied_token(const KvRepository *from, Slice token);

/* Appends the copy of an entry, which is the given part of `from`, as a tuple. `scratch` is used
 * for its parts. */
typedef struct KvCopyScratch {
    Buffer key;
    Buffer value;
} KvCopyScratch;

bool kv_repository_copy_entry(const KvRepository *from, const KvRepository *to,
                              KvRepositoryPart part, const Entry *entry, KvCopyScratch *scratch,
                              Buffer *tuples, Error *error);
void kv_copy_scratch_free(KvCopyScratch *scratch);

#endif
