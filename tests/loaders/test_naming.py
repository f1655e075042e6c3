"""Names that a person gives to log groups."""

from __future__ import annotations

import pytest

from loaders.discover import NoLogsError
from loaders.load import Library
from loaders.naming import NO_NAMES, group_names

RECORD = "2 123456789012 eni-0123456789abcdef0 10.0.0.1 10.0.0.2 1 2 6 1 40 1700000000 1700000060 ACCEPT OK\n"


@pytest.fixture
def logs(tmp_path):
    for folder in ("web/a", "db"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "today.log").write_text(RECORD)
    return tmp_path


def groups(logs):
    return sorted(Library([str(logs)]).read_all().summary()["log_group"].to_list())


def test_a_pattern_gives_the_groups_that_fit_it_a_name(logs):
    (logs / "flowtui.toml").write_text('[groups]\n"web/*" = "vpc/production"\n')
    assert groups(logs) == ["db", "vpc/production"]


def test_the_first_pattern_that_fits_counts(logs):
    (logs / "flowtui.toml").write_text('[groups]\n"d?" = "first"\n"*" = "second"\n')
    assert groups(logs) == ["first", "second"]


def test_the_file_of_names_is_no_log_and_no_problem(logs):
    (logs / "flowtui.toml").write_text("[groups]\n")
    reports = Library([str(logs)]).read_all().files.values()
    assert [report.reason for report in reports if report.source.name == "flowtui.toml"] == [
        "names of log groups and fields"
    ]
    assert all(report.sound for report in reports)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[groups", "cannot be read"),
        ("[group]\n", "'group' is not known"),
        ("groups = 3", "has to be a table"),
        ('[groups]\n"*" = 3', "the name for '*' has to be text"),
        ('[groups]\n"*" = ""', "has to be text"),
        ("fields = 3", "'fields' has to be a table of patterns and names of fields"),
        ('[fields]\n"*" = 3', "the fields for '*' have to be names in quotes"),
        ('[fields]\n"*" = ""', "the fields for '*' have to be names in quotes"),
        ('[fields]\n"*" = " "', "have to be names in quotes"),
        ('[fields]\n"*" = ["bytes"]', "have to be names in quotes"),
        ('[fields]\n"*" = "bytes start numBytes"', "the fields for '*' name 'numBytes' twice"),
        ('[fields]\n"*" = "color start color"', "the fields for '*' name 'color' twice"),
    ],
)
def test_a_mistake_in_it_is_said_with_file_and_key(logs, text, said):
    (logs / "flowtui.toml").write_text(text)
    with pytest.raises(NoLogsError, match=r"flowtui\.toml") as error:
        Library([str(logs)])
    assert said in str(error.value)


def test_the_fields_of_a_group_are_those_of_the_first_pattern_that_fits(logs):
    (logs / "flowtui.toml").write_text(
        '[fields]\n"web/*" = "account-id  srcAddr who-knows"\n"*" = "bytes"\n[groups]\n"web/*" = "web"\n'
    )
    names = group_names(str(logs))
    assert names.fields_of("web/a") == ("account-id", "srcAddr", "who-knows")
    assert names.fields_of("db") == ("bytes",)
    assert names.of("web/a") == "web"


def test_without_a_word_about_them_groups_have_no_fields(logs):
    assert NO_NAMES.fields_of("db") is None
    (logs / "flowtui.toml").write_text('[fields]\n"web/*" = "bytes"\n')
    assert group_names(str(logs)).fields_of("db") is None
