"""Functions of CloudWatch that flowtui knows by name and does not have."""

from __future__ import annotations

_REASON = "is a function of CloudWatch that flowtui does not have."
_NAMES = (
    "base64decode",
    "base64encode",
    "countOverTime",
    "decToHex",
    "haversine",
    "hexToAscii",
    "hexToDec",
    "histogram",
    "md5",
    "messageSize",
    "parseDate",
    "queryEndTime",
    "queryStartTime",
    "queryTimeRange",
    "sha1",
    "sha256",
    "sha512",
    "split",
    "sumOverTime",
    "unmask",
    "urldecode",
    "urlencode",
)

REFUSED: dict[str, tuple[str, str]] = {name.lower(): (name, _REASON) for name in _NAMES}
"""By the name in small letters: the name as AWS spells it, and the rest of a sentence that refuses it."""
