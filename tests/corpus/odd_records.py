"""Tricky inputs, part A: records that are odd, each in a small file with a header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import flows
from tests.corpus.deliveries import DAY, delivered, group
from tests.corpus.flows import (
    OTHER_ENI,
    START,
    TGW,
    V2,
    V3,
    V5,
    empty,
    flow,
    later,
    line,
    text,
    titled,
    zipped,
)
from tests.corpus.model import Builder, case

if TYPE_CHECKING:
    from collections.abc import Callable

    Record = dict[str, str]

KEPT: dict[str, list[Record]] = {
    "nodata": [empty(), empty(names=V5)],
    "skipdata": [empty("SKIPDATA"), empty("SKIPDATA", names=V5)],
    "nodata-with-data": [flow(log_status="NODATA"), flow(log_status="SKIPDATA")],
    "ok-without-protocol": [flow(protocol="-")],
    "dash-in-optional-fields": [flow(V5, traffic_path="-", pkt_src_aws_service="-")],
    "ipv6": [
        flow(srcaddr="::", dstaddr="2001:DB8::ABCD"),
        flow(srcaddr="2001:db8::1", dstaddr="10.0.0.1"),
        flow(V3, pkt_srcaddr="fd00::1"),
    ],
    "odd-protocols": [
        flow(protocol="58", srcport="0", dstport="0"),
        flow(protocol="0"),
        flow(protocol="255"),
        flow(V3, type="EFA", srcport="-", dstport="-", srcaddr="-", dstaddr="-"),
    ],
    "tcp-flags": [flow(V3, tcp_flags=flags) for flags in (0, 3, 19, 18, "-")] + [flow(TGW, tcp_flags=255)],
    "one-connection-in-many-records": [later(n, start=START + 31 * n) for n in range(31)],
    "end-before-start": [flow(end=START - 1), flow(end=START), flow(end=START + 86400)],
    "nine-digit-start": [flow(start="164000066", end="164000099")],
    "odd-accounts": [flow(account_id=text) for text in ("12345678901", "000000000012", "unknown")],
    "large-counters": [flow(bytes=2**31 + 5, packets=2**31), flow(bytes=2**53 + 1)],
    "version-does-not-fit": [flow(V5, version=2), flow(V2, version=9)],
    "cyrillic-letter": [flow(V3, subnet_id="subnet-0\u0430bc1234567890def")],
    "bpa-rejects-without-bytes": [flow(bytes="-", action="REJECT")],
    "tags": [flow([*V2, "resource-tags"], resource_tags="my%2Dapp=a,b%20c")],
    "unknown-fields": [flow([*V2, "foo-bar"], foo_bar="baz"), flow([*V2, "foo-bar"])],
    "missing-version-and-status": [flow(V2[1:13])],
    "missing-addresses": [flow([name for name in V2 if not name.endswith("addr")])],
    "no-action": [flow([name for name in V2 if name != "action"])],
    "identical-records": [flow(), flow()],
    "hostile-text": [
        flow(account_id="\x1b[2J\x1b]0;t\x07"),
        flow(account_id="[/]"),
        flow(account_id="\u202egnp"),
    ],
}
"""Records that are kept just as they are, by the oddity that they show."""


def as_it_is(records: list[Record]) -> Callable[[Builder], None]:
    def describe(b: Builder) -> None:
        shapes: dict[tuple[str, ...], list[Record]] = {}
        for record in records:
            shapes.setdefault(tuple(record), []).append(record)
        for number, some in enumerate(shapes.values()):
            file = delivered(b, DAY, zipped(titled(some)), code=f"{number}{b.code[1:]}")
            b.flows(file, list(some), 2, group=group(b))

    return describe


for _name, _records in KEPT.items():
    case(f"A-{_name}")(as_it_is(_records))


@case("A-nodata-without-time")
def without_time(b: Builder) -> None:
    rows = [empty(start="-", end="-")]
    file = delivered(b, DAY, zipped(titled(rows)))
    b.flows(file, rows, 2, group=group(b), time="2026-01-15T10:00:00")


def typed_as(b: Builder, lines: list[str], rows: list[tuple[int, Record]], **options: object) -> None:
    """Lines below a header, and the records they are."""
    data = text(" ".join(V2), *lines, **options)
    file = delivered(b, DAY, zipped(data))
    for number, row in rows:
        b.flow(file, number, row, group=group(b))


@case("A-epoch-in-other-units")
def other_units(b: Builder) -> None:
    lines = [
        line(flow(start=f"{START}{zeros}", end=f"{START + 58}{zeros}")) for zeros in ("000", "0" * 6, "0" * 9)
    ]
    typed_as(b, lines, [(number, flow()) for number in (2, 3, 4)])


@case("A-blanks-and-tabs")
def blanks(b: Builder) -> None:
    said = line(flow())
    lines = [said.replace(" ", "  ", 3), said.replace(" ", "\t"), said + "  ", "  " + said]
    typed_as(b, lines, [(number, flow()) for number in (2, 3, 4, 5)])


@case("A-crlf")
def crlf(b: Builder) -> None:
    typed_as(b, [line(flow()), line(empty())], [(2, flow()), (3, empty())], eol="\r\n")


@case("A-byte-order-mark")
def mark(b: Builder) -> None:
    file = b.file("bom.log", b"\xef\xbb\xbf" + titled([flow()]), "flow-log")
    b.flows(file, [flow()], 2)


@case("A-comments")
def comments(b: Builder) -> None:
    lines = [
        "# traffic through the NAT gateway",
        line(flow()),
        f"{line(later(5))} # internet to NAT",
        "#",
        line(later(6)),
    ]
    typed_as(b, lines, [(3, flow()), (4, later(5)), (6, later(6))])


@case("A-too-few-and-too-many")
def wrong_count(b: Builder) -> None:
    said = line(flow())
    lines = [said, said.rpartition(" ")[0], f"{said} more", said]
    problems = ((3, "13 fields where 14 are expected"), (4, "15 fields where 14 are expected"))
    data = zipped(text(" ".join(V2), *lines))
    name = f"{DAY}/{flows.name(b.flow_log, b.code)}"
    file = b.file(name, data, "flow-log", "s3", problems=problems)
    for number in (2, 5):
        b.flow(file, number, flow(), group=group(b))


@case("A-bogus-lines")
def bogus(b: Builder) -> None:
    lines = [
        line(flow()),
        "bogus line",
        "Phony unsupported log format.",
        line(later(3)),
        line(flow(bytes="1e3")),
    ]
    problems = (
        (3, "2 fields where 14 are expected"),
        (4, "4 fields where 14 are expected"),
        (6, "bytes is not a number: 1e3"),
    )
    file = b.file("x.log", text(" ".join(V2), *lines), "flow-log", problems=problems)
    b.flow(file, 2, flow())
    b.flow(file, 5, later(3))


@case("A-numbers-that-are-none")
def not_numbers(b: Builder) -> None:
    bad = [flow(srcport="http"), flow(packets=10**30), flow(start="now"), flow(protocol="6.0")]
    problems = (
        (2, "srcport is not a number: http"),
        (3, "packets is too large a number: 1000000000000000000000000000000"),
        (4, "start is not a number: now"),
        (5, "protocol is not a number: 6.0"),
    )
    file = b.file("x.log", titled([*bad, flow()]), "flow-log", problems=problems)
    b.flow(file, 6, flow())


@case("A-last-line-without-newline-packed")
def no_newline(b: Builder) -> None:
    data = titled([flow(), later(3)])[:-1]
    file = b.file("x.log.gz", zipped(data), "flow-log")
    b.flows(file, [flow(), later(3)], 2)


@case("A-last-line-still-being-written")
def half_line(b: Builder) -> None:
    data = titled([flow(), later(3)])[:-30]
    problem = ((3, "fields where 14 are expected"),)
    file = b.file("x.log", data, "flow-log", state="incomplete", reason="not finished", problems=problem)
    b.flow(file, 2, flow())


@case("A-bytes-that-are-no-text")
def no_text(b: Builder) -> None:
    said = line(flow(V3, interface_id=OTHER_ENI)).encode()
    data = text(" ".join(V3)) + said.replace(b"subnet-0beef", b"subnet-\xff\xfe") + b"\n" + said + b"\n"
    file = b.file("x.log", data, "flow-log")
    odd = flow(V3, interface_id=OTHER_ENI, subnet_id=r"subnet-\xff\xfe0beef0beef00")
    b.flows(file, [odd, flow(V3, interface_id=OTHER_ENI)], 2)


@case("A-account-of-twelve-digits-stays-text")
def account_is_text(b: Builder) -> None:
    row = flow(account_id="000000000001")
    b.flows(b.file("x.log", titled([row]), "flow-log"), [row], 2)
