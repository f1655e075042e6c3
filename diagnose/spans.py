"""Few blocks around many addresses, and few ranges around many ports."""

from __future__ import annotations

from bisect import bisect_left
from ipaddress import collapse_addresses, ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from diagnose.blocks import Block, block_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.blocks import Ip

_WIDTH = {4: 32, 6: 128}


def tight(version: int, first: int, last: int) -> Block:
    """The smallest block that holds two addresses, given as numbers."""
    width = _WIDTH[version]
    free = (first ^ last).bit_length()
    base = first >> free << free
    # The number alone would make an IPv4 address of a small IPv6 one.
    packed = base.to_bytes(width // 8, "big")
    text = str(ip_network((packed, width - free)))
    return Block(version, base, base + (1 << free) - 1, width - free, text)


def cover(addresses: Iterable[Ip], most: int) -> tuple[Block, ...]:
    """Blocks that hold all of some addresses and as few others as can be told quickly.

    The block around all is halved where that leaves out most, until there are as many as are allowed.

    Args:
        addresses: The addresses.
        most: So many blocks of each family.
    """
    found: list[Block] = []
    for version in (4, 6):
        numbers = sorted({int(one) for one in addresses if one.version == version}) if addresses else []
        if numbers:
            found += _halved(version, numbers, most)
    return tuple(found)


def _halved(version: int, numbers: Sequence[int], most: int) -> list[Block]:
    blocks = [tight(version, numbers[0], numbers[-1])]
    while len(blocks) < most:
        # What leaves out nothing yet may do so when its halves are halved: the largest of those then.
        loose = [block for block in blocks if block.size > _held(block, numbers)]
        if not loose:
            break
        chosen = max(loose, key=lambda block: (_gain(block, numbers), block.size, -block.first))
        place = blocks.index(chosen)
        blocks[place : place + 1] = _halves(chosen, numbers)
    networks: list[Any] = [ip_network(one.text) for one in blocks]
    return [block_of(str(network)) for network in collapse_addresses(networks)]


def _held(block: Block, numbers: Sequence[int]) -> int:
    """How many of some numbers lie in a block."""
    return bisect_left(numbers, block.last + 1) - bisect_left(numbers, block.first)


def _gain(block: Block, numbers: Sequence[int]) -> int:
    """How many addresses the halves of a block leave out."""
    return block.size - sum(half.size for half in _halves(block, numbers))


def _halves(block: Block, numbers: Sequence[int]) -> list[Block]:
    """The tight blocks around what lies in either half of a tight block of more than one address."""
    begin, end = bisect_left(numbers, block.first), bisect_left(numbers, block.last + 1)
    middle = bisect_left(numbers, block.first + block.size // 2)
    return [
        tight(block.version, numbers[begin], numbers[middle - 1]),
        tight(block.version, numbers[middle], numbers[end - 1]),
    ]


def ranges(numbers: Iterable[int], most: int) -> tuple[tuple[int, int], ...]:
    """Ranges that hold all of some numbers; of too many those closest to each other are joined."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    if len(found) <= most:
        return tuple(found)
    gaps = sorted(range(1, len(found)), key=lambda place: found[place - 1][1] - found[place][0])[: most - 1]
    starts = [0, *sorted(gaps), len(found)]
    return tuple((found[begin][0], found[end - 1][1]) for begin, end in pairwise(starts))
