"""The command line as scripts use it: numbers that are right, streams and exit statuses that can be relied on."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime

import polars as pl
import pytest

from tests.tui.conftest import BEGIN, REPOSITORY, SAMPLE, Logs, line

GROUP_KEYS = [
    "log_group",
    "log_stream",
    "format",
    "records",
    "accepted",
    "rejected",
    "nodata",
    "skipdata",
    "bytes",
    "first",
    "last",
]
CHECK_KEYS = ["file", "layout", "format", "state", "records", "problems"]
STATES = {"complete", "incomplete", "skipped", "unreadable"}


def flowtui(*arguments, status=0, cwd=REPOSITORY, **environment):
    """Run the command; what it wrote to standard output and to standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert done.returncode == status, err
    return out, err


# -- groups --------------------------------------------------------------------------------------------------


def text_records(path):
    """The records of a text file as dictionaries, read with gzip alone."""
    first, *rest = gzip.decompress(path.read_bytes()).decode().splitlines()
    names = first.split()
    return (dict(zip(names, row.split(), strict=True)) for row in rest)


def counted_by_hand():
    """Every stream of sample_logs counted without any code of the project."""
    tally = defaultdict(Counter)
    times = defaultdict(list)

    def count(key, action, status, size, start):
        counts = tally[key]
        counts["records"] += 1
        counts["accepted"] += action == "ACCEPT"
        counts["rejected"] += action == "REJECT"
        counts["nodata"] += status == "NODATA"
        counts["skipdata"] += status == "SKIPDATA"
        counts["bytes"] += int(size or 0)
        times[key].append(start)

    for path in SAMPLE.glob("AWSLogs/*/vpcflowlogs/**/*.log.gz"):
        account, _, region, flow_log = path.name.split("_")[:4]
        for row in text_records(path):
            key = (f"{account}/{region}/{flow_log}", row["interface-id"], "flow-log")
            size = row["bytes"].replace("-", "")
            count(key, row["action"], row["log-status"], size, int(row["start"]))
    for path in SAMPLE.glob("AWSLogs/**/*.parquet"):
        account, _, region, flow_log = path.name.split("_")[:4]
        for row in pl.read_parquet(path).iter_rows(named=True):
            key = (f"{account}/{region}/{flow_log}", row["interface_id"], "flow-log")
            count(key, row["action"], row["log_status"], row["bytes"], row["start"])
    for path in SAMPLE.glob("exportedlogs/**/*.gz"):
        task, stream = path.relative_to(SAMPLE / "exportedlogs").parts[:2]
        for text in gzip.decompress(path.read_bytes()).decode().splitlines():
            moment, *fields = text.split()
            start = datetime.fromisoformat(moment).timestamp()
            key = (f"exportedlogs/{task}", stream, "flow-log")
            count(key, fields[12], fields[13], fields[9].replace("-", ""), start)
    for key, start in events_beside():
        count(key, "", "", 0, start)
    return tally, times


def events_beside():
    """The group, stream and format, and the time in epoch seconds, of every event that is no flow-log record."""
    for path in SAMPLE.glob("AWSLogs/*/vpcdnsquerylogs/**/*.log.gz"):
        vpc, service, account = path.name.split("_")[:3]
        for text in unpacked(path).splitlines():
            moment = json.loads(text)["query_timestamp"]
            yield (f"{account}/{service}", vpc, "resolver-query"), datetime.fromisoformat(moment).timestamp()
    for path in SAMPLE.glob("AWSLogs/*/CloudTrail/**/*.json.gz"):
        account, service, region = path.name.split("_")[:3]
        for event in json.loads(unpacked(path))["Records"]:
            key = (f"{account}/{region}/{service}", f"{account}_{service}_{region}", "cloudtrail")
            yield key, datetime.fromisoformat(event["eventTime"]).timestamp()
    known = set()
    for path in SAMPLE.glob("example-web-logs/*/*/*/*/*"):
        for envelope in json.loads("[" + unpacked(path).replace("}{", "},{") + "]"):
            for event in envelope["logEvents"] if envelope["messageType"] == "DATA_MESSAGE" else ():
                if event["id"] not in known:
                    yield (envelope["logGroup"], envelope["logStream"], "json"), event["timestamp"] / 1000
                known.add(event["id"])


