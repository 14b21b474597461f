/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of XML documents, by their paths; and invalid XML.
 */
#include "tests/unit/support.h"

#include "common/http/xml_texts.h"

enum { CAPACITY = 8 };

static char first[CAPACITY];
static char second[CAPACITY];

/* Reads the texts a/b and a/c/d. */
static bool read_texts(const char *document)
{
    const XmlText wanted[] = {{"a/b", first, CAPACITY}, {"a/c/d", second, CAPACITY}};
    bool valid;
    Error error = {0};

    assert_done(xml_texts_read(slice_text(document), wanted, COUNT_OF(wanted), &valid, &error),
                &error);
    return valid;
}

static void test_texts_are_found_by_path(void **state)
{
    (void)state;
    assert_true(
        read_texts("<?xml version='1.0'?><a x='y'><b>one</b><c><b>no</b><d>two</d></c></a>"));
    assert_string_equal(first, "one");
    assert_string_equal(second, "two");
    /* Not elsewhere, and nothing is left over from the previous document. */
    assert_true(read_texts("<z><a><b>one</b></a><d>two</d></z>"));
    assert_string_equal(first, "");
    assert_string_equal(second, "");
}

static void test_text_ends_where_another_element_begins(void **state)
{
    (void)state;
    assert_true(read_texts("<a><b>x<i>no</i>y</b></a>"));
    assert_string_equal(first, "x");
    /* The last text of a path. */
    assert_true(read_texts("<a><b>one</b><b>2</b></a>"));
    assert_string_equal(first, "2");
}

static void test_texts_are_cut_and_tame(void **state)
{
    (void)state;
    assert_true(read_texts("<a><b>12345678901</b><c><d>\t&lt;\n&#x41;</d></c></a>"));
    assert_string_equal(first, "1234567");
    assert_string_equal(second, " < A");
}

static void test_long_paths_are_no_other_ones(void **state)
{
    char document[2100] = "<a>";

    (void)state;
    for (int i = 0; i < 200; i++) {
        strcat(document, "<bb>");
    }
    for (int i = 0; i < 200; i++) {
        strcat(document, "</bb>");
    }
    strcat(document, "<b>one</b></a>");
    assert_true(read_texts(document));
    assert_string_equal(first, "one");
}

static void test_invalid_xml_is_reported(void **state)
{
    static const char *const DOCUMENTS[] = {"", "text", "{}", "<a><b>1</b>", "<a><b>1</c></a>"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(DOCUMENTS); i++) {
        assert_false(read_texts(DOCUMENTS[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_found_by_path),
        cmocka_unit_test(test_text_ends_where_another_element_begins),
        cmocka_unit_test(test_texts_are_cut_and_tame),
        cmocka_unit_test(test_long_paths_are_no_other_ones),
        cmocka_unit_test(test_invalid_xml_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
