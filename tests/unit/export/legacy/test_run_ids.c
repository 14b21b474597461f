/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New ids of runs: unique, also where two runs derive the same one.
 *
 * Ids of one second differ in the first 64 bits of a SHA-256 digest.  The two runs below agree in
 * them; they were found by a search over 2^31 digests.  In Python:
 *
 *   for run in ('20230615101500697af8d5bd8301ab', '2023061510150053875ca9be921e04'):
 *       print(hashlib.sha256(b'example-repo\0' + run.encode()).hexdigest()[:16])
 *
 * prints 1862bb8dd50092c6 twice.  Expected ids: test_derived_id.c says how they are computed.
 */
#include "tests/unit/support.h"

#include "export/legacy/derived_id.h"
#include "export/legacy/run_ids.h"

static const char REPOSITORY[] = "example-repo";
static const int64_t SECONDS = INT64_C(30814091100); /* 32500915200 - 2023-06-15 10:15:00 */

typedef struct Run {
    const char *id;
    const char *attempts[3]; /* the ids that it derives */
} Run;

static const Run RUN_A = {"20230615101500697af8d5bd8301ab",
                          {"5ikren0ocatorl80ib30", "5ikren625jafv1grcf40", "5ikren54o244qqhg58n0"}};
static const Run RUN_B = {"2023061510150053875ca9be921e04",
                          {"5ikren0ocatorl80ib30", "5ikren7crr7nipeodd4g", "5ikren73slmo0uii8ju0"}};
static const Run RUN_C = {"20230615101500", {"5ikren7lkuh06g1l2o2g", NULL, NULL}};

static Xid derive(const char *run_id, unsigned attempt)
{
    Error error = {0};
    Xid xid;

    assert_done(
        derived_id(SECONDS, slice_text(REPOSITORY), slice_text(run_id), attempt, &xid, &error),
        &error);
    return xid;
}

static RunIds *new_ids(void)
{
    Error error = {0};
    RunIds *ids;

    assert_done(run_ids_new(&ids, &error), &error);
    return ids;
}

static void add(RunIds *ids, Xid xid)
{
    Error error = {0};

    assert_done(run_ids_add(ids, xid, &error), &error);
}

static void seal(RunIds *ids)
{
    Error error = {0};

    assert_done(run_ids_seal(ids, &error), &error);
}

static void assert_assigned(RunIds *ids, const char *run_id, const char *expected)
{
    Error error = {0};
    Xid xid;
    char text[XID_TEXT_SIZE + 1];

    assert_done(
        run_ids_assign(ids, slice_text(REPOSITORY), slice_text(run_id), SECONDS, &xid, &error),
        &error);
    xid_to_text(xid, text);
    assert_string_equal(text, expected);
}

static void test_the_two_runs_do_collide(void **state)
{
    Xid a = derive(RUN_A.id, 0);
    Xid b = derive(RUN_B.id, 0);
    char text[XID_TEXT_SIZE + 1];

    (void)state;
    assert_memory_equal(a.bytes, b.bytes, XID_SIZE);
    xid_to_text(a, text);
    assert_string_equal(text, RUN_A.attempts[0]);
}

static void test_run_of_its_own_keeps_the_id_that_it_derives(void **state)
{
    RunIds *ids = new_ids();

    (void)state;
    add(ids, derive(RUN_C.id, 0));
    add(ids, derive(RUN_A.id, 0));
    seal(ids);
    assert_assigned(ids, RUN_C.id, RUN_C.attempts[0]);
    assert_assigned(ids, RUN_A.id, RUN_A.attempts[0]);
    assert_assigned(ids, RUN_C.id, RUN_C.attempts[0]);
    run_ids_free(ids);
}

static void test_first_of_two_runs_keeps_the_id_and_the_second_gets_the_next(void **state)
{
    RunIds *ids = new_ids();

    (void)state;
    add(ids, derive(RUN_A.id, 0));
    add(ids, derive(RUN_B.id, 0));
    add(ids, derive(RUN_C.id, 0));
    seal(ids);
    assert_assigned(ids, RUN_A.id, RUN_A.attempts[0]);
    assert_assigned(ids, RUN_B.id, RUN_B.attempts[1]);
    assert_assigned(ids, RUN_C.id, RUN_C.attempts[0]);
    run_ids_free(ids);
}

