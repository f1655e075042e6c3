"""What a filter means: the polars back end against SQL over the same records in DuckDB."""

from __future__ import annotations

import warnings

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.errors import QueryError
from query.parse import parse_filter
from query.to_polars import predicate
from query.tree import Call, Compare, Field, Like, ListLiteral, Literal, Regex, to_text
from tests.query import rows
from tests.query.trees import conditions

ROWS = rows.records(600, seed=7)
FRAME = rows.frame(ROWS)
DATABASE = rows.database(ROWS)
ONE = "('2001:db8::1', '2001:DB8::0:1', '2001:0db8:0:0:0:0:0:1')"
NUMBER = "TRY_CAST(note AS DOUBLE)"
# DuckDB reads "nan" as a number, QL does not.
NOTE = f"(CASE WHEN isfinite({NUMBER}) THEN {NUMBER} END)"

PAIRS = {
    # Numbers.
    "dstport = 22": "dstport = 22",
    "dstPort != 22": "dstport <> 22",
    "22 < dstport": "dstport > 22",
    "dstport >= 443": "dstport >= 443",
    "bytes < 1MB": "bytes < 1000000",
    "bytes <= 1MB": "bytes <= 1000000",
    "bytes = 9007199254740993": "bytes = 9007199254740993",
    "bytes = 9007199254740992": "bytes = 9007199254740992",
    "bytes > -1": "bytes > -1",
    "bytes > 40.5": "bytes > 40.5",
    "dstport = 22.5": "false",
    "dstport < 9999999999": "dstport < 9999999999",
    "ratio = 2": "ratio = 2",
    "ratio > -2 and ratio < 1.5": "ratio > -2 and ratio < 1.5",
    "srcport = dstport": "srcport = dstport",
    "packets < protocol": "packets < protocol",
    "bytes != ratio": "bytes <> ratio",
    "dstport in [22, 443, 70000]": "dstport in (22, 443, 70000)",
    "dstport not in [22, 443]": "dstport not in (22, 443)",
    "dstport in []": "false",
    "dstport not in []": "dstport is not null",
    "ratio in [2, 0.5]": "ratio in (2, 0.5)",
    # Numbers and numeric text.
    'protocol = "6"': "protocol = 6",
    'protocol = "6.0"': "protocol = 6",
    'bytes > "180"': "bytes > 180",
    'dstport in ["22", 80]': "dstport in (22, 80)",
    'dstport = "ssh"': "false",
    'dstport != "ssh"': "dstport is not null",
    'dstport < "ssh"': "false",
    "note = 200": f"{NOTE} = 200",
    "note > 2.5": f"{NOTE} > 2.5",
    "note != 200": "note is not null and coalesce(" + NOTE + " <> 200, true)",
    "note in [200, 'Abc']": f"coalesce({NOTE} = 200, false) or note = 'Abc'",
    "note not in [200, 'Abc']": f"note is not null and not (coalesce({NOTE} = 200, false) or note = 'Abc')",
    'note = "200"': "note = '200'",
    'note > "200"': "note > '200'",
    "note = ratio": f"{NOTE} = ratio",
    "note != ratio": f"note is not null and ratio is not null and coalesce({NOTE} <> ratio, true)",
    "note < ratio": f"{NOTE} < ratio",
    # Labels and text.
    "reject": "action = 'REJECT'",
    "action != 'REJECT'": "action <> 'REJECT'",
    "action = 'reject'": "false",
    "action = 'NOSUCH'": "false",
    "action < 'B'": "action < 'B'",
    "action in ['ACCEPT', 'NOSUCH']": "action = 'ACCEPT'",
    "action = interfaceId": "action = interface_id",
    "action != log-status": "action <> log_status",
    "interfaceId like 'a4'": "interface_id like '%a4%'",
    "interfaceId not like 'a4'": "interface_id not like '%a4%'",
    "srcaddr like '10.0.0.1'": "contains(srcaddr, '10.0.0.1')",
    "srcaddr like '.'": "contains(srcaddr, '.')",
    "note like 'ABC'": "contains(note, 'ABC')",
    "note like ''": "note is not null",
    "bytes like '00'": "contains(bytes::VARCHAR, '00')",
    "bytes like /^1.*0$/": "regexp_matches(bytes::VARCHAR, '^1.*0$')",
    "note like /a\\/b/": "regexp_matches(note, 'a/b')",
    "note =~ /(?i)^aBC/": "regexp_matches(note, '(?i)^aBC')",
    "interfaceId not like /(?<n>0a|0b)/": "not regexp_matches(interface_id, '0a|0b')",
    # No value.
    "srcaddr = '-'": "srcaddr is null",
    "srcaddr != '-'": "srcaddr is not null",
    "'-' = bytes": "bytes is null",
    "action in ['-', 'REJECT']": "action is null or action = 'REJECT'",
    "action not in ['-', 'REJECT']": "action is not null and action <> 'REJECT'",
    "not (dstport = 22)": "dstport is distinct from 22",
    "not (dstport != 22)": "dstport is null or dstport = 22",
    "not (action like 'REJ')": "coalesce(not contains(action, 'REJ'), true)",
    "not (dstport > 22 or bytes > 180)": "not coalesce(dstport > 22 or bytes > 180, false)",
    "ispresent(bytes)": "bytes is not null",
    "isempty(note)": "note is null or note = ''",
    "isblank(note)": "note is null or trim(note) = ''",
    "isempty(dstport)": "dstport is null",
    # A field that these logs do not have.
    "tcpFlags = 2": "false",
    "tcpFlags != 2": "false",
    "not tcpFlags = 2": "true",
    "tcpFlags = '-'": "true",
    "tcpFlags like '2'": "false",
    "tcpFlags not in [2]": "false",
    "tcpFlags = dstport": "false",
    "ispresent(tcpFlags) or isempty(subnetId)": "true",
    "isIpInSubnet(pktSrcaddr, '10.0.0.0/8')": "false",
    # Addresses.
    "srcaddr = '10.0.0.1'": "srcaddr = '10.0.0.1'",
    "srcaddr = '2001:db8::1'": f"srcaddr in {ONE}",
    "srcaddr = '2001:DB8:0::1'": f"srcaddr in {ONE}",
    "srcaddr != '2001:db8::1'": f"srcaddr not in {ONE}",
    "srcaddr in ['10.0.0.1', '2001:db8:0::1', 'x']": f"srcaddr in {ONE} or srcaddr = '10.0.0.1'",
    "srcaddr not in ['10.0.0.1', '2001:db8:0::1']": f"srcaddr not in {ONE} and srcaddr <> '10.0.0.1'",
    "srcaddr = dstaddr": f"srcaddr = dstaddr or (srcaddr in {ONE} and dstaddr in {ONE})",
    "srcaddr != dstaddr": f"srcaddr <> dstaddr and not (srcaddr in {ONE} and dstaddr in {ONE})",
    "2001:db8::1": f"srcaddr in {ONE} or dstaddr in {ONE}",
    "10.0.0.0/8": "v4(srcaddr) // 16777216 = 10 or v4(dstaddr) // 16777216 = 10",
    "isIpInSubnet(srcaddr, '10.0.0.0/23')": "v4(srcaddr) // 512 = 10 * 32768",
    "isIpv4InSubnet(srcaddr, '172.16.0.0/12')": "v4(srcaddr) // 1048576 = 172 * 16 + 1",
    "isIpInSubnet(srcaddr, '10.0.0.1/32')": "srcaddr = '10.0.0.1'",
    "isIpInSubnet(srcaddr, '0.0.0.0/0')": "v4(srcaddr) is not null",
    "isIpInSubnet(srcaddr, '2001:db8::/32')": "lower(srcaddr) like '2001:%'",
    "isIpv6InSubnet(srcaddr, '::/0')": "contains(srcaddr, ':')",
    "not isIpInSubnet(srcaddr, '10.0.0.0/8')": "coalesce(v4(srcaddr) // 16777216 <> 10, true)",
    "isValidIp(srcaddr)": "srcaddr is not null",
    "isValidIpV4(srcaddr)": "v4(srcaddr) is not null",
    "not isValidIpV6(dstaddr)": "dstaddr is null or v4(dstaddr) is not null",
    "isValidIp(note) or isValidIp(bytes)": "false",
    # Functions.
    "strlen(note) = 3": "length(note) = 3",
    "strlen(note) in [0, 4]": "length(note) in (0, 4)",
    "strcontains(note, '0')": "contains(note, '0')",
    "strcontains(note, '0') = 1": "contains(note, '0')",
    "strcontains(note, '0') = 0": "note is null or not contains(note, '0')",
    "strcontains(note, note)": "note is not null",
    "isempty(note) = '1'": "note is null or note = ''",
    "tolower(action) = 'reject'": "action = 'REJECT'",
    "toupper(note) = 'ABC'": "note = 'Abc'",
    "tolower(srcaddr) like 'db8::1'": "contains(lower(srcaddr), 'db8::1')",
    # Time, as epoch milliseconds.
    f"@timestamp >= {rows.START + 60_000}": f"timestamp >= {rows.START + 60_000}",
    f"@timestamp = {rows.START}": f"timestamp = {rows.START}",
    f"timestamp in [1, {rows.START + 60_000}]": f"timestamp in (1, {rows.START + 60_000})",
    f"@timestamp < {rows.START}.5": f"timestamp < {rows.START}.5",
    f'@timestamp > "{rows.START}"': f"timestamp > {rows.START}",
    "@timestamp like '2026-01-01 00:03:00.000'": f"timestamp = {rows.START + 180_000}",
    # Joined.
    "reject and dstport = 22 or bytes > 1MB": "(action = 'REJECT' and dstport = 22) or bytes > 1000000",
    "reject :22 not tcp": (
        "action = 'REJECT' and (srcport = 22 or dstport = 22) and protocol is distinct from 6"
    ),
    "(dstport > 22) = 1": "dstport > 22",
    "(dstport > 22) = (bytes > 180)": "coalesce(dstport > 22, false) = coalesce(bytes > 180, false)",
    "(action = 'REJECT') in [0]": "action is distinct from 'REJECT'",
    # Constants, beside columns too.
    "tolower('ABC') = note": "note = 'abc'",
    "tolower('200') = ratio": "ratio = 200",
    "strlen('ab') = ratio": "ratio = 2",
    "dstport = strlen('x') or isempty('')": "true",
    "(note = 0) = tolower(tcpFlags)": "false",
    "(note = 0) != strlen('')": f"coalesce({NOTE} = 0, false)",
    "isempty(tcpFlags) = (note = 200)": f"coalesce({NOTE} = 200, false)",
    "((tcpFlags = tcpFlags) = interfaceId) = tolower(tcpFlags)": "false",
    "((tcpFlags = tcpFlags) = interfaceId) = tolower('0')": "true",
    "note = ((tcpFlags = tcpFlags) = tolower('0'))": f"{NOTE} = 1",
    "(tcpFlags = 1) = (interfaceId = tolower(tcpFlags))": "true",
    "strcontains('abc 200', note)": "contains('abc 200', note)",
    "strcontains(tcpFlags, note)": "false",
    "strcontains(note, tolower(tcpFlags))": "false",
    "tolower('X') in ['x'] and dstport = 22": "dstport = 22",
    "tolower('X') like /y/ or dstport = 22": "dstport = 22",
    "'200' = 200 and dstport = 22": "dstport = 22",
    "isIpInSubnet('10.0.0.1', '10.0.0.0/8') and dstport = 22": "dstport = 22",
    "1 = 1": "true",
    "1 = 2 or 'a' like 'b'": "false",
    "'-' = '-'": "true",
}


