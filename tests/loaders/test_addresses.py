"""Addresses as numbers: what comes back is what was logged, whatever it was."""

from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.addresses import Address, kept, numbered

V4 = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))
V6 = st.integers(0, 2**128 - 1).map(lambda number: str(ipaddress.IPv6Address(number)))
ODD = st.sampled_from(
    [
        "FE80::1",
        "::FFFF:10.0.0.1",
        "fe80::1%eth0",
        "010.0.0.1",
        "1.2.3",
        "256.0.0.1",
        "1.2.3.4 ",
        "x",
        "-",
        "::0",
    ]
)
TEXTS = st.lists(st.one_of(V4, V6, ODD, st.text(max_size=8), st.none()), max_size=30)


def kept_as(*texts):
    """The columns that addresses are kept in, and how."""
    frame = pl.DataFrame(list(numbered(pl.Series("srcaddr", texts, dtype=pl.String()))))
    return frame, kept("srcaddr", frame.columns)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_every_text_comes_back_as_it_was(texts):
    frame, address = kept_as(*texts)
    assert frame.select(address.text.alias("text"))["text"].to_list() == texts
    assert frame.select(address.is_present.alias("is"))["is"].to_list() == [
        text is not None for text in texts
    ]
    held = frame.select(pl.sum_horizontal(pl.col(name).is_not_null() for name in address.columns))
    assert held.to_series().to_list() == [int(text is not None) for text in texts]


@pytest.mark.parametrize(
    ("text", "column", "number"),
    [
        ("10.0.0.1", "srcaddr", 0x0A000001),
        ("0.0.0.0", "srcaddr", 0),
        ("255.255.255.255", "srcaddr", 2**32 - 1),
        ("2001:db8::1", "srcaddr.6", 0x20010DB8000000000000000000000001),
        ("::", "srcaddr.6", 0),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "srcaddr.6", 2**128 - 1),
        ("2001:DB8::1", "srcaddr.text", "2001:DB8::1"),
        ("10.0.0.01", "srcaddr.text", "10.0.0.01"),
    ],
)
def test_an_address_is_the_number_that_it_spells_and_only_if_it_is_spelled_so(text, column, number):
    frame, _ = kept_as(text)
    assert frame[column].to_list() == [number]
    assert frame["srcaddr"].to_list() == [number if column == "srcaddr" else None]


def test_columns_are_there_only_if_something_is_in_them():
    assert kept_as("10.0.0.1", None)[1] == Address("srcaddr")
    assert kept_as("::1")[1] == Address("srcaddr", "srcaddr.6")
    assert kept_as("x")[1] == Address("srcaddr", None, "srcaddr.text")
    assert kept_as()[1] == Address("srcaddr")


def test_what_two_frames_have_together_is_what_either_has():
    assert Address("a", "a.6").union(Address("a", None, "a.text")) == Address("a", "a.6", "a.text")
