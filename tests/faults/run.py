#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets calls of kv-export, kv-import and kv-migrate-session fail, one at a time, and checks how the programs end (see shim.c).

For each kind of call the first one fails, then in another run the second one, and so on until there is none left; if there
are too many, a random sample of them. Every run must end with the documented exit code and one error
message, leave no file, no session and no stamp, and the next run must succeed. If the run succeeds the result must
be right.

The PostgreSQL is that of the PG* variables; a DynamoDB and an S3 are started for programs that need them.
"""
import argparse
import contextlib
import os
import pathlib
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(__file__))
import database as db
from setup import Setup
from trials import Wrong

# Exit codes that a failing call of the kind may cause. A connection may lack memory (2).
FILE_CODES = {1, 3}
CALLS = {
    "malloc": {2, 3}, "read": {1, 2, 3, 5}, "write": {3}, "open": {1, 3, 5}, "fsync": {3}, "name": {3}, "close": FILE_CODES,
    "fcntl": {1, 2}, "ftruncate": FILE_CODES, "fchmod": FILE_CODES, "recv": {2}, "send": {2}, "socket": {2}, "connect": {2},
    "getrandom": {3}, "pthread_create": {1},
    "PQconnectdbParams": {2}, "PQsendQuery": {2}, "PQsendQueryParams": {2}, "PQprepare": {2}, "PQgetCopyData": {2},
    "PQputCopyData": {2}, "PQputCopyEnd": {2}, "PQgetResult": {2},
}
# Must succeed although every call of the kind is short or interrupted.
HARMLESS = [("short", call) for call in ("read", "write", "recv", "send")] + \
    [("interrupt", call) for call in ("read", "write", "recv", "send")]
PROGRAMS = ("import", "export", "redact", "migrate", "status", "s3-export", "dynamodb-import", "dynamodb-export")


class Report:
    def __init__(self):
        self.runs = 0
        self.wrong = 0

    def tell_wrong(self, trial, what, problem):
        self.wrong += 1
        print(f"WRONG: {trial.label} -j {trial.jobs}, {what}: {problem}")
        print("  " + "\n  ".join(trial.stderr.decode(errors="replace").splitlines()[:60]))
        if trial.mark.exists() and trial.mark.stat().st_size > 0:
            print("  it struck at\n    " + "\n    ".join(trial.mark.read_text().splitlines()), flush=True)


def numbers(trial, call, options, rng):
    """The numbers to try: all, or as many as --limit says out of the calls that there are."""
    trial.prepare(0)
    code, _ = trial.run(call, 0)
    if code != 0:
        raise Wrong(f"without a fault it ends with {code}: {trial.stderr.decode()}")
    total = int(trial.count.read_text())
    if total == 0:
        return []
    limit = options.limit or trial.most
    if limit == 0:
        return range(1, total + 100000)
    if total <= limit:
        return range(1, total + 2)
    return sorted(rng.sample(range(1, total + 1), limit - 1)) + [total]


def try_call(trial, call, options, rng, report):
    """Returns how many runs there were, and in how many of them the fault struck."""
    tried = struck_count = failed = 0
    for number in numbers(trial, call, options, rng):
        what = f"{call} number {number}"
        try:
            trial.prepare(number)
            code, struck = trial.run(call, number)
            tried += 1
            report.runs += 1
            struck_count += struck
            failed += struck and code != 0
            if trial.check_end(code, CALLS[call] if struck else set(), call):
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
    rng = random.Random(f"{options.seed} {trial.label} {trial.jobs}")
    for call in options.calls:
        tried, struck, failed = try_call(trial, call, options, rng, report)
        lines.append(f"{trial.label} -j {trial.jobs}  {call:18} {tried:5} runs {struck:5} struck {failed:5} failed")
    lines.append(f"{trial.label} -j {trial.jobs}  crashes in OpenSSL: {trial.openssl}, libpq waited in vain: {trial.libpq},"
                 f" libcurl did not sign: {trial.libcurl}")
    if not options.asan:
        for how, call in HARMLESS:
            if call not in options.calls:
                continue
            struck = try_harmless(trial, how, call, report)
            lines.append(f"{trial.label} -j {trial.jobs}  {how + ' ' + call:18} {'struck' if struck else 'no such call'}")
    try:
        trial.check_next()
    except Wrong as problem:
        report.tell_wrong(trial, "the run after all", problem)
    trial.close()
    return lines


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0, help="numbers to try for a kind of call (0: all)")
    parser.add_argument("--next", type=int, default=100, help="after so many runs see that the next one succeeds")
    parser.add_argument("--seed", default=str(time.time_ns() % 1000000))
    parser.add_argument("--bin", type=pathlib.Path, default=db.ROOT / "bin")
    parser.add_argument("--shim", type=pathlib.Path, default=db.ROOT / "build" / "faults" / "shim.so")
    parser.add_argument("--asan", action="store_true", help="the programs in --bin are built with sanitizers")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=PROGRAMS)
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=list(CALLS))
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    options.shim = options.shim.resolve()
    return options


def main():
    options = read_options()
    report = Report()
    print(f"seed {options.seed}")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kv-faults.")))
        setup = Setup(options, folder, stack)
        trials = [trial for program in options.programs for trial in setup.trials(program)]
        with ThreadPoolExecutor(2) as pool:
            for lines in pool.map(lambda trial: try_all(trial, options, report), trials):
                print("\n".join(lines), flush=True)
    print(f"{report.runs} runs, {report.wrong} wrong")
    sys.exit(report.wrong > 0)


main()
