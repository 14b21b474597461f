#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Branch protection rules on S3: a real server that verifies signatures, and misbehaving servers. Unreadable rules must
# never look like a repository without rules.

# shellcheck disable=SC2154 # run sets stderr
# shellcheck disable=SC2030,SC2031 # every test is a process of its own

bats_require_minimum_version 1.5.0

load ../../lib/setup
load ../../lib/rules
load ../../lib/s3
load ../../lib/watch

setup_file() {
    local objects=$BATS_FILE_TMPDIR/objects
    make_template EMPTY
    make_esti_template
    mkdir -p "$objects"
    cp -r "$BLOCKSTORE" "$objects/esti"
    # S3 has no folders that could be missing.
    find "$objects/esti" -name dummy -delete
    add_object bucket/repo/_lakefs rules
    add_object bucket/_lakefs "rules of the whole bucket"
    add_object bucket/other/prefix "other rules"
    add_object bucket/empty/_lakefs ""
    add_object 'bucket/a b+c=é&(d)~!*;:@$,/%20/_lakefs' "odd rules"
    add_object dotted.bucket/repo/_lakefs "dotted rules"
    # Of namespaces that are written in many ways.
    add_object 'bucket/team a/repo/_lakefs' "team's rules"
    add_object 'bucket/A=b/é/_lakefs' "other rules"
    add_object bucket/d/e/_lakefs "clean rules"
    add_object 'bucket/a?b#c/_lakefs' "marked rules"
    # Large enough for a connection to be cut in the middle of it.
    add_object bucket/large/_lakefs "$(head -c 300000 /dev/zero | tr '\0' L)"
    start_s3 "$objects"
}

teardown_file() {
    stop_s3
    drop_templates
}

setup() {
    DUMP=$BATS_TEST_TMPDIR/settings.dump
    fresh_database TEMPLATE "$EMPTY"
    s3_user USER
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir "$HOME"
}

teardown() {
    watch_stop
    stop_proxy
    clean_up
}

# add_object FOLDER TEXT: adds an object with rules to FOLDER, whose first part is the bucket.
add_object() {
    mkdir -p "$BATS_FILE_TMPDIR/objects/$1/settings"
    printf %s "$2" >"$BATS_FILE_TMPDIR/objects/$1/settings/protected_branches.json"
}

# add_repository ID NAMESPACE
add_repository() {
    sql "INSERT INTO graveler_repositories VALUES ('$1', '$2', '2020-01-01 00:00:00Z', 'main')"
}

# export_rules_of_s3 OPTION...
export_rules_of_s3() {
    export_rules --s3-endpoint="$S3_ENDPOINT" "$@"
}

# check_fails CODE [OPTION...]: the export ends with CODE, names the repository, gives a hint, exposes no credential,
# and leaves no file.
check_fails() {
    local code=$1
    shift
    fails "$code" kv-export -d "$DSN" -f "$DUMP" -v "$@"
    assert_missing "$DUMP" "$DUMP.partial"
    assert_contains "$stderr" "hint: " --no-settings '"repo"'
    refute_credentials "$stderr"
}

# refute_credentials TEXT: none of the users' credentials are in the text.
refute_credentials() {
    refute_contains "$1" "$S3_USER_KEY" "$S3_USER_SECRET" "$S3_NOBODY_SECRET" "$S3_SESSION_SECRET" "$S3_SESSION_TOKEN"
}

# watch_session: searches for the session's secrets in command lines and in the folder of written files, until
# watch_stop.
watch_session() {
    watch "$BATS_TEST_TMPDIR/written" <<<"$S3_SESSION_SECRET"$'\n'"$S3_SESSION_TOKEN"
}

# What is there -------------------------------------------------------------------------------------------------------

