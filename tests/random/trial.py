# SPDX-License-Identifier: Apache-2.0
"""One export of a database, and what is not as it must be."""
import base64
import collections
import json
import os
import re
import shutil
import subprocess

import database as server
import decode
import oracle
from databases import identifier, sql
from tables import TABLES, package

SCHEMAS = ["public", "public", "lakefs", 'Odd "schema", é']
PROGRAM_TIMEOUT = 300


class Plan:
    """How a database is made and exported."""

    def __init__(self, rng):
        self.encoding = rng.choice(["UTF8", "UTF8", "UTF8", "LATIN1", "SQL_ASCII", "SQL_ASCII"])
        # Text that is not valid, which is to be replaced.
        self.invalid = self.encoding == "SQL_ASCII" and rng.random() < 0.6
        self.replace = self.invalid or rng.random() < 0.1
        self.settings = rng.random() < 0.6
        self.schema = rng.choice(SCHEMAS if self.encoding == "UTF8" else SCHEMAS[:3])
        self.schema_option = rng.random() < 0.5
        self.database = rng.choice(["plain", "Capitals", 'quotes"\'', "a b=c\\", "postgres://x", "--dash", "semi;colon"])
        self.prefix = rng.choice(["_lakefs", "_lakefs", "other/prefix"])
        self.jobs = rng.choice([1, 2, 4])
        self.level = rng.choice([-3, 0, 3])
        self.strict = rng.random() < 0.1
        self.way = rng.choice(["stream", "stream", "print", "import"])
        self.poison = None

    def __str__(self):
        return ", ".join(f"{name}={value!r}" for name, value in vars(self).items())


