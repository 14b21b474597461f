#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Dumps to hand to others: kv-export --redact. The fixture comes from a lakeFS server after its own system tests, with
# rows added for what it lacks: e-mail addresses, passwords, tokens, addresses in other storage.

# shellcheck disable=SC2154 # run sets stderr and output

bats_require_minimum_version 1.5.0

load ../../lib/setup

setup_file() {
    make_esti_template
    # make_template leaves PGDATABASE at another database, for all tests.
    PGDATABASE=$ESTI add_rows
    # Storage without rules, for the repository that was added.
    cp -r "$BLOCKSTORE" "$BATS_FILE_TMPDIR/blockstore"
    export STORAGE="$BATS_FILE_TMPDIR/blockstore"
    mkdir -p "$STORAGE/umbrella-lake/ledger-2022"
    # Not random: a short text would occur by chance in some runs only.
    export KEY_FILE="$BATS_FILE_TMPDIR/key" REDACTED="$BATS_FILE_TMPDIR/redacted.dump" PLAIN="$BATS_FILE_TMPDIR/plain.dump"
    printf 'the key that is for the tests of this file only' >"$KEY_FILE"
    kv-export -d "$ESTI" --blockstore-path="$STORAGE" --quiet -j 1 -f "$PLAIN"
    redacted_export -j 1 -f "$REDACTED"
}

redacted_export() {
    kv-export -d "$ESTI" --blockstore-path="$STORAGE" --quiet --redact --redact-key-file="$KEY_FILE" "$@"
}

