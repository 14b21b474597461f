# shellcheck shell=bash
# Completion of kv-export, kv-import, kv-migrate and kv-replay for bash.  It needs no other file; installed under
# the name of each program, it is found by bash-completion.
#
# An option that takes an argument is listed with a "=".

_kv_connection_options=(-d --dbname= -h --host= -p --port= -U --username= -w --no-password -W --password
    --schema= --lock-wait-timeout=)
_kv_message_options=(-P --progress --no-progress -q --quiet -v --verbose --log-format= -V --version '-?' --help)
_kv_settings_options=(--blockstore-path= --block-storage-prefix= --s3-endpoint= --s3-region= --s3-force-path-style
    --settings-command= --no-settings)

_kv_dynamodb_options=(--dynamodb-table= --dynamodb-endpoint= --aws-region=)
_kv_dynamodb_load_options=("${_kv_dynamodb_options[@]}" --dynamodb-read-capacity= --dynamodb-write-capacity=
    --dynamodb-requests= --write-units=)

# Each program's options, and the letters of those that take an argument.
_kv_export_options=("${_kv_connection_options[@]}" "${_kv_message_options[@]}" "${_kv_settings_options[@]}"
    -f --file= --force -j --jobs= -Z --compress= --no-sha256 --migrations= --list-tables --dry-run
    -n --package= --source= --table= --store= "${_kv_dynamodb_options[@]}" --snapshot= --as-of= --strict
    --invalid-utf8= --redact --redact-key-file=)
_kv_export_letters=dhpUfjZn
_kv_import_options=("${_kv_connection_options[@]}" "${_kv_message_options[@]}"
    -l --list --format= --check --print -n --package= --partition= --prefix= --limit= --raw
    --check-target --not-migrated --verify --second-reading= -j --jobs= -c --clean --allow-redacted --table= --partitions= --lock-held-by=
    --target= "${_kv_dynamodb_load_options[@]}")
_kv_import_letters=dhpUjn
_kv_migrate_options=("${_kv_connection_options[@]}" "${_kv_message_options[@]}" "${_kv_settings_options[@]}"
    --kv-enabled --keep-tables --drop-tables --dump= --force -Z --compress= -j --jobs= --strict
    --invalid-utf8= --on-event= --config= --migrations= --dry-run
    --target= "${_kv_dynamodb_load_options[@]}")
_kv_migrate_letters=dhpUjZ
_kv_migrate_commands=(up status version verify cleanup)
_kv_replay_options=(--bindir= --psql --wait -j --jobs= --blockstore-path= --block-storage-prefix= --keep-dump=
    -q --quiet -v --verbose -V --version '-?' --help)
_kv_replay_letters=j

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

# _kv_argument OPTION: completes current, the argument of the option.
_kv_argument() {
    local names
    case $1 in
        -d | --dbname)
            mapfile -t names < <(_kv_databases)
            _kv_complete "${names[@]}"
            ;;
        -h | --host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$current") ;;
        -n | --package) _kv_complete actions auth graveler multiparts other ;;
        --source) _kv_complete legacy kv ;;
        --store | --target) _kv_complete dynamodb postgres ;;
        --format | --log-format) _kv_complete text json ;;
        --invalid-utf8) _kv_complete refuse replace ;;
        --blockstore-path | --migrations | --bindir) _kv_complete_files -d ;;
        -f | --file | --dump | --keep-dump | --config | --redact-key-file | --second-reading) _kv_complete_files -f ;;
        --on-event | --settings-command) mapfile -t COMPREPLY < <(compgen -c -- "$current" | sort -u) ;;
    esac
}

# _kv_operand PROGRAM: completes what is no option, nor an option's argument.
_kv_operand() {
    local word
    case $1 in
        kv-import | kv-replay) _kv_argument --file ;;
        kv-export) _kv_argument --dbname ;;
        kv-migrate)
            # Behind the command comes the database.
            for word in "${words[@]:1:${#words[@]}-2}"; do
                if [[ " ${_kv_migrate_commands[*]} " == *" $word "* ]]; then
                    _kv_argument --dbname
                    return
                fi
            done
            _kv_complete "${_kv_migrate_commands[@]}"
            ;;
    esac
}

# _kv_behind_dashes: completes a command behind "--" to a program, and its arguments to files; false where
# there is no "--".
_kv_behind_dashes() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            current=${COMP_WORDS[COMP_CWORD]}
            if ((i == COMP_CWORD - 1)); then
                _kv_argument --on-event
            else
                _kv_complete_files -f
            fi
            return 0
        fi
    done
    return 1
}

_kv_programs() {
    local program=${1##*/} words current previous letters options
    COMPREPLY=()
    case $program in
        kv-export) options=("${_kv_export_options[@]}") letters=$_kv_export_letters ;;
        kv-import) options=("${_kv_import_options[@]}") letters=$_kv_import_letters ;;
        kv-migrate) options=("${_kv_migrate_options[@]}") letters=$_kv_migrate_letters ;;
        kv-replay)
            options=("${_kv_replay_options[@]}") letters=$_kv_replay_letters
            _kv_behind_dashes && return
            ;;
        *) return 0 ;;
    esac
    _kv_join
    ((${#words[@]} > 1)) || return 0
    previous=${words[-2]}
    if [[ " ${options[*]} " == *" $previous= "* || $previous == -["$letters"] ]]; then
        _kv_argument "$previous"
    elif [[ $current == --*=* ]]; then
        previous=${current%%=*}
        current=${current#*=}
        _kv_argument "$previous"
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
        _kv_operand "$program"
    fi
}

complete -F _kv_programs kv-export kv-import kv-migrate kv-replay
