# SPDX-License-Identifier: Apache-2.0
"""Values at the edges of their types, in the forms in which the other files know them:

text      bytes: UTF-8, or in a database without an encoding (SQL_ASCII) any bytes but NUL
bytea     bytes
time      microseconds since 1970-01-01 UTC, or "infinity", "-infinity"
jsonb     bytes: JSON text, which PostgreSQL rewrites when it takes it
text[]    a list of texts and None
int, bool, None for NULL
"""
import calendar

MICRO = 10**6
DAY = 86400 * MICRO


def seconds(year, month=1, day=1, hour=0, minute=0, second=0):
    """Seconds since 1970 of a date of the proleptic Gregorian calendar; year 0 is 1 BC."""
    # 400 years have a whole number of weeks and days, so that calendar's years from 1 on stand for all.
    cycles, rest = divmod(year - 2000, 400)
    return calendar.timegm((2000 + rest, month, day, hour, minute, second)) + cycles * 146097 * 86400


FIRST = seconds(1) * MICRO  # what protobuf's Timestamp can hold
LAST = seconds(10000) * MICRO - 1
POSTGRES_FIRST = seconds(-4713, 11, 24) * MICRO
POSTGRES_LAST = seconds(294277) * MICRO - 1

TIMES = ["infinity", "-infinity", POSTGRES_FIRST, POSTGRES_FIRST + 1, POSTGRES_LAST, seconds(-43, 3, 15) * MICRO, FIRST - 1,
         FIRST, FIRST + 1, LAST - 1, LAST, LAST + 1, -1, 0, 1, -MICRO, -MICRO - 1, -MICRO + 1, -2250000, seconds(2000) * MICRO,
         seconds(2000) * MICRO - 1, seconds(1900, 2, 28, 23, 59, 59) * MICRO + 999999, 2**31 * MICRO, 2**31 * MICRO - 1,
         -(2**31) * MICRO, -(2**31) * MICRO - 1, 2**32 * MICRO, 2**32 * MICRO - 1, seconds(2999, 11, 30) * MICRO,
         seconds(2999, 11, 30) * MICRO + 1, seconds(2024, 2, 29, 12) * MICRO + 500000]


def usual_time(rng):
    return rng.randrange(seconds(2015) * MICRO, seconds(2023) * MICRO)


def time(rng):
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(TIMES)
    if kind < 0.7:
        return usual_time(rng)
    return rng.randrange(FIRST, LAST)


FRAGMENTS = ["a", "B", "main", "user", "x" * 40, "/", "//", "users/", "a b", " ", "'", '"', "\\", "\\\\", "\\N", "\\.", "\n", "\r\n",
             "\t", "\v", "\f", "\b", "\x01", "\x1b[31m", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\xa0", "\xad", "é", "ÿ", "e\u0301",
             "ß", "İ", "ſ", "%s%n", "{}", "{a,b}", "NULL", "null", "$1", "';--", "<&>", "\u200b", "\u200d", "\u200f", "\u202e", "\u2028",
             "\u2029", "\u2066", "\ud7ff", "\ue000", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U00010000", "\U0001f600",
             "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0010ffff", "שלום", "مرحبا", "漢字", "u/0000", "\\u0041", "*", "?", "^"]

