"""The rows of the groups pane: log groups, and under each that is unfolded its log streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.explain import share
from tui.sanitise import clean
from tui.units import clock, count, size
from tui.widgets.table_layout import Column, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

_BAR = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"

_COLUMNS = (
    Column("name", "group · stream", 16, 80, grow=True, tail=21),
    Column("records", "records", 7, 7, right=True),
    Column("rejected", "✗ share", 6, 7, right=True),
    Column("bar", "", _BAR, _BAR, fold=3, toned=True),
    Column("bytes", "bytes", 7, 7, right=True, fold=4),
    Column("gaps", "gaps", 4, 5, right=True, fold=5),
    Column("last", "newest UTC", 14, 14, fold=6),
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a row stands for: a group, or a stream of it."""

    group: str
    stream: str | None = None


def _bar(part: int, total: int) -> str:
    """A bar as long as the share of rejects, to an eighth of a cell; a single one still shows."""
    eighths = max(1, round(_BAR * 8 * part / total)) if part and total else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


_FLOW_LOG = "flow-log"
_COUNTS = ("records", "accepted", "rejected", "nodata", "skipdata", "bytes")


class GroupSource:
    """The groups and streams of a summary."""

    instant = True

    def __init__(self, summary: Iterable[dict[str, Any]], unfolded: Iterable[str]) -> None:
        """Lay out the rows.

        Args:
            summary: A row for each stream (keys: ``loaders.dataset.SUMMARY_COLUMNS``).
            unfolded: The groups whose streams are listed.
        """
        self.columns: tuple[Column, ...] = _COLUMNS
        self._unfolded = frozenset(unfolded)
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in _by_stream(summary):
            groups.setdefault(row["log_group"], []).append(row)
        # Flow logs stand first: they are what most people come for.
        self.groups = dict(sorted(groups.items(), key=lambda group: not _has_flows(group[1])))
        self._places: list[tuple[Place, dict[str, Any]]] = []
        for group, streams in self.groups.items():
            total = _total(streams)
            self._places.append((Place(group), total))
            if group in self._unfolded:
                self._places += [
                    (Place(group, row["log_stream"]), row | {"alike": row["kinds"] == total["kinds"]})
                    for row in streams
                ]
        self.height = len(self._places)

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return sum(len(streams) for streams in self.groups.values())

    def index(self, place: Place) -> int | None:
        """Where a group or stream stands, or ``None`` when it is not listed."""
        return next((index for index, (other, _) in enumerate(self._places) if other == place), None)

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows."""
        return [self._row(place, counts) for place, counts in self._places[offset : offset + amount]]

    def _row(self, place: Place, counts: dict[str, Any]) -> Row:
        if place.stream is None:
            name = f"{'▾' if place.group in self._unfolded else '▸'} {clean(place.group)}"
        else:
            name = f"    {clean(place.stream)}"
        kinds = counts["kinds"]
        # What is no flow log says what it is; a stream only where its group does not say it for all.
        if kinds != {_FLOW_LOG} and not counts.get("alike"):
            name += f" · {clean(min(kinds))}" if len(kinds) == 1 else f" · {len(kinds)} kinds"
        accepted, rejected = counts["accepted"], counts["rejected"]
        cells = (
            name,
            count(counts["records"]),
            share(accepted, rejected),
            _bar(rejected, accepted + rejected),
            size(counts["bytes"]) if counts["bytes"] or _FLOW_LOG in kinds else "",
            count(counts["skipdata"]) if counts["skipdata"] else "",
            clock(counts["last"], dated=True),
        )
        return Row(place, cells, "reject", {"place": place})


def _has_flows(streams: Iterable[dict[str, Any]]) -> bool:
    return any(_FLOW_LOG in stream["kinds"] for stream in streams)


def _by_stream(summary: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put together a stream whose records are of more than one kind; ``kinds`` says of which."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in summary:
        here = row | {"kinds": frozenset({row["format"]})}
        rows.setdefault((row["log_group"], row["log_stream"]), []).append(here)
    return [same[0] | _total(same) for same in rows.values()]


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {name: sum(row[name] for row in rows) for name in _COUNTS}
    total["kinds"] = frozenset().union(*(row["kinds"] for row in rows))
    total["last"] = max((row["last"] for row in rows if row["last"] is not None), default=None)
    return total
