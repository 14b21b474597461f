# SPDX-License-Identifier: Apache-2.0
"""Rows that an export must refuse, one to a database; oracle.py must find out by itself that they are."""
from values import INVALID, seconds, MICRO

# What shows in an error that it names the row.
NAME, NUMBER = b"certain", 7777777
TIME = seconds(2020) * MICRO
RUN = b"20210203040506certain"

ROWS = {
    "auth_users": (NUMBER, TIME, NAME, b"", b"", b"certain@example.com", b"", b"certain"),
    "auth_groups": (NUMBER, TIME, NAME),
    "auth_policies": (NUMBER, TIME, NAME, b"[]"),
    "auth_user_groups": (NUMBER, NUMBER),
    "auth_credentials": (NAME, b"secret", TIME, NUMBER),
    "auth_expired_tokens": (NAME, "infinity"),
    "auth_installation_metadata": (NAME, b"value"),
    "actions_runs": (NAME, RUN, b"pre-merge", TIME, TIME, b"main", b"ref", b"commit", True),
    "actions_run_hooks": (NAME, RUN, b"0000_0000", b"action", b"hook", TIME, TIME, True),
    "gateway_multiparts": (NAME, b"path", TIME, b"address", b"{}", b"type"),
    "graveler_repositories": (NAME, b"local://certain", TIME, b"main"),
    "graveler_branches": (NAME, NAME, b"certain token", b"commit"),
    "graveler_tags": (NAME, NAME, b"commit"),
    "graveler_commits": (NAME, NAME, b"me", b"message", TIME, b"range", b"{}", [], 0, 1),
    "graveler_staging_kv": (b"certain token", NAME, b"identity", b"data"),
}
NEEDS = {"auth_user_groups": ["auth_users", "auth_groups"], "auth_credentials": ["auth_users"], "actions_run_hooks": ["actions_runs"],
         "graveler_branches": ["graveler_repositories"], "graveler_tags": ["graveler_repositories"],
         "graveler_commits": ["graveler_repositories"], "graveler_staging_kv": ["graveler_branches"]}


def add_row(db, table):
    """A row that has a place, after those that it needs for that."""
    for needed in NEEDS.get(table, []):
        add_row(db, needed)
    if table == "graveler_repositories":
        db.folders.append("certain")
    return db.add(table, *ROWS[table])


def empty_identity(rng, db, plan):
    add_row(db, "graveler_staging_kv")["identity"] = b""


GOOD = b'{"Effect": "allow", "Action": ["fs:*"], "Resource": "*"}'
BAD_STATEMENTS = [b"{}", GOOD, b'"allow"', b"1", b"true", b"[1]", b'["allow"]', b"[[]]", b"[" + GOOD + b", 1]",
                  b'[{"Effect": 1, "Action": [], "Resource": "*"}]', b'[{"Effect": ["allow"], "Action": [], "Resource": "*"}]',
                  b'[{"Effect": "allow", "Action": "fs:*", "Resource": "*"}]', b'[{"Effect": "allow", "Action": {}, "Resource": "*"}]',
                  b'[{"Effect": "allow", "Action": [1], "Resource": "*"}]', b'[{"Effect": "allow", "Action": [["a"]], "Resource": "*"}]',
                  b'[{"Effect": "allow", "Action": [], "Resource": {}}]', b'[{"Effect": "allow", "Action": [], "Resource": ["*"]}]']


def bad_statement(rng, db, plan):
    add_row(db, "auth_policies")["statement"] = rng.choice(BAD_STATEMENTS)


def no_object(rng, db, plan):
    row = add_row(db, rng.choice(["graveler_commits", "gateway_multiparts"]))
    row["metadata"] = rng.choice([b"[]", b'"text"', b"1", b"true", b'[{"a": "b"}]', b'[["a", "b"]]'])


def same_key(rng, db, plan):
    """Names with slashes that come to the same key."""
    kind = rng.choice(["auth_user_groups", "auth_credentials"])
    middle = b"/users/" if kind == "auth_user_groups" else b"/credentials/"
    db.add("auth_users", NUMBER, TIME, NAME, None, b"", None, None, None)
    if kind == "auth_credentials":
        db.add("auth_users", NUMBER + 1, TIME, NAME + middle + b"a", None, b"", None, None, None)
        db.add(kind, b"a" + middle + b"b", b"", TIME, NUMBER)
        db.add(kind, b"b", b"", TIME, NUMBER + 1)
    else:
        db.add("auth_users", NUMBER + 1, TIME, b"certain2" + middle + NAME, None, b"", None, None, None)
        db.add("auth_groups", NUMBER, TIME, b"g" + middle + b"certain2")
        db.add("auth_groups", NUMBER + 1, TIME, b"g")
        db.add(kind, NUMBER, NUMBER)
        db.add(kind, NUMBER + 1, NUMBER + 1)


