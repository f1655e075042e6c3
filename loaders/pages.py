"""Whether a Parquet file promises no more than it can hold, before anything believes it.

Polars reserves memory for as many values as the header of a page says there are, and where that is nonsense
the whole process ends. So sizes and counts are held against one another and against the file's length
first; only headers are read for it, which are thrift's compact protocol.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from loaders.content import PARQUET

if TYPE_CHECKING:
    from typing import BinaryIO

_TAIL = 8
_WINDOW = 512
# Statistics can make a header longer than the window; this is long enough for any.
_LONGEST_HEADER = 1024 * 1024
_LARGEST_FOOTER = 16 * 1024 * 1024
# What one byte of a file can stand for at most (of deflate it is 1032), and what any file may.
_RATIO, _BYTES, _ROWS = 1100, 256 * 1024 * 1024, 1_000_000
_MOST_PAGES = 200_000
# How deep headers nest, and how deep branches may.
_DEEPEST, _DEEPEST_BRANCH = 16, 64
_LAST_CODEC, _LAST_ENCODING = 7, 9

# Thrift's compact types.
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _MAP, _STRUCT = 1, 2, 3, 7, 8, 11, 12
_INTEGERS, _LISTS = (4, 5, 6), (9, 10)
# Of a page header: the header of data pages of both versions, and of dictionaries.
_UNPACKED, _PACKED, _DATA, _DICTIONARY, _DATA_V2 = 2, 3, 5, 7, 8

_NO_FOOTER = "the Parquet footer is missing or damaged: the file is not complete"
# What becomes of headers that are no headers.
_NONSENSE = (IndexError, KeyError, TypeError, AttributeError, struct.error)

_Fields = dict[int, Any]


class DamagedError(Exception):
    """A Parquet file contradicts itself; the message is the reason, without its full stop."""


def check(file: BinaryIO) -> None:
    """Read the footer and every page's header.

    Args:
        file: The file, open for reading.

    Raises:
        DamagedError: A size or a count cannot be true, or the headers cannot be read.
    """
    size = file.seek(0, 2)
    try:
        footer, end = _footer(file, size)
    except (*_NONSENSE, DamagedError) as error:
        raise DamagedError(_NO_FOOTER) from error
    try:
        _check_branches(footer[2])
        _check_rows(footer, size)
        tally = _Tally(file, size, end)
        for group in footer.get(4, ()):
            for chunk in group.get(1, ()):
                tally.check_chunk(chunk[3], group[3])
    except _NONSENSE as error:
        raise _damaged("a header") from error


def _damaged(what: str) -> DamagedError:
    return DamagedError(f"it is damaged ({what} cannot be right)")


def _footer(file: BinaryIO, size: int) -> tuple[_Fields, int]:
    """Read the footer: its fields, and where it begins."""
    file.seek(max(0, size - _TAIL))
    length, magic = struct.unpack("<I4s", file.read(_TAIL))
    begin = size - _TAIL - length
    if magic != PARQUET or begin < 0 or length > _LARGEST_FOOTER:
        raise DamagedError(_NO_FOOTER)
    file.seek(begin)
    fields, _ = _struct(file.read(length), 0, 0)
    return fields, begin


def _check_rows(footer: _Fields, size: int) -> None:
    rows = [group[3] for group in footer.get(4, ())]
    if (
        not 0 <= footer[3] <= _RATIO * size + _ROWS
        or any(count < 0 for count in rows)
        or sum(rows) != footer[3]
    ):
        raise _damaged("the number of rows")


def _check_branches(elements: list[_Fields]) -> None:
    """Look how deep the columns nest: they come in order, each with how many are below it."""
    open_: list[int] = []
    for element in elements:
        while open_ and not open_[-1]:
            open_.pop()
        if open_:
            open_[-1] -= 1
        open_.append(max(0, element.get(5, 0)))
        if len(open_) > _DEEPEST_BRANCH:
            raise _damaged("the depth of its branches")


class _Tally:
    """What the pages of a file promise, added up."""

    def __init__(self, file: BinaryIO, size: int, end: int) -> None:
        """Begin to count.

        Args:
            file: The file.
            size: Its length.
            end: Where the footer begins.
        """
        self._file, self._end = file, end
        self._pages, self._bytes = _MOST_PAGES, _RATIO * size + _BYTES

    def check_chunk(self, chunk: _Fields, rows: int) -> None:
        """Walk the pages of one column of one row group, which has this many rows."""
        values, packed = chunk[5], chunk[7]
        at = min(offset for offset in (chunk.get(11, 0), chunk[9], self._end) if offset > 0)
        if packed < 0 or at + packed > self._end or not 0 <= chunk[4] <= _LAST_CODEC:
            raise _damaged("the place of a column")
        last, found = at + packed, 0
        while at < last:
            page, length = _header(self._file, at)
            at += length + page[_PACKED]
            if page[_PACKED] < 0 or at > last:
                raise _damaged("the size of a page")
            found += self._count(page, values)
        # Only within branches a row can have none or several.
        if found != values or (len(chunk[3]) == 1 and values != rows):
            raise _damaged("the number of values of a column")
        self._pages -= 1

    def _count(self, page: _Fields, values: int) -> int:
        """How many of a column's values a page has."""
        self._pages -= 1
        self._bytes -= page[_UNPACKED]
        if self._pages < 0:
            raise _damaged("the number of pages")
        if page[_UNPACKED] < 0 or self._bytes < 0:
            raise _damaged("the size of a page")
        words = page.get(_DICTIONARY)
        if words and not 0 <= words[1] <= page[_UNPACKED]:
            raise _damaged("the number of values of a dictionary")
        found = 0
        for header, encoding in ((_DATA, 2), (_DATA_V2, 4)):
            if data := page.get(header):
                if not 0 <= data[1] <= values or not 0 <= data[encoding] <= _LAST_ENCODING:
                    raise _damaged("the number of values of a page")
                found += data[1]
        return found


