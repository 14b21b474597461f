# SPDX-License-Identifier: Apache-2.0
"""Programs that are run with a failing call, and what must be true of how they end."""
import dataclasses
import hashlib
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time

import database as db

sys.path[:0] = [str(db.ROOT / "tests" / "lib"), str(db.ROOT / "tests" / "dynamodb")]
import decode  # noqa: E402
import table  # noqa: E402

TIME_LIMIT = 10
SANITIZER_CODE = 99


class Wrong(Exception):
    """A run did not end as it must."""


def where(process):
    """Where a process is, if a debugger is installed."""
    if shutil.which("gdb") is None:
        return ""
    command = ["gdb", "-p", str(process), "-batch", "-ex", "thread apply all bt 14"]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return "\n".join(line for line in text.splitlines() if line.startswith(("#", "Thread")))


def waits_for_server(process):
    """Whether a thread waits for its connection, in poll; they would wait for each other in futex."""
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        if (task / "syscall").read_text().split()[0] == "7":
            return True
    return False


class Trial:
    """One program with its arguments, in a folder and on a database of its own."""

    session = None  # where there is a database
    program = None  # the one in which calls fail, where it is not the only one
    codes = None  # the exit codes that any failing call may lead to, where they do not depend on it
    most = 0  # failing calls of a kind that are tried (0: all)

    def __init__(self, options, folder, jobs, environment=None):
        self.options = options
        self.folder = folder
        self.jobs = jobs
        self.environment = environment or {}
        self.openssl = 0  # crashes in OpenSSL
        self.libpq = 0  # libpq waits in vain
        self.libcurl = 0  # requests without all that belongs to them
        self.crashed = False
        self.stderr = b""
        self.folder.mkdir()
        self.mark = folder / "mark"
        self.count = folder / "count"

    def run(self, call=None, number=0, how="fail"):
        """Runs the program; returns its exit code, and whether the fault struck."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {"LC_ALL": "C.UTF-8"} | self.environment
        if call is not None:
            environment |= {"LD_PRELOAD": str(self.options.shim), "FAULT_CALL": call, "FAULT_AT": str(number),
                            "FAULT_HOW": how, "FAULT_MARK": str(self.mark), "FAULT_COUNT": str(self.count)}
            if self.program is not None:
                environment["FAULT_PROGRAM"] = self.program
            if not self.options.asan:
                environment["FAULT_TRACE"] = "yes"
        if self.options.asan:
            environment |= {"ASAN_OPTIONS": f"verify_asan_link_order=0:detect_leaks=1:fast_unwind_on_malloc=0:exitcode={SANITIZER_CODE}",
                            "LSAN_OPTIONS": f"suppressions={pathlib.Path(__file__).parent}/leaks.supp:print_suppressions=0"}
        self.interrupted = False
        for path in (self.mark, self.count):
            path.unlink(missing_ok=True)
        with subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment) as process:
            try:
                self.output, self.stderr = process.communicate(timeout=TIME_LIMIT)
            except subprocess.TimeoutExpired:
                if self.session is None or call != "malloc" or not waits_for_server(process.pid):
                    place = where(process.pid)
                    process.kill()
                    self.output, self.stderr = process.communicate()
                    raise Wrong(f"it hangs\n{place}") from None
                self.end_libpq(process)
        return process.returncode, self.mark.exists()

    def end_libpq(self, process):
        """Without memory libpq may consider a response incomplete, and wait for the rest. We cannot fix that, but a
        signal must end it, or else a second one, which ends it at once."""
        self.libpq += 1
        print(f"note: {self.label} -j {self.jobs} waits in libpq\n{where(process.pid)}")
        for _ in range(2):
            process.terminate()
            try:
                self.output, self.stderr = process.communicate(timeout=2)
                break
            except subprocess.TimeoutExpired:
                pass
        else:
            process.kill()
            self.output, self.stderr = process.communicate()
            raise Wrong("signals do not end it")
        if process.returncode not in (128 + signal.SIGTERM, -signal.SIGTERM):
            raise Wrong(f"exit code {process.returncode} by a signal")
        self.interrupted = True

    def check_end(self, code, allowed, call=None):
        """The exit code and the messages, whatever the program did. False where a library crashed or
        hung."""
        text = self.stderr.decode(errors="replace")
        errors = sum(line.startswith(f"{self.name}: error: ") for line in text.splitlines())
        if self.interrupted:
            return False
        self.crashed = (code < 0 or (code == SANITIZER_CODE and b": SEGV on " in self.stderr)) and b"libcrypto" in self.stderr
        if self.crashed:
            # OpenSSL does not survive it everywhere, nor does libcurl when it signs; we cannot fix
            # that. What they leave behind still counts.
            self.openssl += 1
            self.check_sessions()
            return True
        if code < 0:
            raise Wrong(f"it was ended by signal {-code}")
        if code == SANITIZER_CODE:
            raise Wrong("the sanitizer has found something")
        if code == 5 and call == "malloc" and self.struck_in() == "libcurl":
            # libcurl sends a request without the signature that it had no memory for; the request
            # is refused.
            self.libcurl += 1
            code = 3
        if code == 3 and 2 in allowed and b"invalid snapshot identifier" in self.stderr:
            # The connection with the snapshot was lost, and another one noticed first.
            code = 2
        if code == 1 and b"could not start a thread" in self.stderr:
            code = 3 if 3 in allowed else code
        if code != 0 and code not in (self.codes or allowed):
            raise Wrong(f"exit code {code}, not one of {sorted(allowed)}")
        if errors != (code != 0):
            raise Wrong(f"{errors} error messages with exit code {code}")
        self.check_sessions()
        return True

    def struck_in(self):
        """The file that the failing call is in, as libcurl or kv-import."""
        places = self.mark.read_text().splitlines() if self.mark.exists() else []
        names = (place.split("(")[0].rsplit("/", 1)[-1].split(".so")[0] for place in places)
        return next((name for name in names if name not in (self.options.shim.stem, "libasan")), None)

    def close(self):
        if self.session is not None:
            self.session.close()

    def check_next(self):
        self.prepare(0)
        code, _ = self.run()
        self.check_end(code, set())
        self.check(code, None)

    def check_sessions(self):
        if self.session is None:
            return
        end = time.monotonic() + 10
        while self.session.sql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.database}'"
                               f" AND application_name = '{self.name}'") != "0":
            if time.monotonic() > end:
                raise Wrong("a session is left in the server")
            time.sleep(0.005)


@dataclasses.dataclass
class Source:
    """What is exported, and by which arguments."""

    label: str
    arguments: list
    database: str = None  # where it is one
    environment: dict = None
    ordered: bool = True  # the entries are always in the same order
    most: int = 0  # see Trial
    content: str = ""  # what contents() tells of a dump that is right

    def options(self):
        return ([] if self.database is None else ["-d", self.database]) + self.arguments


def contents(dump, ordered):
    """A text that is the same for dumps with the same entries."""
    stream = subprocess.run(["zstd", "-dcq", dump], capture_output=True, check=False).stdout
    if not ordered:
        try:
            stream = repr(sorted(decode.copy_tuples(stream))).encode()
        except (SystemExit, struct.error) as broken:
            return f"no stream: {broken}"
    return hashlib.sha256(stream).hexdigest()


class Export(Trial):
    name = "kv-export"

    def __init__(self, options, folder, jobs, source):
        super().__init__(options, folder, jobs, source.environment)
        self.source = source
        self.label = source.label
        self.most = source.most
        self.database = source.database
        if self.database is not None:
            self.session = db.Session(self.database)
        self.out = folder / "out"
        self.file = self.out / "kv.dump"

    def command(self):
        return [self.options.bin / "kv-export", *self.source.options(), f"-j{self.jobs}", "-f", self.file, "--force"]

    def prepare(self, number):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        self.existing = number % 2 == 0
        if self.existing:
            self.file.write_text("old")

    def is_whole(self):
        return contents(self.file, self.source.ordered) == self.source.content and \
            subprocess.run([self.options.bin / "kv-import", "--check", self.file], capture_output=True, check=False).returncode == 0

    def check(self, code, call):
        left = sorted(path.name for path in self.out.iterdir())
        if self.crashed:
            # The partial file stays.
            left = [name for name in left if name != "kv.dump.partial"]
        if code == 0:
            if left != ["kv.dump"] or not self.is_whole():
                raise Wrong(f"it succeeded, and the dump is not whole: {left}")
        elif self.existing:
            # Once the new file has replaced the old one, the old one cannot come back.
            if left != ["kv.dump"] or not (self.file.read_bytes() == b"old" or
                                           (call in ("malloc", "open", "fsync", "close") and self.is_whole())):
                raise Wrong(f"the existing file is not as it was: {left}")
        elif left:
            raise Wrong(f"it left {left}")


class Import(Trial):
    name = label = "kv-import"

    def __init__(self, options, folder, jobs, database, dump, digest):
        super().__init__(options, folder, jobs)
        self.database = database
        self.dump = dump
        self.digest = digest
        self.session = db.Session(database)
        self.legacy = self.session.sql(db.LEGACY_DIGEST)

    def command(self):
        return [self.options.bin / "kv-import", "-d", self.database, "--partitions=3", f"-j{self.jobs}", self.dump]

    def prepare(self, number):
        # Keep a failed run's table, to show that it is no obstacle.
        if self.session.sql(db.STAMP) == f"{db.LAST_VERSION + 1} 1":
            self.reset()

    def reset(self):
        self.session.sql("DROP TABLE kv CASCADE")
        self.session.sql(f"UPDATE schema_migrations SET version = {db.LAST_VERSION}")

    def check(self, code, call):
        stamp = self.session.sql(db.STAMP)
        done = stamp == f"{db.LAST_VERSION + 1} 1"
        if done and self.session.sql(db.KV_DIGEST) != self.digest:
            raise Wrong("it is stamped, and the entries are not right")
        if code == 0 and not done:
            raise Wrong(f"it succeeded, and the stamp is {stamp}")
        if code != 0 and stamp not in (f"{db.LAST_VERSION} -", f"{db.LAST_VERSION} 0"):
            # The outcome is only unknown if the response to the COMMIT was lost, and then the
            # message must say so.
            if not done or b"may have been stamped" not in self.stderr:
                raise Wrong(f"it failed, and the stamp is {stamp}")
        if self.session.sql(db.LEGACY_DIGEST) != self.legacy:
            raise Wrong("the legacy tables are not as they were")


class Migrate(Import):
    """kv-migrate up, in whose session program calls fail."""

    name = label = "kv-migrate"
    program = "kv-migrate-session"
    codes = {1, 2, 3}
    most = 400

    def command(self):
        return [self.options.bin / "kv-migrate", "up", "--kv-enabled", "--keep-tables", "-d", self.database,
                "--blockstore-path", db.BLOCKSTORE, f"-j{self.jobs}"]

    def check(self, code, call):
        stamp = self.session.sql(db.STAMP)
        done = stamp == f"{db.LAST_VERSION + 1} 1"
        if done and self.session.sql(db.KV_DIGEST) != self.digest:
            raise Wrong("it is stamped, and the entries are not right")
        if code == 0 and not done:
            raise Wrong(f"it succeeded, and the stamp is {stamp}")
        if code != 0 and done and not any(words in self.stderr for words in (b"may have been stamped", b"not be found out", b"is unknown")):
            raise Wrong(f"it ended with {code}, and the stamp stands")
        if not done and stamp not in (f"{db.LAST_VERSION} -", f"{db.LAST_VERSION} 0"):
            raise Wrong(f"the stamp is {stamp}")
        if self.session.sql(db.LEGACY_DIGEST) != self.legacy:
            raise Wrong("the legacy tables are not as they were")


class Status(Trial):
    """kv-migrate status of that database: it says all or fails."""

    name = "kv-migrate"
    label = "kv-migrate status"
    program = "kv-migrate-session"
    codes = {1, 2, 3}
    most = 400

    def __init__(self, options, folder, jobs, database):
        super().__init__(options, folder, jobs)
        self.database = database
        self.session = db.Session(database)
        self.expected = None

    def command(self):
        return [self.options.bin / "kv-migrate", "status", "-d", self.database] + ["--format=json"] * (self.jobs % 2)

    def prepare(self, number):
        pass

    def check(self, code, call):
        # A run that fails may have printed a part before.
        if code == 0:
            self.expected = self.expected or self.output
            if self.output != self.expected:
                raise Wrong(f"it succeeded, and says {self.output}")


class DynamoImport(Trial):
    name = "kv-import"
    label = "kv-import --target=dynamodb"

    def __init__(self, options, folder, jobs, url, environment, dump, rows, most):
        super().__init__(options, folder, jobs, environment)
        self.url = url
        self.table = f"kv-{jobs}"
        self.dump = dump
        self.rows = rows
        self.most = most

    def command(self):
        return [self.options.bin / "kv-import", "--target=dynamodb", f"--dynamodb-endpoint={self.url}",
                f"--dynamodb-table={self.table}", f"-j{self.jobs}", self.dump]

    def version(self):
        try:
            return table.version(self.url, self.table)
        except table.Refused as refused:
            if "ResourceNotFoundException" not in str(refused):
                raise
            return "none"

    def prepare(self, number):
        # As for a database: what a failed run has left is no obstacle.
        if self.version() == "1":
            table.call(self.url, "DeleteTable", {"TableName": self.table})

    def check(self, code, call):
        version = self.version()
        if version == "1" and sorted(table.rows(self.url, self.table)) != self.rows:
            raise Wrong("it is stamped, and the entries are not right")
        if code == 0 and version != "1":
            raise Wrong(f"it succeeded, and the version is {version}")
        # As for a database: only the response to the stamp may be lost.
        if code != 0 and version not in ("none", "-", "0") and b"may have been stamped" not in self.stderr:
            raise Wrong(f"it failed, and the version is {version}")
