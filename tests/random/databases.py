# SPDX-License-Identifier: Apache-2.0
"""Databases for the rounds: one of each encoding, which gets the name and the schema of the round, and is emptied after it.
To make one each time takes ten times as long."""
import contextlib
import os
import subprocess

import database as server
from tables import load_script


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


class Databases:
    def __init__(self):
        self.made = set()

    @staticmethod
    def resting_name(encoding):
        return f"random_{os.getpid()}_{encoding.lower()}"

    def drop(self):
        for encoding in self.made:
            server.drop_database(self.resting_name(encoding))

    @contextlib.contextmanager
    def use(self, plan, db):
        """The name of a database that is as the plan says and has the rows."""
        resting = self.resting_name(plan.encoding)
        name = f"random_{os.getpid()} {plan.database}"
        if plan.encoding not in self.made:
            self.made.add(plan.encoding)
            make_legacy(resting, plan.encoding)
        server.psql("postgres", "-c", f"ALTER DATABASE {resting} RENAME TO {identifier(name)}")
        try:
            fill(name, plan, db)
            yield name
        finally:
            put_back(name, resting, plan, db)


def make_legacy(name, encoding):
    """An empty database at the last schema version."""
    server.psql("postgres", "-c",
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
    migrations = [argument for path in sorted(server.MIGRATIONS.glob("*.up.sql")) for argument in ("-f", path)]
    server.psql(name, "-1", *migrations,
                "-c", "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
                "-c", f"INSERT INTO schema_migrations VALUES ({server.LAST_VERSION}, false)")


def fill(name, plan, db):
    nullable = (f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;\n" for table, column in db.columns)
    script = "".join(nullable).encode() + load_script(db.rows)
    schema = identifier(plan.schema)
    if plan.schema != "public":
        script += f"ALTER SCHEMA public RENAME TO {schema};\n".encode()
        if not plan.schema_option:
            script += f"ALTER DATABASE {identifier(name)} SET search_path = {schema};\n".encode()
    sql(name, script, plan.encoding)


def put_back(name, resting, plan, db):
    schema = identifier(plan.schema)
    tables = ", ".join(table for table, rows in db.rows.items() if rows)
    script = f"SET search_path = {schema}; DROP TABLE IF EXISTS kv CASCADE;" \
        "DROP FUNCTION IF EXISTS kv_migrate_refuse_writes() CASCADE;" \
        f"UPDATE schema_migrations SET version = {server.LAST_VERSION};"
    script += f"TRUNCATE {tables} CASCADE;" if tables else ""
    for table, column in db.columns:
        script += f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;"
    if plan.schema != "public":
        script += f"ALTER SCHEMA {schema} RENAME TO public; ALTER DATABASE {identifier(name)} RESET search_path;"
    sql(name, script.encode())
    server.psql("postgres", "-c", f"ALTER DATABASE {identifier(name)} RENAME TO {resting}")


def sql(name, script, encoding="UTF8"):
    """What psql prints. Bytes of a database without an encoding go as they are."""
    environment = dict(os.environ, PGDATABASE=name, PGCLIENTENCODING=encoding if encoding == "SQL_ASCII" else "UTF8",
                       PGOPTIONS="-c client_min_messages=warning")
    return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1"], input=script, check=True, stdout=subprocess.PIPE,
                          env=environment).stdout
