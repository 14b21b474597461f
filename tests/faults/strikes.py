# SPDX-License-Identifier: Apache-2.0
"""What the programs that strike at running loads share: options, the deck of strikes, waiting for an end, printing."""
import argparse
import pathlib
import signal
import subprocess
import sys
import time

import database as db


class Wrong(Exception):
    """Something is not as it must be after a strike."""


def read_options(description, count):
    """The options of the command line: server, count, bin, seed; `count` is the default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("server", type=pathlib.Path, help="the server's folder")
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--bin", type=pathlib.Path, default=db.ROOT / "bin")
    parser.add_argument("--seed", default=str(time.time_ns() % 1000000))
    options = parser.parse_args()
    options.server = options.server.resolve()
    print(f"seed {options.seed}, {options.count} strikes")
    return options


def make_deck(rng, strikes, count):
    """At least `count` of the strikes in random order: each once before any twice."""
    deck = []
    while len(deck) < count:
        deck += rng.sample(strikes, len(strikes))
    return deck


def wait_for_end(process, errors):
    """The exit code of the process, and what it has written to the file `errors`."""
    try:
        code = process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Wrong("it hangs") from None
    errors.seek(0)
    return code, errors.read().decode(errors="replace")


def terminate_session(database, program):
    """Whether there was a session of the program in the database; one of them is terminated."""
    session = db.Session("postgres")
    try:
        return session.sql("SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE"
                           f" datname = '{database}' AND application_name = '{program}' ORDER BY random() LIMIT 1) s") != "0"
    finally:
        session.close()


def print_strike(number, target, how, told, verdict, text):
    """A line for the strike, and, where the verdict is not "right", what the program has written."""
    name = how.name if isinstance(how, signal.Signals) else how
    print(f"{number:4} {target:10} {name:9} {told}  {verdict}", flush=True)
    if verdict != "right":
        print("  " + "\n  ".join(text.splitlines()), flush=True)


def end(tally, names, count):
    """Prints the counts of these names, and exits: with 1 if something was wrong or hardly anything was struck."""
    print(", ".join(f"{tally[name]} {name}" for name in names))
    sys.exit(tally["wrong"] > 0 or tally["struck"] * 5 < count)
