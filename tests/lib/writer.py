#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps writing legacy rows, like a lakeFS server.

writer.py script SEED NAME STOP   statements for psql, endless or until the file STOP exists; psql prints a line after each
                                  acknowledged one
writer.py expect SEED NAME COUNT  the entries that the first COUNT statements leave, as lines of kvnorm.py

A writer stages objects under the token NAME and has branches whose names begin with "NAME-", so that several do not conflict.
The statements depend on SEED and NAME only.
"""
import json
import os
import random
import sys


def operations(seed, name):
    """Yields statements, each with what it does to the entries: a key and its entry, or None."""
    chance = random.Random(f"{seed} {name}")
    objects, branches = [], []
    number = 0

    def staged(key):
        data = f"d{number}"
        return data, ("staged", key, {"p": name, "k": key, "t": "staged", "v": {"key": key, "identity": "i", "data": data}})

    def branch(branch_id):
        commit = f"c{number}"
        return commit, ("branch", branch_id, {"p": "R(repo)", "k": f"branches/{branch_id}", "t": "branch", "v": {
            "id": branch_id, "commit_id": commit, "staging_token": branch_id}})

    while True:
        number += 1
        kind = chance.choices(["insert", "update", "delete", "branch", "commit", "unbranch"], [8, 4, 3, 2, 2, 1])[0]
        if kind == "insert" or kind in ("update", "delete") and not objects:
            key = f"k{number}"
            objects.append(key)
            data, change = staged(key)
            yield f"INSERT INTO graveler_staging_kv VALUES ('{name}', '{key}', 'i', '{data}')", change
        elif kind == "update":
            data, change = staged(chance.choice(objects))
            yield (f"UPDATE graveler_staging_kv SET data = '{data}' WHERE staging_token = '{name}' "
                   f"AND key = '{change[1]}'"), change
        elif kind == "delete":
            key = objects.pop(chance.randrange(len(objects)))
            yield (f"DELETE FROM graveler_staging_kv WHERE staging_token = '{name}' AND key = '{key}'",
                   ("staged", key, None))
        elif kind == "branch" or not branches:
            branch_id = f"{name}-{number}"
            branches.append(branch_id)
            commit, change = branch(branch_id)
            yield f"INSERT INTO graveler_branches VALUES ('repo', '{branch_id}', '{branch_id}', '{commit}')", change
        elif kind == "commit":
            commit, change = branch(chance.choice(branches))
            yield (f"UPDATE graveler_branches SET commit_id = '{commit}' WHERE repository_id = 'repo' "
                   f"AND id = '{change[1]}'"), change
        else:
            branch_id = branches.pop(chance.randrange(len(branches)))
            yield (f"DELETE FROM graveler_branches WHERE repository_id = 'repo' AND id = '{branch_id}'",
                   ("branch", branch_id, None))


def main():
    command, seed, name, last = sys.argv[1:]
    if command == "script":
        for number, (statement, _) in enumerate(operations(seed, name), 1):
            if os.path.exists(last):
                return
            sys.stdout.write(f"{statement};\n\\echo {number}\n")
            sys.stdout.flush()
    elif command == "expect":
        entries = {}
        for number, (_, (table, key, entry)) in enumerate(operations(seed, name), 1):
            if number > int(last):
                break
            if entry is None:
                del entries[table, key]
            else:
                entries[table, key] = entry
        for line in sorted(json.dumps(entry, sort_keys=True, ensure_ascii=False) for entry in entries.values()):
            print(line)
    else:
        sys.exit(__doc__)


try:
    main()
except BrokenPipeError:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
