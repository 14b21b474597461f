#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The entries of a store as a lakeFS of 2026 keeps them, read without the code that is tested.

today.py more                     entries of the kinds that fixtures/today/kv-today.jsonl has none of, in its form: JSON lines
                                  with partition, key and value in base64
today.py rows < ENTRIES           such entries as input of COPY kv FROM STDIN
today.py shuffle < ROWS           rows of COPY kv TO STDOUT, with the pairs of each map in the opposite order
today.py compare PRINTED < ENTRIES    whether kv-import --print has printed these entries, in any order
today.py names < ENTRIES          the texts in them that redaction must remove, a line each in hexadecimal (see leaks.py)

The numbers of fields are those of lakeFS's .proto files: pkg/auth/model, pkg/catalog, pkg/graveler, pkg/kv.
"""
import base64
import datetime
import json
import re
import sys

import decode
from decode import BYTES, FLAG, INTEGER, MAP, TEXT, TIME, repeated

ENUM, KEY = "enum", "key"


def map_of(kind):
    return ("map", kind)


def enum(*names):
    return (ENUM, names)


CONDITIONS = map_of({1: ("fields", map_of({1: ("values", repeated(TEXT))}))})
STATEMENT = {**decode.STATEMENT, 4: ("condition", CONDITIONS)}
ACL = {1: ("permission", TEXT), 2: ("all_repositories", FLAG), 3: ("repositories", repeated(TEXT))}
GROUP = {**decode.GROUP, 3: ("description", TEXT)}
POLICY = {**decode.POLICY, 3: ("statement", repeated(STATEMENT)), 4: ("acl", ACL)}
CREDENTIAL = {1: ("access_key_id", TEXT), 2: ("secret_access_key_encrypted_bytes", BYTES), 3: ("issued_date", TIME),
              4: ("user_id", KEY)}
INDEX = {1: ("primary_key", KEY)}
REPOSITORY = {**decode.REPOSITORY, 5: ("state", enum("ACTIVE", "IN_DELETION")), 7: ("read_only", FLAG), 8: ("storage_id", TEXT)}
BRANCH = {**decode.BRANCH, 5: ("hidden", FLAG)}
RULES = {1: ("branch_pattern_to_blocked_actions", map_of({1: ("value", repeated(enum("STAGING_WRITE", "COMMIT")))}))}
OBJECT = {1: ("address", TEXT), 2: ("last_modified", TIME), 3: ("size", INTEGER), 4: ("e_tag", TEXT), 5: ("metadata", MAP),
          6: ("address_type", enum("BY_PREFIX", "RELATIVE", "FULL")), 7: ("content_type", TEXT)}
STAGED = {1: ("key", KEY), 2: ("identity", BYTES), 3: ("data", OBJECT)}
REPO_METADATA = {1: ("metadata", MAP)}
IMPORT = {1: ("id", TEXT), 2: ("completed", FLAG), 3: ("updated_at", TIME), 4: ("progress", INTEGER),
          5: ("metarange_id", TEXT), 6: ("commit", decode.COMMIT), 7: ("error", TEXT)}
TASK = {1: ("id", TEXT), 2: ("done", FLAG), 3: ("updated_at", TIME), 4: ("progress", INTEGER), 5: ("error_msg", TEXT),
        6: ("status_code", INTEGER), 7: ("operation", TEXT), 8: ("owner_instance_id", TEXT)}
PULL = {1: ("id", TEXT), 2: ("status", enum("OPEN", "CLOSED", "MERGED")), 3: ("created_at", TIME), 4: ("title", TEXT),
        5: ("author", TEXT), 6: ("description", TEXT), 7: ("source_branch", TEXT), 8: ("destination_branch", TEXT),
        9: ("commit_id", TEXT), 10: ("closed_at", TIME)}
OWNER = {1: ("owner", TEXT), 2: ("expires", TIME), 3: ("comment", TEXT)}


def status(info=None):
    return {1: ("task", TASK)} if info is None else {1: ("task", TASK), 2: ("info", info)}


AUTH = ((b"users/", "UserData", decode.USER), (b"groups/", "GroupData", GROUP), (b"policies/", "PolicyData", POLICY),
        (b"gUsers/", "SecondaryIndex", INDEX), (b"uPolicies/", "SecondaryIndex", INDEX),
        (b"gPolicies/", "SecondaryIndex", INDEX), (b"uCredentials/", "CredentialData", CREDENTIAL),
        (b"expiredTokens/", "TokenData", decode.TOKEN), (b"installation_", "text", None))
OF_REPOSITORY = (
    (b"commits/", "CommitData", decode.COMMIT), (b"branches/", "BranchData", BRANCH), (b"tags/", "TagData", decode.TAG),
    (b"settings/protected_branches", "BranchProtectionRules", RULES), (b"repo-metadata", "RepoMetadata", REPO_METADATA),
    (b"pulls/", "PullRequestData", PULL), (b"imports/", "ImportStatusData", IMPORT),
    (b"link-addresses/", "LinkAddressData", {1: ("address", TEXT)}),
    (b"tasks/DR", "RepositoryDumpStatus", status({1: ("commits_metarange_id", TEXT), 2: ("tags_metarange_id", TEXT),
                                                  3: ("branches_metarange_id", TEXT)})),
    (b"tasks/RR", "RepositoryRestoreStatus", status()),
    (b"tasks/GCPC", "GarbageCollectionPrepareStatus", status({1: ("run_id", TEXT), 2: ("gc_commits_location", TEXT),
                                                             3: ("gc_addresses_location", TEXT)})),
    (b"tasks/CA", "CommitAsyncStatus", status(decode.COMMIT)),
    (b"tasks/MA", "MergeAsyncStatus", status({1: ("reference", TEXT)})))
PARTITIONS = {
    b"auth": AUTH, b"basicAuth": AUTH, b"aclauth": AUTH,
    b"actions": ((rb"repos/.*/runs/[0-9a-v]{20}$", "RunResultData", decode.RUN),
                 (rb"repos/.*/tasks/[0-9a-v]{20}/", "TaskResultData", decode.TASK), (b"repos/", "SecondaryIndex", INDEX)),
    b"multiparts": ((b"", "MultipartUploadData", decode.MULTIPART),),
    b"graveler": ((b"repos/", "RepositoryData", REPOSITORY),),
    b"pulls": ((b"repos/", "SecondaryIndex", INDEX),),
    b"cleanup-tokens": ((b"", "text", None),), b"usage": ((b"usage/", "text", None),),
    b"mc-ownership": ((b"run-refs/", "BranchOwnershipData", OWNER),),
    b"catalog": ((b"instances/", "InstanceData", {1: ("updated_at", TIME)}),)}


def type_of(partition, key):
    kinds = PARTITIONS.get(partition)
    if kinds is None:
        kinds = OF_REPOSITORY if re.search(rb"-[0-9a-v]{20}$", partition) else ((b"", "StagedEntryData", STAGED),)
    return next((name, schema) for pattern, name, schema in kinds if re.match(pattern, key, re.S))


def plain(data):
    """Text, or bytes in base64."""
    try:
        text = data.decode()
        if not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
            return text
    except UnicodeDecodeError:
        pass
    return {"base64": base64.b64encode(data).decode()}


def text(data):
    """Text, whatever characters it has."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return plain(data)


