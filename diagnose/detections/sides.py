"""Which addresses are inside, and which are the internet's: many at once, by their numbers."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl

from diagnose.blocks import NOT_ADDRESSES, PRIVATE
from loaders.addresses import V4, V6, kept, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.blocks import Block
    from diagnose.lookup import Lookup
    from loaders.addresses import Address


def sides(texts: pl.Series, lookup: Lookup, own: pl.Series | None = None) -> pl.DataFrame:
    """Tell of each different address whose it is.

    Args:
        texts: Addresses (String), or whatever stands in their place.
        lookup: The blocks of the VPCs.
        own: Addresses that are known to be an interface's.

    Returns:
        ``address`` (String), each once; ``inside``, ``public`` (Boolean, never null): at most one is true,
        and of what is no address neither is.
    """
    different = texts.drop_nulls().unique().alias("address")
    if not different.len():
        return pl.DataFrame(schema={"address": pl.String, "inside": pl.Boolean, "public": pl.Boolean})
    frame = pl.DataFrame(list(numbered(different.alias("number"))))
    address = kept("number", frame.columns)
    inside = _in(address, (*PRIVATE, *lookup.every_block))
    if own is not None:
        inside = inside | pl.Series(different).is_in(own.implode())
    number = [name for name in (address.v4, address.v6) if name is not None]
    is_address = pl.any_horizontal(pl.col(name).is_not_null() for name in number)
    nobodys = _in(address, NOT_ADDRESSES)
    return frame.select(different, inside=is_address & inside, public=is_address & ~inside & ~nobodys)


def _in(address: Address, blocks: Iterable[Block]) -> pl.Expr:
    """Whether an address that is kept as numbers is in one of some blocks (never null)."""
    found = []
    for version, column, dtype in ((4, address.v4, V4), (6, address.v6, V6)):
        if column is None:
            continue
        for first, last in _merged(block for block in blocks if block.version == version):
            number = pl.col(column)
            found.append((number >= pl.lit(first, dtype)) & (number <= pl.lit(last, dtype)))
    return reduce(or_, (one.fill_null(value=False) for one in found), pl.lit(value=False))


def _merged(blocks: Iterable[Block]) -> list[tuple[int, int]]:
    """Stretches of addresses that cover the same as some blocks, none touching another."""
    found: list[tuple[int, int]] = []
    for first, last in sorted({(block.first, block.last) for block in blocks}):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found
