"""Read one ``.insights`` file: a head of comments that say what it is, and below it the query.

# title: Top talkers
# description: Which source addresses sent the most bytes?
# needs: srcaddr, bytes
# question: 13
# origin: Athena console: TopTalkers
# parameter: address, from srcaddr, like 10.0.1.10

Only the title is needed. All of the file is a query that AWS understands, once its parameters are filled in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from query.library.ready_made import Parameter, ReadyMade

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = re.compile(r"#\s*(title|description|needs|question|origin|parameter)\s*:\s*(.*?)\s*", re.IGNORECASE)
_PARAMETER = re.compile(r"(\w+)\s*,\s*from\s+(\S+?)\s*,\s*like\s+(.+)", re.IGNORECASE)


class LibraryError(Exception):
    """A file is no ready-made query; the message names the file and says what to do."""


def read_file(path: Path, section: str) -> ReadyMade:
    """Read a ready-made query.

    Args:
        path: The file.
        section: The section that it is shipped in; empty for a person's own.

    Raises:
        LibraryError: It cannot be read, has no title or no query, or a parameter is not as it has to be.
    """
    try:
        # A pipe would be waited for.
        if path.exists() and not path.is_file():
            raise LibraryError(f"{path} cannot be read: it is no regular file.")
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LibraryError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise LibraryError(f"{path} cannot be read: it is not UTF-8 text.") from None
    head, text = _split(content)
    if not head.get("title", [""])[0]:
        raise LibraryError(f"{path} has no title. Begin it with a line '# title: …'.")
    if not text:
        raise LibraryError(f"{path} has no query below its title.")
    query = ReadyMade(
        name=path.stem,
        title=head["title"][0],
        description=" ".join(head.get("description", [])),
        text=text,
        needs=tuple(need for line in head.get("needs", []) for need in re.findall(r"[^\s,]+", line)),
        questions=tuple(
            int(number) for line in head.get("question", []) for number in re.findall(r"[0-9]+", line)
        ),
        origin=" ".join(head.get("origin", [])),
        parameters=tuple(_parameter(path, line) for line in head.get("parameter", [])),
        section=section,
        own=not section,
    )
    for name in query.stray_placeholders:
        raise LibraryError(
            f"{path}: nothing can be put in for {{{{{name}}}}}. "
            f"It needs quotes around it, and a line '# parameter: {name}, from FIELD, like SAMPLE'."
        )
    return query


def _split(content: str) -> tuple[dict[str, list[str]], str]:
    """Take what the comments at the top say apart from the query; other comments stay with the query."""
    head: dict[str, list[str]] = {}
    rest = []
    at_top = True
    for line in content.split("\n"):
        at_top = at_top and (not line.strip() or line.lstrip().startswith("#"))
        found = _HEAD.fullmatch(line.strip()) if at_top else None
        if found:
            head.setdefault(found[1].lower(), []).append(found[2])
        else:
            rest.append(line)
    return head, "\n".join(rest).strip()


def _parameter(path: Path, line: str) -> Parameter:
    found = _PARAMETER.fullmatch(line)
    if found is None:
        raise LibraryError(f"{path}: write a parameter as '# parameter: NAME, from FIELD, like SAMPLE'.")
    return Parameter(*found.groups())
