/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/copy_out.h"

#include "common/base/interrupt.h"
#include "common/cli/progress.h"
#include "common/pg/copy.h"

/* Rows between two reports of progress. */
enum { PROGRESS_ROWS = 1024 };

/* Hands on all rows of the latest piece. */
static CopyStatus read_rows(PgCopyOut *copy, CopyParser *parser, PgRowFunction *function,
                            void *state, Error *error)
{
    CopyStatus status;

    while ((status = copy_parser_next(parser, copy->fields, error)) == COPY_TUPLE) {
        copy->rows++;
        if (!function(state, error)) {
            return COPY_INVALID;
        }
    }
    return status;
}

bool pg_copy_out(PgConnection *connection, PgCopyOut *copy, PgRowFunction *function, void *state,
                 Error *error)
{
    CopyParser parser = {.field_count = copy->field_count};
    CopyStatus status = COPY_MORE;
    uint64_t reported = copy->rows;
    uint64_t bytes = 0;
    bool end = false;
    bool done = pg_copy_out_begin(connection, copy->sql, error);

    while (done && !end) {
        Slice piece;

        done = pg_copy_out_read(connection, &piece, &end, error);
        if (done && !end) {
            done = interrupt_check(error) && copy_parser_feed(&parser, piece, error);
        }
        if (done && !end) {
            status = read_rows(copy, &parser, function, state, error);
            done = status != COPY_INVALID;
            bytes += piece.size;
        }
        if (copy->reports_progress && (copy->rows - reported >= PROGRESS_ROWS || end)) {
            progress_add(copy->rows - reported, bytes);
            reported = copy->rows;
            bytes = 0;
        }
    }
    copy_parser_free(&parser);
    return done && (status == COPY_END ||
                    error_set(error, EXIT_CODE_FAILED,
                              "the COPY BINARY stream of table \"%s\" ends without its trailer",
                              copy->table));
}
