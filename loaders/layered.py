"""A mapping that grows, of which every state is kept: later ones share with earlier ones what both have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

# So many entries are copied each time; of more of them a new base is made, which is shared again.
_MOST = 1024


class Layered(Mapping[K, V]):
    """What there was before, and a few entries more."""

    __slots__ = ("_base", "_more")

    def __init__(self, base: Mapping[K, V], more: dict[K, V]) -> None:
        """Lay entries over others.

        Args:
            base: The others; they never change.
            more: Those that count.
        """
        self._base, self._more = base, more

    def __getitem__(self, key: K) -> V:
        return self._more[key] if key in self._more else self._base[key]

    def __iter__(self) -> Iterator[K]:
        yield from self._base
        yield from (key for key in self._more if key not in self._base)

    def __len__(self) -> int:
        return len(self._base) + sum(key not in self._base for key in self._more)

    def __contains__(self, key: object) -> bool:
        return key in self._more or key in self._base


def joined(before: Mapping[K, V], more: Mapping[K, V]) -> Mapping[K, V]:
    """Entries of which the later ones count; neither mapping is changed or copied as a whole."""
    base, over = (before._base, before._more) if isinstance(before, Layered) else (before, {})  # noqa: SLF001
    over = {**over, **more}
    return Layered(base, over) if len(over) <= _MOST else {**base, **over}
