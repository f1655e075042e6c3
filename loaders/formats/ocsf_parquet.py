"""Flow logs that Security Lake rewrote: Parquet of the Open Cybersecurity Schema Framework (OCSF).

A record is an event of the class "network activity", and what flow logs call by one name lies in branches
of it. The spellings of OCSF 1.0 and of later versions differ, and so does what a writer leaves out, so each
column has several places to come from.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loaders import parquet, run
from loaders.careful import Reading
from loaders.delimited import DOUBT, PATH
from loaders.fields import FIELDS
from loaders.formats import Shape, register
from loaders.kinds import no_problems
from loaders.schema import FLOW_LOG, LINE, column_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loaders.content import Head
    from loaders.layouts import Place

_CLASS = "class_uid"
_NETWORK_ACTIVITY = 4001
_UNMAPPED = "unmapped"
_INBOUND = "connection_info.direction_id"

# Where a column comes from, best first. A path names a branch and its leaf.
_PLACES: dict[str, tuple[str, ...]] = {
    "version": ("metadata.product.version",),
    "account_id": ("cloud.account.uid", "cloud.account_uid"),
    # The address at the interface stands aside where the packet has another inside.
    "srcaddr": ("src_endpoint.intermediate_ips", "src_endpoint.ip"),
    "dstaddr": ("dst_endpoint.intermediate_ips", "dst_endpoint.ip"),
    "srcport": ("src_endpoint.port",),
    "dstport": ("dst_endpoint.port",),
    "protocol": ("connection_info.protocol_num",),
    "packets": ("traffic.packets",),
    "bytes": ("traffic.bytes",),
    "start": ("start_time_dt", "start_time", "time_dt", "time"),
    "end": ("end_time_dt", "end_time"),
    "action": ("action_id", "action", "disposition_id", "disposition"),
    "log_status": ("status_code",),
    "tcp_flags": ("connection_info.tcp_flags",),
    "type": ("connection_info.protocol_ver", "connection_info.protocol_ver_id"),
    "pkt_srcaddr": ("src_endpoint.ip",),
    "pkt_dstaddr": ("dst_endpoint.ip",),
    "region": ("cloud.region",),
    "az_id": ("cloud.zone",),
    "pkt_src_aws_service": ("src_endpoint.svc_name",),
    "pkt_dst_aws_service": ("dst_endpoint.svc_name",),
    "flow_direction": ("connection_info.direction_id", "connection_info.direction"),
    "traffic_path": ("connection_info.boundary_id",),
}
# What belongs to the interface lies at the end of the traffic that the interface is.
_OF_THE_INTERFACE = {
    "interface_id": "interface_uid",
    "vpc_id": "vpc_uid",
    "subnet_id": "subnet_uid",
    "instance_id": "instance_uid",
}
# Codes and words of OCSF, and what a flow log says instead; anything else says nothing.
_WORDS: dict[str, dict[str, str]] = {
    "action": {"1": "ACCEPT", "allowed": "ACCEPT", "accept": "ACCEPT"}
    | dict.fromkeys(("2", "denied", "blocked", "reject"), "REJECT"),
    "flow_direction": dict.fromkeys(("1", "inbound", "ingress"), "ingress")
    | dict.fromkeys(("2", "outbound", "egress"), "egress"),
    "type": {"4": "IPv4", "6": "IPv6"},
    # Four boundaries that OCSF knows come first; then they are those of flow logs, in the same order.
    "traffic_path": {str(path + 3): str(path) for path in range(1, 9)},
}
# Fields that a list of leftovers may hold; a branch of leftovers says itself which it has.
_LEFT_OVER = ("type", "az_id", "sublocation_type", "sublocation_id", "traffic_path")

_Leaves = dict[str, str]


class OcsfParquet:
    """Parquet of network activity."""

    name = "ocsf-parquet"
    rank = 9
    about = "flow logs as Security Lake keeps them: Parquet of OCSF, class network activity"
    sign = "Parquet with `class_uid` 4001, `connection_info` or `traffic`, and an endpoint's address"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Read the file's schema, and its first event's class.

        Raises:
            OSError: The file has no footer, or is damaged: it is not complete.
        """
        if head.container != "parquet":
            return None
        schema = parquet.schema_of(path)
        if _CLASS not in schema or len(schema) > parquet.MOST_COLUMNS:
            return None
        leaves = _leaves(schema)
        traffic = any(leaf.startswith(("connection_info.", "traffic.")) for leaf in leaves)
        if not traffic or not leaves.keys() & {"src_endpoint.ip", "dst_endpoint.ip"}:
            return None
        if not _is_network_activity(path):
            return None
        wanted = {
            leaf: dtype for leaf, dtype in leaves.items() if leaf in _USED or leaf.startswith(_UNMAPPED)
        }
        detail = tuple(f"{leaf}\0{dtype}" for leaf, dtype in wanted.items())
        return Shape(self.name, tuple(_columns(wanted)), detail, FLOW_LOG)

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan a scan that doubts events of another class, or with a value that is not what it should be."""
        row = (pl.col(parquet.INDEX) + 1).cast(pl.UInt32).alias(LINE)
        columns = _columns(_shaped(shape))
        doubt = (
            pl.any_horizontal(what.is_not_null() for _, what in columns.values()) | _is_other().is_not_null()
        )
        values = [value.alias(name) for name, (value, _) in columns.items()]
        return parquet.scan(list(paths), PATH).select(*values, PATH, row, doubt.alias(DOUBT))

    def read(self, shape: Shape, path: str) -> Reading:
        """Read one file, with a null and a problem for each value that is not what its column holds."""
        columns = _columns(_shaped(shape))
        plan = parquet.scan(io.BytesIO(Path(path).read_bytes())).select(
            *(value.alias(name) for name, (value, _) in columns.items()),
            (pl.col(parquet.INDEX) + 1).cast(pl.UInt32).alias(LINE),
            _is_other().alias("_other"),
            pl.coalesce(_is_other(), *(what for _, what in columns.values())).alias("_what"),
        )
        frame = run.collect(plan)
        problems = frame.drop_nulls("_what").select(pl.col(LINE).alias("line"), pl.col("_what").alias("what"))
        records = frame.filter(pl.col("_other").is_null()).drop("_what", "_other")
        return Reading((records,), pl.concat([no_problems(), problems]), None)

    def raw(self, path: str, line: int) -> str | None:
        """Write an event as JSON: the whole of it, also what flow logs have no column for."""
        row = parquet.scan(io.BytesIO(Path(path).read_bytes())).drop(parquet.INDEX).slice(line - 1, 1)
        text = run.collect(row.select(pl.struct(pl.all()).struct.json_encode().alias("event")))
        return str(text["event"][0]) if text.height else None


def _is_network_activity(path: str) -> bool:
    """Whether the first event of a file is of our class; a file without events can be anything."""
    try:
        with Path(path).open("rb") as file:
            first = run.collect(pl.scan_parquet(file).select(_CLASS).head(1))
            return not first.height or first[_CLASS].cast(pl.Int64, strict=False)[0] == _NETWORK_ACTIVITY
    except pl.exceptions.PolarsError as error:
        raise OSError(f"it is damaged ({str(error).splitlines()[0]})") from error


def _is_other() -> pl.Expr:
    """What to say of an event of another class, or null."""
    found = pl.col(_CLASS)
    other = found.cast(pl.Int64, strict=False) != _NETWORK_ACTIVITY
    return pl.when(other).then(pl.format("the event is no network activity: class {}", found))


def _leaves(schema: Mapping[str, object], above: str = "") -> _Leaves:
    """Lay out the branches of a schema: every path to a leaf, and the leaf's dtype."""
    leaves: _Leaves = {}
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Struct):
            leaves |= _leaves(dict(dtype), f"{above}{name}.")
        else:
            leaves[above + name] = str(dtype)
    return leaves


