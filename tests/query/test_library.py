"""Ready-made queries: those that are shipped, and those that people write."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.load import Library
from query import commands, tree
from query.answer import answer
from query.check import check_query
from query.for_aws import for_aws
from query.library import SECTIONS, Parameter, ReadyMade, queries_folder, read_library
from query.parse import parse_query
from query.scope import Scope
from tests.query.aws_samples import SAMPLES

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED, PROBLEMS = read_library()
BY_NAME = {query.name: query for query in SHIPPED}
PAGE = runpy.run_path(str(ROOT / "docs" / "make_queries.py"))
ATHENA = {
    "AcceptedTraffic",
    "AdminPortTraffic",
    "IPv4Traffic",
    "IPv6Traffic",
    "RejectedTCPTraffic",
    "RejectedTraffic",
    "SshRdpTraffic",
    "TopTalkers",
    "TopTalkersPacketLevel",
    "TopTalkingInstances",
    "TopTalkingSubnets",
    "TopTCPTraffic",
    "TotalBytesTransferred",
    "TotalBytesTransferredPacketLevel",
    "TrafficFrmSrcAddr",
    "TrafficToDstAddr",
}
# AWS's samples for applications that write fields no log here has, or that only show what the language can do.
NOT_SHIPPED = {
    "other_lambda_memory",
    "other_lambda_duration",
    "other_slow_lambda_requests",
    "other_latency_by_method",
    "other_parsed_by_glob",
    "other_megabytes_per_10_minutes",
    "other_sessions_of_many_addresses",
    "other_patterns_of_causes",
    "other_unnested_accounts",
}
BY_TIME = {"rejects-per-10-minutes", "rejects-per-hour", "accepted-and-rejected"}
# What nobody did in the day of the sample directory.
NOTHING_TO_FIND = {
    "unusual-protocols",
    "outside-business-hours",
    "flows-of-interface",
    "behind-nat",
    "cross-az-pairs",
}

shipped = pytest.mark.parametrize("query", SHIPPED, ids=lambda query: query.name)


@pytest.fixture(scope="module")
def dataset():
    return Library((str(ROOT / "sample_logs"),)).read_all()


@pytest.fixture
def folder(tmp_path):
    def write(name, content):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path

    return write


def normal(text):
    return re.sub(r"\s+", " ", text).strip()


# What is shipped


def test_every_shipped_file_is_a_query_of_its_own():
    assert PROBLEMS == ()
    assert len(BY_NAME) == len(SHIPPED) == len(list((ROOT / "query" / "library").rglob("*.insights")))
    assert len({query.title for query in SHIPPED}) == len(SHIPPED)
    assert {query.section for query in SHIPPED} == set(SECTIONS)
    assert not any(query.own for query in SHIPPED)


def test_queries_of_flow_logs_come_first_in_the_order_of_the_questions():
    sections = [query.section for query in SHIPPED]
    assert sections == sorted(sections, key=list(SECTIONS).index)
    first = [query.questions[0] for query in SHIPPED if query.section == "flow" and query.questions]
    assert first[0] == 1
    assert first == sorted(first)


@shipped
def test_a_shipped_query_says_what_it_is(query):
    assert 0 < len(query.title) <= 50
    assert query.description.endswith("?")
    assert re.fullmatch("[a-z0-9-]+", query.name)
    assert all(f"{{{{{parameter.name}}}}}" in query.text for parameter in query.parameters)


@shipped
def test_a_shipped_query_is_understood_and_right(query):
    check_query(parse_query(query.filled()))


@shipped
def test_a_shipped_query_can_be_sent_to_aws(query):
    assert for_aws(parse_query(query.filled())) == query.filled()


@shipped
def test_a_shipped_file_with_its_head_is_the_same_query(query):
    file = ROOT / "query" / "library" / query.section / f"{query.name}.insights"
    assert parse_query(file.read_text(encoding="utf-8")).commands == parse_query(query.text).commands


@shipped
def test_a_shipped_query_answers_over_the_sample_directory(query, dataset):
    found = answer(dataset, parse_query(query.filled()), Scope())
    assert set(found.columns) <= set(found.frame.columns)
    assert not found.capped or query.origin == "AWS sample"
    if not query.origin and query.fits(dataset.fields):
        assert found.warnings == ()
    if query.section == "flow" and query.fits(dataset.fields):
        assert bool(found.frame.height) is (query.name not in NOTHING_TO_FIND)


@shipped
def test_a_query_of_ours_is_sorted_and_short(query):
    found = parse_query(query.filled()).commands
    kinds = {type(command) for command in found}
    # As many rows as there are times, or IP versions, are few enough.
    is_short = query.name in {*BY_TIME, "ipv4-against-ipv6"}
    assert query.origin.startswith(("AWS", "CloudWatch")) or kinds >= {
        commands.Sort,
        *([] if is_short else [commands.Limit]),
    }


def test_every_question_has_an_answer():
    answered = {number for query in SHIPPED for number in query.questions}
    assert answered == set(range(1, len(PAGE["QUESTIONS"]) + 1))


def test_every_report_of_the_athena_console_is_there():
    found = [query.origin.partition("Athena console: ")[2] for query in SHIPPED]
    assert sorted(filter(None, found)) == sorted(ATHENA)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - NOT_SHIPPED))
def test_a_sample_of_aws_is_shipped_in_its_own_words(name):
    places = {"nat": "x.x.x.x", "vpc": "y.y."}
    texts = {normal(query.filled(places)) for query in SHIPPED if query.origin}
    assert normal(SAMPLES[name].replace("xxx.xx.xx.xx", "x.x.x.x")) in texts


def test_the_page_about_the_queries_is_made_from_them():
    assert (ROOT / "docs" / "queries.md").read_text(encoding="utf-8") == PAGE["text"](), "run `make pictures`"


def test_the_library_is_read_without_polars():
    code = (
        "import sys; from query.library import read_library; read_library(); print('polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# Where a query is offered


def test_a_query_is_offered_only_where_the_fields_are():
    talkers, subnets = BY_NAME["top-talkers"], BY_NAME["top-talking-subnets"]
    default = ("srcaddr", "dstaddr", "bytes", "action")
    assert talkers.fits(default)
    assert not subnets.fits(default)
    assert subnets.fits({*default, "subnet_id"})
    assert not talkers.fits(())


def test_a_field_is_known_in_every_spelling():
    query = ReadyMade("a", "A", "", "limit 1", needs=("pkt_srcaddr", "rcode|responseCode"))
    assert query.fits(["pktSrcAddr", "responseCode"])
    assert query.fits(["pkt-srcaddr", "rcode"])
    assert not query.fits(["rcode", "responseCode"])


def test_a_query_that_needs_nothing_fits_everywhere():
    assert ReadyMade("a", "A", "", "limit 1").fits(())


# Parameters


def asking(text, **samples):
    parameters = tuple(Parameter(name, "srcaddr", sample) for name, sample in samples.items())
    return ReadyMade("a", "A", "", text, parameters=parameters)


def test_a_parameter_has_its_sample_until_a_value_is_given():
    query = asking('filter srcAddr = "{{address}}"', address="10.0.1.10")
    assert query.filled() == 'filter srcAddr = "10.0.1.10"'
    assert query.filled({"address": None, "other": 1}) == 'filter srcAddr = "10.0.1.10"'
    assert query.filled({"address": 22}) == 'filter srcAddr = "22"'


@pytest.mark.parametrize(
    "value",
    [
        '" or 1 = 1 or "',
        "' or 1 = 1 or '",
        "\\",
        '\\" | limit 1 #',
        "\\' | limit 1 #",
        "a\n| limit 1",
        "{{address}}",
        "\\1\\g<0>",
        "",
    ],
)
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_value_from_the_data_stays_inside_its_quotes(quote, value):
    text = f"filter srcAddr = {quote}{{{{address}}}}{quote} # {{{{address}}}}\n| limit 5"
    found = parse_query(asking(text, address="x").filled({"address": value}))
    condition, limit = found.commands
    assert condition.condition == tree.Compare(tree.Field("srcaddr"), "=", tree.Literal(value))
    assert limit == commands.Limit(5)


@given(st.text(max_size=20), st.sampled_from("\"'"))
def test_whatever_the_value_only_a_literal_changes(value, quote):
    query = asking(f"filter a = {quote}<{{{{x}}}}>{quote}", x="1")
    (condition,) = parse_query(query.filled({"x": value})).commands
    assert condition.condition == tree.Compare(tree.Field("a"), "=", tree.Literal(f"<{value}>"))


# What people write


def test_a_query_of_ones_own_is_read_with_all_that_it_says(folder):
    where = folder(
        "relay.insights",
        "# title: Mail relay\n# Description: Who used it?\n# needs: srcaddr, rcode|responseCode\n"
        "# question: 9, 12\n# origin: us\n# parameter: relay, from dstaddr, like 10.0.1.10\n"
        '\n# by port\nfilter dstAddr = "{{relay}}"\n# | limit 5\n',
    )
    queries, problems = read_library(where)
    assert problems == ()
    assert queries[:-1] == SHIPPED
    assert queries[-1] == ReadyMade(
        name="relay",
        title="Mail relay",
        description="Who used it?",
        text='# by port\nfilter dstAddr = "{{relay}}"\n# | limit 5',
        needs=("srcaddr", "rcode|responseCode"),
        questions=(9, 12),
        origin="us",
        parameters=(Parameter("relay", "dstaddr", "10.0.1.10"),),
        own=True,
    )


def test_a_title_is_enough_whatever_the_editor_makes_of_the_file(tmp_path):
    (tmp_path / "a.insights").write_bytes(b"\xef\xbb\xbf# title: A\r\nlimit 1\r\n| sort x\r\n")
    *_, mine = read_library(tmp_path)[0]
    assert (mine.title, mine.text, mine.needs) == ("A", "limit 1\n| sort x", ())


def test_a_query_with_the_name_of_a_shipped_one_takes_its_place(folder):
    where = folder("top-talkers.insights", "# title: My talkers\nlimit 1\n")
    queries, _ = read_library(where)
    assert [query.name for query in queries] == [query.name for query in SHIPPED]
    mine = next(query for query in queries if query.name == "top-talkers")
    assert (mine.title, mine.own) == ("My talkers", True)


def test_without_a_folder_there_are_the_shipped_queries(tmp_path):
    assert read_library(tmp_path / "none") == (SHIPPED, ())
    assert read_library(None) == (SHIPPED, ())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"limit 1", "{} has no title. Begin it with a line '# title: …'."),
        (b"# title:\nlimit 1", "{} has no title. Begin it with a line '# title: …'."),
        (b"limit 1\n# title: too late", "{} has no title. Begin it with a line '# title: …'."),
        (b"", "{} has no title. Begin it with a line '# title: …'."),
        (b"# title: A\n\n", "{} has no query below its title."),
        (b"# title: \xff", "{} cannot be read: it is not UTF-8 text."),
        (
            b"# title: A\n# parameter: x\nlimit 1",
            "{}: write a parameter as '# parameter: NAME, from FIELD, like SAMPLE'.",
        ),
    ],
)
def test_a_file_that_is_no_query_is_told_and_the_others_are_there(tmp_path, content, sentence):
    path = tmp_path / "broken.insights"
    path.write_bytes(content)
    (tmp_path / "good.insights").write_text("# title: Good\nlimit 1")
    queries, problems = read_library(tmp_path)
    assert problems == (sentence.format(path),)
    assert queries[-1].title == "Good"


@pytest.mark.parametrize(
    "text",
    [
        'filter srcAddr = "{{adress}}"',
        "filter srcPort = {{address}}",
        "filter srcAddr like /{{address}}/",
        'parse @message /"{{address}}"/',
        "filter `{{address}}` = 1",
    ],
)
def test_a_placeholder_that_nothing_can_be_put_in_for_is_told(folder, text):
    where = folder("a.insights", f"# title: A\n# parameter: address, from srcaddr, like 10.0.0.1\n{text}\n")
    queries, (problem,) = read_library(where)
    assert queries == SHIPPED
    assert "nothing can be put in for {{ad" in problem


def test_a_placeholder_in_a_comment_is_only_a_comment(folder):
    where = folder("a.insights", "# title: A\nlimit 1 # {{address}}\n")
    assert read_library(where)[1] == ()


def test_what_cannot_be_opened_is_told_and_never_waited_for(tmp_path):
    (tmp_path / "folder.insights").mkdir()
    (tmp_path / "gone.insights").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.insights")
    (tmp_path / "notes.txt").write_text("no query")
    queries, problems = read_library(tmp_path)
    assert queries == SHIPPED
    assert [problem.removeprefix(f"{tmp_path}/") for problem in problems] == [
        "folder.insights cannot be read: it is no regular file.",
        "gone.insights cannot be read: No such file or directory.",
        "pipe.insights cannot be read: it is no regular file.",
    ]


def test_a_file_where_the_folder_should_be_is_told(tmp_path):
    file = tmp_path / "queries"
    file.write_text("no folder")
    assert read_library(file) == (SHIPPED, (f"{file} cannot be read: Not a directory.",))


def test_peoples_queries_lie_beside_their_configuration():
    assert queries_folder().name == "queries"
    assert queries_folder().parent.name == "flowtui"
