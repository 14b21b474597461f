# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Restores into a store in DynamoDB: load it after lib/setup, lib/dynamodb and lib/repositories, before a file's own functions.

teardown_file() {
    stop_dynamodb
    drop_templates
}

setup() {
    fresh_table
}

teardown() {
    stop_proxy
    clean_up
}

# fill DUMP: makes the table with the dump's entries.
fill() {
    kv-import --target=dynamodb "${DYNAMODB[@]}" --quiet "$1"
}

# table_contents: prints the entries of the table, as `contents` does for PostgreSQL.
table_contents() {
    kv-export --source=kv --store=dynamodb "${DYNAMODB[@]}" --quiet | kv-import --print --raw | python3 -c '
import base64, json, sys
for line in sys.stdin:
    e = json.loads(line)
    print(*(base64.b64decode(e[name]).hex() for name in ("partition_key", "key", "value")), sep="\t")' | LC_ALL=C sort
}
