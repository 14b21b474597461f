#!/usr/bin/env python3
"""Lets calls of kv-export and kv-import fail, one at a time, and looks at how the programs end (see shim.c).

For each kind of call the first one fails, then in another run the second one, and so on until there is none left. Every
run must end with the documented exit code and one error message, leave no file, no session and no stamp, and the
next run must succeed. Where the fault did no harm the result must be right.

The server is that of the PG* variables.
"""
import argparse
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(__file__))
import database as db

# The exit codes that a failing call of the kind may lead to. Memory may be what a connection lacks (2).
FILE_CODES = {1, 3}
CALLS = {
    "malloc": {2, 3}, "read": {1, 2, 3, 5}, "write": {3}, "open": {1, 3, 5}, "fsync": {3}, "name": {3}, "close": FILE_CODES,
    "fcntl": {1, 2}, "ftruncate": FILE_CODES, "fchmod": FILE_CODES, "recv": {2}, "send": {2}, "pthread_create": {1},
    "PQconnectdbParams": {2}, "PQexec": {2}, "PQexecParams": {2}, "PQprepare": {2}, "PQgetCopyData": {2},
    "PQputCopyData": {2}, "PQputCopyEnd": {2}, "PQgetResult": {2},
}
# A run in which every call of the kind is short or interrupted must succeed.
HARMLESS = [("short", call) for call in ("read", "write", "recv", "send")] + \
    [("interrupt", call) for call in ("read", "write", "recv", "send")]
TIME_LIMIT = 10
SANITIZER_CODE = 99


class Wrong(Exception):
    """A run did not end as it must."""


def where(process):
    """Where a process is, as far as a debugger is there to tell."""
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

    def __init__(self, options, folder, jobs):
        self.options = options
        self.folder = folder
        self.jobs = jobs
        self.openssl = 0  # crashes in OpenSSL
        self.libpq = 0  # libpq waits in vain
        self.stderr = b""
        self.folder.mkdir()
        self.mark = folder / "mark"
        self.count = folder / "count"

    def run(self, call=None, number=0, how="fail"):
        """Runs the program; returns its exit code, and whether the fault struck."""
        environment = dict(os.environ, LC_ALL="C.UTF-8")
        if call is not None:
            environment |= {"LD_PRELOAD": str(self.options.shim), "FAULT_CALL": call, "FAULT_AT": str(number),
                            "FAULT_HOW": how, "FAULT_MARK": str(self.mark), "FAULT_COUNT": str(self.count)}
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
                if call != "malloc" or not waits_for_server(process.pid):
                    place = where(process.pid)
                    process.kill()
                    self.output, self.stderr = process.communicate()
                    raise Wrong(f"it hangs\n{place}") from None
                self.end_libpq(process)
        return process.returncode, self.mark.exists()

    def end_libpq(self, process):
        """libpq may take an answer that it has no memory for to be incomplete, and wait for the rest. Not ours to mend,
        but a signal must end it, or a second one, which asks nobody."""
        self.libpq += 1
        print(f"note: {self.name} -j {self.jobs} waits in libpq\n{where(process.pid)}")
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

    def check_end(self, code, allowed):
        """The exit code and the messages, whatever the program did. False where a library crashed or
        hung."""
        text = self.stderr.decode(errors="replace")
        errors = sum(line.startswith(f"{self.name}: error: ") for line in text.splitlines())
        if self.interrupted:
            return False
        if code < 0 and b"libcrypto" in self.stderr:
            # OpenSSL does not survive it everywhere, which is not ours to mend. What it leaves is.
            self.openssl += 1
            self.check_sessions()
            return True
        if code < 0:
            raise Wrong(f"it was ended by signal {-code}")
        if code == SANITIZER_CODE:
            raise Wrong("the sanitizer has found something")
        if code == 3 and 2 in allowed and b"invalid snapshot identifier" in self.stderr:
            # The connection that held the snapshot was lost, and another one has noticed first.
            code = 2
        if code == 1 and b"could not start a thread" in self.stderr:
            code = 3 if 3 in allowed else code
        if code != 0 and code not in allowed:
            raise Wrong(f"exit code {code}, not one of {sorted(allowed)}")
        if errors != (code != 0):
            raise Wrong(f"{errors} error messages with exit code {code}")
        self.check_sessions()
        return True

    def check_sessions(self):
        end = time.monotonic() + 10
        while self.session.sql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.database}'"
                               f" AND application_name = '{self.name}'") != "0":
            if time.monotonic() > end:
                raise Wrong("a session is left in the server")
            time.sleep(0.005)


