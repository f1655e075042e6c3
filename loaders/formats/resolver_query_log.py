"""Query logs of the Route 53 resolver: what instances asked for, a JSON object a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import jsons, kinds, times
from loaders.formats import register
from loaders.kinds import Parsed, carried
from loaders.lines import Lines
from loaders.schema import MESSAGE, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGNATURE = frozenset({"query_timestamp", "query_name"})
_ANSWERS = "answers"
_ANSWER = "answer"
_TIME = "_time"
# What few values fill, as the flow logs have it for the columns of these names.
_LABELS = (
    "account_id",
    "region",
    "vpc_id",
    "query_type",
    "query_class",
    "rcode",
    "transport",
    "srcids.instance",
    "srcids.resolver_endpoint",
    "firewall_rule_action",
    "firewall_rule_group_id",
    "firewall_domain_list_id",
)
_COLUMNS = (
    "version",
    *_LABELS[:3],
    "query_name",
    *_LABELS[3:6],
    _ANSWERS,
    _ANSWER,
    "srcaddr",
    "srcport",
    *_LABELS[6:],
)
_PATHS = {name: f"$.{name}" for name in _COLUMNS if name != _ANSWER} | {_TIME: "$.query_timestamp"}
# The guide and the records differ in how they spell it, and some tools leave out the list around it.
_FIRST_ANSWER = ("$[0].Rdata", "$[0].rdata", "$.Rdata", "$.rdata")


class ResolverQuery:
    """Queries that the resolver of a VPC was asked."""

    name = "resolver-query"
    rank = 30
    about = "queries to the Route 53 resolver of a VPC"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Look for an object that names a query and its time."""
        return () if any(found.keys() >= _SIGNATURE for found in jsons.objects(sample)) else None

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Take the fields out of the objects."""
        told, problems = jsons.table(events, _PATHS)
        first = [pl.col(_ANSWERS).str.json_path_match(path) for path in _FIRST_ANSWER]
        own = times.iso_time(pl.col(_TIME))
        given = [pl.col(TIMESTAMP)] if TIMESTAMP in events.columns else []
        frame = told.with_columns(
            pl.coalesce(first).alias(_ANSWER),
            pl.col("srcport").cast(pl.Int32(), strict=False),
            pl.col(_LABELS).cast(pl.Categorical()),
            pl.coalesce(*given, own).alias(TIMESTAMP),
        )
        kept = [name for name in carried(frame) if name != TIMESTAMP]
        return Parsed(self.name, frame.select(*kept, TIMESTAMP, *_COLUMNS, MESSAGE), problems)


KIND = ResolverQuery()
kinds.register(KIND)
register(
    Lines(
        "resolver-query-log",
        50,
        KIND,
        about="query logs of the Route 53 resolver, as it delivers them to S3 or Firehose",
        sign="a line is a JSON object with `query_timestamp` and `query_name`",
    )
)