def escaped(data):
    """What encode(data, 'escape') is for all but UTF-8."""
    out, at = "", 0
    while at < len(data):
        for size in (4, 3, 2, 1):
            try:
                character = data[at:at + size].decode()
            except UnicodeDecodeError:
                continue
            if len(character) == 1 and not re.match("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", character):
                out += "\\\\" if character == "\\" else character
                break
        else:
            size = 1
            out += "\\%03o" % data[at]
        at += size
    return out


def time_text(data):
    numbers = dict(decode.fields_of(data))
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=numbers.get(1, 0))
    text, nanos = moment.strftime("%Y-%m-%dT%H:%M:%S"), "%09d" % numbers.get(2, 0)
    while nanos.endswith("000"):
        nanos = nanos[:-3]
    return text + ("." + nanos if nanos else "") + "Z"


def numbers_of(value):
    if not isinstance(value, bytes):
        return [value]
    at, found = 0, []
    while at < len(value):
        number, at = decode.varint(value, at)
        found.append(number)
    return found


def shown(kind, value):
    if kind == TEXT:
        return text(value)
    if kind == BYTES:
        return plain(value)
    if kind == KEY:
        return escaped(value)
    if kind == FLAG:
        return bool(value)
    if kind == TIME:
        return time_text(value)
    if isinstance(kind, dict):
        return message(value, kind)
    if isinstance(kind, tuple) and kind[0] == ENUM:
        return kind[1][value]
    return value


