/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries that are not compared, because one of the dumps leaves their kind out on request: whole
 * packages, and branch protection rules.  That they are missing there says nothing about the store.
 */
#ifndef IMPORT_DIFF_EXCLUSIONS_H
#define IMPORT_DIFF_EXCLUSIONS_H

#include <stdbool.h>

#include "common/dump/header.h"
#include "common/kv/entry.h"
#include "common/kv/package.h"

/* {0} excludes nothing. */
typedef struct Exclusions {
    bool packages[KV_PACKAGES];
    bool any_package;
    bool settings;                /* the rules of all repositories */
    const DumpHeader *headers[2]; /* whose lists of repositories without rules count; borrowed */
    size_t header_count;
} Exclusions;

/* Adds what a dump leaves out. */
void exclusions_add(Exclusions *exclusions, const DumpHeader *header);

bool exclusions_of_package(const Exclusions *exclusions, const char *package);
bool exclusions_of_entry(const Exclusions *exclusions, const Entry *entry);

/* Warns of what is not compared. */
void exclusions_warn(const Exclusions *exclusions);

#endif
