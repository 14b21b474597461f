#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Searches this machine's processes and files for secrets.

    watch_secrets.py [--once] FOLDER   searches until SIGTERM, or once

Standard input has one secret per line.  It searches the command lines and environments of all processes, and the regular files
in FOLDER, and prints a line for each new finding:

    arguments PROGRAM       a command line
    environment PROGRAM     an environment
    file PATH               a file's content, or its name

and at the end "looks NUMBER", and "saw PROGRAM" for each program that was running.  It never prints a secret.
"""
import os
import signal
import sys
import time


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        # The process has ended, or the file is gone.
        return b""


def program_of(process):
    return read(process + "/comm").decode(errors="replace").strip()


class Watch:
    def __init__(self, folder, secrets):
        self.folder = folder
        self.secrets = secrets
        self.found = set()
        self.seen = set()
        self.looks = 0

    def check(self, kind, name, content):
        if any(secret in content for secret in self.secrets) and (kind, name) not in self.found:
            self.found.add((kind, name))
            print(kind, name, flush=True)

    def look(self):
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != os.getpid():
                process = "/proc/" + entry
                program = program_of(process)
                arguments, environment = read(process + "/cmdline"), read(process + "/environ")
                # The process may have executed another program in the meantime.
                if program == program_of(process):
                    self.seen.add(program)
                    self.check("arguments", program, arguments)
                    self.check("environment", program, environment)
        for parent, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(parent, name)
                self.check("file", "(its name)", path.encode(errors="surrogateescape"))
                if os.path.isfile(path):
                    self.check("file", path, read(path))
        self.looks += 1


def main():
    once = sys.argv[1] == "--once"
    watch = Watch(sys.argv[-1], [line for line in sys.stdin.buffer.read().split(b"\n") if line])
    assert watch.secrets
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    watch.look()
    # The test may begin now.
    print("watching", flush=True)
    while not once and not ended:
        watch.look()
        time.sleep(0.03)
    print("looks", watch.looks)
    for program in sorted(watch.seen):
        print("saw", program)


main()
