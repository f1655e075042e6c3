"""What was made of things in the last seconds: it is at hand while it is asked for again and again."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by what they were made of; for any thread."""

    def __init__(self, seconds: float) -> None:
        """Keep nothing yet.

        Args:
            seconds: For how long a value is kept after it was asked for; it is let go when another one is.
        """
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: weakref.WeakKeyDictionary[K, tuple[float, V]] = weakref.WeakKeyDictionary()

    def of(self, thing: K, make: Callable[[], V]) -> V:
        """The value of a thing, made if there is none.

        Args:
            thing: Can be hashed and goes at any time; its value goes with it.
            make: Makes the value.
        """
        now = time.monotonic()
        with self._lock:
            for old in [key for key, (asked, _) in self._kept.items() if asked < now - self._seconds]:
                del self._kept[old]
            known = self._kept.get(thing)
        value = known[1] if known is not None else make()
        with self._lock:
            self._kept[thing] = now, value
        return value
