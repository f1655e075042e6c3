"""``flowtui detect`` and what all detections share: registry, thresholds, hostile input, the sample logs."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import polars as pl
import pytest

from diagnose.detections import FINDING, SEVERITIES, by_name, detections, find_all
from diagnose.detections.context import Context
from diagnose.detections.declaration import REGISTERED, Detection, register
from diagnose.inventory import inventory_files, read_inventory
from diagnose.model import Inventory
from loaders.dataset import Dataset
from loaders.load import Library
from query.parse import parse_filter
from query.scope import Scope
from tests.diagnose.traffic import BARE, BEGIN, HEADER, World, asked, record, refused, selected, skipped

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_logs"
NAMES = {
    "exposed-ports",
    "scan-then-success",
    "vertical-scan",
    "sweep",
    "large-egress",
    "new-admin-pairs",
    "other-resolvers",
    "config-drift",
    "log-health",
    "internet-scans",
}
HOST, PEER, CLIENT = "10.0.1.10", "10.0.1.20", "203.0.113.9"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "logs")


def flowtui(*arguments, status=0):
    """Run the command; what it wrote to standard output and to standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", *map(str, arguments)],
        capture_output=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert done.returncode == status, err
    return out, err


# -- the registry --------------------------------------------------------------------------------------------


def test_the_names_are_stable_and_everything_is_described():
    assert {one.name for one in detections()} == NAMES
    for one in detections():
        assert one.title
        assert one.means.endswith(".")
        assert one.wrong.endswith(".")
        assert one.thresholds
        assert all(each.meaning for each in one.thresholds)


def test_the_manual_has_each_detection_with_its_thresholds():
    page = (ROOT / "docs" / "detections.md").read_text()
    for one in detections():
        assert f"`{one.name}`" in page
        for each in one.thresholds:
            default = f"{each.default:g} {each.unit}" if not isinstance(each.default, str) else "none"
            assert f"| `{one.name}.{each.name}` | {default} |" in page


def test_a_new_detection_registers_itself_and_changes_nothing_else(world):
    register(Detection("own", "x", "x.", "x.", (), lambda *_: pl.DataFrame(schema=FINDING), rank=1))
    try:
        assert by_name("own").find(world.write(asked(PEER, HOST, 1)).context).height == 0
    finally:
        del REGISTERED["own"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"port": 3}, "has no threshold 'port'"),
        ({"ports": "many"}, "is a number"),
        ({"ports": 1}, "at least 2"),
        ({"ports": float("nan")}, "at least 2"),
        ({"ports": "inf"}, "at least 2"),
    ],
)
def test_thresholds_that_are_none(world, given, said):
    with pytest.raises(ValueError, match=said):
        by_name("vertical-scan").find(Context(Dataset(), Inventory()), **given)


def test_a_list_that_is_none():
    with pytest.raises(ValueError, match="neither an address nor a block"):
        by_name("other-resolvers").given(allowed="8.8.8.8, dns.example")


@pytest.mark.parametrize("one", detections(), ids=lambda one: one.name)
def test_nothing_is_found_where_there_is_nothing(one):
    found = one.find(Context(Dataset(), Inventory()))
    assert dict(found.schema) == FINDING
    assert found.height == 0
    assert found.schema["first"] == pl.Datetime("ms", "UTC")


def test_what_is_most_severe_comes_first(world):
    world.write([*asked(CLIENT, HOST, 22), *asked(PEER, "8.8.8.8", 53), *skipped(BEGIN)])
    found = find_all(world.context)
    places = [SEVERITIES.index(one) for one in found["severity"]]
    assert places == sorted(places)
    assert len(places) == 3
    assert set(find_all(world.context, ["log-health"])["detection"]) == {"log-health"}


def test_only_what_is_in_the_scope_is_looked_at(world):
    world.write([*asked(CLIENT, HOST, 22), *asked(CLIENT, PEER, 22, start=BEGIN + 3600)])
    context = world.context
    from datetime import datetime

    since = datetime.fromtimestamp(BEGIN + 1800, UTC)
    narrow = Context(context.dataset, Inventory(), Scope(since=since))
    assert find_all(narrow, ["exposed-ports"])["target"].to_list() == [PEER]


# -- hostile input -------------------------------------------------------------------------------------------


def test_texts_in_place_of_addresses_are_quoted_in_filters(world):
    odd = 'x"or(1=1)\x1b[31m'
    world.write([*asked(CLIENT, HOST, 22, interface_id=odd), *skipped(BEGIN, interface=odd)])
    found = find_all(world.context)
    assert set(found["detection"]) == {"exposed-ports", "log-health"}
    for one in found.to_dicts():
        parse_filter(one["filter"])
        assert selected(world.context.dataset, one["filter"]) >= one["records"]


