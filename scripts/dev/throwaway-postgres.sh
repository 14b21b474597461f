# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A throw-away PostgreSQL server for tests, the demo and benchmarks. Source this file, then
#
#   throwaway_postgres_start DIR    create a cluster in the empty or missing folder DIR, start it and point the PG*
#                                   variables of this shell at it; on failure nothing is left, not even DIR
#   throwaway_postgres_standby DIR  create a standby of the server that the PG* variables name, in the empty or missing
#                                   folder DIR, and start it; its socket is in DIR/socket
#   throwaway_postgres_point DIR    point the PG* variables of this shell at a server that another process has started
#   throwaway_postgres_become DIR COMMAND...
#                                   execute a command as the user who runs the server, without PG* variables; for
#                                   subshells and background processes only
#   throwaway_postgres_stop DIR     stop it and remove DIR; harmless if there is none
#
# On failure they print a message on standard error and return 1. They read these variables:
#
#   PG_BINDIR                       the folder of initdb and pg_ctl; by default the first that has them of pg_config's,
#                                   the newest of /usr/lib/postgresql/*/bin, and that of initdb in PATH
#   THROWAWAY_POSTGRES_OPTIONS      more options for the server, such as "-c shared_buffers=1GB"
#   THROWAWAY_POSTGRES_TCP          if yes, the server also listens on a free port of 127.0.0.1, and requires a password
#                                   there. It is in DIR/pgpass, a password file of libpq
#   THROWAWAY_POSTGRES_MESSAGE      a function to report failures: it gets "error", a message, a detail and a hint; the
#                                   last two may be empty. By default they are printed
#
# Only for data that nobody would miss: the server never waits for the disk, and anyone who can reach its socket may
# connect. The socket's folder is open only to the user who runs the server, and to root.

# The address of a unix socket has 108 bytes, including a NUL.
_THROWAWAY_POSTGRES_SOCKET_MAX=107

# Only a part of the socket's name: every server has a folder of its own and listens nowhere else, so it cannot conflict
# with another server's port.
_THROWAWAY_POSTGRES_PORT=5432

# The range from which a TCP port is chosen at random: above those of well-known services, below Linux's ephemeral
# ports.
_THROWAWAY_POSTGRES_PORT_MIN=10240 _THROWAWAY_POSTGRES_PORT_MAX=32767

# Marks a folder as ours to remove. It holds the path of the server's programs.
_THROWAWAY_POSTGRES_MARKER=throwaway-postgres

throwaway_postgres_start() {
    _throwaway_postgres_make "$1" _throwaway_postgres_create || return 1
    throwaway_postgres_point "$1"
}

throwaway_postgres_standby() {
    _throwaway_postgres_make "$1" _throwaway_postgres_copy
}

throwaway_postgres_point() {
    _throwaway_postgres_forget_environment
    PGHOST=$(realpath -m -- "$1")/socket
    # PostgreSQL writes the port to the fourth line of its pid file.
    PGPORT=$(sed -n 4p -- "$1/data/postmaster.pid")
    export PGHOST PGPORT PGUSER=postgres PGDATABASE=postgres
}

throwaway_postgres_become() {
    local dir
    dir=$(realpath -m -- "$1") || exit 1
    shift
    _throwaway_postgres_become "$(stat -c %U -- "$dir")" "$dir" "$@"
}

# _throwaway_postgres_make DIR FUNCTION: calls the function to create a cluster, and starts it.
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
        _throwaway_postgres_error "the server in $dir does not stop" "$(_throwaway_postgres_end_of "$dir/log")"
        return 1
    fi
    rm -rf -- "$dir"
}

# _throwaway_postgres_error TEXT [DETAIL [HINT]]
_throwaway_postgres_error() {
    "${THROWAWAY_POSTGRES_MESSAGE:-_throwaway_postgres_print}" error "$1" "${2-}" "${3-}"
}

