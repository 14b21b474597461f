/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that gives answers from a list, one a request, and keeps what it was asked: for what is
 * asked by HTTP, and for servers that are not as they should be.
 */
#ifndef TESTS_UNIT_HTTP_SERVER_H
#define TESTS_UNIT_HTTP_SERVER_H

#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

enum { SERVER_REQUESTS_MAX = 16, SERVER_REQUEST_SIZE = 4096 };

typedef struct HttpServer {
    const char *const *answers; /* NULL behind the last; "" ends the connection without one */
    int listener;
    char url[64];
    pthread_t thread;
    size_t request_count;
    char requests[SERVER_REQUESTS_MAX]
                 [SERVER_REQUEST_SIZE]; /* to be looked at behind server_stop */
} HttpServer;

/* What a request's body lacks; 0 while its headers are not whole. */
static inline size_t server_lacks(const char *request)
{
    const char *body = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "\r\nContent-Length:");
    size_t size = length == NULL || length > body ? 0 : strtoul(length + 17, NULL, 10);

    return body != NULL && strlen(body + 4) < size ? size - strlen(body + 4) : 0;
}

/* Reads a request, as much of it as there is room for; false when there is none. */
static inline bool server_read(int connection, char *request)
{
    size_t used = 0;

    request[0] = '\0';
    while ((strstr(request, "\r\n\r\n") == NULL || server_lacks(request) > 0) &&
           used + 1 < SERVER_REQUEST_SIZE) {
        ssize_t size = read(connection, request + used, SERVER_REQUEST_SIZE - 1 - used);

        if (size <= 0) {
            return false;
        }
        used += (size_t)size;
        request[used] = '\0';
    }
    return true;
}

static inline void *server_run(void *argument)
{
    HttpServer *server = argument;

    while (server->request_count < SERVER_REQUESTS_MAX) {
        int connection = accept(server->listener, NULL, NULL);
        const char *answer;

        if (connection < 0) {
            return NULL; /* the test has ended */
        }
        if (server_read(connection, server->requests[server->request_count])) {
            answer = server->answers[server->request_count];
            server->request_count++;
            if (answer != NULL && write(connection, answer, strlen(answer)) < 0) {
                answer = NULL;
            }
        }
        close(connection);
    }
    return NULL;
}

static inline void server_start(HttpServer *server, const char *const *answers)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    memset(server, 0, sizeof *server);
    server->answers = answers;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static inline void server_end(HttpServer *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

/* Ends it; it must have been asked just so often. */
static inline void server_stop(HttpServer *server, size_t request_count)
{
    server_end(server);
    assert_int_equal(server->request_count, request_count);
}

#endif