def message(data, schema):
    out = {}
    for number, value in decode.fields_of(data):
        name, kind = schema[number]
        if kind == MAP or isinstance(kind, tuple) and kind[0] == "map":
            pair = dict(decode.fields_of(value))
            out.setdefault(name, {})[text(pair.get(1, b""))] = shown(TEXT if kind == MAP else kind[1], pair.get(2, b""))
        elif isinstance(kind, tuple) and kind[0] == "repeated":
            packed = isinstance(kind[1], tuple)
            out.setdefault(name, []).extend(shown(kind[1], one) for one in (numbers_of(value) if packed else [value]))
        else:
            out[name] = shown(kind, value)
    return out


def entries(lines):
    for line in lines:
        fields = json.loads(line)
        yield tuple(base64.b64decode(fields[name]) for name in ("partition", "key", "value"))


def expected(partition, key, value):
    name, schema = type_of(partition, key)
    return {"partition": escaped(partition), "key": escaped(key), "type": name,
            "value": (text if name == "text" else plain)(value) if schema is None else message(value, schema)}


def is_map(kind):
    return kind == MAP or isinstance(kind, tuple) and kind[0] == "map"


def shuffled_value(kind, value):
    if kind != MAP and is_map(kind):
        pair = dict(decode.fields_of(value))
        return field(1, pair.get(1, b"")) + field(2, shuffled(pair.get(2, b""), kind[1]))
    if isinstance(kind, tuple):
        kind = kind[1]
    return shuffled(value, kind) if isinstance(kind, dict) else value


def shuffled(data, schema):
    """The message with the pairs of each map in the opposite order."""
    found = [(number, shuffled_value(schema[number][1], value)) for number, value in decode.fields_of(data)]
    turned = {number: [value for other, value in found if other == number] for number, _ in found}
    return b"".join(field(number, turned[number].pop() if is_map(schema[number][1]) else value) for number, value in found)


def shuffle():
    for line in sys.stdin:
        partition, key, value = (bytes.fromhex(part[3:]) for part in line.rstrip("\n").split("\t"))
        if partition != b"kv-internal-metadata" and type_of(partition, key)[1] is not None:
            value = shuffled(value, type_of(partition, key)[1])
        print("\t".join("\\\\x" + part.hex() for part in (partition, key, value)))


def compare(path):
    want = {(line["partition"], line["key"]): line for line in (expected(*entry) for entry in entries(sys.stdin))}
    with open(path, encoding="utf-8") as file:
        for line in map(json.loads, file):
            package = line.pop("package")
            if package not in ("actions", "auth", "graveler", "multiparts", "other"):
                sys.exit(f"package {package}")
            found = want.pop((line["partition"], line["key"]), None)
            if found != line:
                sys.exit(f"printed:  {line}\nexpected: {found}")
    if want:
        sys.exit(f"not printed: {list(want)[:3]}, {len(want)} in all")


# Encoding, for the kinds that the fixture has none of.

