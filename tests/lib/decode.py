#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads dumps, independently of the tested code.

decode.py entries < STREAM        the entries of a COPY BINARY stream (zstd -dc dump), decoded, sorted, one a line:
                                  partition key, key and value as JSON, separated by tabs
decode.py manifest FILE MEMBER    a part of a dump's manifest, found by the seek table; MEMBER is written as in Python,
                                  such as ['stream']['sha256']
decode.py header FILE MEMBER      likewise, of its header
decode.py frames FILE             offset, size and decompressed size of each frame, by the seek table
decode.py seconds XID             the time in an xid

Bytes that are not printable UTF-8 are shown in hexadecimal with 0x before them; the partition of a repository as R(id);
times as seconds and nanoseconds. Exits with 1 and a line on standard error for anything that violates the KV model.
"""
import json
import re
import struct
import sys

TEXT, BYTES, INTEGER, FLAG, TIME, MAP = "text", "bytes", "integer", "flag", "time", "map"


def repeated(kind):
    return ("repeated", kind)


STATEMENT = {1: ("effect", TEXT), 2: ("action", repeated(TEXT)), 3: ("resource", TEXT)}
INDEX = {1: ("primary_key", BYTES)}
USER = {1: ("created_at", TIME), 2: ("username", TEXT), 3: ("friendly_name", TEXT), 4: ("email", TEXT),
        5: ("encrypted_password", BYTES), 6: ("source", TEXT), 7: ("external_id", TEXT)}
GROUP = {1: ("created_at", TIME), 2: ("display_name", TEXT)}
POLICY = {1: ("created_at", TIME), 2: ("display_name", TEXT), 3: ("statement", repeated(STATEMENT))}
CREDENTIAL = {1: ("access_key_id", TEXT), 2: ("secret", BYTES), 3: ("issued_date", TIME), 4: ("user_id", BYTES)}
TOKEN = {1: ("token_id", TEXT), 2: ("expired_at", TIME)}
RUN = {1: ("run_id", TEXT), 2: ("branch_id", TEXT), 3: ("commit_id", TEXT), 4: ("source_ref", TEXT),
       5: ("event_type", TEXT), 6: ("start_time", TIME), 7: ("end_time", TIME), 8: ("passed", FLAG)}
TASK = {1: ("run_id", TEXT), 2: ("hook_run_id", TEXT), 3: ("hook_id", TEXT), 4: ("action_name", TEXT),
        5: ("start_time", TIME), 6: ("end_time", TIME), 9: ("passed", FLAG)}
MULTIPART = {1: ("upload_id", TEXT), 2: ("path", TEXT), 3: ("creation_date", TIME), 4: ("physical_address", TEXT),
             5: ("metadata", MAP), 6: ("content_type", TEXT)}
REPOSITORY = {1: ("id", TEXT), 2: ("storage_namespace", TEXT), 3: ("default_branch_id", TEXT),
              4: ("creation_date", TIME), 5: ("state", INTEGER), 6: ("instance_uid", TEXT)}
COMMIT = {1: ("id", TEXT), 2: ("committer", TEXT), 3: ("message", TEXT), 4: ("creation_date", TIME),
          5: ("meta_range_id", TEXT), 6: ("metadata", MAP), 7: ("parents", repeated(TEXT)), 8: ("version", INTEGER),
          9: ("generation", INTEGER)}
BRANCH = {1: ("id", TEXT), 2: ("commit_id", TEXT), 3: ("staging_token", TEXT), 4: ("sealed_tokens", repeated(TEXT))}
TAG = {1: ("id", TEXT), 2: ("commit_id", TEXT)}
STAGED = {1: ("key", BYTES), 2: ("identity", BYTES), 3: ("data", BYTES)}
TIMESTAMP = {1: ("seconds", INTEGER), 2: ("nanos", INTEGER)}
PAIR = {1: ("key", TEXT), 2: ("value", TEXT)}

AUTH = ((b"users/", USER), (b"groups/", GROUP), (b"policies/", POLICY), (b"gUsers/", INDEX), (b"uPolicies/", INDEX),
        (b"gPolicies/", INDEX), (b"uCredentials/", CREDENTIAL), (b"expiredTokens/", TOKEN))
OF_REPOSITORY = ((b"commits/", COMMIT), (b"branches/", BRANCH), (b"tags/", TAG))

broken = []


def copy_tuples(stream):
    """The (partition key, key, value) of a COPY BINARY stream, which must be whole and without flags."""
    header = b"PGCOPY\n\xff\r\n\0" + bytes(8)
    if not stream.startswith(header):
        sys.exit("the stream has no COPY BINARY header")
    at = len(header)
    while True:
        (count,) = struct.unpack_from(">h", stream, at)
        at += 2
        if count == -1:
            break
        if count != 3:
            sys.exit(f"a tuple has {count} fields")
        fields = []
        for _ in range(3):
            (size,) = struct.unpack_from(">i", stream, at)
            at += 4
            if size < 0 or at + size > len(stream):
                sys.exit(f"a field has the size {size}")
            fields.append(stream[at:at + size])
            at += size
        yield tuple(fields)
    if at != len(stream):
        sys.exit("something follows the COPY trailer")


def readable(data):
    try:
        text = data.decode("utf-8")
        if text.isprintable() and not text.startswith("0x"):
            return text
    except UnicodeDecodeError:
        pass
    return "0x" + data.hex()


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def fields_of(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
            if value >= 1 << 63:
                value -= 1 << 64
        elif tag & 7 == 2:
            size, at = varint(data, at)
            value = data[at:at + size]
            at += size
            if len(value) != size:
                sys.exit("a message is cut off")
        else:
            sys.exit(f"a field has the wire type {tag & 7}")
        yield tag >> 3, value


def decode_text(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        broken.append(f"text is not valid UTF-8: {data[:60]!r}")
        return data.decode("latin1")


def decode_one(kind, value):
    if kind == TEXT:
        return decode_text(value)
    if kind == BYTES:
        return readable(value)
    if kind == FLAG:
        return bool(value)
    if kind == TIME:
        time = decode(value, TIMESTAMP)
        nanos = time.get("nanos", 0)
        if not 0 <= nanos < 10**9:
            broken.append(f"nanos are {nanos}")
        return f"{time.get('seconds', 0)}.{nanos:09d}"
    if isinstance(kind, dict):
        return decode(value, kind)
    return value


def decode(data, schema):
    message = {}
    for number, value in fields_of(data):
        if number not in schema:
            broken.append(f"unknown field {number}")
            continue
        name, kind = schema[number]
        if kind == MAP:
            pair = decode(value, PAIR)
            pairs = message.setdefault(name, {})
            if pair.get("key", "") in pairs:
                broken.append(f"a key of {name} is there twice")
            pairs[pair.get("key", "")] = pair.get("value", "")
        elif isinstance(kind, tuple):
            message.setdefault(name, []).append(decode_one(kind[1], value))
        elif name in message:
            broken.append(f"field {name} is there twice")
        elif kind != TIME and schema is not PAIR and value in (0, b""):
            broken.append(f"field {name} is written though it is empty")
        else:
            message[name] = decode_one(kind, value)
    return message


def schema_of(partition, key, repositories):
    """The message at a key; None for plain bytes."""
    if partition == b"auth":
        return next((schema for prefix, schema in AUTH if key.startswith(prefix)), None)
    if partition == b"actions":
        match = re.fullmatch(rb"repos/.*/(runs|branches|commits|tasks)/.*", key, re.S)
        if match is None:
            sys.exit(f"an unknown key of partition actions: {key!r}")
        # The repository's id may contain any of the words, so the rightmost match is not certain;
        # runs end in one xid.
        if re.fullmatch(rb"repos/.*/runs/[0-9a-v]{20}", key, re.S):
            return RUN
        if re.fullmatch(rb"repos/.*/tasks/[0-9a-v]{20}/.*", key, re.S):
            return TASK
        return INDEX
    if partition == b"multiparts":
        return MULTIPART
    if partition == b"graveler":
        return REPOSITORY
    if partition in repositories:
        return next((schema for prefix, schema in OF_REPOSITORY if key.startswith(prefix)), None)
    return STAGED


def print_entries():
    tuples = list(copy_tuples(sys.stdin.buffer.read()))
    if len({(partition, key) for partition, key, _ in tuples}) != len(tuples):
        broken.append("a key is there twice")
    repositories = {}
    for partition, _, value in tuples:
        if partition == b"graveler":
            data = decode(value, REPOSITORY)
            repositories[f"{data['id']}-{data['instance_uid']}".encode()] = data["id"]
    lines = []
    for partition, key, value in tuples:
        schema = schema_of(partition, key, repositories)
        shown = f"R({repositories[partition]})" if partition in repositories else readable(partition)
        content = readable(value) if schema is None else decode(value, schema)
        lines.append(f"{shown}\t{readable(key)}\t{json.dumps(content, sort_keys=True, ensure_ascii=False)}")
    print("\n".join(sorted(lines)) if lines else "", end="\n" if lines else "")


def frames(data):
    """(offset, size, decompressed size) of each frame, by the seek table of the zstd Seekable Format."""
    count, descriptor, magic = struct.unpack("<IBI", data[-9:])
    size = 8 + 8 * count + 9
    if magic != 0x8F92EAB1 or descriptor != 0:
        sys.exit("there is no seek table")
    if struct.unpack("<II", data[-size:-size + 8]) != (0x184D2A5E, size - 8):
        sys.exit("the seek table is no skippable frame")
    at, found = 0, []
    for i in range(count):
        compressed, decompressed = struct.unpack_from("<II", data, len(data) - size + 8 + 8 * i)
        found.append((at, compressed, decompressed))
        at += compressed
    if at + size != len(data):
        sys.exit("the frames do not fill the file")
    return found


def json_frame(data, offset, size):
    """The object in one of our skippable frames: magic, size, JSON, 8 bytes of checksum."""
    if struct.unpack_from("<II", data, offset) != (0x184D2A57, size - 8):
        sys.exit("there is no JSON frame")
    return json.loads(data[offset + 8:offset + size - 8])


def print_member(path, index, kind, member):
    with open(path, "rb") as file:
        data = file.read()
    offset, size, _ = frames(data)[index]
    content = json_frame(data, offset, size)
    if content["frame"] != kind:
        sys.exit(f"the frame is a {content['frame']}")
    for name in re.findall(r"\[([^]]*)\]", member):
        content = content[json.loads(name.replace("'", '"'))]
    print(content if isinstance(content, str) else json.dumps(content, sort_keys=True))


def print_seconds(xid):
    alphabet = "0123456789abcdefghijklmnopqrstuv"
    if not re.fullmatch("[0-9a-v]{19}[0g]", xid):
        sys.exit(f"no xid: {xid}")
    number = 0
    for character in xid:
        number = number << 5 | alphabet.index(character)
    print(number >> 4 + 64)


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "entries":
        print_entries()
    elif command == "manifest":
        print_member(arguments[0], -1, "manifest", arguments[1])
    elif command == "header":
        print_member(arguments[0], 0, "header", arguments[1])
    elif command == "frames":
        with open(arguments[0], "rb") as file:
            for frame in frames(file.read()):
                print(*frame)
    elif command == "seconds":
        print_seconds(arguments[0])
    else:
        sys.exit(__doc__)
    for line in broken:
        print("broken: " + line, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
