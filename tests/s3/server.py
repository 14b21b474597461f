#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An S3 server that verifies signatures (moto), with users, for tests; runs in the Python of install-deps --s3-server.

    server.py FOLDER OUTPUT   serves FOLDER/BUCKET/KEY... until SIGTERM comes

OUTPUT gets shell variables: S3_PORT, and the credentials of

    S3_USER_*       a user who may do anything
    S3_NOBODY_*     a user who may do nothing
    S3_SESSION_*    a role that may do anything, with a session token

Each is ..._KEY, ..._SECRET and ..._TOKEN.  S3_ROLE_ARN is the role, which anybody may take on.
"""
import json
import os
import signal
import sys

import boto3
import requests
from moto.server import ThreadedMotoServer

ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
ANYBODY = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Principal": {"AWS": "*"}}]})


def serve(folder, output):
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "1000000"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    access = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
    s3, iam, sts = (boto3.client(service, **access) for service in ("s3", "iam", "sts"))
    for bucket in os.listdir(folder):
        s3.create_bucket(Bucket=bucket)
        for parent, _, names in os.walk(os.path.join(folder, bucket)):
            for name in names:
                path = os.path.join(parent, name)
                with open(path, "rb") as file:
                    s3.put_object(Bucket=bucket, Key=os.path.relpath(path, os.path.join(folder, bucket)), Body=file.read())
    lines = [f"S3_PORT={port}"]

    def tell(name, key, secret, token=""):
        lines.extend([f"S3_{name}_KEY={key}", f"S3_{name}_SECRET={secret}", f"S3_{name}_TOKEN={token}"])

    for user in ("USER", "NOBODY"):
        iam.create_user(UserName=user)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        tell(user, key["AccessKeyId"], key["SecretAccessKey"])
    iam.put_user_policy(UserName="USER", PolicyName="anything", PolicyDocument=ANYTHING)
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=ANYBODY)["Role"]
    iam.put_role_policy(RoleName="role", PolicyName="anything", PolicyDocument=ANYTHING)
    lines.append(f"S3_ROLE_ARN={role['Arn']}")
    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    tell("SESSION", session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    # From now on it wants signatures.
    requests.post(url + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, timeout=60).raise_for_status()
    with open(output + ".partial", "w") as file:
        file.write("\n".join(lines) + "\n")
    os.rename(output + ".partial", output)
    signal.sigwait([signal.SIGTERM])
    os._exit(0)


# Threads that are started later block it as well.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
serve(sys.argv[1], sys.argv[2])