def _header(file: BinaryIO, at: int) -> tuple[_Fields, int]:
    """Read a page's header: its fields, and how long it is."""
    file.seek(at)
    window = file.read(_WINDOW)
    try:
        return _struct(window, 0, 0)
    except IndexError:
        return _struct(window + file.read(_LONGEST_HEADER), 0, 0)


def _struct(data: bytes, at: int, depth: int) -> tuple[_Fields, int]:
    """Read a struct: its fields by number, without texts, and where it ends.

    Raises:
        DamagedError: It is nothing that thrift writes.
        IndexError: It goes on beyond the data.
    """
    if depth > _DEEPEST:
        raise _damaged("a header")
    fields: _Fields = {}
    number = 0
    while head := data[at]:
        at += 1
        kind = head & 15
        if head > 15:
            number += head >> 4
        else:
            number, at = _zigzag(data, at)
        if 3 < kind < 7:  # integers: by far the most fields are, and of few bytes
            byte = data[at]
            at += 1
            if byte < 128:
                fields[number] = (byte >> 1) ^ -(byte & 1)
            else:
                fields[number], at = _zigzag(data, at - 1)
        elif kind == _BINARY and data[at] < 128:
            at += 1 + data[at]
            fields[number] = None
        elif kind > _FALSE:
            fields[number], at = _value(data, at, kind, depth)
    return fields, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind == _BINARY:
        length, at = _varint(data, at)
        return None, _within(data, at + length)
    if kind in _INTEGERS:
        return _zigzag(data, at)
    if kind == _STRUCT:
        return _struct(data, at, depth + 1)
    if kind in _LISTS:
        return _list(data, at, depth)
    if kind in {_TRUE, _FALSE, _BYTE}:
        return data[at], at + 1
    if kind == _DOUBLE:
        return None, _within(data, at + 8)
    if kind == _MAP and data[at] == 0:
        return None, at + 1
    raise _damaged("a header")


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    if depth > _DEEPEST:
        raise _damaged("a header")
    size, kind = data[at] >> 4, data[at] & 15
    at += 1
    if size == 15:
        size, at = _varint(data, at)
    _within(data, at + size)  # no item is smaller than a byte
    items = []
    for _ in range(size):
        item, at = _value(data, at, kind, depth + 1)
        items.append(item)
    return items, at


def _within(data: bytes, at: int) -> int:
    if at > len(data):
        raise IndexError
    return at


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(data, at)
    return (number >> 1) ^ -(number & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    at += 1
    if byte < 128:
        return byte, at
    number, shift = byte & 127, 7
    while byte >= 128:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise _damaged("a header")
    return number, at
