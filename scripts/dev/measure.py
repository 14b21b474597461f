#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command and prints its wall time in seconds and its peak memory in KiB (the largest process's),
separated by a tab.  The command's output goes to standard error; if the command fails, so does this script."""
import os
import resource
import subprocess
import sys
import time

begin = time.monotonic()
status = subprocess.run(sys.argv[1:], stdout=sys.stderr, check=False).returncode
seconds = time.monotonic() - begin
if status != 0:
    sys.exit(f"measure: error: {sys.argv[1]} ended with {status}")
print(f"{seconds:.3f}\t{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
sys.stdout.flush()
os._exit(0)
