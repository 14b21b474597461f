# SPDX-License-Identifier: Apache-2.0
"""What the rows of a legacy database become, by the specification alone: the entries, what is left out and adjusted.

Nothing here looks at what the programs do, or shares code with them: KV-MODEL.md says the keys and messages, FORMAT.md the
derived ids, LEGACY-SCHEMA.md which rows have a place. Messages are as lib/decode.py prints them.
"""
import codecs
import collections
import datetime
import decimal
import hashlib
import json
import re

import decode
from values import FIRST, LAST, MICRO

# Whether to expect something wrong: a task's new run id where the old one belongs.
wrong = False
# Of bytes that do not compress, and all that are generated are so when they are as long (KV-MODEL.md, "The table").
INDEX_LIMIT = 2704
NOW = datetime.datetime.now(datetime.timezone.utc).timestamp() * MICRO

NULLABLE = {"friendly_name", "email", "encrypted_password", "external_id", "user_id", "physical_address", "metadata", "content_type",
            "staging_token", "parents", "generation", "identity", "data"}
# Partitions that can be no branch's staging area.
OF_OTHERS = {b"auth", b"actions", b"multiparts", b"graveler", b"kv-internal-metadata"}

# What the manifest's reason of an adjustment must speak of. A table has but one reason to leave rows out.
ADJUSTED = {"time": r"timestamp", "text": r"UTF-8", "metadata": r"metadata", "run id": r"run id", "policy": r"polic|statement",
            "parents": r"parent"}
# Rows of these are left out by rule: no warning, no error with --strict.
BY_RULE = {"auth_expired_tokens", "auth_installation_metadata"}


# Each invalid byte becomes a U+FFFD.
codecs.register_error("each byte", lambda error: ("\ufffd" * (error.end - error.start), error.end))


def replaced(text):
    return text.decode(errors="each byte").encode()


class Refused(Exception):
    """An export must refuse a row of the table."""

    def __init__(self, table, why):
        super().__init__(f"{table}: {why}")
        self.table = table


def xid(seconds, *hashed):
    """FORMAT.md, "Derived ids"."""
    data = (seconds % 2**32).to_bytes(4, "big") + hashlib.sha256(b"\0".join(hashed)).digest()[:8]
    number = int.from_bytes(data, "big") << 4
    return "".join("0123456789abcdefghijklmnopqrstuv"[number >> shift & 31] for shift in range(95, -1, -5)).encode()


def compact(value, encoding):
    """JSON without spaces, its members in jsonb's order: by the length of their names, then by their bytes."""
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, decimal.Decimal):
        return number_text(value)
    if isinstance(value, list):
        return "[" + ",".join(compact(member, encoding) for member in value) + "]"
    if isinstance(value, dict):
        def order(member):
            name = member[0].encode("latin1" if encoding == "LATIN1" else "utf-8", "surrogateescape")
            return len(name), name
        return "{" + ",".join(json_text(name) + ":" + compact(member, encoding)
                              for name, member in sorted(value.items(), key=order)) + "}"
    return {True: "true", False: "false", None: "null"}[value]


def json_text(text):
    return '"' + re.sub(r'["\\\x00-\x1f]', lambda match: json.dumps(match[0])[1:-1], text) + '"'


def number_text(number):
    """As PostgreSQL's numeric: no exponent, as many digits behind the point as there were, no -0."""
    text = f"{number:f}"
    return text.removeprefix("-") if number == 0 else text


def parse_json(data):
    return json.loads(data.decode(errors="surrogateescape"), parse_int=decimal.Decimal, parse_float=decimal.Decimal)


def without_empty(message):
    """A scalar with its default value, and a list or map of nothing, is not written."""
    return {name: value for name, value in message.items() if value not in ("", 0, False, [], {}, None)}


