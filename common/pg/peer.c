/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* struct ucred */
#include "common/pg/peer.h"

#include "common/pg/connection_private.h"

#include <sys/socket.h>

/* SO_PEERCRED also answers for other sockets, with nobody's credentials. */
bool pg_peer_user(const PgConnection *connection, uid_t *user)
{
    struct sockaddr_storage address = {0};
    struct ucred peer = {0};
    socklen_t address_size = sizeof address;
    socklen_t peer_size = sizeof peer;
    int socket = PQsocket(connection->conn);

    if (socket < 0 || getsockname(socket, (struct sockaddr *)&address, &address_size) != 0 ||
        address.ss_family != AF_UNIX ||
        getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) != 0) {
        return false;
    }
    *user = peer.uid;
    return true;
}
