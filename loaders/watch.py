"""Follow directories: read them once, then again whenever something in them changes.

watchfiles tells of changes but loses some of those made in directories that have just appeared, and AWS makes
a directory a day; so a second look follows every change, and a full one comes now and then.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from loaders.run import Cancelled, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loaders.dataset import Dataset
    from loaders.load import Library

_WAKE_MS = 2_000
_DEBOUNCE_MS = 400
_FULL_LOOK_SECONDS = 60.0


class Follower:
    """A background thread that keeps a library up to date."""

    def __init__(
        self,
        open_library: Callable[[], Library],
        roots: Sequence[str],
        arrived: Callable[[Dataset], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Say whom to tell; nothing is read before ``start``.

        Args:
            open_library: Makes the library; called in the thread, so that polars is loaded there.
            roots: The directories to watch.
            arrived: Called in the thread with each new data set.
            failed: Called in the thread when the logs cannot be read; it goes on watching.
        """
        self._open, self._roots = open_library, tuple(roots)
        self._arrived, self._failed = arrived, failed
        self._stop = threading.Event()
        self._ticket = Ticket()
        self._trouble: dict[str, str] = {}
        self._thread = threading.Thread(target=self._work, name="flowtui-follow", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; does not wait for it."""
        self._ticket.cancel()
        self._stop.set()

    def _work(self) -> None:
        try:
            library = self._open()
        except Exception as error:  # noqa: BLE001 - a dead thread would look like logs that never come
            self._failed(error)
            return
        self._refresh(library)
        while not self._stop.is_set():
            try:
                self._watch(library)
            except Exception as error:  # noqa: BLE001 - watchfiles raises what it likes
                # No more inotify watches, or the directory went away: look without being told.
                if not self._trouble:
                    self._tell("watching", error)
                self._stop.wait(_WAKE_MS / 1000)
                self._refresh(library)
        library.close()

    def _watch(self, library: Library) -> None:
        from watchfiles import watch

        # What came between the last look and this watch is seen by a second look.
        looked, again, troubled = time.monotonic(), True, bool(self._trouble)
        for changes in watch(
            *self._roots,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            rust_timeout=_WAKE_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            self._trouble.pop("watching", None)
            if changes or again or time.monotonic() - looked > _FULL_LOOK_SECONDS:
                self._refresh(library)
                looked = time.monotonic()
            again = bool(changes)
            if troubled or self._trouble:
                return  # a directory that comes back is another one, and must be watched anew

    def _refresh(self, library: Library) -> None:
        try:
            for dataset in library.refresh(self._ticket):
                self._arrived(dataset)
            self._trouble.pop("reading", None)
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - told to the reader, and the watch goes on
            self._tell("reading", error)

    def _tell(self, doing: str, error: Exception) -> None:
        """Tell of trouble once, however often it is met."""
        if str(error) != self._trouble.get(doing):
            self._trouble[doing] = str(error)
            self._failed(error)