def unpacked(path):
    return gzip.decompress(path.read_bytes()).decode()


def flow_log_records(rows):
    """How many records a result of ``groups`` or ``check`` counts that are flow logs'."""
    return sum(row["records"] for row in rows if str(row["format"]).startswith("flow-log"))


def iso(seconds):
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


@pytest.fixture(scope="module")
def by_hand():
    return counted_by_hand()


@pytest.fixture(scope="module")
def as_json():
    return json.loads(flowtui("groups", "sample_logs", "--format", "json")[0])


def test_groups_gives_exactly_the_keys_that_are_documented_in_their_order(as_json):
    assert as_json
    assert all(list(row) == GROUP_KEYS for row in as_json)


def test_groups_counts_what_a_count_by_hand_counts(as_json, by_hand):
    tally, times = by_hand
    found = {(row["log_group"], row["log_stream"], row["format"]): row for row in as_json}
    assert found.keys() == tally.keys()
    for key, row in found.items():
        assert {name: row[name] for name in GROUP_KEYS[3:9]} == {
            name: tally[key][name] for name in GROUP_KEYS[3:9]
        }
        assert (row["first"], row["last"]) == (iso(min(times[key])), iso(max(times[key])))
    assert flow_log_records(as_json) == 27_022


def test_groups_are_sorted_by_group_and_stream(as_json):
    names = [(row["log_group"], row["log_stream"]) for row in as_json]
    assert names == sorted(names)


def test_csv_ndjson_and_table_say_the_same_as_json(as_json):
    rows = list(csv.DictReader(io.StringIO(flowtui("groups", "sample_logs", "--format", "csv")[0])))
    assert [{name: str(value) for name, value in row.items()} for row in as_json] == rows
    lines = flowtui("groups", "sample_logs", "--format", "ndjson")[0].splitlines()
    assert [json.loads(text) for text in lines] == as_json
    table = [row.split() for row in flowtui("groups", "sample_logs")[0].splitlines()]
    assert table[0] == GROUP_KEYS
    assert table[1:] == [[str(value) for value in row.values()] for row in as_json]


@pytest.mark.parametrize(
    ("options", "records"),
    [
        (["--since", "2026-01-15T10:00:05Z"], 5),
        (["--until", "2026-01-15T10:00:05Z"], 6),
        (["--since", str(BEGIN + 2), "--until", str(BEGIN + 4)], 2),
        (["--since", "2026-01-15", "--until", "2026-01-16"], 11),
        (["--since", "2026-01-15T10:02:00Z"], 0),
        (["--since", "-1h"], 0),
    ],
)
def test_since_takes_its_time_and_until_leaves_it(two_streams, options, records):
    rows = json.loads(flowtui("groups", two_streams.root, "--format", "json", *options)[0])
    assert sum(row["records"] for row in rows) == records


def test_several_paths_are_read_together(two_streams, sample):
    rows = json.loads(flowtui("groups", two_streams.root, sample, "--format", "json")[0])
    assert flow_log_records(rows) == 27_022 + 11


def test_a_single_file_is_a_path_too(two_streams):
    path = next(two_streams.root.rglob("*fl-0fff*.gz"))
    rows = json.loads(flowtui("groups", path, "--format", "json")[0])
    assert [row["records"] for row in rows] == [1]


def test_groups_reads_this_directory_when_none_is_named(two_streams):
    rows = json.loads(flowtui("groups", "--format", "json", cwd=two_streams.root)[0])
    assert sum(row["records"] for row in rows) == 11


def test_groups_mentions_problems_beside_the_result_and_not_in_it(two_streams):
    two_streams.deliver("not a record")
    out, err = flowtui("groups", two_streams.root, "--format", "json")
    assert sum(row["records"] for row in json.loads(out)) == 11
    assert "flowtui check" in err


def test_hostile_names_come_out_harmless_in_a_table_and_exact_in_json(logs):
    logs.deliver(line(interface_id="\x1b[31m[/x]"), name="g/x.log")
    table, _ = flowtui("groups", logs.root)
    assert "\x1b" not in table
    assert "␛[31m[/x]" in table
    assert json.loads(flowtui("groups", logs.root, "--format", "json")[0])[0]["log_stream"] == "\x1b[31m[/x]"


