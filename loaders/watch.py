"""Follow directories: read them once, then again wherever something changes.

One thread waits for what the file system tells, another one looks and reads. watchfiles loses some of what
happens in directories that have just appeared, and AWS makes a directory a day: those are looked at again a
little later. Where a file system tells nothing, everything is looked at every few seconds; and now and then
it is anyhow, so that nothing is missed for long.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from loaders.filesystems import silent_file_system
from loaders.run import Cancelled, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from watchfiles.main import FileChange

    from loaders.dataset import Dataset
    from loaders.discover import SourceFile
    from loaders.live import Live

_WAKE_MS = 2_000
# How long changes are gathered before they are looked at, and how long it must have been quiet for that.
_DEBOUNCE_MS, _QUIET_MS = 150, 30
# After one look the next one begins no sooner than this, or than as long as that one took.
_REST_SECONDS = 0.1
_LONGEST_REST = 0.5
# A directory that has changed is looked at again after so long each.
_AGAIN_SECONDS = (0.5, 2.0)
# Everything is looked at after so long, or so many times as long as that takes: a hundredth of the time.
_FULL_LOOK_SECONDS, _FULL_LOOK_SHARE = 60.0, 200
# The same where nothing tells of changes.
_POLL_SECONDS, _POLL_SHARE = 2.0, 20
# Watching is tried again after so long.
_RETRY_SECONDS = 600.0
# What a full look finds of this age nobody has told of.
_OLD_SECONDS = 10.0


@dataclass
class _Watch:
    """Waits in a thread for what the file system tells of some directories."""

    roots: Sequence[str]
    told: SimpleQueue[set[str] | Exception] = field(default_factory=SimpleQueue)
    stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        threading.Thread(target=self._work, name="flowtui-watch", daemon=True).start()

    def _work(self) -> None:
        try:
            for changes in self._changes():
                # Nothing is told, too: it says that it has begun.
                self.told.put({path for _, path in changes})
        except Exception as error:  # noqa: BLE001 - watchfiles raises what it likes
            self.told.put(error)

    def _changes(self) -> Iterator[set[FileChange]]:
        from watchfiles import watch

        tell = partial(
            watch,
            *self.roots,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            step=_QUIET_MS,
            rust_timeout=_WAKE_MS,
            yield_on_timeout=True,
            stop_event=self.stop,
            raise_interrupt=False,
        )
        try:
            # Told to overlook what may not be read, it overlooks as well that there are no watches left.
            yield from tell(ignore_permission_denied=False)
        except (PermissionError, FileNotFoundError):
            yield from tell(ignore_permission_denied=True)


class Follower:
    """A background thread that keeps a library up to date."""

    def __init__(
        self,
        open_library: Callable[[], Live],
        roots: Sequence[str],
        arrived: Callable[[Dataset], None],
        failed: Callable[[Exception], None],
        watching: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Say whom to tell; nothing is read before ``start``.

        Args:
            open_library: Makes the library; called in the thread, so that polars is loaded there.
            roots: The directories to watch.
            arrived: Called in the thread with each new data set.
            failed: Called in the thread when the logs cannot be read; it goes on watching.
            watching: Called in the thread with how it is found out what changes, when that is worth telling;
                with nothing when it is as usual.
        """
        self._open, self._roots = open_library, tuple(roots)
        self._arrived, self._failed, self._watching = arrived, failed, watching
        self._stop = threading.Event()
        self._ticket = Ticket()
        self._trouble: dict[str, str] = {}
        self._thread = threading.Thread(target=self._work, name="flowtui-follow", daemon=True)
        self._watch: _Watch | None = None
        self._identity: tuple[object, ...] = ()
        self._silent, self._how, self._retry = "", "", 0.0
        # When a directory, or everything (``None``), is looked at next.
        self._due: dict[str | None, list[float]] = {}
        self._is_new = False

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; does not wait for it."""
        self._ticket.cancel()
        self._stop.set()
        if self._watch is not None:
            self._watch.stop.set()
            self._watch.told.put(set())

    def join(self, seconds: float = 5.0) -> None:
        """Wait until the thread has ended, not for ever."""
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            library = self._open()
        except Exception as error:  # noqa: BLE001 - a dead thread would look like logs that never come
            self._failed(error)
            return
        self._watch_anew()
        self._refresh(library, None)
        while not self._stop.is_set():
            paths = self._next(library)
            if self._stop.is_set():
                break
            began = time.monotonic()
            self._refresh(library, paths)
            took = time.monotonic() - began
            self._stop.wait(min(max(_REST_SECONDS, took), _LONGEST_REST))
        library.close()

    # -- when and where to look -------------------------------------------------------------------------

    def _next(self, library: Live) -> set[str] | None:
        """Wait until there is something to look at: some paths, or everything."""
        while True:
            now, patience = time.monotonic(), library.wait
            due = [path for path, times in self._due.items() if times[0] <= now]
            if None in due:
                return None
            waits = [times[0] - now for times in self._due.values()]
            if patience is not None:
                waits.append(patience)
            changed = self._changed(0.0 if due else max(0.0, min(waits)))
            if changed is None:
                return None
            for path in due:
                self._due_again(path, self._due[path][1:])
            for path in changed:
                if Path(path).is_dir():
                    self._due_again(path, [now + later for later in _AGAIN_SECONDS])
            changed.update(path for path in due if path is not None)
            is_due = patience is not None and time.monotonic() - now >= patience
            if changed or is_due or self._stop.is_set():
                return changed

    def _due_again(self, path: str | None, times: list[float]) -> None:
        if times:
            self._due[path] = times
        else:
            self._due.pop(path, None)

    def _changed(self, wait: float) -> set[str] | None:
        """What the file system has told of within some seconds; ``None`` if it will tell no more."""
        if self._watch is None:
            self._stop.wait(wait)
            return set()
        changed: set[str] = set()
        try:
            told = self._watch.told.get(timeout=wait) if wait else self._watch.told.get_nowait()
            while True:
                if isinstance(told, Exception):
                    self._tell("watching", told)
                    self._poll("the system watches no more directories")
                    return None
                changed |= told
                self._trouble.pop("watching", None)
                told = self._watch.told.get_nowait()
        except Empty:
            return changed

    def _watch_anew(self) -> None:
        """Watch the directories that are there now; a directory that comes back is another one."""
        if self._watch is not None:
            self._watch.stop.set()
        self._identity, self._watch = _identity(self._roots), None
        if kind := silent_file_system(self._roots):
            self._poll(f"{kind} tells of no changes")
            return
        self._watch = _Watch([str(Path(root).resolve()) for root in self._roots])
        self._watch.start()
        # What comes until it has begun is told by nobody, and found by another look.
        self._is_new = True
        self._silent = ""
        self._say("")

    def _poll(self, why: str) -> None:
        """Look at everything every few seconds from now on."""
        if self._watch is not None:
            self._watch.stop.set()
            self._watch = None
        self._silent, self._retry = why, time.monotonic() + _RETRY_SECONDS

    def _plan(self, began: float) -> None:
        """Say when everything is looked at the next time."""
        now = time.monotonic()
        took = now - began
        if self._silent or self._trouble:
            wait = max(_POLL_SECONDS, _POLL_SHARE * took)
            self._say(f"{self._silent}: looking every {wait:.0f} s" if self._silent else "")
        elif self._is_new:
            wait = _WAKE_MS / 1000
        else:
            wait = max(_FULL_LOOK_SECONDS, _FULL_LOOK_SHARE * took)
        self._is_new = False
        self._due[None] = [now + wait]

    def _say(self, how: str) -> None:
        if how != self._how:
            self._how = how
            self._watching(how)

    # -- looking ----------------------------------------------------------------------------------------

    def _refresh(self, library: Live, paths: set[str] | None) -> None:
        began, before, is_same = time.monotonic(), library.there, _identity(self._roots) == self._identity
        if not is_same or (paths is None and self._silent and time.monotonic() > self._retry):
            self._watch_anew()
            paths = None
        try:
            for dataset in library.refresh(self._ticket, paths=paths):
                self._arrived(dataset)
            if self._trouble.pop("reading", None):
                self._watch_anew()
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - told to the reader, and the watch goes on
            self._tell("reading", error)
        if paths is None or self._trouble:
            watched = self._watch is not None and None in self._due and is_same and not self._trouble
            if watched and _missed(before, library.there):
                self._poll("changes came that were not told")
            self._plan(began)

    def _tell(self, doing: str, error: Exception) -> None:
        """Tell of trouble once, however often it is met."""
        if str(error) != self._trouble.get(doing):
            self._trouble[doing] = str(error)
            self._failed(error)


def _identity(roots: Sequence[str]) -> tuple[object, ...]:
    """What tells directories from others of the same names."""
    found: list[object] = []
    for root in roots:
        try:
            status = Path(root).stat()
            found.append((str(Path(root).resolve()), status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return tuple(found)


def _missed(before: Mapping[str, SourceFile], now: Mapping[str, SourceFile]) -> bool:
    """Whether files are new that have been there for a while."""
    old = (time.time() - _OLD_SECONDS) * 1e9
    return any(0 < now[path].fingerprint[3] < old for path in now.keys() - before.keys())
