#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What belongs to one repository, read without the code that is tested.

Input is the contents of a KV store as hexadecimal: lines of partition key, key and value, separated by tabs.

repository.py entries ID      the lines that a dump of the repository has: its own but for work in progress
repository.py others ID       the lines that are not the repository's, work in progress included
repository.py alike ID        what entries of a copy have in common with those of the original: the repository's name, instance
                              and storage namespace and its staging tokens are replaced by words, in every place
repository.py make            lines of a store with repositories whose names begin alike, of which one has entries of every kind
repository.py sound           whether the repositories of the store get on: partitions of one kind and of one owner,
                              storage namespaces of one owner, indexes that lead somewhere

Source: common/kv/KV-MODEL.md, "One repository".
"""
import re
import sys

RECORD_ID, RECORD_NAMESPACE, RECORD_INSTANCE = 1, 2, 6
BRANCH_TOKEN, BRANCH_SEALED = 3, 4
TRANSIENT = (b"tasks/", b"imports/", b"link-addresses/")
SHARED = {b"auth", b"basicAuth", b"aclauth", b"actions", b"multiparts", b"graveler", b"pulls", b"cleanup-tokens",
          b"mc-ownership", b"catalog", b"usage", b"kv-internal-metadata"}


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def fields(message):
    """The fields of a message: number, type, value."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(message, at)
        elif kind == 2:
            size, at = varint(message, at)
            value = message[at:at + size]
            assert len(value) == size
            at += size
        else:
            size = {1: 8, 5: 4}[kind]
            value = message[at:at + size]
            at += size
        yield tag >> 3, kind, value


def field(message, number, default=b""):
    found = default
    for n, _, value in fields(message):
        if n == number:
            found = value
    return found


def read(lines):
    for line in lines:
        yield tuple(bytes.fromhex(part) for part in line.rstrip("\n").split("\t"))


def write(entry):
    print("\t".join(part.hex() for part in entry))


# Making a store -------------------------------------------------------------------------------------------------------


def number(value):
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes(encoded) + bytes([value])


def message(*parts):
    """A message of pairs: field number and value, an integer or bytes."""
    encoded = b""
    for n, value in parts:
        if isinstance(value, int):
            encoded += number(n << 3) + number(value)
        else:
            value = value if isinstance(value, bytes) else value.encode()
            encoded += number(n << 3 | 2) + number(len(value)) + value
    return encoded


def record(name, instance, *more):
    return message((1, name), (2, "s3://bucket/" + name), (3, "main"), (4, message((1, 1600000000))), (6, instance), *more)


def staged(key, address, address_type):
    data = message((1, address), (3, 5), (6, address_type)) if address_type else message((1, address), (3, 5))
    return message((1, key), (2, b"identity"), (3, data))


def policy(name, *resources):
    return message((2, name), *[(3, message((1, "allow"), (2, "fs:*"), (3, resource))) for resource in resources])


ODD_BRANCH = "feature/\u00fc '\"$x\\"
RICH, RICH_INSTANCE = "rich-repo", "dc5egrvarr40nbascj20"
RUN = "dc5egrvarr40nbascja0"


