"""(c), (l): Parquet deliveries, what was rewritten from them, and Security Lake."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import polars as pl

from tests.corpus import flows
from tests.corpus.deliveries import DAY, group
from tests.corpus.flows import (
    ACCOUNT,
    ENI,
    INT32,
    INT64,
    OTHER_ENI,
    REGION,
    START,
    V2,
    V5,
    empty,
    flow,
    later,
    words,
)
from tests.corpus.model import Builder, case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def written(frame: pl.DataFrame) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    frame.write_parquet(out, compression="gzip")
    return out.getvalue()


def columns(
    records: Sequence[Mapping[str, str]], number: dict[str, pl.DataType], *, hyphens: bool = False
) -> pl.DataFrame:
    """The columns as AWS writes them: null numbers, and "-" for text that is absent."""
    series = []
    for name in records[0]:
        values: list[Any] = [record[name] for record in records]
        called = name if hyphens else name.replace("-", "_")
        if name in number:
            values = [None if value == "-" else int(value) for value in values]
        series.append(pl.Series(called, values, dtype=number.get(name, pl.String())))
    return pl.DataFrame(series)


AWS: dict[str, pl.DataType] = dict.fromkeys(INT32, pl.Int32()) | dict.fromkeys(INT64, pl.Int64())
WIDE: dict[str, pl.DataType] = dict.fromkeys(INT32 | INT64, pl.Int64())


def delivered(b: Builder, frame: pl.DataFrame, records: Sequence[dict[str, str]], **options: Any) -> None:
    name = f"{DAY}/{flows.name(b.flow_log, b.code, end='log.parquet')}"
    file = b.file(name, written(frame), "flow-log-parquet", "s3", **options)
    b.flows(file, list(records), group=group(b))


@case("c-parquet")
def as_aws_writes_it(b: Builder) -> None:
    records = [flow(), later(5, interface_id=OTHER_ENI, action="REJECT"), empty(), empty("SKIPDATA")]
    delivered(b, columns(records, AWS), records)


@case("c-parquet-29-fields")
def all_fields(b: Builder) -> None:
    records = [flow(V5, version=5, traffic_path=3), empty(names=V5, version=5)]
    delivered(b, columns(records, AWS), records)


@case("c-parquet-wide-integers-and-hyphens")
def rewritten(b: Builder) -> None:
    records = [flow(), later(7, dstport=53), empty()]
    delivered(b, columns(records, WIDE, hyphens=True), records)


@case("c-parquet-numbers-as-text")
def textual(b: Builder) -> None:
    good = [flow(), empty()]
    bad = flow(bytes="many")
    frame = columns([*good, bad], {})
    # A cast that fails leaves a null, and is counted.
    delivered(b, frame, [*good, flow(bytes="-")], problems=((3, "bytes is not a number: many"),))


@case("c-parquet-hive-folders")
def hive_folders(b: Builder) -> None:
    records = [flow([*V2, "region"], region="us-west-1")]
    name = f"region={REGION}/year=2026/{flows.name(b.flow_log, b.code, end='log.parquet')}"
    file = b.file(name, written(columns(records, AWS)), "flow-log-parquet", "s3-hive")
    b.flows(file, records, group=group(b))


@case("C-parquet-without-footer")
def cut(b: Builder) -> None:
    data = written(columns([flow()], AWS))[:-20]
    name = f"{DAY}/{flows.name(b.flow_log, b.code, end='log.parquet')}"
    b.file(name, data, None, "s3", state="incomplete")


def activity(record: Mapping[str, str], direction: str, *, wide: bool = False) -> dict[str, Any]:
    """A flow-log record as OCSF has it; the logging interface belongs to the end inside the VPC."""
    number = float if wide else int
    inside = {"interface_uid": record["interface-id"], "vpc_uid": "vpc-0f00d00f"}
    outside = {"interface_uid": None, "vpc_uid": None}
    inward = direction == "Inbound"
    return {
        "class_uid": 4001,
        "class_name": "Network Activity",
        "cloud": {"account": {"uid": ACCOUNT}, "region": REGION, "zone": "euw2-az1", "provider": "AWS"},
        "src_endpoint": {
            "ip": record["srcaddr"],
            "port": number(record["srcport"]),
            "svc_name": "-",
            **(outside if inward else inside),
        },
        "dst_endpoint": {
            "ip": record["dstaddr"],
            "port": number(record["dstport"]),
            "svc_name": "S3" if inward else "-",
            **(inside if inward else outside),
        },
        "connection_info": {
            "direction": direction,
            "direction_id": 1 if inward else 2,
            "boundary_id": 99 if inward else 8,
            "protocol_num": int(record["protocol"]),
            "tcp_flags": 19,
            "protocol_ver": "IPv4",
        },
        "traffic": {"bytes": int(record["bytes"]), "packets": int(record["packets"])},
        "time": int(record["start"]) * 1000,
        "start_time_dt": int(record["start"]) * 1000,
        "end_time_dt": int(record["end"]) * 1000,
        "status_code": record["log-status"],
        "action": "Allowed" if record["action"] == "ACCEPT" else "Denied",
        "action_id": 1 if record["action"] == "ACCEPT" else 2,
        "unmapped": [{"key": "sublocation_type", "value": "-"}],
    }


SAID = words("srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status account-id")


def lake(b: Builder, *, wide: bool, date: bool, equals: str = "=") -> None:
    """A file of Security Lake."""
    records = [
        flow(),
        later(9, action="REJECT", interface_id=OTHER_ENI, srcaddr="10.1.2.3", dstaddr="8.8.8.8"),
    ]
    ways = ["Inbound", "Outbound"]
    rows = [activity(record, way, wide=wide) for record, way in zip(records, ways, strict=True)]
    frame = pl.DataFrame(rows)
    if date:
        frame = frame.with_columns(pl.col("start_time_dt", "end_time_dt").cast(pl.Datetime("ms")))
    name = f"aws/VPC_FLOW/2.0/region={REGION}/accountId={ACCOUNT}/eventDay=20260115/{b.code}.gz.parquet"
    file = b.file(name.replace("=", equals), written(frame), "ocsf-parquet", "security-lake")
    for row, (record, way) in enumerate(zip(records, ways, strict=True), 1):
        told = {name: record[name] for name in SAID} | {
            "interface-id": record["interface-id"],
            "tcp-flags": "19",
            "flow-direction": "ingress" if way == "Inbound" else "egress",
            "pkt-dst-aws-service": "S3" if way == "Inbound" else "-",
        }
        b.flow(file, row, told, group=f"{ACCOUNT}/{REGION}/security-lake")


@case("l-security-lake")
def security_lake(b: Builder) -> None:
    lake(b, wide=False, date=False)


@case("l-security-lake-dates-and-double-ports")
def security_lake_drift(b: Builder) -> None:
    lake(b, wide=True, date=True)


@case("l-security-lake-nodata")
def security_lake_nodata(b: Builder) -> None:
    row = activity(flow(), "Inbound")
    nothing = {"src_endpoint": ("ip", "port", "svc_name"), "traffic": ("bytes", "packets")}
    quiet = {**row, "action": None, "action_id": None, "status_code": "NODATA"}
    for branch, leaves in nothing.items():
        quiet[branch] = row[branch] | dict.fromkeys(leaves)
    quiet["dst_endpoint"] = row["dst_endpoint"] | dict.fromkeys(("ip", "port"))
    quiet["connection_info"] = row["connection_info"] | {"protocol_num": None, "tcp_flags": None}
    name = f"region={REGION}/accountId={ACCOUNT}/eventDay=20260115/{b.code}.gz.parquet"
    file = b.file(name, written(pl.DataFrame([row, quiet])), "ocsf-parquet", "security-lake")
    lake_group = f"{ACCOUNT}/{REGION}/security-lake"
    said = {name: flow()[name] for name in SAID} | {"interface-id": ENI, "start": str(START)}
    b.flow(file, 1, said, group=lake_group)
    silent = dict.fromkeys(SAID, "-") | {"log-status": "NODATA", "interface-id": ENI, "start": str(START)}
    b.flow(file, 2, silent | {"end": str(START + 58), "account-id": ACCOUNT}, group=lake_group)


@case("l-security-lake-url-encoded")
def security_lake_encoded(b: Builder) -> None:
    lake(b, wide=False, date=True, equals="%3D")


@case("l-other-class-is-no-flow-log")
def other_class(b: Builder) -> None:
    row = {"class_uid": 4003, "class_name": "DNS Activity", "query": {"hostname": "a.example"}, "time": 1}
    name = f"region={REGION}/accountId={ACCOUNT}/eventDay=20260115/{b.code}.gz.parquet"
    b.file(name, written(pl.DataFrame([row])), None, "security-lake", reason="Parquet")
