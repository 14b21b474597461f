#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills `kv-import --clean` at random instants while it replaces a store, and checks what is left.

What is killed: kv-import (by SIGKILL, SIGTERM, SIGINT), one of its sessions in the server (pg_terminate_backend), the server
itself (immediate stop, and start). However it ended, the table kv has the old entries and their version, or the new ones; a
reader that looks all the time never finds anything else; the exit code tells which; and another run succeeds.

usage: replacements.py SERVER-FOLDER [--count N] [--seed TEXT]; the server is that of the PG* variables
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
STRIKES = [("kv-import", number) for number in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)] + \
    [("session", "terminate"), ("server", "restart")]
# Every other strike comes when the table is being locked to change places, or so many seconds later.
CHANGE = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'kv'::regclass"
CHANGE_LASTS = 0.08
STATE = f"""SELECT ({db.KV_DIGEST}) || ' ' || (SELECT encode(value, 'escape') FROM kv
    WHERE partition_key = 'kv-internal-metadata' AND key = 'kv/schema/version')"""
# Every name that a part of the store must have, and nothing else beside those that are kept or left.
NAMES = "SELECT count(*) FROM pg_class WHERE relname ~ '^kv(|_v|_pkey|_[0-9]+|_[0-9]+_pkey)$'"
LEFT = "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_new'"
KEPT = "SELECT count(*) FROM pg_class WHERE relname ~ '^kv_before_[0-9_]+$' AND relkind = 'p'"
# The table, 100 partitions, their indexes, and the view.
PARTS = "203"


class Reader(threading.Thread):
    """Looks all the time, in one statement each, how many entries there are, through the table or its view."""

    def __init__(self, database, table):
        super().__init__()
        self.database = database
        self.table = table
        self.stop = threading.Event()
        self.looks = 0
        self.seen = set()

    def run(self):
        while not self.stop.is_set():
            session = db.Session(self.database)
            try:
                while not self.stop.is_set():
                    answer = session.sql(f"SELECT count(*) FROM {self.table}")
                    # The server may say that it stops.
                    self.seen.update(line for line in answer.splitlines() if not line.startswith("WARNING: "))
                    self.looks += 1
                    time.sleep(0.001)
            except db.Lost:  # the server was stopped
                time.sleep(0.05)
            except RuntimeError as problem:
                if "shutting down" not in str(problem) and "connection" not in str(problem):
                    self.seen.add(str(problem))
            finally:
                session.close()


class Replacement:
    """A database with a store in use, and one load that is to replace it."""

    def __init__(self, options, name):
        self.options = options
        self.name = name
        db.copy_database(name, options.template)

    def command(self):
        return [self.options.bin / "kv-import", "-q", "-j2", "--clean", "-d", self.name, self.options.dump]

    def start(self):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)

    def wait(self):
        code, self.text = strikes.wait_for_end(self.process, self.errors)
        return code

    def wait_for_silence(self):
        session = db.Session("postgres")
        end = time.monotonic() + 20
        try:
            while session.sql("SELECT count(*) FROM pg_stat_activity"
                              f" WHERE datname = '{self.name}' AND application_name = 'kv-import'") != "0":
                if time.monotonic() > end:
                    raise Wrong("sessions are left")
                time.sleep(0.01)
        finally:
            session.close()

    def state(self):
        """"old" or "new"."""
        session = db.Session(self.name)
        try:
            state = session.sql(STATE)
            if session.sql(NAMES) != PARTS:
                raise Wrong("parts of the store have other names")
            self.left = session.sql(LEFT) != "0"
            kept = session.sql(KEPT)
            if state == self.options.old and kept == "0":
                return "old"
            if state == self.options.new and kept == "1":
                return "new"
            raise Wrong(f"the store is {state}, {kept} are kept")
        finally:
            session.close()

    def check_code(self, code, how, state):
        if isinstance(how, signal.Signals) and code in (-how, 128 + how):
            told = how == signal.SIGKILL or (state == "old") == ("The store in use is unchanged" in self.text)
            if not told and "may have been stamped" not in self.text and not (state == "new" and self.text == ""):
                raise Wrong(f"it does not say that the store is {state}")
        elif (code == 0) != (state == "new") and not (code == 2 and "may have been stamped" in self.text):
            raise Wrong(f"exit code {code}, and the store is {state}")

    def check_next(self):
        again = subprocess.run(self.command(), capture_output=True, text=True, check=False, timeout=120)
        self.text += "-- again:\n" + again.stderr
        if again.returncode != 0:
            raise Wrong(f"the next run ends with {again.returncode}")
        if self.state() != "new" or self.left:
            raise Wrong("the next run leaves something")