@pytest.mark.parametrize("header", [HEADER, BARE], ids=["many fields", "the default format"])
def test_numbers_and_times_that_cannot_be(world, header):
    dice = random.Random(7)
    ends = [HOST, PEER, CLIENT, "-", "8.8.8.8", "::1", "fe80::1", "FE80::0:1", "256.1.1.1", "'", "0.0.0.0"]
    numbers = [0, -1, 22, 53, 5432, 65535, 2**31 - 1, "-"]
    large = [0, 1, -5, 2**62, 2**63 - 1, BEGIN, BEGIN + 60, 10**12, "-"]
    rows = [
        record(dice.choice(ends), dice.choice(ends))
        | {name: dice.choice(numbers) for name in ("srcport", "dstport", "protocol", "tcp_flags")}
        | {name: dice.choice(large) for name in ("packets", "bytes", "start", "end")}
        | {"action": dice.choice(["ACCEPT", "REJECT", "-"]), "protocol": dice.choice([6, 17, 1, 255, "-"])}
        | {"log_status": dice.choice(["OK", "SKIPDATA", "NODATA"])}
        | {"interface_id": dice.choice(["eni-1", "-"])}
        for _ in range(600)
    ]
    context = world.write(rows, header=header).context
    thresholds = {
        "scan-then-success": {"probes": 1, "packets": 0},
        "vertical-scan": {"ports": 2},
        "sweep": {"targets": 2, "unanswered": 0},
        "large-egress": {"megabytes": 0.001},
        "new-admin-pairs": {"hours": 0, "baseline": 1},
    }
    found = find_all(context, thresholds=thresholds)
    assert dict(found.schema) == FINDING
    for one in found.to_dicts():
        parse_filter(one["filter"])


def test_logs_without_times_addresses_or_ports(world):
    short = ["version", "interface-id", "action", "log-status"]
    world.write(asked(PEER, HOST, 22), header=short)
    assert find_all(world.context).height == 0


# -- the sample logs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    dataset = Library((str(SAMPLE),)).read_all()
    return Context(dataset, read_inventory(inventory_files(dataset)))


def test_the_sample_tells_its_story(sample):
    found = find_all(sample)
    by = {name: found.filter(pl.col("detection") == name).to_dicts() for name in NAMES}
    (door,) = by["exposed-ports"]
    assert (door["target"], door["port"], door["source"]) == ("10.0.1.10", 22, "203.0.113.10")
    assert "203.0.113.66" in {one["source"] for one in by["scan-then-success"]}, "the scanner"
    assert {one["severity"] for one in by["scan-then-success"]} == {"low"}, "it only read the website"
    lost, idle = by["log-health"]
    assert "SKIPDATA" in lost["what"]
    assert "NODATA" in idle["filter"]
    quiet = NAMES - {"exposed-ports", "scan-then-success", "log-health"}
    assert not any(by[name] for name in quiet), "nothing else happens there"


def test_every_filter_of_the_sample_finds_its_records(sample):
    for one in find_all(sample).to_dicts():
        out, _ = flowtui("query", SAMPLE, f"filter {one['filter']} | stats count(*)", "--format", "csv")
        assert int(out.split()[-1]) >= one["records"] > 0


# -- the command ---------------------------------------------------------------------------------------------


@pytest.fixture
def logs(world):
    world.write([*asked(CLIENT, HOST, 22), *skipped(BEGIN)])
    return world.folder


def test_json_has_every_column_and_exact_times(logs):
    out, _ = flowtui("detect", logs, "--format", "json", "--no-store")
    first, second = json.loads(out)
    assert list(first) == list(FINDING)
    assert (first["detection"], first["port"], first["first"]) == (
        "exposed-ports",
        22,
        "2026-01-15T10:00:00.000Z",
    )
    assert (second["detection"], second["source"]) == ("log-health", None)


def test_ndjson_and_csv_have_the_same(logs):
    out, _ = flowtui("detect", logs, "--format", "ndjson", "--no-store")
    lines = [json.loads(one) for one in out.splitlines()]
    out, _ = flowtui("detect", logs, "--format", "csv", "--no-store")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [one["what"] for one in rows] == [one["what"] for one in lines]
    assert len(rows) == 2
    assert list(rows[0]) == list(FINDING)


