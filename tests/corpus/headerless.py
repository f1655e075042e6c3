"""(h): records without a header, told by the types of their words."""

from __future__ import annotations

from tests.corpus.flows import (
    ENI,
    OTHER_ENI,
    START,
    TGW,
    V2,
    V3,
    V4,
    V5,
    empty,
    flow,
    later,
    line,
    text,
    zipped,
)
from tests.corpus.model import Builder, case

ORDERS = {
    "v3": V3,
    "v4": V4,
    "v5": V5,
    "v5-alphabetical": sorted(V5),
    "v2-alphabetical": sorted(V2),
    "transit-gateway": TGW,
}


def headerless(
    b: Builder, rows: list[dict[str, str]], name: str = "grep.log", names: list[str] | None = None
) -> None:
    lines = [line(row, names) for row in rows]
    file = b.file(name, text(*lines), "flow-log-headerless")
    b.flows(file, rows)


@case("h-default-order")
def default_order(b: Builder) -> None:
    headerless(b, [flow(), later(2, interface_id=OTHER_ENI, action="REJECT"), empty(), empty("SKIPDATA")])


@case("h-no-extension-packed")
def no_extension(b: Builder) -> None:
    rows = [flow(), later(2)]
    b.flows(b.file("records", zipped(text(*map(line, rows))), "flow-log-headerless"), rows)


@case("h-only-nodata")
def only_nodata(b: Builder) -> None:
    headerless(b, [empty(start=START + 60 * n, end=START + 60 * n + 50) for n in range(3)])


@case("h-version-sets")
def version_sets(b: Builder) -> None:
    for called, names in ORDERS.items():
        rows = [
            flow(names, version=max(2, len(names) // 6)),
            flow(
                names, srcaddr="10.2.2.2", srcport=50000, flow_direction="egress" if len(names) > 25 else "-"
            )
            if "flow-direction" in names
            else flow(names, srcaddr="10.2.2.2", srcport=50000),
            empty(names=names),
        ]
        file = b.file(f"{called}.log", text(*(line(row, names) for row in rows)), "flow-log-headerless")
        b.flows(file, rows)


@case("h-in-a-folder")
def in_a_folder(b: Builder) -> None:
    rows = [flow(), later(2)]
    file = b.file("a/b/peer.txt", text(*map(line, rows)), "flow-log-headerless")
    b.flows(file, rows, group="./a/b")


@case("B-headerless-of-another-order")
def another_order(b: Builder) -> None:
    words = [line(flow(), names=list(reversed(V2))), line(later(5), names=list(reversed(V2)))]
    file = b.file("odd.log", text(*words), "text")
    for number, said in enumerate(words, 1):
        b.row(file, number, "text", None, {"message": said})


@case("B-headerless-one-bad-line")
def one_bad(b: Builder) -> None:
    rows = [flow(), later(2), later(4)]
    lines = [line(rows[0]), "2 too few", line(rows[1]), "", line(rows[2])]
    file = b.file(
        "x.log", text(*lines), "flow-log-headerless", problems=((2, "3 fields where 14 are expected"),)
    )
    for number, row in zip((1, 3, 5), rows, strict=True):
        b.flow(file, number, row)


@case("h-prose-is-no-flow-log")
def prose(b: Builder) -> None:
    said = "this line of prose has exactly fourteen words and yet no single flow record"
    assert len(said.split()) == 14
    file = b.file("notes.log", text(said, said), "text")
    for number in (1, 2):
        b.row(file, number, "text", None, {"message": said})


@case("h-plain-text-with-times")
def plain_text(b: Builder) -> None:
    lines = [f"2026-01-15T10:00:0{n}Z INFO {ENI} attached" for n in range(3)]
    file = b.file("app.log", text(*lines), "text")
    for n, said in enumerate(lines):
        b.row(file, n + 1, "text", f"2026-01-15T10:00:0{n}", {"message": said})


@case("h-json-lines")
def json_lines(b: Builder) -> None:
    lines = [f'{{"time":"2026-01-15T10:00:0{n}.5Z","level":"info","n":{n}}}' for n in range(3)]
    file = b.file("app.json", text(*lines), "json-lines")
    for n, said in enumerate(lines):
        b.row(file, n + 1, "json", f"2026-01-15T10:00:0{n}.500", {"message": said})


@case("h-json-array")
def json_array(b: Builder) -> None:
    data = b'[\n {"timestamp": "2026-01-15T10:00:00Z", "a": 1},\n {"timestamp": "2026-01-15T10:00:01Z", "a": 2}\n]\n'
    file = b.file("app.json", data, "json")
    for n in range(2):
        b.row(file, n + 1, "json", f"2026-01-15T10:00:0{n}", {})
