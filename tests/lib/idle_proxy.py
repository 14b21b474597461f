#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of a PostgreSQL server that ends idle connections, like load balancers and poolers.

idle_proxy.py IDLE RATE HOST-OR-SOCKET-FOLDER PORT

Listens on a free port of 127.0.0.1, which it prints on the first line; then prints a line for each connection that it has
ended because neither side sent anything for IDLE seconds. All clients together can send RATE bytes a second (0: unlimited),
and while data is held back the connection counts as busy.
"""
import asyncio
import sys
import time

PIECE = 1 << 14


class Throttle:
    """Lets bytes through at a rate, whoever sends them."""

    def __init__(self, rate):
        self.rate, self.due = rate, 0.0

    async def wait(self, size, tick):
        if self.rate == 0:
            return
        self.due = max(self.due, time.monotonic()) + size / self.rate
        mine = self.due
        while (left := mine - time.monotonic()) > 0:
            tick()
            await asyncio.sleep(min(left, 0.1))


class Link:
    """One connection through the proxy."""

    def __init__(self, idle, throttle):
        self.idle, self.throttle, self.latest = idle, throttle, time.monotonic()

    def tick(self):
        self.latest = time.monotonic()

    async def carry(self, source, sink, throttle):
        # Stop reading one side while the other does not accept data: then nothing moves.
        while data := await source.read(PIECE):
            self.tick()
            if throttle is not None:
                await throttle.wait(len(data), self.tick)
            sink.write(data)
            await sink.drain()
            self.tick()

    async def expire(self):
        while (left := self.latest + self.idle - time.monotonic()) > 0:
            await asyncio.sleep(left)
        print("ended an idle connection", flush=True)

    async def run(self, client, server):
        jobs = [asyncio.ensure_future(job) for job in (self.carry(client[0], server[1], self.throttle),
                                                       self.carry(server[0], client[1], None), self.expire())]
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        # At once, as nobody reads what is left to write.
        client[1].transport.abort()
        server[1].transport.abort()


async def main(idle, rate, host, port):
    throttle = Throttle(float(rate))

    async def accept(reader, writer):
        writer.transport.set_write_buffer_limits(high=PIECE)
        if host.startswith("/"):
            server = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}", limit=PIECE)
        else:
            server = await asyncio.open_connection(host, port, limit=PIECE)
        await Link(float(idle), throttle).run((reader, writer), server)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, limit=PIECE)
    print(listener.sockets[0].getsockname()[1], flush=True)
    async with listener:
        await listener.serve_forever()


asyncio.run(main(*sys.argv[1:]))
