#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Altered dumps, at the programs' level: each is refused with one message that names the place, with little memory, by every
# reader, from a file and from a pipe, and nothing is stamped. (tests/unit/common/dump/test_reader_mutations.c flips every bit
# of a dump.)
#
# Tables of dumps: NAME | HOW | CODES | MESSAGE | UNREAD | AHEAD
#   HOW      a Python expression that makes it, see tests/lib/forge.py
#   CODES    four words: exit code of --list of the file, of --list of a pipe (0 where it cannot know); what a load leaves in
#            a database without a KV store, from the file, from a pipe: - nothing, 0 a KV store at version 0
#   MESSAGE  a part of the message of --check and the loads
#   UNREAD   the same for --list of a pipe, which does not decompress the chunks
#   AHEAD    the same for readers of a file's manifest ahead of its chunks; both default to MESSAGE

# shellcheck disable=SC2154 # run sets stderr

# bats file_tags=long,sample
bats_require_minimum_version 1.5.0

load ../../lib/setup

# Of the program, in KiB.
MEMORY_BOUND=$((128 * 1024))

setup_file() {
    make_esti_template
    # Whether there is a KV store (-: none) and its version, its identity, and the version of the schema.
    psql -Xq -v ON_ERROR_STOP=1 -d "$ESTI" <<'SQL'
CREATE FUNCTION test_state() RETURNS text LANGUAGE plpgsql AS $$
DECLARE version text := '-';
BEGIN
    IF to_regclass('public.kv') IS NOT NULL THEN
        EXECUTE 'SELECT encode(value, ''escape'') FROM kv WHERE partition_key = ''kv-internal-metadata''' INTO version;
    END IF;
    RETURN concat_ws(' ', version, to_regclass('public.kv')::oid, (SELECT schema_migrations FROM schema_migrations));
END $$
SQL
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/own.dump
    STORED=$BATS_TEST_TMPDIR/stored.dump
    fresh_database TEMPLATE "$ESTI"
    kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet -j 1 -f "$DUMP"
    kv-export -d "$DSN" --blockstore-path="$BLOCKSTORE" --quiet -Z 0 --no-sha256 -j 1 -f "$STORED"
}

# measured COMMAND...: runs the command; sets code, messages (the lines of standard error), and peak (its memory in
# KiB).
measured() {
    local dir=$BATS_TEST_TMPDIR
    code=0
    command time -q -f %M -o "$dir/peak" "$@" >"$dir/stdout" 2>"$dir/stderr" || code=$?
    mapfile -t messages <"$dir/stderr"
    read -r peak <"$dir/peak"
}

# refused PLACE MESSAGE COMMAND...: the command ends with 4 and one message, which begins with the place and contains
# the message, within the memory limit.
refused() {
    local place=$1 message=$2 line first='' errors=0
    shift 2
    measured "$@"
    for line in "${messages[@]}"; do
        if [[ $line == "kv-import: error: "* ]]; then
            errors=$((errors + 1))
            first=${first:-$line}
        fi
    done
    if [ "$code" != 4 ] || [ "$errors" != 1 ] || [ -s "$BATS_TEST_TMPDIR/stdout" ] ||
        [[ $first != "kv-import: error: $place"* || $first != *"$message"* ]]; then
        printf '%s\nended with %s\nexpected: %s … %s\n' "$*" "$code" "$place" "$message"
        cut -c 1-2000 "$BATS_TEST_TMPDIR/stderr" "$BATS_TEST_TMPDIR/stdout"
        return 1
    fi
    check_peak "$*"
}

check_peak() {
    if ! [[ $peak =~ ^[0-9]+$ ]] || [ "$peak" -lt 1000 ] || [ "$peak" -gt "$MEMORY_BOUND" ]; then
        printf '%s: took %s KiB\n' "$1" "$peak"
        return 1
    fi
    if [ "$peak" -gt "${HIGHEST_PEAK:-0}" ]; then
        HIGHEST_PEAK=$peak
    fi
}

