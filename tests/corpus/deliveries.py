"""(a), (b), (d), (i): flow logs as text, delivered to S3."""

from __future__ import annotations

from tests.corpus import flows
from tests.corpus.flows import (
    ACCOUNT,
    OTHER_ENI,
    REGION,
    SETS,
    START,
    TGW,
    V2,
    V4,
    V5,
    empty,
    flow,
    later,
    text,
    titled,
    words,
    zipped,
)
from tests.corpus.model import Builder, case

DAY = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01/15"


def delivered(b: Builder, folders: str, data: bytes, layout: str = "s3", code: str = "", **name: str) -> str:
    """Write a delivery below some folders."""
    file = flows.name(b.flow_log, code or b.code, **name)
    return b.file(f"{folders}/{file}" if folders else file, data, "flow-log", layout)


def group(b: Builder) -> str:
    """The log group of the case's flow log."""
    return f"{ACCOUNT}/{REGION}/{b.flow_log}"


ORDINARY = [
    flow(),
    later(5, interface_id=OTHER_ENI, action="REJECT", protocol="17", srcport="53", bytes="77", packets="1"),
    empty(interface_id=OTHER_ENI, start=START + 61, end=START + 120),
    empty("SKIPDATA", start=START + 61, end=START + 120),
    later(125, srcaddr="2001:db8::1", dstaddr="2001:DB8:0:0:0:0:0:2"),
]


def ordinary(b: Builder, folders: str, layout: str = "s3", **options: str) -> None:
    """One delivery of ordinary records below some folders."""
    file = delivered(b, folders, zipped(titled(ORDINARY)), layout, **options)
    b.flows(file, ORDINARY, 2, group=group(b))


@case("a-default-prefix")
def default_prefix(b: Builder) -> None:
    ordinary(b, DAY)


@case("a-prefix-organisation-hour")
def prefix_organisation_hour(b: Builder) -> None:
    ordinary(b, f"my/logs/AWSLogs/o-abc123/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01/15/10")


@case("a-short-flow-log-id")
def short_id(b: Builder) -> None:
    b.flow_log = b.flow_log[:11]
    ordinary(b, DAY)


@case("a-cut-at-day")
def cut_at_day(b: Builder) -> None:
    ordinary(b, "15")


@case("a-only-files")
def only_files(b: Builder) -> None:
    ordinary(b, "")


@case("a-not-packed")
def not_packed(b: Builder) -> None:
    file = delivered(b, DAY, titled(ORDINARY), end="log")
    b.flows(file, ORDINARY, 2, group=group(b))


@case("a-start-on-the-day-before")
def day_before(b: Builder) -> None:
    rows = [flow(start=START - 36028, end=START - 35999)]
    file = delivered(b, DAY, zipped(titled(rows)), time="20260115T0000Z")
    b.flows(file, rows, 2, group=group(b))


@case("a-several-files")
def several_files(b: Builder) -> None:
    for number in range(4):
        rows = [later(300 * number + second) for second in range(number + 1)]
        code, time = f"{number}{b.code[1:]}", f"20260115T10{5 * number:02d}Z"
        file = delivered(b, DAY, zipped(titled(rows)), code=code, time=time)
        b.flows(file, rows, 2, group=group(b))


@case("a-second-copy")
def second_copy(b: Builder) -> None:
    data = zipped(titled(ORDINARY))
    file = delivered(b, "first", data)
    b.flows(file, ORDINARY, 2, group=group(b))
    again = f"second/{flows.name(b.flow_log, b.code)}"
    b.file(again, data, None, "s3", reason="copy")


HIVE = f"AWSLogs/aws-account-id={ACCOUNT}/{{}}=vpcflowlogs/aws-region={REGION}/year=2026/month=01/day=15"


@case("b-hive")
def hive(b: Builder) -> None:
    ordinary(b, HIVE.format("aws-service"), "s3-hive")


@case("b-hive-service-hour")
def hive_service(b: Builder) -> None:
    ordinary(b, HIVE.format("service") + "/hour=10", "s3-hive")


@case("b-hive-url-encoded")
def hive_encoded(b: Builder) -> None:
    ordinary(b, HIVE.format("aws-service").replace("=", "%3D"), "s3-hive")


@case("b-hive-with-a-field-called-region")
def hive_region(b: Builder) -> None:
    rows = [flow(V4), flow(V4, region="us-west-1")]
    folders = HIVE.format("aws-service").replace("aws-region", "region")
    file = delivered(b, folders, zipped(titled(rows)), "s3-hive")
    b.flows(file, rows, 2, group=group(b))


@case("d-version-sets")
def version_sets(b: Builder) -> None:
    for version, names in SETS.items():
        rows = [flow(names, version=version), empty(names=names, version=version)]
        file = delivered(b, f"v{version}", zipped(titled(rows, names)), code=f"{version:08x}")
        b.flows(file, rows, 2, group=group(b))


@case("d-alphabetical")
def alphabetical(b: Builder) -> None:
    names = sorted(V5)
    rows = [flow(names, version=5), empty("SKIPDATA", names=names)]
    file = delivered(b, DAY, zipped(titled(rows, names)))
    b.flows(file, rows, 2, group=group(b))


@case("d-no-time-no-action")
def no_time(b: Builder) -> None:
    names = words("resource-id instance-id interface-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr")
    rows = [flow(names), flow(names, interface_id=OTHER_ENI, srcaddr="10.9.8.7")]
    file = delivered(b, DAY, zipped(titled(rows)))
    b.flows(file, rows, 2, group=group(b), time="2026-01-15T10:00:00")


@case("d-one-field")
def one_field(b: Builder) -> None:
    rows = [flow(["srcaddr"]), flow(["srcaddr"], srcaddr="10.0.0.1")]
    file = delivered(b, DAY, zipped(titled(rows)))
    b.flows(file, rows, 2, group=group(b), time="2026-01-15T10:00:00")


@case("d-several-formats-in-one-directory")
def several_formats(b: Builder) -> None:
    for number, names in enumerate((V2, sorted(V5), ["srcaddr", "bytes", "interface-id", "end"])):
        b.flow_log = f"fl-{b.code}{number:09x}"
        rows = [flow(names), flow(names, bytes=5)]
        file = delivered(b, DAY, zipped(titled(rows, names)))
        b.flows(file, rows, 2, group=group(b))


@case("i-transit-gateway")
def transit_gateway(b: Builder) -> None:
    other = "tgw-attach-0ee55ff66aa77bb88"
    rows = [flow(TGW, version=6), flow(TGW, version=6, tgw_attachment_id=other), empty(names=TGW, version=6)]
    file = delivered(b, DAY, zipped(titled(rows, TGW)))
    b.flows(file, rows, 2, group=group(b))


@case("i-beside-vpc")
def beside_vpc(b: Builder) -> None:
    for names in (TGW, V2):
        rows = [flow(names)]
        file = delivered(b, DAY, zipped(titled(rows, names)), code=f"{len(names):08x}")
        b.flows(file, rows, 2, group=group(b))


@case("D-two-flow-logs-cover-one-interface")
def covered_twice(b: Builder) -> None:
    for number in range(2):
        b.flow_log = f"fl-{b.code}{number:09x}"
        ordinary(b, DAY)


@case("C-header-only")
def header_only(b: Builder) -> None:
    delivered(b, DAY, zipped(text(" ".join(V2))))
