/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/server_room.h"

#include "common/pg/peer.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* The folder of the tablespace that new tables get; "" if it is not told, and where the server
 * itself is not connected through a Unix-domain socket: behind a pooler. */
static const char FOLDER[] =
    "SELECT CASE WHEN pg_tablespace_location(t.oid) <> '' THEN pg_tablespace_location(t.oid)"
    " ELSE (SELECT s.setting FROM pg_settings s WHERE s.name = 'data_directory') END"
    " FROM pg_tablespace t, pg_database d WHERE d.datname = current_database()"
    " AND inet_server_addr() IS NULL AND (t.spcname = current_setting('default_tablespace')"
    "  OR t.oid = d.dattablespace)"
    " ORDER BY t.spcname = current_setting('default_tablespace') DESC LIMIT 1";

/* In a container the same path is another folder, or none: the server's own user owns its folder.
 */
static bool is_servers(const Session *session, const char *folder)
{
    struct stat status;
    uid_t user;

    return folder[0] == '/' && pg_peer_user(session->connection, &user) &&
           stat(folder, &status) == 0 && status.st_uid == user;
}

bool server_room_find(Session *session, bool *known, uint64_t *bytes, Error *error)
{
    struct statvfs status;
    char *folder = NULL;

    *known = false;
    if (!session_query_text(session, FOLDER, 0, NULL, &folder, error)) {
        return false;
    }
    *known = is_servers(session, folder) && statvfs(folder, &status) == 0;
    if (*known) {
        *bytes = (uint64_t)status.f_bavail * status.f_frsize;
    }
    free(folder);
    return true;
}