# In no place of valid UTF-8. Some are what a decoder takes at first for a character: cut off, of too many bytes, a surrogate's,
# beyond the last character.
INVALID = [b"\x80", b"\xff", b"\xfe", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\x80", b"\xe0\x80\xaf", b"\xed\xa0\x80",
           b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xbf\xbf"]


class Texts:
    """Texts that a database of an encoding can hold."""

    def __init__(self, rng, encoding, invalid):
        self.rng = rng
        self.invalid = invalid
        self.encoding = encoding
        self.fragments = FRAGMENTS
        if encoding == "LATIN1":
            self.fragments = [fragment for fragment in FRAGMENTS if max(fragment) <= "\xff"]
        self.used = {}
        self.count = 0

    def piece(self):
        rng = self.rng
        if self.invalid and rng.random() < 0.1:
            return rng.choice(INVALID)
        return rng.choice(self.fragments).encode()

    def text(self, most=6):
        return b"".join(self.piece() for _ in range(self.rng.randrange(most + 1)))

    def nullable(self, most=6):
        return None if self.rng.random() < 0.3 else self.text(most)

    def long(self, size):
        """A text of so many bytes that does not compress."""
        return "".join(self.rng.choice("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
                       for _ in range(size)).encode()

    def unique(self, where, most=6):
        """A text that differs from all before it of the same place, however invalid bytes are shown and in any case."""
        used = self.used.setdefault(where, set())
        if not used and self.rng.random() < 0.1:
            used.add("")
            return b""
        while True:
            text = self.text(most)
            # Almost the same keys are the ones to confuse.
            if len(used) > 0 and self.rng.random() < 0.2:
                text += self.rng.choice([b"/", b"0", b" ", b"."])
            if self.rng.random() < 0.5 or self.folded(text) in used:
                self.count += 1
                text += str(self.count).encode()
            if self.folded(text) not in used:
                used.add(self.folded(text))
                return text

    @staticmethod
    def folded(text):
        return text.decode(errors="replace").replace("\ufffd", "").casefold()

    def json_string(self, text):
        """A JSON string, with escapes where they must be and where they may be."""
        parts = []
        for character in text.decode(errors="surrogateescape"):
            code = ord(character)
            if character in '"\\':
                parts.append("\\" + character)
            elif code < 32 or code < 127 and self.rng.random() < 0.03:
                parts.append(f"\\u{code:04x}")
            elif code > 127 and not 0xd800 <= code < 0xe000 and self.encoding != "SQL_ASCII" and self.rng.random() < 0.2:
                units = character.encode("utf-16-be")
                parts.extend(f"\\u{units[i:i + 2].hex()}" for i in range(0, len(units), 2))
            else:
                parts.append(character)
        return ('"' + "".join(parts) + '"').encode(errors="surrogateescape")


NUMBERS = ["0", "-0", "1", "-1", "1.0", "1.10", "-0.0", "0.00", "1e400", "-1E+2", "1.5e3", "1.0e1", "2.50e-3", "1e-400", "0.1",
           "9007199254740993", "123456789012345678901234567890", "-9223372036854775809", "18446744073709551616",
           "3.141592653589793238462643383279", "-1e-7", "1e15", "1e21"]


def json_value(rng, texts, depth=0):
    kind = rng.random()
    if kind < 0.45:
        return texts.json_string(texts.text())
    if kind < 0.65:
        return rng.choice(NUMBERS).encode()
    if kind < 0.8:
        return rng.choice([b"true", b"false", b"null"])
    if kind < 0.85 and depth == 0:
        levels = rng.choice([3, 50, 200])
        return b"[" * levels + b'{"a" : [ ] }' + b"]" * levels
    if depth > 3:
        return rng.choice([b"[]", b"{ }"])
    count = rng.randrange(4)
    if kind < 0.92:
        return b"[ " + b", ".join(json_value(rng, texts, depth + 1) for _ in range(count)) + b"]"
    members = [texts.json_string(texts.unique(("member", depth, texts.count))) + b" : " + json_value(rng, texts, depth + 1)
               for _ in range(count)]
    return b"{" + b",".join(members) + b"}"


def metadata(rng, texts, nullable=True):
    """An object: mostly of strings, as lakeFS writes it."""
    if nullable and rng.random() < 0.25:
        return rng.choice([None, None, None, b"null"])
    plain = rng.random() < 0.5
    texts.count += 1
    where = ("metadata", texts.count)
    members = []
    for _ in range(rng.choice([0, 1, 1, 2, 3, 8])):
        value = texts.json_string(texts.text()) if plain else json_value(rng, texts)
        members.append(texts.json_string(texts.unique(where)) + b": " + value)
    return b"{" + b", ".join(members) + b"}"


def blob(rng, texts, least=0):
    kind = rng.random()
    if kind < 0.2:
        return bytes(range(256))
    if kind < 0.3:
        return rng.choice([b"\0", b"\0" * 7, b"\\", b"\\x00", b"\n", b"\xff" * 3, b"\x0a\x00"])
    if kind < 0.33:
        return rng.randbytes(rng.choice([1000, 65535, 300000]))
    data = texts.text().replace(b"\0", b"") if kind < 0.6 else rng.randbytes(rng.randrange(20))
    return data if len(data) >= least else b"\0"


INTEGERS = [0, 1, -1, 127, 128, 16383, 16384, 2**31 - 1, -(2**31), 2**30]


def integer(rng):
    return rng.choice(INTEGERS) if rng.random() < 0.6 else rng.randrange(-(2**31), 2**31)