class Row:
    """The fields of a row as the KV model has them. What had to be adjusted counts when the row gets an entry."""

    def __init__(self, expected, table, row):
        self.expected = expected
        self.table = table
        self.row = row
        self.adjustments = set()

    def __getitem__(self, column):
        return self.row[column]

    def key(self, column):
        """The text of a column, as UTF-8."""
        return self.valid(self.row[column] or b"")

    def text(self, column):
        return self.key(column).decode()

    def valid(self, text):
        try:
            text.decode()
        except UnicodeDecodeError:
            if not self.expected.replace:
                raise Refused(self.table, "text is not valid UTF-8") from None
            self.adjustments.add("text")
        return replaced(text)

    def texts(self, column):
        members = self.row[column] or []
        if None in members:
            self.adjustments.add("parents")
        return [self.valid(member).decode() for member in members if member is not None]

    def time(self, column):
        seconds, nanos = self.moment(column)
        return f"{seconds}.{nanos:09d}"

    def moment(self, column):
        time = self.row[column]
        if time == "-infinity" or time != "infinity" and time < FIRST:
            self.adjustments.add("time")
            return FIRST // MICRO, 0
        if time == "infinity" or time > LAST:
            self.adjustments.add("time")
            return LAST // MICRO, 999999999
        return time // MICRO, time % MICRO * 1000

    def map(self, column):
        # JSON's null is what Go's encoder makes of a map that is nil.
        if self.row[column] is None or self.row[column] == b"null":
            return {}
        members = parse_json(self.row[column])
        if not isinstance(members, dict):
            raise Refused(self.table, "metadata is no object")
        result = {}
        for name, value in members.items():
            if not isinstance(value, str):
                self.adjustments.add("metadata")
                value = "" if value is None else compact(value, self.expected.encoding)
            name, value = (self.valid(text.encode(errors="surrogateescape")).decode() for text in (name, value))
            result[name] = value
        return result

    def statements(self, column):
        elements = parse_json(self.row[column])
        if not isinstance(elements, list):
            raise Refused(self.table, "the policy's statement is no array")
        return [self.statement(element) for element in elements]

    def statement(self, element):
        kinds = {"Effect": str, "Action": list, "Resource": str}
        if not isinstance(element, dict):
            raise Refused(self.table, "a statement is no object")
        if set(element) != set(kinds):
            element = self.odd_statement(element, kinds)
        element = element | {"Action": [] if element["Action"] is None else element["Action"]}
        if any(not isinstance(element[name], kind) for name, kind in kinds.items()) or \
                any(not isinstance(action, str) for action in element["Action"]):
            raise Refused(self.table, "a statement of unknown shape")

        def text(string):
            return self.valid(string.encode(errors="surrogateescape")).decode()
        return without_empty({"effect": text(element["Effect"]), "action": [text(action) for action in element["Action"]],
                              "resource": text(element["Resource"])})

    def odd_statement(self, element, kinds):
        """As Go reads JSON into a struct: in any case, the last of several counts, further members do not."""
        names = {name.lower(): name for name in kinds}
        # A value that a later one replaces is read, too, and must be text.
        for name in element:
            for string in element[name] if isinstance(element[name], list) else [element[name]]:
                if name.lower() in names and isinstance(string, str):
                    self.valid(string.encode(errors="surrogateescape"))
        found = {names[name.lower()]: element[name] for name in sorted(element) if name.lower() in names}
        if set(found) != set(kinds):
            raise Refused(self.table, "a statement of unknown shape")
        self.adjustments.add("policy")
        return found

    def left_out(self):
        self.expected.left_out[self.table] += 1

    def done(self):
        for reason in self.adjustments:
            self.expected.adjusted[self.table, reason] += 1


