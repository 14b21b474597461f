#!/usr/bin/env python3
"""Prints how many lines of the sources have run, from what gcov counts.

    coverage.py BUILD PERCENT

Reads the counters of the objects in folder BUILD, made by gcc --coverage. Prints a table of the sources and the headers, with
the lines that never ran, and the sums for each folder. Ends with 1 when the share of all lines is less than PERCENT.
"""
import collections
import json
import os
import subprocess
import sys

FOLDERS = ("common", "export", "import", "scripts/session")


def gcov(notes):
    """Yields what gcov has to say of an object file: an object for each source that has a part in it."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", notes], capture_output=True, check=True)
    for line in done.stdout.splitlines():
        yield from json.loads(line)["files"]


def count_lines(build):
    """Returns, for each source, how often each of its lines ran, in whichever object."""
    lines = collections.defaultdict(lambda: collections.defaultdict(int))
    for folder in FOLDERS:
        for parent, _, names in os.walk(os.path.join(build, folder)):
            for name in sorted(names):
                if name.endswith(".gcno"):
                    for source in gcov(os.path.join(parent, name)):
                        path = os.path.normpath(source["file"])
                        # Not the headers of libraries, and nothing that is generated.
                        if path.startswith(tuple(folder + "/" for folder in FOLDERS)):
                            for line in source["lines"]:
                                lines[path][line["line_number"]] += line["count"]
    return lines


def ranges(numbers, known):
    """Prints line numbers as "3-5, 9"; what lies between two of them and is no code does not part them."""
    parts = []
    known = sorted(known)
    previous = None
    for number in sorted(numbers):
        position = known.index(number)
        if parts and position > 0 and known[position - 1] == previous:
            parts[-1][1] = number
        else:
            parts.append([number, number])
        previous = number
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def show(name, total, covered, missing=""):
    print(f"{name:<36} {total:>6} {covered:>6} {100 * covered / total:>6.1f} %  {missing}".rstrip())


def main():
    build, wanted = sys.argv[1], float(sys.argv[2])
    sums = collections.defaultdict(lambda: [0, 0])
    print(f"{'file':<36} {'lines':>6} {'ran':>6} {'share':>8}  never ran")
    for path, counts in sorted(count_lines(build).items()):
        missing = [number for number, count in counts.items() if count == 0]
        show(path, len(counts), len(counts) - len(missing), ranges(missing, counts))
        for name in (os.path.dirname(path), "total"):
            sums[name][0] += len(counts)
            sums[name][1] += len(counts) - len(missing)
    print()
    total = sums.pop("total", [0, 0])
    for name, (lines, covered) in sorted(sums.items()):
        show(name + "/", lines, covered)
    if total[0] == 0:
        sys.exit("coverage: error: no counters were found in " + build)
    show("total", *total)
    if 100 * total[1] < wanted * total[0]:
        sys.exit(f"coverage: error: less than {wanted:g} % of the lines have run")


main()
