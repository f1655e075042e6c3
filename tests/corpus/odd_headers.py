"""Tricky inputs, part B: headers that are odd."""

from __future__ import annotations

import json

from tests.corpus.flows import V2, V5, empty, flow, later, line, text, titled, zipped
from tests.corpus.model import Builder, case


def below(b: Builder, header: str, rows: list[dict[str, str]]) -> None:
    """Records below a header of one's own."""
    file = b.file("x.log", text(header, *map(line, rows)), "flow-log")
    b.flows(file, rows, 2)


@case("B-does-not-begin-with-version")
def no_version(b: Builder) -> None:
    names = ["interface-id", "start", "end", "action", "bytes", "version"]
    below(b, " ".join(names), [flow(names)])


@case("B-three-known-names-among-unknown")
def three_known(b: Builder) -> None:
    names = ["new-thing", "srcaddr", "dstaddr", "bytes", "other-thing"]
    below(b, " ".join(names), [flow(names, new_thing="x"), flow(names)])


@case("B-underscores")
def underscores(b: Builder) -> None:
    below(b, " ".join(V5).replace("-", "_"), [flow(V5)])


@case("B-upper-case")
def upper_case(b: Builder) -> None:
    below(b, " ".join(V2).upper(), [flow(), empty()])


@case("B-camel-case")
def camel_case(b: Builder) -> None:
    below(b, " ".join(V2).replace("account-id", "accountId").replace("interface-id", "interfaceId"), [flow()])


@case("B-header-again-in-the-middle")
def again(b: Builder) -> None:
    data = titled([flow()]) + titled([later(3), empty()])
    file = b.file("x.log", data, "flow-log")
    b.flow(file, 2, flow())
    b.flows(file, [later(3), empty()], 4)


@case("B-header-again-in-another-member")
def again_packed(b: Builder) -> None:
    data = zipped(titled([flow()])) + zipped(titled([later(3)]))
    file = b.file("x.log.gz", data, "flow-log")
    b.flow(file, 2, flow())
    b.flow(file, 4, later(3))


@case("B-a-second-header-of-other-fields")
def second(b: Builder) -> None:
    names = sorted(V5)
    rows = [flow(), later(5)]
    data = titled(rows) + titled([flow(names)], names) + titled([later(9)])
    file = b.file("x.log", data, "flow-log")
    b.flows(file, rows, 2)
    b.flow(file, 5, flow(names))
    b.flow(file, 7, later(9))


@case("B-blank-lines-around-the-header")
def blank_lines(b: Builder) -> None:
    file = b.file("x.log", text("", " ".join(V2), "", line(flow()), "   ", line(empty())), "flow-log")
    b.flow(file, 4, flow())
    b.flow(file, 6, empty())


@case("B-comment-before-the-header")
def comment(b: Builder) -> None:
    file = b.file("x.log", text("# from the guide", " ".join(V2), line(flow())), "flow-log")
    b.flow(file, 3, flow())


@case("B-alphabetical-29")
def alphabetical(b: Builder) -> None:
    names = sorted(V5)
    below(b, " ".join(names), [flow(names), empty("SKIPDATA", names=names)])


@case("B-header-shipped-as-data")
def as_data(b: Builder) -> None:
    told = [
        {
            "timestamp": 1768471200000 + n,
            "message": said,
            "ingestionTime": 1,
            "logStreamName": "s",
            "eventId": f"{b.code}{n}",
        }
        for n, said in enumerate([" ".join(V2), line(flow()), line(later(2))])
    ]
    data = json.dumps({"events": told, "searchedLogStreams": []}).encode()
    file = b.file("x.json", data, "filter-log-events")
    b.flow(file, 2, flow(), stream="s", time="2026-01-15T10:00:00.001")
    b.flow(file, 3, later(2), stream="s", time="2026-01-15T10:00:00.002")


@case("B-quoted-csv-of-athena")
def quoted(b: Builder) -> None:
    header = ",".join(f'"{name.replace("-", "_").upper()}"' for name in V2)
    data = text(header, ",".join(f'"{value}"' for value in flow().values()))
    b.flows(b.file("x.csv", data, "athena-csv"), [flow()], 2)
