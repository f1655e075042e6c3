"""What time it is: asked here and nowhere else, so that tests and pictures can say it themselves."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time of this machine's clock, in UTC."""
    return datetime.now(UTC)
