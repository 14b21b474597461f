/* SPDX-License-Identifier: Apache-2.0 */
#include "export/legacy/derived_id.h"

#include "common/base/buffer.h"
#include "common/base/digest.h"

#include <inttypes.h>
#include <stdio.h>

/* 2999-11-30T00:00:00Z; see KV-MODEL.md, "Ids". */
static const int64_t RUN_TIME_ORIGIN = INT64_C(32500915200);

int64_t derived_run_seconds(int64_t run_time)
{
    return RUN_TIME_ORIGIN - run_time;
}

bool derived_id(int64_t seconds, Slice owner, Slice name, unsigned attempt, Xid *xid, Error *error)
{
    Buffer text = {0};
    uint8_t digest[SHA256_SIZE];
    bool done = buffer_append(&text, owner.data, owner.size, error) &&
                buffer_append(&text, "", 1, error) &&
                buffer_append(&text, name.data, name.size, error);

    if (done && attempt > 0) {
        done =
            buffer_append(&text, "", 1, error) && buffer_append_format(&text, error, "%u", attempt);
    }
    done = done && sha256_of(buffer_slice(&text), digest, error);
    if (done) {
        *xid = xid_make(seconds, digest);
    }
    buffer_free(&text);
    return done;
}

bool derived_instance_id(Slice repository_id, KvTime creation_date, unsigned attempt, Xid *xid,
                         Error *error)
{
    char date[48];

    snprintf(date, sizeof date, "%" PRId64 ".%09" PRId32, creation_date.seconds,
             creation_date.nanos);
    return derived_id(creation_date.seconds, repository_id, slice_text(date), attempt, xid, error);
}