def rich():
    """A repository with entries of every kind."""
    partition = RICH + "-" + RICH_INSTANCE
    run = f"repos/{RICH}/runs/{RUN}"
    yield "graveler", "repos/" + RICH, record(RICH, RICH_INSTANCE, (7, 1), (8, "store-1"), (99, "of a later lakeFS"))
    yield partition, "branches/main", message((1, "main"), (2, "c2"), (3, RICH + "-main:00000000-0000-4000-8000-000000000001"),
                                              (77, "of a later lakeFS"))
    yield partition, "branches/" + ODD_BRANCH, message(
        (1, ODD_BRANCH), (2, "c1"), (3, RICH + "-" + ODD_BRANCH + ":00000000-0000-4000-8000-000000000002"),
        (4, "sealed token"), (4, RICH + "-x:00000000-0000-4000-8000-000000000003"), (5, 1))
    yield partition, "branches/bare", message((1, "bare"), (2, "c1"))
    for commit in "c1", "c2":
        yield partition, "commits/" + commit, message((1, commit), (3, "message"), (5, "metarange"))
    yield partition, "tags/v'1`", message((1, "v'1`"), (2, "c1"))
    yield partition, "settings/protected_branches", message((1, message((1, "main"), (2, message((1, b"\0"))))))
    yield partition, "repo-metadata", message((1, message((1, "key"), (2, "value"))))
    yield partition, "of-a-later-lakefs", b"anything"
    yield partition, "pulls/dc5egrvarr40nbascjb0", message((1, "dc5egrvarr40nbascjb0"), (7, "a"), (8, "b"))
    yield "pulls", f"repos/{partition}/a/b", message((1, "dc5egrvarr40nbascjb0"))
    for transient in "tasks/DRabc", "imports/dc5egrvarr40nbascjc0", "link-addresses/x":
        yield partition, transient, message((1, "x"))
    yield RICH + "-main:00000000-0000-4000-8000-000000000001", "plain", staged("plain", "data/1", 1)
    yield RICH + "-main:00000000-0000-4000-8000-000000000001", "branches/main", staged("branches/main", "s3://other/1", 2)
    yield RICH + "-main:00000000-0000-4000-8000-000000000001", b"\0\xff", staged(b"\0\xff", "s3://old/1", 0)
    yield RICH + "-" + ODD_BRANCH + ":00000000-0000-4000-8000-000000000002", "gone", message((1, "gone"))
    yield "sealed token", "a", staged("a", "data/2", 1)
    yield RICH + "-x:00000000-0000-4000-8000-000000000003", "b", staged("b", "data/3", 1)
    yield "actions", run, message((1, RUN), (2, "main"), (3, "c1"), (8, 1))
    yield "actions", f"repos/{RICH}/branches/main/{RUN}", message((1, run))
    yield "actions", f"repos/{RICH}/commits/c1/{RUN}", message((1, run))
    yield "actions", f"repos/{RICH}/tasks/{RUN}/hook_1", message((1, RUN), (2, "hook_1"), (3, "x"))
    yield "actions", f"repos/{RICH}/tasks/{RUN}/hook_1/with/slashes", message((1, RUN), (2, "hook_1/with/slashes"))


def neighbour(name, instance):
    """A repository of which nothing must be taken for another's."""
    partition, run = name + "-" + instance, f"repos/{name}/runs/{RUN}"
    token = name + "-main:00000000-0000-4000-8000-000000000009"
    yield "graveler", "repos/" + name, record(name, instance)
    yield partition, "branches/main", message((1, "main"), (2, "c1"), (3, token))
    yield partition, "commits/c1", message((1, "c1"))
    yield token, "x", staged("x", "data/1", 1)
    yield "actions", run, message((1, RUN), (2, "main"))
    yield "actions", f"repos/{name}/branches/main/{RUN}", message((1, run))
    yield "actions", f"repos/{name}/tasks/{RUN}/hook", message((1, RUN), (2, "hook"))
    yield partition, "pulls/dc5egrvarr40nbascjb0", message((1, "dc5egrvarr40nbascjb0"))
    yield "pulls", f"repos/{partition}/a/b", message((1, "dc5egrvarr40nbascjb0"))


def make():
    yield from rich()
    yield from neighbour("rich-repo2", "dc5egrvarr40nbascj30")
    yield from neighbour("rich", "dc5egrvarr40nbascj40")
    yield from neighbour("rich-repo-" + RICH_INSTANCE, "dc5egrvarr40nbascj50")
    for name, resources in {
            "Exact": ["arn:lakefs:fs:::repository/" + RICH], "Below": [f"arn:lakefs:fs:::repository/{RICH}/object/a/*"],
            "Pattern": ["arn:lakefs:fs:::repository/ric?-*po/*"], "Everything": ["*"],
            "List": ['["arn:lakefs:fs:::repository/none", "arn:lakefs:fs:::repository/%s"]' % RICH],
            "Namespace": ["arn:lakefs:fs:::namespace/s3://bucket/" + RICH],
            "Table": [f"arn:lakefs:catalog:::table/{RICH}/main/t"],
            "Longer": [f"arn:lakefs:fs:::repository/{RICH}2", f"arn:lakefs:fs:::repository/{RICH}2/*"],
            "Shorter": ["arn:lakefs:fs:::repository/rich", "arn:lakefs:fs:::repository/rich/*"],
            "Users": ["arn:lakefs:auth:::user/*"]}.items():
        yield "auth", "policies/" + name, policy(name, *resources)
    yield "auth", "users/eve", message((2, "eve"))
    yield "auth", "installation_id", b"an id"
    yield "multiparts", "upload-1", message((1, "upload-1"), (2, "path"))
    yield "multiparts", "upload-2", message((1, "upload-2"), (2, "path"))
    yield "cleanup-tokens", "garbage", b"stub-value"
    yield "garbage", "x", staged("x", "data/1", 1)