def _shaped(shape: Shape) -> _Leaves:
    return dict(leaf.split("\0") for leaf in shape.detail)


def _columns(leaves: _Leaves) -> dict[str, tuple[pl.Expr, pl.Expr]]:
    """The columns that can be had of these leaves: the value of each, and what to say where there is none."""
    columns = {}
    ends = ("src_endpoint", "dst_endpoint")
    for field in FIELDS:
        name = field.column
        if leaf := _OF_THE_INTERFACE.get(name):
            values = [_value(name, f"{end}.{leaf}", leaves) for end in ends if f"{end}.{leaf}" in leaves]
            if len(values) > 1 and _INBOUND in leaves:
                inbound = _leaf(_INBOUND).cast(pl.Int64, strict=False) == 1
                values = [pl.when(inbound).then(values[1]).otherwise(values[0]), *values]
            given = values
        else:
            places = [place for place in _PLACES.get(name, ()) if place in leaves]
            if name.startswith("pkt_") and places[:1] == [f"{name[4:7]}_endpoint.ip"]:
                # Without the address at the interface, this is it, and of the packet's nothing is known.
                places = places if f"{name[4:7]}_endpoint.intermediate_ips" in leaves else []
            given = [_given(place, leaves).cast(pl.String()) for place in places]
            values = [_value(name, place, leaves) for place in places]
        if (left := _left_over(name, leaves)) is not None:
            given.append(left)
            values.append(parquet.cast(left, "String", column_dtype(name)))
        if values:
            value, texts = pl.coalesce(values), pl.coalesce(given)
            numeric = column_dtype(name).is_integer() and name not in _WORDS
            nothing = pl.lit(None, pl.String())
            columns[name] = (value, parquet.complaint(name, texts, value) if numeric else nothing)
    return columns


