/* SPDX-License-Identifier: Apache-2.0 */
#include "export/worker.h"

void worker_free(Worker *worker)
{
    emitter_free(&worker->emitter);
    arena_free(&worker->arena);
    buffer_free(&worker->key);
    report_free(&worker->report);
}
