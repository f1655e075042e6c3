from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings

from query import tree
from query.build import Build
from query.parse import QueryError, make_parser, parse_filter
from query.tree import And, Call, Compare, Field, In, Like, ListLiteral, Literal, Not, Or, Regex, to_text
from tests.query.trees import conditions

A, B, C = (Compare(Field(name), "=", Literal(1)) for name in "abc")

MEANINGS = {
    # Fields, whatever their spelling.
    "srcaddr = 'x'": Compare(Field("srcaddr"), "=", Literal("x")),
    'srcAddr = "x"': Compare(Field("srcaddr"), "=", Literal("x")),
    "pkt-srcaddr = 1": Compare(Field("pkt_srcaddr"), "=", Literal(1)),
    "PKT-SRCADDR = 1": Compare(Field("pkt_srcaddr"), "=", Literal(1)),
    "`pkt-srcaddr` = 1": Compare(Field("pkt_srcaddr"), "=", Literal(1)),
    "log-status='OK'": Compare(Field("log_status"), "=", Literal("OK")),
    "@timestamp > 5": Compare(Field("timestamp"), ">", Literal(5)),
    "logStream = 'x'": Compare(Field("log_stream"), "=", Literal("x")),
    "startTime = 1": Compare(Field("start"), "=", Literal(1)),
    "tls.Version_2 = 1": Compare(Field("tls.Version_2"), "=", Literal(1)),
    "`detail-type` = 1": Compare(Field("detail-type"), "=", Literal(1)),
    "js.`user.id` = 1": Compare(Field("js.user.id"), "=", Literal(1)),
    "`x`.`a``b`.c = 1": Compare(Field("x.a`b.c"), "=", Literal(1)),
    "js.`a``b` = 1": Compare(Field("js.a`b"), "=", Literal(1)),
    "`a``b` = 1": Compare(Field("a`b"), "=", Literal(1)),
    # Operators.
    **{f"a {sign} 1": Compare(Field("a"), sign, Literal(1)) for sign in ("=", "!=", "<", "<=", ">", ">=")},
    "1 = a": Compare(Literal(1), "=", Field("a")),
    "a=b": Compare(Field("a"), "=", Field("b")),
    "(a) = (1)": Compare(Field("a"), "=", Literal(1)),
    "a like 'x'": Like(Field("a"), Literal("x")),
    "a LIKE /x/": Like(Field("a"), Regex("x")),
    "a not like 'x'": Like(Field("a"), Literal("x"), negated=True),
    "a Not  Like /x/": Like(Field("a"), Regex("x"), negated=True),
    "a =~ /x/": Like(Field("a"), Regex("x")),
    "a=~/x/": Like(Field("a"), Regex("x")),
    "a in [1, 'x']": In(Field("a"), ListLiteral((Literal(1), Literal("x")))),
    "a in[1]": In(Field("a"), ListLiteral((Literal(1),))),
    "a in []": In(Field("a"), ListLiteral(())),
    "a NOT IN [-1]": In(Field("a"), ListLiteral((Literal(-1),)), negated=True),
    "(a = 1) = 0": Compare(A, "=", Literal(0)),
    # How tightly they bind.
    "a=1 or b=1 and c=1": Or((A, And((B, C)))),
    "a=1 and b=1 or c=1": Or((And((A, B)), C)),
    "(a=1 or b=1) and c=1": And((Or((A, B)), C)),
    "not a=1 and b=1": And((Not(A), B)),
    "not (a=1 and b=1)": Not(And((A, B))),
    "not not a=1": Not(Not(A)),
    "a=1 b=1": And((A, B)),
    "a=1 not b=1 or c=1": Or((And((A, Not(B))), C)),
    "a=1 and (b=1 and c=1)": And((A, B, C)),
    "a=1 or (b=1 or c=1)": Or((A, B, C)),
    # Literals.
    'a = "say \\"x\\" \\\\ \\d"': Compare(Field("a"), "=", Literal('say "x" \\ \\d')),
    "a = 'it\\'s #1'": Compare(Field("a"), "=", Literal("it's #1")),
    "a = ''": Compare(Field("a"), "=", Literal("")),
    "a like /x\\/y#z/": Like(Field("a"), Regex("x/y#z")),
    "a = -5": Compare(Field("a"), "=", Literal(-5)),
    "a = - 5": Compare(Field("a"), "=", Literal(-5)),
    "a = .5": Compare(Field("a"), "=", Literal(0.5)),
    "a = 1.50": Compare(Field("a"), "=", Literal(1.5)),
    "a = 1e3": Compare(Field("a"), "=", Literal(1000)),
    "a = 007": Compare(Field("a"), "=", Literal(7)),
    "bytes > 1MB": Compare(Field("bytes"), ">", Literal(1_000_000)),
    "bytes > 1.1kB": Compare(Field("bytes"), ">", Literal(1_100)),
    "bytes > 2gb": Compare(Field("bytes"), ">", Literal(2_000_000_000)),
    "bytes > 1TB": Compare(Field("bytes"), ">", Literal(10**12)),
    "bytes > 1KiB": Compare(Field("bytes"), ">", Literal(1024)),
    "bytes > 1.5MiB": Compare(Field("bytes"), ">", Literal(1_572_864)),
    "bytes > 1GiB": Compare(Field("bytes"), ">", Literal(2**30)),
    "bytes > 500B": Compare(Field("bytes"), ">", Literal(500)),
    # Addresses and ids beside an operator are texts.
    "srcaddr = 10.0.0.1": Compare(Field("srcaddr"), "=", Literal("10.0.0.1")),
    "srcaddr in [10.0.0.1, ::1]": In(Field("srcaddr"), ListLiteral((Literal("10.0.0.1"), Literal("::1")))),
    "interfaceId = eni-0a4": Compare(Field("interface_id"), "=", Literal("eni-0a4")),
    # Functions.
    "isempty(a)": Call("isempty", (Field("a"),)),
    "ISEMPTY (a)": Call("isempty", (Field("a"),)),
    "strlen(tolower(a)) > 3": Compare(Call("strlen", (Call("tolower", (Field("a"),)),)), ">", Literal(3)),
    "strcontains(a, 'x') = 1": Compare(Call("strcontains", (Field("a"), Literal("x"))), "=", Literal(1)),
    "isIpInSubnet(a, 10.0.0.0/8)": Call("isIpInSubnet", (Field("a"), Literal("10.0.0.0/8"))),
    # Comments and white space.
    "# first\n a=1 # 'second\n and\n\tb=1 # and c=1": And((A, B)),
    "a not # why\n # indeed\n like 'x'": Like(Field("a"), Literal("x"), negated=True),
    "a not # why\n in [1]": In(Field("a"), ListLiteral((Literal(1),)), negated=True),
    "a=1\u00a0and b=1": And((A, B)),
}


