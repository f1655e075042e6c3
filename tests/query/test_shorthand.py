from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from loaders.fields import resolve
from query import tree
from query.errors import QueryError
from query.parse import parse_filter
from query.shorthand import RESOURCES, SHORTHANDS, condition
from query.to_polars import predicate
from query.tree import to_text

REJECT, PORT_22 = 'action = "REJECT"', "(srcPort = 22 or dstPort = 22)"
NET = '(isIpInSubnet(srcAddr, "10.0.0.0/8") or isIpInSubnet(dstAddr, "10.0.0.0/8"))'
MEANINGS = {
    # One term.
    "reject": REJECT,
    "ACCEPT": 'action = "ACCEPT"',
    "ok": 'logStatus = "OK"',
    "nodata": 'logStatus = "NODATA"',
    "SkipData": 'logStatus = "SKIPDATA"',
    "ingress": 'flowDirection = "ingress"',
    "egress": 'flowDirection = "egress"',
    "tcp": "protocol = 6",
    "UDP": "protocol = 17",
    "icmp": "protocol = 1",
    "icmpv6": "protocol = 58",
    "gre": "protocol = 47",
    "esp": "protocol = 50",
    "10.0.1.10": 'srcAddr = "10.0.1.10" or dstAddr = "10.0.1.10"',
    "2001:DB8:0::1": 'srcAddr = "2001:db8::1" or dstAddr = "2001:db8::1"',
    "::1": 'srcAddr = "::1" or dstAddr = "::1"',
    "10.0.0.0/8": NET[1:-1],
    "2001:DB8::/32": 'isIpInSubnet(srcAddr, "2001:db8::/32") or isIpInSubnet(dstAddr, "2001:db8::/32")',
    ":22": PORT_22[1:-1],
    ":0": "srcPort = 0 or dstPort = 0",
    ":ssh": PORT_22[1:-1],
    ":HTTPS": "srcPort = 443 or dstPort = 443",
    ":http-alt": "srcPort = 8080 or dstPort = 8080",
    "eni-0a4798cd": 'interfaceId = "eni-0a4798cd"',
    "eni-0123456789abcdef0": 'interfaceId = "eni-0123456789abcdef0"',
    "ENI-0A4": 'interfaceId like "eni-0a4"',
    "eni-": 'interfaceId like "eni-"',
    "vpc-0a4798cd": 'vpcId = "vpc-0a4798cd"',
    "subnet-0a": 'subnetId like "subnet-0a"',
    "i-0123456789abcdef0": 'instanceId = "i-0123456789abcdef0"',
    "tgw-0a": 'tgwId like "tgw-0a"',
    "tgw-attach-0a": 'tgwAttachmentId like "tgw-attach-0a"',
    ">1MB": "bytes > 1000000",
    "<= 500": "bytes <= 500",
    ">-1": "bytes > -1",
    # Side by side.
    "reject :22 10.0.0.0/8": f"{REJECT} and {PORT_22} and {NET}",
    "reject tcp": f"{REJECT} and protocol = 6",
    "10.0.0.1:443": '(srcAddr = "10.0.0.1" or dstAddr = "10.0.0.1") and (srcPort = 443 or dstPort = 443)',
    "reject dstPort = 80": f"{REJECT} and dstPort = 80",
    "dstPort = 80 reject": f"dstPort = 80 and {REJECT}",
    # With everything else.
    "reject and dstPort = 80": f"{REJECT} and dstPort = 80",
    "not tcp": "not (protocol = 6)",
    "not :22 reject": f"not {PORT_22} and {REJECT}",
    "(accept or reject) :443": f'(action = "ACCEPT" or {REJECT}) and (srcPort = 443 or dstPort = 443)',
    "(accept or reject)(tcp)": f'(action = "ACCEPT" or {REJECT}) and protocol = 6',
    "reject tcp or accept": f'{REJECT} and protocol = 6 or action = "ACCEPT"',
    "isempty(a) tcp": "isempty(a) and protocol = 6",
    # A size behind a condition looks like a comparison.
    "tcp >1MB": "protocol = 6 and bytes > 1000000",
    "not tcp >1MB": "not (protocol = 6) and bytes > 1000000",
    "not (tcp) >1MB": "not (protocol = 6) and bytes > 1000000",
    "10.0.0.1 >1": '(srcAddr = "10.0.0.1" or dstAddr = "10.0.0.1") and bytes > 1',
    ":22 >1": f"{PORT_22} and bytes > 1",
    "eni-0a4 >1": 'interfaceId like "eni-0a4" and bytes > 1',
    "(accept or reject) <5": f'(action = "ACCEPT" or {REJECT}) and bytes < 5',
    "dstPort = 80 >1": "dstPort = 80 and bytes > 1",
    "a in [1] >1": "a in [1] and bytes > 1",
    ">5 <10": "bytes > 5 and bytes < 10",
    "reject or >5": f"{REJECT} or bytes > 5",
    "packets > 5": "packets > 5",
    # A word in backticks, or of a field, is no shorthand.
    "`tcp` = 1": "`tcp` = 1",
    "`reject` > 1": "`reject` > 1",
    "vpc-id = 'x'": 'vpcId = "x"',
}


