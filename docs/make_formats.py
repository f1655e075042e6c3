"""Write docs/formats.md from the registries that the program itself reads.

python docs/make_formats.py
"""

from __future__ import annotations

from pathlib import Path

from loaders import bombs, content, jsons, packing
from loaders.discover import SKIPPED
from loaders.formats import formats
from loaders.kinds import kinds
from loaders.layouts import LAYOUTS
from loaders.tables import RESULTS

TARGET = Path(__file__).resolve().parent / "formats.md"
_INTRO = """# What is recognised

Made by `python docs/make_formats.py` from the registries of the program.

There is no switch for a format: a file's first bytes decide, never its extension. gzip (several members,
nested, padded with zeros) and zstd are unpacked, Parquet is read as it is, and what is left is text. Then the
formats are asked in this order; the first that knows a file as its own reads it.

## Formats of files, as `flowtui check` prints them

"""
_KINDS = """
## Kinds of records, as `flowtui groups` prints them

What a record is does not depend on what it was packed in. Where a format packs messages of any kind, each log
group shows by its own messages of which kind it is.

"""
_LAYOUTS = """
## Where files lie, and which log group and log stream that makes

CloudWatch's own output (subscriptions, exports, the command line) names group and stream itself. Else:

"""
_NAMES = """
A group can be given a name, and the fields of flow logs without a header can be told, in a file
`flowtui.toml` beside the logs; patterns (`*`, `?`, `[…]`) stand for the names above:

```toml
[groups]
"exportedlogs/*" = "vpc/production"

[fields]
"exportedlogs/*" = "account-id interface-id srcaddr dstaddr action"
```

## What a record has

Every record has a time, a log group, a log stream, and a place: its file and line. Where there are no lines
(events in JSON, rows of Parquet) the line is the record's number in its file. The time is the event's own,
else the `start` of a flow log, else the time in the file's name. `-` is null. Fields of JSON messages are
addressed with dots: `userIdentity.type = "Root"`, `answers.0.Rdata like "10."`.
NODATA and SKIPDATA records are records; they count as such and in no sum.

## Nothing is dropped in silence

`flowtui check` lists every file with its state, and each line that is no record with what is wrong with it;
`p` shows the same inside.

| state | means |
| --- | --- |
| `complete` | read to its end; lines that are no record are listed |
| `incomplete` | it ends too early (a transfer under way, damage) or is too large; what was read is there |
| `skipped` | passed over, with the reason |
| `unreadable` | it could not be opened |

Passed over without being opened, besides what is empty or no regular file:

"""
_REST = """
Passed over after a look: what holds no text that a format knows, saved answers of `aws ec2 describe-…`
(inventory), and the second copy of a delivery (the same name, which AWS makes unique, and the same size).
Links are not followed unless `--follow-links` asks for it; pipes, sockets and devices are never opened.

An event that is delivered twice (subscriptions deliver at least once) is left out the second time, by its id;
`check` says how many. Records that several flow logs hold, because each covers the same interface, are all
there and are told of; `flowtui groups --once` and the key `o` count them once.

## Limits

No log can exhaust the memory or the patience of the machine that reads it:

- A file may unpack to {free}, or to {ratio} times its own size if that is more; what lies beyond is not read,
  and the file is incomplete.
- A line may be {line} long. A longer one is a problem; of text and JSON its beginning is kept as a record.
- A document that has to be read as a whole (JSON, CSV results) may be {document} long.
- Nested compression is unpacked three deep, nested JSON read {nested} deep.
"""


def text() -> str:
    """The whole page."""
    parts = [_INTRO, _table(("format", "files", "told by"))]
    parts += [_row(f"`{format_.name}`", format_.about, format_.sign) for format_ in formats()]
    parts += [_KINDS, _table(("kind", "records"))]
    parts += [_row(f"`{kind.name}`", kind.about) for kind in kinds()]
    parts += [_row(f"`{RESULTS}`", "rows of query results that are no records of a log: totals, top lists")]
    parts += [_LAYOUTS, _table(("layout", "told by", "log group", "log stream"))]
    parts += [_row(f"`{layout.name}`", layout.sign, layout.group, layout.stream) for layout in LAYOUTS]
    parts += [_NAMES, *(f"- {rule.example}: {rule.reason}\n" for rule in SKIPPED)]
    parts += [_REST.format(**_limits())]
    return "".join(parts)


def _limits() -> dict[str, object]:
    return {
        "free": _mebibytes(packing.FREE_BYTES),
        "ratio": packing.LARGEST_RATIO,
        "line": _mebibytes(bombs.LONGEST_LINE),
        "document": _mebibytes(content.LARGEST_DOCUMENT),
        "nested": jsons.DEEPEST,
    }


def _mebibytes(number: int) -> str:
    return f"{number >> 20:,} MiB"


def _table(names: tuple[str, ...]) -> str:
    return _row(*names) + _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