/* Deterministic: only the order in which ids are assigned matters. */
static void test_order_of_assigning_decides_not_that_of_adding(void **state)
{
    RunIds *ids = new_ids();

    (void)state;
    add(ids, derive(RUN_A.id, 0));
    add(ids, derive(RUN_C.id, 0));
    add(ids, derive(RUN_B.id, 0));
    seal(ids);
    assert_assigned(ids, RUN_B.id, RUN_B.attempts[0]);
    assert_assigned(ids, RUN_A.id, RUN_A.attempts[1]);
    run_ids_free(ids);
}

/* Hooks request the id of their run again. */
static void test_same_run_gets_the_same_id_again(void **state)
{
    RunIds *ids = new_ids();

    (void)state;
    add(ids, derive(RUN_A.id, 0));
    add(ids, derive(RUN_B.id, 0));
    seal(ids);
    for (int i = 0; i < 3; i++) {
        assert_assigned(ids, RUN_A.id, RUN_A.attempts[0]);
        assert_assigned(ids, RUN_B.id, RUN_B.attempts[1]);
        assert_assigned(ids, RUN_B.id, RUN_B.attempts[1]);
    }
    run_ids_free(ids);
}

static void test_next_id_differs_from_first_ids_of_other_runs(void **state)
{
    RunIds *ids = new_ids();

    (void)state;
    add(ids, derive(RUN_A.id, 0));
    add(ids, derive(RUN_B.id, 0));
    add(ids, derive(RUN_B.id, 1)); /* as if it were the first id of a third run */
    seal(ids);
    assert_assigned(ids, RUN_A.id, RUN_A.attempts[0]);
    assert_assigned(ids, RUN_B.id, RUN_B.attempts[2]);
    run_ids_free(ids);
}

static void test_run_that_shares_its_id_keeps_it_when_it_comes_first(void **state)
{
    RunIds *ids = new_ids();

    (void)state;
    add(ids, derive(RUN_C.id, 0));
    add(ids, derive(RUN_C.id, 0));
    add(ids, derive(RUN_C.id, 0));
    seal(ids);
    assert_assigned(ids, RUN_C.id, RUN_C.attempts[0]);
    assert_assigned(ids, RUN_C.id, RUN_C.attempts[0]);
    run_ids_free(ids);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void test_ids_of_many_runs_of_one_second_are_unique(void **state)
{
    enum { RUNS = 3000 };
    static char texts[RUNS + 2][XID_TEXT_SIZE + 1];
    RunIds *ids = new_ids();
    Error error = {0};

    (void)state;
    add(ids, derive(RUN_A.id, 0));
    for (int i = 0; i < RUNS; i++) {
        char run_id[32];

        snprintf(run_id, sizeof run_id, "20230615101500%06d", i);
        add(ids, derive(run_id, 0));
    }
    add(ids, derive(RUN_B.id, 0));
    seal(ids);
    for (int i = 0; i < RUNS + 2; i++) {
        char run_id[32];
        Xid xid;

        snprintf(run_id, sizeof run_id, "20230615101500%06d", i);
        if (i >= RUNS) {
            snprintf(run_id, sizeof run_id, "%s", i == RUNS ? RUN_A.id : RUN_B.id);
        }
        assert_done(
            run_ids_assign(ids, slice_text(REPOSITORY), slice_text(run_id), SECONDS, &xid, &error),
            &error);
        xid_to_text(xid, texts[i]);
    }
    qsort(texts, COUNT_OF(texts), sizeof texts[0], compare_texts);
    for (size_t i = 1; i < COUNT_OF(texts); i++) {
        assert_string_not_equal(texts[i - 1], texts[i]);
    }
    run_ids_free(ids);
}

static void test_no_runs_are_no_error(void **state)
{
    RunIds *ids = new_ids();

    (void)state;
    seal(ids);
    assert_assigned(ids, RUN_C.id, RUN_C.attempts[0]);
    run_ids_free(ids);
    run_ids_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_two_runs_do_collide),
        cmocka_unit_test(test_run_of_its_own_keeps_the_id_that_it_derives),
        cmocka_unit_test(test_first_of_two_runs_keeps_the_id_and_the_second_gets_the_next),
        cmocka_unit_test(test_order_of_assigning_decides_not_that_of_adding),
        cmocka_unit_test(test_same_run_gets_the_same_id_again),
        cmocka_unit_test(test_next_id_differs_from_first_ids_of_other_runs),
        cmocka_unit_test(test_run_that_shares_its_id_keeps_it_when_it_comes_first),
        cmocka_unit_test(test_ids_of_many_runs_of_one_second_are_unique),
        cmocka_unit_test(test_no_runs_are_no_error),
    };

    return cmocka_run_group_tests_name("ids of runs", tests, NULL, NULL);
}
