# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Stores with repositories, for restoring one of them: load it after lib/setup. lib/repository.py reads and makes them
# independently.
#
# shellcheck disable=SC2154 # run sets stderr and output

# repository COMMAND...: see lib/repository.py.
repository() {
    python3 "$TESTS_DIR/lib/repository.py" "$@" | LC_ALL=C sort
}

# make_empty_store NAME: makes a template: a KV store of today's lakeFS without entries.
make_empty_store() {
    local dump=$BATS_FILE_TMPDIR/small.dump
    make_small_template 0
    # shellcheck disable=SC2153 # make_small_template sets it
    kv-export -d "$SMALL" --no-settings --quiet -f "$dump"
    fresh_database
    kv-import -d "$DSN" --quiet "$dump"
    sql "DELETE FROM kv WHERE partition_key <> 'kv-internal-metadata'" "UPDATE kv SET value = '4'"
    keep_database "$1"
}

# add_entries < LINES: adds entries, in hexadecimal, to the store.
add_entries() {
    sql "CREATE TEMPORARY TABLE lines (p text, k text, v text)" "\\copy lines FROM STDIN" \
        "INSERT INTO kv SELECT decode(p, 'hex'), decode(k, 'hex'), decode(v, 'hex') FROM lines"
}

# entry PARTITION KEY VALUE...: prints an entry for add_entries; the value is a Python expression in lib/repository.py.
entry() {
    PYTHONPATH=$TESTS_DIR/lib python3 - "$@" <<'PYTHON'
import sys
sys.argv, arguments = ["repository.py", "none"], sys.argv[1:]
import repository
value = eval(arguments[2], vars(repository))
repository.write(part if isinstance(part, bytes) else part.encode() for part in (arguments[0], arguments[1], value))
PYTHON
}

# put_entry PARTITION KEY VALUE: replaces an entry of the store.
put_entry() {
    local line
    line=$(entry "$@")
    sql "DELETE FROM kv WHERE partition_key = '$1' AND key = '$2'"
    add_entries <<<"$line"
}

# contents: prints the entries of the store in hexadecimal.
contents() {
    sql "COPY (SELECT encode(partition_key, 'hex'), encode(key, 'hex'), encode(value, 'hex') FROM kv) TO STDOUT" |
        LC_ALL=C sort
}

# reports EXPRESSION: whether the JSON object that the last program has printed has it; the object is r.
reports() {
    python3 -c '
import json, sys
r = json.loads(sys.argv[1])
print(r)
assert eval(sys.argv[2])' "$output" "$1"
}

# delete_as_lakefs ID: deletes a repository of the store as lakeFS does: settings, pull requests and the rest of its
# partition stay, and so do staging partitions and runs.
delete_as_lakefs() {
    sql "DELETE FROM kv WHERE partition_key = 'graveler' AND key = convert_to('repos/$1', 'UTF8')" \
        "DELETE FROM kv WHERE encode(partition_key, 'escape') ~ '^$1-[0-9a-v]{20}\$'
            AND encode(key, 'escape') ~ '^(branches|commits|tags)/'"
}
