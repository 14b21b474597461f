# shellcheck shell=bash
# A PostgreSQL server to throw away: for tests, the demo and benchmarks. Source this file, then
#
#   throwaway_postgres_start DIR    make a cluster in the empty or missing folder DIR, start it and point the PG*
#                                   variables of this shell at it; on failure nothing is left, not even DIR
#   throwaway_postgres_standby DIR  make a standby of the server that the PG* variables lead to, in the empty or missing
#                                   folder DIR, and start it; its socket is in DIR/socket
#   throwaway_postgres_stop DIR     stop it and remove DIR; harmless when there is none
#
# They return 1 after a message on standard error when they fail. What they take from the environment:
#
#   PG_BINDIR                       the folder of initdb and pg_ctl; by default the newest of /usr/lib/postgresql/*/bin
#   THROWAWAY_POSTGRES_OPTIONS      more options for the server, such as "-c shared_buffers=1GB"
#
# Not for data that anybody would miss: the server never waits for the disk, and whoever reaches its socket is let in.

# The address of a unix socket has 108 bytes, of which the last is a NUL.
_THROWAWAY_POSTGRES_SOCKET_MAX=107

# Only a part of the socket's name: every server has a folder of its own and listens nowhere else, so the port that a
# server of this machine may use is no obstacle.
_THROWAWAY_POSTGRES_PORT=5432

# The file that marks a folder as ours to remove. It holds the path of the server's programs.
_THROWAWAY_POSTGRES_MARKER=throwaway-postgres

throwaway_postgres_start() {
    _throwaway_postgres_make "$1" _throwaway_postgres_create || return 1
    _throwaway_postgres_forget_environment
    PGHOST=$(realpath -m -- "$1")/socket
    export PGHOST PGPORT=$_THROWAWAY_POSTGRES_PORT PGUSER=postgres PGDATABASE=postgres
}

throwaway_postgres_standby() {
    _throwaway_postgres_make "$1" _throwaway_postgres_copy
}

# _throwaway_postgres_make DIR FUNCTION: makes a cluster by the function, and starts it.
_throwaway_postgres_make() {
    local dir bindir user
    dir=$(realpath -m -- "$1") || return 1

    if [ -e "$dir" ] && { [ ! -d "$dir" ] || [ -n "$(ls -A -- "$dir")" ]; }; then
        _throwaway_postgres_error "$dir is not an empty folder"
        return 1
    fi
    _throwaway_postgres_check_path "$dir" || return 1
    bindir=$(_throwaway_postgres_bindir) || return 1
    user=$(_throwaway_postgres_user) || return 1

    if ! _throwaway_postgres_folder "$dir" "$bindir" "$user" || ! "$2" "$dir" "$bindir" "$user" ||
        ! _throwaway_postgres_run "$dir" "$bindir" "$user"; then
        throwaway_postgres_stop "$dir"
        return 1
    fi
}

throwaway_postgres_stop() {
    local dir bindir user
    dir=$(realpath -m -- "$1") || return 1

    if [ ! -e "$dir" ]; then
        return 0
    fi
    if [ ! -f "$dir/$_THROWAWAY_POSTGRES_MARKER" ]; then
        _throwaway_postgres_error "$dir was not made by throwaway_postgres_start; it is left as it is"
        return 1
    fi
    bindir=$(cat -- "$dir/$_THROWAWAY_POSTGRES_MARKER")
    user=$(stat -c %U -- "$dir")

    # Immediate: there is nothing to save. A server that ended by itself has removed its pid file.
    if [ -e "$dir/data/postmaster.pid" ] &&
        ! _throwaway_postgres_as "$user" "$dir" "$bindir/pg_ctl" stop -D "$dir/data" -m immediate -w -t 60 -s \
            >>"$dir/log" 2>&1 &&
        _throwaway_postgres_as "$user" "$dir" "$bindir/pg_ctl" status -D "$dir/data" >/dev/null 2>&1; then
        _throwaway_postgres_error "the server in $dir does not stop" "$dir/log"
        return 1
    fi
    rm -rf -- "$dir"
}