# A field of a message, by its tag, shorter than 128 bytes.
add_rows() {
    sql "CREATE FUNCTION pg_temp.field(tag int, content bytea) RETURNS bytea LANGUAGE sql AS
        'SELECT set_byte(''\x00'', 0, tag * 8 + 2) || set_byte(''\x00'', 0, length(content)) || content'" "
        INSERT INTO auth_users (id, created_at, display_name, friendly_name, source, email, encrypted_password, external_id) VALUES
            (1001, now(), 'wilhelmina@umbrella.example', 'Wilhelmina Quux', 'ldap', 'Wilhelmina@Umbrella.example', 'bcrypt-of-wilhelmina', 'cn=wilhelmina'),
            (1002, now(), 'team/ürsel', 'Ürsel', 'umbrella-sso', 'uersel@umbrella.example', NULL, 'ürsel-extern')" "
        INSERT INTO auth_groups (id, created_at, display_name) VALUES (1001, now(), 'umbrella/users/finance')" "
        INSERT INTO auth_policies (id, created_at, display_name, statement) VALUES (1001, now(), 'UmbrellaLedger', '[
            {\"Effect\": \"allow\", \"Action\": [\"fs:ReadObject\", \"umbrella:Audit\"], \"Resource\": \"arn:lakefs:fs:::repository/ledger/object/quarterly/*\"},
            {\"Effect\": \"deny\", \"Action\": [\"auth:*\"], \"Resource\": \"arn:lakefs:auth:::group/umbrella/users/finance\"},
            {\"Effect\": \"allow\", \"Action\": [\"fs:AttachStorageNamespace\"], \"Resource\": \"arn:lakefs:fs:::namespace/s3://umbrella-lake/*\"}]')" "
        INSERT INTO auth_user_groups (user_id, group_id) VALUES (1001, 1001), (1002, 1001)" "
        INSERT INTO auth_user_policies (user_id, policy_id) VALUES (1002, 1001)" "
        INSERT INTO auth_group_policies (group_id, policy_id) VALUES (1001, 1001)" "
        INSERT INTO auth_credentials (access_key_id, secret_access_key, issued_date, user_id) VALUES
            ('AKIAUMBRELLALEDGERQQ', 'encrypted secret of the ledger', now(), 1002)" "
        INSERT INTO auth_expired_tokens (token_id, token_expires_at) VALUES ('jwt-of-wilhelmina', now() + interval '10 years')" "
        INSERT INTO auth_installation_metadata (key_name, key_value) VALUES ('umbrella_site', 'raccoon city')" "
        INSERT INTO graveler_repositories (id, storage_namespace, creation_date, default_branch) VALUES
            ('ledger', 'local://umbrella-lake/ledger-2022', now(), 'quarterly')" "
        INSERT INTO graveler_branches (repository_id, id, staging_token, commit_id) VALUES
            ('ledger', 'quarterly', 'ledger-quarterly:0b2c7d1e-1111-4222-8333-444455556666', repeat('ab', 32))" "
        INSERT INTO graveler_tags (repository_id, id, commit_id) VALUES ('ledger', 'audited-by-wilhelmina', repeat('ab', 32))" "
        INSERT INTO graveler_commits (repository_id, id, committer, message, creation_date, meta_range_id, metadata, parents, version, generation)
            VALUES ('ledger', repeat('ab', 32), 'wilhelmina@umbrella.example', 'Close the books of Q2/2022', now(), repeat('cd', 32),
                '{\"auditor\": \"team/ürsel\", \"ticket\": \"LEDGER-4711\", \"wilhelmina@umbrella.example\": \"\"}', '{}', 1, 1)" "
        INSERT INTO gateway_multiparts (upload_id, path, creation_date, physical_address, metadata, content_type) VALUES
            ('upload-of-the-ledger', 'books/quarterly/q2.parquet', now(), 's3://umbrella-lake/raw/q2.parquet',
                '{\"x-amz-meta-owner\": \"wilhelmina\"}', 'application/vnd.umbrella')" "
        INSERT INTO graveler_staging_kv (staging_token, key, identity, data) VALUES
            ('ledger-quarterly:0b2c7d1e-1111-4222-8333-444455556666', 'books/quarterly/q2.parquet', sha256('q2'),
                pg_temp.field(1, 's3://umbrella-lake/raw/q2.parquet') || '\x18ff01' || pg_temp.field(4, 'fedcba9876543210fedcba9876543210-7')
                || pg_temp.field(5, pg_temp.field(1, 'owner') || pg_temp.field(2, 'wilhelmina')) || '\x3002'
                || pg_temp.field(7, 'application/vnd.umbrella')),
            ('ledger-quarterly:0b2c7d1e-1111-4222-8333-444455556666', 'books/quarterly/', NULL, NULL)" "
        INSERT INTO actions_runs (repository_id, run_id, event_type, start_time, end_time, branch_id, source_ref, commit_id, passed) VALUES
            ('ledger', '20221122151233QuuxQuux', 'pre-merge', now(), now(), 'quarterly', 'quarterly~1', repeat('ab', 32), true)" "
        INSERT INTO actions_run_hooks (repository_id, run_id, hook_run_id, action_name, hook_id, start_time, end_time, passed) VALUES
            ('ledger', '20221122151233QuuxQuux', '0000_0001', 'Ledger must balance', 'balance-hook', now(), now(), true)"
}

# printed DUMP: prints its entries, decoded, as JSON lines.
printed() {
    kv-import --print "$1"
}

# kinds DUMP: prints the number of entries by package and type.
kinds() {
    printed "$1" | python3 -c '
import collections, json, sys
for (package, kind), n in sorted(collections.Counter(
        (o["package"], o["type"]) for o in map(json.loads, sys.stdin)).items()):
    print(package, kind, n)'
}

# What does not leave the house ---------------------------------------------------------------------------------------

@test "no text of the legacy tables is in the dump" {
    legacy_texts
    # The entries, header and manifest.
    zstd -dcq "$REDACTED" >"$BATS_TEST_TMPDIR/stream"
    kv-import --list --format json "$REDACTED" | python3 -c '
import json, sys
def values(item):
    for value in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
        values(value)
    if isinstance(item, str):
        print(item)
values(json.load(sys.stdin))' >"$BATS_TEST_TMPDIR/list"
    assert_contains "$(<"$BATS_TEST_TMPDIR/list")" kv-export auth_users
    "$TESTS_DIR/lib/leaks.py" find "$BATS_TEST_TMPDIR/stream" "$BATS_TEST_TMPDIR/list" <"$BATS_TEST_TMPDIR/texts"
    # The other dump has them, so the search works.
    zstd -dcq "$PLAIN" >"$BATS_TEST_TMPDIR/stream"
    run "$TESTS_DIR/lib/leaks.py" find "$BATS_TEST_TMPDIR/stream" <"$BATS_TEST_TMPDIR/texts"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -gt 600 ]
    assert_contains "$output" wilhelmina@umbrella.example Wilhelmina@Umbrella bcrypt-of-wilhelmina 'encrypted secret of the ledger' \
        jwt-of-wilhelmina 'Close the books' umbrella-lake q2.parquet LEDGER-4711 AKIAUMBRELLALEDGERQQ balance-hook ledger-quarterly \
        fedcba9876543210fedcba9876543210-7 'raccoon city' x-amz-meta-owner umbrella:Audit vnd.umbrella cn=wilhelmina
}

# legacy_texts: writes the texts that must not be in a dump to the file texts.
legacy_texts() {
    PGDATABASE=$ESTI legacy_rows | "$TESTS_DIR/lib/leaks.py" texts >"$BATS_TEST_TMPDIR/texts"
    # Branch protection rules are not in the tables.
    hex SomePattern >>"$BATS_TEST_TMPDIR/texts"
    echo >>"$BATS_TEST_TMPDIR/texts"
}

@test "grep finds none of them either, nor the name of the database, nor the key" {
    local content
    legacy_texts
    python3 -c '
import sys
for line in sys.stdin:
    data = bytes.fromhex(line)
    if b"\n" not in data:
        sys.stdout.buffer.write(data + b"\n")' <"$BATS_TEST_TMPDIR/texts" >"$BATS_TEST_TMPDIR/patterns"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/patterns")" -gt 600 ]
    run -1 grep -aF -f "$BATS_TEST_TMPDIR/patterns" <(zstd -dcq "$REDACTED")
    for content in "$ESTI" "the key that is for"; do
        run -1 grep -aF "$content" "$REDACTED"
        run -1 grep -aF "$content" <(zstd -dcq "$REDACTED")
    done
    run -1 grep -aF "$(sql "SELECT system_identifier FROM pg_control_system()")" "$REDACTED"
}

@test "without the key no id in the dump can be derived from a name" {
    # With the derived ids of the other dump (FORMAT.md) anyone could test guesses of repository names.
    local ids
    ids=$(printed "$PLAIN" | python3 -c '
import json, sys
for o in map(json.loads, sys.stdin):
    for name in ("instance_uid", "run_id"):
        if name in o["value"]:
            print(o["value"][name])' | sort -u)
    [ "$(wc -l <<<"$ids")" -gt 50 ]
    run -1 grep -aF -f <(printf '%s\n' "$ids") <(zstd -dcq "$REDACTED")
}

@test "secrets are removed, not only made unreadable" {
    printed "$REDACTED" | python3 -c '
import json, sys
seen = set()
for o in map(json.loads, sys.stdin):
    seen.add(o["type"])
    if o["type"] in ("CredentialData", "UserData"):
        assert "secret_access_key_encrypted_bytes" not in o["value"] and "encrypted_password" not in o["value"], o
assert {"CredentialData", "UserData"} <= seen'
}

@test "pseudonyms are those of the format, computed independently" {
    printed "$REDACTED" | python3 -c '
import hashlib, hmac, json, struct, sys
key = open(sys.argv[1], "rb").read()
ALPHABET = "bcdfghjklmnpqrstvwxyz0123456789"
def pseudonym(name):
    name = name.encode()
    size = next(s for s in (16, 24, 32, 48, 63, 128) if len(name) <= s)
    seed = block = hmac.new(key, b"name\0" + name, hashlib.sha256).digest()
    text, number = "", 0
    while True:
        for byte in block:
            letters = 31 if text else 21
            if byte < 256 // letters * letters:
                text += ALPHABET[byte % letters]
            if len(text) == size:
                return text
        number += 1
        block = hmac.new(key, seed + struct.pack("<Q", number), hashlib.sha256).digest()
entries = {(o["partition"], o["key"]): o["value"] for o in map(json.loads, sys.stdin)}
user = entries["auth", "users/" + pseudonym("wilhelmina@umbrella.example")]
assert user["friendly_name"] == pseudonym("Wilhelmina Quux"), user
assert user["email"] == pseudonym("Wilhelmina@Umbrella.example") + "@redacted.invalid", user
assert user["source"] == "ldap", user
assert user["external_id"] == pseudonym("cn=wilhelmina"), user
policy = entries["auth", "policies/" + pseudonym("UmbrellaLedger")]
assert policy["statement"][0] == {
    "effect": "allow", "action": ["fs:ReadObject", pseudonym("umbrella:Audit")],
    "resource": "arn:lakefs:fs:::repository/" + pseudonym("ledger") + "/object/" + pseudonym("quarterly") + "/*"}, policy
assert policy["statement"][1]["resource"] == "arn:lakefs:auth:::group/" + pseudonym("umbrella/users/finance"), policy
assert policy["statement"][2]["resource"] == "arn:lakefs:fs:::namespace/s3://" + pseudonym("umbrella-lake") + "/*", policy
repository = entries["graveler", "repos/" + pseudonym("ledger")]
assert repository["storage_namespace"] == "local://" + pseudonym("umbrella-lake") + "/" + pseudonym("ledger-2022"), repository
assert repository["default_branch_id"] == pseudonym("quarterly"), repository
own = pseudonym("ledger") + "-" + repository["instance_uid"]
branch = entries[own, "branches/" + pseudonym("quarterly")]
assert branch["staging_token"] == pseudonym("ledger-quarterly") + ":0b2c7d1e-1111-4222-8333-444455556666", branch
path = "/".join(map(pseudonym, ("books", "quarterly", "q2.parquet")))
assert (branch["staging_token"], path) in entries
assert (branch["staging_token"], pseudonym("books") + "/" + pseudonym("quarterly") + "/") in entries
commit = entries[own, "commits/" + "ab" * 32]
assert commit["committer"] == user["username"], commit
assert commit["message"] == pseudonym("Close the books of Q2/2022"), commit
assert commit["meta_range_id"] == "cd" * 32, commit
assert commit["metadata"] == {pseudonym("auditor"): pseudonym("team/ürsel"), pseudonym("ticket"): pseudonym("LEDGER-4711"),
                              user["username"]: ""}, commit
upload = entries["multiparts", pseudonym("upload-of-the-ledger")]
assert upload["path"] == path, upload
assert upload["physical_address"] == "s3://" + "/".join(map(pseudonym, ("umbrella-lake", "raw", "q2.parquet"))), upload
rules = [v for (p, k), v in entries.items() if k == "settings/protected_branches"]
assert rules == [{"branch_pattern_to_blocked_actions": {
    "*" + pseudonym("SomePattern"): {"value": ["STAGING_WRITE", "COMMIT"]}}}], rules' "$KEY_FILE"
}

# What stays ----------------------------------------------------------------------------------------------------------

@test "as many entries as in the plain dump, by package and type" {
    assert_equal "$(kinds "$REDACTED")" "$(kinds "$PLAIN")"
    # Those of the fixture (programs/import/inspect.bats), and the added ones.
    assert_contains "$(kinds "$REDACTED")" "auth UserData 12" "graveler StagedEntryData 116" "actions TaskResultData 29" "graveler BranchProtectionRules 1"
}

@test "rows read, left out and adjusted are counted as in the plain dump" {
    local member="['packages']"
    counts() {
        "$TESTS_DIR/lib/decode.py" manifest "$1" "$member" | python3 -c '
import json, sys
print([[p["name"], p["entries"], p["source_rows"], p["left_out"], p["adjusted"]] for p in json.load(sys.stdin)])'
    }
    assert_equal "$(counts "$REDACTED")" "$(counts "$PLAIN")"
}

@test "hashes, times, sizes and lakeFS's own words are those of the plain dump" {
    kept() {
        printed "$1" | python3 -c '
import base64, collections, json, re, sys
kept = collections.Counter()
def note(value, path):
    if isinstance(value, dict):
        for name, item in value.items():
            note(item, path if path.endswith("metadata") else path + "." + name)
    elif isinstance(value, list):
        for item in value:
            note(item, path)
    elif not isinstance(value, str) or re.fullmatch(
            r"[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z|(pre|post)-[a-z-]+|0+_\d+|allow|deny|fs:.*|auth:.*|\*", value):
        kept[path, str(value)] += 1
for o in map(json.loads, sys.stdin):
    note(o["value"], o["type"])
for item in sorted(kept.items()):
    print(item)'
    }
    kept "$PLAIN" >"$BATS_TEST_TMPDIR/plain"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/plain")" -gt 300 ]
    kept "$REDACTED" | diff "$BATS_TEST_TMPDIR/plain" -
}

@test "relations hold: each name in one entry belongs to another entry" {
    printed "$REDACTED" | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
keys = {(o["partition"], o["key"]) for o in lines}
assert len(keys) == len(lines)
of = lambda kind: [o for o in lines if o["type"] == kind]
partitions = {o["value"]["id"] + "-" + o["value"]["instance_uid"]: o["value"] for o in of("RepositoryData")}
repositories = {v["id"] for v in partitions.values()}
for o in of("CredentialData"):
    assert ("auth", "users/" + o["value"]["user_id"]) in keys, o
for o in of("SecondaryIndex"):
    assert (o["partition"], o["value"]["primary_key"]) in keys, o
    for prefix, owners in (("gUsers/", "groups/"), ("uPolicies/", "users/"), ("gPolicies/", "groups/")):
        if o["key"].startswith(prefix):
            owner = o["key"][len(prefix):-len(o["value"]["primary_key"]) - 1]
            assert ("auth", owners + owner) in keys, o
for kind in ("BranchData", "TagData", "CommitData"):
    assert of(kind)
    for o in of(kind):
        assert o["partition"] in partitions, o
for o in of("BranchData") + of("TagData"):
    # As in the fixture, not all commits of a branch exist.
    o["known"] = (o["partition"], "commits/" + o["value"]["commit_id"]) in keys
assert sum(o["known"] for o in of("BranchData")) > 40
for name, v in partitions.items():
    assert (name, "branches/" + v["default_branch_id"]) in keys, v
tokens = {o["value"]["staging_token"] for o in of("BranchData") if "staging_token" in o["value"]}
for o in of("StagedEntryData"):
    assert o["partition"] in tokens, o
runs = {o["value"]["run_id"]: o["key"].split("/runs/")[0][len("repos/"):] for o in of("RunResultData")}
assert set(runs.values()) <= repositories
for o in of("TaskResultData"):
    repository, rest = o["key"][len("repos/"):].split("/tasks/")
    run, hook = rest.split("/")
    assert (runs[run], o["value"]["hook_run_id"]) == (repository, hook), o
# Hooks of one run have the same id of the run before the migration, and it is no real one.
old = {(o["key"].split("/tasks/")[1].split("/")[0], o["value"]["run_id"]) for o in of("TaskResultData")}
assert len(old) == len({run for run, _ in old}) == len({o for _, o in old})
assert not {o for _, o in old} & set(runs)
users = {o["value"]["username"] for o in of("UserData")}
committers = {o["value"]["committer"] for o in of("CommitData") if "committer" in o["value"]}
assert committers & users
metadata = {o["key"]: o["value"] for o in of("text")}
assert metadata["installation_id"] == metadata["installation_metadata/installation_id"] != ""'
    # As many committers, branches, paths … as before.
    distinct() {
        printed "$1" | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
for member in ("committer", "message", "source_ref", "action_name", "hook_id", "path", "user_id", "id"):
    print(member, len({o["value"][member] for o in lines if member in o["value"]}))
print("partitions", len({o["partition"] for o in lines}))'
        # Keys of objects may hold any bytes.
        kv-import --print --raw "$1" | python3 -c '
import base64, json, sys
keys = {tuple(base64.b64decode(o[name]) for name in ("partition_key", "key")) for o in map(json.loads, sys.stdin)}
paths = {key for partition, key in keys if b":" in partition}
print("paths", len(paths), "folders", len({path.rpartition(b"/")[0] for path in paths}),
      "slashes", sum(path.count(b"/") for path in paths))'
    }
    assert_contains "$(distinct "$PLAIN")" "partitions 49"
    assert_equal "$(distinct "$REDACTED")" "$(distinct "$PLAIN")"
}

# The header and the import -------------------------------------------------------------------------------------------

@test "the header says that the dump is redacted, and so does --list" {
    assert_equal "$("$TESTS_DIR/lib/decode.py" header "$REDACTED" "['redacted']" | tr TF tf)" true
    assert_contains "$(kv-import --list "$REDACTED" | grep '^redacted:')" yes
    assert_contains "$(kv-import --list "$PLAIN" | grep '^redacted:')" no
    refute_contains "$(kv-import --list --format json "$REDACTED")" "$ESTI"
    kv-import --check "$REDACTED"
}

@test "a custom schema name gets a pseudonym" {
    fresh_database TEMPLATE "$ESTI"
    sql "ALTER SCHEMA public RENAME TO umbrella"
    kv-export -d "$DSN options=-csearch_path=umbrella" --blockstore-path="$STORAGE" --quiet --redact -f "$BATS_TEST_TMPDIR/schema.dump"
    run -1 grep -aF -e umbrella -e "$PGDATABASE" "$BATS_TEST_TMPDIR/schema.dump"
    kv-import --check "$BATS_TEST_TMPDIR/schema.dump"
}

@test "an import refuses the dump and stamps nothing, with all packages or some" {
    local package
    fresh_database TEMPLATE "$ESTI"
    fails 5 kv-import -d "$DSN" "$REDACTED"
    assert_contains "$stderr" redacted --allow-redacted
    assert_stamp 38 -
    assert_sql "" "SELECT to_regclass('kv')"
    for package in auth multiparts; do
        redacted_export --force -n "$package" -f "$BATS_TEST_TMPDIR/part.dump"
        fails 5 kv-import -d "$DSN" "$BATS_TEST_TMPDIR/part.dump"
        assert_contains "$stderr" redacted
        assert_stamp 38 -
    done
}

@test "--allow-redacted loads the dump, and the store then equals it" {
    fresh_database
    succeeds kv-import -d "$DSN" --allow-redacted "$REDACTED"
    assert_stamp - 1
    succeeds kv-import -d "$DSN" --verify "$REDACTED"
    assert_sql 461 "SELECT count(*) FROM kv WHERE partition_key <> 'kv-internal-metadata'"
}

# The key -------------------------------------------------------------------------------------------------------------

@test "the same key gives the same dump, with any number of jobs" {
    local jobs
    for jobs in 1 2 8; do
        redacted_export --force -j "$jobs" -f "$BATS_TEST_TMPDIR/again.dump"
        assert_same_stream "$REDACTED" "$BATS_TEST_TMPDIR/again.dump"
    done
}

@test "without a key file each run has a key of its own" {
    local one two
    for run in one two; do
        kv-export -d "$ESTI" --no-settings --quiet -n auth --redact -f "$BATS_TEST_TMPDIR/$run.dump"
        printed "$BATS_TEST_TMPDIR/$run.dump" | sed -n 's/.*"key":"users\/\([^"]*\)".*/\1/p' | sort >"$BATS_TEST_TMPDIR/$run"
        assert_equal "$(sort -u "$BATS_TEST_TMPDIR/$run" | wc -l)" 12
    done
    one=$(<"$BATS_TEST_TMPDIR/one") two=$(<"$BATS_TEST_TMPDIR/two")
    assert_equal "$(comm -12 <(printf '%s\n' "$one") <(printf '%s\n' "$two"))" ""
}

@test "an invalid key file is a usage error, before anything is touched" {
    local file=$BATS_TEST_TMPDIR/bad
    export PGHOST=/nonexistent
    printf 'fifteen bytes..' >"$file"
    fails 1 kv-export -d nowhere --redact --redact-key-file="$file" -f "$BATS_TEST_TMPDIR/x.dump"
    assert_contains "$stderr" "$file" "too few" "at least 16"
    fails 1 kv-export -d nowhere --redact --redact-key-file=/dev/zero -f "$BATS_TEST_TMPDIR/x.dump"
    assert_contains "$stderr" "too many"
    fails 1 kv-export -d nowhere --redact --redact-key-file="$file.gone" -f "$BATS_TEST_TMPDIR/x.dump"
    assert_contains "$stderr" "$file.gone"
    fails 1 kv-export -d nowhere --redact-key-file="$KEY_FILE" -f "$BATS_TEST_TMPDIR/x.dump"
    assert_contains "$stderr" "--redact"
    assert_missing "$BATS_TEST_TMPDIR"/x.dump*
    # Sixteen are enough: now it is the database that is missing.
    printf 'sixteen bytes...' >"$file"
    fails 2 kv-export -d nowhere --redact --redact-key-file="$file" -f "$BATS_TEST_TMPDIR/x.dump"
}

@test "a key file that other users can read or change is used, with a warning" {
    local file=$BATS_TEST_TMPDIR/key mode
    printf 'sixteen bytes...' >"$file"
    for mode in 600 400; do
        chmod "$mode" "$file"
        fails 2 kv-export -h /nonexistent -d nowhere --redact --redact-key-file="$file" -f "$BATS_TEST_TMPDIR/x.dump"
        refute_contains "$stderr" warning
    done
    for mode in 640 620 604; do
        chmod "$mode" "$file"
        fails 2 kv-export -h /nonexistent -d nowhere --redact --redact-key-file="$file" -f "$BATS_TEST_TMPDIR/x.dump"
        assert_contains "$stderr" "warning: other users can read or change the key file \"$file\"" "chmod 600"
    done
    fails 2 kv-export -h /nonexistent -d nowhere --redact --redact-key-file=<(cat "$file") -f "$BATS_TEST_TMPDIR/x.dump"
    refute_contains "$stderr" warning
    if [ "$(id -u)" -eq 0 ]; then
        chmod 600 "$file"
        chown nobody "$file"
        fails 2 kv-export -h /nonexistent -d nowhere --redact --redact-key-file="$file" -f "$BATS_TEST_TMPDIR/x.dump"
        assert_contains "$stderr" "warning: other users"
    fi
}

@test "kv-migrate does not redact" {
    fails 1 kv-migrate up --kv-enabled --redact -d nowhere
    assert_contains "$stderr" "--redact"
    refute_contains "$(kv-migrate --help)" redact
}

# What is not known ---------------------------------------------------------------------------------------------------

@test "unknown data stops the export, and leaves no dump" {
    fresh_database TEMPLATE "$ESTI"
    sql "INSERT INTO graveler_staging_kv (staging_token, key, identity, data) VALUES
        ('ledger-quarterly:0b2c7d1e-1111-4222-8333-444455556666', 'odd', 'x', 'this is no object of a catalog')"
    kv-export -d "$DSN" --no-settings --quiet -f "$BATS_TEST_TMPDIR/plain.dump"
    fails 3 kv-export -d "$DSN" --no-settings --quiet --redact -f "$BATS_TEST_TMPDIR/odd.dump"
    assert_contains "$stderr" "could not redact an entry" 'key "odd"' CatalogEntry \
        "its package, graveler, by naming the others: --package=actions --package=auth --package=multiparts (with"
    assert_missing "$BATS_TEST_TMPDIR"/odd.dump*
    # An unknown field of a catalog entry.
    sql "UPDATE graveler_staging_kv SET data = '\x0a01784001' WHERE key = 'odd'"
    fails 3 kv-export -d "$DSN" --no-settings --quiet --redact -f "$BATS_TEST_TMPDIR/odd.dump"
    assert_contains "$stderr" "unknown field 8 of its CatalogEntry"
    # Without the package it succeeds, as the hint says.
    succeeds kv-export -d "$DSN" --no-settings --redact -n auth -n actions -n multiparts -f "$BATS_TEST_TMPDIR/odd.dump"
}

@test "invalid branch protection rules stop the export" {
    cp -r "$STORAGE" "$BATS_TEST_TMPDIR/blockstore"
    find "$BATS_TEST_TMPDIR/blockstore" -name protected_branches.json | while read -r file; do
        printf '{"main": "protected"}' >"$file"
    done
    fails 3 kv-export -d "$ESTI" --blockstore-path="$BATS_TEST_TMPDIR/blockstore" --quiet --redact -f "$BATS_TEST_TMPDIR/odd.dump"
    assert_contains "$stderr" BranchProtectionRules --no-settings
    assert_missing "$BATS_TEST_TMPDIR"/odd.dump*
}