# Reading one ----------------------------------------------------------------------------------------------------------


class Repository:
    def __init__(self, store, name):
        self.name = name
        self.record = store[b"graveler", b"repos/" + name]
        assert field(self.record, RECORD_ID) == name
        self.namespace = field(self.record, RECORD_NAMESPACE)
        self.instance = field(self.record, RECORD_INSTANCE)
        self.partition = name + b"-" + self.instance
        self.tokens = {}
        for (partition, key), value in sorted(store.items()):
            if partition == self.partition and key.startswith(b"branches/"):
                for number, _, token in fields(value):
                    if number in (BRANCH_TOKEN, BRANCH_SEALED) and token:
                        self.tokens.setdefault(token, b"<token %d of %s>" % (len(self.tokens), key))

    def owns(self, partition, key, _value):
        if partition == b"graveler":
            return key == b"repos/" + self.name
        if partition == b"actions":
            return re.match(rb"repos/" + re.escape(self.name) + rb"/(runs|tasks|branches|commits)/", key) is not None
        if partition == b"pulls":
            return key.startswith(b"repos/" + self.partition + b"/")
        return partition == self.partition or partition in self.tokens

    def is_transient(self, partition, key):
        return partition == self.partition and key.startswith(TRANSIENT)

    def alike(self, partition, key, value):
        """The entry without what a copy changes."""
        parts = [(n, kind, v) for n, kind, v in fields(value)] if partition in (b"graveler", self.partition, b"actions") and (
            key.startswith((b"branches/", b"repos/"))) else value
        if partition == b"graveler":
            words = {RECORD_ID: b"<name>", RECORD_NAMESPACE: b"<namespace>", RECORD_INSTANCE: b"<instance>"}
            return partition, b"<name>", [(n, k, words.get(n, v)) for n, k, v in parts]
        if partition == b"actions":
            prefix = b"repos/" + self.name + b"/"
            if key.startswith((prefix + b"branches/", prefix + b"commits/")):
                [(n, k, v)] = parts
                assert n == 1 and v.startswith(prefix + b"runs/")
                parts = [(n, k, b"<name>" + v[len(prefix):])]
            return partition, b"<name>" + key[len(prefix):], parts
        if partition == b"pulls":
            return partition, key[len(b"repos/" + self.partition):], value
        if partition in self.tokens:
            return self.tokens[partition], key, value
        if key.startswith(b"branches/"):
            parts = [(n, k, self.tokens.get(v, v) if n in (BRANCH_TOKEN, BRANCH_SEALED) else v) for n, k, v in parts]
        return b"<partition>", key, parts


def check(store):
    repositories = [Repository(store, key[len(b"repos/"):]) for partition, key in store if partition == b"graveler"]
    owners = {}
    for repository in repositories:
        for partition in {repository.partition, *repository.tokens}:
            assert partition not in SHARED, partition
            assert owners.setdefault(partition, repository.name) == repository.name, partition
        namespace = repository.namespace.rstrip(b"/")
        assert owners.setdefault((b"namespace", namespace), repository.name) == repository.name, namespace
    for (partition, key), value in store.items():
        if partition == b"actions" and re.match(rb"repos/[^/]*/(branches|commits)/", key):
            assert (b"actions", field(value, 1)) in store, key
            assert field(value, 1).split(b"/")[1] == key.split(b"/")[1], key
        if partition == b"pulls":
            owner = key.split(b"/")[1]
            assert (owner, b"pulls/" + field(value, 1)) in store, key
    print("sound")


def main():
    if sys.argv[1] == "make":
        for entry in make():
            write(part if isinstance(part, bytes) else part.encode() for part in entry)
        return None
    store = {(partition, key): value for partition, key, value in read(sys.stdin)}
    command = sys.argv[1]
    if command == "sound":
        return check(store)
    repository = Repository(store, sys.argv[2].encode())
    for (partition, key), value in sorted(store.items()):
        entry = (partition, key, value)
        is_copied = repository.owns(*entry) and not repository.is_transient(partition, key)
        if command == "entries" and is_copied:
            write(entry)
        elif command == "others" and not repository.owns(*entry):
            write(entry)
        elif command == "alike" and is_copied:
            print(repository.alike(*entry))
    return None


if __name__ == "__main__":
    main()
