#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A misbehaving proxy between a program and DynamoDB, for tests; see ../s3/proxy.py.

    proxy.py UPSTREAM_PORT LOG BEHAVIOUR...

A behaviour may begin with the name of an operation and "=": it applies to the next request for that operation, and other requests
get DynamoDB's response.  The behaviours are those of ../s3/proxy.py, and

    error:N:CODE    a response with this status and DynamoDB's JSON with this code
    unprocessed     only the first item of a batch is written; the others are returned
    lost            the request is executed, but the connection ends without a response
    forget          only the first item of a batch is written, but the response says that all are
    wait:FILE       DynamoDB's response, but not before this file exists
    repeat          an error whose message repeats the request's headers
    signed:FILE     DynamoDB's response if the request is signed by one of the users in this file, see ./signatures.py;
                    otherwise DynamoDB's error; for the Python of install-deps --s3-server
"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "s3"))
import proxy  # noqa: E402


class Handler(proxy.Handler):
    def answer_error(self, status, code, message="The words of the server."):
        document = {"__type": "com.amazonaws.dynamodb.v20120810#" + code, "message": message}
        self.answer(int(status), json.dumps(document).encode(), [("Content-Type", "application/x-amz-json-1.0")])

    def answer_unprocessed(self, tell=True):
        request = json.loads(self.body)
        rest = {}
        for table, items in request["RequestItems"].items():
            rest[table] = items[1:]
            request["RequestItems"][table] = items[:1]
        self.body = json.dumps(request).encode()
        self.headers.replace_header("Content-Length", str(len(self.body)))
        status, body, headers = self.upstream()
        answer = json.loads(body)
        if status == 200 and tell and any(rest.values()):
            answer["UnprocessedItems"] = rest
        headers = [(name, value) for name, value in headers if name.lower() != "x-amz-crc32"]
        self.answer(status, json.dumps(answer).encode(), headers)

    def answer_lost(self):
        self.upstream()
        self.end_connection()

    def answer_forget(self):
        self.answer_unprocessed(tell=False)

    def answer_wait(self, path):
        while not os.path.exists(path):
            time.sleep(0.05)
        self.answer_pass()

    def answer_repeat(self):
        self.answer_error(400, "InvalidSignatureException", " ".join(self.headers.values()))

    def answer_signed(self, path):
        import signatures

        with open(path) as file:
            code = signatures.judge(self.command, self.path, self.headers, self.body, json.load(file))
        if code is None:
            self.answer_pass()
        else:
            self.answer_error(400, code)


class Server(proxy.Server):
    def next_behaviour(self, request):
        with self.lock:
            with open(self.log, "a") as file:
                file.write(json.dumps(request) + "\n")
            operation, found, behaviour = self.behaviours[0].partition("=")
            if not found:
                behaviour = self.behaviours[0]
            elif not request["headers"]["x-amz-target"].endswith("." + operation):
                return "pass"
            if len(self.behaviours) > 1:
                self.behaviours.pop(0)
            return behaviour


proxy.main(Handler, Server)