# -- check ---------------------------------------------------------------------------------------------------


def test_check_finds_nothing_wrong_with_the_sample(sample, by_hand):
    rows = json.loads(flowtui("check", sample, "--format", "json")[0])
    assert all(list(row) == CHECK_KEYS for row in rows)
    assert {row["state"] for row in rows} == {"complete", "skipped"}
    assert all(row["problems"] == [] for row in rows)
    assert len(rows) == sum(1 for path in sample.rglob("*") if path.is_file())
    assert flow_log_records(rows) == 27_022
    assert sum(row["records"] for row in rows) == sum(counts["records"] for counts in by_hand[0].values())


def test_check_names_the_file_and_line_of_a_bad_line_and_fails(sample):
    path = next(sample.rglob("*_vpcflowlogs_*.log.gz"))
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress((text + "2 123456789012 nonsense\n").encode()))
    number = text.count("\n") + 1
    name = path.relative_to(sample).as_posix()

    rows = json.loads(flowtui("check", sample, "--format", "json", status=1)[0])
    wrong = [row for row in rows if row["problems"]]
    assert [row["file"] for row in wrong] == [name]
    (problem,) = wrong[0]["problems"]
    assert list(problem) == ["line", "what"]
    assert problem["line"] == number
    assert "3 fields" in problem["what"]
    assert wrong[0]["state"] == "complete"

    out, err = flowtui("check", sample, status=1)
    assert f"{name}:{number}: " in out
    assert "1 of them with problems" in err


def test_check_tells_a_file_that_was_cut_off(logs):
    path = logs.deliver(*(line(start=BEGIN + number, srcport=number) for number in range(500)))
    logs.deliver(line())
    path.write_bytes(path.read_bytes()[:-500])
    rows = json.loads(flowtui("check", logs.root, "--format", "json", status=1)[0])
    cut, whole = sorted(rows, key=lambda row: row["file"])
    assert (cut["state"], whole["state"]) == ("incomplete", "complete")
    assert cut["problems"] == [{"line": None, "what": cut["problems"][0]["what"]}]
    assert 0 < cut["records"] < 500


@pytest.mark.parametrize("form", ["csv", "ndjson", "table"])
def test_check_in_other_forms(two_streams, form):
    two_streams.deliver("not a record", name="w/bad.log")
    out, _ = flowtui("check", two_streams.root, "--format", form, status=1)
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(out)))
        assert list(rows[0]) == CHECK_KEYS
    elif form == "ndjson":
        rows = [json.loads(text) for text in out.splitlines()]
        assert [list(row) for row in rows] == [CHECK_KEYS] * 3
    else:
        assert "w/bad.log:2: " in out
        return
    assert {row["state"] for row in rows} <= STATES
    assert len(rows) == 3