class Export(Trial):
    name = "kv-export"

    def __init__(self, options, folder, jobs, template, stream):
        super().__init__(options, folder, jobs)
        self.database = template
        self.stream = stream
        self.session = db.Session(template)
        self.out = folder / "out"
        self.file = self.out / "kv.dump"

    def command(self):
        return [self.options.bin / "kv-export", "-d", self.database, "--blockstore-path", db.BLOCKSTORE, f"-j{self.jobs}",
                "-f", self.file, "--force"]

    def prepare(self, number):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        self.existing = number % 2 == 0
        if self.existing:
            self.file.write_text("old")

    def is_whole(self):
        content = subprocess.run(["zstd", "-dcq", self.file], capture_output=True, check=False).stdout
        return hashlib.sha256(content).hexdigest() == self.stream and \
            subprocess.run([self.options.bin / "kv-import", "--check", self.file], capture_output=True, check=False).returncode == 0

    def check(self, code, call):
        left = sorted(path.name for path in self.out.iterdir())
        if code == 0:
            if left != ["kv.dump"] or not self.is_whole():
                raise Wrong(f"it succeeded, and the dump is not whole: {left}")
        elif self.existing:
            # Once the new file has taken the old one's name, the old one cannot come back.
            if left != ["kv.dump"] or not (self.file.read_bytes() == b"old" or
                                           (call in ("malloc", "open", "fsync", "close") and self.is_whole())):
                raise Wrong(f"the existing file is not as it was: {left}")
        elif left:
            raise Wrong(f"it left {left}")

    def check_next(self):
        code, _ = self.run()
        self.check_end(code, set())
        self.check(code, None)


class Import(Trial):
    name = "kv-import"

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
        # A failed run's table stays: that it is no obstacle is to be seen.
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
            # Only when the answer to the COMMIT got lost nobody can know, and then it must say so.
            if not done or b"may have been stamped" not in self.stderr:
                raise Wrong(f"it failed, and the stamp is {stamp}")
        if self.session.sql(db.LEGACY_DIGEST) != self.legacy:
            raise Wrong("the legacy tables are not as they were")

    def check_next(self):
        self.prepare(0)
        code, _ = self.run()
        self.check_end(code, set())
        self.check(code, None)


class Report:
    def __init__(self):
        self.wrong = 0

    def tell_wrong(self, trial, what, problem):
        self.wrong += 1
        print(f"WRONG: {trial.name} -j {trial.jobs}, {what}: {problem}")
        print("  " + "\n  ".join(trial.stderr.decode(errors="replace").splitlines()[:60]))


def numbers(trial, call, options, rng):
    """The numbers to try: all, or as many as --limit says out of the calls that there are."""
    trial.prepare(0)
    code, _ = trial.run(call, 0)
    if code != 0:
        raise Wrong(f"without a fault it ends with {code}: {trial.stderr.decode()}")
    total = int(trial.count.read_text())
    if total == 0:
        return []
    if options.limit == 0:
        return range(1, total + 100000)
    if total <= options.limit:
        return range(1, total + 2)
    return sorted(rng.sample(range(1, total + 1), options.limit - 1)) + [total]


def try_call(trial, call, options, rng, report):
    """Returns how many runs there were, and in how many of them the fault struck."""
    tried = struck_count = failed = 0
    for number in numbers(trial, call, options, rng):
        what = f"{call} number {number}"
        try:
            trial.prepare(number)
            code, struck = trial.run(call, number)
            tried += 1
            struck_count += struck
            failed += struck and code != 0
            if trial.check_end(code, CALLS[call] if struck else set()):
                trial.check(code, call)
            if not struck or tried % options.next == 0:
                trial.check_next()
        except Wrong as problem:
            report.tell_wrong(trial, what, problem)
            struck = True
        if not struck and options.limit == 0:
            break
    return tried, struck_count, failed