def by_polars(text: str, frame: pl.DataFrame = FRAME, **options: str) -> set[int]:
    plan = frame.lazy().filter(predicate(parse_filter(text), frame.schema)).select("number")
    return set(plan.collect(**options)["number"])


def by_duckdb(sql: str) -> set[int]:
    return {number for (number,) in DATABASE.execute(f"SELECT number FROM flows WHERE {sql}").fetchall()}


@pytest.mark.parametrize("text", PAIRS)
def test_a_filter_means_what_its_sql_means(text: str):
    expected = by_duckdb(PAIRS[text])
    assert by_polars(text) == expected
    assert by_polars(text, engine="in-memory") == expected
    assert by_polars(text, engine="streaming") == expected


@pytest.mark.parametrize("text", PAIRS)
def test_a_filter_says_the_same_in_its_canonical_text(text: str):
    assert by_polars(to_text(parse_filter(text))) == by_polars(text)


@pytest.mark.parametrize("text", PAIRS)
def test_a_filter_is_never_null_and_takes_plain_text_for_labels(text: str):
    found = FRAME.with_columns(found=predicate(parse_filter(text), FRAME.schema))["found"]
    assert found.dtype == pl.Boolean
    assert found.null_count() == 0
    plain = FRAME.with_columns(pl.col(pl.Categorical).cast(pl.String))
    assert by_polars(text, plain) == by_polars(text)