def wait_for_moment(run, options, rng, in_change):
    """Returns whether the run is still under way then."""
    if not in_change:
        try:
            run.process.wait(timeout=rng.uniform(0, options.life))
        except subprocess.TimeoutExpired:
            return True
        return False
    session = db.Session(run.name)
    try:
        while run.process.poll() is None:
            if session.sql(CHANGE) != "0":
                time.sleep(rng.uniform(0, CHANGE_LASTS))
                return run.process.poll() is None
            time.sleep(0.001)
    finally:
        session.close()
    return False


def strike(run, options, target, how):
    """Whether there was something to strike."""
    if target == "server":
        db.restart_server(options.server)
    elif target == "session":
        return strikes.terminate_session(run.name, "kv-import")
    else:
        run.process.send_signal(how)
    return True


def try_strike(options, rng, number, tally):
    target, how = options.deck[number % len(options.deck)]
    run = Replacement(options, f"{options.template}_{number}")
    in_change = rng.random() < 0.5
    readers = [Reader(run.name, table) for table in ("kv", "kv_v")]
    struck = left = False
    run.text = ""
    code = state = "?"
    try:
        for reader in readers:
            reader.start()
        run.start()
        if wait_for_moment(run, options, rng, in_change):
            struck = strike(run, options, target, how)
        code = run.wait()
        run.wait_for_silence()
        state = run.state()
        left = run.left
        run.check_code(code, how if struck else None, state)
        run.check_next()
        verdict = "right"
    except (Wrong, db.Lost, RuntimeError, subprocess.TimeoutExpired) as problem:
        verdict = f"WRONG: {problem}"
    finally:
        for reader in readers:
            reader.stop.set()
        for reader in readers:
            reader.join()
    seen = set().union(*(reader.seen for reader in readers))
    if not seen <= {options.old.split()[0], options.new.split()[0]}:
        verdict = f"WRONG: readers have seen {sorted(seen)}"
    # How long a run lives depends on what else the machine does.
    if not in_change:
        options.life *= 1.05 if struck else 0.9
    tally["struck" if struck else "missed"] += 1
    tally["ended with the new store"] += struck and state == "new"
    tally["left a table"] += struck and left
    tally["looks"] += sum(reader.looks for reader in readers)
    tally["wrong"] += verdict != "right"
    strikes.print_strike(number, target, how, f"{'change' if in_change else '      '} {'struck' if struck else 'missed'}  "
                         f"exit {code!s:>4}  {state}", verdict, run.text)
    db.drop_database(run.name)


def make_store(options):
    """Makes a template with a store in use, and a dump of other entries."""
    legacy = f"{options.template}_legacy"
    db.make_legacy(legacy, db.FIXTURES / "esti" / "legacy.data.sql")
    db.psql(legacy, "-c", f"""INSERT INTO graveler_staging_kv SELECT b.staging_token, convert_to('more/' || n, 'UTF8'),
        'identity', convert_to(repeat(md5(n::text), 4), 'UTF8') FROM generate_series(1, {ROWS}) AS n,
        (SELECT staging_token FROM graveler_branches ORDER BY 1 LIMIT 1) AS b""")
    subprocess.run([options.bin / "kv-export", "-q", "-d", legacy, "--blockstore-path", db.BLOCKSTORE, "-f", options.dump], check=True)
    db.drop_database(legacy)
    db.psql("postgres", "-c", f"CREATE DATABASE {options.template}")
    subprocess.run([options.bin / "kv-import", "-q", "-d", options.template, options.dump], check=True)
    session = db.Session(options.template)
    options.new = session.sql(STATE)
    session.sql("INSERT INTO kv SELECT 'written', int4send(n), int4send(n) FROM generate_series(1, 1000) AS n")
    options.old = session.sql(STATE)
    session.close()


def measure(options):
    run = Replacement(options, f"{options.template}_measure")
    begun = time.monotonic()
    run.start()
    if run.wait() != 0 or run.state() != "new":
        raise Wrong(f"the undisturbed run fails: {run.text}")
    options.life = time.monotonic() - begun
    db.drop_database(run.name)


def main():
    options = strikes.read_options(__doc__.splitlines()[0], 100)
    rng = random.Random(options.seed)
    options.template = f"replacements_{os.getpid()}"
    tally = collections.Counter()
    options.deck = strikes.make_deck(rng, STRIKES, options.count)
    with tempfile.TemporaryDirectory(prefix="kv-kills.") as folder:
        options.dump = pathlib.Path(folder) / "new.dump"
        make_store(options)
        measure(options)
        print(f"undisturbed: {options.life:.2f} s", flush=True)
        for number in range(options.count):
            try_strike(options, rng, number, tally)
        db.drop_database(options.template)
    strikes.end(tally, ("struck", "missed", "ended with the new store", "left a table", "looks", "wrong"), options.count)


main()
