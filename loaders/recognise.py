"""What a file is: its first bytes decide, its name and extension never do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loaders.content import read_head
from loaders.delimited import BOM
from loaders.formats import Shape, formats

if TYPE_CHECKING:
    from loaders.discover import SourceFile

# The first key of each `aws ec2 describe-*` answer that explains traffic.
_INVENTORY_KEYS = (
    "SecurityGroups",
    "SecurityGroupRules",
    "NetworkAcls",
    "NetworkInterfaces",
    "Subnets",
    "RouteTables",
    "FlowLogs",
    "Vpcs",
    "PrefixLists",
    "ManagedPrefixLists",
    "Reservations",
)
_INVENTORY = re.compile(
    rb'\s*\{\s*"(?:(%s)"\s*:|(Entries)"\s*:\s*\[\s*(?:\]|\{\s*"Cidr"))'
    % b"|".join(key.encode() for key in _INVENTORY_KEYS)
)
INVENTORY = "AWS inventory"
"""How the reason begins that a file of an inventory is skipped for."""

_TAR_AT = 257
_MAGIC = {
    b"PK\x03\x04": "an archive (zip): unpack it first",
    b"7z\xbc\xaf\x27\x1c": "an archive (7z): unpack it first",
    b"\xfd7zXZ\0": "compressed with xz: unpack it first",
    b"BZh": "compressed with bzip2: unpack it first",
    b"SQLite format 3\0": "an SQLite database",
}


GONE = ("gone before it could be opened", "gone before it could be read")
"""Why a file is skipped that vanished meanwhile; it may come back as it was."""


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A file that holds no records for us.

    Attributes:
        state: ``skipped``, ``incomplete`` or ``unreadable``.
        reason: One sentence without its full stop.
    """

    state: str
    reason: str


def recognise(file: SourceFile) -> Shape | Unrecognised:
    """Look into a file and say what it is."""
    if file.error:
        return Unrecognised("unreadable", file.error)
    if file.skip:
        return Unrecognised("skipped", file.skip)
    try:
        head = read_head(file.path)
        # Before any format is asked, because to some of them all JSON is alike.
        if inventory := _INVENTORY.match(head.text.removeprefix(BOM)):
            key = inventory[1] or inventory[2]
            return Unrecognised("skipped", f"{INVENTORY} ({key.decode()})")
        if what := _other_than_text(head.text):
            return Unrecognised("skipped", what)
        for format_ in formats():
            if shape := format_.recognise(head, file.path, file.place):
                return shape
    except FileNotFoundError:
        return Unrecognised("skipped", GONE[0])
    except OSError as error:
        state = "unreadable" if error.errno else "incomplete"
        return Unrecognised(state, error.strerror or str(error))
    if head.broken:
        return Unrecognised("incomplete", head.broken)
    if not head.text.strip() and head.whole:
        return Unrecognised("skipped", "empty")
    if head.container == "parquet":
        return Unrecognised("skipped", "Parquet without the fields of a flow log")
    return Unrecognised("skipped", "not a log that flowtui knows")


def _other_than_text(beginning: bytes) -> str | None:
    """Say what a file is that holds other files, or is packed in a way that is not unpacked here."""
    if beginning[_TAR_AT:].startswith(b"ustar"):
        return "an archive (tar): unpack it first"
    return next((what for magic, what in _MAGIC.items() if beginning.startswith(magic)), None)