@pytest.mark.parametrize("text", PAIRS)
def test_a_filter_works_on_no_records(text: str):
    empty = FRAME.clear()
    expression = predicate(parse_filter(text), empty.schema)
    assert empty.filter(expression).height == 0
    assert empty.lazy().filter(expression).collect(engine="streaming").height == 0


def test_the_pairs_tell_filters_apart():
    answers = [frozenset(by_duckdb(sql)) for sql in PAIRS.values()]
    assert len(set(answers)) > 55
    assert sum(0 < len(answer) < len(ROWS) for answer in answers) > 75


# Random filters, written twice: once in QL and once, by other rules, in SQL.
_SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NUMBERS = ("srcport", "dstport", "protocol", "packets", "bytes")
_TEXTS = ("action", "log_status", "interface_id", "note")
_values = {
    name: sorted({row[name] for row in ROWS if row[name] is not None} | {extra}, key=str)
    for name, extra in [*((name, 7) for name in _NUMBERS), *((name, "zz") for name in _TEXTS)]
}


def _quote(value: object) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"


@st.composite
def _comparisons(draw: st.DrawFn) -> tuple[str, str]:
    name = draw(st.sampled_from([*_NUMBERS, *_TEXTS]))
    value = draw(st.sampled_from(_values[name]))
    shape = draw(st.sampled_from(["sign", "in", "like", "columns", "none"]))
    no = draw(st.sampled_from(["", "not "]))
    if shape == "in":
        items = ", ".join(map(_quote, draw(st.lists(st.sampled_from(_values[name]), min_size=1, max_size=3))))
        return f"{name} {no}in [{items}]", f"{name} {no}in ({items})"
    if shape == "like":
        part = str(value)[:2]
        return f"{name} {no}like '{part}'", f"{no} contains({name}::VARCHAR, '{part}')"
    if shape == "none":
        return (f"{name} != '-'", f"{name} is not null") if no else (f"{name} = '-'", f"{name} is null")
    sign = draw(st.sampled_from(sorted(_SIGNS)))
    if shape == "columns":
        other = draw(st.sampled_from(_NUMBERS if name in _NUMBERS else _TEXTS))
        return f"{name} {sign} {other}", f"{name} {_SIGNS[sign]} {other}"
    return f"{name} {sign} {_quote(value)}", f"{name} {_SIGNS[sign]} {_quote(value)}"


