"""What a file is: its first bytes decide, its name and extension never do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loaders.content import read_head
from loaders.formats import Shape, formats

if TYPE_CHECKING:
    from loaders.discover import SourceFile

# The top-level key of each `aws ec2 describe-*` answer that explains traffic.
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
        for format_ in formats():
            if shape := format_.recognise(head, file.path, file.place):
                return shape
    except FileNotFoundError:
        return Unrecognised("skipped", "gone before it could be opened")
    except OSError as error:
        state = "unreadable" if error.errno else "incomplete"
        return Unrecognised(state, error.strerror or str(error))
    if head.broken:
        return Unrecognised("incomplete", head.broken)
    if not head.text.strip() and head.whole:
        return Unrecognised("skipped", "empty")
    return Unrecognised("skipped", _guess(head.text, head.container))


def _guess(text: bytes, container: str) -> str:
    """Say what a file seems to be, so that a person knows why it is not shown."""
    if container == "zstd":
        return "compressed with zstd, which flowtui does not read"
    if container == "parquet":
        return "Parquet without the fields of a flow log"
    start = text.lstrip()[:200]
    if start.startswith(b"{"):
        for key in _INVENTORY_KEYS:
            if start[1:].lstrip().startswith(f'"{key}"'.encode()):
                return f"AWS inventory ({key})"
    return "not a log that flowtui knows"