@pytest.mark.parametrize("text", MEANINGS)
def test_a_text_makes_its_tree(text: str):
    assert parse_filter(text) == MEANINGS[text]


# The filter commands of AWS's own samples (spec/insights.md).
AWS_SAMPLES = (
    "@message like /Exception/",
    "@message not like /Exception/",
    'isIpv4InSubnet(srcAddr, "192.0.2.0/24")',
    "protocol=17",
    'logStatus="SKIPDATA"',
    "logStream = 'vpc-flow-logs' and interfaceId = 'eni-0123456789abcdef0'",
    'action="REJECT"',
    'ispresent(nextHopAzId) and nextHopAzId != "-"',
    "azId != nextHopAzId",
    "(dstAddr like 'x.x.x.x' and srcAddr like 'y.y.')",
    "(dstAddr like 'x.x.' and srcAddr like 'y.y.') or (srcAddr like 'xxx.' and dstAddr like 'y.y.')",
    "(srcAddr like 'x.x.x.x' and dstAddr not like 'y.y.')",
    'responseCode="SERVFAIL"',
    '(eventName="StartInstances" or eventName="StopInstances") and awsRegion="us-east-2"',
    'eventName="UpdateTrail" and ispresent(errorCode)',
    'tlsDetails.tlsVersion in [ "TLSv1", "TLSv1.1" ]',
    '@type = "REPORT" and @duration > 1000',
    "status>=400 and status<=499",
    'loggingType IN ["ERROR", "INFO"]',
    "@message like /(?i)(error|failure)/",
)


@pytest.mark.parametrize("text", AWS_SAMPLES)
def test_the_samples_of_aws_are_understood(text: str):
    condition = parse_filter(text)
    assert parse_filter(to_text(condition)) == condition