def _sure(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0], f"coalesce({pair[1]}, false)"


_filters = st.recursive(
    _comparisons().map(_sure),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(
            lambda two: (f"({two[0][0]}) and ({two[1][0]})", f"({two[0][1]} and {two[1][1]})")
        ),
        st.tuples(inner, inner).map(
            lambda two: (f"({two[0][0]}) or ({two[1][0]})", f"({two[0][1]} or {two[1][1]})")
        ),
        inner.map(lambda one: (f"not ({one[0]})", f"(not {one[1]})")),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(_filters)
def test_random_filters_mean_what_their_sql_means(pair: tuple[str, str]):
    text, sql = pair
    assert by_polars(text) == by_duckdb(sql)


@settings(max_examples=300, deadline=None)
@given(conditions)
def test_any_tree_makes_a_plan_that_runs_or_a_query_error(condition):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = FRAME.head(40).with_columns(found=predicate(condition, FRAME.schema))["found"]
        except QueryError:
            return
    assert found.dtype == pl.Boolean
    assert found.null_count() == 0


def test_other_types_of_columns_can_be_compared_too():
    frame = pl.DataFrame(
        {
            "tiny": pl.Series([1, None, 3], dtype=pl.UInt8),
            "huge": pl.Series([1, None, 2**64 - 1], dtype=pl.UInt64),
            "single": pl.Series([0.5, float("nan"), 3.0], dtype=pl.Float32),
            "flag": [True, None, False],
            "list": [[1], None, []],
            "enum": pl.Series(["a", None, "b"], dtype=pl.Enum(["a", "b"])),
            "micros": pl.Series([1_000_000, None, 2_000_000]).cast(pl.Datetime("us")),
            "zoned": pl.Series([1_000, None, 2_000]).cast(pl.Datetime("ms", "Europe/Berlin")),
        }
    )
    expected = {
        "tiny = 3": [2],
        "tiny > -1": [0, 2],
        "tiny in [1, 300, -1]": [0],
        "huge = 1": [0],
        "single > 0": [0, 2],
        "single in [3, 0.5]": [0, 2],
        "flag = 1": [0],
        "flag = '0'": [2],
        "flag != 1": [2],
        "list = 1": [],
        "ispresent(list)": [0, 2],
        "list = '-'": [1],
        "list like '1'": [],
        "enum = 'a' or enum = 'nosuch'": [0],
        "enum in ['b', 'nosuch']": [2],
        "micros >= 2000": [2],
        "micros = 1000": [0],
        "zoned < 1500": [0],
        "zoned like '1970-01-01 00:00:02.000'": [2],
    }
    frame = frame.with_row_index("number")
    for text, numbers in expected.items():
        assert sorted(by_polars(text, frame)) == numbers, text


def test_columns_are_found_in_any_spelling_and_the_exact_one_wins():
    frame = pl.DataFrame({"number": [0, 1], "Foo-Bar": ["x", "y"], "userId": [1, 2], "userid": [2, 1]})
    assert by_polars("foo_bar = 'x'", frame) == {0}
    assert by_polars("userid = 1", frame) == {1}
    assert by_polars("userId = 1", frame) == {0}
    spelled = pl.DataFrame({"number": [0, 1], "pktSrcAddr": ["::1", "0::2"]})
    assert by_polars("pkt-srcaddr = '::2'", spelled) == {1}


def test_comparisons_stay_in_a_form_by_which_polars_can_skip_row_groups():
    # polars skips no row group behind fill_null (see query.values).
    text = "bytes > 5 and action = 'REJECT' and dstport in [1, 2] and srcaddr = '10.0.0.1' and @timestamp < 9"
    plan = str(predicate(parse_filter(text), FRAME.schema))
    assert "fill_null" not in plan
    assert plan.count("is_not_null") == 5


def test_many_terms_do_not_nest():
    text = " or ".join(f"dstport = {port}" for port in range(5_000))
    assert by_polars(text) == by_duckdb("dstport < 5000")


@pytest.mark.parametrize(
    "condition",
    [
        Call("nosuch", (Field("a"),)),
        Call("isempty", ()),
        Call("isIpInSubnet", (Field("srcaddr"), Literal("x"))),
        Call("isIpInSubnet", (Field("srcaddr"), Field("dstaddr"))),
        Like(Field("note"), Regex("(")),
        Like(Literal("x"), Regex("(")),
        Field("action"),
        Literal("x"),
        Call("strlen", (Field("note"),)),
        Compare(Field("a"), "=", Regex("x")),
        Compare(ListLiteral(()), "<", Field("a")),
    ],
)
def test_a_tree_that_no_text_makes_is_refused(condition):
    with pytest.raises(QueryError):
        predicate(condition, FRAME.schema)
