"""Redis's own file format, as far as it takes to tell one key from the next.

Values are not looked into: their bytes go from a file to `RESTORE` as they are. So that they can
be read back by another version and the other family (Redis, Valkey), they are labelled with
version 10 of the format (Redis 7.0), and the two encodings that are younger become older ones.

Knows no connection. https://rdb.fnordig.de/file_format.html is a description.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import BinaryIO

from igym.errors import BadExport

#: What may be read piece by piece without a copy of all of it: bytes, or an mmap.
Content = bytes | memoryview

#: The version of the format that everything is labelled with.
_VERSION = 10

#: Encodings of a set and a stream, and what younger servers write for them.
_SET, _STREAM, _SET_PACKED, _STREAM_3 = 2, 19, 20, 21

_EXPIRES_MS, _SELECT, _END = 0xFC, 0xFE, 0xFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a file."""

    db: int
    key: bytes
    kind: int  # how the value is encoded
    value: bytes  # as it is in the file
    until_ms: int  # when it runs out; 0 = never

    def dumped(self) -> bytes:
        """The value as `RESTORE` takes it."""
        body = bytes((self.kind,)) + self.value + struct.pack("<H", _VERSION)
        return body + struct.pack("<Q", crc64(body))

    def older(self) -> Entry:
        """The same in an encoding that version 10 has."""
        if self.kind == _STREAM_3:  # differs in what it says of readers, and there are none
            return replace(self, kind=_STREAM)
        if self.kind == _SET_PACKED:
            members = _members(_Cursor(self.value, 0).text())
            packed = b"".join(_long(len(one)) + one for one in members)
            return replace(self, kind=_SET, value=_long(len(members)) + packed)
        return self


class _Cursor:
    """A place in a file."""

    def __init__(self, content: Content, at: int) -> None:
        self.content, self.at = content, at

    def take(self, count: int) -> bytes:
        piece = bytes(self.content[self.at : self.at + count])
        if len(piece) != count:
            raise BadExport("The file of Redis ends in the middle.")
        self.at += count
        return piece

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.content):
            raise BadExport("The file of Redis ends in the middle.")

    def length(self) -> tuple[int, bool]:
        """A length, or (how a text is packed, True)."""
        first = self.take(1)[0]
        match first >> 6:
            case 0:
                return first & 0x3F, False
            case 1:
                return (first & 0x3F) << 8 | self.take(1)[0], False
            case 3:
                return first & 0x3F, True
        if first == 0x80:
            return int.from_bytes(self.take(4), "big"), False
        return int.from_bytes(self.take(8), "big"), False

    def number(self) -> int:
        found, packed = self.length()
        if packed:
            raise BadExport("The file of Redis has a number where none can be.")
        return found

    def pass_text(self) -> None:
        found, packed = self.length()
        if not packed:
            self.skip(found)
        elif found < 3:
            self.skip(1 << found)
        else:
            size = self.number()
            self.number()
            self.skip(size)

    def text(self) -> bytes:
        found, packed = self.length()
        if not packed:
            return self.take(found)
        if found < 3:
            return str(int.from_bytes(self.take(1 << found), "little", signed=True)).encode()
        size, whole = self.number(), self.number()
        return _unpacked(self.take(size), whole)


def entries(content: Content) -> Iterator[Entry]:
    """Every key of a file, in its order.

    Raises:
        BadExport: it is no such file, is not whole, or has what igym does not use.
    """
    if bytes(content[:5]) != b"REDIS" and bytes(content[:6]) != b"VALKEY":
        raise BadExport("That is no file of Redis or Valkey.")
    cursor = _Cursor(content, 9)
    db, until_ms = 0, 0
    while True:
        kind = cursor.take(1)[0]
        match kind:
            case 0xFF:  # the end
                return
            case 0xFE:
                db = cursor.number()
            case 0xFD:
                until_ms = 1000 * int.from_bytes(cursor.take(4), "little")
            case 0xFC:
                until_ms = int.from_bytes(cursor.take(8), "little")
            case 0xFA:  # something about the file
                cursor.pass_text()
                cursor.pass_text()
            case 0xFB:  # how many keys follow, and how many with an end
                cursor.number()
                cursor.number()
            case 0xF4:  # a slot of a cluster
                for _ in range(3):
                    cursor.number()
            case 0xF5:  # a library of functions
                cursor.pass_text()
            case 0xF8:  # when the next key was last used
                cursor.number()
            case 0xF9:  # how often
                cursor.skip(1)
            case _:
                key = cursor.text()
                begin = cursor.at
                _pass(cursor, kind)
                yield Entry(db, key, kind, bytes(content[begin : cursor.at]), until_ms).older()
                until_ms = 0


