/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/postgres/routes.h"

#include "common/base/buffer.h"
#include "common/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Route {
    UT_hash_handle hh;
    int leaf; /* -1: unknown */
    size_t size;
    uint8_t key[];
} Route;

struct Routes {
    const KvTable *table; /* borrowed */
    Route *routes;
    Route **unknown; /* owned array of elements of routes */
    size_t unknown_count;
    size_t unknown_capacity;
};

bool routes_new(const KvTable *table, Routes **routes, Error *error)
{
    *routes = calloc(1, sizeof **routes);
    if (*routes == NULL) {
        return error_out_of_memory(error);
    }
    (*routes)->table = table;
    return true;
}

static Route *find_route(const Routes *routes, Slice partition_key)
{
    Route *route;

    HASH_FIND(hh, routes->routes, partition_key.data, partition_key.size, route);
    return route;
}

int routes_find(const Routes *routes, Slice partition_key)
{
    const Route *route = find_route(routes, partition_key);

    return route == NULL ? -1 : route->leaf;
}

bool routes_add_unknown(Routes *routes, Slice partition_key, Error *error)
{
    Route *route;

    if (find_route(routes, partition_key) != NULL) {
        return true;
    }
    if (routes->unknown_count == routes->unknown_capacity) {
        size_t capacity = routes->unknown_capacity == 0 ? 64 : routes->unknown_capacity * 2;
        Route **unknown = realloc(routes->unknown, capacity * sizeof(Route *));

        if (unknown == NULL) {
            return error_out_of_memory(error);
        }
        routes->unknown = unknown;
        routes->unknown_capacity = capacity;
    }
    route = malloc(sizeof *route + partition_key.size);
    if (route == NULL) {
        return error_out_of_memory(error);
    }
    route->leaf = -1;
    route->size = partition_key.size;
    if (partition_key.size > 0) {
        memcpy(route->key, partition_key.data, partition_key.size);
    }
    HASH_ADD_KEYPTR(hh, routes->routes, route->key, route->size, route);
    if (!HASH_ADDED(hh, route)) {
        free(route);
        return error_out_of_memory(error);
    }
    routes->unknown[routes->unknown_count++] = route;
    return true;
}

/* Encodes the unknown keys as the text of a bytea[]: {"\\x6175","\\x..."} */
static bool encode_unknown(const Routes *routes, Buffer *text, Error *error)
{
    static const char DIGITS[] = "0123456789abcdef";

    for (size_t i = 0; i < routes->unknown_count; i++) {
        const Route *route = routes->unknown[i];

        if (!buffer_append_text(text, i == 0 ? "{\"\\\\x" : "\",\"\\\\x", error) ||
            !buffer_reserve(text, route->size * 2, error)) {
            return false;
        }
        for (size_t n = 0; n < route->size; n++) {
            text->data[text->size++] = (uint8_t)DIGITS[route->key[n] >> 4];
            text->data[text->size++] = (uint8_t)DIGITS[route->key[n] & 15];
        }
    }
    return buffer_append_text(text, "\"}", error);
}

static bool store_leaves(Routes *routes, const PgRows *rows, Error *error)
{
    if (pg_rows_count(rows) != (int)routes->unknown_count) {
        return error_set(error, EXIT_CODE_FAILED,
                         "the server did not return the partition of every "
                         "key of table \"%s\"",
                         routes->table->name);
    }
    for (int i = 0; i < pg_rows_count(rows); i++) {
        routes->unknown[i]->leaf = (int)strtol(pg_rows_text(rows, i, 0), NULL, 10);
    }
    routes->unknown_count = 0;
    return true;
}

bool routes_resolve(Routes *routes, PgConnection *connection, Error *error)
{
    char partitions[16];
    Buffer keys = {0};
    const char *parameters[3] = {routes->table->table, partitions, NULL};
    PgRows *rows = NULL;
    bool done;

    if (routes->unknown_count == 0) {
        return true;
    }
    snprintf(partitions, sizeof partitions, "%d", routes->table->partitions);
    done = encode_unknown(routes, &keys, error);
    parameters[2] = buffer_string(&keys);
    done = done &&
           pg_query(connection,
                    "SELECT (SELECT r FROM generate_series(0, $2::int4 - 1) r"
                    " WHERE satisfies_hash_partition($1::regclass, $2::int4, r, k.key) LIMIT 1)"
                    " FROM unnest($3::bytea[]) WITH ORDINALITY AS k (key, n) ORDER BY k.n",
                    3, parameters, &rows, error) &&
           store_leaves(routes, rows, error);
    pg_rows_free(rows);
    buffer_free(&keys);
    return done;
}

void routes_free(Routes *routes)
{
    Route *route;
    Route *next;

    if (routes == NULL) {
        return;
    }
    HASH_ITER(hh, routes->routes, route, next)
    {
        HASH_DELETE(hh, routes->routes, route);
        free(route);
    }
    free(routes->unknown);
    free(routes);
}
