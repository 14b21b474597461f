/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staged objects are counted by branch, and memory does not grow with the number of branches.
 */
#include "tests/unit/support.h"

#include "common/cli/output.h"
#include "import/diff/staged_areas.h"

#define R "repo-0123456789abcdefghig"

static Error error;

static void add(StagedAreas *areas, const char *token)
{
    Difference difference = {
        .has_new = true,
        .new_entry = {slice_text(token), BYTES("k"), BYTES("\x0a\x01k\x12\x01i")},
    };
    Change change = change_of(&difference);

    assert_done(staged_areas_add(areas, &change, &error), &error);
}

static void learn(StagedAreas *areas, const char *partition, const char *key, Slice branch)
{
    Entry entry = {slice_text(partition), slice_text(key), branch};

    assert_done(staged_areas_learn(areas, &entry, &error), &error);
}

/* What staged_areas_print writes to standard output. */
static void assert_printed(void *const *state, StagedAreas *areas, const char *expected)
{
    const char *path = folder_path(state, "output");
    TextLine line = {.error = &error};
    int saved = dup(STDOUT_FILENO);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(saved >= 0 && file >= 0);
    fflush(stdout);
    assert_true(dup2(file, STDOUT_FILENO) >= 0);
    assert_true(staged_areas_print(areas, &line));
    assert_done(output_flush(&error), &error);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    close(file);
    buffer_free(&line.buffer);
    assert_file_holds(path, expected);
}

static void test_tokens_lead_to_branches(void **state)
{
    StagedAreas *areas;

    assert_done(staged_areas_new(&areas, &error), &error);
    assert_true(staged_areas_known(areas));
    add(areas, "t1");
    add(areas, "t1");
    add(areas, "t2");
    add(areas, "t3");
    assert_false(staged_areas_known(areas));
    /* Neither a branch's key in another partition, nor another key, nor a token that nobody asks
     * for. */
    learn(areas, "graveler", "branches/b",
          BYTES("\x0a\x01"
                "b\x1a\x02t1"));
    learn(areas, R, "tags/b",
          BYTES("\x0a\x01"
                "b\x1a\x02t1"));
    learn(areas, R, "branches/c",
          BYTES("\x0a\x01"
                "c\x1a\x02t9"));
    learn(areas, R, "branches/b",
          BYTES("\x0a\x01"
                "b\x1a\x02t1\x22\x02t8\x22\x02t2"));
    assert_false(staged_areas_known(areas));
    learn(areas, R, "branches/a",
          BYTES("\x0a\x01"
                "a\x1a\x02t3"));
    assert_true(staged_areas_known(areas));
    assert_printed(state, areas,
                   "1 object staged on branch \"a\" of \"repo\"\n"
                   "3 objects staged on branch \"b\" of \"repo\"\n");
    staged_areas_free(areas);
    staged_areas_free(NULL);
}

static void test_more_areas_than_are_kept(void **state)
{
    StagedAreas *areas;
    char token[24];

    assert_done(staged_areas_new(&areas, &error), &error);
    for (int i = 0; i < 50003; i++) {
        snprintf(token, sizeof token, "t%06d", i);
        add(areas, token);
        add(areas, token);
    }
    assert_printed(state, areas,
                   "100000 objects staged on 50000 staging areas of no branch\n"
                   "6 objects staged on 3 staging areas not looked into\n");
    staged_areas_free(areas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tokens_lead_to_branches, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(test_more_areas_than_are_kept, folder_setup,
                                        folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
