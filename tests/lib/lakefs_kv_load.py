#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what `lakefs kv load --input FILE --strategy overwrite` reads, as it does (a hidden command since lakeFS 1.70).

lakefs_kv_load.py < OBJECT     the entries that a store holds afterwards: JSON lines with partition, key and value in base64, in the
                               order in which they were written

It takes the first JSON value of the input; member names in any case; the version must be 1.0; the timestamp, if there is one, a
string; a value that is missing is empty.  An entry without partition or key, and what is not base64, ends it with 1, after what
came before.
"""
import base64
import json
import sys


def member(object, name, default):
    return next((value for key, value in object.items() if key.lower() == name), default)


def main():
    text = sys.stdin.buffer.read().decode("utf-8", "replace").lstrip()
    try:
        dump, _ = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        sys.exit(f"no JSON: {error}")
    if member(dump, "version", "") != "1.0" or not isinstance(member(dump, "timestamp", ""), str):
        sys.exit("unknown version, or no timestamp")
    store = {}
    for entry in member(dump, "entries", None) or []:
        partition, key = member(entry, "partition", ""), member(entry, "key", "")
        if not partition or not key:
            sys.exit("no partition or no key")
        store[partition, key] = base64.b64decode(member(entry, "value", "").replace("\n", ""), validate=True)
    for (partition, key), value in store.items():
        names = {"partition": partition.encode(), "key": key.encode(), "value": value}
        print(json.dumps({name: base64.b64encode(content).decode() for name, content in names.items()}, separators=(",", ":")))


if __name__ == "__main__":
    main()