TEXTS = {
    "srcaddr='x' AND pkt-dstaddr=1": 'srcAddr = "x" and pktDstaddr = 1',
    "flow-direction = 'egress'": 'flowDirection = "egress"',
    "@timestamp > 1 and stream = 's'": '@timestamp > 1 and @logStream = "s"',
    "`foo-bar` = 1 and `plain` = 2": "`foo-bar` = 1 and plain = 2",
    "`and` = 3 and `tcp` = 4": "`and` = 3 and `tcp` = 4",
    "(a=1 or (b=1)) and ((c=1))": "(a = 1 or b = 1) and c = 1",
    "(a=1 and b=1) or c=1": "a = 1 and b = 1 or c = 1",
    "not a=1": "not (a = 1)",
    "not isempty(a)": "not isempty(a)",
    "a not  in [1,'x']": 'a not in [1, "x"]',
    "a =~ /x\\/y/": "a like /x\\/y/",
    "bytes>1.5MB": "bytes > 1500000",
    "a = 0.00000001": "a = 0.00000001",
    "a = 'say \"x\"'": 'a = "say \\"x\\""',
    "(a = 1) = 0": "(a = 1) = 0",
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_canonical_text_is_what_aws_understands(text: str):
    assert to_text(parse_filter(text)) == TEXTS[text]


@settings(max_examples=600, deadline=None)
@given(conditions)
def test_the_text_of_a_tree_parses_back_to_it(condition: tree.Expr):
    text = to_text(condition)
    assert parse_filter(text) == condition
    assert to_text(parse_filter(text)) == text


def test_nodes_know_where_they_stand():
    text = "a = 1\nand  srcaddr like 'x'"
    condition = parse_filter(text)
    assert isinstance(condition, And)
    like = condition.terms[1]
    assert text[like.span.start : like.span.end] == "srcaddr like 'x'"
    assert (like.span.line, like.span.column, like.span.length) == (2, 6, 16)
    field, pattern = tree.children(like)
    assert text[field.span.start : field.span.end] == "srcaddr"
    assert text[pattern.span.start : pattern.span.end] == "'x'"
    assert text[condition.span.start : condition.span.end] == text


def test_where_a_node_stands_does_not_count_in_comparing_trees():
    assert parse_filter("a=1") == parse_filter("\n  a   =  1")
    assert hash(parse_filter("a=1")) == hash(parse_filter("\n  a   =  1"))


def test_walk_goes_through_the_text_from_left_to_right():
    found = [
        node.name
        for node in tree.walk(parse_filter("a=1 and (b=c or not isempty(d))"))
        if isinstance(node, Field)
    ]
    assert found == ["a", "b", "c", "d"]


def test_and_needs_two_terms():
    with pytest.raises(ValueError, match="two terms"):
        And((A,))


@pytest.mark.parametrize(
    ("opening", "inner", "closing", "deepest"),
    [
        ("(", "tcp", ")", 32),
        ("not ", "tcp", "", 32),
        ("not (", "tcp", ")", 32),
        ("(tcp or ", ":22", ")", 31),
        ("tcp or (udp and not (", "tcp", "))", 16),
        ("tolower(", "a", ") = 1", 0),
        ("isempty(tolower(", "a", "))", 16),
    ],
)
def test_deep_nesting_is_refused_by_name_and_what_is_read_can_be_written(
    opening: str, inner: str, closing: str, deepest: int
):
    with pytest.raises(QueryError, match="nested more than 32 deep"):
        parse_filter(opening * 10_000 + inner + closing * 10_000)
    if deepest:
        condition = parse_filter(opening * deepest + inner + closing * deepest)
        assert parse_filter(to_text(condition)) == condition
        with pytest.raises(QueryError):
            parse_filter(opening * (deepest + 1) + inner + closing * (deepest + 1))


def test_the_deepest_tree_leaves_room_on_the_stack():
    from query.check import check_filter
    from query.to_polars import predicate

    text = "(" * 32 + "a = 1" + " and b = 2 or c = 3)" * 32
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(_stack()) + 400)
    try:
        condition = parse_filter(text)
        assert parse_filter(to_text(condition)) == condition
        check_filter(condition, ["a", "b", "c"])
        predicate(condition, {})
    finally:
        sys.setrecursionlimit(before)


def _stack() -> list[object]:
    import inspect

    return list(inspect.stack(0))


def test_parsing_imports_neither_polars_nor_textual_and_lark_only_when_it_parses():
    code = """
import sys
import query.parse, query.shorthand, query.check, query.services, query.functions
assert not {"polars", "lark", "textual", "rich", "click"} & set(sys.modules), sorted(sys.modules)
query.check.check_filter(query.parse.parse_filter("reject 10.0.0.0/8 :22 a in [1]"), ["a"])
assert "polars" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kept", ["nothing", "nowhere to keep them", "garbage", "half of them"])
def test_the_parser_needs_no_tables_that_were_kept(tmp_path, monkeypatch, kept):
    folder = tmp_path / "flowtui"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if kept == "nowhere to keep them":
        folder.write_text("in the way")
    elif kept == "garbage":
        folder.mkdir()
        (folder / "grammar").write_bytes(b"\x80garbage\n" * 9)
    elif kept == "half of them":
        make_parser(None)
        whole = (folder / "grammar").read_bytes()
        (folder / "grammar").write_bytes(whole[: len(whole) // 2])
    for _ in range(2):
        assert make_parser(Build()).parse("a = 1", start="filter") == A
    assert (folder / "grammar").is_file() is (kept != "nowhere to keep them")


def test_threads_share_the_parser():
    from query import parse

    parse._parser.cache_clear()
    answers: list[tree.Expr] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(parse_filter("a=1 and b=1") for _ in range(20)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    assert set(answers) == {And((A, B))}
