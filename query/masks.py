"""What is variable in a message, such as times, addresses and numbers, replaced by marks, natively.

Only the polars back end imports this. A mark is one private code point, so that text with marks stays short
while patterns are counted and merged; ``numbered`` turns the marks into what is shown, such as ``<Time-1>``.
"""

from __future__ import annotations

import polars as pl

# Only so many characters of a message count.
_LONGEST = 2_000

_TIME, _UUID, _RESOURCE, _IP, _NUMBER, TOKEN = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004", "\ue005"
_NAMES = {
    _TIME: "Time",
    _UUID: "UUID",
    _RESOURCE: "ResourceID",
    _IP: "IP",
    _NUMBER: "Number",
    TOKEN: "Token",
}
# Where the number of a placeholder will stand.
_ORDINAL = "\ue006"
_RESERVED = f"[{_TIME}-{_ORDINAL}]"

# The edge of a word. ASCII is enough for what is masked here, and much faster.
_EDGE = r"(?-u:\b)"

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = "[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
_ZONE = "(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
_TIMES = (
    f"[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}(?:[T ]{_CLOCK}{_ZONE})?",
    f"[0-9]{{2}}/{_MONTH}/[0-9]{{4}}:{_CLOCK}{_ZONE}",  # web servers
    f"{_MONTH} [ 0-9][0-9] {_CLOCK}",  # syslog
    f"{_CLOCK}{_ZONE}",
)

_UUIDS = ("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",)
_RESOURCES = (r"arn:aws[a-z-]*:[^\s\"',;)\]}]*[^\s\"',;)\]}.:]", "[a-z]{1,10}-[0-9a-f]{8,17}")

_HEX = "[0-9a-fA-F]{1,4}"
_ADDRESSES = (
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
    f"(?:{_HEX}:){{7}}{_HEX}",
    f"(?:{_HEX}:){{1,7}}(?::{_HEX})+",
)
# "2001:db8::" ends where no word ends. It starts with a digit, or as a local one does, for "a::" is a name.
_OPEN_ADDRESS = f"{_EDGE}(?:[0-9][0-9a-fA-F]{{0,3}}|f[c-f][0-9a-f]{{2}})(?::{_HEX}){{0,6}}::"
# "::1" does not start at the edge of a word. What stands before it is looked at, and kept.
_SHORT_ADDRESS = rf"(^|[\s\[(\"'=,])::(?:{_HEX}:)*{_HEX}"

_UNIT = "(ns|us|ms|s|m|h|d|B|kB|KB|MB|GB|KiB|MiB|GiB)"
_NUMBERS = (rf"[0-9]+(?:\.[0-9]+)*(?:e[+-]?[0-9]+)?{_UNIT}?", "0x[0-9a-fA-F]+", "[0-9a-f]{8,}")

# Words that hold two digits or more are ids; "utf8" and "S3" are names.
_IDS = ("[A-Za-z_]*[0-9][A-Za-z_]*[0-9][0-9A-Za-z_]*",)


def _words(forms: tuple[str, ...]) -> str:
    return f"{_EDGE}(?:{'|'.join(forms)}){_EDGE}"


# In this order, for an id holds numbers, and a time looks like a part of an address. "${1}" is kept.
_MASKS = (
    (_words(_TIMES), _TIME),
    (_words(_UUIDS), _UUID),
    (_words(_RESOURCES), _RESOURCE),
    (f"{_words(_ADDRESSES)}|{_OPEN_ADDRESS}|{_SHORT_ADDRESS}{_EDGE}", "${1}" + _IP),
    (_words(_NUMBERS), _NUMBER + "${1}"),
    (_words(_IDS), TOKEN),
)

# The level that a message names, and words that tell of an error where it names none.
_LEVELS = {
    "Error": ("error", "err", "fatal", "critical", "crit", "severe", "alert", "emerg"),
    "Warn": ("warn", "warning"),
    "Info": ("info", "notice"),
    "Debug": ("debug", "trace"),
}
_LABELS = {word: label for label, words in _LEVELS.items() for word in words}
# "trace=5" and "X-Trace-Id" name no level.
_LEVEL = rf"(?i)(?:^|[^\w-])({'|'.join(_LABELS)})(?:[^\w=-]|$)"
# The end of a name counts (ValueError), but not of "NOERROR", which says that all is well.
_TROUBLE = r"(?i)(?:(?:^|[^o])error|(?:^|[^n])oerror|exception|failed|failure|panic|traceback)\b"


def masked(message: pl.Expr) -> pl.Expr:
    """Messages with marks for what is variable in them. String to String; null gives null.

    Only the first 2,000 characters count. Code points that are marks in the message itself are lost.
    """
    text = message.str.slice(0, _LONGEST).str.replace_all(_RESERVED, "\ufffd")
    for form, mark in _MASKS:
        text = text.str.replace_all(form, mark)
    return text


def numbered(text: pl.Expr) -> pl.Expr:
    """Masked text with placeholders for the marks, numbered as they stand: ``<Time-1> took <Number-2>``."""
    for mark, name in _NAMES.items():
        text = text.str.replace_all(mark, f"<{name}-{_ORDINAL}>", literal=True)
    piece = pl.element()
    place = pl.int_range(1, piece.len() + 1)
    ordinal = pl.when(place < piece.len()).then(place.cast(pl.String)).otherwise(pl.lit(""))
    return text.str.split(_ORDINAL).list.eval(pl.concat_str(piece, ordinal)).list.join("")


def severity(text: pl.Expr) -> pl.Expr:
    """The severity that a text tells of: Error, Warn, Info, Debug or None. String to String.

    The first level that it names counts, so ``INFO 0 errors`` is Info.
    """
    named = text.str.extract(_LEVEL).str.to_lowercase().replace_strict(_LABELS, default=None)
    trouble = pl.when(text.str.contains(_TROUBLE)).then(pl.lit("Error")).otherwise(pl.lit("None"))
    return pl.coalesce(named, trouble)
