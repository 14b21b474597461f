#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads lines "rows, run, what, seconds, KiB, bytes" (tab-separated; empty where a figure does not apply) and
prints a table of medians for each number of rows, with the ratios that matter.  A second argument is a file
for gnuplot: rows and the medians to draw."""
import csv
import statistics
import sys

WHAT = [
    ("read", "psql COPY BINARY of the staging rows to /dev/null"),
    ("export", "kv-export to a file"),
    ("write", "psql COPY into a finished KV table"),
    ("floor", "the floor: 2 sessions into leaves, then indexes"),
    ("import", "kv-import of the file"),
    ("clean", "kv-import --clean beside that store"),
    ("check", "kv-import --check"),
    ("print", "kv-import --print"),
    ("verify", "kv-import --verify"),
    ("pipe", "psql COPY out | psql COPY in, the same rows"),
    ("up", "kv-migrate up --kv-enabled"),
    ("pg_dump", "pg_dump -Fc of the legacy tables"),
    ("pg_dump_d", "pg_dump -Fd -j2 -Z1 of the legacy tables"),
    ("pg_restore", "pg_restore -j2 of it"),
]
RATIOS = [
    ("export", "read"),
    ("import", "write"),
    ("import", "floor"),
    ("clean", "import"),
    ("up", "pipe"),
    ("export", "pg_dump_d"),
    ("import", "pg_restore"),
]

figures = {}
for row in csv.DictReader(open(sys.argv[1], encoding="utf-8"), delimiter="\t"):
    key = (int(row["rows"]), row["what"])
    for name in ("seconds", "kib", "bytes"):
        if row[name]:
            figures.setdefault((*key, name), []).append(float(row[name]))


def median(rows, what, name):
    values = figures.get((rows, what, name))
    return statistics.median(values) if values else None


sizes = sorted({key[0] for key in figures})
for rows in sizes:
    print(f"\n{rows} staged rows, medians of {len(figures[rows, 'export', 'seconds'])} runs")
    print(f"  {'':50} {'seconds':>9} {'peak MiB':>9} {'MB':>9}")
    for what, text in WHAT:
        seconds, kib, size = (median(rows, what, name) for name in ("seconds", "kib", "bytes"))
        if seconds is not None:
            print(
                f"  {text:50} {seconds:9.2f} {'' if kib is None else f'{kib / 1024:.0f}':>9}"
                f" {'' if size is None else f'{size / 1e6:.1f}':>9}"
            )
    for above, below in RATIOS:
        # Pair figures of one run, since other load on the machine affects both.
        pairs = zip(figures.get((rows, above, "seconds"), []), figures.get((rows, below, "seconds"), []))
        values = [a / b for a, b in pairs]
        if values:
            print(f"  {above} / {below}: {statistics.median(values):.2f}  ({min(values):.2f} to {max(values):.2f})")

for small, large in zip(sizes, sizes[1:]):
    print(f"\n{large} rows take, of the time of {small}:")
    for what in ("export", "import", "up"):
        print(f"  {what}: {median(large, what, 'seconds') / median(small, what, 'seconds'):.1f} times")

if len(sys.argv) > 2:
    with open(sys.argv[2], "w", encoding="utf-8") as plot:
        for rows in sizes:
            points = (median(rows, what, "seconds") for what in ("export", "import", "up", "pipe"))
            print(rows, *("?" if point is None else f"{point:.3f}" for point in points), file=plot)
