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

ELSEWHERE: dict[str, str] = {
    "average": "avg(bytes)",
    "mean": "avg(bytes)",
    "median": "pct(bytes, 50)",
    "percentile": "pct(bytes, 95)",
    "p50": "pct(bytes, 50)",
    "p90": "pct(bytes, 90)",
    "p95": "pct(bytes, 95)",
    "p99": "pct(bytes, 99)",
    "distinct": "count_distinct(srcAddr)",
    "dcount": "count_distinct(srcAddr)",
    "uniq": "count_distinct(srcAddr)",
    "len": "strlen(srcAddr)",
    "length": "strlen(srcAddr)",
    "lower": "tolower(srcAddr)",
    "upper": "toupper(srcAddr)",
    "contains": 'strcontains(srcAddr, "10.")',
    "isnull": "not ispresent(srcAddr)",
    "first": "earliest(srcAddr)",
    "last": "latest(srcAddr)",
}
"""What functions of other languages are here, by their names in small letters."""

REFUSED: dict[str, tuple[str, str]] = {name.lower(): (name, _REASON) for name in _NAMES}
"""By the name in small letters: the name as AWS spells it, and the rest of a sentence that refuses it."""
