#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a running `kv-migrate up --kv-enabled` at random instants, and checks what is left.

What is killed: the driver, its session program, kv-export, kv-import (by SIGKILL, SIGTERM, SIGINT), the whole process group
(SIGKILL), a session in the server (pg_terminate_backend), the server itself (immediate stop, and start). However it
ended, the legacy tables are complete unless the stamp is there, the stamp is only there with the right entries, the exit
code is right, nothing goes on running, and another run succeeds.

usage: kills.py SERVER-FOLDER [--count N] [--seed TEXT]; the server is that of the PG* variables
"""
import collections
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import database as db  # noqa: E402
import strikes  # noqa: E402
from strikes import Wrong  # noqa: E402

ROWS = 4000
# The session program's name as truncated by the kernel.
SESSION = "kv-migrate-sess"
PROGRAMS = ("kv-migrate", "kv-export", "kv-import", SESSION)
STRIKES = [(target, number) for target in PROGRAMS for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)] + \
    [("group", signal.SIGKILL)] + \
    [(session, "terminate") for session in ("kv-migrate", "kv-export", "kv-import")] + [("server", "restart")]
DONE = f"{db.LAST_VERSION + 1} 1"
UNTOUCHED = (f"{db.LAST_VERSION} -", f"{db.LAST_VERSION} 0")
LEGACY_COUNT = """SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname ~ '^(auth|actions|gateway|graveler)_'"""


def processes():
    """The processes: number, parent, session, name."""
    for path in pathlib.Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                text = (path / "stat").read_text()
            except OSError:
                continue
            name, rest = text[text.index("(") + 1:].rsplit(")", 1)
            state, parent, _, session = rest.split()[:4]
            if state != "Z":
                yield int(path.name), int(parent), int(session), name


def find_process(driver, target):
    """The process of the run that has the name, None where there is none; the driver itself is a shell."""
    if target == "kv-migrate":
        return driver
    try:
        for child in pathlib.Path(f"/proc/{driver}/task/{driver}/children").read_text().split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == target:
                return int(child)
    except OSError:
        pass  # it has just ended
    return None


class Watcher(threading.Thread):
    """Looks, in one snapshot at a time, whether legacy tables are gone before the stamp stands."""

    def __init__(self, database):
        super().__init__()
        self.database = database
        self.stop = threading.Event()
        self.looks = 0
        self.problem = None
        self.stamped = self.dropped = None  # when that was seen first

    def run(self):
        while not self.stop.is_set():
            session = db.Session(self.database)
            try:
                while not self.stop.is_set():
                    self.look(session)
                    time.sleep(0.002)
            except (db.Lost, RuntimeError, ValueError):  # psql may say more before it ends
                time.sleep(0.05)
            finally:
                session.close()

    def look(self, session):
        answer = session.sql(f"SELECT (SELECT version FROM schema_migrations), ({LEGACY_COUNT})")
        version, tables = map(int, answer.split("|"))
        self.looks += 1
        if version > db.LAST_VERSION and self.stamped is None:
            self.stamped = time.monotonic()
        if tables < self.tables_of_all and self.dropped is None:
            self.dropped = time.monotonic()
        if tables < self.tables_of_all and version <= db.LAST_VERSION:
            self.problem = f"{tables} legacy tables at version {version}"


class Run:
    """One database, one `up` on it."""

    def __init__(self, options, name, with_dump):
        self.options = options
        self.name = name
        self.with_dump = with_dump
        db.copy_database(name, options.template)

    def command(self, suffix):
        dump = ["--dump", str(self.options.folder / f"{self.name}{suffix}.dump")] if self.with_dump else []
        return [self.options.bin / "kv-migrate", "up", "--kv-enabled", "--blockstore-path", db.BLOCKSTORE, "-j2", "-d", self.name,
                *dump]

    def start(self):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command(""), start_new_session=True, stdin=subprocess.DEVNULL,
                                        stdout=self.errors, stderr=self.errors)
        self.begun = time.monotonic()

    def wait(self):
        code, self.text = strikes.wait_for_end(self.process, self.errors)
        return code

    def wait_for_silence(self):
        """No process and no session of the run is left after a while."""
        end = time.monotonic() + 20
        while True:
            left = [name for _, _, session, name in processes() if session == self.process.pid]
            if not left:
                break
            if time.monotonic() > end:
                raise Wrong(f"processes go on: {left}")
            time.sleep(0.01)
        session = db.Session("postgres")
        try:
            while True:
                names = session.sql("SELECT coalesce(string_agg(application_name, ' '), '') FROM pg_stat_activity"
                                    f" WHERE datname = '{self.name}' AND application_name LIKE 'kv-%'")
                if names == "":
                    return
                if time.monotonic() > end:
                    raise Wrong(f"sessions are left: {names}")
                time.sleep(0.01)
        finally:
            session.close()

    def state(self):
        """The stamp, the number of legacy tables; what is there must be right."""
        session = db.Session(self.name)
        try:
            stamp = session.sql(db.STAMP)
            tables = int(session.sql(LEGACY_COUNT))
            if stamp != DONE and stamp not in UNTOUCHED:
                raise Wrong(f"the stamp is {stamp}")
            if stamp == DONE and session.sql(db.KV_DIGEST) != self.options.entries:
                raise Wrong("it is stamped, and the entries are not right")
            if tables not in (0, self.options.tables) or (tables == 0 and stamp != DONE):
                raise Wrong(f"{tables} legacy tables are left, the stamp is {stamp}")
            if tables > 0 and session.sql(db.LEGACY_DIGEST) != self.options.legacy:
                raise Wrong("the legacy rows are not as they were")
            return stamp, tables
        finally:
            session.close()

    def check_code(self, code, target, how, stamp, tables):
        on_driver = target in ("kv-migrate", SESSION, "group") and isinstance(how, signal.Signals)
        if code == 0:
            if stamp != DONE or tables > 0:
                raise Wrong(f"exit code 0 with the stamp {stamp} and {tables} legacy tables")
        elif on_driver and code in (-how, 128 + how):
            pass
        elif code < 0 or code > 6:
            raise Wrong(f"exit code {code}")
        elif (code == 6) != (stamp == DONE) and not (code in (2, 3) and any(words in self.text for words in (
                "may have been stamped", "not known whether the database was stamped", "is unknown"))):
            raise Wrong(f"exit code {code} with the stamp {stamp}")

    def check_next(self):
        """The next run, and the cleanup where the tables were left, come to the right end."""
        again = subprocess.run(self.command(".again"), capture_output=True, text=True, check=False, timeout=120)
        self.text += "-- again:\n" + again.stderr
        if again.returncode != 0:
            raise Wrong(f"the next run ends with {again.returncode}")
        if self.state()[1] > 0:
            clean = subprocess.run([self.command("")[0], "cleanup", "-d", self.name], capture_output=True, text=True,
                                   check=False, timeout=120)
            self.text += "-- cleanup:\n" + clean.stderr
            if clean.returncode != 0:
                raise Wrong(f"the cleanup ends with {clean.returncode}")
        if self.state() != (DONE, 0):
            raise Wrong(f"after the next run the state is {self.state()}")


def strike(run, target, how):
    """Whether there was something to strike."""
    if target == "server":
        db.restart_server(run.options.server)
    elif target == "group":
        os.killpg(run.process.pid, how)
    elif how == "terminate":
        return strikes.terminate_session(run.name, target)
    else:
        number = find_process(run.process.pid, target)
        if number is None:
            return False
        os.kill(number, how)
    return True


def measure(options, with_dump):
    """An undisturbed run: when each program was there, when the stamp, and the end."""
    run = Run(options, f"{options.template}_measure", with_dump)
    watcher = Watcher(run.name)
    watcher.tables_of_all = options.tables
    watcher.start()
    run.start()
    seen = {}
    while run.process.poll() is None:
        now = time.monotonic() - run.begun
        time.sleep(0.01)
        for target in PROGRAMS[1:]:
            if find_process(run.process.pid, target) is not None:
                seen.setdefault(target, [now, now])[1] = now
    code = run.wait()
    end = time.monotonic() - run.begun
    watcher.stop.set()
    watcher.join()
    if code != 0:
        raise Wrong(f"the undisturbed run ends with {code}: {run.text}")
    for target in ("kv-migrate", "group", "server"):
        seen[target] = [0.0, end]
    seen["stamp"] = watcher.stamped - run.begun
    if options.entries is None:
        session = db.Session(run.name)
        options.entries = session.sql(db.KV_DIGEST)
        session.close()
    run.state()
    db.drop_database(run.name)
    return seen


class Moment:
    """When to strike: somewhere in the life of the target, every third time just behind the stamp. How long that life is
    depends on what else the machine does, so the pace follows the runs."""

    def __init__(self):
        self.pace = 0.9

    def choose(self, rng, seen, target, how):
        self.behind_stamp = target != "kv-export" and rng.random() < 0.35
        if self.behind_stamp:
            # Then kv-import ends at once.
            self.delay = rng.uniform(0, 0.003 if target == "kv-import" else 0.08)
        else:
            self.life_of = SESSION if (target, how) == ("kv-migrate", "terminate") else target
            first, last = seen[self.life_of]
            self.delay = self.pace * rng.uniform(0, last - first)

    def wait(self, run, watcher):
        """Returns whether the run is still under way then."""
        begun = None
        while run.process.poll() is None:
            if self.behind_stamp:
                begun = watcher.stamped
            elif begun is None and (self.life_of not in PROGRAMS or find_process(run.process.pid, self.life_of)):
                begun = time.monotonic()
            if begun is not None and time.monotonic() >= begun + self.delay:
                return True
            time.sleep(0.001)
        return False

    def learn(self, struck):
        self.pace = min(1.0, self.pace * 1.03) if struck else max(0.2, self.pace * 0.85)


def try_strike(options, rng, moment, number, seen, tally):
    target, how = options.deck[number % len(options.deck)]
    with_dump = rng.random() < 0.3
    run = Run(options, f"{options.template}_{number}", with_dump)
    moment.choose(rng, seen[with_dump], target, how)
    watcher = Watcher(run.name)
    watcher.tables_of_all = options.tables
    struck = False
    run.text = ""
    code = stamp = "?"
    tables = -1
    try:
        watcher.start()
        run.start()
        if moment.wait(run, watcher):
            try:
                struck = strike(run, target, how)
            except ProcessLookupError:
                pass
        code = run.wait()
        run.wait_for_silence()
        stamp, tables = run.state()
        run.check_code(code, target, how, stamp, tables)
        if struck:
            run.check_next()
        if watcher.problem is not None:
            raise Wrong(watcher.problem)
        verdict = "right"
    except (Wrong, db.Lost, RuntimeError, subprocess.TimeoutExpired) as problem:
        verdict = f"WRONG: {problem}"
        tally["wrong"] += 1
    finally:
        watcher.stop.set()
        watcher.join()
    tally["struck" if struck else "missed"] += 1
    if not moment.behind_stamp:
        moment.learn(struck)
    tally["looks"] += watcher.looks
    if struck:
        tally["struck behind the stamp"] += stamp == DONE and code != 0
    strikes.print_strike(number, target, how, f"{'dump' if with_dump else 'pipe'} {'stamp +' if moment.behind_stamp else '       '} "
                         f"{moment.delay:5.3f} s {'struck' if struck else 'missed'}  exit {code!s:>4}  stamp {stamp:5} tables {tables:2}",
                         verdict, run.text)
    db.drop_database(run.name)


def main():
    options = strikes.read_options(__doc__.splitlines()[0], 200)
    rng = random.Random(options.seed)
    options.template = f"kills_{os.getpid()}"
    options.entries = None
    tally = collections.Counter()
    moment = Moment()
    options.deck = strikes.make_deck(rng, STRIKES, options.count)
    with tempfile.TemporaryDirectory(prefix="kv-kills.") as folder:
        options.folder = pathlib.Path(folder)
        db.make_legacy(options.template, db.FIXTURES / "esti" / "legacy.data.sql")
        db.psql(options.template, "-c", f"""INSERT INTO graveler_staging_kv SELECT b.staging_token, convert_to('more/' || n, 'UTF8'),
            'identity', convert_to(repeat(md5(n::text), 4), 'UTF8') FROM generate_series(1, {ROWS}) AS n,
            (SELECT staging_token FROM graveler_branches ORDER BY 1 LIMIT 1) AS b""", "-c", "VACUUM ANALYZE")
        session = db.Session(options.template)
        options.tables = int(session.sql(LEGACY_COUNT))
        options.legacy = session.sql(db.LEGACY_DIGEST)
        session.close()
        seen = {with_dump: measure(options, with_dump) for with_dump in (False, True)}
        print("undisturbed: " + ", ".join(f"{'with' if d else 'without'} a dump {s['group'][1]:.2f} s, stamp at {s['stamp']:.2f} s"
                                          for d, s in seen.items()), flush=True)
        for number in range(options.count):
            try_strike(options, rng, moment, number, seen, tally)
        db.drop_database(options.template)
    strikes.end(tally, ("struck", "missed", "struck behind the stamp", "looks", "wrong"), options.count)


main()
