"""Hypothesis strategies: random questions, each written in QL and, by rules of its own, in SQL."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from tests.query.oracle.pair import inside


class Both(NamedTuple):
    """The same thing in both languages."""

    ql: str
    sql: str


# Fields whose values stay small, so that no arithmetic on them leaves 64 bits.
_SMALL = tuple(
    Both(ql, sql)
    for ql, sql in (
        ("srcPort", "srcport"),
        ("dstPort", "dstport"),
        ("protocol", "protocol"),
        ("packets", "packets"),
        ("tcpFlags", "tcp_flags"),
    )
)
_NUMBERS = (*_SMALL, Both("bytes", "bytes"), Both("`start`", "start"))
_WORDS = {
    Both("action", "action"): ("ACCEPT", "REJECT", "reject", "A"),
    Both("logStatus", "log_status"): ("OK", "NODATA", "SKIPDATA", "O"),
    Both("interface-id", "interface_id"): ("eni-0a47", "eni-1a47", "0a", ""),
    Both("flowDirection", "flow_direction"): ("ingress", "egress", "gress"),
    Both("note", "note"): ("200", "0200", "abc10", "a/b", "nan", "0"),
}
_SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NETWORKS = (
    "10.0.0.0/8",
    "10.0.0.0/31",
    "172.16.0.0/12",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db8::2/128",
    "::/0",
)
_constants = st.sampled_from((0, 1, 2, 3, 6, 10, 17, 22, 58, 180, 443, 1050, 8443, 65_535, 999_999, 2**40))


def _number(value: float) -> Both:
    return Both(str(value), f"({value})")


def _joined(left: Both, sign: str, right: Both) -> Both:
    return Both(f"({left.ql} {sign} {right.ql})", f"({left.sql} {sign} {right.sql})")


_small_terms = st.recursive(
    st.sampled_from(_SMALL) | st.integers(0, 100).map(_number),
    lambda inner: st.one_of(
        st.builds(_joined, inner, st.sampled_from("+-"), inner),
        st.builds(_joined, inner, st.sampled_from("*%"), st.integers(0, 9).map(_number)),
        st.builds(_joined, inner, st.just("/"), inner),
    ),
    max_leaves=3,
)


def _compare(left: Both, sign: str, right: Both) -> Both:
    return Both(f"{left.ql} {sign} {right.ql}", f"{left.sql} {_SIGNS[sign]} {right.sql}")


def _quoted(text: str) -> Both:
    return Both(f'"{text}"', f"'{text}'")


def _in(field: Both, no: str, items: list[Both]) -> Both:
    listed = [", ".join(texts) for texts in zip(*items, strict=True)]
    return Both(f"{field.ql} {no}in [{listed[0]}]", f"{field.sql} {no.upper()}IN ({listed[1]})")


def _like(field: Both, no: str, text: str) -> Both:
    return Both(f'{field.ql} {no}like "{text}"', f"{no.upper()}contains({field.sql}::VARCHAR, '{text}')")


def _in_network(side: str, network: str) -> Both:
    return Both(f'isIpInSubnet({side}Addr, "{network}")', inside(side, network))


def _present(field: Both) -> Both:
    return Both(f"ispresent({field.ql})", f"{field.sql} IS NOT NULL")


@st.composite
def _text_tests(draw: st.DrawFn) -> Both:
    """A condition on a text field and constants or another one."""
    field, words = draw(st.sampled_from(sorted(_WORDS.items())))
    no, word = draw(st.sampled_from(("", "not "))), draw(st.sampled_from(words))
    match draw(st.sampled_from(("sign", "in", "like", "fields"))):
        case "in":
            items = draw(st.lists(st.sampled_from(words), min_size=1, max_size=3))
            return _in(field, no, [_quoted(item) for item in items])
        case "like":
            return _like(field, no, word)
        case "fields":
            # Two texts compare as texts; only labels, since numeric ones could compare as numbers.
            other = draw(st.sampled_from([one for one in sorted(_WORDS) if one.ql != "note"]))
            return _compare(field, draw(st.sampled_from(sorted(_SIGNS))), other)
        case _:
            return _compare(field, draw(st.sampled_from(sorted(_SIGNS))), _quoted(word))


def _sure(condition: Both) -> Both:
    """A comparison with null is false in QL and null in SQL."""
    return Both(condition.ql, f"coalesce({condition.sql}, false)")


_signs = st.sampled_from(sorted(_SIGNS))
_single = st.one_of(
    st.builds(_compare, st.sampled_from(_NUMBERS), _signs, _constants.map(_number)),
    st.builds(_compare, _small_terms, _signs, _small_terms),
    st.builds(
        _in,
        st.sampled_from(_NUMBERS),
        st.sampled_from(("", "not ")),
        st.lists(_constants.map(_number), min_size=1, max_size=3),
    ),
    st.builds(
        _like, st.sampled_from(_NUMBERS), st.sampled_from(("", "not ")), st.sampled_from(("0", "22", "4"))
    ),
    st.builds(_in_network, st.sampled_from(("src", "dst")), st.sampled_from(_NETWORKS)),
    st.builds(_present, st.sampled_from((*_NUMBERS, *sorted(_WORDS)))),
    _text_tests(),
)

conditions: st.SearchStrategy[Both] = st.recursive(
    _single.map(_sure),
    lambda inner: st.one_of(
        st.builds(_joined, inner, st.sampled_from(("and", "or")), inner),
        inner.map(lambda one: Both(f"not ({one.ql})", f"(NOT {one.sql})")),
    ),
    max_leaves=6,
)


_KEYS = (
    *_WORDS,
    Both("protocol", "protocol"),
    Both("dstPort", "dstport"),
    Both("srcAddr", "srcaddr"),
    Both("@log", "log_group"),
    Both("bin(1h)", "ts - ts % 3600000"),
    Both("bin(6h)", "ts - ts % 21600000"),
    Both("strlen(dstAddr)", "length(dstaddr)"),
    Both("dstPort % 10", "dstport % 10"),
    Both("nosuch", "NULL"),
)
_FUNCTIONS = {
    "sum({})": "sum({})",
    "avg({})": "avg({})",
    "min({})": "min({})",
    "max({})": "max({})",
    "count({})": "count({})",
    "count_distinct({})": "count(DISTINCT {})",
    "stddev({})": "stddev_samp({})",
    "pct({}, 90)": "quantile_cont({}, 0.9)",
    "pct({}, 12.5)": "quantile_cont({}, 0.125)",
    "sum({}) / count(*)": "sum({}) / count(*)",
    "max({}) - min({})": "max({}) - min({})",
}


@st.composite
def _aggregates(draw: st.DrawFn) -> Both:
    template, sql = draw(st.sampled_from(sorted(_FUNCTIONS.items())))
    of = draw(st.sampled_from(_NUMBERS) | _small_terms)
    return Both(template.replace("{}", of.ql), sql.replace("{}", of.sql))


@st.composite
def groupings(draw: st.DrawFn) -> Both:
    """A whole question: groups and what is counted in them, perhaps with a filter before and after."""
    keys = draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=3, unique=True))
    aggregates = [Both("count(*)", "count(*)"), *draw(st.lists(_aggregates(), min_size=1, max_size=3))]
    counted = [
        Both(f"{one.ql} as a{place}", f"{one.sql} AS a{place}") for place, one in enumerate(aggregates)
    ]
    grouped = [Both(f"{one.ql} as k{place}", f"{one.sql} AS k{place}") for place, one in enumerate(keys)]
    where = draw(st.none() | conditions)
    having = draw(st.none() | st.tuples(st.integers(0, len(aggregates) - 1), _signs, _constants))
    ql = f"stats {', '.join(one.ql for one in counted)} by {', '.join(one.ql for one in grouped)}"
    sql = f"SELECT {', '.join(one.sql for one in (*grouped, *counted))} FROM flows"
    if where:
        ql, sql = f"filter {where.ql} | {ql}", f"{sql} WHERE {where.sql}"
    sql += f" GROUP BY {', '.join(f'k{place}' for place in range(len(keys)))}"
    if having:
        place, sign, bound = having
        ql, sql = f"{ql} | filter a{place} {sign} {bound}", f"{sql} HAVING a{place} {_SIGNS[sign]} {bound}"
    return Both(ql, sql)