# -- usage, streams and statuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["groups", "sample_logs", "--format", "xml"],
        ["groups", "sample_logs", "--nonsense"],
        ["groups", "sample_logs", "--since", "yesterday"],
        ["check", "sample_logs", "--since"],
        ["sample_logs", "--filter", "dstPort ="],
        ["sample_logs", "--nonsense"],
        ["sample_logs", "--until", "[/x]"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2_with_a_reason_and_no_result(arguments):
    out, err = flowtui(*arguments, status=2)
    assert out == ""
    assert err.strip()


def test_a_wrong_filter_is_pointed_at(sample):
    _, err = flowtui(sample, "--filter", "dstPort = = 80", status=2)
    assert "dstPort = = 80" in err
    assert "^" in err


@pytest.mark.parametrize("command", [["groups"], ["check"], []], ids=["groups", "check", "explorer"])
def test_a_path_that_is_not_there_is_status_1_and_one_sentence(command, tmp_path):
    out, err = flowtui(*command, tmp_path / "nowhere", status=1)
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("flowtui: ")
    assert "nowhere" in err


@pytest.mark.parametrize("command", ["groups", "check"])
def test_an_empty_directory_is_status_1_and_one_sentence(command, tmp_path):
    out, err = flowtui(command, tmp_path, status=1)
    assert out == ""
    assert err.count("\n") == 1
    assert "empty" in err


def test_the_explorer_without_a_terminal_says_what_to_use_instead(two_streams):
    out, err = flowtui(two_streams.root, status=1)
    assert out == ""
    assert "flowtui query" in err


def test_a_theme_that_is_not_there_is_refused_with_those_that_are(terminal):
    shell = terminal("sample_logs", "--theme", "nope")
    assert shell.ended() == 2
    assert "'nope' is not one of dark" in shell.text
    assert "monochrome" in shell.text
    assert "\x1b[?1049h" not in shell.sent.decode(), "the screen was left alone"


def test_settings_that_cannot_be_are_refused_before_the_screen_opens(terminal, tmp_path):
    (tmp_path / "flowtui").mkdir()
    (tmp_path / "flowtui" / "config.toml").write_text('[keys]\nfolow = "F"\n')
    shell = terminal("sample_logs", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert shell.ended() == 1
    assert "keys.folow is not an action" in shell.text.replace("\r\n", "")
    assert "\x1b[?1049h" not in shell.sent.decode()


def test_settings_choose_theme_and_keys(terminal, tmp_path):
    (tmp_path / "flowtui").mkdir()
    (tmp_path / "flowtui" / "config.toml").write_text('theme = "monochrome"\n[keys]\nleave = "Z"\n')
    shell = terminal("sample_logs", env={"XDG_CONFIG_HOME": str(tmp_path)})
    shell.wait_for("9 streams")
    assert b"38;5;" not in shell.sent
    assert "Z quit" in shell.text
    shell.keys("Z")
    assert shell.ended() == 0


def test_only_results_go_to_standard_output(two_streams):
    two_streams.deliver("not a record")
    out, err = flowtui("check", two_streams.root, "--format", "json", status=1)
    json.loads(out)
    out, err = flowtui("groups", two_streams.root, "--format", "csv")
    assert len(out.splitlines()) == 1 + 3
    assert err


def test_help_names_the_commands_and_the_options():
    out, err = flowtui("--help")
    assert err == ""
    for word in ("groups", "check", "--since", "--until", "--filter", "--follow", "--theme", "--version"):
        assert word in out
    assert flowtui("-h")[0] == out
    assert "--format" in flowtui("groups", "--help")[0]
    assert "--format" in flowtui("check", "-h")[0]


def test_version_is_the_one_that_is_installed():
    from importlib.metadata import version

    assert flowtui("--version")[0] == f"flowtui {version('flowtui')}\n"


def test_a_directory_named_like_a_command_can_still_be_opened(logs, terminal):
    (logs.root / "groups").mkdir()
    Logs(logs.root / "groups").deliver(line())
    shell = terminal(logs.root / "groups")
    shell.wait_for("1 stream")
    shell.keys("q")
    assert shell.ended() == 0


# -- what is not imported ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["groups", "check"])
def test_scripts_never_pay_for_the_screen(command):
    """Neither importing the command line nor running a command brings in textual."""
    code = (
        "import sys\n"
        "from tui.cli import cli\n"
        "assert 'polars' not in sys.modules, 'before it is needed'\n"
        f"cli(['{command}', 'sample_logs', '--format', 'json'], standalone_mode=False)\n"
        "heavy = {'textual', 'watchfiles', 'themes', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()


def test_help_and_version_do_not_even_import_polars():
    for option in ("--help", "--version"):
        code = f"import sys; from tui.cli import cli; cli(['{option}'], standalone_mode=False); assert 'polars' not in sys.modules"
        subprocess.run(
            [sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, timeout=60
        )


def test_the_screen_is_drawn_before_polars_is_there():
    code = "import sys; import tui.app; assert 'polars' not in sys.modules; assert 'watchfiles' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, timeout=60)


def test_check_says_what_each_file_is_also_where_none_is_a_log(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    said = subprocess.run(
        [sys.executable, "-m", "tui.cli", "check", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert "picture.png" in said.stdout
    assert "not a log that flowtui knows" in said.stdout
