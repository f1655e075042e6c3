"""IP addresses as numbers, which compare faster than text and take less room.

An IPv4 address is a number of 32 bits, an IPv6 address one of 128. Only a text that is spelled exactly as its
number would be written becomes one; any other (``FE80::1``, ``010.0.0.1``, a word) stays text, so that what
comes back is what was logged.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

V4, V6 = pl.UInt32(), pl.UInt128()
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IS_V4 = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"


@dataclass(frozen=True, slots=True)
class Address:
    """A column of addresses that is kept as numbers; at most one of its columns has a value in a row.

    Attributes:
        v4: The column of IPv4 addresses (UInt32).
        v6: The column of IPv6 addresses (UInt128), if there are any.
        other: The column of what is neither, or spelled in another way (String), if there is any.
    """

    v4: str
    v6: str | None = None
    other: str | None = None

    @property
    def columns(self) -> dict[str, pl.DataType]:
        """The columns that there are, with their dtypes."""
        found = {self.v4: V4, self.v6: V6, self.other: pl.String()}
        return {name: dtype for name, dtype in found.items() if name is not None}

    @property
    def is_present(self) -> pl.Expr:
        """Whether the record has a value (Boolean, never null)."""
        return pl.any_horizontal(pl.col(name).is_not_null() for name in self.columns)

    @property
    def text(self) -> pl.Expr:
        """The addresses as they were logged (String)."""
        spell = {self.v4: _spell_v4, self.v6: _spell_v6}
        texts = [
            pl.col(name).map_batches(spelled, return_dtype=pl.String, is_elementwise=True)
            for name, spelled in spell.items()
            if name is not None
        ]
        if self.other is not None:
            texts.append(pl.col(self.other))
        return pl.coalesce(texts) if len(texts) > 1 else texts[0]

    def under(self, name: str) -> Address:
        """The same columns under names that begin with another one."""
        return Address(name, self.v6 and f"{name}.6", self.other and f"{name}.text")

    def union(self, other: Address) -> Address:
        """The columns that either of two has; both have the same first one."""
        return Address(self.v4, self.v6 or other.v6, self.other or other.other)


def kept(name: str, columns: Iterable[str]) -> Address:
    """How a column of addresses is kept in a frame that has these columns."""
    whole = Address(name, "6", "text").under(name)
    have = frozenset(columns)
    return Address(name, whole.v6 if whole.v6 in have else None, whole.other if whole.other in have else None)


def numbered(texts: pl.Series) -> Iterator[pl.Series]:
    """The columns that a column of addresses is kept in.

    Args:
        texts: The addresses (String), under their column's name.

    Yields:
        UInt32 under the same name; then, if any has such a value, UInt128 and String as ``kept`` names them.
    """
    address = Address(texts.name, "6", "text").under(texts.name)
    # Each different text is looked at once; the codes of a dictionary of them lead back to the rows.
    coded = texts.cast(pl.Categorical(pl.Categories.random()))
    codes = coded.unique().drop_nulls()
    different = pl.DataFrame({"text": codes.cast(pl.String), "code": codes.to_physical()})
    octets = pl.col("text").str.split_exact(".", 3)
    first, second, third, fourth = (octets.struct.field(f"field_{place}").cast(V4) for place in range(4))
    v4 = different.filter(pl.col("text").str.contains(_IS_V4)).with_columns(
        v4=(first * 2**24 + second * 2**16 + third * 2**8 + fourth).cast(V4)
    )
    numbers = v4
    if v4.height < different.height:
        rest = different.join(v4, on="text", how="anti")
        v6 = pl.Series("v6", [_canonical_v6(text) for text in rest["text"]], dtype=V6)
        more = rest.with_columns(v6, other=pl.when(v6.is_null()).then("text"))
        numbers = pl.concat([v4, more], how="diagonal")
    # Codes count from 0, so that a number's place is its code.
    frame = numbers.sort("code")[coded.to_physical()]
    yield frame["v4"].alias(texts.name)
    for column, name in (("v6", address.v6), ("other", address.other)):
        if name is not None and column in frame.columns and frame[column].null_count() < frame.height:
            yield frame[column].alias(name)


def sort_key(name: str, address: Address | None, *, wide: bool) -> pl.Expr:
    """What a column of addresses is sorted by: IPv4 first, each by its number; whatever is neither has none.

    Args:
        name: The column.
        address: How it is kept as numbers; ``None`` where it is text.
        wide: Whether there are IPv6 addresses anywhere, so that keys have to be UInt128 and not UInt64.
    """
    dtype = V6 if wide else pl.UInt64()
    if address is None:
        return pl.col(name).map_batches(_numbers, return_dtype=V6, is_elementwise=True)
    v4 = pl.col(address.v4).cast(dtype)
    return v4 if address.v6 is None else pl.coalesce(v4, pl.col(address.v6) + pl.lit(2**32, V6))


def _numbers(texts: pl.Series) -> pl.Series:
    found = pl.DataFrame(list(numbered(texts.alias("a"))))
    key = sort_key("a", kept("a", found.columns), wide=True)
    return found.select(key.alias(texts.name)).to_series()


def _canonical_v6(text: str) -> int | None:
    """The number of an IPv6 address that is spelled as it would be written from its number."""
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    return int(address) if str(ipaddress.IPv6Address(int(address))) == text else None


def _spell_v4(numbers: pl.Series) -> pl.Series:
    """Put an address together from the texts of its halves: three times as fast as from its four octets."""
    halves = _halves()
    frame = pl.DataFrame(
        [halves.gather(numbers // 2**16).alias("0"), halves.gather(numbers % 2**16).alias("1")]
    )
    return frame.select(pl.concat_str("0", "1", separator=".").alias(numbers.name)).to_series()


def _spell_v6(numbers: pl.Series) -> pl.Series:
    different = numbers.unique().drop_nulls().to_list()
    texts = [str(ipaddress.IPv6Address(number)) for number in different]
    names = pl.DataFrame({"number": different, "text": texts}, schema={"number": V6, "text": pl.String()})
    return (
        numbers.to_frame("number")
        .join(names, on="number", how="left", maintain_order="left")["text"]
        .alias(numbers.name)
    )


@cache
def _halves() -> pl.Series:
    """The texts of all numbers of 16 bits: two of them make an address."""
    number = pl.int_range(2**16, dtype=pl.UInt32)
    return pl.select(pl.format("{}.{}", number // 256, number % 256)).to_series()