def write(to: BinaryIO, kept: Iterable[Entry]) -> int:
    """A file with these keys in database 0. Returns how many."""
    count = 0
    to.write(b"REDIS%04d" % _VERSION + bytes((_SELECT, 0)))
    for one in kept:
        if one.until_ms:
            to.write(bytes((_EXPIRES_MS,)) + one.until_ms.to_bytes(8, "little"))
        to.write(bytes((one.kind,)) + _long(len(one.key)) + one.key + one.value)
        count += 1
    to.write(bytes((_END,)) + bytes(8))  # a checksum of 0 is not looked at
    return count


def _long(length: int) -> bytes:
    return b"\x80" + length.to_bytes(4, "big")


# --- values --------------------------------------------------------------------------------------


def _texts(each: int) -> Callable[[_Cursor], None]:
    def skip(cursor: _Cursor) -> None:
        for _ in range(cursor.number() * each):
            cursor.pass_text()

    return skip


def _scores(cursor: _Cursor) -> None:
    for _ in range(cursor.number()):
        cursor.pass_text()
        cursor.skip(8)


def _nodes(cursor: _Cursor) -> None:
    for _ in range(cursor.number()):
        cursor.number()
        cursor.pass_text()


def _stream(version: int) -> Callable[[_Cursor], None]:
    def skip(cursor: _Cursor) -> None:
        for _ in range(2 * cursor.number()):
            cursor.pass_text()
        for _ in range(8 if version > 1 else 3):
            cursor.number()
        if cursor.number():
            raise BadExport("The file of Redis has a stream with readers' groups.")

    return skip


_PASS: dict[int, Callable[[_Cursor], None]] = {
    0: _Cursor.pass_text,
    1: _texts(1),
    2: _texts(1),
    4: _texts(2),
    5: _scores,
    **dict.fromkeys((10, 11, 12, 13, 16, 17, 20), _Cursor.pass_text),
    14: _texts(1),
    15: _stream(1),
    18: _nodes,
    19: _stream(2),
    21: _stream(3),
}


def _pass(cursor: _Cursor, kind: int) -> None:
    if kind not in _PASS:
        raise BadExport(f"The file of Redis has a value of kind {kind}, which igym does not know.")
    _PASS[kind](cursor)


def _members(packed: bytes) -> list[bytes]:
    """What is in a list that was packed into one text ("listpack")."""
    made: list[bytes] = []
    at = 6
    while (first := packed[at]) != 0xFF:
        head, size, number = 1, 0, None
        if first < 0x80:
            number = first
        elif first < 0xC0:
            size = first & 0x3F
        elif first < 0xE0:
            head, number = 2, (first & 0x1F) << 8 | packed[at + 1]
            number -= (number >> 12) << 13
        elif first < 0xF0:
            head, size = 2, (first & 0x0F) << 8 | packed[at + 1]
        elif first == 0xF0:
            head, size = 5, int.from_bytes(packed[at + 1 : at + 5], "little")
        else:
            head = 1 + {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}[first]
            number = int.from_bytes(packed[at + 1 : at + head], "little", signed=True)
        made.append(
            packed[at + head : at + head + size] if number is None else str(number).encode()
        )
        at += head + size
        # Behind each is its length once more, for who reads backwards: 7 bits a byte.
        whole, at = head + size, at + 1
        while whole > 127:
            whole, at = whole >> 7, at + 1
    return made


def _unpacked(packed: bytes, size: int) -> bytes:
    """LZF undone."""
    made, at = bytearray(), 0
    while at < len(packed):
        control = packed[at]
        at += 1
        if control < 32:
            made += packed[at : at + control + 1]
            at += control + 1
            continue
        count = control >> 5
        if count == 7:
            count += packed[at]
            at += 1
        start = len(made) - ((control & 0x1F) << 8 | packed[at]) - 1
        at += 1
        for place in range(start, start + count + 2):
            made.append(made[place])
    if len(made) != size:
        raise BadExport("The file of Redis has a text that cannot be unpacked.")
    return bytes(made)


@cache
def _table() -> tuple[int, ...]:
    made = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x95AC9329AC4BC9B5 if value & 1 else 0)
        made.append(value)
    return tuple(made)


def crc64(content: bytes) -> int:
    """The checksum of Redis's formats (Jones). Takes about 0.1 s for a MB."""
    table, value = _table(), 0
    for byte in content:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value
