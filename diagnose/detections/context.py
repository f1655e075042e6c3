"""What detections look at: conversations of one vantage each, whose their ends are, and what was skipped."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from diagnose import direction, initiator
from diagnose.conversations import conversations
from diagnose.detections.sides import sides
from diagnose.lookup import Lookup
from diagnose.model import TCP
from diagnose.records import flows
from loaders import run
from loaders.schema import FLOW_LOG
from query.scope import Scope

if TYPE_CHECKING:
    from diagnose.model import Inventory
    from loaders.dataset import Dataset
    from loaders.run import Ticket

ENDS = ["initiator", "iport", "responder", "rport", "protocol"]
"""What conversations of one pair of endpoints share, wherever they were seen."""
# Later than the year 9999 no clock goes, and records with such times are damaged.
_LAST = 253_402_300_799


class Context:
    """The records of a scope and an inventory; what several detections need of them is made once."""

    def __init__(
        self,
        dataset: Dataset,
        inventory: Inventory,
        scope: Scope | None = None,
        ticket: Ticket | None = None,
    ) -> None:
        """Take them as they are; nothing is read here.

        Args:
            dataset: The records.
            inventory: Whose addresses are whose and what rules say; may be empty.
            scope: Which records; all by default.
            ticket: Checked between the steps.
        """
        self.dataset, self.lookup = dataset, Lookup(inventory)
        self.scope, self.ticket = scope or Scope(), ticket

    def has(self, column: str) -> bool:
        """Whether any flow log has a column."""
        return any(column in part.schema for part in self.dataset.parts if part.kind == FLOW_LOG)

    @cached_property
    def flows(self) -> pl.DataFrame:
        """The records with their directions (``records.COLUMNS``, ``way``, ``way_by``), by time.

        Times that no calendar has are null.
        """
        found = flows(self.dataset, self.scope, self.ticket).with_columns(
            pl.when(pl.col(name).is_between(0, _LAST)).then(name).alias(name) for name in ("start", "end")
        )
        unsaid = found.filter(pl.col("direction").is_null())
        own = direction.own_addresses(unsaid.select("interface", "srcaddr", "dstaddr"), self.lookup)
        self._check()
        return direction.with_direction(found, own, self.lookup)

    @cached_property
    def talks(self) -> pl.DataFrame:
        """The conversations that somebody began, as ``every_talk`` has them.

        Left out is what was refused because it came late or was never asked for: no rule is behind that, and
        nobody began it.
        """
        talks = self.every_talk
        refused = pl.col("state") == "rejected-request"
        ended = refused & (pl.col("protocol") == TCP) & ~pl.col("asked").fill_null(value=True)
        unasked = (pl.col("state") == "rejected-reply") & (pl.col("packets_out") == 0)
        # Without flags the same ports tell that it is a rest of what was accepted before.
        unsure = talks.filter(refused & pl.col("asked").is_null()).select(ENDS).unique()
        accepted = pl.col("state").is_in(["rejected-request", "rejected-reply"]).not_()
        before = (
            talks.filter(accepted)
            .join(unsure, on=ENDS, how="semi", nulls_equal=True)
            .group_by(ENDS)
            .agg(pl.col("first").min().alias("_before"))
        )
        rest = refused & pl.col("asked").is_null() & (pl.col("_before") < pl.col("first"))
        return (
            talks.join(before, on=ENDS, how="left", nulls_equal=True, maintain_order="left")
            .filter(~(ended | unasked | rest).fill_null(value=False))
            .drop("_before")
        )

    @cached_property
    def every_talk(self) -> pl.DataFrame:
        """The conversations (``conversations.CONVERSATION``), each as one interface saw it, newest first.

        Where several saw one, that which refused it tells of it, else that which saw most. Added are, of both
        ends and never null, ``from_inside``, ``to_inside`` (whether it is an address of a private network or
        of the VPCs), ``from_public`` and ``to_public`` (whether it is one of the internet's).
        """
        listening = initiator.listeners(self.flows.lazy())
        self._check()
        talks = _one_vantage(conversations(self.flows, listening))
        self._check()
        known = sides(pl.concat([talks["initiator"], talks["responder"]]), self.lookup, self._own_v6)
        for side, prefix in (("initiator", "from"), ("responder", "to")):
            here = known.rename({"address": side, "inside": f"{prefix}_inside", "public": f"{prefix}_public"})
            talks = talks.join(here, on=side, how="left", maintain_order="left")
        names = ["from_inside", "from_public", "to_inside", "to_public"]
        return talks.with_columns(pl.col(names).fill_null(value=False))

    @cached_property
    def skipped(self) -> pl.DataFrame:
        """The windows in which records were lost: ``interface`` (String), ``since``, ``until`` (Int64)."""
        schema = {"interface": pl.String, "since": pl.Int64, "until": pl.Int64}
        plans = [
            part.counted_plan()
            .filter(self.scope.predicate(part.schema, part.addresses) & (pl.col("log_status") == "SKIPDATA"))
            .select(
                interface=pl.col("interface_id").cast(pl.String),
                since=pl.col("start").cast(pl.Int64, strict=False),
                until=pl.col("end").cast(pl.Int64, strict=False),
            )
            for part in self.dataset.parts
            if part.kind == FLOW_LOG and {"log_status", "interface_id", "start", "end"} <= set(part.schema)
        ]
        found = pl.concat([pl.DataFrame(schema=schema), *run.collect_all(plans)])
        return found.filter(pl.all_horizontal(pl.col("since", "until").is_between(0, _LAST))).unique()

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """When the first and the last conversation began, in epoch seconds; ``None`` without any."""
        first, last = self.talks.select(pl.col("first").min(), last=pl.col("first").max()).row(0)
        return None if first is None else (first, last)

    @cached_property
    def gateways(self) -> frozenset[str]:
        """The addresses of NAT gateways: their interfaces accept what the gateway then drops."""
        return frozenset(
            str(address)
            for one in self.lookup.inventory.interfaces.values()
            if one.is_nat_gateway
            for address in one.addresses
        )

    @cached_property
    def middle(self) -> frozenset[str]:
        """The addresses of NAT gateways and load balancers, which only speak for others."""
        return frozenset(
            str(address)
            for one in self.lookup.inventory.interfaces.values()
            if _plain(one.kind) in _MIDDLE or one.description.startswith("ELB ")
            for address in one.addresses
        )

    @cached_property
    def _own_v6(self) -> pl.Series:
        """IPv6 addresses of interfaces: they are of public blocks, and only the direction tells them."""
        mine = pl.when(pl.col("way") == direction.EGRESS).then("srcaddr").otherwise("dstaddr")
        found = self.flows.lazy().filter(pl.col("way").is_not_null()).select(address=mine).unique()
        return found.filter(pl.col("address").str.contains(":", literal=True)).collect()["address"]

    def _check(self) -> None:
        if self.ticket:
            self.ticket.check()


# ``InterfaceType`` of the EC2 API; classic and application load balancers are told by their description.
_MIDDLE = frozenset({"natgateway", "networkloadbalancer", "gatewayloadbalancer", "loadbalancer"})


def _plain(kind: str) -> str:
    """A type of interface in one spelling: EC2's model has ``natGateway``, its answers ``nat_gateway``."""
    return kind.replace("_", "").lower()


def _one_vantage(talks: pl.DataFrame) -> pl.DataFrame:
    """Leave out the conversations that another interface tells of."""
    # Most are seen once; their hashes tell that at a tenth of what grouping by text takes.
    keys = talks.select(
        pl.sum_horizontal(pl.col(name).hash(seed) // 8 for seed, name in enumerate(ENDS)).alias("key")
    ).to_series()
    several = keys.is_duplicated()
    if not several.any():
        return talks
    doubtful = talks.lazy().with_row_index("_row").filter(several)
    best = (
        doubtful.group_by("interface", *ENDS)
        .agg(
            (pl.col("state") == "rejected-request").any().alias("refused"),
            (pl.col("packets_out") + pl.col("packets_back")).sum().alias("packets"),
        )
        .sort("refused", "packets", "interface", descending=[True, True, False], nulls_last=True)
        .unique(ENDS, keep="first", maintain_order=True)
        .select("interface", *ENDS)
    )
    told = doubtful.join(best, on=["interface", *ENDS], how="semi", nulls_equal=True).collect()["_row"]
    rows = pl.int_range(talks.height, dtype=pl.UInt32(), eager=True)
    return talks.filter(~several | rows.is_in(told.implode()))
