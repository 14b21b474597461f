# SPDX-License-Identifier: Apache-2.0
# The rest of the completion for zsh, behind _kv_specifications, which is made by `generate`.

# Names of databases.  It asks the server that the line names, but for no password, and waits for no
# more than a few seconds.
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
