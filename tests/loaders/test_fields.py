"""The table of fields, the names of columns, and what a path says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loaders.delimited import is_header
from loaders.fields import BY_COLUMN, DEFAULT_ORDER, ENVELOPE, FIELDS, Kind, resolve, squeeze
from loaders.layouts import place
from loaders.schema import column_dtype, column_names
from tests.loaders.files import ENI, HEADER, NAMES, delivery, nodata, record

EVERY = FIELDS + ENVELOPE


@pytest.mark.parametrize("field", EVERY, ids=lambda field: field.name)
def test_every_spelling_of_a_field_resolves_to_it(field):
    spellings = {
        field.name,
        field.column,
        field.insights,
        field.name.upper(),
        field.column.upper(),
        field.insights.lower(),
        field.name.title(),
        f" {field.name} ",
        f"@{field.insights.removeprefix('@')}",
    }
    assert all(resolve(spelling) is field for spelling in spellings)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("sourceAddress", "srcaddr"),
        ("destinationPort", "dstport"),
        ("numBytes", "bytes"),
        ("startTime", "start"),
        ("account", "account-id"),
        ("@log", "log_group"),
        ("stream", "log_stream"),
    ],
)
def test_other_names_of_a_field_resolve_to_it(spelling, name):
    assert resolve(spelling).name == name


@pytest.mark.parametrize("name", ["", "-", "foo", "srcadd", "src addr", "@", "message"])
def test_what_is_no_name_resolves_to_nothing(name):
    assert resolve(name) is None


def test_no_two_fields_share_a_spelling():
    for attribute in ("name", "column", "insights"):
        spellings = [squeeze(getattr(field, attribute)) for field in EVERY]
        assert len(spellings) == len(set(spellings)), attribute


def test_the_table_is_that_of_the_user_guide():
    assert len(FIELDS) == len(BY_COLUMN) - len(ENVELOPE)
    for version, count in {2: 14, 3: 21, 4: 25, 5: 29, 7: 39, 8: 40, 9: 41, 10: 42, 11: 54}.items():
        assert sum(1 for field in FIELDS if field.version <= version and field.version != 6) == count
    assert list(DEFAULT_ORDER) == NAMES


def test_the_table_is_complete():
    for field in EVERY:
        assert field.meaning
        assert not field.meaning.endswith(".")
        assert column_dtype(field.column) is not None


def test_numbers_are_integers_and_everything_else_is_text():
    integers = {field.name for field in FIELDS if column_dtype(field.column).is_integer()}
    assert integers == {field.name for field in FIELDS if field.kind.is_number}
    assert {"version", "bytes", "start", "tcp-flags", "packets-lost-no-route"} <= integers
    assert "account-id" not in integers
    assert BY_COLUMN["action"].kind is Kind.LABEL


# Headers


@pytest.mark.parametrize(
    "line",
    [
        HEADER,
        HEADER.upper(),
        HEADER.replace("-", "_"),
        " ".join(sorted(NAMES)),
        "srcaddr",
        "bytes start",
        "resource-id instance-id interface-id subnet-id",
        "version account-id interface-id something-new",
        "brand-new srcaddr dstaddr start",
    ],
)
def test_names_of_fields_are_a_header(line):
    assert is_header(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "",
        record(),
        nodata(),
        "hello world",
        "srcaddr dstaddr unknown",
        "version 2",
        "bytes bytes",
        "bogus bytes bytes bytes",
        "version account-id interface-id -",
        "version account-id interface-id 10.0.0.1",
        "version account-id interface-id eni-0123456789abcdef0",
        "version account-id interface-id ACCEPT",
        "log_group log_stream message",
    ],
)
def test_anything_else_is_no_header(line):
    assert not is_header(line.split())


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["pkt-srcaddr", "Log-Status"], ("pkt_srcaddr", "log_status")),
        (["foo-bar", "Foo"], ("foo_bar", "Foo")),
        (["bytes", "bytes", "bytes"], ("bytes", "bytes_", "bytes__")),
        (
            ["timestamp", "message", "log_group", "format"],
            ("timestamp_", "message_", "log_group_", "format_"),
        ),
        (["_file", "__x", "-"], ("file", "x", "unnamed")),
        (["*", "^a$", "a b"], ("unnamed", "a_", "a_b")),
        (["naïve"], ("naïve",)),
    ],
)
def test_the_names_of_columns_are_plain_and_all_different(header, names):
    assert column_names(header) == names


# Places


def at(*args):
    return datetime(*args, tzinfo=UTC)


GROUP = "123456789012/us-east-1/fl-0123456789abcdef0"


@pytest.mark.parametrize(
    ("path", "layout", "group", "stream", "time"),
    [
        (delivery(), "s3", GROUP, None, at(2026, 1, 15, 10)),
        (
            f"AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/15/10/{delivery()}",
            "s3",
            GROUP,
            None,
            at(2026, 1, 15, 10),
        ),
        (f"year=2026/month=01/{delivery(end='log.parquet')}", "s3-hive", GROUP, None, at(2026, 1, 15, 10)),
        (f"year%3D2026/{delivery()}", "s3-hive", GROUP, None, at(2026, 1, 15, 10)),
        (f"service=vpcflowlogs/{delivery(end='log')}", "s3-hive", GROUP, None, at(2026, 1, 15, 10)),
        (f"colour=red/{delivery()}", "s3", GROUP, None, at(2026, 1, 15, 10)),
        (
            delivery(account="000000000012", region="us-gov-west-1", flow_log="fl-0abcdef1"),
            "s3",
            "000000000012/us-gov-west-1/fl-0abcdef1",
            None,
            at(2026, 1, 15, 10),
        ),
        (delivery("20269999T9999Z"), "s3", GROUP, None, None),
        (
            f"exportedlogs/c5e37efa-0596-46f3-8ab2-832ccf9d420c/{ENI}-all/000000.gz",
            "cloudwatch-export",
            "exportedlogs/c5e37efa-0596-46f3-8ab2-832ccf9d420c",
            f"{ENI}-all",
            None,
        ),
        (
            "c5e37efa-0596-46f3-8ab2-832ccf9d420c/web-1/000012.gz",
            "cloudwatch-export",
            "c5e37efa-0596-46f3-8ab2-832ccf9d420c",
            "web-1",
            None,
        ),
        (f"{ENI}-accept/000000", "cloudwatch-export", "root", f"{ENI}-accept", None),
        ("000000.gz", "plain", "root", "000000.gz", None),
        ("web/000000.gz", "plain", "web", "000000.gz", None),
        ("a.log", "plain", "root", "a.log", None),
        ("x/y/a.log", "plain", "x/y", "a.log", None),
        (f"old-{delivery()}", "plain", "root", f"old-{delivery()}", None),
    ],
)
def test_a_path_says_where_its_records_belong(path, layout, group, stream, time):
    found = place(path, "root")
    assert (found.layout, found.group, found.stream, found.time) == (layout, group, stream, time)


def test_a_delivery_of_the_sample_directory_is_known():
    sample = Path(__file__).resolve().parents[2] / "sample_logs"
    layouts = {
        place(path.relative_to(sample).as_posix(), "sample_logs").layout for path in sample.rglob("*.gz")
    }
    assert layouts == {"s3", "cloudwatch-export"}
    assert json.loads((sample / "inventory/describe-flow-logs.json").read_text())
