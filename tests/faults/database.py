# SPDX-License-Identifier: Apache-2.0
"""What the fault drivers share: a session of psql, databases, and what is to be true of them."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
BLOCKSTORE = FIXTURES / "esti" / "blockstore"
MIGRATIONS = ROOT / "scripts" / "migrations"
LAST_VERSION = max(int(path.name.split("_")[0]) for path in MIGRATIONS.glob("*.up.sql"))

LEGACY_DIGEST = r"""
SELECT coalesce(md5(string_agg(line, ' ' ORDER BY line)), '') FROM (SELECT relname || ' ' || (xpath('/row/digest/text()',
    query_to_xml(format('SELECT count(*) || md5(string_agg(md5(t::text || xmin || ctid), '''' ORDER BY ctid)) AS digest
        FROM %I AS t', relname), false, true, '')))[1]::text AS line
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname !~ '^(kv|schema_migrations)') AS lines"""

KV_DIGEST = """SELECT count(*) || ' ' || md5(string_agg(md5(partition_key) || md5(key) || md5(value), ''
    ORDER BY partition_key, key)) FROM kv"""

# "38 -", "38 0", "39 1": the schema version, and the version of the KV table; - means no table.
STAMP = r"""SELECT (SELECT version || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM schema_migrations) || ' ' ||
    CASE WHEN to_regclass('kv') IS NULL THEN '-' ELSE coalesce((xpath('/row/v/text()', query_to_xml(
        $$SELECT encode(value, 'escape') AS v FROM kv WHERE partition_key = 'kv-internal-metadata'
        AND key = 'kv/schema/version'$$, false, true, '')))[1]::text, 'none') END"""


class Lost(Exception):
    """The session has ended."""


class Session:
    """One psql that stays open: a statement takes a millisecond instead of a process."""

    END = "-- end of answer --"

    def __init__(self, database):
        self.process = subprocess.Popen(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=0", "-d", database], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=dict(os.environ, PGAPPNAME="test", PGOPTIONS="-c client_min_messages=warning"))

    def sql(self, statement):
        lines = []
        try:
            self.process.stdin.write(f"{statement};\n\\echo '{self.END}' :SQLSTATE\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Lost from None
        for line in self.process.stdout:
            if line.startswith(self.END):
                if line.split()[-1] != "00000":
                    raise RuntimeError("".join(lines))
                return "".join(lines).rstrip("\n")
            lines.append(line)
        raise Lost("".join(lines))

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.process.stdout.close()


def psql(database, *arguments):
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d", database, *arguments], check=True,
                   env=dict(os.environ, PGOPTIONS="-c client_min_messages=warning"))


def make_legacy(name, data=None):
    """Makes a legacy database at the last schema version, with the rows of the SQL file."""
    psql("postgres", "-c", f"CREATE DATABASE {name}")
    for path in sorted(MIGRATIONS.glob("*.up.sql")):
        psql(name, "-1", "-f", str(path))
    psql(name, "-c", "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)")
    if data is not None:
        psql(name, "-1", "-f", str(data))
    psql(name, "-c", "TRUNCATE schema_migrations", "-c", f"INSERT INTO schema_migrations VALUES ({LAST_VERSION}, false)")


def copy_database(name, template):
    psql("postgres", "-c", f"CREATE DATABASE {name} TEMPLATE {template}")


def drop_database(name):
    psql("postgres", "-c", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
         "-c", f"DROP DATABASE IF EXISTS {name}")


def restart_server(folder):
    """Stops the server of scripts/dev/throwaway-postgres.sh as if the power had failed, and starts it again."""
    library = ROOT / "scripts" / "dev" / "throwaway-postgres.sh"
    script = f"""source {library}
        dir={folder}; bindir=$(cat "$dir/throwaway-postgres"); user=$(stat -c %U "$dir")
        _throwaway_postgres_as "$user" "$dir" "$bindir/pg_ctl" stop -D "$dir/data" -m immediate -w -s >>"$dir/log" 2>&1
        _throwaway_postgres_run "$dir" "$bindir" "$user" """
    subprocess.run(["bash", "-c", script], check=True, stdin=subprocess.DEVNULL)


def check_esti_entries(database):
    """The KV table must be what lakeFS's own migration made of the esti fixture."""
    entries = subprocess.run([FIXTURES / "tools" / "kvnorm.py", f"dbname={database}", "--schema-version"], check=True,
                             capture_output=True, text=True).stdout
    assert entries == (FIXTURES / "esti" / "expected.jsonl").read_text(), "the entries are not those expected"
