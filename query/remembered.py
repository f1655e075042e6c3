"""What was found in parts of the logs, kept for the next time as long as the parts live.

A new delivery makes a data set that shares nearly all of its parts with the one before. What was found in
a part, or in several together, holds for as long as there are these parts, for a part never changes; so only
the new ones have to be looked at. A ``Memory`` holds no part: what is known of one goes with it.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict, deque
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    import polars as pl

    from loaders.parts import Part

T = TypeVar("T")
MB = 2**20
"""Bytes."""
_MOST_QUESTIONS = 256
# What takes more than this share of all the room is not worth forgetting everything else for.
_LARGEST_SHARE = 4


def size_of(*columns: pl.DataFrame | pl.Series | None) -> int:
    """The bytes of frames and columns."""
    return int(sum(column.estimated_size() for column in columns if column is not None))


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """What is known of some parts.

    Attributes:
        numbers: The numbers that a memory gave to the parts; later ones are higher.
        value: What was found in them together.
        size: The bytes of it.
    """

    numbers: frozenset[int]
    value: T
    size: int


class Memory(Generic[T]):
    """Answers to questions, by the parts that they hold for; the questions asked last are kept.

    Any thread may use it. Values must hold no reference to a part, or it would live on.
    """

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        """Begin with nothing.

        Args:
            most: How many bytes all values may have together.
            size: How many bytes a value has.
        """
        self._most, self._size = most, size
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, dict[frozenset[int], Piece[T]]] = OrderedDict()
        self._bytes = 0
        self._count = count()
        self._numbers: dict[weakref.ref[Part], int] = {}
        # A part can go at any moment, also while the lock is held; what is known of it goes at the next.
        self._gone: deque[weakref.ref[Part]] = deque()

    @property
    def bytes(self) -> int:
        """How many bytes all values have."""
        with self._lock:
            self._forget_gone()
            return self._bytes

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()
            self._bytes = 0

    def of(self, part: Part, question: Hashable, find: Callable[[], T]) -> T:
        """What holds for one part: what is known, else what ``find`` finds, which is kept."""
        pieces, _ = self.known(question, (part,))
        if pieces:
            return pieces[0].value
        return self.keep(question, (part,), find()).value

    def was_asked(self, question: Hashable) -> bool:
        """Whether anything is known for a question, of whatever parts."""
        with self._lock:
            self._forget_gone()
            return question in self._known

    def known(self, question: Hashable, parts: Sequence[Part]) -> tuple[list[Piece[T]], list[Part]]:
        """What is known of some parts.

        Returns:
            Pieces that have no part in common and hold for none but these parts, the oldest first; and the
            parts of which nothing is known, in their order.
        """
        with self._lock:
            self._forget_gone()
            numbers = {self._number(part): part for part in parts}
            found: list[Piece[T]] = []
            if question not in self._known:
                return found, list(parts)
            self._known.move_to_end(question)
            for piece in sorted(self._known[question].values(), key=lambda piece: -len(piece.numbers)):
                if piece.numbers <= numbers.keys():
                    found.append(piece)
                    for number in piece.numbers:
                        del numbers[number]
            return sorted(found, key=lambda piece: max(piece.numbers)), list(numbers.values())

    def keep(
        self, question: Hashable, parts: Iterable[Part], value: T, instead_of: Iterable[Piece[T]] = ()
    ) -> Piece[T]:
        """Keep what was found in some parts, if there is room.

        Args:
            question: What was asked: all that the value depends on, beside the parts.
            parts: Where it was found.
            value: What was found.
            instead_of: Pieces that are part of it; those are forgotten, and it holds for their parts too.
        """
        with self._lock:
            self._forget_gone()
            old = list(instead_of)
            numbers = frozenset(self._number(part) for part in parts).union(*(one.numbers for one in old))
            piece = Piece(numbers, value, self._size(value))
            if piece.size * _LARGEST_SHARE > self._most or not self._are_there(numbers):
                return piece
            known = self._known.setdefault(question, {})
            self._known.move_to_end(question)
            for one in (*old, piece):
                self._drop(known, one.numbers)
            known[numbers] = piece
            self._bytes += piece.size
            while self._bytes > self._most or len(self._known) > _MOST_QUESTIONS:
                _, oldest = self._known.popitem(last=False)
                self._bytes -= sum(one.size for one in oldest.values())
            return piece

    def _number(self, part: Part) -> int:
        """The number of a part, given to it when it is first met and never to another one."""
        reference = weakref.ref(part, self._gone.append)
        if reference not in self._numbers:
            self._numbers[reference] = next(self._count)
        return self._numbers[reference]

    def _are_there(self, numbers: frozenset[int]) -> bool:
        return numbers <= set(self._numbers.values())

    def _forget_gone(self) -> None:
        gone = set()
        while self._gone:
            number = self._numbers.pop(self._gone.popleft(), None)
            if number is not None:
                gone.add(number)
        if not gone:
            return
        for question, known in list(self._known.items()):
            for numbers in [numbers for numbers in known if numbers & gone]:
                self._drop(known, numbers)
            if not known:
                del self._known[question]

    def _drop(self, known: dict[frozenset[int], Piece[T]], numbers: frozenset[int]) -> None:
        piece = known.pop(numbers, None)
        if piece is not None:
            self._bytes -= piece.size
