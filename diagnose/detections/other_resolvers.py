"""DNS that does not go by way of the VPC's own resolver."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import polars as pl

from diagnose.blocks import Block, any_of, block_of, ip_of
from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.ports import port_text
from diagnose.detections.telling import Where, findings, summed
from diagnose.model import HAVE_PORTS
from diagnose.said import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "other-resolvers"
_PORTS = (53, 853, 5353)
_LINK_LOCAL = frozenset({ipaddress.ip_address("169.254.169.253"), ipaddress.ip_address("fd00:ec2::253")})


def _listed(text: str) -> list[Block]:
    """Addresses and blocks with commas between them.

    Raises:
        ValueError: One is neither.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(block_of(part))
        except ValueError:
            raise ValueError(f"allowed: '{part}' is neither an address nor a block.") from None
    return found


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)
    asked = context.talks.lazy().filter(
        pl.col("rport").is_in(_PORTS)
        & pl.col("protocol").is_in(list(HAVE_PORTS))
        & pl.col("from_inside")
        & (pl.col("to_inside") | pl.col("to_public"))
    )
    found = (
        asked.group_by(source="initiator", target="responder", port="rport", protocol="protocol")
        .agg(
            *summed(),
            pl.col("to_public").first(),
            (pl.col("state") == "rejected-request").sum().alias("rejected"),
            (pl.col("state") == "established").sum().alias("answered"),
        )
        .filter(pl.col("talks") >= given["conversations"])
        .sort("talks", "source", "target", "port", descending=[True, False, False, False])
        .collect()
    )
    # Whoever is listed may be asked, and may ask others.
    listed = _listed(str(given["allowed"]))
    addresses = pl.concat([found["source"], found["target"]]).unique()
    fine = [text for text in addresses if (ip := ip_of(text)) and any_of(listed, ip)]
    found = found.filter(~(pl.col("source").is_in(fine) | pl.col("target").is_in(fine)))

    def say(row: Row) -> tuple[str, str]:
        place = "on the internet" if row["to_public"] else "inside"
        text = (
            f"{row['source']} asked {row['target']} {place} at {port_text(row['port'], row['protocol'])} and "
            f"not the VPC's resolver: {plural(row['talks'], 'conversation')} (at least "
            f"{given['conversations']:g}), {row['answered']:,} answered, {row['rejected']:,} rejected"
        )
        got_out = row["rejected"] < row["talks"]
        return ("medium" if row["to_public"] and got_out else "low" if got_out else "info"), text

    return findings(_NAME, found, context, say, where.talk)


def _notes(context: Context, given: Mapping[str, Value]) -> tuple[str, ...]:
    listed = _listed(str(given["allowed"]))
    own = {
        ip
        for blocks in context.lookup.inventory.vpcs.values()
        for block in blocks
        if block.version == 4 and (ip := ip_of(str(ipaddress.ip_address(block.first + 2)))) is not None
    }
    # AWS does not log traffic to its own resolver (VPC user guide, flow log limitations).
    never = [
        block.text for block in listed if block.size == 1 and any(ip in block for ip in {*own, *_LINK_LOCAL})
    ]
    return tuple(f"allowed: {text} can never match, for AWS does not log its own resolver" for text in never)


register(
    Detection(
        name=_NAME,
        title="DNS by other resolvers",
        means="A private address asked for names at port 53, 853 or 5353 of something that is not the VPC's "
        "resolver. AWS does not log what goes to that one, so every record at these ports is another's.",
        wrong="DNS servers of your own, such as a directory's: name them in 'allowed', addresses or blocks "
        "with commas between them; what is named there may also ask others.",
        thresholds=(
            Threshold("conversations", 1, "conversations", 1, "so many by one address with one other"),
            Threshold(
                "allowed",
                "",
                "",
                0,
                "addresses and blocks that may be asked, with commas between them",
                reads=_listed,
            ),
        ),
        finder=_find,
        rank=70,
        notes=_notes,
    )
)
