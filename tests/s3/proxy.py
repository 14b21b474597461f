#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A misbehaving proxy between a program and S3, for tests.

    proxy.py [--tls CERTIFICATE KEY] UPSTREAM_PORT LOG BEHAVIOUR...

Each request gets the next behaviour, later ones the last.  It prints its port, and appends to LOG each request
as a JSON object: method, path, headers.

    pass            S3's response
    status:N        a response with this status and no body
    code:N:CODE     a response with this status and S3's XML with this code
    file:N:FILE     a response with this status and the content of this file
    busy            503 SlowDown, asking to retry in a second
    cut             a half of the object, then the end of the connection
    silent          nothing, and the connection stays open
    drop            the end of the connection, without a response
    endless         a body without end
    huge            a body with a Content-Length larger than any rules
    unsized         an object without a Content-Length, then the end of the connection
    page            200 with a page that is not from S3
    region:NAME     S3's response to a request in the wrong region: the region is NAME
    elsewhere       a redirection to another server
    echo            403 with a message that repeats the request's headers
"""
import http.client
import http.server
import json
import socket
import ssl
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        behaviour = self.server.next_behaviour(
            {"method": self.command, "path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}}
        )
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name, *arguments = behaviour.split(":")
        getattr(self, "answer_" + name)(*arguments)

    do_POST = do_GET

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def upstream(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream)
        # Forward unchanged, including Host, which is signed.
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(self.body or None)
        answer = connection.getresponse()
        body = answer.read()
        hop = ("connection", "content-length", "transfer-encoding", "date", "server")
        return answer.status, body, [(n, v) for n, v in answer.getheaders() if n.lower() not in hop]

    def error(self, status, code, headers=(), extra="", message="The words of the server."):
        document = f"<?xml version='1.0'?>\n<Error><Code>{code}</Code><Message>{message}</Message>{extra}</Error>"
        self.answer(status, document.encode(), [("Content-Type", "application/xml"), *headers])

    def end_connection(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer_pass(self):
        self.answer(*self.upstream())

    def answer_status(self, status):
        self.answer(int(status))

    def answer_code(self, status, code):
        self.error(int(status), code)

    def answer_file(self, status, path):
        with open(path, "rb") as file:
            self.answer(int(status), file.read())

    def answer_busy(self):
        self.error(503, "SlowDown", [("Retry-After", "1")])

    def answer_cut(self):
        status, body, headers = self.upstream()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.end_connection()

    def answer_silent(self):
        self.server.ended.wait()

    def answer_drop(self):
        self.end_connection()

    def answer_endless(self):
        self.send_response(200)
        self.send_header("ETag", '"x"')
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except OSError:
            self.close_connection = True

    def answer_huge(self):
        self.send_response(200)
        self.send_header("ETag", '"x"')
        self.send_header("Content-Length", str(1 << 30))
        self.end_headers()
        try:
            for _ in range(1 << 14):
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def answer_unsized(self):
        _, body, _ = self.upstream()
        self.send_response(200)
        self.send_header("ETag", '"x"')
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def answer_page(self):
        self.answer(200, b"<!doctype html><title>Console</title>", [("Content-Type", "text/html")])

    def answer_region(self, region):
        scope = self.headers["Authorization"].split("/")[2]
        if scope == region:
            self.answer_pass()
        else:
            self.error(301, "PermanentRedirect", [("x-amz-bucket-region", region)])

    def answer_elsewhere(self):
        self.answer(302, b"", [("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")])

    def answer_echo(self):
        headers = " ".join(self.headers.values()).replace("&", "&amp;").replace("<", "&lt;")
        self.error(403, "AccessDenied", message=headers)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream, log, behaviours, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.upstream = upstream
        self.log = log
        self.behaviours = behaviours
        self.lock = threading.Lock()
        self.ended = threading.Event()

    def next_behaviour(self, request):
        with self.lock:
            with open(self.log, "a") as file:
                file.write(json.dumps(request) + "\n")
            return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]


def main(handler=Handler, server_class=Server):
    arguments = sys.argv[1:]
    tls = None
    if arguments[0] == "--tls":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments[1], arguments[2])
        arguments = arguments[3:]
    server = server_class(int(arguments[0]), arguments[1], arguments[2:], handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
