"""Networks and spellings of addresses, against Python's ipaddress."""

from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query import addresses
from query.parse import parse_filter
from query.to_polars import predicate

_v4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
_v6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)
_groups = st.lists(st.sampled_from([0, 0, 0, 1, 0xDB8, 0xFFFF]), min_size=8, max_size=8)
_sparse_v6 = _groups.map(
    lambda groups: ipaddress.IPv6Address(b"".join(group.to_bytes(2) for group in groups))
)

INVALID = (
    "", "-", "10", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.01", "10.0.0.1 ", " 10.0.0.1", "10.0.0.1.1",
    "10.0.0.1\n", "10.0.0.1/8", "10.0.0.\u0661", "a.b.c.d", ":", ":::", "1::2::3", "12345::", "::g", "::1\n",
    "::1/64", "1:2:3:4:5:6:7", "abc:def",
)  # fmt: skip


@st.composite
def _spelled(draw: st.DrawFn) -> str:
    """An IPv6 address in any spelling that is allowed."""
    groups = [f"{int(group, 16):x}" for group in draw(_sparse_v6 | _v6).exploded.split(":")]
    groups = [draw(st.sampled_from([group, group.upper(), group.zfill(4)])) for group in groups]
    tail = draw(st.booleans())
    if tail:
        last = ipaddress.IPv4Address(int(groups[6], 16) * 65536 + int(groups[7], 16))
        groups[6:] = [str(last)]
    zero_runs = [
        (start, end)
        for start in range(len(groups))
        for end in range(start + 1, len(groups) + 1)
        if all(set(group) == {"0"} for group in groups[start:end])
    ]
    if zero_runs and draw(st.booleans()):
        start, end = draw(st.sampled_from(zero_runs))
        return ":".join(groups[:start]) + "::" + ":".join(groups[end:])
    return ":".join(groups)


