# SPDX-License-Identifier: Apache-2.0
# The rest of the completion for bash, behind _kv_program and _kv_values, which are made by `generate`.  It needs no other
# file; installed under the name of each program, it is found by bash-completion.

# _kv_join: sets words and current to the words of the line, put together again where readline has cut
# them at a "=".
_kv_join() {
    local i
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        if ((${#words[@]} > 0)) && [[ ${COMP_WORDS[i]} == = && ${words[-1]} == --* && ${words[-1]} != *=* ]] ||
            { ((i > 1)) && [[ ${COMP_WORDS[i - 1]} == = && ${words[-1]} == --*= ]]; }; then
            words[-1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
    done
    current=${words[-1]}
}

# _kv_databases: prints the names of databases, one a line.  It asks the server that the line names, but
# for no password, and waits for no more than a few seconds.
_kv_databases() {
    local i connection=()
    # A connection string is not completed.
    [[ $current != *[=:/]* ]] && command -v psql >/dev/null && command -v timeout >/dev/null || return 0
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
            -h | -p | -U | --host | --port | --username) connection+=("${words[i]}" "${words[i + 1]}") ;;
            -[hpU]?* | --host=* | --port=* | --username=*) connection+=("${words[i]}") ;;
        esac
    done
    PGCONNECT_TIMEOUT=1 timeout 3 psql -XAtqw "${connection[@]}" -d "${PGDATABASE:-postgres}" \
        -c "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate" </dev/null 2>/dev/null
}

# _kv_complete WORD...: completes current to one of the words, which are quoted for the shell.  (compgen -W
# would run what is between backquotes in the name of a database.)
_kv_complete() {
    local word
    for word; do
        [[ $word != "$current"* ]] || COMPREPLY+=("$(printf '%q' "$word")")
    done
}

# _kv_complete_files ACTION: completes current to the name of a file, or as compgen's option ACTION asks.
_kv_complete_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

# _kv_complete_values VALUES: completes current to what VALUES of a table stands for.
_kv_complete_values() {
    local names
    case $1 in
        '') ;;
        DATABASES)
            mapfile -t names < <(_kv_databases)
            _kv_complete "${names[@]}"
            ;;
        HOSTS) mapfile -t COMPREPLY < <(compgen -A hostname -- "$current") ;;
        FILES) _kv_complete_files -f ;;
        FOLDERS) _kv_complete_files -d ;;
        COMMANDS) mapfile -t COMPREPLY < <(compgen -c -- "$current" | sort -u) ;;
        *)
            read -ra names <<<"$1"
            _kv_complete "${names[@]}"
            ;;
    esac
}

# _kv_operand: completes what is no option, nor an option's argument.  Operands come behind the command.
_kv_operand() {
    local word
    if [[ -n $commands ]]; then
        for word in "${words[@]:1:${#words[@]}-2}"; do
            if [[ " $commands " == *" $word "* ]]; then
                _kv_complete_values "${operands%% -- *}"
                return
            fi
        done
        _kv_complete_values "$commands"
    else
        _kv_complete_values "${operands%% -- *}"
    fi
}

# _kv_behind_dashes: completes a command behind "--" to a program, and its arguments to files; false where
# there is no "--".
_kv_behind_dashes() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            current=${COMP_WORDS[COMP_CWORD]}
            if ((i == COMP_CWORD - 1)); then
                _kv_complete_values COMMANDS
            else
                _kv_complete_values FILES
            fi
            return 0
        fi
    done
    return 1
}

# _kv_complete_program PROGRAM: what bash calls.
_kv_complete_program() {
    local program=${1##*/} words current previous options commands operands values
    COMPREPLY=()
    _kv_program "$program" || return 0
    [[ $operands == *" -- "* ]] && _kv_behind_dashes && return
    _kv_join
    ((${#words[@]} > 1)) || return 0
    previous=${words[-2]}
    if _kv_values "$program" "$previous"; then
        _kv_complete_values "$values"
    elif [[ $current == --*=* ]]; then
        previous=${current%%=*}
        current=${current#*=}
        _kv_values "$program" "$previous" || return 0
        _kv_complete_values "$values"
        # Readline takes what is behind the "=" for a word of its own, unless it was told not to.
        [[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$previous=}")
    elif [[ $current == -* ]]; then
        # These need no quotes: an option is a pattern at most, and matches no file.
        mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$current")
        # What ends with "=" goes on.
        if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then
            compopt -o nospace 2>/dev/null
        fi
    else
        _kv_operand
    fi
}