# listed COMMAND...: the command finds nothing wrong.
listed() {
    measured "$@"
    if [ "$code" != 0 ] || [ ${#messages[@]} != 0 ]; then
        printf '%s: ended with %s: %s\n' "$*" "$code" "${messages[*]}"
        return 1
    fi
    check_peak "$*"
}

# state: prints a line with the versions in the database, which also changes if the KV store is recreated.
state() {
    sql "SELECT test_state()"
}

# check_state LEFT: the database is as at the last call, or has a KV store at version 0 that was created since.
check_state() {
    local before=$LAST_STATE
    LAST_STATE=$(state)
    case $1 in
        -) [ "$LAST_STATE" = "$before" ] ;;
        0) [[ $LAST_STATE == "0 "*" (38,f)" && $LAST_STATE != "$before" ]] ;;
        *) false ;;
    esac || {
        printf 'a load left: %s, before it: %s, expected: %s\n' "$LAST_STATE" "$before" "$1"
        return 1
    }
}

# check_row FILE CODES MESSAGE UNREAD AHEAD: see above.
check_row() {
    local file=$1 message=$3 unread=${4:-$3} ahead=${5:-$3} codes
    local place="dump \"$file\", offset " pipe="dump on standard input, offset "
    read -ra codes <<<"$2"

    refused "$place" "$message" kv-import --check "$file" || return 1
    refused "$pipe" "$message" kv-import --check - < <(cat "$file") || return 1
    case ${codes[0]} in
        4) refused "$place" "$ahead" kv-import --list "$file" || return 1 ;;
        0) listed kv-import --list "$file" || return 1 ;;
        *) return 1 ;;
    esac
    case ${codes[1]} in
        4) refused "$pipe" "$unread" kv-import --list - < <(cat "$file") || return 1 ;;
        0) listed kv-import --list - < <(cat "$file") || return 1 ;;
        *) return 1 ;;
    esac
    if [ "${codes[2]}" = - ]; then
        refused "$place" "$ahead" kv-import -d "$DSN" --partitions=2 "$file" || return 1
    else
        refused "$place" "$message" kv-import -d "$DSN" --partitions=2 "$file" || return 1
    fi
    check_state "${codes[2]}" || return 1
    refused "$pipe" "$message" kv-import -d "$DSN" --partitions=2 - < <(cat "$file") || return 1
    check_state "${codes[3]}"
}

# check_table DUMP: reads a table, makes its dumps from this one, and checks each row.
check_table() {
    local folder=$BATS_TEST_TMPDIR/dumps name codes message unread ahead _ count=0 legacy
    mkdir "$folder"
    cat >"$folder.table"
    legacy=$(legacy_digest)
    LAST_STATE=$(state)
    "$TESTS_DIR/lib/forge.py" "$1" "$folder" <"$folder.table"
    while IFS='|' read -r name _ codes message unread ahead; do
        trim name codes message unread ahead
        check_row "$folder/$name" "$codes" "$message" "$unread" "$ahead" || {
            echo "in the row $name"
            return 1
        }
        rm "$folder/$name"
        count=$((count + 1))
    done <"$folder.table"
    assert_equal "$(ls -A "$folder")" ""
    [ "$count" -gt 0 ]
    assert_equal "$(legacy_digest)" "$legacy"
    # The dump itself is valid, and replaces what the others left.
    kv-import -d "$DSN" --quiet "$1"
    assert_stamp 39 1
    echo "# $count dumps, at most $HIGHEST_PEAK KiB" >&3
}

