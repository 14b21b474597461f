/* SPDX-License-Identifier: Apache-2.0 */
#include "common/aws/session.h"

#include "common/aws/provider_chain.h"

#include <pthread.h>
#include <stdlib.h>

/* Older credentials are kept, as running requests may still use them. */
typedef struct Generation {
    AwsCredentials credentials;
    struct Generation *older;
} Generation;

struct AwsSession {
    HttpClient *client;
    pthread_mutex_t mutex; /* guards what follows */
    Generation *newest;
};

/* Adds what is found to the front, unless it equals `known`. */
static bool find_newer(AwsSession *session, const AwsCredentials *known, Error *error)
{
    Generation *found = calloc(1, sizeof *found);

    if (found == NULL) {
        return error_out_of_memory(error);
    }
    if (!aws_credentials_find(session->client, &found->credentials, error) ||
        (known != NULL && aws_credentials_equal(known, &found->credentials))) {
        aws_credentials_free(&found->credentials);
        free(found);
        return false;
    }
    found->older = session->newest;
    session->newest = found;
    return true;
}

bool aws_session_open(HttpClient *client, AwsSession **session, Error *error)
{
    AwsSession *s = calloc(1, sizeof *s);

    *session = s;
    if (s == NULL) {
        return error_out_of_memory(error);
    }
    s->client = client;
    pthread_mutex_init(&s->mutex, NULL);
    if (!find_newer(s, NULL, error)) {
        aws_session_close(s);
        *session = NULL;
        return false;
    }
    return true;
}

void aws_session_close(AwsSession *session)
{
    if (session == NULL) {
        return;
    }
    while (session->newest != NULL) {
        Generation *older = session->newest->older;

        aws_credentials_free(&session->newest->credentials);
        free(session->newest);
        session->newest = older;
    }
    pthread_mutex_destroy(&session->mutex);
    free(session);
}

const AwsCredentials *aws_session_credentials(AwsSession *session)
{
    const AwsCredentials *credentials;

    pthread_mutex_lock(&session->mutex);
    credentials = &session->newest->credentials;
    pthread_mutex_unlock(&session->mutex);
    return credentials;
}

bool aws_session_renew(AwsSession *session, const AwsCredentials *expired)
{
    Error ignored = {0};
    bool renewed;

    pthread_mutex_lock(&session->mutex);
    /* Another thread may have renewed them already. */
    renewed = &session->newest->credentials != expired || find_newer(session, expired, &ignored);
    pthread_mutex_unlock(&session->mutex);
    return renewed;
}
