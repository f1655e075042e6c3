"""Follow directories: read them once, then again whenever something in them changes.

watchfiles tells of changes but loses some of those made in directories that have just appeared, and AWS makes
a directory a day; so a second look follows every change, and a full one comes now and then.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from loaders.discover import NoLogsError
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
        self._trouble: str | None = None
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
        except NoLogsError as error:
            self._failed(error)
            return
        self._refresh(library)
        while not self._stop.is_set():
            try:
                self._watch(library)
            except OSError as error:
                # No more inotify watches, or the directory went away: look without being told.
                self._tell(error)
                self._stop.wait(_WAKE_MS / 1000)
                self._refresh(library)

    def _watch(self, library: Library) -> None:
        from watchfiles import watch

        looked, again = time.monotonic(), False
        for changes in watch(
            *self._roots,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            rust_timeout=_WAKE_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
        ):
            if changes or again or time.monotonic() - looked > _FULL_LOOK_SECONDS:
                self._refresh(library)
                looked = time.monotonic()
            again = bool(changes)

    def _refresh(self, library: Library) -> None:
        try:
            for dataset in library.refresh(self._ticket):
                self._arrived(dataset)
            self._trouble = None
        except Cancelled:
            return
        except (NoLogsError, OSError) as error:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Tell of trouble once, however often it is met."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            self._failed(error)