_throwaway_postgres_print() {
    printf 'throwaway-postgres: %s: %s\n' "$1" "$2" >&2
    [ -z "$3" ] || printf 'detail: %s\n' "$3" >&2
    [ -z "$4" ] || printf 'hint: %s\n' "$4" >&2
}

# _throwaway_postgres_end_of LOG: prints its last lines, as the reason of a failure.
_throwaway_postgres_end_of() {
    tail -n 20 -- "$1" 2>/dev/null
}

# Refuses a folder whose socket clients could not connect to.
_throwaway_postgres_check_path() {
    local LC_ALL=C socket="$1/socket/.s.PGSQL.$_THROWAWAY_POSTGRES_PORT_MAX"

    # libpq treats a comma as the end of a host, and a conninfo string a blank or a quote as the end of a value.
    if [[ $socket == *[!A-Za-z0-9_./+-]* ]]; then
        _throwaway_postgres_error "a server's folder may hold only A-Z a-z 0-9 _ . / + - in its path, unlike $1" "" \
            "Choose another one; TMPDIR says where temporary folders are made."
        return 1
    fi
    if [ ${#socket} -gt "$_THROWAWAY_POSTGRES_SOCKET_MAX" ]; then
        _throwaway_postgres_error "the path $1 is too long for a socket in it" \
            "$socket has ${#socket} bytes, $_THROWAWAY_POSTGRES_SOCKET_MAX are possible." \
            "Choose another folder; TMPDIR says where temporary folders are made."
        return 1
    fi
}

# Prints the folder of the server's programs.
_throwaway_postgres_bindir() {
    local bindir bindirs
    if [ -n "${PG_BINDIR-}" ]; then
        if ! _throwaway_postgres_has_server "$PG_BINDIR"; then
            _throwaway_postgres_error "no PostgreSQL server in $PG_BINDIR" "" "Name the folder of initdb and pg_ctl."
            return 1
        fi
        realpath -- "$PG_BINDIR"
        return
    fi
    mapfile -t bindirs < <(_throwaway_postgres_bindirs)
    for bindir in "${bindirs[@]}"; do
        if _throwaway_postgres_has_server "$bindir"; then
            realpath -- "$bindir"
            return
        fi
    done
    _throwaway_postgres_error "there is no PostgreSQL server on this machine" \
        "Neither pg_config, /usr/lib/postgresql nor PATH leads to initdb and pg_ctl." \
        "Install the package postgresql (elsewhere than on Debian it may be postgresql-server),\
 or set PG_BINDIR to the folder of initdb and pg_ctl."
    return 1
}

# Prints the folders that may hold the server's programs, the best one first.
_throwaway_postgres_bindirs() {
    local initdb
    pg_config --bindir 2>/dev/null
    # Highest version first: 10 is newer than 9.
    printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
    # Resolve links: pg_ctl and postgres are in the real folder of initdb.
    initdb=$(command -v initdb) && dirname -- "$(realpath -- "$initdb")"
}

# _throwaway_postgres_has_server DIR: whether the folder has the server's programs.
_throwaway_postgres_has_server() {
    [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ]
}

# Prints the user who runs the server: PostgreSQL refuses to run as root.
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
    _throwaway_postgres_become "$@"
)

# _throwaway_postgres_become USER DIR COMMAND...: executes the command as USER.
_throwaway_postgres_become() {
    local user=$1 dir=$2 fd
    shift 2

    # The caller's folder may be closed to the user, and PostgreSQL's programs need to know their working directory.
    cd -- "$dir" || exit 1
    # The server outlives this command. An inherited pipe would stay open just as long, and bats, for example, waits for
    # its pipes to close.
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
}

# Unsets all variables that any version of libpq or the server reads: the caller's were meant for another server.
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

    # Write the marker first, so that stop can clean up whatever happens next.
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

# _throwaway_postgres_copy DIR BINDIR USER: creates a standby without starting it.
_throwaway_postgres_copy() {
    local dir=$1 bindir=$2 user=$3

    if ! _throwaway_postgres_as "$user" "$dir" "$bindir/pg_basebackup" -D "$dir/data" -R -X stream -c fast --no-sync \
        -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" >"$dir/initdb.log" 2>&1; then
        _throwaway_postgres_error "pg_basebackup failed" "$(_throwaway_postgres_end_of "$dir/initdb.log")"
        return 1
    fi
    _throwaway_postgres_settings "$dir" >>"$dir/data/postgresql.conf"
}

# _throwaway_postgres_create DIR BINDIR USER: creates a cluster without starting it.
_throwaway_postgres_create() {
    local dir=$1 bindir=$2 user=$3 locale=C password=()

    # C's sort order, with UTF-8 characters if the machine has that locale.
    if locale -a 2>/dev/null | grep -Eiqx 'C\.utf-?8'; then
        locale=C.UTF-8
    fi
    if [ "${THROWAWAY_POSTGRES_TCP-}" = yes ]; then
        if ! (umask 077 && _throwaway_postgres_random >"$dir/password") || ! chown -- "$user" "$dir/password"; then
            _throwaway_postgres_error "cannot write to $dir"
            return 1
        fi
        password=(--pwfile="$dir/password")
    fi
    if ! _throwaway_postgres_as "$user" "$dir" "$bindir/initdb" -D "$dir/data" -U postgres -E UTF8 --auth-local=trust \
        --auth-host=scram-sha-256 "${password[@]}" --locale="$locale" --no-sync >"$dir/initdb.log" 2>&1; then
        _throwaway_postgres_error "initdb failed" "$(_throwaway_postgres_end_of "$dir/initdb.log")"
        return 1
    fi
    _throwaway_postgres_settings "$dir" >>"$dir/data/postgresql.conf"
}

# Prints the settings in which the cluster in DIR differs from initdb's.
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

# Prints 256 random bits.
_throwaway_postgres_random() {
    od -An -v -N 32 -tx1 /dev/urandom | tr -d ' \n'
}

# _throwaway_postgres_run DIR BINDIR USER: starts the server and waits until it accepts connections.
_throwaway_postgres_run() {
    local dir=$1 bindir=$2 user=$3 port attempt ports

    if [ "${THROWAWAY_POSTGRES_TCP-}" != yes ]; then
        if ! _throwaway_postgres_start "$dir" "$bindir" "$user"; then
            _throwaway_postgres_error "the server does not start" "$(_throwaway_postgres_end_of "$dir/log")"
            return 1
        fi
        return
    fi
    ports=$((_THROWAWAY_POSTGRES_PORT_MAX - _THROWAWAY_POSTGRES_PORT_MIN + 1))
    # Whether a port is free shows when the server binds it.
    for ((attempt = 1; ; attempt++)); do
        port=$((_THROWAWAY_POSTGRES_PORT_MIN + (RANDOM * 32768 + RANDOM) % ports))
        if _throwaway_postgres_start "$dir" "$bindir" "$user" -c listen_addresses=127.0.0.1 -c port="$port"; then
            break
        fi
        if [ "$attempt" -eq 20 ] || ! _throwaway_postgres_end_of "$dir/log" | grep -q 'Address already in use'; then
            _throwaway_postgres_error "the server does not start" "$(_throwaway_postgres_end_of "$dir/log")"
            return 1
        fi
    done
    if ! (umask 077 && printf '127.0.0.1:%s:*:postgres:%s\n' "$port" "$(cat -- "$dir/password")" >"$dir/pgpass"); then
        _throwaway_postgres_error "cannot write to $dir"
        return 1
    fi
    rm -f -- "$dir/password"
}

# _throwaway_postgres_start DIR BINDIR USER OPTION...: the same, with these options of the server, and silently.
_throwaway_postgres_start() {
    local dir=$1 bindir=$2 user=$3
    shift 3

    _throwaway_postgres_as "$user" "$dir" "$bindir/pg_ctl" start -D "$dir/data" -w -t 60 -s \
        -o "$* ${THROWAWAY_POSTGRES_OPTIONS[*]-}" >>"$dir/log" 2>&1
}
