#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two states of a store, between which an entry of every kind has changed.

two_stores.py old | new         the rows of one state, as input of COPY kv FROM STDIN
two_stores.py unchanged         those that are in both
two_stores.py many N            N staged objects of one token, each of 1.2 KB, as such input
two_stores.py shuffled          the old state, with the pairs of each map the other way round

Messages are put together here from the numbers of their fields, as lakeFS's .proto files have them.
"""
import sys

LAKE = "lake-dc5eh0rdo882s8ib7j9g"
NEW = "fresh-dc5eh17s5sgrh0d7go6g"
GONE = "gone-dc5egrvarr40nbascj20"
SECRET_HASH, SECRET_KEY, OTHER_KEY = b"$2a$10$hash-of-a-password", b"encrypted-key-1", b"encrypted-key-2"
TERMINAL = "\x1b[31mred\u202e"


def varint(number):
    data = b""
    while number > 127:
        data += bytes([number & 127 | 128])
        number >>= 7
    return data + bytes([number])


def message(*fields):
    data = b""
    for number, value in fields:
        if isinstance(value, int):
            data += varint(number << 3) + varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            data += varint(number << 3 | 2) + varint(len(value)) + value
    return data


def time(seconds):
    return message((1, seconds))


def pairs(number, values, turned=False):
    made = [(number, message((1, key), (2, value))) for key, value in values]
    return made[::-1] if turned else made


def commit(digit, text, seconds):
    return "commits/" + digit * 64, message((1, digit * 64), (2, "ann@example.com"), (3, text), (4, time(seconds)),
                                            (8, 1))


def branch(name, digit, token, *sealed):
    return "branches/" + name, message((1, name), (2, digit * 64), (3, token), *((4, t) for t in sealed))


def tag(name, digit):
    return "tags/" + name, message((1, name), (2, digit * 64))


def user(name, email, secret=SECRET_HASH):
    return "users/" + name, message((1, time(1)), (2, name), (4, email), (5, secret))


def credential(name, key, secret):
    return f"uCredentials/{name}/credentials/{key}", message((1, key), (2, secret), (3, time(5)), (4, name))


def index(kind, owner, target):
    return f"{kind}/{owner}/{target}", message((1, target))


def policy(name, action, conditions=(), turned=False):
    inner = pairs(4, [(key, message(*pairs(1, [("SourceIp", message((1, "10.0.0.0/8")))]))) for key in conditions], turned)
    return "policies/" + name, message((2, name), (3, message((1, "allow"), (2, action), (3, "*"), *inner)))


def repository(name, namespace, instance, *more):
    return "repos/" + name, message((1, name), (2, namespace), (3, "main"), (4, time(2)), (6, instance), *more)


def staged(path, etag, deleted=False, turned=False):
    if deleted:
        return path, message((1, path))
    content = message((1, "data/" + etag), (3, 7), (4, etag), *pairs(5, [("a", "1"), ("b", "2")], turned))
    return path, message((1, path), (2, etag * 8), (3, content))


def pull(number, title, status):
    return f"pulls/{number:020d}", message((1, f"{number:020d}"), *[(2, status)] * (status > 0), (4, title), (7, "dev"),
                                           (8, "main"))


def rules(*blocked):
    return "settings/protected_branches", message(*pairs(1, [(name, message((1, bytes(actions)))) for name, actions in blocked]))


def run(repo, run_id, passed):
    key = f"repos/{repo}/runs/{run_id}"
    return [(key, message((1, run_id), (2, "main"), (8, passed))),
            (f"repos/{repo}/branches/main/{run_id}", message((1, key))),
            (f"repos/{repo}/tasks/{run_id}/0000_0000", message((1, run_id), (2, "0000_0000"), (3, "hook"), (9, passed)))]


def upload(number):
    return f"upload-{number}", message((1, f"upload-{number}"), (2, "path"), (4, "data/x"))


def entries(partition, *listed):
    return [(partition, key, value) for key, value in listed]


def unchanged(turned=False):
    return (entries("auth", user("ann", "ann@example.com"), policy("Ips", "fs:Read", ("IpAddress", "NotIpAddress"), turned),
                    ("installation_id", "id-1"))
            + entries("graveler", repository("lake", "local://lake", LAKE[-20:]))
            # Its token is named nowhere else.
            + entries(LAKE, branch("still", "1", "token-still", "token-older"), commit("1", "Begin", 10))
            + entries("token-still", staged("kept", "k", turned=turned)))


def old(turned=False):
    return (unchanged(turned)
            + entries("auth", user("bob", "bob@example.com"), user("carl", "carl@old.example.com"), ("groups/Left", message((2, "Left"))),
                      credential("ann", "AKIA1", SECRET_KEY), credential("bob", "AKIB1", SECRET_KEY),
                      policy("Read", "fs:Read*"), index("gUsers", "Admins", "users/bob"), index("uPolicies", "bob", "policies/Read"),
                      ("installation_metadata/lakefs_version", "1.80.0"), ("installation_metadata/os", "linux"))
            + entries("graveler", repository("gone", "local://gone", GONE[-20:]), repository("ro", "local://ro", "ro"))
            + entries(GONE, branch("main", "9", "token-gone"))
            + entries(LAKE, branch("main", "1", "token-main"), branch("left", "1", "token-left"), tag("v1", "1"), tag("v2", "1"),
                      commit("2", "Removed", 11), rules(("main", [0]), ("old", [1])), pull(1, "Fix it", 0), pull(2, "Old title", 0),
                      ("repo-metadata", message(*pairs(1, [("cost", "1"), ("team", "a")], turned))))
            + entries("token-main", staged("a", "x"), staged("b", "x"), staged("c", "x"))
            + entries("actions", *run("lake", "5nvtt2kdcqk9vlccsmsg", 1))
            + entries("multiparts", upload(1), upload(2))
            + entries("catalog", ("instances/d1qhqkdcqk9vlccsmsg0", message((1, time(3)))))
            + entries("usage", ("usage/monthly/id-1/202607", "5"))
            + entries("strange", ("k1", "1")))


def new():
    return (unchanged()
            + entries("auth", user("carl", "carl@example.com", b"another"), user("eve", "eve@example.com"),
                      user(TERMINAL, "x"), ("groups/Joined", message((2, "Joined"))), credential("ann", "AKIA1", OTHER_KEY),
                      credential("eve", "AKIE1", SECRET_KEY), policy("Read", "fs:*"), index("gUsers", "Admins", "users/eve"),
                      index("uPolicies", "eve", "policies/Read"), index("gPolicies", "Admins", "policies/Read"),
                      ("installation_metadata/lakefs_version", "1.84.0"), ("installation_metadata/os", "bsd"))
            + entries("graveler", repository("fresh", "local://fresh", NEW[-20:]), repository("ro", "local://ro", "ro", (7, 1)))
            + entries(NEW, branch("main", "8", "token-fresh"))
            + entries(LAKE, branch("main", "4", "token-new", "token-main"), branch("made", "3", "token-made"), tag("v2", "3"),
                      tag("v3", "3"), commit("3", "First line\nand another", 20), commit("4", "Newest", 30),
                      rules(("main", [0, 1]), ("dev", [0])), pull(1, "Fix it", 2), pull(2, "New title", 0), pull(3, "More", 0),
                      ("repo-metadata", message(*pairs(1, [("cost", "2"), ("site", "b")]))))
            + entries("token-main", staged("a", "x"), staged("b", "y"))
            + entries("token-new", staged("c", "", deleted=True), staged("d", "x"))
            + entries("token-still", staged("n1", "x"), staged("n2", "x"))
            + entries("token-older", staged("n3", "x"))
            + entries("token-nobody", staged("lost", "x"))
            + entries("actions", *run("lake", "5nvtt2kdcqk9vlccsmsg", 1), *run("lake", "5nvtt2kdcqk9vlccsmt0", 1),
                      *run("lake", "5nvtt2kdcqk9vlccsmtg", 0))
            + entries("multiparts", upload(2), upload(3), upload(4))
            + entries("catalog", ("instances/d1qhqkdcqk9vlccsmsg0", message((1, time(9)))))
            + entries("usage", ("usage/monthly/id-1/202607", "6"))
            + entries("strange", ("k1", "2"), ("k2", "1")))


def many(count):
    return entries("token-many", *(staged(f"path/{number:07d}", "m" * 120) for number in range(count)))


def main():
    states = {"old": old, "new": new, "unchanged": unchanged, "many": lambda: many(int(sys.argv[2])),
              "shuffled": lambda: old(turned=True)}
    for entry in states[sys.argv[1]]():
        print("\t".join("\\\\x" + (part.encode() if isinstance(part, str) else part).hex() for part in entry))


main()
