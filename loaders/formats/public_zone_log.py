"""Query logs of public hosted zones: what the world asked Route 53 for, ten words a query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loaders import careful, kinds
from loaders.formats import register
from loaders.kinds import Parsed, carried
from loaders.lines import Lines
from loaders.schema import FILE, MESSAGE, STREAM, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

# Its own name for the version while words are typed: that of flow logs is a whole number.
_VERSION = "_version"
_WORDS = (
    _VERSION,
    TIMESTAMP,
    "hosted_zone_id",
    "query_name",
    "query_type",
    "rcode",
    "transport",
    "edge_location",
    "resolver_ip",
    "edns_client_subnet",
)
_LABELS = ("hosted_zone_id", "query_type", "rcode", "transport", "edge_location")
_ZONE, _EDGE = "hosted_zone_id", "edge_location"
_GIVEN_TIME, _GIVEN_STREAM = "_given_time", "_given_stream"
_RENAMED = {TIMESTAMP: _GIVEN_TIME, STREAM: _GIVEN_STREAM}
# version, time, zone, name and type, answer's code, protocol, edge, resolver, subnet
_QUERY = re.compile(
    r"[0-9]+\.[0-9]+\s+[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z\s+Z[0-9A-Z]+\s+\S+\s+\S+\s+\S+\s+(UDP|TCP)\s+"
    r"\S+\s+[0-9A-Fa-f.:]+\s+\S+"
)


class PublicZoneQuery:
    """Queries for the names of a public hosted zone."""

    name = "public-zone-query"
    rank = 32
    about = "queries to a public hosted zone of Route 53"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Look for ten words whose types fit."""
        return () if any(_QUERY.fullmatch(message.strip()) for message in sample) else None

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Cut messages into words; the stream is named as Route 53 names it where nothing else does."""
        given = events.rename(_RENAMED, strict=False)
        kept = [_RENAMED.get(name, name) for name in carried(events)]
        text = pl.col(MESSAGE).str.strip_chars("\r\n")
        good, bad = careful.typed(careful.worded(given.with_columns(text), MESSAGE), _WORDS, kept)
        times = [pl.col(name) for name in (_GIVEN_TIME, TIMESTAMP) if name in good.columns]
        streams = [pl.col(_GIVEN_STREAM)] if _GIVEN_STREAM in kept else []
        frame = good.with_columns(
            pl.coalesce(times).alias(TIMESTAMP),
            pl.coalesce(*streams, pl.concat_str(_ZONE, _EDGE, separator="/")).alias(STREAM),
            pl.col(_LABELS).cast(pl.Categorical()),
        ).rename({_VERSION: "version"})
        own = [*(name for name in kept if name not in _RENAMED.values()), TIMESTAMP, STREAM, "version"]
        return Parsed(self.name, frame.select(*own, *_WORDS[2:]), bad.select("line", "what", FILE))


KIND = PublicZoneQuery()
kinds.register(KIND)
register(
    Lines(
        "public-zone-query-log",
        54,
        KIND,
        about="query logs of public hosted zones, as they are copied out of CloudWatch",
        sign="a line is a version, a time, a hosted zone and seven words more whose types fit",
    )
)