class Expected:
    """entries: {(partition key, key): (the message's schema, or None for plain bytes; value)}; left_out: {table: rows}; adjusted:
    {(table, reason): rows}. Raises Refused where the export must fail."""

    def __init__(self, db, replace):
        self.db = db
        self.encoding = db.encoding
        self.replace = replace
        self.entries = {}
        self.left_out = collections.Counter()
        self.adjusted = collections.Counter()
        self.auth()
        self.actions()
        self.multiparts()
        self.graveler()

    def rows(self, table):
        for row in self.db.rows[table]:
            nullable = NULLABLE | ({"commit_id"} if table in ("graveler_branches", "graveler_tags") else set())
            if any(value is None and column not in nullable for column, value in row.items()):
                raise Refused(table, "NULL where none may be")
            yield Row(self, table, row)

    def put(self, row, partition, key, schema, value):
        if len(partition) + len(key) > INDEX_LIMIT:
            raise Refused(row.table, "the key is too long for an index")
        if (partition, key) in self.entries:
            raise Refused(row.table, "two rows have the same key")
        self.entries[partition, key] = (schema, value if schema is None else without_empty(value))

    def index(self, row, partition, key, primary_key):
        self.put(row, partition, key, decode.INDEX, {"primary_key": decode.readable(primary_key)})

    # auth

    def auth(self):
        for row in self.rows("auth_users"):
            self.put(row, b"auth", b"users/" + row.key("display_name"), decode.USER, {
                "created_at": row.time("created_at"), "username": row.text("display_name"),
                "friendly_name": row.text("friendly_name"), "email": row.text("email"),
                "encrypted_password": decode.readable(row["encrypted_password"] or b""), "source": row.text("source"),
                "external_id": row.text("external_id")})
            row.done()
        for row in self.rows("auth_groups"):
            self.put(row, b"auth", b"groups/" + row.key("display_name"), decode.GROUP, {
                "created_at": row.time("created_at"), "display_name": row.text("display_name")})
            row.done()
        for row in self.rows("auth_policies"):
            self.put(row, b"auth", b"policies/" + row.key("display_name"), decode.POLICY, {
                "created_at": row.time("created_at"), "display_name": row.text("display_name"),
                "statement": row.statements("statement")})
            row.done()
        self.names = {kind: {row["id"]: row["display_name"] for row in self.db.rows[table]} for kind, table in
                      (("user", "auth_users"), ("group", "auth_groups"), ("policy", "auth_policies"))}
        self.relation("auth_user_groups", b"gUsers", "group", b"users", "user")
        self.relation("auth_user_policies", b"uPolicies", "user", b"policies", "policy")
        self.relation("auth_group_policies", b"gPolicies", "group", b"policies", "policy")
        self.credentials()
        self.tokens()
        self.installation()

    def relation(self, table, first, owner, second, member):
        for row in self.rows(table):
            ids = {kind: row[f"{kind}_id"] for kind in (owner, member)}
            if any(number not in self.names[kind] for kind, number in ids.items()):
                row.left_out()
                continue
            # A name counts where it is used, too.
            names = [row.valid(self.names[kind][ids[kind]]) for kind in (owner, member)]
            self.index(row, b"auth", first + b"/" + names[0] + b"/" + second + b"/" + names[1], second + b"/" + names[1])
            row.done()


    def credentials(self):
        for row in self.rows("auth_credentials"):
            if row["user_id"] not in self.names["user"]:
                row.left_out()
                continue
            user = row.valid(self.names["user"][row["user_id"]])
            self.put(row, b"auth", b"uCredentials/" + user + b"/credentials/" + row.key("access_key_id"), decode.CREDENTIAL, {
                "access_key_id": row.text("access_key_id"), "secret": decode.readable(row["secret_access_key"]),
                "issued_date": row.time("issued_date"), "user_id": decode.readable(user)})
            row.done()

    def tokens(self):
        for row in self.rows("auth_expired_tokens"):
            expires = row["token_expires_at"]
            if expires == "-infinity" or expires != "infinity" and expires <= NOW:
                row.left_out()
                continue
            self.put(row, b"auth", b"expiredTokens/" + row.key("token_id"), decode.TOKEN, {
                "token_id": row.text("token_id"), "expired_at": row.time("token_expires_at")})
            row.done()

    def installation(self):
        for row in self.rows("auth_installation_metadata"):
            name = row["key_name"]
            if name in (b"postgresql_version", b"postgresql_aurora_version") or name.startswith(b"postgresql_setting_"):
                row.left_out()
                continue
            self.put(row, b"auth", b"installation_metadata/" + row.key("key_name"), None, row.key("key_value"))
            if name == b"installation_id":
                self.put(row, b"auth", b"installation_id", None, row.key("key_value"))
            row.done()

    # actions

    def actions(self):
        new_ids = {}
        for row in self.rows("actions_runs"):
            repository, old = row.key("repository_id"), row.key("run_id")
            new = xid(32500915200 - self.run_time(row), repository, old)
            new_ids[row["repository_id"], row["run_id"]] = new
            here = b"repos/" + repository
            key = here + b"/runs/" + new
            self.put(row, b"actions", key, decode.RUN, {
                "run_id": new.decode(), "branch_id": row.text("branch_id"), "commit_id": row.text("commit_id"),
                "source_ref": row.text("source_ref"), "event_type": row.text("event_type"),
                "start_time": row.time("start_time"), "end_time": row.time("end_time"), "passed": row["passed"]})
            for kind, column in ((b"branches", "branch_id"), (b"commits", "commit_id")):
                if row[column] != b"":
                    self.index(row, b"actions", here + b"/" + kind + b"/" + row.key(column) + b"/" + new, key)
            row.done()
        for row in self.rows("actions_run_hooks"):
            new = new_ids.get((row["repository_id"], row["run_id"]))
            if new is None:
                row.left_out()
                continue
            old = row.key("run_id")
            key = b"repos/" + row.key("repository_id") + b"/tasks/" + new + b"/" + row.key("hook_run_id")
            self.put(row, b"actions", key, decode.TASK, {
                "run_id": new.decode() if wrong else old.decode(), "hook_run_id": row.text("hook_run_id"),
                "hook_id": row.text("hook_id"), "action_name": row.text("action_name"), "start_time": row.time("start_time"),
                "end_time": row.time("end_time"), "passed": row["passed"]})
            row.done()

    @staticmethod
    def run_time(row):
        digits = row["run_id"][:14]
        if re.fullmatch(rb"[0-9]{14}", digits):
            parts = [int(digits[:4])] + [int(digits[i:i + 2]) for i in range(4, 14, 2)]
            try:
                return int(datetime.datetime(*parts, tzinfo=datetime.timezone.utc).timestamp())
            except ValueError:
                pass
        row.adjustments.add("run id")
        return row.moment("start_time")[0]

    # multiparts

    def multiparts(self):
        for row in self.rows("gateway_multiparts"):
            self.put(row, b"multiparts", row.key("upload_id"), decode.MULTIPART, {
                "upload_id": row.text("upload_id"), "path": row.text("path"), "creation_date": row.time("creation_date"),
                "physical_address": row.text("physical_address"), "metadata": row.map("metadata"),
                "content_type": row.text("content_type")})
            row.done()

    # graveler

    def graveler(self):
        partitions = {}
        for row in self.rows("graveler_repositories"):
            repository = row.key("id")
            seconds, nanos = row.moment("creation_date")
            instance = xid(seconds, repository, f"{seconds}.{nanos:09d}".encode())
            partition = partitions[row["id"]] = repository + b"-" + instance
            self.put(row, b"graveler", b"repos/" + repository, decode.REPOSITORY, {
                "id": row.text("id"), "storage_namespace": row.text("storage_namespace"),
                "default_branch_id": row.text("default_branch"), "creation_date": row.time("creation_date"),
                "instance_uid": instance.decode()})
            if row["id"] in self.db.rules:
                self.put(row, partition, b"settings/protected_branches", None, self.db.rules[row["id"]])
            row.done()
        tokens = set()
        for table, schema in (("graveler_branches", decode.BRANCH), ("graveler_tags", decode.TAG),
                              ("graveler_commits", decode.COMMIT)):
            for row in self.rows(table):
                if row["repository_id"] not in partitions:
                    row.left_out()
                    continue
                row.key("repository_id")  # it is in the partition's name
                fields = {"id": row.text("id")}
                fields |= self.commit(row) if table == "graveler_commits" else {"commit_id": row.text("commit_id")}
                if table == "graveler_branches":
                    fields["staging_token"] = row.text("staging_token")
                    tokens.add(row["staging_token"])
                self.put(row, partitions[row["repository_id"]], table.removeprefix("graveler_").encode() + b"/" + row.key("id"),
                         schema, fields)
                row.done()
        # An empty token is none, as in BranchData, where it is not written.
        self.staged(tokens - {None, b""})

    @staticmethod
    def commit(row):
        return {"committer": row.text("committer"), "message": row.text("message"), "creation_date": row.time("creation_date"),
                "meta_range_id": row.text("meta_range_id"), "metadata": row.map("metadata"),
                "parents": row.texts("parents"), "version": row["version"], "generation": row["generation"]}

    def staged(self, tokens):
        for row in self.rows("graveler_staging_kv"):
            if row["staging_token"] not in tokens:
                row.left_out()
                continue
            if row["staging_token"] in OF_OTHERS:
                raise Refused("graveler_branches|graveler_staging_kv", "the staging token is another partition's name")
            if row["identity"] == b"":
                raise Refused(row.table, "the identity is empty")
            self.put(row, row.key("staging_token"), row["key"], decode.STAGED, {
                "key": decode.readable(row["key"]), "identity": decode.readable(row["identity"] or b""),
                "data": decode.readable(row["data"] or b"")})
            row.done()
