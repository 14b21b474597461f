/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing JSON where memory is lacking: whatever allocation it is that fails, the answer is that
 * memory lacked, and never a crash of the parser.
 */
#include "tests/unit/support.h"

#include "common/base/json_memory.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char DOCUMENT[] =
    "{\"name\": \"kv-dump\", \"list\": [\"a\", {\"b\": \"a text of some length, to be sure of "
    "it\"},"
    " 1, 2.5, null, true], \"nested\": {\"k\": [[], {}, \"v\"], \"another name\": \"value\"}}";

/* Under AddressSanitizer, as gcc and clang tell it. */
#ifdef __SANITIZE_ADDRESS__
#define OTHER_ALLOCATOR
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTHER_ALLOCATOR
#endif
#endif

/* So much is left to the parser in the last round that it succeeds. */
#define ROUNDS 160
#define PIECE 48

/* Of a child: it is parsed with no memory left but `pieces` small pieces; an exit code. */
static int parse_with(size_t pieces)
{
    struct rlimit limit = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    Slice text = slice_of(DOCUMENT, sizeof(DOCUMENT) - 1);
    void *kept[ROUNDS];
    bool lacked;

    /* The heap cannot grow any more, and what it has is taken. */
    mallopt(M_MMAP_MAX, 0);
    for (size_t i = 0; i < pieces; i++) {
        kept[i] = malloc(PIECE);
    }
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        return 3;
    }
    for (size_t size = (size_t)1 << 20; size >= 16; size /= 2) {
        while (malloc(size) != NULL) {
        }
    }
    for (size_t i = 0; i < pieces; i++) {
        free(kept[i]);
    }
    if (json_parse(text, 0, NULL, &lacked) != NULL) {
        return lacked ? 2 : 0;
    }
    return lacked ? 1 : 2;
}

static void test_each_failed_allocation_is_survived(void **state)
{
    size_t seen[2] = {0};

    (void)state;
#ifdef OTHER_ALLOCATOR
    skip();
#endif
    for (size_t pieces = 0; pieces < ROUNDS; pieces++) {
        pid_t child = fork();
        int status = 0;

        assert_int_not_equal(child, -1);
        if (child == 0) {
            _exit(parse_with(pieces));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
            fail_msg("with %zu pieces of memory it ends with status %#x", pieces, (unsigned)status);
        }
        seen[WEXITSTATUS(status)]++;
    }
    /* Both happened: too little memory, and enough. */
    assert_int_not_equal(seen[0], 0);
    assert_int_not_equal(seen[1], 0);
}

static void test_a_wrong_text_is_no_lack_of_memory(void **state)
{
    json_error_t problem;
    bool lacked = true;

    (void)state;
    assert_null(json_parse(BYTES("{\"a\": }"), 0, &problem, &lacked));
    assert_false(lacked);
    assert_int_equal(problem.line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_failed_allocation_is_survived),
        cmocka_unit_test(test_a_wrong_text_is_no_lack_of_memory),
    };

    return cmocka_run_group_tests_name("json_memory", tests, NULL, NULL);
}
