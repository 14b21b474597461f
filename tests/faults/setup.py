# SPDX-License-Identifier: Apache-2.0
"""Makes what the programs of run.py work on: databases, tables and dumps, and tells what is right of them."""
import dataclasses
import os
import subprocess

import database as db
import servers
from trials import DynamoImport, Export, Import, Migrate, Source, Status, contents

TABLE = "source"
# An import into DynamoDB calls malloc 20,000 times, and takes half a second.
MOST_REMOTE = 1500


class Setup:
    """What it starts and makes is ended and dropped by the stack."""

    def __init__(self, options, folder, stack):
        self.options = options
        self.folder = folder
        self.stack = stack
        self.references = 0
        self.dynamodb = None
        self.template = self.make_database("")
        self.dump, self.source = self.reference(Source("kv-export", ["--blockstore-path", db.BLOCKSTORE], self.template))
        self.digest, self.rows = self.entries()

    def trials(self, program):
        return getattr(self, "trials_" + program.replace("-", "_"))()

    def make_database(self, name, template=None):
        """One like the template, or with the fixture's rows."""
        database = f"faults_{os.getpid()}{name}"
        self.stack.callback(db.drop_database, database)
        if template is None:
            db.make_legacy(database, db.FIXTURES / "esti" / "legacy.data.sql")
        else:
            db.copy_database(database, template)
        return database

    def run(self, program, *arguments, environment=None):
        subprocess.run([self.options.bin / program, "-q", *arguments], check=True, env=dict(os.environ, **(environment or {})))

    def reference(self, source):
        """A dump of the source that no fault has met, and the source with what is in it."""
        self.references += 1
        dump = self.folder / f"reference{self.references}.dump"
        self.run("kv-export", *source.options(), "-f", dump, environment=source.environment)
        return dump, dataclasses.replace(source, content=contents(dump, source.ordered))

    def copy(self, name):
        """A database like the template, and its dump: it takes no other one's."""
        database = self.make_database(name, self.template)
        return database, self.reference(dataclasses.replace(self.source, database=database))[0]

    def entries(self):
        """The digest of the KV table that the dump makes, and its rows but the version's."""
        name, dump = self.copy("_reference")
        self.run("kv-import", "-d", name, dump)
        db.check_esti_entries(name)
        session = db.Session(name)
        digest = session.sql(db.KV_DIGEST)
        text = session.sql("SELECT encode(partition_key, 'hex'), encode(key, 'hex'), encode(value, 'hex') FROM kv"
                           " WHERE partition_key <> 'kv-internal-metadata'")
        session.close()
        return digest, sorted(tuple(bytes.fromhex(field) for field in row.split("|")) for row in text.splitlines())

    def exports(self, name, source):
        for jobs in self.options.jobs:
            mine = source
            if source.database is not None:
                mine = dataclasses.replace(source, database=self.make_database(f"_{name}{jobs}", source.database))
            yield Export(self.options, self.folder / f"{name}{jobs}", jobs, mine)

    def trials_export(self):
        return self.exports("export", self.source)

    def trials_redact(self):
        key = self.folder / "redact.key"
        key.write_text("the key that is for the tests only")
        arguments = [*self.source.arguments, "--redact", f"--redact-key-file={key}"]
        return self.exports("redact", self.reference(Source("kv-export --redact", arguments, self.template))[1])

    def trials_import(self):
        for jobs in self.options.jobs:
            database, dump = self.copy(f"_import{jobs}")
            yield Import(self.options, self.folder / f"import{jobs}", jobs, database, dump, self.digest)

    def trials_migrate(self):
        for jobs in self.options.jobs:
            database = self.make_database(f"_migrate{jobs}", self.template)
            yield Migrate(self.options, self.folder / f"migrate{jobs}", jobs, database, self.dump, self.digest)

    def trials_status(self):
        for jobs in self.options.jobs:
            database = self.make_database(f"_status{jobs}", self.template)
            yield Status(self.options, self.folder / f"status{jobs}", jobs, database)

    def trials_s3_export(self):
        """The fixture with its repositories on S3 instead of a disk."""
        objects = self.folder / "objects"
        objects.mkdir()
        (objects / "esti").symlink_to(db.BLOCKSTORE)
        url, environment = self.stack.enter_context(servers.s3(objects, self.folder))
        database = self.make_database("_s3", self.template)
        db.psql(database, "-c", "UPDATE graveler_repositories SET storage_namespace ="
                " replace(storage_namespace, 'local://', 's3://esti/')")
        source = Source("kv-export --s3-endpoint", [f"--s3-endpoint={url}"], database, environment, most=MOST_REMOTE)
        return self.exports("s3", self.reference(source)[1])

    def start_dynamodb(self):
        if self.dynamodb is None:
            self.dynamodb = self.stack.enter_context(servers.dynamodb())
        return self.dynamodb

    def trials_dynamodb_import(self):
        url, environment = self.start_dynamodb()
        for jobs in self.options.jobs:
            yield DynamoImport(self.options, self.folder / f"dynamodb-import{jobs}", jobs, url, environment, self.dump, self.rows,
                               MOST_REMOTE)

    def trials_dynamodb_export(self):
        url, environment = self.start_dynamodb()
        place = [f"--dynamodb-endpoint={url}", f"--dynamodb-table={TABLE}"]
        self.run("kv-import", "--target=dynamodb", *place, self.dump, environment=environment)
        # The entries of the fixture's dump, in another order.
        source = Source("kv-export --store=dynamodb", ["--source=kv", "--store=dynamodb", *place], None, environment,
                        ordered=False, most=MOST_REMOTE, content=contents(self.dump, False))
        return self.exports("dynamodb-export", source)