class Trial:
    def __init__(self, programs, folder, databases, plan, db):
        self.programs = programs
        self.folder = folder
        self.databases = databases
        self.plan = plan
        self.db = db
        self.shrinking = False
        self.dump = folder / "random.dump"

    def problems(self):
        """What is not as it must be, one a line."""
        self.found = []
        self.make_block_store()
        try:
            with self.databases.use(self.plan, self.db) as self.name:
                self.look()
        finally:
            shutil.rmtree(self.folder / "blockstore", ignore_errors=True)
            self.dump.unlink(missing_ok=True)
        return self.found

    def make_block_store(self):
        for folder in self.db.folders:
            (self.folder / "blockstore" / folder / "data").mkdir(parents=True, exist_ok=True)
        for folder, content in self.db.files.items():
            path = self.folder / "blockstore" / folder / self.plan.prefix / "settings"
            path.mkdir(parents=True, exist_ok=True)
            (path / "protected_branches.json").write_bytes(content)

    def run(self, program, *arguments):
        if self.plan.schema != "public" and self.plan.schema_option:
            arguments = (f"--schema={self.plan.schema}", *arguments)
        return subprocess.run([self.programs / program, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              env=dict(os.environ, PGDATABASE=self.name), timeout=PROGRAM_TIMEOUT)

    def export(self):
        plan = self.plan
        arguments = ["-f", self.dump, f"--jobs={plan.jobs}", f"--compress={plan.level}"]
        if plan.settings:
            arguments += [f"--blockstore-path={self.folder / 'blockstore'}", f"--block-storage-prefix={plan.prefix}"]
            (self.folder / "blockstore").mkdir(exist_ok=True)
        else:
            arguments += ["--no-settings"]
        if plan.replace:
            arguments += ["--invalid-utf8=replace"]
        if plan.strict:
            arguments += ["--strict"]
        return self.run("kv-export", *arguments)

    def look(self):
        try:
            expected = oracle.Expected(self.db, self.plan.replace)
        except oracle.Refused as refused:
            self.look_at_refusal(refused.table, str(refused))
            return
        if self.plan.poison:
            # So it is when the row itself was taken away; in a whole database the oracle is wrong.
            if not self.shrinking:
                raise AssertionError(f"the oracle takes what must be refused: {self.plan.poison}")
            return
        not_by_rule = [table for table, rows in expected.left_out.items() if rows and table not in oracle.BY_RULE]
        if self.plan.strict and not_by_rule:
            self.look_at_refusal("|".join(not_by_rule), "--strict, and rows of " + ", ".join(not_by_rule) + " are left out")
            return
        result = self.export()
        messages = result.stderr.decode(errors="replace")
        if result.returncode != 0:
            self.found.append(f"kv-export ends with {result.returncode}: {messages}")
            return
        warned = "kv-export: warning: " in re.sub(".*protect.*", "", messages)
        if warned != bool(not_by_rule or expected.adjusted):
            self.found.append(f"{'a' if warned else 'no'} warning: {messages}")
        self.look_at_manifest(expected)
        self.look_at_entries(expected, self.entries_of_dump())
        if self.plan.way != "stream" and not self.found:
            self.look_at_entries(expected, self.printed() if self.plan.way == "print" else self.imported())

    def look_at_refusal(self, table, why):
        result = self.export()
        errors = [line for line in result.stderr.decode(errors="replace").splitlines() if line.startswith("kv-export: error: ")]
        if result.returncode != 3 or len(errors) != 1 or not re.search(rf"\b({table})\b", errors[0]):
            self.found.append(f"not refused ({why}): kv-export ends with {result.returncode}: "
                              + result.stderr.decode(errors="replace"))
        elif self.plan.poison and not re.search(r"certain|7777777", errors[0]):
            self.found.append(f"the row is not named ({why}): {errors[0]}")
        if self.dump.exists() or self.dump.with_name(self.dump.name + ".partial").exists():
            self.found.append("a refused export leaves a file")

    # The manifest ------------------------------------------------------------------------------------------------------

    def look_at_manifest(self, expected):
        data = self.dump.read_bytes()
        offset, size, _ = decode.frames(data)[-1]
        packages = decode.json_frame(data, offset, size)["packages"]
        self.same("entries", len(expected.entries), sum(each["entries"] for each in packages))
        counted = {kind: collections.Counter() for kind in ("source_rows", "left_out", "adjusted")}
        for each in packages:
            for kind, counter in counted.items():
                for item in each[kind]:
                    if package(item["table"]) != each["name"]:
                        self.found.append(f"{kind} of {item['table']} in package {each['name']}")
                    key = item["table"] if kind != "adjusted" else (item["table"], self.adjustment(item["reason"]))
                    counter[key] += item["rows"]
        self.same_counts("source rows", {table: len(self.db.rows[table]) for table in TABLES}, counted["source_rows"])
        self.same_counts("left out", expected.left_out, counted["left_out"])
        self.same_counts("adjusted", expected.adjusted, counted["adjusted"])

    @staticmethod
    def adjustment(reason):
        kinds = [kind for kind, pattern in oracle.ADJUSTED.items() if re.search(pattern, reason)]
        return kinds[0] if len(kinds) == 1 else reason

    def same_counts(self, what, expected, actual):
        for key in sorted(set(expected) | set(actual), key=str):
            self.same(f"{what} of {key}", expected.get(key, 0), actual.get(key, 0))

    def same(self, what, expected, actual):
        if expected != actual:
            self.found.append(f"{what}: expected {expected!r}, there is {actual!r}")

    # The entries -------------------------------------------------------------------------------------------------------

    def entries_of_dump(self):
        """The stream, by zstd and the rules of COPY alone."""
        stream = subprocess.run(["zstd", "-dc", self.dump], check=True, stdout=subprocess.PIPE).stdout
        return list(decode.copy_tuples(stream))

    def printed(self):
        result = self.run("kv-import", "--print", "--raw", self.dump)
        if result.returncode != 0:
            self.found.append(f"kv-import --print ends with {result.returncode}: {result.stderr.decode(errors='replace')}")
            return []
        lines = map(json.loads, result.stdout.splitlines())
        return [tuple(base64.b64decode(line[name], validate=True) for name in ("partition_key", "key", "value")) for line in lines]

    def imported(self):
        result = self.run("kv-import", f"--jobs={self.plan.jobs}", self.dump)
        if result.returncode != 0:
            self.found.append(f"kv-import ends with {result.returncode}: {result.stderr.decode(errors='replace')}")
            return []
        schema = identifier(self.plan.schema)
        tuples = list(decode.copy_tuples(sql(
            self.name, f"COPY (SELECT partition_key, key, value FROM {schema}.kv) TO STDOUT (FORMAT binary)".encode())))
        version = (b"kv-internal-metadata", b"kv/schema/version", b"1")
        self.same("the version", 1, tuples.count(version))
        self.same("schema_migrations", f"{server.LAST_VERSION + 1}|f\n",
                  sql(self.name, f"SELECT * FROM {schema}.schema_migrations".encode()).decode())
        return [entry for entry in tuples if entry != version]

    def look_at_entries(self, expected, tuples):
        actual = {(partition, key): value for partition, key, value in tuples}
        self.same("different keys", len(tuples), len(actual))
        for place in sorted(set(expected.entries) | set(actual)):
            shown = " ".join(map(decode.readable, place))
            if place not in actual:
                self.found.append(f"missing: {shown}: {expected.entries[place][1]!r}")
            elif place not in expected.entries:
                self.found.append(f"unexpected: {shown}: {actual[place]!r}")
            else:
                schema, message = expected.entries[place]
                self.same(shown, message, self.decoded(shown, schema, actual[place]))

    def decoded(self, shown, schema, value):
        if schema is None:
            return value
        decode.broken.clear()
        try:
            message = decode.decode(value, schema)
        except (SystemExit, IndexError) as error:
            return f"no message ({error}): {value!r}"
        self.found.extend(f"{shown}: {problem}" for problem in decode.broken)
        return message
