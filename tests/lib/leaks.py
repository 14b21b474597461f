#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether texts of legacy tables occur in a redacted dump.

leaks.py texts < ROWS             the texts that must not occur, a line each in hexadecimal; ROWS are those of legacy_rows
                                  (lib/database.bash)
leaks.py find FILE... < TEXTS     prints the texts that occur in one of the files; exits with 1 if there are any

A text is a whole value, each text of a message in bytes, and each component of a path in one of these; texts shorter than
four characters are ignored, as they occur by chance.
"""
import json
import re
import sys

SHORTEST = 4

# What stays, according to FORMAT.md, "Redaction": hashes that lakeFS computes, times, numbers, and
# lakeFS's own words.
KEPT_COLUMNS = {
    "actions_runs": ("commit_id", "start_time", "end_time", "event_type"),
    "actions_run_hooks": ("hook_run_id", "start_time", "end_time"),
    "auth_users": ("created_at", "source"),
    "auth_groups": ("created_at",),
    "auth_policies": ("created_at",),
    "auth_credentials": ("issued_date",),
    "auth_expired_tokens": ("token_expires_at",),
    "gateway_multiparts": ("creation_date",),
    "graveler_repositories": ("creation_date",),
    "graveler_branches": ("commit_id",),
    "graveler_tags": ("commit_id",),
    "graveler_commits": ("id", "creation_date", "meta_range_id", "parents"),
}
KEPT_METADATA = ("setup_timestamp", "lakefs_version", "golang_version", "architecture", "os")
KEPT_TEXTS = re.compile(
    # Groups and policies of every lakeFS, metadata keys.
    r"Admins|SuperUsers|Developers|Viewers|FSFullAccess|FSReadWriteAll|FSReadAll|RepoManagementFullAccess"
    r"|RepoManagementReadAll|AuthFullAccess|AuthManageOwnCredentials|installation_id"
    # Words of policies, except names.
    r"|Effect|Action|Resource|allow|deny|(fs|auth|ci|retention|branches):[A-Za-z*]+|arn:lakefs:auth:::user/\$\{user\}"
    r"|arn:lakefs:auth:::user|arn:lakefs:fs:::repository|arn:lakefs:fs:::namespace|arn:lakefs:auth:::group|object|branch"
    r"|\$\{user\}"
    # lakeFS's folder of actions, URL schemes, media types, the hash that a ref may be.
    r"|_lakefs_actions|local:|https:|application/octet-stream|application|octet-stream|[0-9a-f]{64}"
    # Names in the fixture that are also words in the KV model's keys: "users/",
    # "installation_metadata/". And the name of a tag, which "pre-create-tag" contains with the byte
    # after it.
    r"|users|data|tag2")


def parts(text):
    yield text
    yield from text.split("/")
    # A staging token's repository and branch; its UUID stays.
    if re.fullmatch(r".*:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        yield text.rpartition(":")[0]


def texts_of_bytes(data):
    """The bytes as text, or the texts of the message that they are."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and text:
        yield from parts(text)
        return
    at = 0
    while at < len(data):
        kind = data[at] & 7
        at += 1
        if kind not in (0, 2):
            return
        number = shift = 0
        while at < len(data):
            number |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                break
        if kind == 2:
            yield from texts_of_bytes(data[at:at + number])
            at += number


def texts_of(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from parts(key)
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, str) and re.fullmatch(r"\\x([0-9a-f]{2})*", value):
        data = bytes.fromhex(value[2:])
        yield data
        yield from texts_of_bytes(data)
    elif isinstance(value, str):
        yield from parts(value)


def print_texts():
    found = set()
    for line in sys.stdin:
        content = json.loads(line)
        table, row = content["table"], content["row"]
        kept = KEPT_COLUMNS.get(table, ())
        if table == "auth_installation_metadata" and row["key_name"] in KEPT_METADATA:
            continue
        for column, value in row.items():
            if column not in kept:
                found.update(texts_of(value))
    for text in found:
        if isinstance(text, str) and KEPT_TEXTS.fullmatch(text):
            continue
        data = text if isinstance(text, bytes) else text.encode()
        if len(data) >= SHORTEST:
            print(data.hex())


def find(files):
    contents = [open(file, "rb").read() for file in files]
    texts = [bytes.fromhex(line) for line in sys.stdin]
    leaks = [text for text in texts if any(text in content for content in contents)]
    for text in leaks:
        print(text)
    # Having no texts to look for would look like having no leaks.
    return 1 if leaks or not texts else 0


if sys.argv[1] == "texts":
    print_texts()
else:
    sys.exit(find(sys.argv[2:]))
