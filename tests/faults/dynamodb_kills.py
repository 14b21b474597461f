#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a kv-import --clean that replaces a store in DynamoDB, at requests spread over all of it.

    dynamodb_kills.py --bin FOLDER --endpoint URL --table NAME --count N FIRST_DUMP SECOND_DUMP

A proxy forwards the program's requests to DynamoDB and strikes at one of them, before or after it is forwarded.  The store must
then be one of two: stamped, with exactly the entries from before the load (or, behind the stamp, after it); or at version 0, which
no lakeFS starts with, with entries of either dump and no others.  The same command must then complete the load.  Loads go from one
dump to the other in turn.  The dumps hold what `kv-import --print --raw` says.

Prints how many strikes found which state.  Exits with 1 at the first wrong one.
"""
import argparse
import base64
import collections
import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "dynamodb"))
import table as dynamodb  # noqa: E402

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGKILL)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        strikes = self.server.next_request()
        if strikes and not self.server.after:
            self.strike()
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream)
        connection.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        if strikes:
            self.strike()
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def strike(self):
        self.close_connection = True
        self.server.process.send_signal(self.server.signal)
        self.server.process.wait()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.lock = threading.Lock()
        self.process = None
        self.arm(0, False, None)

    def arm(self, request, after, number):
        """Strike at the request of this number, from 1; 0: never."""
        self.requests = 0
        self.target, self.after, self.signal = request, after, number

    def next_request(self):
        with self.lock:
            self.requests += 1
            return self.requests == self.target

    def handle_error(self, *_):
        """The program's connections end with it."""


def entries_of(program, dump):
    lines = subprocess.run([program, "--print", "--raw", dump], check=True, capture_output=True).stdout.splitlines()
    return {tuple(base64.b64decode(json.loads(line)[name]) for name in ("partition_key", "key", "value")) for line in lines}


class Trials:
    def __init__(self, options):
        self.options = options
        self.program = os.path.join(options.bin, "kv-import")
        self.server = Server(int(options.endpoint.rpartition(":")[2]))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.dumps = options.dumps
        self.entries = [entries_of(self.program, dump) for dump in self.dumps]

    def start(self, dump):
        url = f"http://127.0.0.1:{self.server.server_address[1]}"
        # One request at a time: the requests before the one that is struck have been answered.
        command = [self.program, "--target=dynamodb", "--clean", "-j", "1", "--dynamodb-requests=1",
                   f"--dynamodb-table={self.options.table}", f"--dynamodb-endpoint={url}", dump]
        with self.server.lock:
            self.server.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return self.server.process

    def load(self, dump):
        process = self.start(dump)
        message = process.communicate()[1]
        if process.returncode != 0:
            sys.exit(f"the load of {dump} ended with {process.returncode}:\n{message}")

    def state(self, before, after):
        url, name = self.options.endpoint, self.options.table
        version = dynamodb.version(url, name)
        found = set(dynamodb.rows(url, name))
        if version == "0" and found <= self.entries[before] | self.entries[after]:
            return "unstamped"
        if version == "1" and found == self.entries[before]:
            return "before"
        if version == "1" and found == self.entries[after]:
            return "after"
        return f"wrong: version {version}, {len(found)} entries"

    def strike(self, number, request):
        before, after = number % 2, (number + 1) % 2
        struck = SIGNALS[number // 2 % len(SIGNALS)]
        self.server.arm(request, number // 2 % 2 == 1, struck)
        message = self.start(self.dumps[after]).communicate()[1]
        state = self.state(before, after)
        where = f"strike {number} at request {request}, signal {struck.name}: {state}"
        if state.startswith("wrong"):
            sys.exit(f"{where}\n{message}")
        self.server.arm(0, False, None)
        self.load(self.dumps[after])
        if self.state(before, after) != "after":
            sys.exit(f"{where}; the next load: {self.state(before, after)}")
        return state

    def run(self):
        self.load(self.dumps[1])
        self.load(self.dumps[0])
        self.server.arm(0, False, None)
        self.load(self.dumps[1])
        requests = self.server.requests
        self.load(self.dumps[0])
        states = collections.Counter(
            self.strike(number, 1 + number * (requests - 1) // max(self.options.count - 1, 1)) for number in range(self.options.count)
        )
        print(f"{self.options.count} strikes at {requests} requests:", ", ".join(f"{n} {state}" for state, n in sorted(states.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("--bin", "--endpoint", "--table"):
        parser.add_argument(name, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("dumps", nargs=2)
    Trials(parser.parse_args()).run()


if __name__ == "__main__":
    main()
