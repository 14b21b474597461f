#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports random legacy databases, and compares what comes with what the specification says of their rows (oracle.py).

usage: rounds.py [--rounds N] [--seed N] [--bin FOLDER] [--refused] [--keep-going] [--wrong]; the server is that of the PG* variables

Round r of seed s is round 0 of seed s + r. A round that fails prints its seed, and the rows that are needed to see it fail.
"""
import argparse
import contextlib
import pathlib
import random
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "faults")]
import oracle
import refused
from databases import Databases
from generate import generate
from tables import TABLES, load_script, package
from trial import Plan, Trial

# A shrunken database is for a person to read; the last row need not be found.
MOST_TRIALS = 60


def shrink(trial):
    """Takes rows away while the trial still fails: packages first, then tables, halves of them, single rows."""
    trial.shrinking = True
    rows = trial.db.rows
    trials = 0

    def fails_with(some):
        nonlocal trials
        trials += 1
        before = dict(rows)
        rows.update(some)
        if trials <= MOST_TRIALS and trial.problems():
            return True
        rows.update(before)
        return False

    for name in ("auth", "graveler", "actions", "multiparts"):
        fails_with({table: [] for table in TABLES if package(table) == name})
    for table in TABLES:
        if rows[table]:
            fails_with({table: []})
    for table in TABLES:
        size = len(rows[table])
        while size > 1:
            size = (size + 1) // 2
            at = 0
            while at < len(rows[table]):
                if not fails_with({table: rows[table][:at] + rows[table][at + size:]}):
                    at += size


def report(seed, trial, problems):
    print(f"\nseed {seed} fails: {trial.plan}")
    for problem in problems[:20]:
        print("  " + problem)
    shrink(trial)
    print("the rows that are needed, and what differs then:")
    for problem in trial.problems()[:20]:
        print("  " + problem)
    print(load_script(trial.db.rows).decode(errors="backslashreplace"), end="")
    print(f"again: tests/random/run --rounds 1 --seed {seed}", flush=True)


def play(seed, options, databases, folder):
    """One round; whether it was as it must be."""
    rng = random.Random(seed)
    plan = Plan(rng)
    db = generate(rng, plan.encoding, plan.invalid, plan.settings)
    if options.refused or rng.random() < 0.25:
        plan.poison = refused.add(rng, db, plan)
    trial = Trial(options.bin, folder, databases, plan, db)
    problems = trial.problems()
    if problems:
        report(seed, trial, problems)
    return not problems


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split(";")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bin", type=pathlib.Path, default=HERE.parents[1] / "bin")
    parser.add_argument("--refused", action="store_true", help="a row that must be refused in every round")
    parser.add_argument("--keep-going", action="store_true", help="go on after a round that fails")
    parser.add_argument("--wrong", action="store_true", help="expect something wrong, to see a difference reported")
    options = parser.parse_args()
    oracle.wrong = options.wrong
    failed = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kv-random.")))
        databases = Databases()
        stack.callback(databases.drop)
        for seed in range(options.seed, options.seed + options.rounds):
            if not play(seed, options, databases, folder):
                failed.append(seed)
                if not options.keep_going:
                    break
    if failed:
        print(f"failed: seeds {failed}")
        return 1
    print(f"{options.rounds} rounds from seed {options.seed}: all as specified")
    return 0


if __name__ == "__main__":
    sys.exit(main())