@pytest.mark.parametrize("text", MEANINGS)
def test_a_shorthand_stands_for_ql(text: str):
    assert to_text(parse_filter(text)) == MEANINGS[text]


@pytest.mark.parametrize("shorthand", SHORTHANDS, ids=lambda shorthand: shorthand.pattern)
def test_the_table_tells_what_the_parser_does(shorthand):
    assert shorthand.meaning
    assert to_text(parse_filter(shorthand.example)) == shorthand.ql
    assert shorthand.ql != shorthand.example
    assert parse_filter(shorthand.ql) == parse_filter(shorthand.example)


@pytest.mark.parametrize("shorthand", SHORTHANDS, ids=lambda shorthand: shorthand.pattern)
def test_an_example_is_expanded_by_its_own_row(shorthand):
    first = next(row for row in SHORTHANDS if row.matches.fullmatch(shorthand.example))
    assert first.pattern == shorthand.pattern or shorthand.pattern == ":SERVICE"


def test_every_kind_of_resource_has_a_field():
    for prefix, column in RESOURCES.items():
        field = resolve(column)
        assert field is not None
        assert to_text(parse_filter(f"{prefix}-0a")) == f'{field.insights} like "{prefix}-0a"'


def test_what_a_shorthand_becomes_stands_where_the_term_stood():
    text = "tcp and :ssh"
    term = parse_filter(text).terms[1]
    assert {text[node.span.start : node.span.end] for node in tree.walk(term)} == {":ssh"}


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "1.2.3.999", "1:2:3", ":65536", ":nosuch", "::1/129", "12345::"]
)
def test_a_shorthand_that_cannot_be_is_refused_whole(text: str):
    with pytest.raises(QueryError) as caught:
        parse_filter(f"tcp {text}")
    assert (caught.value.column, caught.value.length) == (5, len(text))


FRAME = pl.DataFrame(
    {
        "srcaddr": ["10.0.0.1", "2001:DB8::1", None, 'say "x"'],
        "dstport": [22, 80, None, 0],
        "action": ["ACCEPT", "REJECT", None, "ACCEPT"],
        "timestamp": [datetime(2026, 1, day, 1, 2, 3, 4_000, tzinfo=UTC) for day in (1, 2, 3)] + [None],
        "tcp": [0.5, 2.0, None, -1.5],
        "flag": [True, False, None, True],
    },
    schema_overrides={
        "action": pl.Categorical,
        "dstport": pl.Int32,
        "timestamp": pl.Datetime("ms", "UTC"),
    },
)


@pytest.mark.parametrize("column", FRAME.columns)
def test_keeping_and_leaving_out_a_value_split_the_records_in_two(column: str):
    for value in FRAME[column]:
        kept, rest = (
            FRAME.filter(predicate(parse_filter(condition(column, value, keep=keep)), FRAME.schema))[
                column
            ].to_list()
            for keep in (True, False)
        )
        assert kept == [other for other in FRAME[column] if other == value]
        assert rest == [other for other in FRAME[column] if other != value]


def test_keeping_a_value_is_plain_ql():
    assert condition("dstport", 22, keep=True) == "dstPort = 22"
    assert condition("pkt_srcaddr", "::1", keep=False) == 'not (pktSrcaddr = "::1")'
    assert condition("action", None, keep=True) == 'action = "-"'
    assert condition("timestamp", datetime(2026, 1, 1, tzinfo=UTC), keep=True) == "@timestamp = 1767225600000"
