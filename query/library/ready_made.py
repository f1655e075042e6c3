"""A ready-made query: what it asks, where it can be asked, and how its parameters are filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from query import names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
# What a placeholder can stand in. It is only ever filled in inside a string: elsewhere a value could be more
# than a value. The patterns are told from divisions by the word before them.
_PIECES = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"|(?P<comment>\#[^\n]*)"
    r"|`[^`]*`|(?:\blike|=~|\bparse(?:\s+[\w@.]+)?)\s*/(?:[^/\\]|\\.)+/",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that is asked for before a query runs.

    Attributes:
        name: Its name; ``{{name}}`` inside a string of the text stands for it.
        column: The column whose values can be offered.
        sample: The value that it has until another one is given.
    """

    name: str
    column: str
    sample: str


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A query that is offered by its title.

    Attributes:
        name: The file's name without ``.insights``.
        title: A few words, as a list shows them.
        description: The question that it answers, in one sentence.
        text: The query, with placeholders for its parameters.
        needs: The fields it cannot do without; in ``rcode|responseCode`` either will do.
        questions: The numbers of the questions that it answers in the list that the library was made from.
        origin: Whose query it is.
        parameters: What can be filled in.
        section: The folder of shipped queries that it is from, a key of ``SECTIONS``; empty if it is not.
        own: Whether a person has added it.
    """

    name: str
    title: str
    description: str
    text: str
    needs: tuple[str, ...] = ()
    questions: tuple[int, ...] = ()
    origin: str = ""
    parameters: tuple[Parameter, ...] = ()
    section: str = ""
    own: bool = False

    def fits(self, fields: Collection[str]) -> bool:
        """Whether logs have what the query needs.

        Args:
            fields: The columns of the logs and the fields of their messages, in any spelling.
        """
        return all(
            any(names.column_of(name, fields) is not None for name in need.split("|")) for need in self.needs
        )

    def filled(self, values: Mapping[str, object] | None = None) -> str:
        """The query with its parameters filled in.

        Args:
            values: Values by the names of parameters. What is missing or ``None`` takes its sample. A value
                stays the inside of a string, whatever characters it holds.
        """
        given = {name: str(value) for name, value in (values or {}).items() if value is not None}
        texts = {parameter.name: given.get(parameter.name, parameter.sample) for parameter in self.parameters}
        return _PIECES.sub(lambda piece: _with_values(piece, texts), self.text)

    @property
    def stray_placeholders(self) -> tuple[str, ...]:
        """The placeholders that nothing is put in for: no parameter is called so, or no string is around."""
        nothing = {parameter.name: "" for parameter in self.parameters}
        left = _PIECES.sub(
            lambda piece: "" if piece["comment"] else _with_values(piece, nothing),
            self.text,
        )
        return tuple(dict.fromkeys(_PLACEHOLDER.findall(left)))


def _with_values(piece: re.Match[str], texts: Mapping[str, str]) -> str:
    """A piece of a query; if it is a string, with these texts for its placeholders."""
    if not piece["string"]:
        return piece[0]
    return _PLACEHOLDER.sub(
        lambda found: _escaped(texts[found[1]]) if found[1] in texts else found[0], piece["string"]
    )


def _escaped(value: str) -> str:
    """A value as it stands in a string between quotes of either kind."""
    return re.sub(r"""([\\"'])""", r"\\\1", value)
