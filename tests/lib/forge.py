#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes altered dumps.

forge.py DUMP EXPRESSION        prints the expression's value
forge.py DUMP FOLDER < TABLE    a file for each line NAME | EXPRESSION | anything: FOLDER/NAME

Expressions are Python. They can use:

d, frames, end          the dump; its frames without the seek table; the offset of the seek table
at(i, n)                offset of frame i's byte n
n                       how many chunks there are; chunk k is the frames 3 + 2 k, which announces it, and 4 + 2 k
flip(offset, bit)       the dump with a bit flipped
put(offset, bytes)      the dump with bytes in place of its own
altered(i, path=value)  JSON frame i with members set, None: without them, and its checksum made right; a path is written
                        a__b__0 for ["a"]["b"][0]
added(i, path=number)   likewise with something added to members
replaced(i, old, new)   JSON frame i with a part of its text replaced, and its checksum made right
json_frame(text)        a JSON frame of this text
zstd_frame(content)     a zstd frame, not compressed
zeros_frame(size, said) a zstd frame of so many zeros, a multiple of 128 KiB, that claims another size
but({i: frame ...})     the frames with others in their places
order(k ...)            the frames with these chunks, announcements as they are; numbered(k ...): with new numbers
counted(frames)         the frames, where the manifest's counts are made to fit the announcements
joined(frames)          a dump of these frames, the manifest and the seek table as they were
tabled(frames)          likewise, with a right seek table
sealed(frames)          likewise, the manifest's size and XXH64 of the file right too
"""
import gzip  # noqa: F401 (for expressions)
import json
import os
import struct
import sys

JSON_MAGIC, TABLE_MAGIC, FOOTER_MAGIC = 0x184D2A57, 0x184D2A5E, 0x8F92EAB1
MASK = 2**64 - 1
P1, P2, P3, P4, P5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                      2870177450012600261)


def rotate(x, count):
    return (x << count | x >> 64 - count) & MASK


def xxh64(data):
    """XXH64, seed 0, as its specification describes it."""
    def step(acc, lane):
        return rotate((acc + lane * P2) & MASK, 31) * P1 & MASK
    at, size = 0, len(data)
    if size >= 32:
        accs = [P1 + P2 & MASK, P2, 0, -P1 & MASK]
        while at + 32 <= size:
            accs = [step(acc, lane) for acc, lane in zip(accs, struct.unpack_from("<4Q", data, at))]
            at += 32
        h = sum(rotate(acc, count) for acc, count in zip(accs, (1, 7, 12, 18))) & MASK
        for acc in accs:
            h = ((h ^ step(0, acc)) * P1 + P4) & MASK
    else:
        h = P5
    h = h + size & MASK
    while at + 8 <= size:
        h = (rotate(h ^ step(0, struct.unpack_from("<Q", data, at)[0]), 27) * P1 + P4) & MASK
        at += 8
    if at + 4 <= size:
        h = (rotate(h ^ struct.unpack_from("<I", data, at)[0] * P1 & MASK, 23) * P2 + P3) & MASK
        at += 4
    while at < size:
        h = rotate(h ^ data[at] * P5 & MASK, 11) * P1 & MASK
        at += 1
    h = (h ^ h >> 33) * P2 & MASK
    h = (h ^ h >> 29) * P3 & MASK
    return h ^ h >> 32


def json_frame(text):
    return struct.pack("<II", JSON_MAGIC, len(text) + 8) + text + struct.pack("<Q", xxh64(text))


def object_frame(content):
    return json_frame(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())


def zstd_blocks(size, said, blocks, checksum):
    """A frame: a single segment, the content size in 8 bytes, a checksum."""
    return struct.pack("<IBQ", 0xFD2FB528, 0xE4, size if said is None else said) + blocks + checksum


def zstd_frame(content, said=None):
    blocks, step = b"", 128 * 1024
    for begin in range(0, max(len(content), 1), step):
        piece = content[begin:begin + step]
        last = begin + step >= len(content)
        blocks += struct.pack("<I", last | len(piece) << 3)[:3] + piece
    return zstd_blocks(len(content), said, blocks, struct.pack("<Q", xxh64(content))[:4])


def zeros_frame(size, said=None):
    step = 128 * 1024
    block = struct.pack("<I", 1 << 1 | step << 3)[:3] + b"\0"
    last = struct.pack("<I", 1 | 1 << 1 | step << 3)[:3] + b"\0"
    # With a wrong checksum, which must not be reached.
    return zstd_blocks(size, said, block * (size // step - 1) + last, bytes(4))


class Forge:
    def __init__(self, dump):
        self.dump = dump
        (count,) = struct.unpack_from("<I", dump, len(dump) - 9)
        self.end = len(dump) - 17 - 8 * count
        if struct.unpack_from("<I", dump, self.end) != (TABLE_MAGIC,):
            sys.exit("the dump has no seek table")
        self.frames, self.offsets, begin = [], [], 0
        for i in range(count):
            (size,) = struct.unpack_from("<I", dump, self.end + 8 + 8 * i)
            self.frames.append(dump[begin:begin + size])
            self.offsets.append(begin)
            begin += size
        self.chunks = (count - 6) // 2
        if self.content(-1)["frame"] != "manifest" or self.content(3)["frame"] != "chunk" or self.chunks < 3:
            sys.exit("the dump is not as it is expected here")

    def content(self, i):
        return json.loads(self.frames[i][8:-8])

    def at(self, i, byte=0):
        return self.offsets[i] + byte

    def flip(self, offset, bit=0):
        return self.put(offset, bytes([self.dump[offset] ^ 1 << bit]))

    def put(self, offset, content):
        result = self.dump[:offset] + content + self.dump[offset + len(content):]
        if len(result) != len(self.dump) or result == self.dump:
            sys.exit("nothing was altered")
        return result

    def changed(self, i, members, change):
        result = self.content(i)
        for path, value in members.items():
            *names, last = [int(name) if name.isdigit() else name for name in path.split("__")]
            holder = result
            for name in names:
                holder = holder[name]
            change(holder, last, value)
        if result == self.content(i):
            sys.exit("nothing was altered")
        return object_frame(result)

    def altered(self, i, **members):
        def change(holder, last, value):
            if value is None:
                del holder[last]
            else:
                holder[last] = value
        return self.changed(i, members, change)

    def added(self, i, **members):
        def change(holder, last, value):
            holder[last] += value
        return self.changed(i, members, change)

    def replaced(self, i, old, new):
        text = self.frames[i][8:-8]
        if old not in text or old == new:
            sys.exit("nothing was altered")
        return json_frame(text.replace(old, new))

    def but(self, others):
        result = list(self.frames)
        for i, frame in others.items():
            result[i] = frame
        return result

    def order(self, *chunks):
        pairs = [frame for k in chunks for frame in self.frames[3 + 2 * k:5 + 2 * k]]
        return self.frames[:3] + pairs + self.frames[-3:]

    def numbered(self, *chunks):
        result = self.order(*chunks)
        for index, k in enumerate(chunks):
            result[3 + 2 * index] = object_frame({**self.content(3 + 2 * k), "index": index})
        return result

    def counted(self, frames):
        manifest = self.content(-1)
        for package in manifest["packages"]:
            package.update(entries=0, bytes=0, chunks=0)
        for frame in frames[3:-3:2]:
            chunk = json.loads(frame[8:-8])
            (package,) = (p for p in manifest["packages"] if p["name"] == chunk["package"])
            package["entries"] += chunk["entries"]
            package["bytes"] += chunk["size"]
            package["chunks"] += 1
        manifest["entries"] = sum(p["entries"] for p in manifest["packages"])
        manifest["stream"]["size"] = sum(p["bytes"] for p in manifest["packages"]) + 21
        return frames[:-1] + [object_frame(manifest)]

    def joined(self, frames):
        return b"".join(frames) + self.dump[self.end:]

    def tabled(self, frames):
        table, size = b"", 0
        for frame in frames:
            is_json = frame.startswith(struct.pack("<I", JSON_MAGIC))
            table += struct.pack("<II", len(frame), 0 if is_json else size)
            try:
                size = json.loads(frame[8:-8]).get("size", 0) & 0xffffffff if is_json else 0
            except (ValueError, RecursionError):
                size = 0
        footer = struct.pack("<IBI", len(frames), 0, FOOTER_MAGIC)
        return b"".join(frames) + struct.pack("<II", TABLE_MAGIC, len(table) + 9) + table + footer

    def sealed(self, frames):
        manifest = json.loads(frames[-1][8:-8])
        before = b"".join(frames[:-1])
        manifest["file"] = {"size": len(before), "xxh64": f"{xxh64(before):016x}"}
        return self.tabled(frames[:-1] + [object_frame(manifest)])


def main():
    assert xxh64(b"") == 0xef46db3751d8e999
    with open(sys.argv[1], "rb") as file:
        forge = Forge(file.read())
    names = {name: getattr(forge, name) for name in dir(forge) if not name.startswith("_")}
    names.update(globals(), d=forge.dump, n=forge.chunks)
    # Each reassembled part of the dump must be unchanged.
    assert forge.tabled(forge.frames) == forge.dump
    if not os.path.isdir(sys.argv[2]):
        sys.stdout.buffer.write(eval(sys.argv[2], names))
        return
    for line in sys.stdin:
        name, expression, *_ = [part.strip() for part in line.split("|")]
        with open(os.path.join(sys.argv[2], name), "wb") as file:
            file.write(eval(expression, names))


main()
