#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program on a terminal of its own, and answers its password prompt.

    answer.py COMMAND...

Standard input is the answer. Prints the contents of the terminal, and exits like the command.
"""
import os
import pty
import sys

PROMPT = b"Password: "


def main():
    answer = sys.stdin.buffer.read().rstrip(b"\n") + b"\n"
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    shown, answered = b"", 0
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            # Nothing has the terminal open any more.
            break
        shown += piece
        if shown.count(PROMPT) > answered:
            answered += 1
            os.write(terminal, answer)
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)


main()