def varint(number):
    number &= (1 << 64) - 1
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value)) if value else b""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(**values):
    return b"".join(field(int(name[1:]), one) for name, value in values.items()
                    for one in (value if isinstance(value, list) else [value]))


def pairs(values):
    return [field(1, key) + field(2, value) for key, value in values.items()]


REPO, TOKEN, HASH = "umbrella-dc5egrvarr40nbascj20", "umbrella-quarterly:0b2c7d1e-1111-4222-8333-444455556666", "ab" * 32
XID, PULL_ID, INSTANCE = "dc5eh0rdo882s8ib7j9g", "4okqs21ksdudqur687m0", "dc5ej4r8di1durpm3plg"
INSTALLATION = "b9d7c2d9-231a-4083-b323-dd285ebdd701"


def more():
    moment = fields(_1=1669000000, _2=123456000)
    commit = fields(_1=HASH, _2="wilhelmina", _3="Close the ledger", _4=moment, _5="cd" * 32,
                    _6=pairs({"auditor": "uersel", "ticket": "LEDGER-4711"}), _7=["ef" * 32], _8=1, _9=7)
    addresses = pairs({"SourceIp": field(1, "203.0.113.7/32") + field(1, "2001:db8:4711::/48"), "LedgerTag": field(1, "q2")})
    condition = pairs({"IpAddress": b"".join(field(1, pair) for pair in addresses), "NotUmbrella": b""})
    statement = fields(_1="allow", _2=["fs:ReadObject", "pr:*"], _3="arn:lakefs:catalog:::table/umbrella/ledger", _4=condition)
    acl = fields(_1="Write", _2=True, _3=["umbrella", "raccoon"])

    def task(kind, **info):
        return fields(_1=fields(_1=kind + XID, _2=True, _3=moment, _4=42, _5="disk of uersel is full", _6=500,
                                _7="dump_refs", _8=INSTANCE), **info)

    data = fields(_1="s3://umbrella-lake/q2.parquet", _2=moment, _3=4711, _4="0123456789abcdef0123456789abcdef",
                  _5=pairs({"owner": "wilhelmina", "x-amz-meta-site": "raccoon city"}), _6=2, _7="application/vnd.umbrella")
    return [
        ("auth", "groups/ledger-keepers", fields(_1=moment, _2="ledger-keepers", _3="Keeps the ledger")),
        ("auth", "policies/ACL(_-_)ledger-keepers", fields(_1=moment, _2="ACL(_-_)ledger-keepers", _3=[statement], _4=acl)),
        ("auth", "installation_metadata/setup_auth_none", "true"),
        ("auth", "installation_metadata/comm_prefs_set", "true"),
        ("auth", "installation_metadata/encoded_user_email", base64.b64encode(b"wilhelmina@umbrella.example")),
        ("auth", "installation_metadata/encoded_user_company_name", base64.b64encode(b"Umbrella")),
        ("aclauth", "installation_metadata/setup_timestamp", "2026-11-28T14:42:53Z"),
        ("graveler", "repos/umbrella", fields(_1="umbrella", _2="s3://umbrella-lake/x", _3="quarterly", _4=moment, _5=1,
                                              _6=REPO[-20:], _7=True, _8="storage-of-umbrella")),
        (REPO, "branches/quarterly", fields(_1="quarterly", _2=HASH, _3=TOKEN, _4=[TOKEN.replace("0b2c", "1b2c")], _5=True)),
        (REPO, "commits/" + HASH, commit),
        (REPO, "repo-metadata", fields(_1=pairs({"cost-center": "Umbrella 4711", "": "nameless", "b\\s": "back\\slash"}))),
        (REPO, "settings/protected_branches", fields(_1=pairs({"quarterly-*": field(1, b"\x00\x01"), "prod": field(1, b"\x01")}))),
        (REPO, "pulls/" + PULL_ID, fields(_1=PULL_ID, _2=2, _3=moment, _4="Close Q2", _5="wilhelmina",
                                          _6="The ledger of Q2\nas uersel wants it", _7="ledger-draft", _8="quarterly", _9=HASH,
                                          _10=moment)),
        ("pulls", f"repos/{REPO}/ledger-draft/quarterly", fields(_1=PULL_ID)),
        (REPO, "imports/" + XID, fields(_1=XID, _2=True, _3=moment, _4=-3, _5="cd" * 32, _6=commit, _7="no such bucket: umbrella-lake")),
        (REPO, "tasks/DR" + XID, task("DR", _2=fields(_1="aa" * 32, _2="bb" * 32, _3="cc" * 32))),
        (REPO, "tasks/RR" + XID, task("RR")),
        (REPO, "tasks/GCPC" + XID, task("GCPC", _2=fields(_1="run-of-uersel", _2="s3://umbrella-lake/gc/c", _3="s3://umbrella-lake/gc/a"))),
        (REPO, "tasks/CA" + XID, task("CA", _2=commit)),
        (REPO, "tasks/MA" + XID, task("MA", _2=fields(_1="quarterly"))),
        (REPO, "link-addresses/data/umbrella/1", fields(_1="data/umbrella/1")),
        (TOKEN, "books/q2.parquet", fields(_1="books/q2.parquet", _2=bytes(range(32)), _3=data)),
        (TOKEN, b"books/\xff\x00\\q\xc3\xbc", fields(_1=b"books/\xff\x00\\q\xc3\xbc")),
        ("cleanup-tokens", TOKEN, "stub-value"),
        ("mc-ownership", "run-refs/approximate-branch-owner/8:umbrella/quarterly",
         fields(_1="uersels-machine", _2=moment, _3="merge of wilhelmina")),
        ("catalog", "instances/" + INSTANCE, fields(_1=moment)),
        ("auth", "installation_metadata/usage_of_ledger", "1"),
        ("usage", f"usage/monthly/{INSTALLATION}/202611", "4711"),
    ]


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def names(all_entries):
    """Texts of at least four characters in fields that hold names; those of `more` are made to be found."""
    words = ("umbrella|wilhelmina|uersel|ledger|LEDGER|raccoon|quarterly|Close|books|q2.parquet|cost-center|Umbrella|storage-of"
             "|203.0.113|2001:db8|no such bucket|auditor|ticket|disk of|run-of").split("|")
    found = {word.encode() for word in words} | {INSTALLATION.encode()}
    for partition, key, value in all_entries:
        kind, schema = type_of(partition, key)
        if schema is None:
            continue
        shown_value = message(value, schema)
        for name in ("username", "committer", "message", "title", "author", "description", "source_branch", "hook_id",
                     "action_name", "friendly_name", "access_key_id", "upload_id", "path", "physical_address", "id"):
            text = shown_value.get(name)
            if isinstance(text, str) and len(text) >= 6 and not re.fullmatch("[0-9a-f]{64}|[0-9a-v]{20}", text):
                found.add(text.encode())
        if kind == "StagedEntryData" and len(key) >= 4:
            found.update(part for part in key.split(b"/") if len(part) >= 6 and part != b"_lakefs_actions")
            data = shown_value.get("data", {})
            found.update(text.encode() for text in (data.get("address", ""), data.get("e_tag", "")) if len(text) >= 6)
    return sorted(found)


def main():
    command = sys.argv[1]
    if command == "more":
        for entry in more():
            print(json.dumps({name: base64.b64encode(as_bytes(part)).decode()
                              for name, part in zip(("partition", "key", "value"), entry)}))
    elif command == "rows":
        for entry in entries(sys.stdin):
            print("\t".join("\\\\x" + part.hex() for part in entry))
    elif command == "shuffle":
        shuffle()
    elif command == "compare":
        compare(sys.argv[2])
    elif command == "names":
        for name in names(entries(sys.stdin)):
            print(name.hex())
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
