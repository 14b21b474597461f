# SPDX-License-Identifier: Apache-2.0
# The rest of the completion for zsh, after _kv_specifications, which `generate` makes.

# Names of databases.  It connects to the server named on the line, never asks for a password, and gives up after a few
# seconds.
_kv_databases() {
    local option letter value connection=() names=()
    # A connection string is not completed.
    [[ $PREFIX == *[=:/]* ]] && return 1
    (( $+commands[psql] && $+commands[timeout] )) || return 1
    for option letter in --host -h --port -p --username -U; do
        value=${opt_args[$letter]:-${opt_args[$option]-}}
        [[ -z $value ]] || connection+=($letter ${(Q)value})
    done
    names=(${(f)"$(PGCONNECT_TIMEOUT=1 timeout 3 psql -XAtqw $connection -d ${PGDATABASE:-postgres} \
        -c 'SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate' </dev/null 2>/dev/null)"})
    (( $#names )) || return 1
    _wanted databases expl database compadd -a names
}

_kv_complete_program() {
    local specifications
    _kv_specifications && _arguments -s -S $specifications
}

_kv_complete_program "$@"
