"""Which parts of the logs a scope reaches into, as far as their summaries tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loaders.parts import MINUTE

if TYPE_CHECKING:
    from loaders.parts import Part
    from query.scope import Scope


def inside(part: Part, scope: Scope) -> bool | None:
    """Whether all of a part is in scope, as far as its summary tells; ``None`` if nothing of it is."""
    whole_ = part.counting is None and not scope.filter.strip()
    for wanted, column in ((scope.group, "log_group"), (scope.stream, "log_stream")):
        if wanted is not None:
            here = part.summary[column] == wanted
            if not here.any():
                return None
            whole_ = whole_ and bool(here.all())
    if part.span is None:
        return whole_ and not (scope.since or scope.until)
    first, last = part.span
    if (scope.since and last < scope.since) or (scope.until and first >= scope.until):
        return None
    if scope.since or scope.until:
        timed = part.minutes is not None and not part.minutes[MINUTE].null_count()
        whole_ = whole_ and timed and (not scope.since or first >= scope.since)
        whole_ = whole_ and (not scope.until or last < scope.until)
    return whole_