def test_a_person_reads_severity_sentence_and_filter(logs):
    out, _ = flowtui("detect", logs, "--no-store")
    lines = out.splitlines()
    assert lines[0] == "high    exposed-ports  2026-01-15 10:00"
    assert "lets the internet in at tcp/22 (ssh)" in lines[1]
    assert lines[2].startswith("        filter: (((srcAddr")


def test_the_store_changes_nothing(logs):
    kept = [flowtui("detect", logs, "--format", "json")[0] for _ in range(2)]
    assert kept == [flowtui("detect", logs, "--format", "json", "--no-store")[0]] * 2


def test_only_and_set(logs):
    out, _ = flowtui(
        "detect", logs, "--only", "exposed-ports", "--set", "exposed-ports.sources=2", "--no-store"
    )
    assert out == "Nothing was found.\n"
    out, _ = flowtui("detect", logs, "--only", "log-health", "--format", "ndjson", "--no-store")
    assert [json.loads(one)["detection"] for one in out.splitlines()] == ["log-health"]


def test_times_narrow_it(logs):
    out, _ = flowtui("detect", logs, "--since", "2026-01-15T10:30Z", "--no-store", "--format", "json")
    assert json.loads(out) == []


def test_what_keeps_a_detection_from_telling_all_is_said_beside_the_results(world):
    world.write(asked(CLIENT, HOST, 22), header=BARE)
    out, err = flowtui("detect", world.folder, "--no-store", "--format", "json")
    assert len(json.loads(out)) == 1
    assert "large-egress: these logs have no pkt-dst-aws-service" in err
    assert "new-admin-pairs: the logs span" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "nothing"), "'nothing' is not one of exposed-ports"),
        (("--set", "sweep.targets"), "not NAME.PARAM=VALUE"),
        (("--set", "nothing.x=1"), "'nothing' is not one of"),
        (("--set", "sweep.x=1"), "sweep has no threshold 'x'"),
        (("--set", "sweep.targets=x\x1b[1m"), "is none"),
        (("--set", "other-resolvers.allowed=x"), "neither an address nor a block"),
    ],
)
def test_wrong_usage(arguments, said):
    out, err = flowtui("detect", SAMPLE, *arguments, status=2)
    assert said in err
    assert not out
    assert "\x1b" not in err


def test_the_list_of_detections(logs):
    out, _ = flowtui("detect", "--list")
    assert "large-egress.megabytes = 500 MB, by 100: so much was sent to one address" in out
    assert out.count("Wrong when:") == len(NAMES)
    listed = json.loads(flowtui("detect", "--list", "--format", "json")[0])
    assert {one["name"] for one in listed} == NAMES
    assert listed[0]["thresholds"][0] == {
        "name": "conversations",
        "default": 1,
        "unit": "conversations",
        "step": 1,
        "meaning": "so many accepted from the internet",
    }
    rows = list(csv.DictReader(io.StringIO(flowtui("detect", "--list", "--format", "csv")[0])))
    assert {one["detection"] for one in rows} == NAMES


def test_control_characters_in_logs_never_reach_the_terminal(world):
    world.write(skipped(BEGIN, interface="eni-\x1b[2Jx"))
    out, err = flowtui("detect", world.folder, "--no-store")
    assert "eni-" in out
    assert "\x1b" not in out + err


def test_where_no_flow_logs_are_there_is_nothing_to_say():
    assert flowtui("detect", SAMPLE / "example-web-logs", "--no-store") == ("Nothing was found.\n", "")


def test_a_path_that_is_not_there():
    flowtui("detect", "/nowhere/at/all", status=1)


def test_refused_requests_are_counted_with_the_rules_of_an_inventory(world, tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    answer = {
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": "eni-0123456789abcdef0",
                "SubnetId": "subnet-1",
                "VpcId": "vpc-1",
                "InterfaceType": "nat_gateway",
                "PrivateIpAddress": HOST,
                "PrivateIpAddresses": [{"PrivateIpAddress": HOST, "Primary": True}],
            }
        ]
    }
    (folder / "interfaces.json").write_text(json.dumps(answer))
    world.write([*asked(CLIENT, HOST, 22, back=0), *refused(CLIENT, HOST, 23)])
    out, _ = flowtui("detect", world.folder, "--only", "exposed-ports", "--no-store", "--format", "json")
    assert len(json.loads(out)) == 1
    out, _ = flowtui(
        *("detect", world.folder, "--only", "exposed-ports", "--no-store", "--format", "json"),
        *("--inventory", folder),
    )
    assert json.loads(out) == []