@test "the rules of the fixture are the same bytes from S3 as from local storage" {
    local rules
    drop_database
    fresh_database TEMPLATE "$ESTI"
    kv-export -q -d "$DSN" --blockstore-path="$BLOCKSTORE" -f "$DUMP.local"
    sql "UPDATE graveler_repositories SET storage_namespace = replace(storage_namespace, 'local://', 's3://esti/')"
    succeeds kv-export -d "$DSN" -f "$DUMP" --s3-endpoint="$S3_ENDPOINT" -j 4
    entries "$DUMP.local" | grep -P '\tsettings/protected_branches\t' >"$BATS_TEST_TMPDIR/local"
    entries "$DUMP" | grep -P '\tsettings/protected_branches\t' | diff "$BATS_TEST_TMPDIR/local" -
    # Compare with the database directly: it holds the object's bytes.
    rules=$(find "$BLOCKSTORE" -name protected_branches.json)
    assert_equal "$(wc -l <<<"$rules")" 1
    kv-import -q -d "$DSN" "$DUMP"
    assert_sql "$(od -An -v -tx1 "$rules" | tr -d ' \n')" "SELECT encode(value, 'hex') FROM kv WHERE key = 'settings/protected_branches'"
}

@test "rules are found below a prefix, in a whole bucket, and under odd names; other repositories have none" {
    add_repository repo s3://bucket/repo
    add_repository slash s3://bucket//repo//
    add_repository whole s3://bucket
    add_repository none s3://bucket/none
    add_repository empty s3://bucket/empty
    # lakeFS decodes the percent-encoding of a namespace.
    add_repository odd 's3://bucket/a%20b+c=é&(d)~!*;:@$,/%2520'
    add_repository dotted s3://dotted.bucket/repo
    export_rules_of_s3 -j 3
    assert_rules "dotted: dotted rules" "empty: " "odd: odd rules" "repo: rules" "slash: rules" "whole: rules of the whole bucket"
}

# Source: lakeFS 0.70, pkg/block/namespace.go; AWS SDK for Go, version 1, private/protocol/rest/build.go.
@test "rules are found where lakeFS has them, however the namespace is written" {
    local namespace rules count=0 expected=()
    while IFS='|' read -r namespace rules; do
        count=$((count + 1))
        add_repository "$(printf r%02d $count)" "$namespace"
        expected+=("$(printf r%02d $count): $rules")
    done <<'END'
s3://bucket/team%20a/repo|team's rules
s3://bucket/team a/repo/|team's rules
s3://bucket/team%20a%2frepo|team's rules
s3://bucket/team%20a/repo?x=%zz|team's rules
s3://bucket/team%20a/%72epo?|team's rules
s3://bucket/A%3Db/%C3%A9|other rules
s3://bucket/%41=b/%c3%a9/|other rules
s3://bucket//A=b//é/|other rules
s3://bucket/d/e|clean rules
s3://bucket/d//e|clean rules
s3://bucket//d/e//|clean rules
s3://bucket/d/./e|clean rules
s3://bucket/d/x/../e|clean rules
s3://bucket/d/x/%2e%2E/e|clean rules
s3://bucket/d%2F%2Fe/x%2f..|clean rules
s3://bucket/%2E/d/e|clean rules
s3://user@bucket/d/e|clean rules
S3://bucket/d/e|clean rules
s3://bucket/a%3Fb#c|marked rules
s3://bucket/a%3fb%23c|marked rules
s3://bucket/x/..|rules of the whole bucket
s3://bucket?|rules of the whole bucket
s3://bucket?d/e|rules of the whole bucket
END
    export_rules_of_s3
    assert_rules "${expected[@]}"
}

@test "--block-storage-prefix names another folder" {
    add_repository repo s3://bucket/other
    export_rules_of_s3 --block-storage-prefix=prefix
    assert_rules "repo: other rules"
}

