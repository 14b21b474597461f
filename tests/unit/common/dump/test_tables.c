/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of legacy tables by OIDs, and its JSON.
 */
#include "tests/unit/support.h"

#include "common/dump/tables.h"

static void add(DumpTables *tables, const char *name, uint32_t oid)
{
    Error error = {0};

    assert_done(dump_tables_add(tables, name, oid, &error), &error);
}

static void test_tables_come_back_from_json_in_their_order(void **state)
{
    DumpTables tables = {0};
    DumpTables back;
    Error error = {0};
    json_t *object;
    json_t *expected;

    (void)state;
    add(&tables, "b", 7);
    add(&tables, "a", UINT32_MAX);
    add(&tables, "a", 1);
    add(&tables, "a", 2);
    object = dump_tables_encode(&tables);
    expected = json_pack("{s:[I,i,i], s:[i]}", "a", (json_int_t)UINT32_MAX, 1, 2, "b", 7);
    assert_int_equal(json_equal(object, expected), 1);
    assert_done(dump_tables_decode(object, &back, &error), &error);
    assert_int_equal(back.count, tables.count);
    for (size_t i = 0; i < tables.count; i++) {
        assert_string_equal(back.items[i].name, tables.items[i].name);
        assert_int_equal(back.items[i].oid, tables.items[i].oid);
    }
    json_decref(object);
    json_decref(expected);
    dump_tables_free(&back);
    dump_tables_free(&tables);
    dump_tables_free(&tables);
}

static void test_find_returns_the_table_and_its_partitions(void **state)
{
    DumpTables tables = {0};
    const DumpTable *found;
    size_t count;

    (void)state;
    assert_null(dump_tables_find(&tables, "a", &count));
    assert_int_equal(count, 0);
    add(&tables, "a", 1);
    add(&tables, "b", 7);
    add(&tables, "b", 2);
    found = dump_tables_find(&tables, "b", &count);
    assert_int_equal(count, 2);
    assert_int_equal(found[0].oid, 7);
    assert_int_equal(found[1].oid, 2);
    assert_null(dump_tables_find(&tables, "bb", &count));
    assert_int_equal(count, 0);
    dump_tables_free(&tables);
}

static void test_list_has_a_limit(void **state)
{
    DumpTables tables = {0};
    DumpTables decoded;
    Error error = {0};
    json_t *oids = json_array();
    json_t *object;

    (void)state;
    for (uint32_t i = 1; i <= DUMP_MAX_TABLES; i++) {
        add(&tables, "a", i);
        json_array_append_new(oids, json_integer(i));
    }
    assert_refused(dump_tables_add(&tables, "a", 1, &error), &error, EXIT_CODE_REFUSED);
    object = json_pack("{s:O}", "a", oids);
    assert_done(dump_tables_decode(object, &decoded, &error), &error);
    dump_tables_free(&decoded);
    json_array_append_new(oids, json_integer(1));
    assert_refused(dump_tables_decode(object, &decoded, &error), &error, EXIT_CODE_DUMP);
    dump_tables_free(&decoded);
    dump_tables_free(&tables);
    json_decref(object);
    json_decref(oids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_come_back_from_json_in_their_order),
        cmocka_unit_test(test_find_returns_the_table_and_its_partitions),
        cmocka_unit_test(test_list_has_a_limit),
    };

    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
