# SPDX-License-Identifier: Apache-2.0
# The rest of the completion for bash, after _kv_program and _kv_values, which `generate` makes.  It needs no other
# file: bash-completion finds it by the name of each program.

# _kv_join: sets words and current to the words of the line, rejoined where readline has split them at a "=".
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

# _kv_databases: prints the names of databases, one per line.  It connects to the server named on the line, never asks
# for a password, and gives up after a few seconds.
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

# _kv_complete WORD...: completes current to one of the words, quoted for the shell.  (compgen -W would execute
# backquotes in the name of a database.)
_kv_complete() {
    local word
    for word; do
        [[ $word != "$current"* ]] || COMPREPLY+=("$(printf '%q' "$word")")
    done
}

# _kv_complete_files ACTION: completes current to a file name, or to what compgen's option ACTION lists.
_kv_complete_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

# _kv_complete_values VALUES: completes current to the values that VALUES in a table stands for.
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

# _kv_operand: completes an operand.  Operands follow the command.
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

# _kv_behind_dashes: completes the command after "--" to a program, and its arguments to files; false if there is no
# "--".
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

# _kv_complete_program PROGRAM: called by bash.
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
        # Readline treats the text after "=" as a separate word, unless configured otherwise.
        [[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$previous=}")
    elif [[ $current == -* ]]; then
        # Safe unquoted: an option is at most a pattern, and matches no file.
        mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$current")
        # A word that ends with "=" is to be continued.
        if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then
            compopt -o nospace 2>/dev/null
        fi
    else
        _kv_operand
    fi
}
