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

/* A key that some versions do not know. */
typedef struct UpgradeRule {
    const char *key;
    int64_t since;           /* the first of these versions */
    int64_t until;           /* the first that knows it again; 0: none */
    const char *versions;    /* the same in words */
    const char *replacement; /* the new key; NULL: none */
    bool must_agree;         /* the old and the new key name one thing */
    bool no_effect;          /* not refused, but ignored */
    bool section;            /* the key has members, all of which are unknown */
    const char *not_section; /* a known section whose variables look like the members'; NULL: none
                              */
    const char *enabled;     /* the key that turns the section on; NULL: none */
    const char *advice;      /* what a person must do about it; NULL: nothing */
} UpgradeRule;

extern const UpgradeRule UPGRADE_RULES[];
extern const size_t UPGRADE_RULE_COUNT;

/* Whether a version does not know the key of a rule. */
bool upgrade_rule_applies(const UpgradeRule *rule, int64_t version);

/* The key that replaces that of a rule in this file; NULL: none, as for a key of PostgreSQL where
 * the KV store is in DynamoDB. */
const char *upgrade_replacement(const UpgradeRule *rule, YamlText *yaml);

/* Whether the old and the new key have two values that must be one. */
bool upgrade_disagrees(const UpgradeRule *rule, YamlText *yaml);

typedef enum ProblemKind {
    PROBLEM_DUPLICATE, /* the key comes again in its mapping */
    PROBLEM_CASE,      /* the key comes again in its mapping, in other letters */
    PROBLEM_BOOLEAN,   /* one of YAML 1.1's further words for true and false */
    PROBLEM_DATE,      /* a text that yaml.v3 takes for a date */
    PROBLEM_NUMBER,    /* a text that yaml.v3 takes for a number */
    PROBLEM_RULE,      /* a key of a rule stands here */
    PROBLEM_CONFLICT,  /* the same, with another value than that of the new key */
    PROBLEM_ALIAS,     /* a key of a rule comes by an alias or a merge key */
    PROBLEM_TYPE,      /* database.type is missing or empty */
    PROBLEM_STORE,     /* database.type is no store of a migration */
    PROBLEM_PATH,      /* the old default of blockstore.local.path was used */
    PROBLEM_REQUIRED,  /* a key without a default is missing or empty */
    PROBLEM_ENDPOINT   /* auth.ui_config.rbac needs auth.api.endpoint */
} ProblemKind;

enum { PROBLEM_PATH_SIZE = 256 };

typedef struct Problem {
    ProblemKind kind;
    const UpgradeRule *rule;      /* NULL: of another kind */
    char path[PROBLEM_PATH_SIZE]; /* of the key, in small letters */
    char section[PROBLEM_PATH_SIZE];
    YamlPair pair; /* its key is NULL for an element of a list, and where nothing stands */
    size_t again;  /* the line of the key in other letters, from 1 */
} Problem;

/* {0} is an empty list. */
typedef struct Problems {
    Problem *items; /* owned */
    size_t count;
} Problems;

/* Replaces the list by the problems of a text for this version; they point into the text. */
bool problems_find(Problems *problems, YamlText *yaml, int64_t version, Error *error);
void problems_free(Problems *problems);

#endif
