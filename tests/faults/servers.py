# SPDX-License-Identifier: Apache-2.0
"""The servers beside PostgreSQL's that the programs talk to: a DynamoDB, and an S3 that verifies signatures."""
import contextlib
import os
import pathlib
import subprocess
import time

import database as db

TESTS = db.ROOT / "tests"
# Do not ask for an instance's credentials.
AWS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null"}


def installed(what):
    """The path that install-deps prints."""
    command = [db.ROOT / "scripts" / "install-deps", what]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@contextlib.contextmanager
def running(command, **options):
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextlib.contextmanager
def dynamodb():
    """Its URL, and what the programs need in their environment."""
    # With tables created at once, since creating them is not what should fail.
    command = ["node", TESTS / "dynamodb" / "server.js", "0", "prompt"]
    environment = dict(os.environ, NODE_PATH=installed("--dynamodb-server"))
    with running(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield (f"http://127.0.0.1:{process.stdout.readline().strip()}",
               AWS | {"AWS_ACCESS_KEY_ID": "AKIATESTACCESSKEY", "AWS_SECRET_ACCESS_KEY": "test/secret/access/key"})


@contextlib.contextmanager
def s3(objects, folder):
    """Likewise; the folder objects has buckets with their objects, the other one gets what the server writes."""
    output = pathlib.Path(folder) / "s3"
    with open(folder / "s3.log", "w") as log:
        command = [installed("--s3-server"), TESTS / "s3" / "server.py", objects, output]
        with running(command, stdout=log, stderr=log) as process:
            while not output.exists():
                if process.poll() is not None:
                    raise RuntimeError((folder / "s3.log").read_text())
                time.sleep(0.05)
            facts = dict(line.split("=", 1) for line in output.read_text().splitlines())
            yield (f"http://127.0.0.1:{facts['S3_PORT']}",
                   AWS | {"AWS_ACCESS_KEY_ID": facts["S3_USER_KEY"], "AWS_SECRET_ACCESS_KEY": facts["S3_USER_SECRET"]})
