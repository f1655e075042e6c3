"""Lookup tables: how they are read, and which row an address belongs to."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.lookups import LookupTableError, cidr_column, matcher, read_table

OFFICES = "cidr,office,floor\n10.0.0.0/8,all,\n10.1.0.0/16,Bonn,2\n2001:db8::/32,Rome,1\n"


def _write(folder: Path, content: str | bytes, name: str = "offices") -> Path:
    folder.mkdir(exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    (folder / f"{name}.csv").write_bytes(data)
    return folder


def _rows(
    table: pl.DataFrame, addresses: list[str | None], dtype: pl.DataType | None = None
) -> list[int | None]:
    values = pl.Series("ip", addresses, dtype=dtype or pl.String())
    return values.to_frame().select(matcher(pl.col("ip"), table, "cidr")).to_series().to_list()


def test_a_table_is_text_under_the_names_of_its_header(tmp_path: Path):
    table = read_table("offices", [_write(tmp_path, OFFICES)])
    assert table.rows() == [
        ("10.0.0.0/8", "all", None),
        ("10.1.0.0/16", "Bonn", "2"),
        ("2001:db8::/32", "Rome", "1"),
    ]
    assert set(table.dtypes) == {pl.String}


def test_a_mark_of_byte_order_and_windows_lines_do_no_harm(tmp_path: Path):
    table = read_table(
        "offices", [_write(tmp_path, b"\xef\xbb\xbf" + OFFICES.replace("\n", "\r\n").encode())]
    )
    assert table.columns == ["cidr", "office", "floor"]
    assert table["floor"].to_list() == [None, "2", "1"]


def test_the_first_folder_that_has_the_table_counts(tmp_path: Path):
    folders = [tmp_path / "none", _write(tmp_path / "a", "cidr\n::1\n"), _write(tmp_path / "b", OFFICES)]
    assert read_table("offices", folders).columns == ["cidr"]


@pytest.mark.parametrize("name", ["../offices", "a b", "", "a.csv", "é", "a\n"])
def test_a_name_holds_letters_digits_hyphens_and_underscores(tmp_path: Path, name: str):
    with pytest.raises(LookupTableError, match="letters, digits"):
        read_table(name, [tmp_path])


def test_a_table_that_is_not_there_is_told_where_to_go(tmp_path: Path):
    with pytest.raises(LookupTableError) as caught:
        read_table("office-1_x", [tmp_path, tmp_path / "b"])
    assert str(caught.value) == (
        f"There is no lookup table 'office-1_x'. Put office-1_x.csv into {tmp_path} or {tmp_path / 'b'}."
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"cidr\n\xff\xfe\n", "is not UTF-8"),
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("\ufeff\n", "is empty"),
        ("10.0.0.0/8,all\n10.1.0.0/16,Bonn\n", "has no header"),
        ("cidr,office\n10.0.0.0/8,a,b,c\n", "same columns in every row"),
        ("cidr\n" + "x" * 10_000_000, "larger than 10 MB"),
    ],
)
def test_a_table_that_is_none_is_refused_with_the_reason(tmp_path: Path, content: str | bytes, reason: str):
    with pytest.raises(LookupTableError, match=reason):
        read_table("offices", [_write(tmp_path, content)])


def test_a_table_that_cannot_be_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    _write(tmp_path, OFFICES)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(LookupTableError, match="cannot be read: Permission denied"):
        read_table("offices", [tmp_path])
    with pytest.raises(LookupTableError, match="cannot be read: File name too long"):
        read_table("x" * 300, [tmp_path])


def test_the_networks_are_in_the_first_column_that_holds_nothing_else():
    table = pl.DataFrame(
        {
            "note": [None, None],
            "host": ["10.0.0.1", "web"],
            "net": ["10.0.0.1", None],
            "cidr": ["::/0", "::1"],
        },
        schema_overrides={"note": pl.String},
    )
    assert cidr_column(table) == "net"
    assert cidr_column(table, "cidr") == "cidr"
    with pytest.raises(LookupTableError, match="No column"):
        cidr_column(table.select("note", "host"))
    with pytest.raises(LookupTableError, match=r"no column 'ciddr'\. Did you mean 'cidr'\?"):
        cidr_column(table, "ciddr")


def test_an_address_belongs_to_the_smallest_network_that_holds_it():
    table = pl.DataFrame({"cidr": ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32", "0.0.0.0/0"]})
    assert _rows(table, ["10.9.9.9", "10.1.9.9", "10.1.2.3", "192.0.2.1", "2001:DB8::5", "::1"]) == [
        0, 1, 2, 4, 3, None,
    ]  # fmt: skip


def test_what_is_no_address_belongs_to_no_network():
    table = pl.DataFrame({"cidr": ["0.0.0.0/0", "::/0"]})
    assert _rows(table, ["-", "", None, "10.0.0", "10.0.0.1/8", "web"]) == [None] * 6
    assert table.select(matcher(pl.lit(pl.Series([167772161])), table, "cidr")).to_series().to_list() == [
        None
    ]
    assert _rows(table, [None, None]) == [None, None]
    assert _rows(table.clear(), ["10.0.0.1"]) == [None]


def test_rows_without_a_network_are_passed_over_and_the_first_of_equal_ones_counts():
    table = pl.DataFrame({"cidr": [None, "web", " 10.1.2.3/8 ", "10.0.0.0/8"]})
    assert _rows(table, ["10.0.0.1"]) == [2]


def test_a_column_of_labels_is_looked_up_too():
    table = pl.DataFrame({"cidr": ["10.0.0.0/8"]})
    assert _rows(table, ["10.0.0.1", "-", None], pl.Categorical()) == [0, None, None]


_v4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
_v6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)
_networks = st.tuples(_v4 | _v6, st.integers(0, 128)).map(
    lambda pair: ipaddress.ip_network((pair[0], min(pair[1], pair[0].max_prefixlen)), strict=False)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_networks, min_size=1, max_size=8), st.lists(_v4 | _v6, max_size=4))
def test_the_row_is_the_one_that_ipaddress_finds(networks: list, addresses: list):
    edges = [edge for network in networks for edge in (network[0], network[-1])]
    asked = edges + addresses
    expected = [
        max(
            (row for row, network in enumerate(networks) if address in network),
            key=lambda row: (networks[row].prefixlen, -row),
            default=None,
        )
        for address in asked
    ]
    assert _rows(pl.DataFrame({"cidr": list(map(str, networks))}), list(map(str, asked))) == expected


def test_each_different_address_is_looked_at_once(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    real = ipaddress.ip_address
    monkeypatch.setattr(ipaddress, "ip_address", lambda text: asked.append(text) or real(text))
    row = matcher(pl.col("ip"), pl.DataFrame({"cidr": ["10.0.0.0/8"]}), "cidr")
    frame = pl.LazyFrame({"ip": ["10.0.0.1", "192.0.2.1", None] * 100_000})
    found = frame.select(row.alias("row")).collect(engine="streaming")["row"]
    assert found.null_count() == 200_000
    assert found.drop_nulls().unique().to_list() == [0]
    # Batches may be worked on at the same time.
    assert len(asked) <= 4
