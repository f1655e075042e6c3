"""What a path says: layout, log group, stream, time, and whether AWS made the name unique."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from loaders.layouts import Place, place

ROOT = "logs"
ACCOUNT = "123456789012"
TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
UUID = "0a1b2c3d-0000-4000-8000-0123456789ab"
FLOW_LOG = f"{ACCOUNT}_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260115T1000Z_0a1b2c3d.log"
RESOLVER = f"vpc-0a1b2c3d_vpcdnsquerylogs_{ACCOUNT}_20260115T1000Z_0a1b2c3d.log.gz"


def trail(service: str = "CloudTrail") -> str:
    return f"{ACCOUNT}_{service}_eu-west-1_20260115T1000Z_aB3dE6gH9jK2mN5p.json.gz"


@pytest.mark.parametrize("folders", ["", "15/", f"AWSLogs/{ACCOUNT}/vpcflowlogs/us-east-1/2026/01/15/"])
@pytest.mark.parametrize("end", ["", ".gz", ".parquet"])
def test_a_flow_log_delivery_is_told_by_its_name_wherever_the_sync_cut_the_path(folders, end):
    group = f"{ACCOUNT}/us-east-1/fl-0123456789abcdef0"
    assert place(f"{folders}{FLOW_LOG}{end}", ROOT) == Place("s3", group, None, TEN, delivery=True)


def test_a_hive_path_is_told_even_if_its_keys_are_still_encoded():
    for folders in ("year=2026/month=01", "service=vpcflowlogs", "year%3D2026"):
        assert place(f"{folders}/{FLOW_LOG}.gz", ROOT).layout == "s3-hive"


@pytest.mark.parametrize(
    "service", ["CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"]
)
def test_a_trail_has_a_group_for_each_account_region_and_sort_of_event(service):
    expected = Place(
        "s3", f"{ACCOUNT}/eu-west-1/{service}", f"{ACCOUNT}_{service}_eu-west-1", TEN, delivery=True
    )
    folders = f"p/AWSLogs/o-abc123/{ACCOUNT}/{service}/eu-west-1/2026/01/15"
    assert place(f"{folders}/{trail(service)}", ROOT) == expected
    assert place(trail(service), ROOT) == expected


def test_a_digest_of_a_trail_lies_where_the_trail_does():
    name = f"{ACCOUNT}_CloudTrail-Digest_eu-west-1_my_trail_us-east-1_20260115T100000Z.json.gz"
    found = place(name, ROOT)
    assert (found.layout, found.group) == ("s3", f"{ACCOUNT}/eu-west-1/CloudTrail-Digest")


def test_resolver_queries_have_a_stream_for_each_vpc():
    expected = Place("s3", f"{ACCOUNT}/vpcdnsquerylogs", "vpc-0a1b2c3d", TEN, delivery=True)
    folders = f"AWSLogs/{ACCOUNT}/vpcdnsquerylogs/vpc-0a1b2c3d/2026/01/15"
    assert place(f"{folders}/{RESOLVER}", ROOT) == expected
    assert place(RESOLVER, ROOT) == expected


def test_a_name_whose_time_is_none_has_no_time():
    assert place(trail().replace("20260115", "20261345"), ROOT).time is None
    assert place(RESOLVER.replace("T1000", "T2561"), ROOT).time is None


@pytest.mark.parametrize("end", ["", ".gz", ".json", ".json.gz"])
def test_what_firehose_writes_belongs_to_the_folder_above_its_date(end):
    name = f"to-s3-1-2026-01-15-10-00-00-{UUID}{end}"
    expected = Place("firehose", "some/prefix", "to-s3", TEN, delivery=True)
    assert place(f"some/prefix/2026/01/15/10/{name}", ROOT) == expected
    assert place(f"fh/year=2026/month=01/day=15/hour=10/{name}", ROOT).group == "fh"


def test_what_firehose_writes_without_a_prefix_belongs_to_what_was_opened():
    name = f"to-s3-1-2026-01-15-10-00-00-{UUID}"
    for folders in ("2026/01/15/10/", "15/10/", ""):
        assert place(folders + name, ROOT).group == ROOT


def test_a_prefix_of_digits_is_no_date_when_the_date_is_whole():
    name = f"to-s3-1-2026-01-15-10-00-00-{UUID}"
    assert place(f"team/42/2026/01/15/10/{name}", ROOT).group == "team/42"


def test_a_name_that_is_only_like_one_of_firehose_is_plain():
    for name in (f"to-s3-1-2026-01-15-{UUID}", "to-s3-1-2026-01-15-10-00-00-nothing", f"{UUID}.gz"):
        assert place(name, ROOT) == Place("plain", ROOT, name, None)


def test_a_lake_tells_account_and_region_in_its_folders():
    folders = f"aws/VPC_FLOW/2.0/region=eu-west-1/accountId={ACCOUNT}/eventDay=20260115"
    expected = Place("security-lake", f"{ACCOUNT}/eu-west-1/security-lake", None, None)
    assert place(f"{folders}/0a1b.gz.parquet", ROOT) == expected
    assert place(f"{folders.replace('=', '%3D')}/0a1b.gz.parquet", ROOT) == expected
    assert place("region=eu-west-1/0a1b.gz.parquet", ROOT).layout == "plain"


def test_a_flow_log_delivery_under_the_keys_of_a_lake_is_still_a_delivery():
    assert place(f"region=us-east-1/accountId={ACCOUNT}/{FLOW_LOG}", ROOT).layout == "s3"


def test_an_export_has_a_stream_for_each_folder():
    expected = Place("cloudwatch-export", f"exportedlogs/{UUID}", "eni-1-all", None)
    assert place(f"exportedlogs/{UUID}/eni-1-all/000000.gz", ROOT) == expected
    assert place("eni-1-all/000001.gz", ROOT) == Place("cloudwatch-export", ROOT, "eni-1-all", None)
    assert place("numbers/000001.gz", ROOT).layout == "plain"


def test_any_other_file_is_a_stream_of_the_folder_it_lies_in():
    assert place("a/b/app.log", ROOT) == Place("plain", "a/b", "app.log", None)
    assert place("app.log", ROOT) == Place("plain", ROOT, "app.log", None)
