# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# Messages of kv-migrate and kv-replay: the same form as the C programs', see common/cli/message.h.
#
# Reads: program (its name), quiet (true or false), verbosity (how often -v was given), log_format (text or
# json), and what the environment says of colours, see common/cli/color.h.

# json_string TEXT: prints TEXT as a JSON string.
json_string() {
    local text=$1
    # Bytes that are no UTF-8 would break the line.
    [[ $text != *[^[:ascii:]]* ]] || text=$(iconv -f UTF-8 -t UTF-8 -c <<<"$text" 2>/dev/null)
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\n'/\\n}
    text=${text//$'\t'/\\t}
    text=${text//$'\r'/\\r}
    # What is left of control characters has no place in a message.
    printf '"%s"' "${text//[$'\001'-$'\037']/ }"
}

# What is written before a text of a colour; nothing where none is wanted.
declare -A color_begin=([error]="" [warning]="" [note]="" [locus]="")
color_end=""

# set_colors: reads PG_COLOR and PG_COLORS.
set_colors() {
    local pair codes=() colors=${PG_COLORS-error=01;31:warning=01;35:note=01;36:locus=01}
    [[ ${PG_COLOR-} == always ]] || { [[ ${PG_COLOR-} == auto ]] && [[ -t 2 ]]; } || return 0
    IFS=: read -r -a codes <<<"$colors"
    for pair in "${codes[@]}"; do
        # Only codes go to the terminal, whatever the variable holds.
        if [[ $pair =~ ^(error|warning|note|locus)=([0-9\;]{1,32})$ ]]; then
            color_begin[${BASH_REMATCH[1]}]=$'\033['${BASH_REMATCH[2]}m
        fi
    done
    color_end=$'\033[0m'
}
set_colors

# colored COLOR TEXT: prints TEXT in a colour.
colored() {
    local begin=${color_begin[$1]-}
    printf '%s' "$begin$2${begin:+$color_end}"
}

# message LEVEL TEXT [DETAIL [HINT]]
message() {
    local level=$1 text=$2 detail=${3-} hint=${4-}
    if [[ $log_format == json ]]; then
        printf '{"time":"%s","level":"%s","program":"%s","message":%s' \
            "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$level" "$program" "$(json_string "$text")"
        [[ -z $detail ]] || printf ',"detail":%s' "$(json_string "$detail")"
        [[ -z $hint ]] || printf ',"hint":%s' "$(json_string "$hint")"
        printf '}\n'
    else
        # An event asks for somebody as an error does.
        printf '%s %s %s\n' "$(colored locus "$program:")" "$(colored "${level/#event/error}" "$level:")" "$text"
        [[ -z $detail ]] || printf '%s %s\n' "$(colored note detail:)" "$detail"
        [[ -z $hint ]] || printf '%s %s\n' "$(colored note hint:)" "$hint"
    fi >&2
}

# field INDENT LABEL TEXT: prints a line of a label and a text, which begins at column INDENT and is
# wrapped for a terminal of 80 columns.
field() {
    local words word line="" indent=$1 label=${2:+$2:}
    read -r -a words <<<"${3//$'\n'/ }"
    for word in "${words[@]}"; do
        if [[ -n $line ]] && ((indent + ${#line} + 1 + ${#word} > 79)); then
            printf '%-*s%s\n' "$indent" "$label" "$line"
            label="" line=""
        fi
        line+=${line:+ }$word
    done
    printf '%-*s%s\n' "$indent" "$label" "$line"
}

info() {
    $quiet || message info "$@"
}

debug() {
    ((verbosity < 2)) || message debug "$@"
}

warning() {
    message warning "$@"
}

# fail CODE TEXT [DETAIL [HINT]]: says so and ends the program.
fail() {
    local code=$1
    shift
    message error "$@"
    exit "$code"
}

# event TEXT DETAIL SQL: the migration stands, but a person must act.  Says so, tells --on-event, and
# ends the program with the code for it.
event() {
    local text=$1 detail=$2 sql=$3 hint json
    hint="The migration itself is done and stands. Run by hand: $sql"
    json=$(printf '{"time":"%s","level":"event","program":"%s","event":"cleanup_failed","message":%s,"detail":%s,"hint":%s,"sql":%s}' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$program" "$(json_string "$text")" "$(json_string "$detail")" \
        "$(json_string "$hint")" "$(json_string "$sql")")
    if [[ $log_format == json ]]; then
        printf '%s\n' "$json" >&2
    else
        message event "$text" "$detail" "$hint"
    fi
    if [[ -n $on_event ]]; then
        printf '%s\n' "$json" | sh -c "$on_event" ||
            warning "the command of --on-event failed"
    fi
    exit "$EXIT_CLEANUP"
}
