/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server that returns responses from a list, one per request, and records the requests: for
 * tests of HTTP clients, also with misbehaving servers.
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
    const char *const *answers; /* NULL-terminated; "" closes the connection without a response */
    int listener;
    char url[64];
    pthread_t thread;
    size_t request_count;
    char requests[SERVER_REQUESTS_MAX][SERVER_REQUEST_SIZE]; /* to be read after server_stop */
} HttpServer;

/* How many bytes of a request's body are missing; 0 while its headers are incomplete. */
static inline size_t server_lacks(const char *request)
{
    const char *body = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "\r\nContent-Length:");
    size_t size = length == NULL || length > body ? 0 : strtoul(length + 17, NULL, 10);

    return body != NULL && strlen(body + 4) < size ? size - strlen(body + 4) : 0;
}

/* Reads a request, up to the size of the buffer; false if there is none. */
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

/* Stops the server, which must have got exactly this many requests. */
static inline void server_stop(HttpServer *server, size_t request_count)
{
    server_end(server);
    assert_int_equal(server->request_count, request_count);
}

#endif