def _value(name: str, place: str, leaves: _Leaves) -> pl.Expr:
    """What stands in a place, as the column has it."""
    value, wanted = _given(place, leaves), column_dtype(name)
    dtype = leaves[place]
    if name in _WORDS:
        words = _WORDS[name]
        text = value.cast(pl.String()).str.strip_suffix(".0").str.to_lowercase()
        if name == "type":
            text = text.str.extract("ipv([46])|^([46])$", 1).fill_null(text)
        return text.replace_strict(words, default=None, return_dtype=pl.String()).cast(wanted)
    if name in {"start", "end"}:
        return _seconds(value, dtype)
    return parquet.cast(value, dtype, wanted)


def _given(place: str, leaves: _Leaves) -> pl.Expr:
    """What stands in a place; of several addresses the first."""
    value, dtype = _leaf(place), leaves[place]
    if place.endswith("_ips") and dtype.startswith("List"):
        return parquet.given(value.list.first(), "String")
    return parquet.given(value, dtype)


def _leaf(place: str) -> pl.Expr:
    first, *more = place.split(".")
    value = pl.col(first)
    for name in more:
        value = value.struct.field(name)
    return value


def _seconds(value: pl.Expr, dtype: str) -> pl.Expr:
    """A time as epoch seconds, or in whatever unit of the epoch it is written."""
    if dtype.startswith("Datetime"):
        return value.dt.epoch("s")
    if dtype == "String":
        clock = value.str.replace(" ", "T").str.strip_suffix("Z").str.strip_suffix("+00:00")
        read = clock.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ms", strict=False).dt.epoch("s")
        return pl.coalesce(value.cast(pl.Int64(), strict=False), read)
    return parquet.cast(value, dtype, pl.Int64())


def _left_over(name: str, leaves: _Leaves) -> pl.Expr | None:
    """What OCSF had no place for: a list of keys and values, or a branch of its own."""
    spellings = [name, name.replace("_", "-")]
    for spelling in spellings:
        if (place := f"{_UNMAPPED}.{spelling}") in leaves:
            return parquet.given(_leaf(place), leaves[place]).cast(pl.String())
    dtype = leaves.get(_UNMAPPED, "") if name in _LEFT_OVER else ""
    item = pl.element()
    if dtype.startswith("List(Struct") and "'key': String, 'value': String" in dtype:
        key, value = item.struct.field("key"), item.struct.field("value")
    elif dtype == "List(List(String))":
        key, value = item.list.get(0, null_on_oob=True), item.list.get(1, null_on_oob=True)
    else:
        return None
    found = pl.col(_UNMAPPED).list.eval(pl.when(key.is_in(spellings)).then(value).drop_nulls()).list.first()
    return parquet.given(found, "String")


_USED = {place for places in _PLACES.values() for place in places} | {
    f"{end}.{leaf}" for end in ("src_endpoint", "dst_endpoint") for leaf in _OF_THE_INTERFACE.values()
}

register(OcsfParquet())