def same_replacement(rng, db, plan):
    """Tags that are the same once their invalid bytes are replaced."""
    if not plan.replace or plan.encoding != "SQL_ASCII":
        same_key(rng, db, plan)
        return
    add_row(db, "graveler_tags")["id"] = b"certain \x80"
    db.add("graveler_tags", NAME, b"certain \xff", None)


TEXTS = [(table, column) for table, columns in (
    ("auth_users", ("display_name", "friendly_name", "source", "email", "external_id")), ("auth_groups", ("display_name",)),
    ("auth_policies", ("display_name", "statement")), ("auth_credentials", ("access_key_id",)), ("auth_expired_tokens", ("token_id",)),
    ("auth_installation_metadata", ("key_name", "key_value")),
    ("actions_runs", ("repository_id", "run_id", "event_type", "branch_id", "source_ref", "commit_id")),
    ("actions_run_hooks", ("hook_run_id", "action_name", "hook_id")),
    ("gateway_multiparts", ("upload_id", "path", "physical_address", "metadata", "content_type")),
    ("graveler_repositories", ("id", "default_branch")), ("graveler_branches", ("id", "staging_token", "commit_id")),
    ("graveler_tags", ("id", "commit_id")), ("graveler_commits", ("id", "committer", "message", "meta_range_id", "metadata", "parents")),
) for column in columns]


def invalid_text(rng, db, plan):
    if plan.encoding != "SQL_ASCII" or plan.invalid:
        null(rng, db, plan)
        return
    plan.replace = False
    table, column = rng.choice(TEXTS)
    text = b"certain " + rng.choice(INVALID) + b" 7777777"
    if column == "metadata":
        text = rng.choice([b'{"a": ["' + text + b'"]}', b'{"' + text + b'": "a"}'])
    if column == "statement":
        text = GOOD.replace(b"fs:*", text)
        text = b"[" + text + b"]"
    add_row(db, table)[column] = [b"a", text] if column == "parents" else text


# Columns that may not be NULL but are no part of a primary key.
NOT_NULL = [("auth_users", "created_at"), ("auth_users", "display_name"), ("auth_users", "source"), ("auth_groups", "created_at"),
            ("auth_groups", "display_name"), ("auth_policies", "created_at"), ("auth_policies", "display_name"),
            ("auth_policies", "statement"), ("auth_credentials", "secret_access_key"), ("auth_credentials", "issued_date"),
            ("auth_expired_tokens", "token_expires_at"), ("auth_installation_metadata", "key_value"), ("actions_runs", "event_type"),
            ("actions_runs", "start_time"), ("actions_runs", "end_time"), ("actions_runs", "branch_id"), ("actions_runs", "source_ref"),
            ("actions_runs", "commit_id"), ("actions_runs", "passed"), ("actions_run_hooks", "action_name"),
            ("actions_run_hooks", "hook_id"), ("actions_run_hooks", "start_time"), ("actions_run_hooks", "end_time"),
            ("actions_run_hooks", "passed"), ("gateway_multiparts", "path"), ("gateway_multiparts", "creation_date"),
            ("graveler_repositories", "storage_namespace"), ("graveler_repositories", "creation_date"),
            ("graveler_repositories", "default_branch"), ("graveler_commits", "committer"), ("graveler_commits", "message"),
            ("graveler_commits", "creation_date"), ("graveler_commits", "meta_range_id"), ("graveler_commits", "version")]


def null(rng, db, plan):
    """As only a change by hand can leave it."""
    table, column = rng.choice(NOT_NULL)
    db.columns.append((table, column))
    add_row(db, table)[column] = None


def other_partition(rng, db, plan):
    """A staging token that is the name of another partition."""
    branch = add_row(db, "graveler_branches")
    branch["staging_token"] = rng.choice([b"auth", b"actions", b"multiparts", b"graveler", b"kv-internal-metadata"])
    db.add("graveler_staging_kv", branch["staging_token"], NAME, b"identity", b"data")


def long_key(rng, db, plan):
    """Two names that fit alone, but not in one key."""
    for needed in NEEDS["auth_user_groups"]:
        add_row(db, needed)["display_name"] = db.texts.long(2000)
    db.add("auth_user_groups", *ROWS["auth_user_groups"])


KINDS = [empty_identity, bad_statement, bad_statement, no_object, same_key, same_replacement, invalid_text, invalid_text, null, null,
         other_partition, long_key]


def add(rng, db, plan):
    """Adds such a row; returns its kind."""
    # Rows that are left out are refused with --strict, and any of the refused may be met first.
    plan.strict = False
    kind = rng.choice(KINDS)
    kind(rng, db, plan)
    return kind.__name__
