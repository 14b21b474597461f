/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/status_dynamodb.h"

#include "common/base/interrupt.h"
#include "common/cli/message.h"
#include "common/kv/model.h"
#include "common/store/dynamodb/point.h"
#include "common/store/dynamodb/table.h"
#include "scripts/session/migrate/noted_table.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LONGEST_SECONDS = 20 };

/* Stops the client's requests after a time, whatever they wait for. */
typedef struct Timer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool done;
    DynamoClient *client;
} Timer;

static void *run_timer(void *state)
{
    Timer *timer = state;
    struct timespec end;
    int failure = 0;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += LONGEST_SECONDS;
    pthread_mutex_lock(&timer->mutex);
    while (!timer->done && failure == 0) {
        failure = pthread_cond_timedwait(&timer->ended, &timer->mutex, &end);
    }
    if (!timer->done) {
        dynamo_client_stop(timer->client);
    }
    pthread_mutex_unlock(&timer->mutex);
    return NULL;
}

static void end_timer(Timer *timer)
{
    pthread_mutex_lock(&timer->mutex);
    timer->done = true;
    pthread_cond_signal(&timer->ended);
    pthread_mutex_unlock(&timer->mutex);
    pthread_join(timer->thread, NULL);
}

static bool list(DynamoClient *client, const char *partition, const char *prefix, Words *rests,
                 Error *error)
{
    return dynamo_point_list(client, slice_text(partition), prefix, rests, error);
}

static bool begins_with_group(const char *rest, const char *group)
{
    static const char POLICIES[] = "/policies/";
    size_t size = strlen(group);

    return strncmp(rest, group, size) == 0 &&
           strncmp(rest + size, POLICIES, sizeof POLICIES - 1) == 0;
}

static bool count_groups(DynamoClient *client, int64_t *without_policy, Error *error)
{
    Words groups = {0};
    Words policies = {0};
    bool done = list(client, KV_PARTITION_AUTH, KV_GROUPS, &groups, error) &&
                list(client, KV_PARTITION_AUTH, KV_GROUP_POLICIES, &policies, error);

    for (size_t i = 0; done && i < groups.count; i++) {
        bool has = false;

        for (size_t j = 0; !has && j < policies.count; j++) {
            has = begins_with_group(policies.items[j], groups.items[i]);
        }
        *without_policy += has ? 0 : 1;
    }
    words_free(&groups);
    words_free(&policies);
    return done;
}

static bool count(DynamoClient *client, Accounts *accounts, Error *error)
{
    Words users = {0};
    Words credentials = {0};
    Words basic = {0};
    Buffer value = {0};
    bool set_up = false;
    int64_t without_policy = 0;
    bool done = list(client, KV_PARTITION_AUTH, KV_USERS, &users, error) &&
                list(client, KV_PARTITION_AUTH, KV_USER_CREDENTIALS, &credentials, error) &&
                list(client, KV_PARTITION_BASIC_AUTH, KV_USERS, &basic, error) &&
                dynamo_point_get(client, slice_text(KV_PARTITION_AUTH),
                                 slice_text(KV_INSTALLATION_METADATA "setup_timestamp"), &value,
                                 &set_up, error) &&
                count_groups(client, &without_policy, error);

    if (done) {
        *accounts = (Accounts){.known = true,
                               .set_up = set_up,
                               .basic = basic.count > 0,
                               .users = (int64_t)users.count,
                               .credentials = (int64_t)credentials.count,
                               .groups_without_policy = without_policy};
    }
    words_free(&users);
    words_free(&credentials);
    words_free(&basic);
    buffer_free(&value);
    return done;
}

static bool look(DynamoClient *client, KvStore *store, Accounts *accounts, Error *error)
{
    static const KvState STATES[] = {[KV_STORE_NONE] = KV_MISSING,
                                     [KV_STORE_EMPTY] = KV_EMPTY,
                                     [KV_STORE_BEGUN] = KV_BEGUN,
                                     [KV_STORE_STARTED] = KV_STARTED,
                                     [KV_STORE_STAMPED] = KV_STAMPED};
    DynamoTableInfo info = {0};
    bool done = dynamo_table_inspect(client, &info, error) &&
                (info.state != KV_STORE_STAMPED || count(client, accounts, error));

    if (done) {
        store->state = STATES[info.state];
        store->version[0] = '\0';
        if (info.state == KV_STORE_STAMPED || info.state == KV_STORE_STARTED) {
            snprintf(store->version, sizeof store->version, "%" PRIu64, info.version);
        }
    }
    dynamo_table_info_free(&info);
    return done;
}

static bool look_for_some_time(DynamoClient *client, KvStore *store, Accounts *accounts,
                               Error *error)
{
    Timer timer = {
        .mutex = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER, .client = client};
    bool done;

    if (pthread_create(&timer.thread, NULL, run_timer, &timer) != 0) {
        return error_set(error, EXIT_CODE_FAILED, "could not start a thread");
    }
    done = look(client, store, accounts, error);
    end_timer(&timer);
    return done;
}

bool status_dynamodb_look(const MigrateOptions *options, const Note *note, KvStore *store,
                          Accounts *accounts, bool *seen, Error *error)
{
    DynamoOptions table;
    DynamoClient *client;
    Error problem;

    *seen = noted_table_open(options, note, &table, &client, &problem) &&
            look_for_some_time(client, store, accounts, &problem);
    dynamo_client_close(client);
    if (interrupt_signal() != 0) {
        *error = problem;
        return false;
    }
    if (!*seen) {
        message_warning_error(&problem);
    }
    return true;
}

bool status_dynamodb_read(const MigrateOptions *options, KvStore *store, Accounts *accounts,
                          char place[NOTE_PLACE_SIZE], Error *error)
{
    static const Note NONE;
    DynamoOptions table;
    DynamoClient *client;
    bool done = noted_table_open(options, &NONE, &table, &client, error) &&
                look_for_some_time(client, store, accounts, error);

    if (done) {
        note_place_of(dynamo_client_table(client), dynamo_client_region(client),
                      dynamo_client_endpoint(client), place);
    }
    dynamo_client_close(client);
    return done;
}