# trim NAME...: removes the spaces around the values of the variables.
trim() {
    local variable value
    for variable; do
        value=${!variable}
        value=${value#"${value%%[! ]*}"}
        printf -v "$variable" %s "${value%"${value##*[! ]}"}"
    done
}

@test "the fixture's dump equals a fresh export" {
    assert_same_stream "$FIXTURES_DIR/esti/esti.dump" "$DUMP"
    assert_same_entries "$FIXTURES_DIR/esti/esti.dump" "$DUMP"
    listed kv-import --list "$DUMP"
    listed kv-import --check - < <(cat "$DUMP")
}

@test "flipped bits" {
    check_table "$DUMP" <<'TABLE'
header-magic       | flip(at(0, 0))                 | 4 4 - - | there is no JSON frame where one must be
header-size        | flip(at(0, 7), 7)              | 4 4 - - | a JSON frame has an impossible size
header-text        | flip(at(0, 20))                | 4 4 - - | a JSON frame's checksum is wrong
header-checksum    | flip(at(1) - 1)                | 4 4 - - | a JSON frame's checksum is wrong
copy-header-text   | flip(at(1, 20))                | 4 4 - - | a JSON frame's checksum is wrong
copy-header-data   | flip(at(2, 12))                | 4 4 - - | a zstd frame cannot be decompressed
announcement       | flip(at(3, 20))                | 0 4 0 0 | a JSON frame's checksum is wrong
announcement-size  | flip(at(3, 4))                 | 0 4 0 0 |
chunk-magic        | flip(at(4, 0))                 | 0 4 0 0 | there is no zstd frame where one was announced | XXH64 of the file is wrong
chunk-content-size | flip(at(4, 6))                 | 0 4 0 0 | a zstd frame states another size     | XXH64 of the file is wrong
chunk-data         | flip(at(4, 1000), 5)           | 0 4 0 0 | a zstd frame cannot be decompressed  | XXH64 of the file is wrong
chunk-checksum     | flip(at(5) - 1)                | 0 4 0 0 | a zstd frame cannot be decompressed  | XXH64 of the file is wrong
chunk-unused-bit   | flip(at(4, 4), 4)              | 0 4 0 0 | XXH64 of the file is wrong
last-chunk         | flip(at(2 + 2 * n, 30))        | 0 4 0 0 | a zstd frame                         | XXH64 of the file is wrong
trailer-text       | flip(at(-3, 20))               | 0 4 0 0 | a JSON frame's checksum is wrong
trailer-data       | flip(at(-2, 9))                | 0 4 0 0 | a zstd frame cannot be decompressed
manifest-magic     | flip(at(-1, 0))                | 4 4 - 0 | there is no JSON frame where one must be
manifest-text      | flip(at(-1, 30))               | 4 4 - 0 | a JSON frame's checksum is wrong
manifest-checksum  | flip(end - 1)                  | 4 4 - 0 | a JSON frame's checksum is wrong
table-magic        | flip(end)                      | 4 4 - 0 | seek table does not agree | | the seek table is not valid
table-size         | flip(end + 8)                  | 4 4 - 0 | seek table does not agree | | the seek table do not fill the dump
table-content-size | flip(end + 8 + 8 * 4 + 4)      | 0 4 0 0 | seek table does not agree
table-descriptor   | flip(len(d) - 5)               | 4 4 - 0 | seek table does not agree | | the seek table is not valid
table-end          | flip(len(d) - 1)               | 4 4 - 0 | seek table does not agree | | does not end in a seek table
TABLE
}

@test "flipped bits of an uncompressed dump without a SHA-256" {
    check_table "$STORED" <<'TABLE'
stored-header      | flip(at(0, 100))               | 4 4 - - | a JSON frame's checksum is wrong
stored-data        | flip(at(4, 1000), 5)           | 0 4 0 0 | a zstd frame cannot be decompressed  | XXH64 of the file is wrong
stored-unused-bit  | flip(at(4, 4), 4)              | 0 4 0 0 | XXH64 of the file is wrong
stored-manifest    | flip(at(-1, 30))               | 4 4 - 0 | a JSON frame's checksum is wrong
stored-cut         | d[:at(5)]                      | 4 4 - 0 | ends here  | | does not end in a seek table
stored-repeated    | sealed(numbered(0, *range(n))) | 0 0 0 0 | the manifest counts
stored-digest      | sealed(counted(numbered(0, *range(n)))) | 0 0 0 0 | the set digest of package
stored-sha256      | sealed(but({-1: altered(-1, stream__sha256="0" * 64)})) | 4 4 - 0 | whether there is a SHA-256
TABLE
}

@test "truncation, and foreign data" {
    check_table "$DUMP" <<'TABLE'
nothing            | b""                            | 4 4 - - | ends here
one-byte           | d[:1]                          | 4 4 - - | ends here
in-header          | d[:at(0, 100)]                 | 4 4 - - | ends here
behind-header      | d[:at(1)]                      | 4 4 - - | ends here
behind-copy-header | d[:at(3)]                      | 4 4 - 0 | ends here | | does not end in a seek table
in-announcement    | d[:at(5, 50)]                  | 4 4 - 0 | ends here | | does not end in a seek table
in-chunk           | d[:at(4, 1000)]                | 4 4 - 0 | ends here | | does not end in a seek table
behind-chunk       | d[:at(5)]                      | 4 4 - 0 | ends here | | does not end in a seek table
before-trailer     | d[:at(-3)]                     | 4 4 - 0 | ends here | | does not end in a seek table
before-manifest    | d[:at(-1)]                     | 4 4 - 0 | ends here | | does not end in a seek table
before-table       | d[:end]                        | 4 4 - 0 | ends here | | does not end in a seek table
last-byte          | d[:-1]                         | 4 4 - 0 | ends here | | does not end in a seek table
beginning-missing  | d[1:]                          | 4 4 - - | there is no JSON frame where one must be
header-missing     | d[at(1):]                      | 4 4 - - | "format" is missing
newline-behind     | d + b"\n"                      | 4 4 - 0 | data after the end | | does not end in a seek table
zeros-behind       | d + bytes(4096)                | 4 4 - 0 | data after the end | | does not end in a seek table
frame-behind       | d + b"\x50\x2a\x4d\x18\0\0\0\0" | 4 4 - 0 | data after the end | | does not end in a seek table
newline-before     | b"\n" + d                      | 4 4 - - | there is no JSON frame where one must be
twice              | d + d                          | 4 4 - 0 | data after the end | | the seek table do not fill the dump
two-joined         | joined(frames[:-3] + frames[3:]) | 4 4 - 0 | chunk 0 stands where | | the seek table do not fill
two-sealed         | sealed(frames[:-3] + frames[3:]) | 0 4 0 0 | chunk 0 stands where
hole               | put(at(4, 500), bytes(1000))   | 0 4 0 0 | a zstd frame cannot be decompressed | XXH64 of the file is wrong
text               | b"-- PostgreSQL database dump\n" * 99 | 4 4 - - | there is no JSON frame where one must be
zstd-file          | zstd_frame(b"text" * 999)      | 4 4 - - | there is no JSON frame where one must be
gzip-file          | gzip.compress(d)               | 4 4 - - | there is no JSON frame where one must be
copy-stream        | b"PGCOPY\n\xff\r\n" + bytes(9) + b"\xff\xff" | 4 4 - - | there is no JSON frame where one must be
TABLE
}

@test "chunks swapped, repeated, omitted and mislabelled" {
    check_table "$DUMP" <<'TABLE'
swapped            | joined(order(1, 0, *range(2, n)))   | 0 4 0 0 | chunk 1 stands where chunk 0 must be
swapped-sealed     | sealed(order(1, 0, *range(2, n)))   | 0 4 0 0 | chunk 1 stands where chunk 0 must be
swapped-numbered   | sealed(numbered(1, 0, *range(2, n))) | 0 0 0 0 | the SHA-256 of the stream is wrong
repeated           | joined(order(0, *range(n)))         | 4 4 - 0 | chunk 0 stands where chunk 1 must be | | do not fill
repeated-sealed    | sealed(order(0, *range(n)))         | 0 4 0 0 | chunk 0 stands where chunk 1 must be
repeated-numbered  | sealed(numbered(0, *range(n)))      | 0 0 0 0 | the manifest counts
repeated-counted   | sealed(counted(numbered(0, *range(n)))) | 0 0 0 0 | the set digest of package
left-out           | joined(order(*range(1, n)))         | 4 4 - 0 | chunk 1 stands where chunk 0 must be | | do not fill
left-out-sealed    | sealed(order(*range(1, n)))         | 0 4 0 0 | chunk 1 stands where chunk 0 must be
left-out-numbered  | sealed(numbered(*range(1, n)))      | 0 0 0 0 | the manifest counts
left-out-counted   | sealed(counted(numbered(*range(1, n)))) | 0 0 0 0 | the set digest of package
last-left-out      | sealed(counted(numbered(*range(n - 1)))) | 0 0 0 0 | the set digest of package
other-package      | sealed(counted(but({3: altered(3, package="graveler")}))) | 0 0 0 0 | the set digest of package
unknown-package    | sealed(but({3: altered(3, package="nobody")})) | 0 4 0 0 | a chunk is of package "nobody"
more-entries       | sealed(but({3: added(3, entries=1)})) | 0 0 0 0 | entries instead of
no-entries         | sealed(but({3: altered(3, entries=0)})) | 0 4 0 0 | claims an impossible size
other-size         | sealed(but({3: added(3, size=-1)})) | 0 0 0 0 | states another size than announced
shorter-frame      | tabled(but({3: added(3, compressed_size=-1)})) | 0 4 0 0 | frame | there is no JSON frame where one must be
not-announced      | sealed(but({3: frames[5]}))         | 0 4 0 0 | chunk 1 stands where chunk 0 must be
no-number          | sealed(but({3: altered(3, index="0")})) | 0 4 0 0 | "index" is missing or not a whole number
no-trailer         | sealed(frames[:-3] + frames[-1:])   | 0 4 0 0 | is missing or not
other-content      | sealed(but({3: altered(3, size=4, entries=1), 4: zstd_frame(b"data")})) | 0 4 0 0 | claims an impossible size
no-copy-tuples     | sealed(but({3: altered(3, size=20, entries=1, compressed_size=40), 4: zstd_frame(b"data" * 5)})) | 0 0 0 0 | unexpected number of fields
no-zstd-frame      | sealed(but({3: altered(3, compressed_size=len(frames[5])), 4: frames[5]})) | 0 4 0 0 | there is no zstd frame where one was announced | seek table does not agree
TABLE
}

@test "inconsistent header and manifest with correct checksums" {
    check_table "$DUMP" <<'TABLE'
major-version      | sealed(but({0: altered(0, version="2.0")})) | 4 4 - - | unknown format version "2.0"
no-version         | sealed(but({0: altered(0, version="x")}))   | 4 4 - - | unknown format version "x"
other-format       | sealed(but({0: altered(0, format="other")})) | 4 4 - - | not the header of a KV dump
header-text        | joined(but({0: replaced(0, b'"public"', b'"publiC"')})) | 0 4 0 0 | XXH64 of the file is wrong
package-twice      | sealed(but({0: altered(0, packages__1="actions")})) | 4 4 - - | names a package twice
package-more       | sealed(but({0: added(0, packages=["other"])})) | 4 4 - 0 | name different packages
package-unknown    | sealed(but({0: added(0, packages=["more"])})) | 4 4 - - | not a known package
identifier         | sealed(but({0: altered(0, source__system_identifier="1\n2")})) | 4 4 - - | "system_identifier" is not
snapshot           | sealed(but({0: altered(0, source__snapshot="1:2:3")})) | 4 4 - - | "snapshot" is not a snapshot
oid                | sealed(but({0: altered(0, source__database_oid=4294967296)})) | 4 4 - - | "database_oid" is not in its range
tables             | sealed(but({0: altered(0, source__tables__auth_users=["1"])})) | 4 4 - - | "tables" is not
negative-version   | sealed(but({0: altered(0, kv_version=-1)})) | 4 4 - - | "kv_version" is missing or not
no-packages        | sealed(but({0: altered(0, packages=None)})) | 4 4 - - | "packages" is missing or not
no-sha256-header   | sealed(but({0: altered(0, stream_sha256=False)})) | 4 4 - 0 | whether there is a SHA-256
no-manifest        | tabled(but({-1: altered(-1, frame="header")})) | 4 4 - 0 | a frame is no manifest
entries            | tabled(but({-1: added(-1, entries=1)}))    | 4 4 - 0 | not the sum of its packages
package-entries    | tabled(but({-1: added(-1, entries=1, packages__1__entries=1)})) | 0 0 0 0 | the manifest counts
entries-moved      | tabled(but({-1: added(-1, packages__0__entries=1, packages__1__entries=-1)})) | 0 0 0 0 | the manifest counts
package-bytes      | tabled(but({-1: added(-1, packages__0__bytes=1)})) | 0 0 0 0 | the manifest counts
package-chunks     | tabled(but({-1: added(-1, packages__2__chunks=1)})) | 0 0 0 0 | the manifest counts
set-digest         | tabled(but({-1: altered(-1, packages__0__set_digest="0" * 32)})) | 0 0 0 0 | the set digest of package actions is wrong
sha256             | tabled(but({-1: altered(-1, stream__sha256="0" * 64)})) | 0 0 0 0 | the SHA-256 of the stream is wrong
no-sha256          | tabled(but({-1: altered(-1, stream__sha256=None)})) | 4 4 - 0 | whether there is a SHA-256
short-sha256       | tabled(but({-1: altered(-1, stream__sha256="0" * 63)})) | 4 4 - 0 | "sha256" is not a digest
stream-size        | tabled(but({-1: added(-1, stream__size=1)})) | 0 0 0 0 | another size of the stream
xxh64              | tabled(but({-1: altered(-1, file__xxh64="0" * 16)})) | 0 4 0 0 | XXH64 of the file is wrong
file-size          | tabled(but({-1: added(-1, file__size=-1)})) | 0 4 0 0 | another size of the file
package-missing    | tabled(but({-1: altered(-1, packages__3=None)})) | 4 4 - 0 | 
rows-not-counted   | tabled(but({-1: altered(-1, packages__0__source_rows=None)})) | 4 4 - 0 | "source_rows" is missing or not
TABLE
}

@test "absurd claims, and little data that decompresses to much" {
    check_table "$DUMP" <<'TABLE'
header-4-GiB       | put(at(0, 4), b"\xff\xff\xff\xff")  | 4 4 - - | a JSON frame has an impossible size
announcement-4-GiB | put(at(3, 4), b"\xff\xff\xff\xff")  | 0 4 0 0 | a JSON frame has an impossible size
manifest-4-GiB     | put(at(-1, 4), b"\xff\xff\xff\xff") | 4 4 - 0 | a JSON frame has an impossible size
table-4-GiB        | put(end + 4, b"\xff\xff\xff\xff")   | 4 4 - 0 | seek table does not agree | | the seek table is not valid
chunk-1-GiB        | sealed(but({3: altered(3, entries=1, size=2**30)})) | 0 0 0 0 | states another size than announced
chunk-1-GiB-there  | sealed(but({3: altered(3, entries=1, size=2**30, compressed_size=2**30)})) | 0 4 0 0 | ends here
chunk-2-GiB        | sealed(but({3: altered(3, entries=1, size=2**31)})) | 0 4 0 0 | claims an impossible size
chunk-8-EiB        | sealed(but({3: altered(3, entries=1, size=2**63 - 1, compressed_size=2**63 - 1)})) | 0 4 0 0 | claims an impossible size
entries-8-E        | sealed(but({3: altered(3, entries=2**63 - 1)})) | 0 4 0 0 | claims an impossible size
many-in-5-MiB      | sealed(but({3: altered(3, entries=2, size=5 * 2**20)})) | 0 4 0 0 | claims an impossible size
copy-header-1-GiB  | sealed(but({1: altered(1, size=2**30)})) | 4 4 - - | COPY header or trailer
zeros-said         | sealed(but({3: altered(3, entries=2, size=2**22, compressed_size=13 + 4 * 8192 + 4), 4: zeros_frame(2**30)})) | 0 0 0 0 | states another size than announced
zeros-not-said     | sealed(but({3: altered(3, entries=2, size=2**22, compressed_size=13 + 4 * 8192 + 4), 4: zeros_frame(2**30, 2**22)})) | 0 0 0 0 | cannot be decompressed
zeros-in-trailer   | sealed(frames[:-2] + [zeros_frame(2**20, 2)] + frames[-1:]) | 0 4 0 0 | 
deep-header        | tabled(but({0: json_frame(b"[" * 100000)})) | 4 4 - - | cannot be parsed
deep-announcement  | tabled(but({3: json_frame(b'{"a":' * 100000)})) | 0 4 0 0 | cannot be parsed
deep-manifest      | tabled(but({-1: json_frame(b'{"frame":' + b"[" * 100000)})) | 4 4 - 0 | cannot be parsed
large-number       | tabled(but({3: json_frame(b'{"frame":' + b"9" * 1000000 + b'}')})) | 0 4 0 0 | cannot be parsed
large-exponent     | tabled(but({3: json_frame(b'{"frame":1e999999999}')})) | 0 4 0 0 | cannot be parsed
number-2-to-63     | tabled(but({3: altered(3, size=2**63)})) | 0 4 0 0 | cannot be parsed
long-package       | tabled(but({3: altered(3, package="A" * 1000000)})) | 0 4 0 0 | a chunk is of package "AAAAAAAA
long-version       | tabled(but({0: altered(0, version="9" * 1000000)})) | 4 4 - - | unknown format version "99999999
long-frame         | tabled(but({-1: altered(-1, frame="A" * 1000000)})) | 4 4 - 0 | a frame is no manifest
table-2-to-27      | put(len(d) - 9, b"\0\0\0\x08")      | 4 4 - 0 | seek table does not agree | | does not end in a seek table
table-2-to-32      | put(len(d) - 9, b"\xff\xff\xff\xff") | 4 4 - 0 | seek table does not agree | | does not end in a seek table
many-packages      | tabled(but({0: altered(0, packages=[str(i) for i in range(100000)])})) | 4 4 - - | "packages" are too many
many-omitted       | tabled(but({0: altered(0, omitted=["settings"] * 90000)})) | 4 4 - - | "omitted" are too many
many-objects       | tabled(but({0: altered(0, more=[{}] * 340000)})) | 0 4 0 0 | another size of the file
many-manifests     | tabled(but({-1: altered(-1, packages=[{}] * 340000)})) | 4 4 - 0 | packages are too many
many-counts        | tabled(but({-1: altered(-1, packages__0__source_rows=[{"table": str(i), "rows": 1} for i in range(30000)])})) | 4 4 - 0 | "source_rows" are too many
TABLE
}

# check_no_file ARGUMENT...: kv-import with these arguments refuses something that is not a dump file.
check_no_file() {
    refused 'dump "/dev/null", offset 0: ' "ends here" kv-import "$@" /dev/null
    refused 'dump on standard input, offset 0: ' "ends here" kv-import "$@" - </dev/null
    refused "dump \"$BATS_TEST_TMPDIR\"" "is a directory" kv-import "$@" "$BATS_TEST_TMPDIR"
    refused "dump on standard input" "is a directory" kv-import "$@" - <"$BATS_TEST_TMPDIR"
    fails 1 kv-import "$@" "$BATS_TEST_TMPDIR/missing.dump"
    assert_contains "$stderr" "$BATS_TEST_TMPDIR/missing.dump"
}

@test "what is not a dump file" {
    local before
    before=$(state)
    check_no_file --check
    check_no_file --list
    check_no_file -d "$DSN"
    assert_equal "$(state)" "$before"
}
