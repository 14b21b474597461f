/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a configuration of lakeFS 0.70 is wrong for a later lakeFS: the rules, and where a file
 * breaks them.  upgrade.h corrects it.
 *
 * Source: LAKEFS-CONFIG.md, "What later versions refuse".
 */
#ifndef COMMON_CONFIG_UPGRADE_RULES_H
#define COMMON_CONFIG_UPGRADE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/config/yaml_text.h"

/* Versions as numbers that can be compared. */
#define LAKEFS_RELEASE(major, minor, patch) (((int64_t)(major)*1000 + (minor)) * 1000 + (patch))

/* A key or a section that later versions do not know. */
typedef struct UpgradeRule {
    const char *key;
    int64_t since;
    const char *since_text;
    const char *replacement; /* the new key; NULL: none */
    bool no_effect;          /* not refused, but ignored */
    const char *advice;      /* what a person must do about it; NULL: nothing */
} UpgradeRule;

extern const UpgradeRule UPGRADE_RULES[];
extern const size_t UPGRADE_RULE_COUNT;

typedef enum ProblemKind {
    PROBLEM_DUPLICATE, /* the key comes again in its mapping */
    PROBLEM_BOOLEAN,   /* one of YAML 1.1's further words for true and false */
    PROBLEM_DATE,
    PROBLEM_RULE,  /* a key of a rule stands here */
    PROBLEM_ALIAS, /* a key of a rule comes by an alias or a merge key */
    PROBLEM_TYPE,  /* database.type is missing */
    PROBLEM_PATH,  /* the old default of blockstore.local.path was used */
    PROBLEM_REQUIRED,
    PROBLEM_ENDPOINT /* auth.ui_config.rbac needs auth.api.endpoint */
} ProblemKind;

enum { PROBLEM_PATH_SIZE = 256 };

typedef struct Problem {
    ProblemKind kind;
    const UpgradeRule *rule;      /* NULL: of another kind */
    char path[PROBLEM_PATH_SIZE]; /* of the key, in small letters */
    char section[PROBLEM_PATH_SIZE];
    YamlPair pair; /* its key is NULL for an element of a list, and where nothing stands */
} Problem;

/* {0} is an empty list. */
typedef struct Problems {
    Problem *items; /* owned */
    size_t count;
} Problems;

/* Replaces the list by the problems of a text for this version; they point into the text. */
bool problems_find(Problems *problems, YamlText *yaml, int64_t version, Error *error);
void problems_free(Problems *problems);

/* Whether the file sets a key, in whatever way. */
bool upgrade_is_set(YamlText *yaml, const char *path);

enum { VARIABLE_SIZE = 300 };

/* The name of a key's variable; whether it is set and not empty. */
void upgrade_variable(const char *path, char name[VARIABLE_SIZE]);
bool upgrade_variable_is_set(const char *path);

#endif
