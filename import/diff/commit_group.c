/* SPDX-License-Identifier: Apache-2.0 */
#include "import/diff/commit_group.h"

#include "common/kv/model.h"
#include "import/diff/fields.h"

#include <string.h>

enum {
    COMMIT_ID = 1,
    COMMIT_COMMITTER = 2,
    COMMIT_MESSAGE = 3,
    COMMIT_DATE = 4,
    TIME_SECONDS = 1,
    TIME_NANOS = 2
};

static bool is_newer(const NamedCommit *a, const NamedCommit *b)
{
    if (b->value.size == 0) {
        return true;
    }
    return a->seconds != b->seconds ? a->seconds > b->seconds : a->nanos > b->nanos;
}

/* Keeps a commit if it is among the newest. */
static bool keep(CommitGroup *group, Slice value, Error *error)
{
    Slice date = field_bytes(value, COMMIT_DATE);
    NamedCommit commit = {.seconds = (int64_t)field_number(date, TIME_SECONDS),
                          .nanos = (int32_t)field_number(date, TIME_NANOS)};
    size_t place = 0;

    while (place < COMMITS_NAMED && !is_newer(&commit, &group->newest[place])) {
        place++;
    }
    if (place == COMMITS_NAMED) {
        return true;
    }
    commit.value = group->newest[COMMITS_NAMED - 1].value;
    commit.value.size = 0;
    memmove(&group->newest[place + 1], &group->newest[place],
            (COMMITS_NAMED - 1 - place) * sizeof group->newest[0]);
    group->newest[place] = commit;
    return buffer_append(&group->newest[place].value, value.data, value.size, error);
}

bool commit_group_add(CommitGroup *group, const Change *change, Error *error)
{
    Slice repository_id = change->partition_key;
    Slice instance_id;

    group->counts[change->kind]++;
    if (group->repository_id.size == 0) {
        kv_partition_is_repository(change->partition_key, &repository_id, &instance_id);
        if (!buffer_append(&group->repository_id, repository_id.data, repository_id.size, error)) {
            return false;
        }
    }
    return change->kind != CHANGE_ADDED || change->new_value.size == 0 ||
           keep(group, change->new_value, error);
}

static bool print_newest(const CommitGroup *group, TextLine *line)
{
    for (size_t i = 0; i < COMMITS_NAMED && group->newest[i].value.size > 0; i++) {
        Slice value = buffer_slice(&group->newest[i].value);

        text_add(line, "    ");
        text_id(line, field_bytes(value, COMMIT_ID));
        text_add(line, " ");
        text_first_line(line, field_bytes(value, COMMIT_MESSAGE));
        text_add(line, " by ");
        text_name(line, field_bytes(value, COMMIT_COMMITTER));
        if (!text_end(line)) {
            return false;
        }
    }
    return true;
}

bool commit_group_print(CommitGroup *group, TextLine *line)
{
    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++) {
        uint64_t count = group->counts[kind];

        if (count == 0) {
            continue;
        }
        text_count(line, count, "commit", "commits");
        text_add(line, " of ");
        text_name(line, buffer_slice(&group->repository_id));
        text_add(line, " %s", change_word(kind));
        if (kind == CHANGE_ADDED) {
            text_add(line, count > COMMITS_NAMED ? ", the newest:" : ":");
        }
        if (!text_end(line) || (kind == CHANGE_ADDED && !print_newest(group, line))) {
            return false;
        }
    }
    memset(group->counts, 0, sizeof group->counts);
    group->repository_id.size = 0;
    for (size_t i = 0; i < COMMITS_NAMED; i++) {
        group->newest[i].value.size = 0;
    }
    return true;
}

void commit_group_free(CommitGroup *group)
{
    buffer_free(&group->repository_id);
    for (size_t i = 0; i < COMMITS_NAMED; i++) {
        buffer_free(&group->newest[i].value);
    }
}
