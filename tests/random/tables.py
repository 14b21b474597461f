# SPDX-License-Identifier: Apache-2.0
"""The legacy tables and their columns, and how rows come into a database: as psql input, by PostgreSQL's rules alone."""
from values import DAY, MICRO

TABLES = {
    "auth_users": {"id": "int", "created_at": "time", "display_name": "text", "friendly_name": "text", "source": "text",
                   "email": "text", "encrypted_password": "bytea", "external_id": "text"},
    "auth_groups": {"id": "int", "created_at": "time", "display_name": "text"},
    "auth_policies": {"id": "int", "created_at": "time", "display_name": "text", "statement": "jsonb"},
    "auth_user_groups": {"user_id": "int", "group_id": "int"},
    "auth_user_policies": {"user_id": "int", "policy_id": "int"},
    "auth_group_policies": {"group_id": "int", "policy_id": "int"},
    "auth_credentials": {"access_key_id": "text", "secret_access_key": "bytea", "issued_date": "time", "user_id": "int"},
    "auth_expired_tokens": {"token_id": "text", "token_expires_at": "time"},
    "auth_installation_metadata": {"key_name": "text", "key_value": "text"},
    "actions_runs": {"repository_id": "text", "run_id": "text", "event_type": "text", "start_time": "time", "end_time": "time",
                     "branch_id": "text", "source_ref": "text", "commit_id": "text", "passed": "bool"},
    "actions_run_hooks": {"repository_id": "text", "run_id": "text", "hook_run_id": "text", "action_name": "text",
                          "hook_id": "text", "start_time": "time", "end_time": "time", "passed": "bool"},
    "gateway_multiparts": {"upload_id": "text", "path": "text", "creation_date": "time", "physical_address": "text",
                           "metadata": "jsonb", "content_type": "text"},
    "graveler_repositories": {"id": "text", "storage_namespace": "text", "creation_date": "time", "default_branch": "text"},
    "graveler_branches": {"repository_id": "text", "id": "text", "staging_token": "text", "commit_id": "text"},
    "graveler_tags": {"repository_id": "text", "id": "text", "commit_id": "text"},
    "graveler_commits": {"repository_id": "text", "id": "text", "committer": "text", "message": "text", "creation_date": "time",
                         "meta_range_id": "text", "metadata": "jsonb", "parents": "text[]", "version": "int",
                         "generation": "int"},
    "graveler_staging_kv": {"staging_token": "text", "key": "bytea", "identity": "bytea", "data": "bytea"},
}

PACKAGES = {"auth": "auth", "actions": "actions", "gateway": "multiparts", "graveler": "graveler"}


def package(table):
    return PACKAGES[table.split("_")[0]]


def civil(days):
    """(year, month, day) of a day since 1970 in the proleptic Gregorian calendar; 1 BC is year 0."""
    era, day = divmod(days + 719468, 146097)  # since 0000-03-01
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5 - 1
    return era * 400 + year + (month >= 10), month + 3 if month < 10 else month - 9, day


def time_text(micros):
    if isinstance(micros, str):
        return micros
    days, rest = divmod(micros, DAY)
    year, month, day = civil(days)
    second, micro = divmod(rest, MICRO)
    text = f"{year if year > 0 else 1 - year:04d}-{month:02d}-{day:02d} {second // 3600:02d}:{second // 60 % 60:02d}:" \
        f"{second % 60:02d}.{micro:06d}+00"
    return text if year > 0 else text + " BC"


def array_text(members):
    quoted = [b"NULL" if member is None else b'"' + member.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
              for member in members]
    return b"{" + b",".join(quoted) + b"}"


def field(kind, value):
    """A field of COPY's text format."""
    if value is None:
        return b"\\N"
    if kind == "bytea":
        return b"\\\\x" + value.hex().encode()
    if kind == "bool":
        return b"t" if value else b"f"
    if kind == "int":
        return str(value).encode()
    if kind == "time":
        return time_text(value).encode()
    if kind == "text[]":
        value = array_text(value)
    return value.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")


def load_script(rows):
    """What psql reads to load the tables' rows. Foreign keys are not looked at, as in a database that has lost them."""
    script = [b"SET session_replication_role = replica;\n"]
    for table, columns in TABLES.items():
        if rows[table]:
            script.append(f"COPY {table} ({', '.join(columns)}) FROM stdin;\n".encode())
            for row in rows[table]:
                script.append(b"\t".join(field(kind, row[column]) for column, kind in columns.items()) + b"\n")
            script.append(b"\\.\n")
    return b"".join(script)