def try_harmless(trial, how, call, report):
    try:
        trial.prepare(0)
        code, struck = trial.run(call, 0, how)
        trial.check_end(code, set())
        trial.check(code, call)
        return struck
    except Wrong as problem:
        report.tell_wrong(trial, f"{how} {call}", problem)
        return True


def try_all(trial, options, report):
    lines = []
    rng = random.Random(f"{options.seed} {trial.name} {trial.jobs}")
    for call in options.calls:
        tried, struck, failed = try_call(trial, call, options, rng, report)
        lines.append(f"{trial.name} -j {trial.jobs}  {call:18} {tried:5} runs {struck:5} struck {failed:5} failed")
    lines.append(f"{trial.name} -j {trial.jobs}  crashes in OpenSSL: {trial.openssl}, libpq waited in vain: {trial.libpq}")
    if not options.asan:
        for how, call in HARMLESS:
            struck = try_harmless(trial, how, call, report)
            lines.append(f"{trial.name} -j {trial.jobs}  {how + ' ' + call:18} {'struck' if struck else 'no such call'}")
    try:
        trial.check_next()
    except Wrong as problem:
        report.tell_wrong(trial, "the run after all", problem)
    trial.session.close()
    return lines


def make_reference(options, folder, template):
    """A dump of the fixture, its stream's digest, and the digest of its entries in the database."""
    dump = folder / "reference.dump"
    subprocess.run([options.bin / "kv-export", "-q", "-d", template, "--blockstore-path", db.BLOCKSTORE, "-f", dump], check=True)
    name = f"{template}_reference"
    db.copy_database(name, template)
    try:
        subprocess.run([options.bin / "kv-import", "-q", "-d", name, dump], check=True)
        db.check_esti_entries(name)
        session = db.Session(name)
        digest = session.sql(db.KV_DIGEST)
        session.close()
    finally:
        db.drop_database(name)
    stream = subprocess.run(["zstd", "-dcq", dump], capture_output=True, check=True).stdout
    return dump, hashlib.sha256(stream).hexdigest(), digest


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0, help="numbers to try for a kind of call (0: all)")
    parser.add_argument("--next", type=int, default=100, help="after so many runs see that the next one succeeds")
    parser.add_argument("--seed", default=str(time.time_ns() % 1000000))
    parser.add_argument("--bin", type=pathlib.Path, default=db.ROOT / "bin")
    parser.add_argument("--shim", type=pathlib.Path, default=db.ROOT / "build" / "faults" / "shim.so")
    parser.add_argument("--asan", action="store_true", help="the programs in --bin are built with sanitizers")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--programs", nargs="+", choices=("export", "import"), default=["export", "import"])
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=list(CALLS))
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    options.shim = options.shim.resolve()
    return options


def main():
    options = read_options()
    report = Report()
    template = f"faults_{os.getpid()}"
    databases = [template]
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="kv-faults.") as name:
        folder = pathlib.Path(name)
        try:
            db.make_legacy(template, db.FIXTURES / "esti" / "legacy.data.sql")
            dump, stream, digest = make_reference(options, folder, template)
            trials = []
            for jobs in options.jobs:
                if "import" in options.programs:
                    databases.append(f"{template}_import{jobs}")
                    db.copy_database(databases[-1], template)
                    trials.append(Import(options, folder / f"import{jobs}", jobs, databases[-1], dump, digest))
                if "export" in options.programs:
                    databases.append(f"{template}_export{jobs}")
                    db.copy_database(databases[-1], template)
                    trials.append(Export(options, folder / f"export{jobs}", jobs, databases[-1], stream))
            with ThreadPoolExecutor(2) as pool:
                for lines in pool.map(lambda trial: try_all(trial, options, report), trials):
                    print("\n".join(lines), flush=True)
        finally:
            for database in reversed(databases):
                db.drop_database(database)
    print(f"{report.wrong} wrong")
    sys.exit(report.wrong > 0)


main()
