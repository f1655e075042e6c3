"""The explorer's state and its only owner: the scope, the way that led to it, and the data it looks at.

No widget is known here. The screen asks for a change, gets the new scope, and requests what that needs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from loaders.dataset import Dataset
    from loaders.overlap import Overlap
    from query.scope import Scope
    from query.tree import Expr
    from query.view import View
    from tui.dashboards.alarms import Raised


class State:
    """What is looked at, how we came here, and what has been read."""

    def __init__(self, scope: Scope, *, following: bool) -> None:
        """Begin with a scope."""
        self._scope = scope
        self._back: list[Scope] = []
        self._forward: list[Scope] = []
        self.following = following
        self.dataset: Dataset | None = None
        self.view: View | None = None
        self.overlaps: tuple[Overlap, ...] = ()
        """Log groups that hold the same records."""
        self.raised: tuple[Raised, ...] = ()
        """Alarms whose limit is crossed."""
        self.frozen = False
        """Whether the screen stays as it is, whatever arrives."""
        self.held: Dataset | None = None
        """The newest data set that arrived while the screen was frozen; those before it are not kept."""
        self.delivered: datetime | None = None
        """When the last delivery was, as far as is known."""
        self.watching: str = ""
        """How it is found out what changes, where that is worth telling."""
        self.unseen = 0
        """Records that arrived above the first one on screen since it was last at the top."""

    @property
    def scope(self) -> Scope:
        """What is looked at."""
        return self._scope

    @property
    def held_back(self) -> int:
        """How many records there are more than those that the frozen screen knows of."""
        if self.held is None or self.dataset is None:
            return 0
        return max(0, self.held.height - self.dataset.height)

    @property
    def fields(self) -> Collection[str]:
        """The columns that what has been read has, and the fields of its messages."""
        return self.dataset.fields if self.dataset else ()

    def go(self, scope: Scope) -> bool:
        """Look at something else and remember the way; whether it was something else."""
        if scope == self._scope:
            return False
        self._back.append(self._scope)
        self._forward.clear()
        self._scope = scope
        return True

    @property
    def has_moved(self) -> bool:
        """Whether something else was looked at before."""
        return bool(self._back or self._forward)

    def back(self) -> bool:
        """Go back one step, if there is one."""
        return self._step(self._back, self._forward)

    def back_to(self, scope: Scope) -> bool:
        """Go back to a scope, if that is where we came from, else on to it; whether it is another one."""
        return self.back() if self._back and self._back[-1] == scope else self.go(scope)

    def forward(self) -> bool:
        """Go forward one step again, if there is one."""
        return self._step(self._forward, self._back)

    def _step(self, source: list[Scope], target: list[Scope]) -> bool:
        if not source:
            return False
        target.append(self._scope)
        self._scope = source.pop()
        return True

    def sort_by(self, column: str) -> bool:
        """Sort by a column, largest first; by the same column again, turn the order round."""
        down = not self._scope.descending if column == self._scope.sort else True
        return self.go(replace(self._scope, sort=column, descending=down))

    @property
    def counts_once(self) -> bool:
        """Whether what several flow logs hold is left out but once."""
        left_out = self._repeats()
        return bool(left_out) and all(term in self._terms() for term in left_out)

    def count_once(self) -> bool:
        """Leave out what several flow logs hold but once, or no longer; whether there is any such thing."""
        from query.tree import And, to_text

        left_out = self._repeats()
        terms = [term for term in self._terms() if term not in left_out]
        if not self.counts_once:
            terms += left_out
        text = to_text(And(tuple(terms))) if len(terms) > 1 else "".join(map(to_text, terms))
        return bool(left_out) and self.go(replace(self._scope, filter=text))

    def _repeats(self) -> tuple[Expr, ...]:
        """The conditions that leave out what one flow log repeats of another."""
        from query.once import counted_once

        return _terms(counted_once(self.overlaps))

    def _terms(self) -> tuple[Expr, ...]:
        """The conditions that all have to hold."""
        return _terms(self._scope.filter)

    def narrow(self, column: str, value: object, *, keep: bool) -> bool:
        """Add a condition on a value to the filter."""
        from query.parse import parse_filter
        from query.shorthand import condition
        from query.tree import Or

        term = condition(column, value, keep=keep)
        text = self._scope.filter.strip()
        if not text:
            return self.go(replace(self._scope, filter=term))
        tree = parse_filter(text)
        if parse_filter(term) in self._terms():
            return False
        joined = f"({text}) and {term}" if isinstance(tree, Or) else f"{text} and {term}"
        return self.go(replace(self._scope, filter=joined))


@lru_cache(maxsize=8)
def _terms(text: str) -> tuple[Expr, ...]:
    from query.parse import parse_filter
    from query.tree import And

    if not text.strip():
        return ()
    tree = parse_filter(text)
    return tree.terms if isinstance(tree, And) else (tree,)