@test "the bucket is part of the host name, unless disabled or impossible" {
    local port=$S3_PORT
    add_repository repo s3://bucket/repo
    add_repository dotted s3://dotted.bucket/repo
    start_proxy pass
    port=${PROXY##*:}
    S3_ENDPOINT=http://localhost:$port/ export_rules_of_s3 -j 1
    assert_rules "dotted: dotted rules" "repo: rules"
    assert_equal "$(python3 -c '
import json, sys
requests = (json.loads(line) for line in sys.stdin)
print(", ".join(sorted(r["path"][1:].split("_lakefs")[0] + " at " + r["headers"]["host"] for r in requests)))' <"$PROXY_LOG")" "dotted.bucket/repo/ at localhost:$port, repo/ at bucket.localhost:$port"
    S3_ENDPOINT=http://localhost:$port export_rules_of_s3 --s3-force-path-style
    assert_rules "dotted: dotted rules" "repo: rules"
    assert_contains "$(tail -n 2 "$PROXY_LOG")" '"/bucket/repo/_lakefs' "\"localhost:$port\""
    # An IP address has no subdomains.
    start_proxy pass
    S3_ENDPOINT=$PROXY export_rules_of_s3
    assert_rules "dotted: dotted rules" "repo: rules"
    assert_contains "$(<"$PROXY_LOG")" '"/bucket/repo/_lakefs'
}

@test "the endpoint can be set in the environment; an option takes precedence" {
    add_repository repo s3://bucket/repo
    AWS_ENDPOINT_URL=$S3_ENDPOINT succeeds kv-export -d "$DSN" -f "$DUMP"
    AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ENDPOINT_URL_S3=$S3_ENDPOINT succeeds kv-export -d "$DSN" -f "$DUMP" --force
    rm "$DUMP"
    AWS_ENDPOINT_URL_S3=http://127.0.0.1:1 export_rules_of_s3
    assert_rules "repo: rules"
}

@test "each request is signed for its region, and repeated if AWS names another one" {
    add_repository repo s3://bucket/repo
    add_repository none s3://bucket/none
    start_proxy pass
    S3_ENDPOINT=$PROXY export_rules_of_s3 -j 1
    assert_contains "$(<"$PROXY_LOG")" /us-east-1/s3/aws4_request
    start_proxy pass
    AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=wrong S3_ENDPOINT=$PROXY export_rules_of_s3 -j 1
    assert_contains "$(<"$PROXY_LOG")" /eu-west-1/s3/aws4_request
    start_proxy pass
    AWS_REGION=wrong S3_ENDPOINT=$PROXY export_rules_of_s3 -j 1 --s3-region=ap-south-1
    assert_contains "$(<"$PROXY_LOG")" /ap-south-1/s3/aws4_request
    printf '[default]\nregion = sa-east-1\n' >"$HOME/config"
    start_proxy pass
    AWS_CONFIG_FILE=$HOME/config S3_ENDPOINT=$PROXY export_rules_of_s3 -j 1
    assert_contains "$(<"$PROXY_LOG")" /sa-east-1/s3/aws4_request
    # The region is learned once.
    start_proxy region:eu-north-1
    S3_ENDPOINT=$PROXY export_rules_of_s3 -j 1
    assert_rules "repo: rules"
    assert_equal "$(proxy_requests)" 3
    # A missing bucket is not searched in other regions.
    sql "DELETE FROM graveler_repositories WHERE id = 'none'"
    start_proxy region:eu-north-1 region:eu-west-1
    check_fails 5 --s3-endpoint="$PROXY" --s3-region=us-west-2
    assert_contains "$stderr" PermanentRedirect '"bucket"' 'region "eu-west-1"' --s3-region
}

# Credentials ---------------------------------------------------------------------------------------------------------

@test "credentials come from the environment or a profile's file, with and without a session token" {
    add_repository repo s3://bucket/repo
    s3_user SESSION
    export_rules_of_s3
    assert_rules "repo: rules"
    no_s3_user
    mkdir "$HOME/.aws"
    printf '[other]\naws_access_key_id = wrong\naws_secret_access_key = wrong\n\n[default]\naws_access_key_id=%s\naws_secret_access_key = %s\n' \
        "$S3_USER_KEY" "$S3_USER_SECRET" >"$HOME/.aws/credentials"
    unset -v AWS_SHARED_CREDENTIALS_FILE
    export_rules_of_s3
    printf '[default]\n# none here\n[my profile]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n' \
        "$S3_SESSION_KEY" "$S3_SESSION_SECRET" "$S3_SESSION_TOKEN" >"$HOME/file"
    AWS_SHARED_CREDENTIALS_FILE=$HOME/file AWS_PROFILE="my profile" export_rules_of_s3
    assert_rules "repo: rules"
    # The environment takes precedence over a profile.
    printf '[default]\naws_access_key_id = wrong\naws_secret_access_key = wrong\n' >"$HOME/.aws/credentials"
    s3_user USER
    export_rules_of_s3
}

@test "a profile's role is assumed with the credentials of another profile" {
    add_repository repo s3://bucket/repo
    no_s3_user
    export AWS_ENDPOINT_URL_STS=$S3_ENDPOINT AWS_SHARED_CREDENTIALS_FILE=$HOME/credentials AWS_CONFIG_FILE=$HOME/config
    printf '[user]\naws_access_key_id=%s\naws_secret_access_key=%s\n' "$S3_USER_KEY" "$S3_USER_SECRET" >"$HOME/credentials"
    printf '[default]\nregion=us-east-1\nrole_arn=%s\nsource_profile=user\n' "$S3_ROLE_ARN" >"$HOME/config"
    export_rules_of_s3
    assert_rules "repo: rules"
    # A wrong secret: STS checks the signature.
    sed -i "s/^aws_secret.*/aws_secret_access_key=wrong/" "$HOME/credentials"
    check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" "$S3_ROLE_ARN" "HTTP status 403"
}

@test "wrong, missing and insufficient credentials give different errors" {
    add_repository repo s3://bucket/repo
    AWS_SECRET_ACCESS_KEY=wrong check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" SignatureDoesNotMatch "secret access key" '"bucket"' '"repo/_lakefs/settings/protected_branches.json"' \
        "status 403"
    AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" InvalidAccessKeyId "does not exist in our records" "from the environment"
    s3_user SESSION
    AWS_SESSION_TOKEN=wrong check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" InvalidToken AWS_SESSION_TOKEN
    s3_user NOBODY
    check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" AccessDenied "Access Denied" s3:GetObject '"bucket"' "status 403"
    no_s3_user
    check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" "no credentials were found" AWS_ACCESS_KEY_ID
    AWS_ACCESS_KEY_ID=half check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" "AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY"
    AWS_PROFILE=nobody check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" 'there is no profile "nobody"'
    printf '[profile single]\nsso_session = x\n' >"$HOME/config"
    AWS_CONFIG_FILE=$HOME/config AWS_PROFILE=single check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" sso_session "export-credentials --profile single"
    AWS_SHARED_CREDENTIALS_FILE=$HOME/nothing check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" "$HOME/nothing"
}

@test "no credential is in a command line, a file or a message, at any log level" {
    local level way
    add_repository repo s3://bucket/repo
    s3_user SESSION
    mkdir "$BATS_TEST_TMPDIR/written"
    watch_session
    for level in --quiet --verbose --log-format=json; do
        start_proxy busy pass
        kv-export -d "$DSN" $level --s3-endpoint="$PROXY" -f "$BATS_TEST_TMPDIR/written/dump" --force \
            >"$BATS_TEST_TMPDIR/written/out$level" 2>&1
        zstd -dcq "$BATS_TEST_TMPDIR/written/dump" >"$BATS_TEST_TMPDIR/written/stream"
        for way in echo code:403:SignatureDoesNotMatch; do
            start_proxy "$way"
            run -5 kv-export -d "$DSN" $level --s3-endpoint="$PROXY" -f "$BATS_TEST_TMPDIR/written/none"
            printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/written/$way$level"
            assert_contains "$output" "status 403"
            refute_credentials "$output"
            refute_contains "$output" "$S3_SESSION_KEY"
        done
    done
    watch_stop
    grep -x "saw kv-export" "$BATS_TEST_TMPDIR/watch"
    assert_equal "$(grep -E '^(arguments|file)' "$BATS_TEST_TMPDIR/watch")" ""
    # They were used, and signed with.
    assert_contains "$(<"$PROXY_LOG")" "$S3_SESSION_TOKEN" ";x-amz-security-token,"
}

# What fails ----------------------------------------------------------------------------------------------------------

@test "a missing bucket is refused: it is not a repository without rules" {
    add_repository fine s3://bucket/fine
    add_repository repo s3://nowhere/repo
    check_fails 5 --s3-endpoint="$S3_ENDPOINT"
    assert_contains "$stderr" NoSuchBucket '"nowhere"' s3://nowhere/repo --s3-endpoint
}

@test "a namespace without a bucket, or an invalid one, is refused" {
    local namespace
    for namespace in s3:// s3:///repo s3://bucket/100% s3://bucket/%zz s3://bucket/%00 's3://buck et/repo' s3://%62ucket/repo \
        s3://bucket:x/repo 's3://bucket#/repo' s3://bucket/.. s3://other/../bucket/repo s3://x/a/%2e./%2E%2e/bucket/repo \
        s3://../bucket/repo s3://./bucket/repo; do
        sql "DELETE FROM graveler_repositories"
        add_repository repo "$namespace"
        check_fails 5 --s3-endpoint="$S3_ENDPOINT"
        assert_contains "$stderr" "\"$namespace\""
    done
}

@test "an unreachable endpoint ends with 2" {
    add_repository repo s3://bucket/repo
    check_fails 2 --s3-endpoint=http://127.0.0.1:1
    assert_contains "$stderr" http://127.0.0.1:1/bucket/repo "connect" --s3-endpoint
    check_fails 2 --s3-endpoint=http://nowhere.invalid
    assert_contains "$stderr" "resolve host: bucket.nowhere.invalid" "Check --s3-endpoint"
}

@test "an invalid endpoint or region is wrong usage" {
    local endpoint
    add_repository repo s3://bucket/repo
    for endpoint in ftp://host http:// 'http://user:secret@host' 'http://host/?query' 'http://ho st' "" \
        host host:9000 //host "${S3_ENDPOINT#http://}" "${S3_ENDPOINT#http:}"; do
        fails 1 kv-export -d "$DSN" -f "$DUMP" --s3-endpoint="$endpoint"
        assert_contains "$stderr" URL
        assert_contains "$stderr" "hint: --s3-endpoint"
        refute_contains "$stderr" secret
    done
    AWS_ENDPOINT_URL_S3=${S3_ENDPOINT#http://} fails 1 kv-export -d "$DSN" -f "$DUMP"
    assert_contains "$stderr" "${S3_ENDPOINT#http://}" AWS_ENDPOINT_URL_S3
    fails 1 kv-export -d "$DSN" -f "$DUMP" --s3-region="eu.evil.example/"
    assert_contains "$stderr" --s3-region
    assert_missing "$DUMP"
}

@test "transient errors are retried, with the delay that the server requests" {
    local behaviour
    add_repository repo s3://bucket/large
    for behaviour in status:500 status:502 status:503 status:504 status:429 busy drop cut; do
        echo "== $behaviour"
        start_proxy "$behaviour" "$behaviour" pass
        S3_ENDPOINT=$PROXY export_rules_of_s3
        assert_equal "$(grep -c . <(grep -o L "$BATS_TEST_TMPDIR/entries"))" 300000
        assert_equal "$(proxy_requests)" 3
    done
}

@test "permanent server errors end with 2, after a limited number of attempts" {
    local behaviour
    add_repository repo s3://bucket/large
    for behaviour in status:500 code:503:SlowDown drop cut; do
        echo "== $behaviour"
        start_proxy "$behaviour"
        check_fails 2 --s3-endpoint="$PROXY"
        assert_equal "$(proxy_requests)" 6
    done
    start_proxy code:503:SlowDown
    check_fails 2 --s3-endpoint="$PROXY"
    assert_contains "$stderr" SlowDown "The words of the server." "status 503"
}

@test "other errors are not retried" {
    local behaviour
    add_repository repo s3://bucket/repo
    for behaviour in status:404 code:404:NoSuchBucket code:403:AccessDenied code:400:ExpiredToken status:200 page unsized \
        elsewhere status:501 code:403:RequestTimeTooSkewed; do
        echo "== $behaviour"
        start_proxy "$behaviour"
        check_fails 5 --s3-endpoint="$PROXY"
        assert_equal "$(proxy_requests)" 1
    done
    # Only S3 itself can say that an object does not exist.
    start_proxy code:404:NoSuchKey
    S3_ENDPOINT=$PROXY export_rules_of_s3
    assert_rules
}

# refuses_with STATUS BODY PART...: the server responds with this status and body; the message has the parts.
refuses_with() {
    local response=$1
    printf %s "$2" >"$BATS_TEST_TMPDIR/body"
    shift 2
    start_proxy "file:$response:$BATS_TEST_TMPDIR/body"
    check_fails 5 --s3-endpoint="$PROXY"
    assert_contains "$stderr" "HTTP status $response" "detail: " "$@"
}

@test "the server's own words on a refusal are passed on, escaped and bounded" {
    local denied="User: arn:aws:sts::123456789012:assumed-role/lakefs/i-0 is not authorized to perform: kms:Decrypt on the resource \
associated with this ciphertext because no identity-based policy allows the kms:Decrypt action" xml="<?xml version='1.0' encoding='UTF-8'?>"
    add_repository repo s3://bucket/repo
    refuses_with 403 "$xml<Error><Code>AccessDenied</Code><Message>$denied</Message></Error>" "AccessDenied" "$denied" "hint: " "(kms:Decrypt)"
    refuses_with 403 "$xml<Error><Code>InvalidObjectState</Code><Message>Not valid for the object's storage class</Message></Error>" \
        "InvalidObjectState" "Not valid for the object's storage class" "s3:RestoreObject"
    refuses_with 403 "$xml<Error><Code>RequestTimeTooSkewed</Code><Message>Time is too large.</Message></Error>" "Time is too large." "clock"
    # What would move the cursor, or look like another message.
    refuses_with 403 "$xml<Error><Code>Odd</Code><Message>a&#10;kv-export: error: b&#155;31m&#x202e;</Message></Error>" \
        "a kv-export: error: b\\u009b31m\\u202e"
    assert_equal "$(grep -c 'error: ' <<<"$stderr")" 2
    # A long one is cut, and so is the page of a proxy.
    refuses_with 403 "$xml<Error><Code>Long</Code><Message>$(printf 'word%.0s' {1..600})</Message></Error>" "... The region is"
    refuses_with 407 $'<html>\n  <p>The proxy wants'" a password.$(printf 'x%.0s' {1..600})" "<html> <p>The proxy wants a password.xxx" "xxx... The region is"
}

@test "an endless body is cut off, and refused" {
    local behaviour
    add_repository repo s3://bucket/repo
    for behaviour in endless huge; do
        start_proxy "$behaviour"
        check_fails 5 --s3-endpoint="$PROXY"
        assert_contains "$stderr" larger
        assert_equal "$(proxy_requests)" 1
    done
}

@test "an unresponsive server does not prevent stopping the export" {
    local signal=0
    add_repository repo s3://bucket/repo
    add_repository second s3://bucket/second
    start_proxy silent
    for signal in 2 15; do
        : >"$PROXY_LOG"
        background env --default-signal=INT kv-export -d "$DSN" -f "$DUMP" --s3-endpoint="$PROXY" -j 2
        eventually grep -q repo "$PROXY_LOG"
        kill -"$signal" "$BACKGROUND"
        background_ends $((128 + signal))
        assert_missing "$DUMP" "$DUMP.partial"
    done
    # Nor does the wait before a retry.
    start_proxy busy
    background kv-export -d "$DSN" -f "$DUMP" --s3-endpoint="$PROXY"
    eventually grep -q repo "$PROXY_LOG"
    kill -TERM "$BACKGROUND"
    background_ends 143
    eventually nobody_else
}

@test "a failure also ends the fetches of other repositories" {
    add_repository a s3://bucket/silent
    add_repository repo s3://nowhere/b
    # The first request is kept waiting; the other one is refused, which ends the export.
    start_proxy silent code:403:AccessDenied
    run --separate-stderr -5 timeout 30 kv-export -d "$DSN" -f "$DUMP" --s3-endpoint="$PROXY" -j 2
    assert_contains "$stderr" AccessDenied
}

@test "an https server must be trusted" {
    local key=$BATS_TEST_TMPDIR/key.pem certificate=$BATS_TEST_TMPDIR/certificate.pem
    add_repository repo s3://bucket/repo
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$key" -out "$certificate" -days 2 \
        -subj /CN=test -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    start_proxy --tls "$certificate" "$key" pass
    check_fails 5 --s3-endpoint="$PROXY"
    assert_contains "$stderr" certificate
    assert_equal "$(proxy_requests)" 0
    AWS_CA_BUNDLE=$certificate S3_ENDPOINT=$PROXY export_rules_of_s3
    assert_rules "repo: rules"
    assert_equal "$(proxy_requests)" 1
}

# bats test_tags=sample
@test "S3 requests are clean for valgrind, with and without a response" {
    local reports=$BATS_TEST_TMPDIR/reports
    add_repository repo s3://bucket/repo
    add_repository none s3://bucket/none
    mkdir "$reports"
    start_proxy status:500 cut region:eu-west-3
    set -- valgrind --quiet --leak-check=full --error-exitcode=99 --suppressions="$TESTS_DIR/valgrind.supp" \
        --log-file="$reports/%p" "$KV_BIN/kv-export" -d "$DSN" -j 2 -f "$DUMP"
    s3_user SESSION
    run -0 "$@" --s3-endpoint="$PROXY"
    kv-import --check "$DUMP"
    run -0 "$@" --s3-endpoint="$PROXY" --force --s3-region=us-east-2 --block-storage-prefix=a//b%
    start_proxy huge
    run -5 "$@" --s3-endpoint="$PROXY" --force
    run -2 "$@" --s3-endpoint=http://127.0.0.1:1 --force
    run -0 "$@" --force --settings-command 'echo {}'
    run -5 "$@" --force --settings-command 'echo {} >&2; exit 3'
    # Including children that have not executed their program yet.
    assert_equal "$(cat "$reports"/*)" ""
}

# kv-migrate ----------------------------------------------------------------------------------------------------------

@test "a migration that cannot read the rules stamps nothing and touches no table" {
    add_repository repo s3://bucket/repo
    s3_user NOBODY
    run --separate-stderr -5 kv-migrate up --kv-enabled -d "$DSN" --s3-endpoint "$S3_ENDPOINT"
    assert_contains "$stderr" AccessDenied "Nothing was stamped"
    assert_stamp 38 -
    assert_equal "$(legacy_tables | wc -l)" "$LEGACY_TABLE_COUNT"
}

# migrates_with_rules OPTION...: kv-migrate succeeds, and the rules are in the database, which is then reset.
migrates_with_rules() {
    succeeds kv-migrate up --kv-enabled --keep-tables -d "$DSN" "$@"
    refute_credentials "$stderr"
    assert_sql rules "SELECT encode(value, 'escape') FROM kv WHERE key = 'settings/protected_branches'"
    sql "SET client_min_messages = warning" "DROP TABLE kv CASCADE" "UPDATE schema_migrations SET version = 38"
}

@test "kv-migrate passes its options on" {
    add_repository repo s3://bucket/repo
    start_proxy pass
    migrates_with_rules --s3-endpoint="http://localhost:${PROXY##*:}" --s3-region eu-west-3 --s3-force-path-style
    assert_contains "$(<"$PROXY_LOG")" '"/bucket/repo/' /eu-west-3/s3/
    migrates_with_rules --dump "$DUMP" --settings-command "printf %s rules # {}" --s3-endpoint=http://127.0.0.1:1
}

@test "lakeFS's configuration provides the S3 endpoint and credentials" {
    local config=$BATS_TEST_TMPDIR/lakefs.yaml
    add_repository repo s3://bucket/repo
    start_proxy pass
    # AWS's variables are ignored: lakeFS would not use them.
    export AWS_ACCESS_KEY_ID=wrong AWS_SECRET_ACCESS_KEY=wrong AWS_SESSION_TOKEN=wrong
    cat >"$config" <<YAML
blockstore:
  type: s3
  s3:
    endpoint: http://localhost:${PROXY##*:}
    region: eu-west-3
    force_path_style: true
    credentials:
      access_secret_key: older
      access_key_id: $S3_USER_KEY
      secret_access_key: $S3_USER_SECRET
YAML
    migrates_with_rules --config "$config"
    assert_contains "$(<"$PROXY_LOG")" '"/bucket/repo/' /eu-west-3/s3/
    sed -i '/ secret_access_key/d; s|older|'"$S3_USER_SECRET|" "$config"
    migrates_with_rules --config "$config" --dump "$DUMP"
    run -0 kv-migrate up --kv-enabled --dry-run -d "$DSN" --config "$config"
    assert_equal "$(proxy_requests)" 3
    # lakeFS's environment takes precedence.
    LAKEFS_BLOCKSTORE_S3_REGION=eu-south-1 LAKEFS_BLOCKSTORE_S3_CREDENTIALS_ACCESS_KEY_ID=$S3_SESSION_KEY \
        LAKEFS_BLOCKSTORE_S3_CREDENTIALS_SECRET_ACCESS_KEY=$S3_SESSION_SECRET \
        LAKEFS_BLOCKSTORE_S3_CREDENTIALS_SESSION_TOKEN=$S3_SESSION_TOKEN migrates_with_rules --config "$config"
    assert_contains "$(tail -n 1 "$PROXY_LOG")" /eu-south-1/s3/ "$S3_SESSION_TOKEN"
    LAKEFS_BLOCKSTORE_S3_ENDPOINT=$PROXY LAKEFS_BLOCKSTORE_S3_FORCE_PATH_STYLE=false \
        migrates_with_rules --config "$config" --s3-region=eu-east-1
    assert_contains "$(tail -n 1 "$PROXY_LOG")" "\"${PROXY#http://}\"" /eu-east-1/s3/
    printf '[lakefs]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$S3_USER_KEY" "$S3_USER_SECRET" >"$HOME/keys"
    printf 'blockstore: {s3: {endpoint: "%s", profile: lakefs, credentials_file: "%s"}}\n' "$S3_ENDPOINT" "$HOME/keys" >"$config"
    migrates_with_rules --config "$config"
    printf 'blockstore: {s3: {endpoint: "%s"}}\n' "$S3_ENDPOINT" >"$config"
    LAKEFS_BLOCKSTORE_S3_PROFILE=lakefs LAKEFS_BLOCKSTORE_S3_CREDENTIALS_FILE=$HOME/keys migrates_with_rules --config "$config"
    LAKEFS_BLOCKSTORE_S3_FORCE_PATH_STYLE=perhaps fails 1 kv-migrate up --config "$config"
    assert_contains "$stderr" LAKEFS_BLOCKSTORE_S3_FORCE_PATH_STYLE
}

@test "only kv-export gets lakeFS's credentials, and no command line has them" {
    local config=$BATS_TEST_TMPDIR/lakefs.yaml
    add_repository repo s3://bucket/repo
    no_s3_user
    start_proxy pass
    watch_session
    cat >"$config" <<YAML
blockstore: {s3: {endpoint: "$PROXY", credentials: {access_key_id: $S3_SESSION_KEY, secret_access_key: $S3_SESSION_SECRET}}}
YAML
    # With a password the program restarts, and must still have them.
    LAKEFS_BLOCKSTORE_S3_CREDENTIALS_SESSION_TOKEN=$S3_SESSION_TOKEN \
        succeeds env -u S3_SESSION_SECRET -u S3_SESSION_TOKEN \
        kv-migrate up --kv-enabled -v --config "$config" -d "$DSN password=unused"
    assert_equal "$(proxy_requests)" 1
    watch_stop
    refute_credentials "$stderr"
    grep -x "environment kv-export" "$BATS_TEST_TMPDIR/watch"
    grep -x "saw kv-import" "$BATS_TEST_TMPDIR/watch"
    run ! grep -x "environment kv-import" "$BATS_TEST_TMPDIR/watch"
    assert_equal "$(grep -E '^(arguments|file)' "$BATS_TEST_TMPDIR/watch")" ""
}
