"""The filter bar: a line to type a filter or a time on, green or red as it is typed, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.sanitise import clean
from tui.widgets.typing import TypedLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget


_HINT = "reject  10.0.0.0/8  :22  eni-…  bytes > 1MB   ⏎ shows all"


Judge = Callable[[str], tuple[bool, str]]
"""Says of a text whether it will do, and what it means or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for on the line.

    Attributes:
        label: What it is called.
        judge: What will do.
        hint: What is told while nothing is typed.
    """

    label: str
    judge: Judge
    hint: str


class FilterBar(Horizontal):
    """The line where a filter is typed, and its result is told; now and then it asks for something else."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")

    class Submitted(Message):
        """A filter that holds was entered."""

        def __init__(self, text: str) -> None:
            """Carry the filter as typed."""
            super().__init__()
            self.text = text

    class Answered(Message):
        """Something else was entered."""

        def __init__(self, question: Question, text: str) -> None:
            """Carry it as typed."""
            super().__init__()
            self.question, self.text = question, text

    def __init__(self, judge: Judge, heir: Callable[[], Widget]) -> None:
        """Make a bar.

        Args:
            judge: Says of a text whether it is a filter, and what it means or what is wrong with it.
            heir: Says who gets the focus when typing is over.
        """
        super().__init__(id="filter")
        self._filter = self._asked = Question("filter", judge, _HINT)
        self._heir = heir
        self._text = ""

    def compose(self) -> ComposeResult:
        """Hold a prompt, the text and what there is to say."""
        yield Static(" filter ", id="filter-label", markup=False)
        yield TypedLine("filter-input", self._does)
        yield Static("", id="filter-told", markup=False)

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    def edit(self) -> None:
        """Begin typing a filter."""
        self._ask(self._filter, self._text)

    def ask(self, question: Question) -> None:
        """Begin typing something else."""
        self._ask(question, "")

    def _ask(self, question: Question, text: str) -> None:
        self._put(question, text)
        self.screen.set_focus(self._input)
        self._input.cursor_position = len(text)
        self._look(text)

    def _put(self, question: Question, text: str) -> None:
        self._asked = question
        self.query_one("#filter-label", Static).update(Content(f" {question.label} "))
        with self.prevent(Input.Changed):
            self._input.value = text

    def set_text(self, text: str) -> None:
        """Show a filter that was set elsewhere."""
        self._text = text
        self._put(self._filter, text)
        self._paint("")

    def tell(self, text: str, tone: str = "dim") -> None:
        """Say something beside the filter; ``tone`` is ``dim``, ``warn`` or ``reject``."""
        self.query_one("#filter-told", Static).update(Content.styled(f"{clean(text)} ", f"$flow-{tone}"))

    def _does(self, key: str) -> bool:
        """Enter and Escape end the typing."""
        if key == "enter":
            self.submit()
        elif key == "escape":
            self.leave()
        return key in {"enter", "escape"}

    @property
    def typing(self) -> bool:
        """Whether keys are for the text: at once when ``edit`` was called, which ``has_focus`` is not."""
        return self.screen.focused is self._input

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.typing:
            self._look(event.value)

    def _look(self, text: str) -> None:
        if not text.strip():
            self._paint("")
            self.tell(self._asked.hint)
            return
        good, told = self._asked.judge(text)
        self._paint("good" if good else "bad")
        self.tell(told if good else f"✗ {told}", "dim" if good else "reject")

    def _paint(self, verdict: str) -> None:
        self._input.set_class(verdict == "good", "-good")
        self._input.set_class(verdict == "bad", "-bad")

    def review(self) -> None:
        """Judge the filter that is set: one from the command line came before the fields were known."""
        good, told = self._filter.judge(self._text) if self._text else (True, "")
        if not good or told.startswith("!"):
            self.tell(told, "warn" if good else "reject")

    def submit(self) -> None:
        """Enter what was typed, if it will do."""
        text, asked = self._input.value.strip(), self._asked
        if text and not asked.judge(text)[0]:
            return
        is_filter = asked is self._filter
        self.set_text(text if is_filter else self._text)
        self.tell("")
        self.screen.set_focus(self._heir())
        if is_filter:
            self.post_message(self.Submitted(text))
        elif text:
            self.post_message(self.Answered(asked, text))

    def leave(self) -> None:
        """Give up typing: the filter stays as it was."""
        self.set_text(self._text)
        self.tell("")
        self.screen.set_focus(self._heir())