def _in_network(text: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, list[str]]:
    address = draw(_v4 | _v6)
    prefix = draw(st.integers(0, address.max_prefixlen))
    network = ipaddress.ip_network((address, prefix), strict=False)
    first, last = int(network[0]), int(network[-1])
    edges = [first, last, (first + last) // 2, first - 1, last + 1]
    inside = [str(type(address)(edge)) for edge in edges if 0 <= edge < 2**address.max_prefixlen]
    others = draw(
        st.lists(_v4.map(str) | _spelled() | st.sampled_from(INVALID) | st.text(max_size=5), max_size=8)
    )
    text = draw(st.sampled_from([str(network), f"{address}/{prefix}"]))
    return text, inside + others


@settings(max_examples=400, deadline=None)
@given(_cases())
def test_a_network_holds_what_ipaddress_says(case: tuple[str, list[str]]):
    cidr, texts = case
    texts = [text for text in texts if text.isprintable() or text in INVALID]
    network = ipaddress.ip_network(cidr, strict=False)
    expected = [_in_network(text, network) for text in texts]
    frame = pl.DataFrame({"srcaddr": texts}, schema={"srcaddr": pl.String})
    functions = ["isIpInSubnet", f"isIpv{network.version}InSubnet"]
    for function in functions:
        found = frame.select(
            predicate(parse_filter(f'{function}(srcaddr, "{cidr}")'), frame.schema)
        ).to_series()
        assert dict(zip(texts, found, strict=True)) == dict(zip(texts, expected, strict=True))


@pytest.mark.parametrize("prefix", range(33))
def test_every_prefix_ends_where_it_should(prefix: int):
    network = ipaddress.ip_network(f"172.21.77.130/{prefix}", strict=False)
    first, last = int(network[0]), int(network[-1])
    edges = {edge % 2**32 for edge in (first - 1, first, first + 1, last - 1, last, last + 1)}
    texts = [str(ipaddress.IPv4Address(edge)) for edge in sorted(edges)]
    found = pl.DataFrame({"a": texts}).select(addresses.in_network(pl.col("a"), str(network)))["a"].to_list()
    assert found == [_in_network(text, network) for text in texts]


@settings(max_examples=200, deadline=None)
@given(st.lists(_spelled(), min_size=1, max_size=8))
def test_all_spellings_of_an_address_are_one(texts: list[str]):
    frame = pl.DataFrame({"srcaddr": texts})
    expected = [str(ipaddress.IPv6Address(text)) for text in texts]
    assert frame.select(addresses.canonical(pl.col("srcaddr"))).to_series().to_list() == expected
    for wanted in (texts[0], expected[0], texts[0].upper()):
        found = frame.filter(predicate(parse_filter(f'srcaddr = "{wanted}"'), frame.schema))
        assert found["srcaddr"].to_list() == [
            t for t, e in zip(texts, expected, strict=True) if e == expected[0]
        ]


ODD = (
    "::0:1 0::1 1::0 1:0::2 1::2:3:4:5:6:7 ::2:3:4:5:6:7:8 1:2:3:4:5:6:7:: 1:0:0:2::3 A::1 ::01"
    " 1:2:3:4:5:6:0:0 ::1.2.3.4 ::FFFF:1.2.3.4 ::ffff:102:304 0:0:0:0:0:0:0:0"
)


@pytest.mark.parametrize("text", ODD.split())
def test_each_way_to_be_odd_is_seen(text: str):
    found = (
        pl.DataFrame({"a": ["x", text, "10.0.0.1"]}).select(addresses.canonical(pl.col("a")))["a"].to_list()
    )
    assert found == ["x", str(ipaddress.IPv6Address(text)), "10.0.0.1"]


def test_validity_is_that_of_ipaddress():
    texts = [
        *INVALID,
        "10.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "2001:DB8::1",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
    ]
    frame = pl.DataFrame({"note": [*texts, None]})
    for version, function in ((4, "isValidIpV4"), (6, "isValidIpV6"), (None, "isValidIp")):
        found = frame.select(predicate(parse_filter(f"{function}(note)"), frame.schema)).to_series().to_list()
        expected = []
        for text in texts:
            try:
                expected.append(
                    ipaddress.ip_address(text).version == (version or ipaddress.ip_address(text).version)
                )
            except ValueError:
                expected.append(False)
        assert dict(zip(texts, found, strict=False)) == dict(zip(texts, expected, strict=True))
        assert found[-1] is False


def test_ipv6_is_judged_once_for_each_value_and_not_at_all_in_ipv4_logs(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    real = ipaddress.IPv6Address
    addresses._parse_v6.cache_clear()
    monkeypatch.setattr(addresses.ipaddress, "IPv6Address", lambda text: asked.append(text) or real(text))
    expression = addresses.in_network(pl.col("a"), "2001:db8::/32")
    asked.clear()
    v4 = pl.DataFrame({"a": ["10.0.0.1", "10.0.0.2", None] * 10_000})
    assert v4.filter(expression).height == 0
    assert asked == []
    mixed = pl.DataFrame({"a": ["10.0.0.1", "2001:db8::1", "2001:db9::1"] * 10_000})
    assert mixed.lazy().filter(expression).collect(engine="streaming").height == 10_000
    assert sorted(asked) == ["2001:db8::1", "2001:db9::1"]
    asked.clear()
    # Canonical spellings need no judging to be compared.
    assert mixed.select(addresses.canonical(pl.col("a")))["a"].equals(mixed["a"])
    assert asked == []


def test_a_network_on_a_label_column_and_in_the_streaming_engine():
    texts = ["10.0.0.1", "10.1.0.1", "::1", None] * 50_000
    frame = pl.DataFrame({"srcaddr": texts}, schema={"srcaddr": pl.Categorical})
    for cidr, share in (("10.0.0.0/16", 1), ("10.0.0.0/15", 2), ("::/8", 1)):
        plan = frame.lazy().filter(predicate(parse_filter(f'isIpInSubnet(srcaddr, "{cidr}")'), frame.schema))
        assert plan.collect(engine="streaming").height == share * 50_000
