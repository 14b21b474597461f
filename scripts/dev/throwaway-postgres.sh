# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A PostgreSQL server to throw away: for kv-replay, tests, the demo and benchmarks. Source this file, then
#
#   throwaway_postgres_start DIR    make a cluster in the empty or missing folder DIR, start it and point the PG*
#                                   variables of this shell at it; on failure nothing is left, not even DIR
#   throwaway_postgres_standby DIR  make a standby of the server that the PG* variables lead to, in the empty or missing
#                                   folder DIR, and start it; its socket is in DIR/socket
#   throwaway_postgres_point DIR    point the PG* variables of this shell at a server that another process has started
#   throwaway_postgres_become DIR COMMAND...
#                                   become a command, by the user as whom the server runs and without PG* variables; for
#                                   subshells and background processes only
#   throwaway_postgres_stop DIR     stop it and remove DIR; harmless when there is none
#
# They return 1 after a message on standard error when they fail. What they take from the environment:
#
#   PG_BINDIR                       the folder of initdb and pg_ctl; by default the first that has them of that which
#                                   pg_config names, the newest of /usr/lib/postgresql/*/bin, and that of initdb in PATH
#   THROWAWAY_POSTGRES_OPTIONS      more options for the server, such as "-c shared_buffers=1GB"
#   THROWAWAY_POSTGRES_TCP          if yes, the server also listens on 127.0.0.1, on a port that is free there, and wants
#                                   a password of who comes that way. It is in DIR/pgpass, a password file of libpq
#   THROWAWAY_POSTGRES_MESSAGE      a function to tell what went wrong: it gets "error", a text, a detail and a hint, of
#                                   which the last two may be empty; by default they are printed
#
# Not for data that anybody would miss: the server never waits for the disk, and whoever reaches its socket is let in. The
# socket's folder is open to nobody but the user as whom the server runs, and root.

# The address of a unix socket has 108 bytes, of which the last is a NUL.
_THROWAWAY_POSTGRES_SOCKET_MAX=107

# Only a part of the socket's name: every server has a folder of its own and listens nowhere else, so the port that a
# server of this machine may use is no obstacle.
_THROWAWAY_POSTGRES_PORT=5432

# Of the ports to listen on: one of these is chosen by chance. They are above those of well-known services, and below
# those that Linux gives to outgoing connections.
_THROWAWAY_POSTGRES_PORT_MIN=10240 _THROWAWAY_POSTGRES_PORT_MAX=32767

# The file that marks a folder as ours to remove. It holds the path of the server's programs.
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
    # The fourth line of what the server writes down about itself.
    PGPORT=$(sed -n 4p -- "$1/data/postmaster.pid")
    export PGHOST PGPORT PGUSER=postgres PGDATABASE=postgres
}

throwaway_postgres_become() {
    local dir
    dir=$(realpath -m -- "$1") || exit 1
    shift
    _throwaway_postgres_become "$(stat -c %U -- "$dir")" "$dir" "$@"
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

# Refuses a folder whose socket no client could name.
_throwaway_postgres_check_path() {
    local LC_ALL=C socket="$1/socket/.s.PGSQL.$_THROWAWAY_POSTGRES_PORT_MAX"

    # libpq takes a comma for the end of a host, a conninfo string a blank or a quote for the end of a value.
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
    # By version, so that 9 comes before 10.
    printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
    # Past the links: pg_ctl and postgres lie where initdb does.
    initdb=$(command -v initdb) && dirname -- "$(realpath -- "$initdb")"
}

# _throwaway_postgres_has_server DIR: whether the server's programs are there.
_throwaway_postgres_has_server() {
    [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ]
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
    _throwaway_postgres_become "$@"
)

# _throwaway_postgres_become USER DIR COMMAND...: becomes the command, as USER.
_throwaway_postgres_become() {
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
}

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
        _throwaway_postgres_error "pg_basebackup failed" "$(_throwaway_postgres_end_of "$dir/initdb.log")"
        return 1
    fi
    _throwaway_postgres_settings "$dir" >>"$dir/data/postgresql.conf"
}

# _throwaway_postgres_create DIR BINDIR USER: makes a cluster that is not running yet.
_throwaway_postgres_create() {
    local dir=$1 bindir=$2 user=$3 locale=C password=()

    # The order of bytes, as C has it, with the characters of UTF-8 where the machine knows them.
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

# Prints 256 bits that nobody can guess.
_throwaway_postgres_random() {
    od -An -v -N 32 -tx1 /dev/urandom | tr -d ' \n'
}

# _throwaway_postgres_run DIR BINDIR USER: starts the server and waits until it takes connections.
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
    # Whether a port is free shows when the server takes it.
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

# _throwaway_postgres_start DIR BINDIR USER OPTION...: likewise, with these options of the server, and silently.
_throwaway_postgres_start() {
    local dir=$1 bindir=$2 user=$3
    shift 3

    _throwaway_postgres_as "$user" "$dir" "$bindir/pg_ctl" start -D "$dir/data" -w -t 60 -s \
        -o "$* ${THROWAWAY_POSTGRES_OPTIONS[*]-}" >>"$dir/log" 2>&1
}
