"""What the parser does at the rules of commands: from their parts to nodes of ``query.commands``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from query import commands, tree
from query.errors import QueryError, Span, quoted, span_of
from query.terms import Bare, Part, condition_of, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token

# A named group, as RE2 writes it; a backslash before the parenthesis makes it none.
_GROUP = re.compile(r"(?<!\\)\(\?P?<(?P<name>[A-Za-z_]\w*)>")
_TRUE, _FALSE = frozenset({"true", "1", "t"}), frozenset({"false", "0", "f"})


def unquoted(text: str) -> str:
    """A name without its backticks."""
    return re.sub("`((?:[^`]|``)+)`", lambda found: found[1].replace("``", "`"), text)


class BuildCommands:
    """The callbacks of the commands."""

    def query(self, parts: Sequence[commands.Command]) -> commands.Query:
        """All commands."""
        return commands.Query(tuple(parts))

    def items(self, parts: Sequence[commands.Item]) -> tuple[commands.Item, ...]:
        """Values with their names."""
        return tuple(parts)

    def by(self, parts: tuple[tuple[commands.Item, ...]]) -> tuple[tuple[commands.Item, ...]]:
        """What rows are grouped by."""
        return parts

    def item(self, parts: Sequence[Part | str]) -> commands.Item:
        """A value, and its alias if it has one; the name of one without is known to ``query.parse``."""
        part = cast("Part", parts[0])
        name = str(parts[1]) if len(parts) > 1 else ""
        return commands.Item(value_of(part), name, bool(name), span=part.span)

    def names(self, parts: Sequence[str]) -> tuple[str, ...]:
        """The names after ``as``."""
        return tuple(parts)

    def alias(self, parts: Sequence[Token]) -> str:
        """A new name."""
        return unquoted(str(parts[0]))

    def fields(self, parts: tuple[tuple[commands.Item, ...]]) -> commands.Command:
        """``fields``."""
        return commands.Fields(parts[0], span=_span(parts[0]))

    def display(self, parts: tuple[tuple[commands.Item, ...]]) -> commands.Command:
        """``display``."""
        return commands.Display(parts[0], span=_span(parts[0]))

    def keep(self, parts: tuple[Part]) -> commands.Command:
        """``filter`` and its other names."""
        condition = condition_of(parts[0])
        return commands.Filter(condition, span=condition.span)

    def parse(self, parts: Sequence[Part | tuple[str, ...]]) -> commands.Command:
        """``parse``."""
        names: tuple[str, ...] = ()
        if isinstance(parts[-1], tuple):
            *parts, names = cast("list[tuple[str, ...]]", parts)
        *source, pattern = cast("list[Part]", parts)
        field = _field(source[0]) if source else tree.Field("@message", span=pattern.span)
        wanted = _names(cast("tree.Literal | tree.Regex", pattern), names)
        span = field.span.to(pattern.span)
        return commands.Parse(field, cast("tree.Literal | tree.Regex", pattern), wanted, span=span)

    def stats(self, parts: Sequence[tuple[commands.Item, ...]]) -> commands.Command:
        """``stats``."""
        items, *by = parts
        keys = cast("tuple[commands.Item, ...]", by[0][0]) if by else ()
        return commands.Stats(items, keys, span=_span((*items, *keys)))

    def sort_key(self, parts: Sequence[Part | Token]) -> commands.SortKey:
        """A key of ``sort`` and its direction."""
        part, *direction = parts
        value = value_of(cast("Part", part))
        descending = bool(direction) and cast("Token", direction[0]).type == "DESC"
        return commands.SortKey(value, descending, span=value.span)

    def sort(self, parts: Sequence[commands.SortKey]) -> commands.Command:
        """``sort``."""
        return commands.Sort(tuple(parts), span=_span(parts))

    def limit(self, parts: Sequence[Token]) -> commands.Command:
        """``limit``; with ``any`` before the number AWS may stop early, which changes nothing here."""
        token = parts[-1]
        if token.type == "ANY":
            return commands.Limit(None, span=span_of(token))
        if len(token) > 12 or not 1 <= int(token) <= commands.LARGEST_LIMIT:
            hint = "Write 'limit any' for all rows."
            raise QueryError.at(
                span_of(token), f"limit takes a number from 1 to {commands.LARGEST_LIMIT:,}.", hint
            )
        return commands.Limit(int(token), span=span_of(token))

    def dedup(self, parts: Sequence[Part]) -> commands.Command:
        """``dedup``."""
        return commands.Dedup(tuple(map(_field, parts)), span=_span(parts))

    def pattern(self, parts: tuple[Part]) -> commands.Command:
        """``pattern``."""
        return commands.Pattern(_field(parts[0]), span=parts[0].span)

    def diff(self, parts: Sequence[Token]) -> commands.Command:
        """``diff``."""
        word, *shifts = parts
        span = span_of(word).to(span_of(parts[-1]))
        if not shifts:
            return commands.Diff(span=span)
        shift = "previous" + shifts[0].lower().removeprefix("previous").capitalize()
        return commands.Diff(cast("commands.Shift", shift), span=span)

    def unnest(self, parts: tuple[Part, str]) -> commands.Command:
        """``unnest``."""
        return commands.Unnest(_field(parts[0]), parts[1], span=parts[0].span)

    def option(self, parts: Sequence[Token]) -> tuple[Token, Token]:
        """An option of ``addtotals``."""
        return parts[0], parts[-1]

    def add_totals(self, parts: Sequence[Token | Part | tuple[Token, Token]]) -> commands.Command:
        """``addtotals``."""
        word, *rest = parts
        given: dict[str, Token] = {}
        for part in rest:
            if isinstance(part, tuple):
                given[part[0].lower()] = part[1]
        fields = tuple(_field(cast("Part", part)) for part in rest if not isinstance(part, tuple))
        title = str(given.get("fieldname", "Total"))
        row, col = (
            _truth(given[name]) if name in given else default
            for name, default in (("row", True), ("col", False))
        )
        return commands.AddTotals(fields, title, row, col, span=span_of(cast("Token", word)))

    def fill(self, parts: tuple[tree.Literal, Part]) -> tuple[str | int | float, tree.Field]:
        """A value and the field that it is for."""
        return parts[0].value, _field(parts[1])

    def fill_missing(self, parts: Sequence[Token | tuple[str | int | float, tree.Field]]) -> commands.Command:
        """``fillmissing``."""
        word, *values = parts
        fills = cast("list[tuple[str | int | float, tree.Field]]", values)
        return commands.FillMissing(tuple(fills), span=span_of(cast("Token", word)))

    def output(self, parts: Sequence[str]) -> tuple[str, str]:
        """A column of a table, and the name that it gets."""
        return parts[0], parts[-1]

    def cidr_lookup(self, parts: Sequence[Part | Token | str | tuple[str, str]]) -> commands.Command:
        """``cidrlookup``."""
        table, source, *rest = parts
        outputs = tuple(part for part in rest if isinstance(part, tuple))
        word = next(part for part in rest if getattr(part, "type", "").startswith("OUTPUT"))
        column = next((str(part) for part in rest if type(part) is str), None)
        field = _field(cast("Part", source))
        return commands.CidrLookup(
            str(table),
            field,
            column,
            outputs,
            cast("Token", word).type == "OUTPUTNEW",
            span=span_of(cast("Token", table)).to(field.span),
        )

    def chart(self, parts: tuple[Token]) -> commands.Command:
        """``chart``."""
        kind = parts[0].lower()
        if kind not in commands.CHARTS:
            known = ", ".join(commands.CHARTS)
            raise QueryError.at(
                span_of(parts[0]), f"{quoted(str(parts[0]))} is no chart.", f"There are {known}."
            )
        return commands.Chart(kind, span=span_of(parts[0]))


def _span(parts: Sequence[commands.Item | commands.SortKey | Part]) -> Span:
    return parts[0].span.to(parts[-1].span)


def _field(part: Part) -> tree.Field:
    """A part that the grammar has as a field."""
    return tree.Field(part.text, span=part.span) if isinstance(part, Bare) else cast("tree.Field", part)


def _names(pattern: tree.Literal | tree.Regex, names: tuple[str, ...]) -> tuple[str, ...]:
    """What the pieces that a pattern finds are called."""
    if isinstance(pattern, tree.Regex):
        if names:
            hint = "Name the groups inside it: (?<name>…)."
            raise QueryError.at(pattern.span, "After a /pattern/ there is no 'as'.", hint)
        found = tuple(match["name"] for match in _GROUP.finditer(pattern.pattern))
        if not found:
            hint = "Write it like /user=(?<user>[a-z]+)/."
            raise QueryError.at(pattern.span, "This pattern has no named group, so it finds nothing.", hint)
        return found
    stars = str(pattern.value).count("*")
    if stars != len(names) or not stars:
        what = f"{stars} '*' for {len(names)} name{'s' * (len(names) != 1)}"
        raise QueryError.at(
            pattern.span,
            f"This pattern has {what}.",
            'Write it like parse @message "user=*, id=*" as user, id.',
        )
    return names


def _truth(token: Token) -> bool:
    if token.lower() not in _TRUE | _FALSE:
        raise QueryError.at(span_of(token), f"Expected true or false, not {quoted(str(token))}.")
    return token.lower() in _TRUE
