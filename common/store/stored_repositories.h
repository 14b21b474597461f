/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The repositories of a store, and what one of them consists of.  The facts are those of
 * common/kv/repository.h; here they are looked up.
 */
#ifndef COMMON_STORE_STORED_REPOSITORIES_H
#define COMMON_STORE_STORED_REPOSITORIES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/byte_map.h"
#include "common/base/error.h"
#include "common/kv/repository.h"
#include "common/store/ranges.h"

/* The repositories of a store, by id; the value is that of the repository's entry.  End with
 * byte_map_free, also after a failure. */
bool stored_repositories_read(const StoreRanges *ranges, ByteMap *repositories, Error *error);

/* The store's repository `id` with its tokens; *found is false if there is none.  EXIT_CODE_REFUSED
 * for one whose entries lead to other partitions than its own.  End with kv_repository_free, also
 * after a failure. */
bool stored_repository_find(const StoreRanges *ranges, const ByteMap *repositories, Slice id,
                            KvRepository *repository, bool *found, Error *error);

/*
 * Checks that no branch of another repository of the store has one of these staging tokens: then
 * they would share a partition, and what is done to the one would be done to the other.  `own`: the
 * repository of the store that may have them.  EXIT_CODE_REFUSED, naming both.
 */
bool stored_repositories_check_tokens(const StoreRanges *ranges, const ByteMap *repositories,
                                      Slice own, const ByteMap *tokens, Error *error);

#endif
