/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pg/liveness.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* The socket option that libpq's parameter sets.  Set here, not through the parameter: libpq would
 * prefer it to a service file's, and old versions do not know all of them. */
typedef struct Setting {
    const char *keyword;
    int option;
    int value;
} Setting;

static const Setting SETTINGS[] = {
#ifdef TCP_KEEPIDLE
    {"keepalives_idle", TCP_KEEPIDLE, 30},
#endif
#ifdef TCP_KEEPINTVL
    {"keepalives_interval", TCP_KEEPINTVL, 10},
#endif
#ifdef TCP_KEEPCNT
    {"keepalives_count", TCP_KEEPCNT, 3},
#endif
#ifdef TCP_USER_TIMEOUT
    /* Milliseconds.  The time also runs while the server is alive but does not read, for example
     * because its disk hangs; so it must be long. */
    {"tcp_user_timeout", TCP_USER_TIMEOUT, 300 * 1000},
#endif
};

static bool is_set_by_user(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0) {
            return options->val != NULL && options->val[0] != '\0';
        }
    }
    return false;
}

void pg_set_liveness(PGconn *conn)
{
    PQconninfoOption *options = PQconninfo(conn);

    for (size_t i = 0; options != NULL && i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        if (!is_set_by_user(options, SETTINGS[i].keyword)) {
            setsockopt(PQsocket(conn), IPPROTO_TCP, SETTINGS[i].option, &SETTINGS[i].value,
                       sizeof SETTINGS[i].value);
        }
    }
    PQconninfoFree(options);
}