# _throwaway_postgres_error MESSAGE [LOG]: the last lines of LOG are shown as the reason.
_throwaway_postgres_error() {
    printf 'throwaway-postgres: error: %s\n' "$1" >&2
    if [ $# -gt 1 ] && [ -s "$2" ]; then
        tail -n 20 -- "$2" | sed 's/^/throwaway-postgres: detail: /' >&2
    fi
}

# Refuses a folder whose socket no client could name.
_throwaway_postgres_check_path() {
    local LC_ALL=C socket="$1/socket/.s.PGSQL.$_THROWAWAY_POSTGRES_PORT"

    # libpq takes a comma for the end of a host, a conninfo string a blank or a quote for the end of a value.
    if [[ $socket == *[!A-Za-z0-9_./+-]* ]]; then
        _throwaway_postgres_error "$1: the path may hold only A-Z a-z 0-9 _ . / + -"
        return 1
    fi
    if [ ${#socket} -gt "$_THROWAWAY_POSTGRES_SOCKET_MAX" ]; then
        _throwaway_postgres_error "$1: the path is too long for a socket in it:\
 $socket has ${#socket} bytes, $_THROWAWAY_POSTGRES_SOCKET_MAX are possible"
        return 1
    fi
}

# Prints the folder of the server's programs.
_throwaway_postgres_bindir() {
    local bindir=${PG_BINDIR-}

    if [ -z "$bindir" ]; then
        # By version, so that 9 comes before 10.
        bindir=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    fi
    if [ ! -x "$bindir/initdb" ] || [ ! -x "$bindir/pg_ctl" ]; then
        _throwaway_postgres_error "no PostgreSQL server in $bindir; set PG_BINDIR to the folder of initdb and pg_ctl"
        return 1
    fi
    realpath -- "$bindir"
}

# Prints the user as whom the server runs: PostgreSQL refuses to run as root.
_throwaway_postgres_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif id -u postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# _throwaway_postgres_as USER DIR COMMAND...: runs the command as USER.
_throwaway_postgres_as() (
    local user=$1 dir=$2 fd
    shift 2

    # The caller's folder may be closed to the user, and PostgreSQL's programs want to know where they are.
    cd -- "$dir" || exit 1
    # The server outlives this command. A pipe of the caller that it inherited would stay open as long, and bats, for one,
    # waits for the end of its pipes before it ends.
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        if [[ $fd =~ ^[0-9]+$ ]] && [ "$fd" -gt 2 ]; then
            exec {fd}>&-
        fi
    done
    _throwaway_postgres_forget_environment
    if [ "$user" = "$(id -un)" ]; then
        exec "$@"
    fi
    exec runuser -u "$user" -- "$@"
)

# Unsets every variable that libpq or the server reads, of whatever version: the caller's were meant for another server.
_throwaway_postgres_forget_environment() {
    local name
    for name in "${!PG@}"; do
        if [[ $name == PG[A-Z]* ]]; then
            unset -v "$name"
        fi
    done
}

# _throwaway_postgres_folder DIR BINDIR USER: makes the folder of a server.
_throwaway_postgres_folder() {
    local dir=$1 bindir=$2 user=$3

    # The marker comes first: whatever happens from here on, stop can clear up.
    if ! mkdir -p -- "$dir" || ! printf '%s\n' "$bindir" >"$dir/$_THROWAWAY_POSTGRES_MARKER"; then
        _throwaway_postgres_error "cannot write to $dir"
        return 1
    fi
    if ! mkdir -- "$dir/socket" || ! chmod 700 -- "$dir" "$dir/socket" || ! chown -- "$user" "$dir" "$dir/socket"; then
        _throwaway_postgres_error "cannot give $dir to user $user"
        return 1
    fi
    if ! _throwaway_postgres_as "$user" "$dir" test -w "$dir/socket"; then
        _throwaway_postgres_error "user $user, as whom the server runs, cannot reach $dir: a folder above it is closed"
        return 1
    fi
}

# _throwaway_postgres_copy DIR BINDIR USER: makes a standby that is not running yet.
_throwaway_postgres_copy() {
    local dir=$1 bindir=$2 user=$3

    if ! _throwaway_postgres_as "$user" "$dir" "$bindir/pg_basebackup" -D "$dir/data" -R -X stream -c fast --no-sync \
        -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" >"$dir/initdb.log" 2>&1; then
        _throwaway_postgres_error "pg_basebackup failed" "$dir/initdb.log"
        return 1
    fi
    _throwaway_postgres_settings "$dir" >>"$dir/data/postgresql.conf"
}

# _throwaway_postgres_create DIR BINDIR USER: makes a cluster that is not running yet.
_throwaway_postgres_create() {
    local dir=$1 bindir=$2 user=$3 locale=C

    # The order of bytes, as C has it, with the characters of UTF-8 where the machine knows them.
    if locale -a 2>/dev/null | grep -Eiqx 'C\.utf-?8'; then
        locale=C.UTF-8
    fi
    if ! _throwaway_postgres_as "$user" "$dir" "$bindir/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 \
        --locale="$locale" --no-sync >"$dir/initdb.log" 2>&1; then
        _throwaway_postgres_error "initdb failed" "$dir/initdb.log"
        return 1
    fi
    _throwaway_postgres_settings "$dir" >>"$dir/data/postgresql.conf"
}

# Prints the settings in which the cluster in folder DIR differs from what initdb writes.
_throwaway_postgres_settings() {
    cat <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$1/socket'
port = $_THROWAWAY_POSTGRES_PORT
max_connections = 50
fsync = off
synchronous_commit = off
full_page_writes = off
timezone = 'UTC'
SETTINGS
}

# _throwaway_postgres_run DIR BINDIR USER: starts the server and waits until it takes connections.
_throwaway_postgres_run() {
    local dir=$1 bindir=$2 user=$3

    if ! _throwaway_postgres_as "$user" "$dir" "$bindir/pg_ctl" start -D "$dir/data" -w -t 60 -s \
        -o "${THROWAWAY_POSTGRES_OPTIONS[*]-}" >>"$dir/log" 2>&1; then
        _throwaway_postgres_error "the server does not start" "$dir/log"
        return 1
    fi
}
